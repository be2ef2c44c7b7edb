use proptest::prelude::*;

use super::*;
use crate::xml::tree::Element;

const GML: &str = "xmlns:gml=\"http://www.opengis.net/gml\"";
const OGC: &str = "xmlns:ogc=\"http://www.opengis.net/ogc\"";

/// The canonical content of a filter, without prefixes.
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
fn a_filter_is_read_in_every_dress() {
    let plain = equal("name", "zone 1");
    for same in [
        format!("<Filter xmlns='http://www.opengis.net/ogc'>{plain}</Filter>"),
        format!(
            "<fes:Filter xmlns:fes='http://www.opengis.net/fes/2.0'>{}</fes:Filter>",
            plain.replace("PropertyName", "ValueReference")
        ),
        format!("\n<ogc:Filter {OGC}>\n {plain}\n</ogc:Filter>\n"),
        plain.clone(),
        plain.replace("Property", "x:Property").replace("/x:", "/x:"),
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
fn each_condition_is_written_as_it_is_read() {
    let point = "<PropertyName>geometry</PropertyName><Point srsName=\"EPSG:3857\"><pos srsDimension=\"2\">1 2</pos></Point>";
    let operands = "<PropertyName>n</PropertyName><Literal>3</Literal>";
    let conditions = [
        "<PropertyIsNull><PropertyName>date</PropertyName></PropertyIsNull>".to_owned(),
        format!("<Not>{}</Not>", equal("n", "1")),
        format!("<And>{}{BBOX}</And>", equal("n", "1")),
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
fn ids_are_written_as_feature_ids() {
    let ids = "<FeatureId fid=\"zones.1\"/><FeatureId fid=\"zones.a@@2\"/>";
    for same in [
        format!("<Filter>{ids}</Filter>"),
        "<Filter><GmlObjectId gml:id='zones.1'/><GmlObjectId id='zones.a@@2'/></Filter>".to_owned(),
        "<Filter><ogc:GmlObjectId gml311:id='zones.1'/><ResourceId rid='zones.a@@2'/></Filter>".to_owned(),
    ] {
        assert_eq!(written(&same), ids);
    }
    let filter = Filter::from_text("<FeatureId fid='a.1'/>").unwrap();
    assert_eq!(filter.id_types().collect::<Vec<_>>(), ["a"]);
    let Filter::Ids(ids) = filter else { panic!("ids") };
    assert_eq!((ids[0].type_name(), ids[0].id()), ("a", "1"));
    for bad in ["", "1", ".1", "a.", "a.1.2", "x:a.1", "a.'", "a.\\", "a.1,a.2", "a b.1"] {
        assert_eq!(
            Filter::from_text(&format!("<FeatureId fid=\"{bad}\"/>")),
            Err(FilterError::FeatureId),
            "{bad}"
        );
    }
}

#[test]
fn an_and_that_would_end_or_mislead_qgis_is_written_in_a_safe_form() {
    let (one, two) = (equal("n", "1"), equal("n", "2"));
    for (unsafe_form, safe) in [
        (format!("<And>{BBOX}</And>"), BBOX.to_owned()),
        (format!("<And><And>{BBOX}</And></And>"), BBOX.to_owned()),
        (format!("<Or><And>{BBOX}</And></Or>"), BBOX.to_owned()),
        (format!("<And><Not>{one}</Not></And>"), format!("<Not>{one}</Not>")),
        (format!("<And>{one}<And>{BBOX}{two}</And></And>"), format!("<And>{one}{BBOX}{two}</And>")),
        (format!("<Or>{one}<Or>{BBOX}{two}</Or></Or>"), format!("<Or>{one}{BBOX}{two}</Or>")),
        (format!("<Or>{one}<And>{BBOX}{two}</And></Or>"), format!("<Or>{one}<And>{BBOX}{two}</And></Or>")),
    ] {
        assert_eq!(written(&unsafe_form), safe, "{unsafe_form}");
    }
    for many in [format!("<And>{BBOX}{BBOX}</And>"), format!("<And>{BBOX}<And>{one}{BBOX}</And></And>")] {
        assert_eq!(Filter::from_text(&many), Err(FilterError::ManyBoxes), "{many}");
    }
    assert!(Filter::from_text(&format!("<And>{BBOX}<Not>{BBOX}</Not></And>")).is_ok());
}

#[test]
fn what_qgis_would_run_or_fall_on_is_refused_by_its_reason() {
    let operator = |element: &str| FilterError::Operator { element: element.to_owned() };
    let content = |parent: &str, expected| FilterError::Content { parent: parent.to_owned(), expected };
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
        (equal("n", "1").replace("EqualTo>", "EqualTo x='1'>").replace("</PropertyIsEqualTo x='1'>", "</PropertyIsEqualTo>"), FilterError::Attribute { element: "PropertyIsEqualTo".to_owned(), attribute: "x".to_owned() }),
        (equal("", "1"), FilterError::PropertyName { parent: "PropertyIsEqualTo".to_owned() }),
        (equal("n", " \n"), FilterError::BlankLiteral),
        ("<PropertyIsLike><PropertyName>a</PropertyName><PropertyName>b</PropertyName></PropertyIsLike>".to_owned(), content("PropertyIsLike", "PropertyName and Literal")),
        ("<PropertyIsLike><Literal>a</Literal><Literal>b</Literal></PropertyIsLike>".to_owned(), FilterError::PropertyName { parent: "PropertyIsLike".to_owned() }),
        ("<PropertyIsLike wildCard='%' singleChar='%'><PropertyName>a</PropertyName><Literal>b</Literal></PropertyIsLike>".to_owned(), FilterError::Attribute { element: "PropertyIsLike".to_owned(), attribute: "wildCard".to_owned() }),
        ("<PropertyIsLike wildCard='**'><PropertyName>a</PropertyName><Literal>b</Literal></PropertyIsLike>".to_owned(), FilterError::Attribute { element: "PropertyIsLike".to_owned(), attribute: "wildCard".to_owned() }),
        ("<PropertyIsGreaterThan><Add><PropertyName>n</PropertyName><Literal>nan</Literal></Add><Literal>1</Literal></PropertyIsGreaterThan>".to_owned(), FilterError::NotANumber),
        ("<PropertyIsGreaterThan><Literal>-inf</Literal><Literal>1</Literal></PropertyIsGreaterThan>".to_owned(), FilterError::NotANumber),
        ("<BBOX><Box><coordinates>0,0 0,0</coordinates></Box></BBOX>".to_owned(), FilterError::NullBox),
        ("<BBOX><Point><pos>1 2</pos></Point></BBOX>".to_owned(), FilterError::NotABox),
        ("<BBOX/>".to_owned(), content("BBOX", "perhaps a PropertyName, then a geometry")),
    ] {
        assert_eq!(Filter::from_text(&text), Err(reason), "{text}");
    }
    assert_eq!(
        written(&equal("name", "nan")),
        equal("name", "nan"),
        "beside a property it is the field's type"
    );
}

#[test]
fn each_bound_holds_and_reaches_no_further() {
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
fn fields_are_resolved_and_unknown_ones_refused() {
    let resolve = |name: &str| match name {
        "Zone_Code" => Some("Zone Code".to_owned()),
        "n" => Some("n".to_owned()),
        _ => None,
    };
    let mut filter =
        Filter::from_text(&format!("<And>{BBOX}{}{}</And>", equal("qgs:Zone_Code", "n"), equal("n", "hush")))
            .unwrap();
    filter.resolve_fields(&resolve).unwrap();
    assert!(
        filter.write().contains("<ogc:PropertyName>Zone Code</ogc:PropertyName><ogc:Literal>n</ogc:Literal>")
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
fn several_filters_stand_in_parentheses() {
    let (a, b) = (equal("n", "redgum (1)"), equal("n", "x)(y"));
    let list = Filter::list_from_text(&format!("(<Filter>{a}</Filter>)()({b})()")).unwrap();
    let expected = [Some(Filter::from_text(&a).unwrap()), None, Some(Filter::from_text(&b).unwrap()), None];
    assert_eq!(list, expected);
    assert_eq!(Filter::list_from_text(&a).unwrap(), [Filter::from_text(&a).ok()]);
    for bad in ["(", "(()", "(x)", "(<a/>"] {
        assert!(Filter::list_from_text(bad).is_err(), "{bad}");
    }
    assert!(list[0].as_ref().unwrap().has_parentheses());
    assert!(!Filter::from_text(&equal("n", "1")).unwrap().has_parentheses());
}

/// Random conditions by the grammar, as text.
fn any_condition() -> impl Strategy<Value = String> {
    let literal =
        "[a-z0-9<&>'\" é%_\\\\()*-]{1,6}".prop_filter("not blank", |text| !crate::xml::tree::is_blank(text));
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

/// True for the forms on which QGIS falls: an `And` or `Or` with one operand, a `BBOX` in an `And` in an `And`.
fn is_safe(element: &Element) -> bool {
    let joins = matches!(element.name.as_str(), "And" | "Or");
    let boxes = element.elements().filter(|child| child.name == "BBOX").count();
    (!joins || element.elements().count() > 1)
        && !(joins && element.elements().any(|child| child.name == element.name))
        && (element.name != "Filter"
            || element.elements().next().is_none_or(|child| {
                child.name != "And" || child.elements().filter(|child| child.name == "BBOX").count() < 2
            }))
        && (element.name != "Filter" || boxes < 2)
        && element.elements().all(is_safe)
}

proptest! {
    #[test]
    fn a_written_filter_reads_back_the_same_and_is_safe(text in any_condition()) {
        if let Ok(filter) = Filter::from_text(&text) {
            let written = filter.write();
            prop_assert_eq!(Filter::from_text(&written), Ok(filter));
            prop_assert!(is_safe(&Element::parse(written.as_bytes(), 1 << 20).unwrap()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(<|>|/|And|Or|Not|BBOX|Filter|PropertyName|Literal|FeatureId| fid=|\"|a\\.1|\\(|\\)){0,40}") {
        let _ = Filter::from_text(&text);
        let _ = Filter::list_from_text(&text);
    }
}
