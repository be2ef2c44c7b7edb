//! The expression that the gate writes must mean to QGIS what the client's expression means: QGIS's own parser reads
//! both and evaluates them over a few features. Needs QGIS 3.22 for Python; without it the tests print a notice, and
//! fail if `CI` is set.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "expressions/generate.rs"]
mod generate;
#[path = "expressions/qgis.rs"]
mod qgis;

use pozi_gate::expression::{Expression, FUNCTIONS};

use self::{
    generate::{sample, tokens, trees},
    qgis::{Answer, Qgis},
};

/// Expressions that were once misread, and expressions that clients send.
const KNOWN: &[&str] = &[
    "num=1 - -1",
    "'a\\'b' = name",
    "\"Zone \"\"C\"\"\" = 'a'",
    "1=1=1",
    "-2^2",
    "NOT num=2",
    "2*3||4",
    "num in (1)[0]",
    "-num[0]",
    "GEOMFROMWKT('point(1 2)') is null",
    "toint('1') = num",
    "$ID + $Pi",
    "num not in (1) not in (2)",
    "num = size not in (0,1)",
    "not num not in (1)",
    "num or size not in (1)",
    "name is\r\nnot\tnull",
    "num^size^2",
    "name NOT  LIKE '%e%'",
    "+ + num",
    "num - + - 1",
    "case when num then name end",
    "\"\" is null",
    "día > '2020-01-01'",
    "día >= make_date(2024,1,1)",
    "name ~ 'r.d'",
    "name ILIKE 'R%'",
    "'\\\\' || '''' || name",
    "array(1,num)[0] = 1",
    "intersects($geometry, buffer(geom_from_wkt('POLYGON((0 0,1 0,1 1,0 0))'), -0.00001))",
    "007 = 7",
    ".5e-3 * 1E+2",
    "99999999999999999999 > num",
    "replace(name, 'e', 'ee')",
    "lpad(name, 10, 'x')",
    "round(size, 1)",
    "num IN ((1))",
];

/// Returns the expression that the gate writes for `text`, and how QGIS reads both.
fn read_both(qgis: &mut Qgis, text: &str) -> Option<(String, Answer, Answer)> {
    let written = Expression::parse(text).ok()?.to_string();
    Some((written.clone(), qgis.read(text), qgis.read(&written)))
}

#[test]
fn written_expressions_mean_the_same_to_qgis() {
    let Some(mut qgis) = Qgis::start() else { return };
    let generated = sample(trees(), 2_500).into_iter().chain(sample(tokens(), 6_000));
    let (mut compared, mut refused) = (0, 0);
    for text in KNOWN.iter().map(|text| (*text).to_owned()).chain(generated) {
        let Some((written, sent, read)) = read_both(&mut qgis, &text) else {
            refused += 1;
            continue;
        };
        assert!(read.error.is_none(), "{text}\nwas written\n{written}\n{read:?}");
        assert_eq!(sent, read, "{text}\nwas written\n{written}");
        compared += 1;
    }
    println!("{compared} expressions compared, {refused} refused");
    assert!(compared > 2_000, "only {compared} expressions were accepted");
}

#[test]
fn newer_syntax_is_translated_with_the_same_meaning() {
    let Some(mut qgis) = Qgis::start() else { return };
    for (newer, older) in [
        ("num BETWEEN 1 AND 2", "num >= 1 AND num <= 2"),
        (
            "num + 1 NOT BETWEEN size AND 2 OR name = ''",
            "NOT (num + 1 >= size AND num + 1 <= 2) OR name = ''",
        ),
        ("@id = 1", "$id = 1"),
        ("area(@geometry) > 0.5", "area($geometry) > 0.5"),
    ] {
        let written = Expression::parse(newer).unwrap().to_string();
        assert_eq!(qgis.read(&written), qgis.read(older), "{newer} was written {written}");
    }
}

#[test]
fn a_long_chain_of_or_evaluates_like_the_list_that_replaces_it() {
    let Some(mut qgis) = Qgis::start() else { return };
    for value in ["1", "-1", "'red'", "'2'", "0.0", "''"] {
        for field in ["num", "size", "name", "\"Zone \"\"C\"\"\"", "día"] {
            let chain = vec![format!("{field} = {value}"); 101].join(" OR ");
            for text in [chain.clone(), format!("NOT ({chain})")] {
                let written = Expression::parse(&text).unwrap().to_string();
                assert!(written.contains(" IN ("), "{written}");
                assert_eq!(qgis.read(&text).values, qgis.read(&written).values, "{written}");
            }
        }
    }
}

#[test]
fn qgis_knows_every_function_and_alias_with_the_same_arguments() {
    let Some(mut qgis) = Qgis::start() else { return };
    for function in FUNCTIONS {
        for count in [function.min_args, function.max_args.min(function.min_args + 9)] {
            let arguments = vec!["NULL"; count].join(",");
            let call = |name: &str| {
                if name.starts_with('$') { name.to_owned() } else { format!("{name}({arguments})") }
            };
            let own = qgis.read(&call(function.name));
            assert!(own.error.is_none(), "{}: {own:?}", call(function.name));
            for alias in function.aliases {
                assert_eq!(qgis.read(&call(alias)).tree, own.tree, "{alias}");
            }
        }
    }
}
