//! The alarms that name a site, and the one on business hours.

use entra_emulator::{Behaviour, Person};
use pozi_auth::{keyring::SigningAlgorithm, metrics, sites::SiteFile};
use pozi_local::samples;
use pozi_tests::{NOW, World, invalid_tokens};

use super::{
    HOUR, LOG, MINUTE, exchange, firing,
    history::History,
    recording::{Recording, Written},
    stack,
};

/// The service with the sample sites, of which the first has another name.
async fn world_with(name: &str) -> World {
    let files = samples::site_files().into_iter();
    let files: Vec<_> = files
        .map(|file| SiteFile {
            text: file.text.replace("name = \"riverbend\"", &format!("name = \"{name}\"")),
            ..file
        })
        .collect();
    World::with(&files, SigningAlgorithm::Es256).await
}

#[tokio::test]
async fn a_site_where_nobody_gets_in_is_named() {
    let Some(stack) = stack() else { return };
    for (name, granted, named) in
        [("riverbend", 0, &["riverbend"][..]), ("riverbend", 1, &["riverbend"]), ("riverbend", 2, &[])]
    {
        let (recording, world) = (Recording::start().await, world_with(name).await);
        assert_eq!(exchange(&world, "saltmarsh", Person::Reader).await, "");
        for _ in 0..granted {
            assert_eq!(exchange(&world, name, Person::Reader).await, "");
        }
        for _ in granted..10 {
            assert_eq!(exchange(&world, name, Person::NoGroups).await, "no_catalogue");
        }
        let written = recording.take();
        let history = written.every_five_minutes(&stack, LOG, NOW, 30);
        let found = firing(&stack, "NobodyGetsIn", &history, NOW + 30 * MINUTE);
        assert_eq!(found, named, "{granted} of 10 at {name}");
        // A quarter of an hour is not enough.
        let history = written.every_five_minutes(&stack, LOG, NOW + 15 * MINUTE, 15);
        assert_eq!(firing(&stack, "NobodyGetsIn", &history, NOW + 30 * MINUTE), [""; 0]);
    }
}

#[tokio::test]
async fn a_site_that_is_set_up_wrongly_is_named() {
    let Some(stack) = stack() else { return };
    for (name, count, named) in [("riverbend", 9, &[][..]), ("riverbend", 10, &["riverbend"])] {
        let (recording, world) = (Recording::start().await, world_with(name).await);
        let form = pozi_tests::exchange_form(&world.token(&entra_emulator::TokenSpec::default()), &[]);
        for _ in 0..count {
            let answer = world.post(&form, &[("origin", "https://elsewhere.example")]).await;
            assert_eq!(answer.refusal().1, "origin_not_allowed");
        }
        let history = recording.take().once(&stack, NOW);
        let found = firing(&stack, "SiteSetup", &history, NOW + 15 * MINUTE);
        assert_eq!(found, named, "{count} at {name}");
    }
}

/// An app registration with a signing key of its own shuts everybody out before the token says for which site it is.
#[tokio::test]
async fn a_site_is_named_also_if_its_tokens_cannot_be_verified() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    let unknown: Vec<_> =
        invalid_tokens(&world).into_iter().filter(|token| token.reason == "unknown_key").collect();
    assert!(!unknown.is_empty());
    for token in unknown.iter().cycle().take(10) {
        assert_eq!(world.exchange(&token.token, token.more).await.refusal().1, "unknown_key");
    }
    let history = recording.take().every_five_minutes(&stack, LOG, NOW, 30);
    for alarm in ["SiteSetup", "NobodyGetsIn"] {
        assert_eq!(firing(&stack, alarm, &history, NOW + 30 * MINUTE), ["riverbend"], "{alarm}");
    }
}

#[tokio::test]
async fn a_site_whose_tenant_has_no_keys_is_named_and_entra_with_it() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    world.entra.behave(Behaviour::Down);
    for _ in 0..3 {
        assert_eq!(exchange(&world, "riverbend", Person::Reader).await, "keys_unavailable");
    }
    let written = recording.take();
    let once = written.once(&stack, NOW);
    assert_eq!(firing(&stack, "SiteOutage", &once, NOW + 15 * MINUTE), ["riverbend"]);
    assert_eq!(
        firing(&stack, "EntraUnreachable", &once, NOW + 30 * MINUTE),
        [""; 0],
        "a share, for half an hour"
    );
    let lasting = written.every_five_minutes(&stack, LOG, NOW, 30);
    assert_eq!(firing(&stack, "EntraUnreachable", &lasting, NOW + 30 * MINUTE), [""]);

    for _ in 0..2 {
        exchange(&world, "riverbend", Person::Reader).await;
    }
    let history = recording.take().once(&stack, NOW);
    assert_eq!(firing(&stack, "SiteOutage", &history, NOW + 15 * MINUTE), [""; 0], "it passed");
}

/// A caller chooses the tenant, the audience and the target, and can sign nothing.
#[tokio::test]
async fn only_registered_sites_are_named_whatever_a_caller_sends() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    let token = world.token(&entra_emulator::TokenSpec::default());
    for more in [("resource", "https://evil.example/"), ("audience", "made-up"), ("scope", "made-up:read")] {
        assert_ne!(world.exchange(&token, &[more]).await.status, 200);
    }
    for invalid in invalid_tokens(&world) {
        world.exchange(&invalid.token, invalid.more).await;
    }
    let named = recording.take().once(&stack, NOW).values_of("Site");
    assert_eq!(named.into_iter().collect::<Vec<_>>(), ["riverbend", "saltmarsh"]);
    let again = recording.take().once(&stack, NOW);
    assert!(again.values_of("Site").is_empty(), "a warm instance repeats what it has written");
}

#[tokio::test]
async fn two_hours_of_business_without_a_grant_fire() {
    let Some(stack) = stack() else { return };
    let recording = Recording::start().await;
    metrics::record_uncounted_exchange();
    let probed = recording.take();
    assert_eq!(exchange(&World::new().await, "riverbend", Person::Reader).await, "");
    let granted = recording.take();
    // NOW is a Friday, 08:00 UTC.
    let (friday, saturday) = (NOW - 8 * HOUR, NOW + 16 * HOUR);
    let of = |written: &Written, from| written.every_five_minutes(&stack, LOG, from, 180);
    for (what, history, now, expected) in [
        ("grants", of(&granted, friday), friday + 3 * HOUR, &[][..]),
        ("a grant in one of the hours", granted.once(&stack, friday + HOUR), friday + 3 * HOUR, &[]),
        ("probes alone", of(&probed, friday), friday + 3 * HOUR, &[""]),
        ("probes alone, in the first hour", of(&probed, friday), friday + HOUR, &[]),
        ("probes alone, at night", of(&probed, friday + 9 * HOUR), friday + 12 * HOUR, &[]),
        ("probes alone, on Saturday", of(&probed, saturday), saturday + 3 * HOUR, &[]),
        ("no data, which is for ProbeSilent", History::default(), friday + 3 * HOUR, &[]),
    ] {
        assert_eq!(firing(&stack, "NoGrants", &history, now), expected, "{what}");
    }
}
