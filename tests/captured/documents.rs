//! Key sets and metadata, generated and captured.

use entra_emulator::TokenSpec;
use pozi_auth::{
    entra::{
        CONSUMER_TENANT,
        Cloud::{China, Public, UsGovernment},
        EntraKeySet, KeySetFetch, KeySetLocation,
        TokenVersion::{V1, V2},
    },
    fetch::FetchError,
    identifiers::TenantId,
};
use pozi_tests::{NOW, World, exchange_form, form_request, send};
use serde_json::{Value, json};

use super::{
    generated::customer_configuration,
    kinds::{KEY_SETS, KeySet, METADATA, Metadata},
};

/// Their certificates and further members are ignored (RFC 7517 §4, §5).
#[test]
fn every_key_of_every_set_is_usable_in_its_cloud() {
    fn check(kind: &KeySet, document: &Value, what: &str) {
        let usable =
            |cloud| EntraKeySet::parse(document.to_string().as_bytes(), cloud).map_or(0, |set| set.count());
        assert_eq!([Public, UsGovernment, China].map(usable), kind.usable, "{what}");
    }
    for kind in KEY_SETS {
        check(&kind, &kind.generated(), &format!("{:?}, generated", kind.kind));
        if let Some(captured) = kind.captured() {
            check(&kind, &captured, kind.file);
        }
    }
}

/// Serves one document as every tenant's key set.
struct Serves(String);

impl KeySetFetch for Serves {
    async fn fetch(&self, _: KeySetLocation) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone().into_bytes())
    }
}

/// A test cannot sign with a captured key. Under a key that vouches for its tenant, the token fails for its signature; under
/// one of personal accounts or of another tenant, before the signature is checked.
#[tokio::test]
async fn keys_of_personal_accounts_and_other_tenants_vouch_for_no_other_tenant() {
    let world = World::new().await;
    for kind in KEY_SETS.iter().filter(|kind| kind.usable[0] > 0) {
        check_reasons(&world, kind, &kind.generated(), &format!("{:?}, generated", kind.kind)).await;
        if let Some(captured) = kind.captured() {
            check_reasons(&world, kind, &captured, kind.file).await;
        }
    }
}

/// Exchanges a token under each key of `document`.
async fn check_reasons(world: &World, kind: &KeySet, document: &Value, what: &str) {
    let router = world.exchange_with(world.sites.clone(), Serves(document.to_string()));
    let spec = TokenSpec { version: kind.version, ..TokenSpec::default() };
    let claims = world.entra.claims(&spec, NOW).unwrap();
    let mut reasons = Vec::new();
    for entry in document["keys"].as_array().unwrap() {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": entry["kid"]}).to_string();
        let token = world.entra.sign_text(&header, &claims.to_string());
        let answer = send(router.clone(), form_request(&exchange_form(&token, &[]), &[])).await;
        let issuer = entry["issuer"].as_str();
        let is_of_another_tenant = issuer.is_some_and(|issuer| !issuer.contains("{tenantid}"));
        let is_of_another_cloud =
            entry["cloud_instance_name"].as_str().is_some_and(|name| name != "microsoftonline.com");
        let expected = match (is_of_another_cloud, is_of_another_tenant) {
            (true, _) => "unknown_key",
            (false, true) => "key_issuer_mismatch",
            (false, false) => "bad_signature",
        };
        assert_eq!(answer.refusal(), ("invalid_request", expected), "{what}: {issuer:?}");
        reasons.push(expected);
    }
    let count = |wanted| reasons.iter().filter(|reason| **reason == wanted).count();
    let found = (reasons.len(), count("unknown_key"), count("key_issuer_mismatch"));
    assert_eq!(found, (kind.keys, kind.keys - kind.usable[0], kind.of_another_tenant), "{what}");
}

#[test]
fn issuers_and_key_addresses_are_those_of_the_metadata() {
    for kind in METADATA {
        let what = format!("{:?} {:?} {}", kind.cloud, kind.version, kind.tenants);
        check_metadata(&kind, &kind.generated(), &format!("{what}, generated"));
        if let Some(captured) = kind.captured() {
            check_metadata(&kind, &captured, kind.file);
        }
    }
}

fn check_metadata(kind: &Metadata, document: &Value, what: &str) {
    let &Metadata { cloud, version, tenants, .. } = kind;
    let tenant = tenant_of(document);
    // Version 1.0 has the keys of all tenants at one address.
    let in_address = if version == V1 { "common" } else { tenants };
    let in_issuer = if matches!(tenants, "" | "consumers") { "" } else { "{tenantid}" };
    let filled_in = |text: &str, placeholder: &str| match placeholder {
        "" => text.to_owned(),
        _ => text.replacen(placeholder, &tenant.to_string(), 1),
    };
    let issuer = filled_in(document["issuer"].as_str().unwrap(), in_issuer);
    assert_eq!(issuer, cloud.issuer(version, tenant), "{what}");
    if tenants == "consumers" {
        assert_eq!(tenant, CONSUMER_TENANT, "{what}");
    }

    let address = document["jwks_uri"].as_str().unwrap().strip_prefix("https://").unwrap();
    let (host, path) = address.split_once('/').unwrap();
    let location = KeySetLocation { cloud, tenant, version };
    assert_eq!(filled_in(&format!("/{path}"), in_address), location.path(), "{what}");
    // In China the document names the cloud's older host; the service uses the one in its issuer.
    let named = if cloud == China { "https://login.chinacloudapi.cn" } else { cloud.login() };
    assert_eq!(format!("https://{host}"), named, "{what}");
    assert_eq!(document["cloud_instance_name"], cloud.instance_name(), "{what}");
}

/// Returns the tenant that a document is about, or any if it is about all tenants.
fn tenant_of(document: &Value) -> TenantId {
    let issuer = document["issuer"].as_str().unwrap_or_default();
    let named = issuer.split('/').find_map(|part| part.parse().ok());
    named.unwrap_or_else(|| TenantId::new(uuid::Uuid::from_u128(7)))
}

#[test]
fn the_metadata_of_tenants_for_customers_names_no_issuer_and_no_keys_of_an_organisation() {
    for domain in ["b2clogin.com", "b2clogin.cn", "ciamlogin.com"] {
        let document = customer_configuration(domain);
        let tenant = tenant_of(&document);
        for (cloud, version) in
            [Public, UsGovernment, China].into_iter().flat_map(|cloud| [(cloud, V1), (cloud, V2)])
        {
            assert_ne!(document["issuer"], cloud.issuer(version, tenant), "{domain}");
            let keys = KeySetLocation { cloud, tenant, version };
            assert_ne!(document["jwks_uri"], format!("{}{}", cloud.login(), keys.path()), "{domain}");
        }
    }
}
