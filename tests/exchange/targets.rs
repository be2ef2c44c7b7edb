//! Which site a request is for (RFC 8693 §2.1, RFC 8707), and which pages may make it.

use entra_emulator::{
    Person::{NoGroups, Reader},
    Version::{V1, V2},
};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_local::samples;
use pozi_tests::{World, exchange_form};

use super::{RIVERBEND, SALTMARSH, ask, assert_common_headers, assert_invalid, assert_refused};

const NO_SLASH: &str = "https://poziserver-riverbend.example/pozi";

/// RFC 8693 §2.1; RFC 8707 §2; RFC 9068 §3.
#[tokio::test]
async fn a_site_may_be_named_by_url_or_name_and_repeatedly() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Reader, V1));
    let named: [&[(&str, &str)]; 9] = [
        &[],
        &[("resource", RIVERBEND)],
        &[("resource", NO_SLASH)],
        &[("resource", "HTTPS://PoziServer-Riverbend.example:443/pozi/")],
        &[("audience", RIVERBEND)],
        &[("audience", NO_SLASH)],
        &[("audience", "riverbend")],
        &[
            ("audience", "riverbend"),
            ("audience", RIVERBEND),
            ("resource", NO_SLASH),
            ("resource", RIVERBEND),
        ],
        &[("resource", ""), ("audience", "")],
    ];
    for more in named {
        let answer = world.exchange(&token, more).await;
        assert_eq!(answer.status, 200, "{more:?}: {}", answer.json);
        assert_eq!(pozi_tests::part(answer.session(), 1)["aud"], RIVERBEND);
    }
}

/// RFC 8693 §2.2.2; RFC 8707 §2, §3.
#[tokio::test]
async fn another_tenants_site_looks_like_one_that_does_not_exist() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Reader, V1));
    let unknown = world.exchange(&token, &[("audience", "lakeside")]).await;
    assert_refused(&unknown, (400, "invalid_target", "unknown_target"));
    let others: [&[(&str, &str)]; 8] = [
        &[("audience", "saltmarsh")],
        &[("audience", SALTMARSH)],
        &[("resource", SALTMARSH)],
        &[("resource", "https://lakeside.example/pozi/")],
        &[("audience", "riverbend"), ("audience", "saltmarsh")],
        &[("resource", "https://poziserver-riverbend.example/")],
        &[("resource", "https://poziserver-riverbend.example/pozi/?map=1")],
        &[("audience", "Riverbend")],
    ];
    for more in others {
        let answer = world.exchange(&token, more).await;
        assert_eq!((answer.status, &answer.headers), (unknown.status, &unknown.headers), "{more:?}");
        assert_eq!(answer.body, unknown.body, "{more:?}");
    }
}

/// Riverbend, and a second site in its tenant.
fn two_sites_of_one_tenant() -> Vec<SiteFile> {
    let riverbend = samples::site_files().remove(0);
    let depot = riverbend
        .text
        .replace("name = \"riverbend\"", "name = \"depot\"")
        .replace("poziserver-riverbend", "poziserver-depot")
        .replace("c3890382", "c3890383")
        .replace("https://riverbend.enterprise.example", "https://depot.enterprise.example");
    vec![riverbend, SiteFile { name: "depot.toml".to_owned(), text: depot }]
}

/// RFC 8693 §2.1.1, §2.2.2; RFC 8707 §2.2; RFC 9068 §3.
#[tokio::test]
async fn the_tokens_audience_selects_among_a_tenants_sites() {
    let world = World::with(&two_sites_of_one_tenant(), SigningAlgorithm::Es256).await;
    for version in [V1, V2] {
        for (site, url) in [("riverbend", RIVERBEND), ("depot", "https://poziserver-depot.example/pozi/")] {
            let answer = world.exchange(&world.token(&ask(site, Reader, version)), &[]).await;
            assert_eq!(pozi_tests::part(answer.session(), 1)["aud"], url);
        }
        let token = world.token(&ask("riverbend", Reader, version));
        assert_invalid(&world.exchange(&token, &[("audience", "depot")]).await, "audience_mismatch");
        let both = world
            .exchange(&token, &[("audience", "riverbend"), ("resource", RIVERBEND), ("audience", "depot")]);
        assert_refused(&both.await, (400, "invalid_target", "several_targets"));
    }
}

/// RFC 10017 §6.3.3.4.
#[tokio::test]
async fn only_the_sites_own_pages_may_use_their_visitors_sign_in() {
    let world = World::new().await;
    for (site, origin, allowed) in [
        ("riverbend", "https://riverbend.enterprise.example", true),
        ("riverbend", "http://localhost", true),
        ("riverbend", "http://localhost:5173", true),
        ("saltmarsh", "https://saltmarsh-entra-id.enterprise.example", true),
        ("riverbend", "https://saltmarsh.enterprise.example", false),
        ("saltmarsh", "https://riverbend.enterprise.example", false),
        ("riverbend", "https://riverbend.enterprise.example:8443", false),
        ("riverbend", "http://riverbend.enterprise.example", false),
        ("riverbend", "https://riverbend.enterprise.example.evil.example", false),
        ("riverbend", "https://localhost:5173", false),
        ("riverbend", "http://localhost.evil.example", false),
        ("riverbend", "https://auth.example", false),
        ("riverbend", "null", false),
        ("riverbend", "*", false),
        ("riverbend", "", false),
    ] {
        let form = exchange_form(&world.token(&ask(site, Reader, V1)), &[]);
        let answer = world.post(&form, &[("origin", origin)]).await;
        if allowed {
            assert_eq!(answer.status, 200, "{origin}: {}", answer.json);
            assert_common_headers(&answer);
        } else {
            assert_invalid(&answer, "origin_not_allowed");
        }
    }
}

/// RFC 9110 §5.3.
#[tokio::test]
async fn several_origins_are_refused_even_if_each_is_registered() {
    let world = World::new().await;
    let form = exchange_form(&world.token(&ask("riverbend", Reader, V1)), &[]);
    let own = "https://riverbend.enterprise.example";
    for origins in [[own, own], [own, "https://evil.example"], ["https://evil.example", own]] {
        assert_invalid(
            &world.post(&form, &origins.map(|origin| ("origin", origin))).await,
            "repeated_origin",
        );
        let joined = world.post(&form, &[("origin", &origins.join(", "))]).await;
        assert_invalid(&joined, "repeated_origin");
    }
}

#[tokio::test]
async fn an_unregistered_origin_is_refused_after_the_signature_and_before_any_decision() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", NoGroups, V1));
    let evil = [("origin", "https://evil.example")];
    assert_invalid(&world.post(&exchange_form(&token, &[]), &evil).await, "origin_not_allowed");
    let unsigned = token.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap();
    assert_invalid(&world.post(&exchange_form(&unsigned, &[]), &evil).await, "bad_signature");
}
