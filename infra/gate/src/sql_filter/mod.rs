//! `FILTER` of WMS in the form `layer[,layer]:condition;layer:condition`.
//!
//! A condition is not a QGIS expression: QGIS appends it in brackets to the layer's own filter, and passes that to the data
//! provider as SQL. QGIS's own check counts no brackets, and accepts a whole subquery as one token. So conditions are parsed
//! here by a small grammar, and written anew with one space between all tokens, as that check demands.

use std::fmt;

pub use self::error::SqlFilterError;
use self::{condition::Condition, token::Lexer};

mod condition;
mod error;
mod parser;
mod quoted;
mod token;

/// Maximum size in bytes of a value.
pub const MAX_LENGTH: usize = 65_536;

/// Maximum size in bytes of what is written, where a condition is repeated for each of its layers.
const MAX_WRITTEN: usize = 262_144;

/// Maximum number of layers of one value.
const MAX_LAYERS: usize = 200;

/// A condition for each named layer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFilters {
    filters: Vec<(String, Condition)>,
}

impl LayerFilters {
    /// Parses the value of `FILTER`, which may be neither empty nor an OGC filter.
    pub fn parse(value: &str) -> Result<Self, SqlFilterError> {
        if value.len() > MAX_LENGTH {
            return Err(SqlFilterError::Length(MAX_LENGTH));
        }
        if value.trim_start().starts_with(['<', '(']) {
            return Err(SqlFilterError::OgcFilter);
        }
        let (mut filters, mut written) = (Self { filters: Vec::new() }, 0);
        let mut rest = Some(value);
        while let Some(part) = rest {
            let Some((names, condition)) = part.split_once(':') else {
                if part.trim().is_empty() && !filters.filters.is_empty() {
                    break;
                }
                return Err(SqlFilterError::Colon);
            };
            let layers = layer_names(names)?;
            let mut lexer = Lexer::new(condition);
            let condition = parser::parse(&mut lexer)?;
            written += layers.len().saturating_mul(condition.to_string().len());
            if written > MAX_WRITTEN {
                return Err(SqlFilterError::Length(MAX_WRITTEN));
            }
            filters.add(layers, &condition)?;
            rest = lexer.after_semicolon();
        }
        Ok(filters)
    }

    fn add(&mut self, layers: Vec<String>, condition: &Condition) -> Result<(), SqlFilterError> {
        for layer in layers {
            if self.layers().any(|other| other == layer) {
                return Err(SqlFilterError::Repeated);
            }
            self.filters.push((layer, condition.clone()));
        }
        if self.filters.len() > MAX_LAYERS { Err(SqlFilterError::Layers(MAX_LAYERS)) } else { Ok(()) }
    }

    /// The names of the layers, each once.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.filters.iter().map(|(layer, _)| layer.as_str())
    }

    /// Replaces each field by what `resolve` returns for the layer and the field. If that is `None`, or cannot be written,
    /// the filters are refused and stay unchanged.
    pub fn resolve_fields(
        &mut self,
        resolve: &dyn Fn(&str, &str) -> Option<String>,
    ) -> Result<(), SqlFilterError> {
        let mut filters = self.filters.clone();
        for (layer, condition) in &mut filters {
            for field in condition.fields_mut() {
                let real = resolve(layer, field).ok_or(SqlFilterError::Field)?;
                if !quoted::is_field(&real) {
                    return Err(SqlFilterError::FieldName);
                }
                *field = real;
            }
        }
        self.filters = filters;
        Ok(())
    }
}

impl fmt::Display for LayerFilters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (layer, condition)) in self.filters.iter().enumerate() {
            write!(formatter, "{}{layer}:{condition}", if index > 0 { ";" } else { "" })?;
        }
        Ok(())
    }
}

