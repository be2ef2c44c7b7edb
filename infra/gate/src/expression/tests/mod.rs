//! Expressions are read as QGIS reads them, refused outside the closed lists, and written in one form.

mod bounds;
mod properties;

use super::*;

fn rewritten(text: &str) -> String {
    Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).write()
}

fn refusal(text: &str) -> ExpressionError {
    Expression::parse(text).expect_err(text)
}

/// `text` with `?` for what stands in quotes.
fn unquoted(text: &str) -> String {
    let mut inside = None;
    let mut rest = String::new();
    for character in text.chars() {
        match inside {
            Some(quote) if character == quote => inside = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => {
                inside = Some(character);
                rest.push('?');
            }
            None => rest.push(character),
        }
    }
    rest
}

#[test]
fn what_clients_send_is_written_for_qgis_322() {
    for (sent, written) in [
        ("asset_id in ('A1')", r#""asset_id" IN ('A1')"#),
        ("label IN ('asset 3','asset 4')", r#""label" IN ('asset 3', 'asset 4')"#),
        ("name ILIKE '%zone%'", r#""name" ILIKE '%zone%'"#),
        (r#""Art" = 'Eiche' AND "Höhe" > 3"#, r#"("Art" = 'Eiche') AND ("Höhe" > 3)"#),
        (
            "intersects(@geometry, buffer(geom_from_wkt('POLYGON((0 0,1 0,1 1,0 0))'), -0.00001 ))",
            "intersects($geometry, buffer(geom_from_wkt('POLYGON((0 0,1 0,1 1,0 0))'), -0.00001))",
        ),
        (
            "intersects($geometry, transform(geom_from_wkt('POINT(144.7 -37.7)'),'EPSG:4326','EPSG:3857'))",
            "intersects($geometry, transform(geom_from_wkt('POINT(144.7 -37.7)'), 'EPSG:4326', 'EPSG:3857'))",
        ),
        ("$id IN (1,2) AND @ID<>3", "($id IN (1, 2)) AND ($id <> 3)"),
        ("población IS NOT NULL", r#""población" IS NOT NULL"#),
    ] {
        assert_eq!(rewritten(sent), written);
    }
}

#[test]
fn operators_bind_as_they_do_in_qgis() {
    for (sent, written) in [
        ("1=1=1", "1 = 1 = 1"),
        ("-2^2", "(-2) ^ 2"),
        ("a^b^c", r#""a" ^ ("b" ^ "c")"#),
        ("2*3||4", "2 * (3 || 4)"),
        ("NOT a=b", r#"NOT ("a" = "b")"#),
        ("a = NOT b = c", r#""a" = (NOT ("b" = "c"))"#),
        ("a or b and c or d", r#""a" OR ("b" AND "c") OR "d""#),
        ("a - b + c - (d - e)", r#""a" - "b" + "c" - ("d" - "e")"#),
        ("a = b in (1)", r#"("a" = "b") IN (1)"#),
        ("a = b not in (1)", r#"("a" = "b") NOT IN (1)"#),
        ("not a not in (1)", r#"NOT ("a" NOT IN (1))"#),
        ("a or b not in (1)", r#""a" OR ("b" NOT IN (1))"#),
        ("-a[0]", r#"-("a"[0])"#),
        ("a in (1)[0]", r#"("a" IN (1))[0]"#),
        ("a % b // c / d", r#""a" % "b" // "c" / "d""#),
        ("not null is null", "NOT (NULL IS NULL)"),
        ("case when a then b else c end[0]", r#"(CASE WHEN "a" THEN "b" ELSE "c" END)[0]"#),
        ("+ + a", r#""a""#),
    ] {
        assert_eq!(rewritten(sent), written);
    }
}

#[test]
fn two_minus_signs_never_meet() {
    assert_eq!(rewritten("1 - -1"), "1 - (-1)");
    assert_eq!(rewritten("- - 1"), "-(-1)");
    assert!(matches!(refusal("num=1--1"), ExpressionError::Comment { at: 5 }));
}

#[test]
fn between_is_written_as_two_comparisons() {
    assert_eq!(rewritten("a BETWEEN 1 AND 2 AND b"), r#"("a" >= 1) AND ("a" <= 2) AND "b""#);
    assert_eq!(
        rewritten("a + 1 not between 2 and 3 or b"),
        r#"(NOT ((("a" + 1) >= 2) AND (("a" + 1) <= 3))) OR "b""#
    );
    assert_eq!(rewritten("NOT a BETWEEN 1 AND 2"), r#"NOT (("a" >= 1) AND ("a" <= 2))"#);
}

#[test]
fn between_beside_a_comparison_or_before_too_much_is_refused() {
    for text in [
        "a = b BETWEEN 1 AND 2",
        "a BETWEEN 1 AND 2 = 3",
        "a BETWEEN 1 AND 2 BETWEEN 3 AND 4",
        "a BETWEEN 1 AND 2 IN (1)",
    ] {
        assert!(matches!(refusal(text), ExpressionError::Between { .. }), "{text}");
    }
    let nested = format!("{}a{}", "abs(".repeat(9), " BETWEEN 1 AND 2)".repeat(9));
    assert!(matches!(refusal(&nested), ExpressionError::Between { .. }));
}

#[test]
fn functions_are_known_by_name_and_alias_in_any_case() {
    assert_eq!(rewritten("GEOMFROMWKT('POINT(1 2)')"), "geom_from_wkt('POINT(1 2)')");
    assert_eq!(rewritten("toint ('1')"), "to_int('1')");
    assert_eq!(rewritten("$Geometry"), "$geometry");
    // Newer versions of QGIS Server take a value that holds `()` for something else.
    assert_eq!(rewritten("now() > d AND pi() > 3"), r#"($now > "d") AND ($pi > 3)"#);
}

#[test]
fn functions_outside_the_table_are_refused_by_name() {
    for name in [
        "file_exists",
        "aggregate",
        "env",
        "var",
        "eval",
        "load_layer",
        "attribute",
        "attributes",
        "get_feature",
        "ltrim",
        "feature_id",
        "make_circle",
        "generate_series",
        "try",
        "rand",
        "geom_to_wkt",
        "layer_property",
        "nosuch",
    ] {
        assert_eq!(refusal(&format!("{name}('a')")), ExpressionError::Function { name: name.to_owned() });
    }
    assert_eq!(refusal("$currentfeature"), ExpressionError::Function { name: "$currentfeature".to_owned() });
    assert_eq!(refusal("$scale"), ExpressionError::Function { name: "$scale".to_owned() });
    assert!(Expression::parse("$x_at (0)").is_err());
    // The long s folds to an s, and QGIS compares names without case.
    assert_eq!(refusal("ſubstr('a',1)"), ExpressionError::Function { name: "at byte 0".to_owned() });
}

#[test]
fn variables_other_than_geometry_and_id_are_refused() {
    for name in ["project_path", "layer", "feature", "geometrya", "ID_", "user_account_name"] {
        assert_eq!(refusal(&format!("@{name} = 1")), ExpressionError::Variable { at: 0 });
    }
}

#[test]
fn what_is_no_expression_to_qgis_is_none_here() {
    for text in [
        "",
        " ",
        "a b",
        "a ==b",
        "a ** b",
        "a IN ()",
        "CASE a WHEN 1 THEN 2 END",
        "CASE END",
        "x := 1",
        "(a",
        "a)",
        "a[",
        "a[]",
        "a NOT b",
        "a AND",
        "f(",
        "coalesce(a,)",
        "array()",
        "\"a\"(1)",
        "(a)(b)",
        "a, b",
        "$pi()",
        "$now ()",
        "a IS",
        "NOT",
        "~a",
        "@geometry()",
        "a between 1",
        "a between 1 or 2",
    ] {
        assert!(Expression::parse(text).is_err(), "{text}");
    }
}
