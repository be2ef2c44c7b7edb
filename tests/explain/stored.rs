//! Stored sites: what the service has in its table.

use entra_emulator::TokenSpec;
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    revision::Revision,
    sites::Site,
    tenants::{Edit, Parts, SiteStore, TenantSource},
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_operator::Output;
use pozi_tests::{EmulatedAws, Fleet, aws_at, exchanged};

use super::explained;

const PLANNERS: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";

/// Explains `words` about a stored site.
async fn explain(fleet: &Fleet, words: &[&str]) -> Result<Output, String> {
    let line = [&["pozi", "explain", "--table", &fleet.table], words].concat();
    let aws = connection(&aws_at(EmulatedAws::running().unwrap().url()));
    let mut world = pozi_operator::World::emulated(aws, None);
    world.entra_login = Some(fleet.entra.url().parse().unwrap());
    explained(&line, &mut world).await
}

async fn put(fleet: &Fleet, text: &str, expected: Revision) {
    let site = Site::parse(&samples::site_files()[0].text).unwrap();
    let edit = Edit { by: "user/support".to_owned(), at: SystemClock.now(), note: None };
    fleet.store().put(&site, text, Some(expected), &edit).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_site_is_explained_as_the_service_uses_it() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let output = explain(&fleet, &["riverbend", "--groups", PLANNERS]).await.unwrap();
    assert_eq!(output.json()["scope"], "heritage:read planning:read");
    assert!(
        output.plain().contains("planners") && output.plain().contains("works crew"),
        "{}",
        output.plain()
    );

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, fleet.token()).unwrap();
    let file = file.to_str().unwrap();
    let output = explain(&fleet, &["riverbend", "--token", file]).await.unwrap();
    assert_eq!(output.json()["scope"], exchanged(&fleet.exchange(), &fleet.token()).await.scope());
    let output = explain(&fleet, &["saltmarsh", "--token", file]).await.unwrap();
    let text = output.plain();
    assert!(
        text.contains("This token is not for saltmarsh: it is for riverbend, and so is all that follows."),
        "{text}"
    );

    let error = explain(&fleet, &["lakeside", "--groups", "none"]).await.unwrap_err();
    assert_eq!(error, "there is no site `lakeside`; `pozi list` lists the sites");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_the_service_cannot_use_says_so_with_its_errors() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let tenant = pozi_tests::riverbend_tenant();
    let revision =
        || async { fleet.store().record_of(tenant, Parts::Sites).await.unwrap().sites[0].revision };
    put(&fleet, "name = ", revision().await).await;
    let output = explain(&fleet, &["riverbend", "--groups", PLANNERS]).await.unwrap();
    assert_eq!(output.json()["scope"], "heritage:read planning:read");
    let text = output.plain();
    assert!(text.contains("The service still uses the revision before 2, which has errors:"), "{text}");
    assert!(text.contains("planners"), "the names are those of the revision in use: {text}");

    put(&fleet, "name = 7", revision().await).await;
    let error = explain(&fleet, &["riverbend", "--groups", PLANNERS]).await.unwrap_err();
    let token = fleet.directory.token(&TokenSpec::default(), SystemClock.now().unix_seconds()).unwrap();
    let reason = exchanged(&fleet.exchange(), &token).await.refusal().1.to_owned();
    assert_eq!(reason, "site_unreadable");
    assert!(error.contains(&reason) && error.contains("riverbend"), "{error}");
}
