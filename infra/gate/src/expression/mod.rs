//! QGIS expressions, the values of `EXP_FILTER` in WFS.
//!
//! An expression is parsed as QGIS 3.22 parses it, checked against a closed table of functions ([`FUNCTIONS`]) and limits,
//! and written anew in one form. QGIS never parses what the client wrote.
//!
//! `BETWEEN`, `@geometry` and `@id`, which 3.22 lacks, are translated.

use std::fmt;

use self::tree::Node;
pub use self::{
    bound::Bound,
    error::ExpressionError,
    functions::{FUNCTIONS, Function},
};

mod bound;
mod chain;
mod check;
mod error;
mod functions;
mod parser;
mod token;
mod tree;
mod write;

/// Maximum size in bytes of an expression.
pub const MAX_LENGTH: usize = 65_536;

/// Maximum number of nested brackets, functions and operators.
const MAX_NESTING: usize = 30;

/// An expression that may be sent to QGIS once its fields are [resolved](Self::resolve_fields).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    root: Node,
}

impl Expression {
    /// Parses `text`. Refuses unknown functions, variables and operators, and whatever could keep QGIS busy.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MAX_LENGTH {
            return Err(ExpressionError::Length { allowed: MAX_LENGTH, found: text.len() });
        }
        let mut root = parser::parse(token::tokens(text)?, text.len())?;
        chain::fold_or_chains(&mut root);
        check::check(&root)?;
        Ok(Self { root })
    }

    /// The names of fields, as often and in the order in which they occur.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let mut nodes = vec![&self.root];
        std::iter::from_fn(move || {
            while let Some(node) = nodes.pop() {
                nodes.extend(node.children().into_iter().rev());
                if let Node::Field(name) = node {
                    return Some(name.as_str());
                }
            }
            None
        })
    }

    /// Replaces each name of a field by what `resolve` returns for it. If that is `None`, or holds a control character, the
    /// expression is refused and stays unchanged. QGIS itself reads an unknown field as NULL.
    pub fn resolve_fields(
        &mut self,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), ExpressionError> {
        let mut root = self.root.clone();
        let mut nodes = vec![&mut root];
        while let Some(node) = nodes.pop() {
            if let Node::Field(name) = node {
                let real = resolve(name).filter(|real| !real.contains(char::is_control));
                *name = real.ok_or(ExpressionError::Field)?;
            } else {
                nodes.extend(node.children_mut());
            }
        }
        self.root = root;
        Ok(())
    }
}

