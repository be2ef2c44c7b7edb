//! OGC filters (FES 1.0, 1.1 and 2.0).
//!
//! QGIS Server turns a filter into an expression, and misreads forms that look harmless (tried on 3.22.16):
//!
//! | filter | QGIS | here |
//! |---|---|---|
//! | text in `Filter` | evaluates it as an expression | refused |
//! | `Function` | runs any function | refused |
//! | `Equals` | crashes | refused |
//! | `And` with a `BBOX` and no other operand | crashes | the `BBOX` is written on its own |
//! | two `BBOX` in one `And`, or one in a nested `And` | ignores one of them | nested ones are joined, two are refused |
//! | `And` or `Or` with one operand that is not a comparison | selects nothing | the operand is written on its own |
//! | more than about 60 operands or 80 ids on a `GeoPackage` | selects nothing | operands are nested in halves, ids in a transaction become several actions |
//! | a box with both corners at 0 0 | selects every row, also in an Update | refused |
//! | `PropertyIsLike` without a literal | reads the operand as one | refused |
//! | a literal of white space | compares with the empty string | refused |
//! | ids and conditions together | ignores the conditions | refused |
//!
//! A `BBOX` that stands alone or directly in the outermost `And` is compared in the reference system of the query's
//! `srsName`, any other in that of the layer. As a parameter, QGIS splits a filter at parentheses anywhere in it, even in a
//! literal: filters are sent in an XML body.

mod error;
mod like;
mod operands;
mod read;
mod write;

use self::like::Pattern;
pub use self::{error::FilterError, write::OGC_NAMESPACE};

use crate::xml::gml::Gml;

/// Maximum nesting of conditions and operands.
pub const MAX_FILTER_DEPTH: usize = 30;
/// Maximum number of elements of a filter, except those of its geometries.
pub const MAX_FILTER_ELEMENTS: usize = 2_000;

/// Maximum number of ids of one action. QGIS finds nothing in a `GeoPackage` if asked for more than about 80 at once (tried).
pub const MAX_IDS_AT_ONCE: usize = 50;

/// A filter, which selects rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Feature ids, at least one.
    Ids(Vec<FeatureId>),
    /// A condition on fields or the geometry.
    Condition(Condition),
}

/// A feature id, `type.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureId {
    type_name: String,
    id: String,
}

/// A condition. Only the reader builds one, so that the rules above hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Compare { operator: Comparison, left: Operand, right: Operand },
    Like { field: String, pattern: Pattern, is_case_sensitive: bool },
    IsNull { field: String },
    Between { operand: Operand, lower: Operand, upper: Operand },
    Spatial { operator: Relation, geometry: Gml },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Field(String),
    Literal(String),
    Arithmetic { operator: Arithmetic, left: Box<Self>, right: Box<Self> },
}

