//! What people see, compared to the letter. `UPDATE_GOLDEN=1` writes what they see now.

use std::{fs, path::Path};

use super::*;

const GRANTED: &str = r#"{"timestamp":"2027-01-15T08:00:02.417093Z","level":"INFO","message":"token exchange","target":"pozi::audit","decision":"granted","status":200,"site":"riverbend","tenant":"cd0a0f9d-3505-4176-bcd0-75bdde12fd00","scope":"heritage:read planning:read","closed":"planning:write nobody, heritage:write nobody, assets:read not_in_group, assets:write not_in_group","jti":"2b1f5e0e-7f1c-4d6e-9a52-2f6f8e1d7c22","kid":"a1","subject_token_sha256":"1f0c","uti":"mJ3cI0b5kUOeSEbV7s0SAQ","subject_token_kid":"b2","keys_us":412,"sign_us":1034,"total_us":2950}"#;
const REFUSED: &str = r#"{"target":"pozi::audit","decision":"refused","reason":"groups_overage","status":400,"detail":"the person is in too many groups for the token to list","site":"riverbend","tenant":"cd0a0f9d-3505-4176-bcd0-75bdde12fd00","closed":"planning:read overage, planning:write nobody, …","subject_token_sha256":"2e7a","uti":"mJ3cI0b5kUOeSEbV7s0SAQ","subject_token_kid":"b2","keys_us":10,"sign_us":0,"total_us":640}"#;
const MISMATCH: &str = r#"{"target":"pozi::audit","decision":"refused","reason":"audience_mismatch","status":400,"detail":"no target is given, and the token is for `api://elsewhere`, not for `https://poziserver-riverbend.example/pozi`","tenant":"cd0a0f9d-3505-4176-bcd0-75bdde12fd00","subject_token_sha256":"3c","uti":"x","subject_token_kid":"b2","keys_us":10,"sign_us":0,"total_us":640}"#;
const ABANDONED: &str = r#"{"target":"pozi::audit","decision":"abandoned","status":200,"keys_us":0,"sign_us":0,"total_us":3000000}"#;

fn rows(lines: &[&str]) -> Vec<Row> {
    let row = |(index, line): (usize, &&str)| Row {
        time: format!("2027-01-15 08:0{}:02.417", 9 - index),
        line: (*line).to_owned(),
    };
    lines.iter().enumerate().map(row).collect()
}

fn args() -> AuditArgs {
    AuditArgs {
        reference: None,
        since: None,
        site: Some("riverbend".parse().unwrap()),
        reason: None,
        wait: 60,
    }
}

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name} differs");
}

#[test]
fn people_see_the_exchanges_of_a_time_as_a_table() {
    let rows = rows(&[GRANTED, REFUSED, MISMATCH, ABANDONED, "not an event"]);
    let report = period(&args(), "1h".parse().unwrap(), &rows);
    assert_golden("period.txt", &Output::new(&report).plain());
    let none = period(&args(), "7d".parse().unwrap(), &[]);
    assert_eq!(Output::new(&none).plain(), "No exchanges in the last 7 days at riverbend.\n");
    let many = vec![rows[0].clone(); MAX_EVENTS];
    let many = Output::new(&period(&args(), Since::DAY, &many)).plain();
    assert!(many.contains("There are more; these are the newest."), "{many}");
}

#[test]
fn people_see_one_exchange_in_sentences() {
    let reference = || "mJ3cI0b5kUOeSEbV7s0SAQ".parse().unwrap();
    for (name, lines) in [
        ("granted.txt", &[GRANTED][..]),
        ("overage.txt", &[&GRANTED.replace("\"closed\"", "\"groups_from\":\"graph\",\"closed\"")]),
        ("refused.txt", &[REFUSED, GRANTED]),
        ("mismatch.txt", &[MISMATCH]),
        ("abandoned.txt", &[ABANDONED]),
    ] {
        let report = explained(reference(), Since::DAY, &rows(lines)).unwrap();
        assert_golden(name, &Output::new(&report).plain());
    }
    let error = explained(reference(), Since::DAY, &rows(&["START"])).unwrap_err().to_string();
    assert!(
        error.starts_with("no audit event of the last 24 hours names mJ3cI0b5kUOeSEbV7s0SAQ; "),
        "{error}"
    );
}
