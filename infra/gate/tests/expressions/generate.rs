//! Random expressions, the same in each run.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

/// Returns `count` texts of `strategy`.
pub(crate) fn sample(strategy: impl Strategy<Value = String>, count: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn chosen(texts: &[&'static str]) -> impl Strategy<Value = String> + Clone + use<> {
    prop::sample::select(texts.to_vec()).prop_map(str::to_owned)
}

fn fields() -> impl Strategy<Value = String> + Clone {
    chosen(&[
        "num",
        "NUM",
        "size",
        "name",
        "\"name\"",
        "\"Zone \"\"C\"\"\"",
        "día",
        "nosuch",
        "\"a--b\"",
        "\"it's\"",
    ])
}

fn literals() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        chosen(&[
            "0",
            "1",
            "2",
            "-1",
            "2.5",
            ".5",
            "1e2",
            "2147483648",
            "NULL",
            "TRUE",
            "false",
            "'red'",
            "'%e%'",
            "''"
        ]),
        chosen(&[
            "'it''s'",
            "'\\\\'",
            "'\\''",
            "'--'",
            "'/*'",
            "'a\nb'",
            "'2'",
            "'2024-02-29'",
            "'()'",
            "'a;b'",
            "'ü'"
        ]),
        "'([a-z0-9 %_]|''){0,6}'",
        any::<i32>().prop_map(|number| number.to_string()),
    ]
}

/// Generates expressions with every kind of node, and with brackets only where they are generated explicitly.
pub(crate) fn trees() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![fields(), literals(), chosen(&["$geometry", "$id", "$area", "pi()", "$x"])];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators = chosen(&[
            "=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//", "%", "^", "||", " AND ", " or ", " IS ", " is not ",
            " LIKE ", " NOT LIKE ", " ILIKE ", " not ilike ",
        ]);
        let one = chosen(&["abs", "upper", "length", "to_string", "TOINT", "year", "area", "centroid", "is_empty", "trim"]);
        let two = chosen(&["nullif", "left", "strpos", "intersects", "distance", "bbox", "log", "atan2", "symDifference"]);
        let many = chosen(&["coalesce", "concat", "max", "min"]);
        let list = prop::collection::vec(inner.clone(), 1..4).prop_map(|list| list.join(","));
        prop_oneof![
            6 => (inner.clone(), operators, inner.clone()).prop_map(|(left, operator, right)| format!("{left}{operator} {right}")),
            2 => inner.clone().prop_map(|node| format!("({node})")),
            1 => inner.clone().prop_map(|node| format!("NOT {node}")),
            1 => inner.clone().prop_map(|node| format!("- {node}")),
            1 => (inner.clone(), chosen(&["IN", "not in"]), list.clone()).prop_map(|(node, word, list)| format!("{node} {word} ({list})")),
            1 => (one, inner.clone()).prop_map(|(name, one)| format!("{name}({one})")),
            1 => (two, inner.clone(), inner.clone()).prop_map(|(name, one, two)| format!("{name} ({one}, {two})")),
            1 => (many, list).prop_map(|(name, list)| format!("{name}({list})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("CASE WHEN {one} THEN {two} ELSE {one} END")),
            1 => (inner.clone(), inner).prop_map(|(one, two)| format!("{one}[{two}]")),
        ]
    })
}

/// Generates tokens in any order, some without spaces. Most are not valid expressions; those that are must be read
/// correctly.
pub(crate) fn tokens() -> impl Strategy<Value = String> {
    let operand = prop_oneof![
        fields(),
        literals(),
        chosen(&["e5", "e", "e -5", "e-5", "1e", "5.", "$pi", "x\u{a0}", "é"])
    ];
    let operator = chosen(&[
        "=",
        "<",
        "+",
        "-",
        "--",
        "*",
        "/",
        "//",
        "/*",
        "*/",
        "%",
        "^",
        "||",
        "~",
        "AND",
        "OR",
        "IS",
        "IS NOT",
        "IS\tNOT",
        "LIKE",
        "NOT LIKE",
        "NOT  ILIKE",
        "not",
        "is nothing",
        "not likely",
        "==",
        ";",
        ":=",
    ]);
    let space = chosen(&[" ", "", "\n", "  ", "\t"]);
    let term = terms(operand);
    (term.clone(), prop::collection::vec((space.clone(), operator, space, term), 0..5)).prop_map(
        |(first, rest)| {
            rest.into_iter().fold(first, |text, (before, operator, after, term)| {
                format!("{text}{before}{operator}{after}{term}")
            })
        },
    )
}

/// Generates operands, some with a prefix or suffix.
fn terms(operand: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> + Clone {
    let prefix = prop_oneof![4 => Just(String::new()), 1 => chosen(&["NOT ", "- ", "+", "-", "(", "abs(", "((", "not not "])];
    let suffix = prop_oneof![4 => Just(String::new()), 1 => chosen(&[")", "))", "[0]", " IN (1)", " NOT IN (1,num)", " IS NULL", " END"])];
    (prefix, operand, suffix).prop_map(|(prefix, operand, suffix)| format!("{prefix}{operand}{suffix}"))
}