/// Defines an enumeration of elements that are read and written.
macro_rules! elements {
    ($name:ident { $($variant:ident = $element:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum $name { $($variant),+ }

        impl $name {
            fn from_element_name(element: &str) -> Option<Self> {
                match element { $($element => Some(Self::$variant),)+ _ => None }
            }

            /// The name of the element with its prefix.
            fn as_str(self) -> &'static str {
                match self { $(Self::$variant => concat!("ogc:", $element)),+ }
            }
        }
    };
}

elements!(Comparison {
    Equal = "PropertyIsEqualTo",
    NotEqual = "PropertyIsNotEqualTo",
    Less = "PropertyIsLessThan",
    Greater = "PropertyIsGreaterThan",
    LessOrEqual = "PropertyIsLessThanOrEqualTo",
    GreaterOrEqual = "PropertyIsGreaterThanOrEqualTo",
});

elements!(Relation {
    Bbox = "BBOX",
    Intersects = "Intersects",
    Contains = "Contains",
    Crosses = "Crosses",
    Disjoint = "Disjoint",
    Overlaps = "Overlaps",
    Touches = "Touches",
    Within = "Within",
});

elements!(Arithmetic { Add = "Add", Subtract = "Sub", Multiply = "Mul", Divide = "Div" });

impl Filter {
    /// The types of the ids; empty for a condition.
    pub fn id_types(&self) -> impl Iterator<Item = &str> {
        let ids = match self {
            Self::Ids(ids) => ids.as_slice(),
            Self::Condition(_) => &[],
        };
        ids.iter().map(|id| id.type_name.as_str())
    }

    /// Splits the ids into several filters of at most [`MAX_IDS_AT_ONCE`] each. A condition stays one filter.
    pub fn in_portions(&self) -> Vec<Self> {
        match self {
            Self::Ids(ids) => ids.chunks(MAX_IDS_AT_ONCE).map(|ids| Self::Ids(ids.to_vec())).collect(),
            Self::Condition(_) => vec![self.clone()],
        }
    }

    /// Replaces each property by the real name of its field, as `resolve` returns it for the published name (`Zone Code` for
    /// `Zone_Code`). Refuses a property for which it returns `None`.
    pub fn resolve_fields(&mut self, resolve: &dyn Fn(&str) -> Option<String>) -> Result<(), FilterError> {
        let mut number = 0;
        let Self::Condition(Condition(node)) = self else { return Ok(()) };
        node.each_field(&mut |field| {
            number += 1;
            *field = resolve(field).ok_or(FilterError::UnknownField(number))?;
            Ok(())
        })
    }
}

impl Node {
    fn is_bbox(&self) -> bool {
        matches!(self, Self::Spatial { operator: Relation::Bbox, .. })
    }

    fn each_field(
        &mut self,
        visit: &mut impl FnMut(&mut String) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        match self {
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter_mut().try_for_each(|node| node.each_field(visit))
            }
            Self::Not(node) => node.each_field(visit),
            Self::Compare { left, right, .. } => {
                left.each_field(visit)?;
                right.each_field(visit)
            }
            Self::Like { field, .. } | Self::IsNull { field } => visit(field),
            Self::Between { operand, lower, upper } => {
                [operand, lower, upper].into_iter().try_for_each(|operand| operand.each_field(visit))
            }
            Self::Spatial { .. } => Ok(()),
        }
    }
}

