//! Values, read by their kind into what they mean and written anew. What is written is made of parts that were understood.

pub(super) mod colour;
pub(super) mod highlight;
pub(super) mod names;
mod number;
mod options;
mod reference;
mod selection;
mod sort;
mod time;

use std::borrow::Cow;

use super::{RequestRefusal, kind::Kind};
use crate::{expression::Expression, sql_filter::LayerFilters, wkt::Wkt, xml::filter::Filter};

use self::number::bounding_box;
pub(super) use self::sort::SortKey;

/// A value that was understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// A text in its one spelling.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Names.
    Names(Vec<String>),
    /// Property names, a group for each type.
    Properties(Vec<Vec<String>>),
    /// What to sort by.
    Sort(Vec<SortKey>),
    /// Conditions of layers.
    Sql(LayerFilters),
    /// An expression.
    Expression(Box<Expression>),
    /// OGC filters, one for each type; nothing where a type has none.
    Filters(Vec<Option<Filter>>),
}

impl Value {
    /// Reads `text`, the value of the parameter `name`, which is not empty. Nothing where the value means nothing to QGIS.
    pub(super) fn read(name: &str, kind: Kind, text: &str) -> Result<Option<Self>, RequestRefusal> {
        let wrong = || RequestRefusal::value(name, &kind);
        let or_wrong = |value: Option<Self>| value.map(Some).ok_or_else(wrong);
        let written = |text: Option<String>| text.map(|text| Some(Self::Text(text))).ok_or_else(wrong);
        match kind {
            Kind::Ignored => Ok(None),
            Kind::Version => written(number::version(text)),
            Kind::Integer(least, most) => or_wrong(number::integer(text, least, most).map(Self::Integer)),
            Kind::Number(least, most) => written(number::number(text, least, most)),
            Kind::Boolean => written(options::boolean(text)),
            Kind::BoundingBox => written(bounding_box(text)),
            Kind::Crs => written(reference::crs(text)),
            Kind::Layers => or_wrong(names::layers(text).map(Self::Names)),
            Kind::TypeNames => or_wrong(names::types(text).map(Self::Names)),
            Kind::FeatureIds => or_wrong(names::feature_ids(text).map(Self::Names)),
            Kind::FeatureNumbers => written(number::numbers(text)),
            Kind::Styles => or_wrong(names::styles(text).map(Self::Names)),
            Kind::Choice(choices) => written(options::choice(text, choices)),
            Kind::Colour => written(colour::colour(text)),
            Kind::Opacities => written(number::opacities(text)),
            Kind::Word(most) => written(options::word(text, most)),
            Kind::Label | Kind::Layout => written(options::label(text)),
            Kind::Time => written(time::times(text)),
            Kind::Selection => written(selection::selection(text)),
            Kind::SortBy => or_wrong(sort::keys(text).map(Self::Sort)),
            Kind::Properties => or_wrong(names::properties(text).map(Self::Properties)),
            Kind::FormatOptions => {
                let written = options::format_options(text).ok_or_else(wrong)?;
                Ok(Some(written).filter(|written| !written.is_empty()).map(Self::Text))
            }
            Kind::Highlight(part) => written(highlight::part(part, text)),
            Kind::Wkt => {
                let geometry = Wkt::parse(text).map_err(|error| RequestRefusal::content(name, &error))?;
                Ok(Some(Self::Text(geometry.to_string())))
            }
            Kind::SqlFilter => {
                let filters =
                    LayerFilters::parse(text).map_err(|error| RequestRefusal::content(name, &error))?;
                Ok(Some(Self::Sql(filters)))
            }
            Kind::Expression => {
                let expression =
                    Expression::parse(text).map_err(|error| RequestRefusal::content(name, &error))?;
                Ok(Some(Self::Expression(Box::new(expression))))
            }
            Kind::OgcFilter => {
                let filters =
                    Filter::list_from_text(text).map_err(|error| RequestRefusal::content(name, &error))?;
                Ok(Some(Self::Filters(filters)))
            }
        }
    }

    /// The value as QGIS reads it in a query or form, before percent-encoding.
    pub(super) fn written(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Integer(number) => number.to_string().into(),
            Self::Names(names) => match &names[..] {
                [name] => name.into(),
                names => names.join(",").into(),
            },
            Self::Properties(groups) => names::written_properties(groups).into(),
            Self::Sort(keys) => sort::written(keys).into(),
            Self::Sql(filters) => filters.to_string().into(),
            Self::Expression(expression) => expression.to_string().into(),
            Self::Filters(filters) => written_filters(filters).into(),
        }
    }
}

fn written_filters(filters: &[Option<Filter>]) -> String {
    match filters {
        [Some(filter)] => filter.write(),
        several => {
            let each = several.iter().map(|filter| filter.as_ref().map(Filter::write).unwrap_or_default());
            format!("({})", each.collect::<Vec<_>>().join(")("))
        }
    }
}