/// The names before the colon, trimmed: QGIS reads spaces beside a comma as part of a name, and then finds no such layer.
fn layer_names(names: &str) -> Result<Vec<String>, SqlFilterError> {
    names
        .split(',')
        .map(|name| {
            let name = name.trim();
            if name.contains(';') {
                return Err(SqlFilterError::Colon);
            }
            if quoted::is_layer(name) { Ok(name.to_owned()) } else { Err(SqlFilterError::LayerName) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rewritten(value: &str) -> String {
        LayerFilters::parse(value).unwrap_or_else(|error| panic!("{value}: {error}")).to_string()
    }

    fn refusal(value: &str) -> SqlFilterError {
        LayerFilters::parse(value).expect_err(value)
    }

    /// Reimplements QGIS's own check, `QgsRenderer::testFilterStringSafety` of 3.22, by its observed behaviour.
    fn qgis_lets_through(condition: &str) -> bool {
        let mut tokens: Vec<String> =
            condition.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        group(&mut tokens, '\'');
        group(&mut tokens, '"');
        let known = [
            ",", "(", ")", "=", "!=", "<", "<=", ">", ">=", "%", "IS", "NOT", "NULL", "AND", "OR", "IN",
            "LIKE", "ILIKE", "''",
        ];
        let is_quoted = |token: &str, quote: char| {
            let inner = token.strip_prefix(quote).and_then(|token| token.strip_suffix(quote));
            inner.is_some_and(|inner| {
                !inner.is_empty() && !inner.starts_with(quote) && !inner.ends_with(quote)
            })
        };
        !condition.contains(';')
            && tokens.iter().all(|token| {
                known.contains(&token.as_str())
                    || token.parse::<f64>().is_ok()
                    || is_quoted(token, '\'')
                    || is_quoted(token, '"')
            })
    }

    /// Joins words from one that begins with `quote` to the next that ends with it.
    fn group(tokens: &mut Vec<String>, quote: char) {
        let (mut joined, mut open): (Vec<String>, Option<usize>) = (Vec::new(), None);
        for token in tokens.drain(..) {
            let (starts, ends) = (token.starts_with(quote), token.ends_with(quote));
            if starts {
                open = Some(joined.len());
            }
            joined.push(token);
            if ends && let Some(start) = open.take() {
                let words = joined.split_off(start);
                joined.push(words.join(" "));
            }
        }
        *tokens = joined;
    }

    #[test]
    fn writes_what_clients_send_as_qgis_expects_it() {
        for (sent, written) in [
            (r#"zones:"name" = 'zone 1'"#, r#"zones:"name" = 'zone 1'"#),
            (
                r#"zones:"name" = 'zone 1' OR "Zone Code" IN ( 'GRZ2' , 'GRZ3' )"#,
                r#"zones:"name" = 'zone 1' OR "Zone Code" IN ( 'GRZ2' , 'GRZ3' )"#,
            ),
            (
                r#"zones:"name" LIKE 'zone%' AND ( "población" >= 100 );Road Centrelines:"class" = 1"#,
                r#"zones:"name" LIKE 'zone%' AND "población" >= 100;Road Centrelines:"class" = 1"#,
            ),
            ("a:num=2", r#"a:"num" = 2"#),
            ("a:x<>-1", r#"a:"x" != -1"#),
            ("a:x between .5 and 1e3", r#"a:"x" >= 0.5 AND "x" <= 1e3"#),
            ("a:x NOT BETWEEN 1 AND 2 OR y=1", r#"a:( NOT ( "x" >= 1 AND "x" <= 2 ) ) OR "y" = 1"#),
            ("a:x is null and y IS NOT NULL", r#"a:"x" IS NULL AND "y" IS NOT NULL"#),
            (
                "a:x not in(1,'b') or not y not like 'c'",
                r#"a:"x" NOT IN ( 1 , 'b' ) OR ( NOT "y" NOT LIKE 'c' )"#,
            ),
            ("a:(x=1 or y=2)and(z ilike 'it''s')", r#"a:( "x" = 1 OR "y" = 2 ) AND "z" ILIKE 'it''s'"#),
            ("a:\t\"x\"\n=\r''", r#"a:"x" = ''"#),
            ("a:x='b:c'", r#"a:"x" = 'b:c'"#),
            (" a , Bäume (2):x=1;", r#"a:"x" = 1;Bäume (2):"x" = 1"#),
            ("a:x=1 or (y=2 or (z=3))", r#"a:"x" = 1 OR "y" = 2 OR "z" = 3"#),
        ] {
            assert_eq!(rewritten(sent), written);
        }
    }

    /// Those that QGIS's own check accepts come first.
    const REFUSED: &[&str] = &[
        r#""num" = 0 ) OR ( "num" = "num""#,
        r#""num"=(select/**/2/**/from/**/hidden)AND"num"="num""#,
        r#""num" = (SELECT 1)"#,
        r#""a" = 'x' OR "b" = 'it''"#,
        r#""a" = 'x\' OR "b" = ' OR 1 '"#,
        r#""a" = "b""#,
        r#"SOUNDEX ( "a" ) = 'b'"#,
        "\"a\" = 'x\ty'",
        r#"( "a" = 1"#,
        r#""a" = 1 )"#,
        r#""a" = 1 -- x"#,
        r#""a" = 1 /* x */"#,
        r#""a" = 1 + 1"#,
        r#""a" = '(<Filter>'"#,
        r#""a" = '()'"#,
        r#""x""y" = 1"#,
        "1 = 1",
        "TRUE",
        "\"a\"",
        "\"a\" = NULL",
        "\"a\" IN ()",
        "\"a\" IN ( SELECT )",
        "\"a\" IS 1",
        "\"a\" NOT = 1",
        "\"a\" = 1 AND",
        "\"a\" = 1 \"b\" = 2",
        "\"a\" LIKE 'x' ESCAPE '!'",
        "\"\" = 1",
        "\"a\" = 1e",
        "\"a\" = 0x1",
        "\"a\" = - 1",
        "\"a\" = inf",
        "\"a\" = 1e999",
        "\"a\" = 5.",
        "a\u{a0}= 1",
        "",
        " ",
    ];

    #[test]
    fn refuses_what_is_not_in_the_grammar() {
        for condition in REFUSED {
            assert!(LayerFilters::parse(&format!("places:{condition}")).is_err(), "{condition}");
        }
    }

    #[test]
    fn refuses_strings_that_qgis_refuses_and_says_why() {
        for (text, reason) in [
            ("'a;b'", "semicolon"),
            ("'''x'", "apostrophe"),
            ("'x'''", "apostrophe"),
            ("'a ''b'' c'", "apostrophe"),
            ("'a'' b'", "apostrophe"),
            ("' x'", "space"),
            ("'x '", "space"),
            (r"'a\b'", "backslash"),
            ("'a<b'", "<"),
        ] {
            let message = refusal(&format!("places:\"a\" = {text}")).to_string();
            assert!(message.contains(reason), "{text}: {message}");
        }
        for text in ["'it''s'", "'a  b'", "'5\" pipe'", "'\"a\" b'", "'a:b'", "'(x)'", "'a = b'", "'--'"] {
            assert_eq!(rewritten(&format!("places:\"a\" = {text}")), format!("places:\"a\" = {text}"));
        }
    }

    #[test]
    fn refuses_ogc_filters() {
        for value in ["<Filter/>", " <Filter/>", "(<Filter/>)()", "()"] {
            assert_eq!(refusal(value), SqlFilterError::OgcFilter);
        }
    }

    #[test]
    fn requires_each_layer_once_and_before_a_colon() {
        for value in ["", ";", "places", "a:x=1;b", "a;b:x=1"] {
            assert_eq!(refusal(value), SqlFilterError::Colon, "{value}");
        }
        for value in [":x=1", "a,:x=1", "'a':x=1", "a<b:x=1", "a():x=1", "a\n b:x=1", "b:x=1;(c:x=1"] {
            assert_eq!(refusal(value), SqlFilterError::LayerName, "{value}");
        }
        assert_eq!(refusal("a:x=1;a:x=2"), SqlFilterError::Repeated);
        assert_eq!(refusal("a,a:x=1"), SqlFilterError::Repeated);
        let filters = LayerFilters::parse("b,c:x=1;a:y=2").unwrap();
        assert_eq!(filters.layers().collect::<Vec<_>>(), ["b", "c", "a"]);
        assert_eq!(filters.to_string(), r#"b:"x" = 1;c:"x" = 1;a:"y" = 2"#);
    }

    #[test]
    fn resolves_the_fields_of_each_layer() {
        let mut filters = LayerFilters::parse("a,b:x=1 OR NOT x IN (2)").unwrap();
        let before = filters.clone();
        assert_eq!(
            filters.resolve_fields(&|layer, _| (layer == "a").then(String::new)),
            Err(SqlFilterError::FieldName)
        );
        assert_eq!(
            filters.resolve_fields(&|layer, field| (layer == "a").then(|| field.to_owned())),
            Err(SqlFilterError::Field)
        );
        assert_eq!(filters, before);
        filters.resolve_fields(&|layer, field| Some(format!("{layer} {field}"))).unwrap();
        assert_eq!(
            filters.to_string(),
            r#"a:"a x" = 1 OR ( NOT "a x" IN ( 2 ) );b:"b x" = 1 OR ( NOT "b x" IN ( 2 ) )"#
        );
    }

    #[test]
    fn refuses_real_names_that_qgis_cannot_read() {
        for name in ["", " a", "a ", "a'b", "a\"b", "a;b", "a\\b", "a()", "<a", "a\0"] {
            let mut filters = LayerFilters::parse("a:x=1").unwrap();
            assert_eq!(
                filters.resolve_fields(&|_, _| Some(name.to_owned())),
                Err(SqlFilterError::FieldName),
                "{name:?}"
            );
        }
    }

    #[test]
    fn limits_depth_and_length() {
        let nested = |depth: usize| format!("a:{}x=1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(LayerFilters::parse(&nested(30)).is_ok());
        assert_eq!(refusal(&nested(31)), SqlFilterError::Nested(30));
        assert_eq!(refusal(&format!("a:{}x=1", "NOT ".repeat(10_000))), SqlFilterError::Nested(30));
        let chain = |terms: usize| format!("a:{}", vec!["x=1"; terms].join(" OR "));
        assert!(LayerFilters::parse(&chain(900)).is_ok());
        assert_eq!(refusal(&chain(901)), SqlFilterError::Long(900));
        let list = |items: usize| format!("a:x IN ({})", vec!["1"; items].join(","));
        assert!(LayerFilters::parse(&list(10_000)).is_ok());
        assert_eq!(refusal(&list(10_001)), SqlFilterError::Long(10_000));
        let layers = |count: usize| (0..count).map(|layer| format!("l{layer}")).collect::<Vec<_>>().join(",");
        assert!(LayerFilters::parse(&format!("{}:x=1", layers(200))).is_ok());
        assert_eq!(refusal(&format!("{}:x=1", layers(201))), SqlFilterError::Layers(200));
        assert!(matches!(
            refusal(&format!("{}:{}", layers(100), &chain(900)[2..])),
            SqlFilterError::Length { .. }
        ));
        assert!(matches!(refusal(&"a".repeat(MAX_LENGTH + 1)), SqlFilterError::Length { .. }));
    }

    #[test]
    fn refusals_never_repeat_a_value() {
        for value in [
            "secret:secret='secret;'",
            "secret:secret secret",
            "secret",
            "secret:\"secret\" = secret",
            "secret:secret='secret",
        ] {
            let message = refusal(value).to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }

    /// Well-formed conditions.
    fn conditions() -> impl Strategy<Value = String> {
        let field = prop_oneof!["[a-d]x", "\"[^\"\\p{C}]{1,6}\""];
        let value = prop_oneof!["-?[0-9]{1,3}(\\.[0-9])?", "'([^'\\p{C}]|''){0,8}'"];
        let operator = prop::sample::select(vec!["=", "<>", "!=", "<", ">=", " LIKE ", " not ilike "]);
        let leaf = prop_oneof![
            3 => (field.clone(), operator, value.clone()).prop_map(|(field, operator, value)| format!("{field}{operator}{value}")),
            1 => (field.clone(), prop::collection::vec(value.clone(), 1..4)).prop_map(|(field, list)| format!("{field} IN({})", list.join(","))),
            1 => (field.clone(), value.clone(), value).prop_map(|(field, one, two)| format!("{field} BETWEEN {one} AND {two}")),
            1 => field.prop_map(|field| format!("{field} is not null")),
        ];
        leaf.prop_recursive(5, 40, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one} AND {two}")),
                (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{one} OR {two}")),
                inner.clone().prop_map(|one| format!("NOT {one}")),
                inner.prop_map(|one| format!("({one})")),
            ]
        })
    }

    fn check_round_trip(value: &str) -> Result<(), TestCaseError> {
        let Ok(filters) = LayerFilters::parse(value) else { return Ok(()) };
        let written = filters.to_string();
        let read = LayerFilters::parse(&written);
        prop_assert_eq!(read.as_ref(), Ok(&filters), "{} was written {}", value, written);
        for part in written.split(';') {
            let (layers, condition) = part.split_once(':').unwrap();
            prop_assert!(filters.layers().any(|layer| layer == layers));
            prop_assert!(qgis_lets_through(condition), "{}", condition);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_value_survives_a_round_trip_or_is_refused(value in any::<String>()) {
            check_round_trip(&value)?;
        }

        #[test]
        fn any_run_of_tokens_survives_a_round_trip_or_is_refused(
            tokens in prop::collection::vec(prop::sample::select(vec!["\"a\"", "b", "=", "<", "1", "'x y'", "'it''s'", "AND", "OR", "NOT", "IN", "(", ")", ",", "IS", "NULL", "LIKE", "BETWEEN", ";", "l:", " "]), 1..15)
        ) {
            check_round_trip(&format!("l:{}", tokens.join(" ")))?;
        }

        #[test]
        fn any_condition_survives_a_round_trip_or_is_refused(one in conditions(), two in conditions()) {
            check_round_trip(&format!("a:{one};b,c:{two}"))?;
        }
    }
}
