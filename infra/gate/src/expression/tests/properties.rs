//! What holds for every expression.

use proptest::prelude::*;

use super::{super::*, *};

/// Texts of tokens in any order: most are refused, many are not.
fn tokens() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => prop::sample::select(vec!["a", "\"b\"\"c\"", "e5", "é", "1", "2.5", ".5e-3", "'x'", "'it''s\\\\'", "NULL", "TRUE", "$geometry", "@id", "$pi"]),
        4 => prop::sample::select(vec!["=", "<>", "<", "<=", "!=", "+", "-", "*", "/", "//", "%", "^", "||", "~", "AND", "OR", "IS", "IS NOT", "LIKE", "NOT ILIKE"]),
        2 => prop::sample::select(vec!["NOT", "IN (", "NOT IN (", "BETWEEN", "NOT BETWEEN", "(", ")", ")", ",", "[", "]", "abs(", "coalesce(", "CASE WHEN", "THEN", "ELSE", "END", "is nothing", "geom_from_wkt('POINT(1 2)')"]),
    ];
    prop::collection::vec(token, 1..25).prop_map(|tokens| tokens.join(" "))
}

/// Texts of trees.
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

fn is_written_alike(text: &str) -> Result<(), TestCaseError> {
    let Ok(expression) = Expression::parse(text) else { return Ok(()) };
    let written = expression.write();
    let read = Expression::parse(&written);
    prop_assert_eq!(read.as_ref(), Ok(&expression), "{} was written {}", text, written);
    let bare = unquoted(&written);
    prop_assert!(!bare.contains("--") && !bare.contains("/*") && !bare.contains("()"), "{}", written);
    let words = bare.split(|next: char| next != '_' && next != '$' && !next.is_alphanumeric());
    for word in words.filter(|word| word.starts_with(|first: char| !first.is_ascii_digit())) {
        let is_keyword = [
            "NULL", "TRUE", "FALSE", "NOT", "AND", "OR", "IS", "IN", "LIKE", "ILIKE", "CASE", "WHEN", "THEN",
            "ELSE", "END", "e", "E",
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
    fn any_text_is_read_or_refused(text in any::<String>()) {
        is_written_alike(&text)?;
    }

    #[test]
    fn any_run_of_tokens_is_written_as_it_was_read(text in tokens()) {
        is_written_alike(&text)?;
    }

    #[test]
    fn any_tree_is_written_as_it_was_read(text in trees()) {
        is_written_alike(&text)?;
    }

    #[test]
    fn any_value_is_quoted_so_that_it_stays_one(text in r"[^\p{C}]{0,20}", field in r"[^\p{C}]{0,20}") {
        let mut expression = Expression::parse("a = 'x'").unwrap();
        expression.resolve_fields(&|_| Some(field.clone())).unwrap();
        let written = expression.write();
        let read = Expression::parse(&written).unwrap();
        prop_assert_eq!(read.fields().collect::<Vec<_>>(), vec![field.as_str()]);
        let literal = format!("'{}'", text.replace('\\', r"\\").replace('\'', "''"));
        prop_assert_eq!(rewritten(&literal), literal);
    }
}
