//! Every setting is reported with its values and its direction.

use pozi_auth::sites::Site;

use super::{DOCUMENT, edited, site};
use crate::changes::{GroupNames, changes};

/// Returns the line that reports that `from` becomes `to` in the document, and whether that could widen access.
fn reported(from: &str, to: &str) -> (String, bool) {
    let (before, after) = (site(DOCUMENT), site(&edited(&[(from, to)])));
    let found = changes(Some(&before), Some(&after), &GroupNames::default());
    assert_eq!(found.settings.len(), 1, "{found}");
    let text = anstream::adapter::strip_str(&found.to_string()).to_string();
    (text.lines().last().unwrap().to_owned(), found.is_wider())
}

/// Checks a change in both directions: each line without its mark.
fn widens(from: &str, to: &str, wider: &str, narrower: &str) {
    assert_eq!(reported(from, to), (format!("  + {wider} (wider)"), true));
    let (before, after) = (site(&edited(&[(from, to)])), site(DOCUMENT));
    let back = changes(Some(&before), Some(&after), &GroupNames::default());
    let text = anstream::adapter::strip_str(&back.to_string()).to_string();
    assert_eq!(text.lines().last().unwrap(), format!("  - {narrower} (narrower)"));
    assert!(!back.is_wider() && !back.is_empty());
}

#[test]
fn what_accepts_more_is_wider_and_its_reverse_narrower() {
    let setting = |text: &str| format!("{text}\norigins =");
    widens(
        "origins =",
        &setting("session_minutes = 20"),
        "session_minutes: 10 → 20",
        "session_minutes: 20 → 10",
    );
    widens(
        "origins =",
        &setting("max_token_age_minutes = 1680"),
        "max_token_age_minutes: 120 → 1680",
        "max_token_age_minutes: 1680 → 120",
    );
    widens(
        "origins =",
        &setting("further_client_ids = [\"0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10\"]"),
        "further_client_ids added: 0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
        "further_client_ids removed: 0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10",
    );
    widens(
        "origins =",
        &setting("enforcement = \"observe until 2027-02-01\""),
        "enforcement: enforced → observe until 2027-02-01",
        "enforcement: observe until 2027-02-01 → enforced",
    );
    widens(
        "origins = [",
        "origins = [\"http://localhost\", ",
        "origins added: http://localhost",
        "origins removed: http://localhost",
    );
    widens(
        "title = \"Parks\"",
        "title = \"Parks\"\nprint = [\"A4\"]",
        "parks: print added: A4",
        "parks: print removed: A4",
    );
    widens(
        "title = \"Parks\"",
        "title = \"Parks\"\nprint_texts = [\"remarks\"]",
        "parks: print_texts added: remarks",
        "parks: print_texts removed: remarks",
    );
    widens(
        "title = \"Parks\"",
        "title = \"Parks\"\nhighlight = true",
        "parks: highlight: false → true",
        "parks: highlight: true → false",
    );
    widens(
        "origins =",
        &setting("groups_as_roles = true"),
        "groups_as_roles: false → true",
        "groups_as_roles: true → false",
    );
}

#[test]
fn a_longer_observation_is_wider_and_a_higher_minimum_revision_narrower() {
    let with = |line: &str| site(&edited(&[("origins =", &format!("{line}\norigins ="))]));
    let between = |before: &Site, after: &Site| {
        let found = changes(Some(before), Some(after), &GroupNames::default());
        let text = anstream::adapter::strip_str(&found.to_string()).to_string();
        (text.lines().last().unwrap().to_owned(), found.is_wider())
    };
    let until = |day: &str| with(&format!("enforcement = \"observe until {day}\""));
    let (sooner, later) = (until("2027-02-01"), until("2027-02-02"));
    let line = "  + enforcement: observe until 2027-02-01 → observe until 2027-02-02 (wider)".to_owned();
    assert_eq!(between(&sooner, &later), (line, true));
    let line = "  - enforcement: observe until 2027-02-02 → observe until 2027-02-01 (narrower)".to_owned();
    assert_eq!(between(&later, &sooner), (line, false));
    let (any, fourth, fifth) = (site(DOCUMENT), with("minimum_revision = 4"), with("minimum_revision = 5"));
    for (before, after, line, is_wider) in [
        (&any, &fourth, "  - minimum_revision: none → 4 (narrower)", false),
        (&fourth, &fifth, "  - minimum_revision: 4 → 5 (narrower)", false),
        (&fifth, &fourth, "  + minimum_revision: 5 → 4 (wider)", true),
        (&fourth, &any, "  + minimum_revision: 4 → none (wider)", true),
    ] {
        assert_eq!(between(before, after), (line.to_owned(), is_wider));
    }
}