impl Operand {
    fn each_field(
        &mut self,
        visit: &mut impl FnMut(&mut String) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        match self {
            Self::Field(field) => visit(field),
            Self::Literal(_) => Ok(()),
            Self::Arithmetic { left, right, .. } => {
                left.each_field(visit)?;
                right.each_field(visit)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{structure::StructureError, tree::Element};

    const GML: &str = "xmlns:gml=\"http://www.opengis.net/gml\"";
    const OGC: &str = "xmlns:ogc=\"http://www.opengis.net/ogc\"";

    /// The content of the written filter, without prefixes.
    fn written(text: &str) -> String {
        let filter = Filter::from_text(text).unwrap_or_else(|refusal| panic!("{text}: {refusal:?}")).write();
        let content = filter.strip_prefix(&format!("<ogc:Filter {OGC} {GML}>")).unwrap();
        content.strip_suffix("</ogc:Filter>").unwrap().replace("ogc:", "").replace("gml:", "")
    }

    fn equal(field: &str, literal: &str) -> String {
        format!(
            "<PropertyIsEqualTo><PropertyName>{field}</PropertyName><Literal>{literal}</Literal></PropertyIsEqualTo>"
        )
    }

    const BBOX: &str = "<BBOX><PropertyName>geometry</PropertyName><Envelope><lowerCorner srsDimension=\"2\">1 2</lowerCorner><upperCorner srsDimension=\"2\">3 4</upperCorner></Envelope></BBOX>";

    #[test]
    fn reads_every_spelling_of_a_filter() {
        let plain = equal("name", "zone 1");
        for same in [
            format!("<Filter xmlns='http://www.opengis.net/ogc'>{plain}</Filter>"),
            format!(
                "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{}</fes:Filter>",
                plain.replace("PropertyName", "ValueReference")
            ),
            format!("\n<ogc:Filter {OGC}>\n {plain}\n</ogc:Filter>\n"),
            plain.clone(),
            plain.replace("Property", "x:Property"),
            equal("qgs:name", "<![CDATA[zone 1]]>"),
            equal("qgs:zones/qgs:name", "zone&#32;1"),
            plain
                .replace("EqualTo>", "EqualTo matchCase='false'>")
                .replace("</PropertyIsEqualTo matchCase='false'>", "</PropertyIsEqualTo>"),
        ] {
            assert_eq!(written(&same), plain, "{same}");
        }
    }

    #[test]
    fn writes_each_condition_as_it_was_read() {
        let point = "<PropertyName>geometry</PropertyName><Point srsName=\"EPSG:3857\"><pos srsDimension=\"2\">1 2</pos></Point>";
        let operands = "<PropertyName>n</PropertyName><Literal>3</Literal>";
        let conditions = [
        "<PropertyIsNull><PropertyName>date</PropertyName></PropertyIsNull>".to_owned(),
        format!("<Not>{}</Not>", equal("n", "1")),
        format!("<And>{BBOX}{}</And>", equal("n", "1")),
        format!("<Or>{}{BBOX}</Or>", equal("n", "").replace("<Literal></Literal>", "<Literal/>")),
        "<PropertyIsBetween><PropertyName>n</PropertyName><LowerBoundary><Literal>1</Literal></LowerBoundary><UpperBoundary><PropertyName>m</PropertyName></UpperBoundary></PropertyIsBetween>".to_owned(),
        "<PropertyIsLike wildCard=\"%\" singleChar=\"_\" escapeChar=\"\\\"><PropertyName>n</PropertyName><Literal>a\\%_%</Literal></PropertyIsLike>".to_owned(),
        "<PropertyIsLike wildCard=\"%\" singleChar=\"_\" escapeChar=\"\\\" matchCase=\"false\"><PropertyName>n</PropertyName><Literal>a</Literal></PropertyIsLike>".to_owned(),
        format!("<PropertyIsGreaterThan><Add><Sub>{operands}</Sub><Mul>{operands}</Mul></Add><Div>{operands}</Div></PropertyIsGreaterThan>"),
        BBOX.to_owned(),
    ];
        let comparisons =
            ["EqualTo", "NotEqualTo", "LessThan", "GreaterThan", "LessThanOrEqualTo", "GreaterThanOrEqualTo"]
                .map(|name| format!("<PropertyIs{name}>{operands}</PropertyIs{name}>"));
        let spatial = ["Intersects", "Contains", "Crosses", "Disjoint", "Overlaps", "Touches", "Within"]
            .map(|name| format!("<{name}>{point}</{name}>"));
        for condition in conditions.into_iter().chain(comparisons).chain(spatial) {
            assert_eq!(written(&condition), condition);
        }
    }

    #[test]
    fn writes_ids_as_feature_ids() {
        let ids = "<FeatureId fid=\"zones.1\"/><FeatureId fid=\"zones.a@@2\"/>";
        for same in [
            format!("<Filter>{ids}</Filter>"),
            "<Filter><GmlObjectId gml:id='zones.1'/><GmlObjectId id='zones.a@@2'/></Filter>".to_owned(),
            "<Filter><ogc:GmlObjectId gml311:id='zones.1'/><ResourceId rid='zones.a@@2'/></Filter>"
                .to_owned(),
        ] {
            assert_eq!(written(&same), ids);
        }
        let filter = Filter::from_text("<FeatureId fid='a.1'/>").unwrap();
        assert_eq!(filter.id_types().collect::<Vec<_>>(), ["a"]);
        let Filter::Ids(ids) = filter else { panic!("ids") };
        assert_eq!((&ids[0].type_name[..], &ids[0].id[..]), ("a", "1"));
        for bad in ["", "1", ".1", "a.", "a.1.2", "x:a.1", "a.'", "a.\\", "a.1,a.2", "a b.1"] {
            assert_eq!(
                Filter::from_text(&format!("<FeatureId fid=\"{bad}\"/>")),
                Err(FilterError::FeatureId),
                "{bad}"
            );
        }
    }

    #[test]
    fn rewrites_an_and_that_would_crash_or_mislead_qgis() {
        let (one, two) = (equal("n", "1"), equal("n", "2"));
        for (unsafe_form, safe) in [
            (format!("<And>{BBOX}</And>"), BBOX.to_owned()),
            (format!("<And><And>{BBOX}</And></And>"), BBOX.to_owned()),
            (format!("<Or><And>{BBOX}</And></Or>"), BBOX.to_owned()),
            (format!("<And><Not>{one}</Not></And>"), format!("<Not>{one}</Not>")),
            (format!("<And>{one}<And>{BBOX}{two}</And></And>"), format!("<And>{BBOX}{one}{two}</And>")),
            (format!("<Or>{one}<Or>{BBOX}{two}</Or></Or>"), format!("<Or>{one}{BBOX}{two}</Or>")),
            (
                format!("<Or>{one}<And>{BBOX}{two}</And></Or>"),
                format!("<Or>{one}<And>{BBOX}{two}</And></Or>"),
            ),
        ] {
            assert_eq!(written(&unsafe_form), safe, "{unsafe_form}");
        }
        let nine = (0..9).map(|number| equal("n", &number.to_string())).collect::<Vec<_>>();
        let (first, second) = (nine[..4].concat(), nine[4..].concat());
        assert_eq!(
            written(&format!("<Or>{}</Or>", nine.concat())),
            format!("<Or><Or>{first}</Or><Or>{second}</Or></Or>")
        );
        assert_eq!(
            written(&format!("<And>{}{BBOX}</And>", nine.concat())),
            format!("<And>{BBOX}<And><And>{first}</And><And>{second}</And></And></And>")
        );
        for many in [format!("<And>{BBOX}{BBOX}</And>"), format!("<And>{BBOX}<And>{one}{BBOX}</And></And>")] {
            assert_eq!(Filter::from_text(&many), Err(FilterError::ManyBoxes), "{many}");
        }
        assert!(Filter::from_text(&format!("<And>{BBOX}<Not>{BBOX}</Not></And>")).is_ok());
    }

    #[test]
    fn refuses_what_qgis_would_run_or_misread_and_says_why() {
        let operator = |element: &str| FilterError::Operator(element.to_owned());
        let content = |parent: &str, expected| {
            FilterError::Structure(StructureError::Content { parent: parent.to_owned(), expected })
        };
        let attribute = |element: &str, attribute: &str| {
            FilterError::Structure(StructureError::Attribute {
                element: element.to_owned(),
                attribute: attribute.to_owned(),
            })
        };
        let function = "<Function name='file_size'><Literal>/etc/passwd</Literal></Function>";
        let operands = "two operands";
        for (text, reason) in [
        ("<Filter>1=1</Filter>".to_owned(), content("Filter", "one condition or a list of feature ids")),
        ("<Filter/>".to_owned(), content("Filter", "one condition or a list of feature ids")),
        (format!("<Filter>{}{}</Filter>", equal("n", "1"), equal("n", "2")), content("Filter", "one condition or a list of feature ids")),
        (format!("<Filter>{}<FeatureId fid='a.1'/></Filter>", equal("n", "1")), content("Filter", "one condition or a list of feature ids")),
        (format!("<And>{}<FeatureId fid='a.1'/></And>", equal("n", "1")), operator("FeatureId")),
        (format!("<Filter>{function}</Filter>"), FilterError::Function),
        (format!("<PropertyIsEqualTo>{function}<Literal>1</Literal></PropertyIsEqualTo>"), FilterError::Function),
        (format!("<PropertyIsGreaterThan><Add><Literal>1</Literal>{function}</Add><Literal>1</Literal></PropertyIsGreaterThan>"), FilterError::Function),
        (format!("<PropertyIsEqualTo><Literal>{function}</Literal><Literal>1</Literal></PropertyIsEqualTo>"), content("Literal", "text")),
        ("<Equals/>".to_owned(), operator("Equals")),
        ("<DWithin/>".to_owned(), operator("DWithin")),
        ("<PropertyIsNil/>".to_owned(), operator("PropertyIsNil")),
        ("<Literal>1</Literal>".to_owned(), operator("Literal")),
        ("<And/>".to_owned(), content("And", "conditions")),
        ("<And>text</And>".to_owned(), content("And", "conditions")),
        ("<Not/>".to_owned(), content("Not", "conditions")),
        (format!("<Not>{}{}</Not>", equal("n", "1"), equal("n", "1")), content("Not", "one condition")),
        ("<PropertyIsEqualTo/>".to_owned(), content("PropertyIsEqualTo", operands)),
        ("<PropertyIsEqualTo><Literal>1</Literal><Literal>1</Literal><Literal>1</Literal></PropertyIsEqualTo>".to_owned(), content("PropertyIsEqualTo", operands)),
        (equal("n", "1").replace("EqualTo>", "EqualTo x='1'>").replace("</PropertyIsEqualTo x='1'>", "</PropertyIsEqualTo>"), attribute("PropertyIsEqualTo", "x")),
        (equal("", "1"), FilterError::PropertyName("PropertyIsEqualTo".to_owned())),
        (equal("n", " \n"), FilterError::BlankLiteral),
        ("<PropertyIsLike><PropertyName>a</PropertyName><PropertyName>b</PropertyName></PropertyIsLike>".to_owned(), content("PropertyIsLike", "PropertyName and Literal")),
        ("<PropertyIsLike><Literal>a</Literal><Literal>b</Literal></PropertyIsLike>".to_owned(), FilterError::PropertyName("PropertyIsLike".to_owned())),
        ("<PropertyIsLike wildCard='%' singleChar='%'><PropertyName>a</PropertyName><Literal>b</Literal></PropertyIsLike>".to_owned(), attribute("PropertyIsLike", "wildCard")),
        ("<PropertyIsLike wildCard='**'><PropertyName>a</PropertyName><Literal>b</Literal></PropertyIsLike>".to_owned(), attribute("PropertyIsLike", "wildCard")),
        ("<PropertyIsGreaterThan><Add><PropertyName>n</PropertyName><Literal>nan</Literal></Add><Literal>1</Literal></PropertyIsGreaterThan>".to_owned(), FilterError::NotANumber),
        ("<PropertyIsGreaterThan><Literal>-inf</Literal><Literal>1</Literal></PropertyIsGreaterThan>".to_owned(), FilterError::NotANumber),
        ("<BBOX><Box><coordinates>0,0 0,0</coordinates></Box></BBOX>".to_owned(), FilterError::NullBox),
        ("<BBOX><Point><pos>1 2</pos></Point></BBOX>".to_owned(), FilterError::NotABox),
        ("<BBOX/>".to_owned(), content("BBOX", "an optional PropertyName, then a geometry")),
    ] {
        assert_eq!(Filter::from_text(&text), Err(reason), "{text}");
    }
        assert_eq!(
            written(&equal("name", "nan")),
            equal("name", "nan"),
            "beside a property it is read by the type of the field"
        );
    }

    #[test]
    fn enforces_each_limit_exactly() {
        let nested = |depth: usize| {
            format!("{}{}{}", "<Not>".repeat(depth - 1), equal("n", "1"), "</Not>".repeat(depth - 1))
        };
        assert!(Filter::from_text(&nested(MAX_FILTER_DEPTH - 1)).is_ok());
        assert_eq!(Filter::from_text(&nested(MAX_FILTER_DEPTH + 1)), Err(FilterError::TooDeep));
        let many = |count: usize| format!("<Or>{}</Or>", equal("n", "1").repeat(count));
        assert!(Filter::from_text(&many((MAX_FILTER_ELEMENTS - 1) / 3)).is_ok());
        assert_eq!(Filter::from_text(&many(MAX_FILTER_ELEMENTS / 3 + 1)), Err(FilterError::TooManyElements));
        let line =
            format!("<Within><LineString><posList>{}</posList></LineString></Within>", "1 2 ".repeat(6_000));
        assert!(Filter::from_text(&line).is_ok());
        assert_eq!(Filter::from_text(&format!("<Or>{line}{line}</Or>")), Err(FilterError::TooManyPositions));
    }

    #[test]
    fn resolves_fields_and_refuses_unknown_ones() {
        let resolve = |name: &str| match name {
            "Zone_Code" => Some("Zone Code".to_owned()),
            "n" => Some("n".to_owned()),
            _ => None,
        };
        let mut filter = Filter::from_text(&format!(
            "<And>{BBOX}{}{}</And>",
            equal("qgs:Zone_Code", "n"),
            equal("n", "hush")
        ))
        .unwrap();
        filter.resolve_fields(&resolve).unwrap();
        assert!(
            filter
                .write()
                .contains("<ogc:PropertyName>Zone Code</ogc:PropertyName><ogc:Literal>n</ogc:Literal>")
        );
        for hidden in [
        equal("hush", "1"),
        format!("<Or>{}{}</Or>", equal("n", "1"), equal("hush", "1")),
        "<PropertyIsNull><PropertyName>hush</PropertyName></PropertyIsNull>".to_owned(),
        "<PropertyIsLike><PropertyName>hush</PropertyName><Literal>1</Literal></PropertyIsLike>".to_owned(),
        "<Not><PropertyIsLessThan><Literal>1</Literal><Add><Literal>1</Literal><PropertyName>hush</PropertyName></Add></PropertyIsLessThan></Not>".to_owned(),
        "<PropertyIsBetween><Literal>1</Literal><LowerBoundary><PropertyName>hush</PropertyName></LowerBoundary><UpperBoundary><Literal>1</Literal></UpperBoundary></PropertyIsBetween>".to_owned(),
    ] {
        let mut filter = Filter::from_text(&hidden).unwrap();
        assert!(matches!(filter.resolve_fields(&resolve), Err(FilterError::UnknownField { .. })), "{hidden}");
    }
    }

    #[test]
    fn reads_several_filters_in_parentheses() {
        let (a, b) = (equal("n", "redgum (1)"), equal("n", "x)(y"));
        let list = Filter::list_from_text(&format!("(<Filter>{a}</Filter>)()({b})()")).unwrap();
        let expected =
            [Some(Filter::from_text(&a).unwrap()), None, Some(Filter::from_text(&b).unwrap()), None];
        assert_eq!(list, expected);
        assert_eq!(Filter::list_from_text(&a).unwrap(), [Filter::from_text(&a).ok()]);
        for bad in ["(", "(()", "(x)", "(<a/>"] {
            assert!(Filter::list_from_text(bad).is_err(), "{bad}");
        }
    }

    /// Well-formed conditions.
    fn any_condition() -> impl Strategy<Value = String> {
        let literal = "[a-z0-9<&>'\" é%_\\\\()*-]{1,6}"
            .prop_filter("not blank", |text| !crate::xml::tree::is_blank(text));
        let leaf = ("[a-zé]{1,4}", literal, 0..5).prop_map(|(field, literal, kind)| {
        let literal = literal.replace('&', "&amp;").replace('<', "&lt;");
        match kind {
            0 => BBOX.to_owned(),
            1 => format!("<PropertyIsLike wildCard='*' singleChar='?' escapeChar='!'><PropertyName>{field}</PropertyName><Literal>{literal}</Literal></PropertyIsLike>"),
            2 => format!("<PropertyIsNull><PropertyName>{field}</PropertyName></PropertyIsNull>"),
            _ => equal(&field, &literal),
        }
    });
        leaf.prop_recursive(4, 40, 4, |inner| {
            (prop::collection::vec(inner, 1..4), 0..3).prop_map(|(parts, kind)| match kind {
                0 => format!("<And>{}</And>", parts.concat()),
                1 => format!("<Or>{}</Or>", parts.concat()),
                _ => format!("<Not>{}</Not>", parts[0]),
            })
        })
    }

    /// Whether no `And` or `Or` has one operand, or more than QGIS can handle.
    fn is_safe(element: &Element) -> bool {
        let operands: Vec<_> = element.elements().collect();
        let is_join = matches!(element.name.as_str(), "And" | "Or");
        (!is_join || (2..=8).contains(&operands.len())) && operands.into_iter().all(is_safe)
    }

    /// The number of boxes in an `And`, including nested ones.
    fn boxes(and: &Element) -> usize {
        and.elements()
            .map(|child| match child.name.as_str() {
                "BBOX" => 1,
                "And" => boxes(child),
                _ => 0,
            })
            .sum()
    }

    proptest! {
        #[test]
        fn filters_survive_a_round_trip_and_are_safe(text in any_condition()) {
            if let Ok(filter) = Filter::from_text(&text) {
                let written = filter.write();
                prop_assert_eq!(Filter::from_text(&written), Ok(filter));
                let root = Element::parse(written.as_bytes(), 1 << 20).unwrap();
                prop_assert!(is_safe(&root));
                for and in root.elements().filter(|child| child.name == "And") {
                    let direct = and.elements().filter(|child| child.name == "BBOX").count();
                    prop_assert!(direct <= 1 && boxes(and) == direct, "{}", written);
                }
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|And|Or|Not|BBOX|Filter|PropertyName|Literal|FeatureId| fid=|\"|a\\.1|\\(|\\)){0,40}") {
            let _ = Filter::from_text(&text);
            let _ = Filter::list_from_text(&text);
        }
    }
}
