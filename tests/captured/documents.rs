//! Captured key sets and metadata.

use entra_emulator::{TokenSpec, Version};
use pozi_auth::{
    entra::{
        CONSUMER_TENANT,
        Cloud::{self, China, Public, UsGovernment},
        EntraKeySet, KeySetFetch, KeySetLocation, TokenVersion,
    },
    fetch::FetchError,
    identifiers::TenantId,
};
use pozi_tests::{NOW, World, exchange_form, form_request, send};
use serde_json::{Value, json};

use super::{captured, captured_json};

/// For each captured key set: its version, how many keys it has, how many of them are personal accounts', and how many are
/// said to be of the US Government's cloud.
const KEY_SETS: [(&str, Version, usize, usize, usize); 3] = [
    ("jwks/common-v1-2024-07-22.json", Version::V1, 7, 0, 0),
    ("jwks/common-v2-2024-07-22.json", Version::V2, 10, 3, 0),
    ("jwks/common-v2-2025-09.json", Version::V2, 6, 2, 2),
];

/// RFC 7517 §4.
#[test]
fn every_key_of_every_captured_set_is_usable_in_its_cloud() {
    for (file, _, keys, _, of_us_government) in KEY_SETS {
        let Some(document) = captured(file) else { return };
        let usable = |cloud| EntraKeySet::parse(document.as_bytes(), cloud).map(|set| set.len());
        assert_eq!(usable(Public), Ok(keys - of_us_government), "{file}");
        if of_us_government > 0 {
            assert_eq!(usable(UsGovernment), Ok(of_us_government), "{file}");
            assert!(usable(China).is_err(), "{file}");
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
/// one of personal accounts, before the signature is checked.
#[tokio::test]
async fn captured_keys_of_personal_accounts_vouch_for_no_other_tenant() {
    let world = World::new().await;
    for (file, version, keys, personal, of_us_government) in KEY_SETS {
        let Some(document) = captured(file) else { return };
        let entries: Value = serde_json::from_str(&document).unwrap();
        let router = world.exchange_with(world.sites.clone(), Serves(document));
        let claims = world.entra.claims(&TokenSpec { version, ..TokenSpec::default() }, NOW).unwrap();
        let mut reasons = Vec::new();
        for entry in entries["keys"].as_array().unwrap() {
            let header = json!({"typ": "JWT", "alg": "RS256", "kid": entry["kid"]}).to_string();
            let token = world.entra.sign_text(&header, &claims.to_string());
            let answer = send(router.clone(), form_request(&exchange_form(&token, &[]), &[])).await;
            let named = entry["issuer"].as_str().unwrap_or_default();
            let is_personal = named.contains(&CONSUMER_TENANT.to_string());
            let is_of_another_cloud = entry["cloud_instance_name"] == "microsoftonline.us";
            let expected = match (is_of_another_cloud, is_personal) {
                (true, _) => "unknown_key",
                (false, true) => "key_issuer_mismatch",
                (false, false) => "bad_signature",
            };
            assert_eq!(answer.refusal(), ("invalid_request", expected), "{file}: {named}");
            reasons.push(expected);
        }
        let count = |wanted| reasons.iter().filter(|reason| **reason == wanted).count();
        let found = (reasons.len(), count("key_issuer_mismatch"), count("unknown_key"));
        assert_eq!(found, (keys, personal, of_us_government), "{file}");
    }
}

/// For each metadata document: its cloud, its version, and its placeholders for the tenant in issuer and addresses.
const METADATA: [(&str, Cloud, TokenVersion, &str, &str); 5] = [
    ("metadata/tenant-v1.json", Public, TokenVersion::V1, "", "common"),
    ("metadata/tenant-v2.json", Public, TokenVersion::V2, "", ""),
    ("metadata/common-v2.json", Public, TokenVersion::V2, "{tenantid}", "common"),
    ("metadata/usgov-organizations-v2.json", UsGovernment, TokenVersion::V2, "{tenantid}", "organizations"),
    ("metadata/china-organizations-v2.json", China, TokenVersion::V2, "{tenantid}", "organizations"),
];

#[test]
fn issuers_and_key_addresses_are_those_of_the_captured_metadata() {
    for (file, cloud, version, in_issuer, in_address) in METADATA {
        let Some(document) = captured_json(file) else { return };
        let tenant = tenant_of(&document);
        let filled_in = |text: &str, placeholder: &str| match placeholder {
            "" => text.to_owned(),
            _ => text.replacen(placeholder, &tenant.to_string(), 1),
        };
        let issuer = filled_in(document["issuer"].as_str().unwrap(), in_issuer);
        assert_eq!(issuer, cloud.issuer(version, tenant), "{file}");

        let address = document["jwks_uri"].as_str().unwrap().strip_prefix("https://").unwrap();
        let (host, path) = address.split_once('/').unwrap();
        let location = KeySetLocation { cloud, tenant, version };
        assert_eq!(filled_in(&format!("/{path}"), in_address), location.path(), "{file}");
        // In China the document names the cloud's older host; the service uses the one in its issuer.
        let named = if cloud == China { "https://login.chinacloudapi.cn" } else { cloud.login() };
        assert_eq!(format!("https://{host}"), named, "{file}");
    }
}

/// Returns the tenant that a document is about, or any if it is about all tenants.
fn tenant_of(document: &Value) -> TenantId {
    let issuer = document["issuer"].as_str().unwrap_or_default();
    let named = issuer.split('/').find_map(|part| part.parse().ok());
    named.unwrap_or_else(|| TenantId::new(uuid::Uuid::from_u128(7)))
}
