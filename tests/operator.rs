//! An operator's day: site files are checked, pushed into an emulated AWS's table, and listed.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::fs;

use clap::Parser;
use pozi_auth::{
    adapters::aws::connection,
    revision::Revision,
    sites::{Site, SiteFile},
    tenants::{Parts, SiteStore, SiteStoreError, TenantSource},
};
use pozi_local::samples;
use pozi_operator::{
    Args, Outcome, World, plain, run,
    site::{PushError, StoreError, push},
};
use pozi_tests::{EmulatedAws, Fleet, aws_at, edit, exchanged};
use tempfile::TempDir;

#[path = "operator/edits.rs"]
mod edits;
#[path = "operator/life.rs"]
mod life;
#[path = "operator/observe.rs"]
mod observe;
#[path = "operator/revoke.rs"]
mod revoke;
#[path = "operator/service.rs"]
mod service;
#[path = "operator/walk.rs"]
mod walk;

/// Runs the command line `words` with the emulated AWS; a person answers with `answers`, if one is there.
async fn outcome(words: &[&str], answers: Option<&str>) -> Outcome {
    let args = Args::parse_from([&["pozi"], words].concat());
    let mut world = World::emulated(connection(&aws_at(EmulatedAws::running().unwrap().url())), answers);
    Box::pin(run(&args, &mut world)).await
}

/// Runs the command line `words` where nobody can be asked.
async fn told(words: &[&str]) -> Result<String, String> {
    outcome(words, None).await.0.map(|output| output.plain()).map_err(|error| plain(&error.text()))
}

fn files() -> Vec<SiteFile> {
    samples::site_files()
}

