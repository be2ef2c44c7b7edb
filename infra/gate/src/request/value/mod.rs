//! Values, parsed by their kind and written anew from the parts that were understood.

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

use super::{ContentError, RequestRefusal, kind::Kind};
use crate::{
    expression::Expression,
    sql_filter::LayerFilters,
    wkt::Wkt,
    xml::{filter::Filter, get_feature::SortField},
};

/// A parsed value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Text in canonical form.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Names.
    Names(Vec<String>),
    /// Groups of property names, one for each type.
    Properties(Vec<Vec<String>>),
    /// Fields to sort by.
    Sort(Vec<SortField>),
    /// Conditions on layers.
    Sql(LayerFilters),
    /// An expression.
    Expression(Box<Expression>),
    /// OGC filters, one for each type; none where a type has none.
    Filters(Vec<Option<Filter>>),
}

impl Value {
    /// Parses `text`, the value of the parameter `name`. `None` if QGIS does not read the parameter.
    pub(super) fn parse(name: &str, kind: Kind, text: &str) -> Result<Option<Self>, RequestRefusal> {
        let refused = || RequestRefusal::value(name, &kind);
        let required = |value: Option<Self>| value.map(Some).ok_or_else(refused);
        let text_of = |text: Option<String>| required(text.map(Self::Text));
        match kind {
            Kind::Ignored => Ok(None),
            Kind::Version => text_of(number::version(text)),
            Kind::Integer(min, max) => required(number::integer(text, min, max).map(Self::Integer)),
            Kind::Number(min, max) => text_of(number::number(text, min, max)),
            Kind::Boolean => text_of(options::boolean(text)),
            Kind::BoundingBox => text_of(number::bounding_box(text)),
            Kind::Crs => text_of(reference::crs(text)),
            Kind::Layers => required(names::layers(text).map(Self::Names)),
            Kind::TypeNames => required(names::types(text).map(Self::Names)),
            Kind::FeatureIds => required(names::feature_ids(text).map(Self::Names)),
            Kind::FeatureNumbers => text_of(number::numbers(text)),
            Kind::Styles => required(names::styles(text).map(Self::Names)),
            Kind::Choice(choices) => text_of(options::choice(text, choices)),
            Kind::Colour => text_of(colour::colour(text)),
            Kind::Opacities => text_of(number::opacities(text)),
            Kind::Word(max) => text_of(options::word(text, max)),
            Kind::Label | Kind::Layout => text_of(options::label(text)),
            Kind::Time => text_of(time::times(text)),
            Kind::Selection => text_of(selection::selection(text)),
            Kind::SortBy => required(sort::fields(text).map(Self::Sort)),
            Kind::Properties => required(names::properties(text).map(Self::Properties)),
            Kind::FormatOptions => {
                let options = options::format_options(text).ok_or_else(refused)?;
                Ok(Some(options).filter(|options| !options.is_empty()).map(Self::Text))
            }
            Kind::Highlight(part) => text_of(highlight::part(part, text)),
            Kind::Wkt => content(name, Wkt::parse(text), |geometry| Self::Text(geometry.to_string())),
            Kind::SqlFilter => content(name, LayerFilters::parse(text), Self::Sql),
            Kind::Expression => {
                content(name, Expression::parse(text), |expression| Self::Expression(Box::new(expression)))
            }
            Kind::OgcFilter => content(name, Filter::list_from_text(text), Self::Filters),
        }
    }

    /// The value as QGIS reads it in a query or form, before percent-encoding.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Integer(number) => number.to_string().into(),
            Self::Names(names) => match &names[..] {
                [name] => name.into(),
                names => names.join(",").into(),
            },
            Self::Properties(groups) => names::join_properties(groups).into(),
            Self::Sort(fields) => sort::to_text(fields).into(),
            Self::Sql(filters) => filters.to_string().into(),
            Self::Expression(expression) => expression.to_string().into(),
            Self::Filters(filters) => join_filters(filters).into(),
        }
    }
}

fn content<T, E: Into<ContentError>>(
    name: &str,
    parsed: Result<T, E>,
    value: impl FnOnce(T) -> Value,
) -> Result<Option<Value>, RequestRefusal> {
    parsed.map(|parsed| Some(value(parsed))).map_err(|error| RequestRefusal::content(name, error))
}

fn join_filters(filters: &[Option<Filter>]) -> String {
    match filters {
        [Some(filter)] => filter.write(),
        several => {
            let each = several.iter().map(|filter| filter.as_ref().map(Filter::write).unwrap_or_default());
            format!("({})", each.collect::<Vec<_>>().join(")("))
        }
    }
}
