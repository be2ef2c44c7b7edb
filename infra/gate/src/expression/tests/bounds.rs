//! What an expression may make, and how much of everything there may be.

use super::{super::*, *};

#[test]
fn every_function_takes_so_many_arguments_and_no_more() {
    for function in
        FUNCTIONS.iter().filter(|function| function.bound == Bound::None && !function.name.starts_with('$'))
    {
        let call = |count: usize| format!("{}({})", function.name, vec!["1"; count].join(","));
        assert!(Expression::parse(&call(function.least)).is_ok(), "{}", call(function.least));
        assert!(Expression::parse(&call(function.most)).is_ok(), "{}", call(function.most));
        let refused = |count| matches!(refusal(&call(count)), ExpressionError::Arguments { .. });
        assert!(refused(function.most + 1) && refused(function.least - 1), "{}", function.name);
    }
}

#[test]
fn names_and_aliases_are_distinct_and_known_to_their_function() {
    let mut seen = std::collections::HashSet::new();
    for function in FUNCTIONS {
        for name in std::iter::once(&function.name).chain(function.aliases) {
            assert!(seen.insert(name.to_ascii_lowercase()), "{name} twice");
            assert_eq!(functions::named(&name.to_ascii_uppercase()), Some(function));
        }
    }
    assert_eq!(FUNCTIONS.len(), 168);
}

#[test]
fn functions_keep_their_bounds() {
    let long = "x".repeat(1_001);
    for (within, beyond) in [
        ("round(a, -15)", "round(a, 16)".to_owned()),
        ("round(a, 15)", "round(a, b)".to_owned()),
        ("buffer($geometry, d, 32)", "buffer($geometry, d, 33)".to_owned()),
        ("buffer($geometry, 1, 8, 'flat', 'mitre', -2)", "buffer($geometry, 1, n)".to_owned()),
        ("offset_curve($geometry, 1, 1)", "offset_curve($geometry, 1, 2000000)".to_owned()),
        ("rpad(a, 1000, 'b')", "rpad(a, 1001, 'b')".to_owned()),
        ("lpad(a, 0, 'b')", "lpad(a, b, 'b')".to_owned()),
        ("replace(upper(a), 'b', 'c')", "replace(a || b, 'b', 'c')".to_owned()),
        ("replace('aa', 'b', 'c')", "replace(lower(replace(a, 'b', 'c')), 'd', 'e')".to_owned()),
        ("format('%1', 'b')", format!("format('%1', '{}')", &long[..101])),
        ("regexp_match(a, 'x+')", "regexp_match(a, b)".to_owned()),
        ("a ~ 'x+'", "a ~ b".to_owned()),
        ("a ~ b", format!("a ~ '{}'", &long[..201])),
        ("a LIKE '%' || b || '%'", format!("a LIKE '{long}'")),
        ("a NOT ILIKE b", "a NOT ILIKE replace(b, '%', '%%')".to_owned()),
        ("levenshtein(a, 'b')", "levenshtein(a, concat(b, c))".to_owned()),
        ("soundex(a)", format!("soundex('{long}')")),
        ("array_contains(array(1, -2, 'c', a), b)", "array_contains(array(1 + 1), b)".to_owned()),
        (
            "array_to_string(string_to_array(a, ';'), ', ')",
            "array_to_string(a, array_to_string(a, 'x'))".to_owned(),
        ),
        (
            "transform($geometry, 'epsg:4326', 'EPSG:7855')",
            "transform($geometry, 'PROJ:+proj=merc', 'EPSG:7855')".to_owned(),
        ),
        ("transform($geometry, 'EPSG:1', 'CRS:84')", "transform($geometry, a, 'EPSG:7855')".to_owned()),
        ("transform($geometry, 'EPSG:1', 'CRS:84')", "transform($geometry, 'EPSG:', 'EPSG:1')".to_owned()),
        ("geom_from_wkt('POINT(1 2)')", "geom_from_wkt(a)".to_owned()),
        (
            "union(buffer(centroid(convex_hull($geometry)), 1), $geometry)",
            "union(union(union(union($geometry, $geometry), $geometry), $geometry), $geometry)".to_owned(),
        ),
    ] {
        let within = Expression::parse(within);
        assert!(
            within.is_ok() || matches!(within, Err(ExpressionError::Bound { function: "~", .. })),
            "{within:?}"
        );
        assert!(matches!(refusal(&beyond), ExpressionError::Bound { .. }), "{beyond}");
    }
}

#[test]
fn a_geometry_in_a_literal_is_read_and_written_anew() {
    assert_eq!(rewritten("geom_from_wkt(' point ( 1   2 ) ')"), "geom_from_wkt('POINT(1 2)')");
    assert!(matches!(refusal("geom_from_wkt('SRID=1;POINT(1 2)')"), ExpressionError::Wkt(_)));
    let many = vec!["1 2"; 10_001].join(",");
    assert!(matches!(refusal(&format!("geom_from_wkt('LINESTRING({many})')")), ExpressionError::Wkt(_)));
}

