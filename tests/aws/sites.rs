//! Sites in the table: optimistic locking, reading, and documents that are invalid.

use entra_emulator::TokenSpec;
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    revision::Revision,
    sites::{Site, SiteFile},
    tenants::{AllTenants, SiteStore, SiteStoreError, TenantSource},
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_tests::{EmulatedAws, Fleet, aws_at, exchanged};

fn saltmarsh() -> SiteFile {
    samples::site_files().remove(1)
}

/// Writes an attribute of a site's item directly, as in the AWS console.
async fn set_by_hand(fleet: &Fleet, site: &Site, attribute: &str, text: &str) {
    use aws_sdk_dynamodb::types::AttributeValue;
    let client = aws_sdk_dynamodb::Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())));
    client
        .update_item()
        .table_name(&fleet.table)
        .key("pk", AttributeValue::S(format!("tenant#{}", site.tenant())))
        .key("sk", AttributeValue::S(format!("site#{}", site.name)))
        .update_expression(format!("SET {attribute} = :text"))
        .expression_attribute_values(":text", AttributeValue::S(text.into()))
        .send()
        .await
        .unwrap();
}

fn token_of(fleet: &Fleet, site: &str) -> String {
    let ask = TokenSpec { site: site.to_owned(), ..TokenSpec::default() };
    fleet.directory.token(&ask, SystemClock.now().unix_seconds()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_writer_that_read_the_latest_document_can_replace_it_and_its_predecessor_is_kept() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let site = Site::parse(&file.text).unwrap();
    let next = format!("{}\n# The second.\n", file.text);
    for seen in [None, Some(Revision(0)), Some(Revision(2))] {
        let refused = table.put(&site, &next, seen).await;
        assert!(matches!(refused, Err(SiteStoreError::Conflict)), "{seen:?}: {refused:?}");
    }
    assert_eq!(table.put(&site, &next, Some(Revision(1))).await.unwrap(), Revision(2));
    let record = table.record_of(site.tenant()).await.unwrap();
    assert_eq!(record.sites[0].revision, Revision(2));
    assert_eq!(record.sites[0].document, next);
    assert_eq!(record.sites[0].previous.as_ref(), Some(&file.text));
}

/// The AWS library repeats a call whose answer is lost, and then finds its own write.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_write_is_not_a_conflict() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let site = Site::parse(&file.text).unwrap();
    assert_eq!(
        table.put(&site, &file.text, None).await.unwrap(),
        Revision(1),
        "the same document as the first write"
    );
    let next = format!("{}\n# The second.\n", file.text);
    for _ in 0..2 {
        assert_eq!(table.put(&site, &next, Some(Revision(1))).await.unwrap(), Revision(2));
    }
    let record = table.record_of(site.tenant()).await.unwrap();
    assert_eq!(record.sites[0].previous.as_ref(), Some(&file.text), "it was written twice");
    let refused = table.put(&site, &file.text, Some(Revision(1))).await;
    assert!(matches!(refused, Err(SiteStoreError::Conflict)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_simultaneous_writes_succeeds() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let site = Site::parse(&file.text).unwrap();
    for round in 1..20 {
        let seen = Some(Revision(round));
        let outcomes = tokio::join!(table.put(&site, "one", seen), table.put(&site, "two", seen));
        let winner = match outcomes {
            (Ok(_), Err(SiteStoreError::Conflict)) => "one",
            (Err(SiteStoreError::Conflict), Ok(_)) => "two",
            _ => panic!("{outcomes:?}"),
        };
        assert_eq!(table.record_of(site.tenant()).await.unwrap().sites[0].document, winner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tenants_are_found_with_their_sites() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let all = fleet.store().all().await.unwrap();
    let mut names: Vec<_> = all.iter().flat_map(|(_, sites)| sites.iter().map(|site| &*site.name)).collect();
    names.sort_unstable();
    assert_eq!(names, ["riverbend", "saltmarsh"]);
    assert_eq!(all.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_document_affects_only_its_own_site() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let site = Site::parse(&saltmarsh().text).unwrap();
    set_by_hand(&fleet, &site, "document", "name = ").await;
    let instance = fleet.exchange();
    let answer = exchanged(&instance, &token_of(&fleet, "saltmarsh")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.refusal(), ("temporarily_unavailable", "site_unreadable"));
    assert_eq!(exchanged(&instance, &token_of(&fleet, "riverbend")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_valid_revision_is_used_even_after_a_cold_start() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let site = Site::parse(&file.text).unwrap();
    table.put(&site, "a_key_of_a_later_version = 1", Some(Revision(1))).await.unwrap();
    let answer = exchanged(&fleet.exchange(), &token_of(&fleet, "saltmarsh")).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

/// The result is cached for a minute.
#[tokio::test(flavor = "multi_thread")]
async fn an_unregistered_tenant_costs_one_read_and_no_call_to_entra() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let now = SystemClock.now().unix_seconds();
    let mut claims = fleet.directory.claims(&TokenSpec::default(), now).unwrap();
    let tenant = "00000000-0000-4000-8000-000000000000";
    claims["tid"] = tenant.into();
    claims["iss"] = format!("https://sts.windows.net/{tenant}/").into();
    let header = fleet.directory.header(entra_emulator::Version::V1);
    let token = fleet.directory.sign(&header, &claims);
    fleet.aws.hold_answers();
    let instance = fleet.exchange();
    for of_the_start in ["GetItem", "Decrypt"] {
        fleet.aws.release(&[of_the_start]).await;
    }
    fleet.aws.release_all();
    fleet.aws.take_seen();
    for _ in 0..10 {
        assert_eq!(exchanged(&instance, &token).await.refusal(), ("invalid_request", "unknown_tenant"));
    }
    assert_eq!((fleet.aws.take_seen().len(), fleet.entra.take_seen().len()), (1, 0));
}