#[test]
fn what_accepts_others_could_be_wider() {
    for (from, to, line) in [
        (
            "name = \"riverbend\"",
            "name = \"river\"",
            "name: riverbend → river (requests that name the site must use the new name)",
        ),
        (
            "http://gis.",
            "http://maps.",
            "internal_url: http://gis.riverbend.internal/pozi/ → http://maps.riverbend.internal/pozi/ (Application Proxy must lead there)",
        ),
        (
            "https://poziserver-",
            "https://maps-",
            "external_url: https://poziserver-riverbend.example/pozi/ → https://maps-riverbend.example/pozi/ (sessions get another audience, which the gate must expect)",
        ),
        (
            "c3890382-",
            "d3890382-",
            "client_id: c3890382-ecc1-4cf0-adc1-1b349bbd71ee → d3890382-ecc1-4cf0-adc1-1b349bbd71ee (another registration's tokens are accepted)",
        ),
        (
            "cd0a0f9d-",
            "dd0a0f9d-",
            "tenant_id: cd0a0f9d-3505-4176-bcd0-75bdde12fd00 → dd0a0f9d-3505-4176-bcd0-75bdde12fd00 (other people, and other groups)",
        ),
        (
            "origins =",
            "cloud = \"us-government\"\norigins =",
            "cloud: public → us-government (other people, and other groups)",
        ),
        (
            "C:/Pozi/roads.qgz",
            "C:/Pozi/drains.qgz",
            "roads: project: C:/Pozi/roads.qgz → C:/Pozi/drains.qgz (the catalogue opens another map)",
        ),
    ] {
        assert_eq!(reported(from, to), (format!("  ~ {line}"), true));
    }
}

#[test]
fn a_title_and_a_catalogue_that_is_closed_mean_nothing_for_access() {
    let closed = "[[catalogue]]\nid = \"trees\"\ntitle = \"Trees\"\nproject = \"C:/trees.qgz\"\nread = []\n";
    for (from, to, line) in [
        ("\"Parks\"", "\"Parks and trees\"", "parks: title: Parks → Parks and trees"),
        ("[[catalogue]]", &format!("{closed}[[catalogue]]"), "trees: catalogue added: C:/trees.qgz"),
    ] {
        assert_eq!(reported(from, to), (format!("    {line}"), false));
    }
}

#[test]
fn an_origin_that_another_covers_changes_nothing() {
    let local = edited(&[("origins = [", "origins = [\"http://localhost\", ")]);
    let port = local.replacen("origins = [", "origins = [\"http://localhost:3000\", ", 1);
    for (before, after, verb) in [(&local, &port, "added"), (&port, &local, "removed")] {
        let found = changes(Some(&site(before)), Some(&site(after)), &GroupNames::default());
        let line = format!("    origins {verb}: http://localhost:3000 (another one covers it)\n");
        let text = anstream::adapter::strip_str(&found.to_string()).to_string();
        assert!(text.ends_with(&line) && !found.is_wider(), "{text}");
    }
}

#[test]
fn an_order_or_a_repetition_changes_nothing() {
    let (planners, rangers) =
        ("\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"", "\"e098abcd-8f18-43ca-b18e-0ef34b3eae31\"");
    let rules = format!("    {planners}, # Planners\n    {rangers}, # Rangers\n");
    for (from, to) in [
        (rules.as_str(), format!("    {rangers}, {planners}, {rangers},\n")),
        ("[\"https://r", "[\"https://old.riverbend.example\", \"https://r".to_owned()),
        ("origins =", "session_minutes = 10\norigins =".to_owned()),
    ] {
        let found =
            changes(Some(&site(DOCUMENT)), Some(&site(&edited(&[(from, &to)]))), &GroupNames::default());
        assert!(found.is_empty() && !found.is_wider(), "{found}");
    }
}