/// Writes the sample sites to a folder.
fn on_disk() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        fs::write(folder.path().join(&file.name), &file.text).unwrap();
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_are_pushed_once_and_then_only_what_changed() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let folder = on_disk();
    let folder_name = folder.path().to_str().unwrap();
    assert_eq!(told(&["check", folder_name]).await.unwrap(), "no errors (files checked: 2)\n");
    let push = ["push", "--yes", "--table", &fleet.table, folder_name];
    let dry = told(&["push", "--dry-run", "--table", &fleet.table, folder_name]).await.unwrap();
    for site in ["riverbend", "saltmarsh"] {
        assert!(dry.contains(&format!("{site}: would be created\n")), "{dry}");
    }
    let listed = told(&["list", "--table", &fleet.table]).await.unwrap();
    assert!(listed.starts_with("The table has no sites."), "{listed}");

    let pushed = told(&push).await.unwrap();
    for site in ["riverbend", "saltmarsh"] {
        assert!(pushed.contains(&format!("{site}: created as revision 1\n")), "{pushed}");
    }
    assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200, "and people get sessions");

    let saltmarsh = folder.path().join("saltmarsh.toml");
    fs::write(&saltmarsh, format!("{}\n# Changed.\n", files()[1].text)).unwrap();
    let second = told(&push).await.unwrap();
    assert!(
        second.starts_with(
            "riverbend: unchanged at revision 1\nsaltmarsh: updated from revision 1 to 2 (stored "
        )
    );
    assert!(second.contains("  Nobody gains or loses access.\n"), "{second}");
    let listed = told(&["list", "--table", &fleet.table]).await.unwrap();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    let saltmarsh_line = listed.lines().last().unwrap();
    assert!(saltmarsh_line.starts_with("saltmarsh") && saltmarsh_line.contains("in use"), "{listed}");

    fs::write(&saltmarsh, files()[1].text.replace("client_id", "cliend_id")).unwrap();
    let refused = told(&push).await.unwrap_err();
    assert!(refused.contains("saltmarsh.toml:") && refused.contains("cliend_id"), "{refused}");
    assert_eq!(told(&["check", folder_name]).await.unwrap_err(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_clashes_with_a_stored_site_is_not_pushed() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    push(&fleet.store(), &files(), &edit()).await.unwrap();
    let text = files()[0].text.replace("name = \"riverbend\"", "name = \"elsewhere\"");
    let refused =
        push(&fleet.store(), &[SiteFile { name: "new.toml".into(), text }], &edit()).await.unwrap_err();
    let said = refused.to_string();
    assert!(matches!(refused, PushError::Files(_)) && said.contains("new.toml:"), "{said}");
    assert!(said.contains("client_id is the same as in site `riverbend`, revision 1"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_operators_who_push_at_once_the_second_is_told_to_look_again() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let table = fleet.store();
    push(&table, &files(), &edit()).await.unwrap();
    let changed = |by: &str| {
        let text = format!("{}\n# {by}\n", files()[0].text);
        [SiteFile { name: "riverbend.toml".into(), text }]
    };
    let (one, two) = (changed("one"), changed("two"));
    for _ in 0..5 {
        let edit = edit();
        let outcomes = tokio::join!(push(&table, &one, &edit), push(&table, &two, &edit));
        let lost: Vec<_> = [outcomes.0, outcomes.1].into_iter().filter_map(Result::err).collect();
        assert!(lost.iter().all(|error| matches!(
            error,
            PushError::Write { source: StoreError::Refused(SiteStoreError::Conflict), .. }
        )));
        let tenant = files()[0].compile().unwrap().tenant();
        let stored = table.record_of(tenant, Parts::Sites).await.unwrap().sites.remove(0);
        assert!([&one[0].text, &two[0].text].contains(&&stored.document));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_stored_document_is_told_stops_nobody_else_and_is_mended_by_its_own_push() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let table = fleet.store();
    let saltmarsh = Site::parse(&files()[1].text).unwrap();
    table.put(&saltmarsh, "name = ", None, &edit()).await.unwrap();
    let told_of = push(&table, &files()[..1], &edit()).await.unwrap();
    let told_of = plain(&told_of.to_string());
    assert!(
        told_of.contains("warning: a stored document is not valid: site `saltmarsh`, revision 1"),
        "{told_of}"
    );
    assert!(told_of.contains("riverbend: created as revision 1"), "{told_of}");
    let listed = told(&["list", "--table", &fleet.table]).await.unwrap();
    assert!(listed.contains("not valid; no sessions are issued"), "{listed}");
    let mended = push(&table, &files(), &edit()).await.unwrap();
    let mended = plain(&mended.to_string());
    assert!(mended.contains("saltmarsh: updated from revision 1 to 2"), "{mended}");
    let record = table.record_of(saltmarsh.tenant(), Parts::Sites).await.unwrap();
    assert_eq!(record.sites[0].revision, Revision(2));
}

/// Where a verifier does not compare the tenant, a session of one would open the other's maps.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_pushes_at_once_with_one_url_or_one_name_exactly_one_succeeds() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let [riverbend, saltmarsh] = &files()[..] else { panic!("there are two samples") };
    for (own, of_the_other) in [
        ("https://poziserver-saltmarsh.example/pozi/", "https://poziserver-riverbend.example/pozi/"),
        ("name = \"saltmarsh\"", "name = \"riverbend\""),
    ] {
        let text = saltmarsh.text.replace(own, of_the_other);
        assert_ne!(text, saltmarsh.text);
        let twin = SiteFile { name: "saltmarsh.toml".into(), text };
        for round in 0..10 {
            let table = fleet.with_empty_table().await;
            let (one, other) = ([riverbend.clone()], [twin.clone()]);
            let edit = edit();
            let outcomes = tokio::join!(push(&table, &one, &edit), push(&table, &other, &edit));
            let succeeded = [&outcomes.0, &outcomes.1].into_iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(succeeded, 1, "round {round}, {of_the_other}: {outcomes:?}");
        }
    }
}

/// What is stored by hand, or was before there were claims, has none.
#[tokio::test(flavor = "multi_thread")]
async fn pushing_an_unchanged_site_again_claims_what_it_lacks() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let table = fleet.store();
    push(&table, &files(), &edit()).await.unwrap();
    let url = "https://poziserver-riverbend.example/pozi/";
    for claim in [format!("claim#url#{url}"), "claim#name#riverbend".into()] {
        fleet.delete_claim(&claim).await;
        let listed = told(&["list", "--table", &fleet.table]).await.unwrap();
        assert!(listed.contains("not claimed; no sessions are issued"), "{listed}");
        assert!(listed.contains("is not claimed for this site; push it again"), "{listed}");
        let refused = exchanged(&fleet.exchange(), &fleet.token()).await;
        assert_eq!(refused.refusal(), ("temporarily_unavailable", "site_unreadable"));

        let claimed = "riverbend: unchanged at revision 1; its external URL and its name";
        let dry =
            told(&["push", "--dry-run", "--table", &fleet.table, on_disk().path().to_str().unwrap()]).await;
        assert!(dry.unwrap().contains(&format!("{claimed} would be claimed\n")));
        let mended = push(&table, &files(), &edit()).await.unwrap();
        let mended = plain(&mended.to_string());
        assert_eq!(mended, format!("{claimed} are claimed\nsaltmarsh: unchanged at revision 1\n"));
        let again = push(&table, &files(), &edit()).await.unwrap();
        let again = plain(&again.to_string());
        assert_eq!(again, "riverbend: unchanged at revision 1\nsaltmarsh: unchanged at revision 1\n");
        assert_eq!(exchanged(&fleet.exchange(), &fleet.token()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_url_another_site_claims_is_not_served_and_not_pushed() {
    let Some(fleet) = Fleet::without_sites().await else { return };
    let table = fleet.store();
    push(&table, &files(), &edit()).await.unwrap();
    let url = "https://poziserver-riverbend.example/pozi/";
    let saltmarsh = files()[1].compile().unwrap();
    fleet.set_claim(&format!("claim#url#{url}"), saltmarsh.tenant(), "saltmarsh").await;
    let says = format!("the external URL `{url}` is claimed by another site, `saltmarsh`");
    let listed = told(&["list", "--table", &fleet.table]).await.unwrap();
    assert!(listed.contains(&says), "{listed}");
    assert!(!listed.contains(&format!("{says} of tenant")) && listed.lines().count() == 6, "{listed}");
    let refused = exchanged(&fleet.exchange(), &fleet.token()).await;
    assert_eq!(refused.refusal(), ("temporarily_unavailable", "site_unreadable"));
    let refused = push(&table, &files(), &edit()).await.unwrap_err();
    assert!(matches!(refused, PushError::Files(_)) && refused.to_string().contains(&says), "{refused}");
}