#[test]
fn nesting_is_bounded_however_it_is_made() {
    let nested =
        |open: &str, close: &str, times: usize| format!("{}a{}", open.repeat(times), close.repeat(times));
    for (open, close, most) in [
        ("abs(", ")", 29),
        ("NOT ", "", 29),
        ("- ", "", 29),
        ("1 ^ ", "", 29),
        ("", "[0]", 29),
        ("(b = ", ")", 29),
    ] {
        assert!(Expression::parse(&nested(open, close, most)).is_ok(), "{open}");
        for times in [most + 1, 3_000] {
            assert_eq!(
                refusal(&nested(open, close, times)),
                ExpressionError::Nested { allowed: 30 },
                "{open}"
            );
        }
    }
    assert!(Expression::parse(&nested("(", ")", 200)).is_ok());
    assert!(Expression::parse(&nested("(", ")", 30_000)).is_err());
}

#[test]
fn chains_are_bounded_one_by_one_and_together() {
    let chain = |operator: &str, terms: usize| vec!["a"; terms].join(operator);
    for operator in [" + ", " OR ", " = ", " || ", " // "] {
        assert!(Expression::parse(&chain(operator, 1_001)).is_ok());
        assert!(matches!(refusal(&chain(operator, 1_002)), ExpressionError::Long { .. }));
    }
    let mut text = "a".to_owned();
    for operator in ["+", "*", "+", "*"] {
        text = format!("({text}){}", format!("{operator}a").repeat(900));
    }
    assert!(matches!(refusal(&text), ExpressionError::Long { .. }));
}

#[test]
fn a_long_choice_of_one_field_becomes_a_list() {
    let choice = |terms: usize| (0..terms).map(|term| format!("a = {term}")).collect::<Vec<_>>().join(" OR ");
    assert!(rewritten(&choice(100)).starts_with(r#"("a" = 0) OR ("a" = 1)"#));
    assert!(rewritten(&choice(101)).starts_with(r#""a" IN (0, 1, 2"#));
    assert!(Expression::parse(&choice(4_000)).is_ok());
    let mixed = format!("{} OR b = 1 OR a IN (-7, 'x') OR a = c", choice(200));
    assert!(rewritten(&mixed).ends_with(r#", 199)) OR ("b" IN (1)) OR ("a" IN (-7, 'x')) OR ("a" = "c")"#));
}

#[test]
fn lists_are_bounded() {
    let list = |items: usize| format!("a IN ({})", vec!["1"; items].join(","));
    assert!(Expression::parse(&list(10_000)).is_ok());
    assert_eq!(refusal(&list(10_001)), ExpressionError::Long { allowed: 10_000 });
}

#[test]
fn texts_of_more_than_64_kib_are_refused() {
    let text = format!("'{}'", "x".repeat(MAX_LENGTH - 2));
    assert!(Expression::parse(&text).is_ok());
    assert_eq!(
        refusal(&format!("{text} ")),
        ExpressionError::Length { allowed: MAX_LENGTH, found: MAX_LENGTH + 1 }
    );
}

#[test]
fn fields_are_named_in_their_order() {
    let expression =
        Expression::parse("b = 1 AND \"A\" IN (c, 2) OR CASE WHEN d THEN e ELSE f END AND b").unwrap();
    assert_eq!(expression.fields().collect::<Vec<_>>(), ["b", "A", "c", "d", "e", "f", "b"]);
}

#[test]
fn fields_are_put_in_their_place_or_nothing_is() {
    let mut expression = Expression::parse("name = 'x' OR \"Zone_Code\" = name").unwrap();
    let before = expression.clone();
    let known = |field: &str| (field == "name").then(|| "Name \"1\"".to_owned());
    assert_eq!(expression.resolve_fields(&known), Err(ExpressionError::Field));
    assert_eq!(expression, before);
    expression.resolve_fields(&|field| Some(format!("{field} \"1\""))).unwrap();
    assert_eq!(expression.write(), r#"("name ""1""" = 'x') OR ("Zone_Code ""1""" = "name ""1""")"#);
    assert_eq!(expression.resolve_fields(&|_| Some("a\0b".to_owned())), Err(ExpressionError::Field));
}

#[test]
fn no_refusal_tells_a_value() {
    for text in [
        "secret = 'hidden",
        "file_exists('/secret')",
        "\"secret\" + + ",
        "'secret' ~ secret",
        "@secret",
        "\"secret\nx\"",
        "geom_from_wkt('SECRET(1 2)')",
    ] {
        let told = refusal(text).to_string().to_lowercase();
        assert!(!told.contains("secret") && !told.contains("hidden"), "{told}");
    }
}
