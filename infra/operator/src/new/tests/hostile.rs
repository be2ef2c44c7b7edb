//! Mails that are too long, or strange.

use proptest::prelude::*;

use super::*;

#[test]
fn refuses_a_mail_that_is_too_long() {
    let mut trial = Trial::new(None);
    let mail = trial.folder.path().join("mail.txt");
    trial.args.from_mail = Some(mail.clone());
    let limit = usize::try_from(MAX_BYTES).unwrap();
    fs::write(&mail, vec![b'a'; limit]).unwrap();
    assert_eq!(trial.run(None).unwrap().0, Exit::Wrong);
    fs::write(&mail, vec![b'a'; limit + 1]).unwrap();
    assert!(matches!(trial.run(None), Err(NewError::TooLong(_))));
}

/// Reading takes time in proportion to the length, whatever the text. Were it to the square, this would take hours.
#[test]
fn reads_the_longest_mails_in_bounded_time() {
    let line = |index: usize| format!("G{index} {index:08x}-8a90-454c-9ecb-df4562c6afd7 can see C{index}\n");
    let groups: String = (0..3500).map(line).collect();
    for hard in ["a://", "((((", "a, ", "|", "  a", "- a and b\n", &groups] {
        let text: String = hard.chars().cycle().take(usize::try_from(MAX_BYTES).unwrap()).collect();
        understood(&text);
    }
}

/// Pieces of mails, which together reach more of the code than arbitrary text.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,12}",
        "[ -~\n\t]{0,30}",
        proptest::sample::select(vec![
            "Internal URL: ",
            "Tenant ID",
            "Client ID",
            "http://gis.riverbend.internal/pozi/",
            "https://a.example/",
            "\n",
            "\n- ",
            "\n  - ",
            "|",
            "\t",
            ":",
            " (",
            ")",
            "read",
            "write",
            " can see ",
            " and ",
            ", ",
            "Planning",
            "Planners",
            "**",
            "> ",
            "Group",
            "Object ID",
            "Catalogues",
            "everyone who signs in",
            "02f1ea5a-8a90-454c-9ecb-df4562c6afd7",
            "1f0ac082-247d-44fa-bcb6-667230cbf808",
            "Access",
            "    ",
            "é",
            "\u{a0}",
            "“",
            "C:\\Pozi\\a.qgz",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No text makes it panic, every line with a GUID is accounted for, and nobody gets more than the text names.
    #[test]
    fn no_text_is_too_strange(text in pieces()) {
        let facts = mail::read(&text, &Known::default());
        let reading = Reading::of(&facts, &BTreeMap::new());
        let report = Output::new(&Report::new(&reading, wrong(&reading))).plain();
        for line in text::Line::all(&text) {
            let place = facts::Place::Mail(line.number);
            let stated = || facts.iter().filter(|stated| stated.line == place);
            let has_address = !text::urls(&line.text).is_empty();
            prop_assert!(!has_address || stated().next().is_some(), "{:?} in\n{}", line.text, report);
            for (_, id) in text::guids(&line.text) {
                prop_assert!(stated().any(|stated| stated.fact.accounts_for(id)), "{:?} in\n{}", line.text, report);
            }
        }
        for catalogue in &reading.draft.catalogues {
            for group in catalogue.groups.keys() {
                prop_assert!(text.to_lowercase().contains(&group.to_string()));
            }
            prop_assert!(!catalogue.everyone || text.contains("everyone who signs in"));
        }
    }
}
