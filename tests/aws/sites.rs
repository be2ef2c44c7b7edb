//! Sites in the table: optimistic locking, reading, and documents that are invalid.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use entra_emulator::TokenSpec;
use pozi_auth::{
    adapters::{
        SystemClock,
        aws::{Table, connection},
    },
    revision::Revision,
    sites::{Site, SiteFile},
    tenants::{AllTenants, Claim, Parts, SiteStore, SiteStoreError, TenantSource},
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_tests::{EmulatedAws, Fate, Fleet, aws_at, edit, exchanged};

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
        let refused = table.put(&site, &next, seen, &edit()).await;
        assert!(matches!(refused, Err(SiteStoreError::Conflict)), "{seen:?}: {refused:?}");
    }
    assert_eq!(table.put(&site, &next, Some(Revision(1)), &edit()).await.unwrap(), Revision(2));
    let record = table.record_of(site.tenant(), Parts::Sites).await.unwrap();
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
        table.put(&site, &file.text, None, &edit()).await.unwrap(),
        Revision(1),
        "the same document as the first write"
    );
    let next = format!("{}\n# The second.\n", file.text);
    for _ in 0..2 {
        assert_eq!(table.put(&site, &next, Some(Revision(1)), &edit()).await.unwrap(), Revision(2));
    }
    let record = table.record_of(site.tenant(), Parts::Sites).await.unwrap();
    assert_eq!(record.sites[0].previous.as_ref(), Some(&file.text), "it was written twice");
    let refused = table.put(&site, &file.text, Some(Revision(1)), &edit()).await;
    assert!(matches!(refused, Err(SiteStoreError::Conflict)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_simultaneous_writes_succeeds() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let site = Site::parse(&file.text).unwrap();
    for round in 1..20 {
        let (seen, edit) = (Some(Revision(round)), edit());
        let outcomes =
            tokio::join!(table.put(&site, "one", seen, &edit), table.put(&site, "two", seen, &edit));
        let winner = match outcomes {
            (Ok(_), Err(SiteStoreError::Conflict)) => "one",
            (Err(SiteStoreError::Conflict), Ok(_)) => "two",
            _ => panic!("{outcomes:?}"),
        };
        assert_eq!(table.record_of(site.tenant(), Parts::Sites).await.unwrap().sites[0].document, winner);
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
    table.put(&site, "a_key_of_a_later_version = 1", Some(Revision(1)), &edit()).await.unwrap();
    let answer = exchanged(&fleet.exchange(), &token_of(&fleet, "saltmarsh")).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_gives_up_the_url_that_it_had_and_only_that() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let old = Site::parse(&file.text).unwrap();
    let text = file.text.replace("https://poziserver-saltmarsh", "https://poziserver-fenwick");
    let new = Site::parse(&text).unwrap();
    let of_another =
        |text: &str| text.replace("\"saltmarsh\"", "\"fenwick\"").replace("28b1e556", "28b1e557");
    let successor = of_another(&file.text);
    let successor = (Site::parse(&successor).unwrap(), successor);
    let early = table.put(&successor.0, &successor.1, None, &edit()).await.unwrap_err();
    let SiteStoreError::Taken(taken) = early else { panic!("{early:?}") };
    assert_eq!(taken.claim, Claim::ExternalUrl(old.external_url.to_string()));
    assert_eq!(taken.holder, "saltmarsh");
    assert!(
        table.record_of(successor.0.tenant(), Parts::Sites).await.unwrap().sites.is_empty(),
        "nothing was written"
    );

    assert_eq!(table.put(&new, &text, Some(Revision(1)), &edit()).await.unwrap(), Revision(2));
    assert_eq!(table.put(&successor.0, &successor.1, None, &edit()).await.unwrap(), Revision(1));
    for site in [&new, &successor.0] {
        let record = table.record_of(site.tenant(), Parts::Sites).await.unwrap();
        assert_eq!(record.sites[0].claims.check(site), Ok(()));
    }
    let back = table.put(&old, &file.text, Some(Revision(2)), &edit()).await;
    assert!(matches!(back, Err(SiteStoreError::Taken(_))), "{back:?}");
}

/// What a site had, but another has by now, stays the other's.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_does_not_give_up_what_it_no_longer_holds() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let old = Site::parse(&file.text).unwrap();
    let url = format!("claim#url#{}", old.external_url);
    fleet.set_claim(&url, old.tenant(), "fenwick").await;
    let text = file.text.replace("https://poziserver-saltmarsh", "https://poziserver-fenwick");
    let new = Site::parse(&text).unwrap();
    assert_eq!(table.put(&new, &text, Some(Revision(1)), &edit()).await.unwrap(), Revision(2));
    let back = table.put(&old, &file.text, Some(Revision(2)), &edit()).await.unwrap_err();
    assert!(matches!(&back, SiteStoreError::Taken(taken) if taken.holder == "fenwick"), "{back:?}");
}

/// AWS cancels one of two transactions on the same item, which says nothing about who has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_another_one_cancels_is_tried_again() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let table = Table::new(&connection(&aws_at(fleet.aws.url())), &fleet.table);
    let file = saltmarsh();
    let (site, next) = (Site::parse(&file.text).unwrap(), format!("{}\n# The second.\n", file.text));
    for (contended, written) in [(4, false), (3, true)] {
        let left = AtomicUsize::new(contended);
        fleet.aws.set_fates(move |_, called| {
            let is_left = || left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
            if called == "TransactWriteItems" && is_left() { Fate::Contended } else { Fate::Passes }
        });
        let outcome = table.put(&site, &next, Some(Revision(1)), &edit()).await;
        assert_eq!(outcome.is_ok(), written, "{outcome:?}");
        assert!(written || matches!(outcome, Err(SiteStoreError::Conflict)));
    }
}

/// A URL's claim is moved between the read of the site and that of its claims.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_a_push_overtakes_is_repeated_once() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (table, file) = (fleet.store(), saltmarsh());
    let through_proxy = Table::new(&connection(&aws_at(fleet.aws.url())), &fleet.table);
    let text = file.text.replace("https://poziserver-saltmarsh", "https://poziserver-fenwick");
    let new = Site::parse(&text).unwrap();
    fleet.aws.hold_answers();
    let read = tokio::spawn(async move { through_proxy.record_of(new.tenant(), Parts::Sites).await });
    fleet.aws.wait_for_held(&["Query"]).await;
    let new = Site::parse(&text).unwrap();
    table.put(&new, &text, Some(Revision(1)), &edit()).await.unwrap();
    fleet.aws.release_all();
    let record = read.await.unwrap().unwrap();
    assert_eq!(record.sites[0].claims.check(&new), Ok(()));
    let seen: Vec<_> = fleet.aws.take_seen().into_iter().map(|seen| seen.what).collect();
    assert_eq!(seen, ["Query", "BatchGetItem", "Query", "BatchGetItem"]);
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
    fleet.aws.release(&["GetItem", "GetItem"]).await;
    fleet.aws.release(&["Decrypt"]).await;
    fleet.aws.release_all();
    fleet.aws.take_seen();
    for _ in 0..10 {
        assert_eq!(exchanged(&instance, &token).await.refusal(), ("invalid_request", "unknown_tenant"));
    }
    assert_eq!((fleet.aws.take_seen().len(), fleet.entra.take_seen().len()), (1, 0));
}
