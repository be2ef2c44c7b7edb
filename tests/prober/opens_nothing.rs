//! Whoever has all the rights of the prober - its key, its items and its sessions - opens nothing of a council's.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::TokenSpec;
use pozi_auth::{
    adapters::SystemClock,
    identifiers::TenantId,
    keyring::Signer,
    session::{SessionKeySet, SessionRefusal, SessionVerifier},
    sites::Site,
    tenants::{SiteStore, SiteStoreError},
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_prober::{ProbeRequest, Prober};
use pozi_tests::{Answer, Fleet, ISSUER, PROBE_TENANT, edit, exchanged, part};
use serde_json::{Value, json};

use super::{InTests, Routes, prober};

const GROUP: &str = "9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a30";
const CLIENT: &str = "9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a10";

/// A service whose prober has stored its site and its key set.
async fn probed() -> Option<(Fleet, Prober<InTests>)> {
    let fleet = Fleet::sealed().await?;
    let prober = prober(&fleet, Routes::of(&fleet)).await;
    assert!(prober.run(&ProbeRequest::Due {}, SystemClock.now()).await.unwrap().passes());
    Some((fleet, prober))
}

fn riverbend() -> Site {
    Site::parse(&samples::site_files()[0].text).unwrap()
}

/// Signs `claims` with the prober's key; `kid` is its own, or another.
async fn signed(prober: &Prober<InTests>, claims: &Value, kid: Option<&Value>) -> String {
    let own = json!(prober.key.public_key().await.unwrap().common.key_id);
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": kid.unwrap_or(&own)});
    let [header, claims] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let signature = prober.key.sign(message.as_bytes()).await.unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Returns the claims of a person of the prober's tenant.
fn own_claims(now: u64) -> Value {
    json!({
        "ver": "2.0", "iss": format!("https://login.microsoftonline.com/{PROBE_TENANT}/v2.0"), "tid": PROBE_TENANT,
        "oid": "9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a20", "sub": "probe", "aud": CLIENT, "azp": CLIENT,
        "scp": "user_impersonation", "groups": [GROUP], "iat": now, "nbf": now, "exp": now + 600,
    })
}

async fn exchange(fleet: &Fleet, token: &str) -> Answer {
    exchanged(&fleet.exchange(), token).await
}

/// Its key is not in the council's key set: neither by its own id, nor by that of a key of the council.
#[tokio::test(flavor = "multi_thread")]
async fn its_key_signs_for_no_other_tenant() {
    let Some((fleet, prober)) = probed().await else { return };
    let token = fleet.token();
    let (header, claims) = (part(&token, 0), part(&token, 1));
    assert_eq!(exchange(&fleet, &token).await.status, 200, "the council's own");
    let forged = signed(&prober, &claims, None).await;
    assert_eq!(exchange(&fleet, &forged).await.refusal().1, "unknown_key");
    let forged = signed(&prober, &claims, Some(&header["kid"])).await;
    assert_eq!(exchange(&fleet, &forged).await.refusal().1, "bad_signature");
    // And a council's token opens nothing of the prober's.
    let mut own = own_claims(SystemClock.now().unix_seconds());
    assert_eq!(exchange(&fleet, &signed(&prober, &own, None).await).await.scope(), "probe:read");
    own["tid"] = claims["tid"].clone();
    assert_eq!(exchange(&fleet, &signed(&prober, &own, None).await).await.refusal().1, "unknown_key");
}

/// Even a key set of the council's with this key, which the prober may not store, is of no use: the key names its issuer.
#[tokio::test(flavor = "multi_thread")]
async fn its_key_is_bound_to_its_tenant() {
    use pozi_auth::{
        entra::{Cloud, KeySetLocation, TokenVersion},
        tenants::{KeySetStore, Parts, TenantSource},
    };
    let Some((fleet, prober)) = probed().await else { return };
    let own =
        fleet.store().record_of(PROBE_TENANT, Parts::SitesAndKeySets).await.unwrap().key_sets.remove(0).1;
    let location =
        KeySetLocation { cloud: Cloud::Public, tenant: riverbend().tenant(), version: TokenVersion::V2 };
    fleet
        .store()
        .keep(location, &own.document, SystemClock.now().plus(std::time::Duration::from_secs(1)))
        .await
        .unwrap();
    let now = SystemClock.now().unix_seconds();
    let version = entra_emulator::Version::V2;
    let token = fleet.directory.token(&TokenSpec { version, ..TokenSpec::default() }, now).unwrap();
    let forged = signed(&prober, &part(&token, 1), None).await;
    assert_eq!(exchange(&fleet, &forged).await.refusal().1, "key_issuer_mismatch");
}

/// Returns the prober's site with the URL and the name of a council's, as somebody would store it who has its rights.
fn impostor() -> (Site, String) {
    let council = riverbend();
    let document = format!(
        "name = \"{}\"\ninternal_url = \"http://a.invalid/pozi/\"\nexternal_url = \"{}\"\nclient_id = \"{CLIENT}\"\ntenant_id = \"{PROBE_TENANT}\"\norigins = [\"https://a.invalid\"]\n[[catalogue]]\nid = \"planning\"\ntitle = \"A\"\nproject = \"a.qgz\"\nread = [\"{GROUP}\"]\n",
        council.name,
        council.external_url.as_str()
    );
    (Site::parse(&document).unwrap(), document)
}

/// Without the store's own check, which its rights do not need: they allow any document in its own item.
#[tokio::test(flavor = "multi_thread")]
async fn a_site_of_its_own_with_a_councils_address_gets_no_sessions() {
    let Some((fleet, prober)) = probed().await else { return };
    let (site, document) = impostor();
    let refused = fleet.store().put(&site, &document, None, &edit()).await.unwrap_err();
    assert!(matches!(refused, SiteStoreError::Taken(_)), "{refused}");

    fleet.overwrite_site(PROBE_TENANT, "pozi-prober", &document, site.external_url.as_str()).await;
    let token = signed(&prober, &own_claims(SystemClock.now().unix_seconds()), None).await;
    let answer = exchange(&fleet, &token).await;
    assert_eq!((answer.status.as_u16(), answer.refusal().1), (503, "site_unreadable"));
    assert_eq!(exchange(&fleet, &fleet.token()).await.status, 200, "the council's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn its_sessions_are_refused_by_every_council() {
    let Some((fleet, prober)) = probed().await else { return };
    let now = SystemClock.now();
    let token = signed(&prober, &own_claims(now.unix_seconds()), None).await;
    let session = exchange(&fleet, &token).await.session().to_owned();
    let keys =
        pozi_tests::send(fleet.jwks(), http::Request::get("/.well-known/jwks.json").body("".into()).unwrap())
            .await;
    let keys = SessionKeySet::parse(&keys.body).unwrap();
    for file in samples::site_files() {
        let council = Site::parse(&file.text).unwrap();
        let issuer = ISSUER.parse().unwrap();
        let verifier = SessionVerifier::of_site(issuer, &council, keys.clone());
        let refused = verifier.verify(&session, now).await.unwrap_err();
        assert_eq!(refused, SessionRefusal::AudienceMismatch, "{}", council.name);
    }
    let of_tenant = |tenant: TenantId| {
        let audience = "https://pozi-prober.invalid/".to_owned();
        SessionVerifier::new(ISSUER.parse().unwrap(), audience, tenant, keys.clone())
    };
    assert!(of_tenant(PROBE_TENANT).verify(&session, now).await.is_ok());
    let refused = of_tenant(riverbend().tenant()).verify(&session, now).await.unwrap_err();
    assert_eq!(refused, SessionRefusal::TenantMismatch);
}
