//! Sites that are only observed, and revisions in sessions, through the operator's program.

use std::{fs, path::Path};

use clap::Parser;
use pozi_auth::{
    adapters::aws::connection,
    revision::Revision,
    session::{SessionKeySet, SessionRefusal, SessionVerifier, VerifiedSession},
    timestamp::{Clock, Timestamp},
};
use pozi_operator::{Args, Exit, Outcome, World, plain, run};
use pozi_tests::{
    EmulatedAws, Fleet, ISSUER, NOW, aws_at, exchanged, part, riverbend_tenant, riverbend_with, send,
};

const DAY: u64 = 24 * 3_600;

/// Runs the command line `words` at `now`, in seconds since the Unix epoch, where nobody can be asked.
pub(super) async fn at(now: u64, words: &[&str]) -> Outcome {
    let args = Args::parse_from([&["pozi"], words].concat());
    let mut world = World::emulated(connection(&aws_at(EmulatedAws::running().unwrap().url())), None);
    world.now = Timestamp::from_unix_seconds(now);
    Box::pin(run(&args, &mut world)).await
}

/// Returns what the command line `words` prints at `now`, or its error.
pub(super) async fn told_at(now: u64, words: &[&str]) -> Result<String, String> {
    at(now, words).await.0.map(|output| output.plain()).map_err(|error| plain(&error.text()))
}