/// Writes the expression for QGIS.
impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write::write(&self.root, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(text: &str) -> String {
        Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    fn refusal(text: &str) -> ExpressionError {
        Expression::parse(text).expect_err(text)
    }

    /// `text` with `?` for each quoted part.
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
    fn writes_what_clients_send_for_qgis_322() {
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
    fn never_writes_two_minus_signs_together() {
        assert_eq!(rewritten("1 - -1"), "1 - (-1)");
        assert_eq!(rewritten("- - 1"), "-(-1)");
        assert!(matches!(refusal("num=1--1"), ExpressionError::Comment(5)));
    }

    #[test]
    fn writes_between_as_two_comparisons() {
        assert_eq!(rewritten("a BETWEEN 1 AND 2 AND b"), r#"("a" >= 1) AND ("a" <= 2) AND "b""#);
        assert_eq!(
            rewritten("a + 1 not between 2 and 3 or b"),
            r#"(NOT ((("a" + 1) >= 2) AND (("a" + 1) <= 3))) OR "b""#
        );
        assert_eq!(rewritten("NOT a BETWEEN 1 AND 2"), r#"NOT (("a" >= 1) AND ("a" <= 2))"#);
    }

    #[test]
    fn refuses_between_beside_a_comparison_or_after_a_large_operand() {
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
    fn finds_functions_by_name_and_alias_in_any_case() {
        assert_eq!(rewritten("GEOMFROMWKT('POINT(1 2)')"), "geom_from_wkt('POINT(1 2)')");
        assert_eq!(rewritten("toint ('1')"), "to_int('1')");
        assert_eq!(rewritten("$Geometry"), "$geometry");
        // Newer versions of QGIS Server read a value that holds `()` as an OGC filter.
        assert_eq!(rewritten("now() > d AND pi() > 3"), r#"($now > "d") AND ($pi > 3)"#);
    }

    #[test]
    fn refuses_functions_outside_the_table_by_name() {
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
            assert_eq!(refusal(&format!("{name}('a')")), ExpressionError::Function(name.to_owned()));
        }
        assert_eq!(refusal("$currentfeature"), ExpressionError::Function("$currentfeature".to_owned()));
        assert_eq!(refusal("$scale"), ExpressionError::Function("$scale".to_owned()));
        assert!(Expression::parse("$x_at (0)").is_err());
        // The long s folds to an s, and QGIS compares names without case.
        assert_eq!(refusal("ſubstr('a',1)"), ExpressionError::Function("at byte 0".to_owned()));
    }

    #[test]
    fn refuses_variables_other_than_geometry_and_id() {
        for name in ["project_path", "layer", "feature", "geometrya", "ID_", "user_account_name"] {
            assert_eq!(refusal(&format!("@{name} = 1")), ExpressionError::Variable(0));
        }
    }

    #[test]
    fn refuses_what_qgis_cannot_parse() {
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

    #[test]
    fn checks_the_number_of_arguments_of_every_function() {
        for function in FUNCTIONS
            .iter()
            .filter(|function| function.bound == Bound::None && !function.name.starts_with('$'))
        {
            let call = |count: usize| format!("{}({})", function.name, vec!["1"; count].join(","));
            assert!(Expression::parse(&call(function.min_args)).is_ok(), "{}", call(function.min_args));
            assert!(Expression::parse(&call(function.max_args)).is_ok(), "{}", call(function.max_args));
            let refused = |count| matches!(refusal(&call(count)), ExpressionError::Arguments { .. });
            assert!(refused(function.max_args + 1) && refused(function.min_args - 1), "{}", function.name);
        }
    }

    #[test]
    fn names_and_aliases_are_distinct_and_found() {
        let mut seen = std::collections::HashSet::new();
        for function in FUNCTIONS {
            for name in std::iter::once(&function.name).chain(function.aliases) {
                assert!(seen.insert(name.to_ascii_lowercase()), "{name} occurs twice");
                assert_eq!(functions::named(&name.to_ascii_uppercase()), Some(function));
            }
        }
        assert_eq!(FUNCTIONS.len(), 168);
    }

    fn check_bound(within: &str, beyond: &str) {
        assert!(Expression::parse(within).is_ok(), "{within}");
        assert!(matches!(refusal(beyond), ExpressionError::Bound { .. }), "{beyond}");
    }

    #[test]
    fn enforces_the_bounds_of_numbers_and_growth() {
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
        ] {
            check_bound(within, &beyond);
        }
    }

    #[test]
    fn enforces_the_bounds_of_patterns_and_operands() {
        let long = "x".repeat(1_001);
        for (within, beyond) in [
            ("regexp_match(a, 'x+')", "regexp_match(a, b)".to_owned()),
            ("a ~ 'x+'", "a ~ b".to_owned()),
            ("a ~ 'b'", format!("a ~ '{}'", &long[..201])),
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
            (
                "transform($geometry, 'EPSG:1', 'CRS:84')",
                "transform($geometry, 'EPSG:', 'EPSG:1')".to_owned(),
            ),
            ("geom_from_wkt('POINT(1 2)')", "geom_from_wkt(a)".to_owned()),
            (
                "union(buffer(centroid(convex_hull($geometry)), 1), $geometry)",
                "union(union(union(union($geometry, $geometry), $geometry), $geometry), $geometry)"
                    .to_owned(),
            ),
        ] {
            check_bound(within, &beyond);
        }
    }

    #[test]
    fn rewrites_geometries_in_literals() {
        assert_eq!(rewritten("geom_from_wkt(' point ( 1   2 ) ')"), "geom_from_wkt('POINT(1 2)')");
        assert!(matches!(refusal("geom_from_wkt('SRID=1;POINT(1 2)')"), ExpressionError::Wkt(_)));
        let many = vec!["1 2"; 10_001].join(",");
        assert!(matches!(refusal(&format!("geom_from_wkt('LINESTRING({many})')")), ExpressionError::Wkt(_)));
    }

    #[test]
    fn limits_nesting_of_every_kind() {
        let nested =
            |open: &str, close: &str, times: usize| format!("{}a{}", open.repeat(times), close.repeat(times));
        for (open, close, max) in [
            ("abs(", ")", 29),
            ("NOT ", "", 29),
            ("- ", "", 29),
            ("1 ^ ", "", 29),
            ("", "[0]", 29),
            ("(b = ", ")", 29),
        ] {
            assert!(Expression::parse(&nested(open, close, max)).is_ok(), "{open}");
            for times in [max + 1, 3_000] {
                assert_eq!(refusal(&nested(open, close, times)), ExpressionError::Nested(30), "{open}");
            }
        }
        assert!(Expression::parse(&nested("(", ")", 200)).is_ok());
        assert!(Expression::parse(&nested("(", ")", 30_000)).is_err());
    }

    #[test]
    fn limits_chains_one_by_one_and_together() {
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
    fn rewrites_long_or_chains_as_lists() {
        let choice =
            |terms: usize| (0..terms).map(|term| format!("a = {term}")).collect::<Vec<_>>().join(" OR ");
        assert!(rewritten(&choice(100)).starts_with(r#"("a" = 0) OR ("a" = 1)"#));
        assert!(rewritten(&choice(101)).starts_with(r#""a" IN (0, 1, 2"#));
        assert!(Expression::parse(&choice(4_000)).is_ok());
        let mixed = format!("{} OR b = 1 OR a IN (-7, 'x') OR a = c", choice(200));
        assert!(
            rewritten(&mixed).ends_with(r#", 199)) OR ("b" IN (1)) OR ("a" IN (-7, 'x')) OR ("a" = "c")"#)
        );
    }

    #[test]
    fn limits_lists() {
        let list = |items: usize| format!("a IN ({})", vec!["1"; items].join(","));
        assert!(Expression::parse(&list(10_000)).is_ok());
        assert_eq!(refusal(&list(10_001)), ExpressionError::Long(10_000));
    }

    #[test]
    fn refuses_expressions_of_more_than_64_kib() {
        let text = format!("'{}'", "x".repeat(MAX_LENGTH - 2));
        assert!(Expression::parse(&text).is_ok());
        assert_eq!(
            refusal(&format!("{text} ")),
            ExpressionError::Length { allowed: MAX_LENGTH, found: MAX_LENGTH + 1 }
        );
    }

    #[test]
    fn lists_fields_in_order() {
        let expression =
            Expression::parse("b = 1 AND \"A\" IN (c, 2) OR CASE WHEN d THEN e ELSE f END AND b").unwrap();
        assert_eq!(expression.fields().collect::<Vec<_>>(), ["b", "A", "c", "d", "e", "f", "b"]);
    }

    #[test]
    fn resolves_all_fields_or_none() {
        let mut expression = Expression::parse("name = 'x' OR \"Zone_Code\" = name").unwrap();
        let before = expression.clone();
        let known = |field: &str| (field == "name").then(|| "Name \"1\"".to_owned());
        assert_eq!(expression.resolve_fields(&known), Err(ExpressionError::Field));
        assert_eq!(expression, before);
        expression.resolve_fields(&|field| Some(format!("{field} \"1\""))).unwrap();
        assert_eq!(expression.to_string(), r#"("name ""1""" = 'x') OR ("Zone_Code ""1""" = "name ""1""")"#);
        assert_eq!(expression.resolve_fields(&|_| Some("a\0b".to_owned())), Err(ExpressionError::Field));
    }

    #[test]
    fn refusals_never_repeat_a_value() {
        for text in [
            "secret = 'hidden",
            "file_exists('/secret')",
            "\"secret\" + + ",
            "'secret' ~ secret",
            "@secret",
            "\"secret\nx\"",
            "geom_from_wkt('SECRET(1 2)')",
        ] {
            let message = refusal(text).to_string().to_lowercase();
            assert!(!message.contains("secret") && !message.contains("hidden"), "{message}");
        }
    }

    /// Tokens in any order: most are refused, many are not.
    fn tokens() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            4 => prop::sample::select(vec!["a", "\"b\"\"c\"", "e5", "é", "1", "2.5", ".5e-3", "'x'", "'it''s\\\\'", "NULL", "TRUE", "$geometry", "@id", "$pi"]),
            4 => prop::sample::select(vec!["=", "<>", "<", "<=", "!=", "+", "-", "*", "/", "//", "%", "^", "||", "~", "AND", "OR", "IS", "IS NOT", "LIKE", "NOT ILIKE"]),
            2 => prop::sample::select(vec!["NOT", "IN (", "NOT IN (", "BETWEEN", "NOT BETWEEN", "(", ")", ")", ",", "[", "]", "abs(", "coalesce(", "CASE WHEN", "THEN", "ELSE", "END", "is nothing", "geom_from_wkt('POINT(1 2)')"]),
        ];
        prop::collection::vec(token, 1..25).prop_map(|tokens| tokens.join(" "))
    }

    /// Well-formed expressions.
    fn trees() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-d]{1,3}x".prop_map(|name| name),
            "\"([^\"\\p{C}]|\"\"){0,5}\"".prop_map(|name| name),
            "'([^'\\\\\\p{C}]|''|\\\\\\\\|\\\\'x){0,6}'".prop_map(|text| text),
            any::<u32>().prop_map(|number| number.to_string()),
            (0.0..1e9f64).prop_map(|number| number.to_string()),
            prop::sample::select(vec!["NULL", "true", "$geometry", "@id", "now()"]).prop_map(str::to_owned),
        ];
        leaf.prop_recursive(5, 60, 4, |inner| {
        let operators = vec![
            "=", "<>", "<", ">=", "+", "-", "*", "/", "//", "%", "^", "||", " AND ", " OR ", " IS ", " IS NOT ", " LIKE ", " NOT LIKE ",
        ];
        prop_oneof![
            4 => (inner.clone(), prop::sample::select(operators), inner.clone()).prop_map(|(left, operator, right)| format!("{left}{operator} {right}")),
            2 => inner.clone().prop_map(|node| format!("({node})")),
            1 => inner.clone().prop_map(|node| format!("NOT {node}")),
            1 => inner.clone().prop_map(|node| format!("- {node}")),
            1 => (inner.clone(), prop::collection::vec(inner.clone(), 1..4)).prop_map(|(node, list)| format!("{node} NOT IN ({})", list.join(","))),
            1 => prop::collection::vec(inner.clone(), 1..4).prop_map(|list| format!("COALESCE({})", list.join(" , "))),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("CASE WHEN {one} THEN {two} ELSE {one} END")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(one, two, three)| format!("({one}) BETWEEN ({two}) AND ({three})")),
        ]
    })
    }

    fn check_round_trip(text: &str) -> Result<(), TestCaseError> {
        let Ok(expression) = Expression::parse(text) else { return Ok(()) };
        let written = expression.to_string();
        let read = Expression::parse(&written);
        prop_assert_eq!(read.as_ref(), Ok(&expression), "{} was written {}", text, written);
        let bare = unquoted(&written);
        prop_assert!(!bare.contains("--") && !bare.contains("/*") && !bare.contains("()"), "{}", written);
        let words = bare.split(|next: char| next != '_' && next != '$' && !next.is_alphanumeric());
        for word in words.filter(|word| word.starts_with(|first: char| !first.is_ascii_digit())) {
            let is_keyword = [
                "NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "IS", "IN", "LIKE", "ILIKE", "CASE", "WHEN",
                "THEN", "ELSE", "END", "e", "E",
            ]
            .contains(&word);
            prop_assert!(
                is_keyword || functions::named(word).is_some_and(|function| function.name == word),
                "{} in {}",
                word,
                written
            );
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_text_survives_a_round_trip_or_is_refused(text in any::<String>()) {
            check_round_trip(&text)?;
        }

        #[test]
        fn any_run_of_tokens_survives_a_round_trip_or_is_refused(text in tokens()) {
            check_round_trip(&text)?;
        }

        #[test]
        fn any_expression_survives_a_round_trip_or_is_refused(text in trees()) {
            check_round_trip(&text)?;
        }

        #[test]
        fn any_string_and_field_stay_one_token(text in r"[^\p{C}]{0,20}", field in r"[^\p{C}]{0,20}") {
            let mut expression = Expression::parse("a = 'x'").unwrap();
            expression.resolve_fields(&|_| Some(field.clone())).unwrap();
            let written = expression.to_string();
            let read = Expression::parse(&written).unwrap();
            prop_assert_eq!(read.fields().collect::<Vec<_>>(), vec![field.as_str()]);
            let literal = format!("'{}'", text.replace('\\', r"\\").replace('\'', "''"));
            prop_assert_eq!(rewritten(&literal), literal);
        }
    }
}