/// Writes riverbend's site file with another setting.
pub(super) fn write(file: &Path, setting: &str) {
    fs::write(file, riverbend_with(setting).text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observation_is_warned_of_shown_while_it_lasts_and_never_stored_for_long() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("riverbend.toml");
    let push = ["push", "--table", &fleet.table, file.to_str().unwrap()];
    let yes = [&push[..], &["--yes"]].concat();
    write(&file, "enforcement = \"enforced\"");
    told_at(NOW, &yes).await.unwrap();

    write(&file, "enforcement = \"observe until 2027-03-17\"");
    let line =
        1 + fs::read_to_string(&file).unwrap().lines().position(|line| line.starts_with("enf")).unwrap();
    let place = format!("riverbend.toml:{line}:");
    for words in [&push[..], &yes, &["check", file.to_str().unwrap()]] {
        let error = told_at(NOW, words).await.unwrap_err();
        for text in
            [&place, "the site would be observed until 2027-03-17", "write 2027-03-16 or an earlier day"]
        {
            assert!(error.contains(text), "{error}");
        }
    }

    write(&file, "enforcement = \"observe until 2027-02-01\"");
    let warning = "warning: riverbend: the rules are only observed until 2027-02-01: until then everyone who signs in at its tenant opens every catalogue";
    let dry = told_at(NOW, &[&push[..], &["--dry-run"]].concat()).await.unwrap();
    assert!(dry.starts_with(warning), "{dry}");
    assert!(dry.contains("+ enforcement: enforced → observe until 2027-02-01 (wider)"), "{dry}");
    let careful = at(NOW, &[&yes[..], &["--only-if-nobody-gains"]].concat()).await.0.unwrap();
    assert_eq!((careful.exit(), &careful.json()["state"]), (Exit::Declined, &"would_widen".into()));
    let nobody = told_at(NOW, &push).await.unwrap_err();
    assert!(nobody.contains(warning) && nobody.contains("nobody is there to ask"), "{nobody}");
    assert!(told_at(NOW, &yes).await.unwrap().contains(warning));

    for (now, listed, shown) in [
        (NOW, "in use; observed until 2027-02-01, 17 days left", "observed until 2027-02-01, 17 days left"),
        (
            NOW + 18 * DAY,
            "in use; enforced; observed until 2027-02-01",
            "enforced; observed until 2027-02-01",
        ),
    ] {
        let list = told_at(now, &["list", "--table", &fleet.table]).await.unwrap();
        assert!(list.contains(&format!("{listed}\n")), "{list}");
        let show = told_at(now, &["show", "riverbend", "--table", &fleet.table]).await.unwrap();
        let found = show.lines().find_map(|line| line.trim().strip_prefix("the rules are"));
        assert_eq!(found.map(str::trim), Some(shown), "{show}");
    }

    let explain = ["explain", "--file", file.to_str().unwrap(), "--groups", "none"];
    let explained = told_at(NOW, &explain).await.unwrap();
    assert!(explained.contains("The rules are only observed until 2027-02-01"), "{explained}");
    assert!(!told_at(NOW + 18 * DAY, &explain).await.unwrap().contains("observed"));

    write(&file, "enforcement = \"enforced\"");
    let ended = told_at(NOW, &[&yes[..], &["--only-if-nobody-gains"]].concat()).await.unwrap();
    assert!(ended.contains("riverbend: updated from revision 2 to 3"), "{ended}");
    let back = ["rollback", "riverbend", "--yes", "--table", &fleet.table];
    let rolled = told_at(NOW, &back).await.unwrap();
    assert!(rolled.contains("from revision 3 to 4") && rolled.contains("opens every catalogue"), "{rolled}");
    told_at(NOW, &[&back[..], &["--to", "1"]].concat()).await.unwrap();
    let early = told_at(NOW - 60 * DAY, &[&back[..], &["--to", "2"]].concat()).await.unwrap_err();
    assert!(early.contains("riverbend, revision 2:") && early.contains("60 days ahead"), "{early}");
    let list = told_at(NOW, &["list", "--table", &fleet.table]).await.unwrap();
    assert!(list.contains("in use\n") && !list.contains("observed"), "{list}");
}

/// Verifies `session` as a server that requires `minimum`, with the keys that the fleet publishes.
async fn verified(fleet: &Fleet, session: &str, minimum: u64) -> Result<VerifiedSession, SessionRefusal> {
    let request = http::Request::get("/.well-known/jwks.json").body(axum::body::Body::empty()).unwrap();
    let keys = SessionKeySet::parse(&send(fleet.jwks(), request).await.body).unwrap();
    let audience = "https://poziserver-riverbend.example/pozi/".to_owned();
    let verifier = SessionVerifier::new(ISSUER.parse().unwrap(), audience, riverbend_tenant(), keys);
    let now = pozi_auth::adapters::SystemClock.now();
    verifier.requiring(Some(Revision(minimum))).verify(session, now).await
}

/// Whatever an operator does, the revision only grows, so that a minimum revision never refuses the sessions that follow.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_carry_the_revision_of_the_document_that_decided() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("riverbend.toml");
    let table = ["--table", &*fleet.table];
    let push = [&["push", "--yes", file.to_str().unwrap()][..], &table].concat();
    let session = async || {
        // Another instance, which has not cached the site.
        let answer = exchanged(&fleet.exchange(), &fleet.token()).await;
        answer.session().to_owned()
    };
    let revision = async || part(&session().await, 1)["policy_revision"].as_u64().unwrap();

    write(&file, "minimum_revision = 2");
    let error = told_at(NOW, &push).await.unwrap_err();
    assert!(error.contains("minimum_revision is 2, and the site is not stored yet"), "{error}");
    write(&file, "# The first.");
    told_at(NOW, &push).await.unwrap();
    let first = session().await;
    assert_eq!(part(&first, 1)["policy_revision"], 1);

    write(&file, "minimum_revision = 3");
    let error = told_at(NOW, &push).await.unwrap_err();
    assert!(error.contains("minimum_revision is 3, and this file becomes revision 2"), "{error}");
    assert!(error.contains("write 2 or less"), "{error}");
    write(&file, "minimum_revision = 2");
    let pushed = told_at(NOW, &push).await.unwrap();
    assert!(pushed.contains("riverbend: updated from revision 1 to 2"), "{pushed}");
    assert_eq!(
        told_at(NOW, &push).await.unwrap(),
        "riverbend: unchanged at revision 2\n",
        "and pushed again"
    );
    let list = told_at(NOW, &[&["list"][..], &table].concat()).await.unwrap();
    assert!(list.contains("in use; sessions from revision 2\n"), "{list}");

    let second = session().await;
    assert_eq!(verified(&fleet, &second, 2).await.unwrap().policy_revision(), Some(Revision(2)));
    assert_eq!(verified(&fleet, &first, 1).await.unwrap().policy_revision(), Some(Revision(1)));
    let found = Some(Revision(1));
    let outdated = SessionRefusal::PolicyOutdated { found, minimum: Revision(2) };
    assert_eq!(verified(&fleet, &first, 2).await, Err(outdated));

    let mut before = 2;
    for words in [
        &["rollback", "--yes", "riverbend"][..],
        &["rollback", "--yes", "--to", "2", "riverbend"],
        &["rename", "--yes", "riverbend", "longford"],
        &["rename", "--yes", "longford", "riverbend"],
        &["move", "--yes", "--internal-url", "http://maps.riverbend.internal/pozi/", "riverbend"],
    ] {
        told_at(NOW, &[words, &table].concat()).await.unwrap();
        let next = revision().await;
        assert!(next > before, "{words:?}: {before}, then {next}");
        before = next;
    }
    told_at(NOW, &[&["remove", "--confirm", "riverbend", "riverbend"][..], &table].concat()).await.unwrap();
    write(&file, "# Again.");
    told_at(NOW, &push).await.unwrap();
    assert!(revision().await > before, "a site that is registered again goes on counting");
}
