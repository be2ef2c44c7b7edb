//! A healthy site as it is observed, for the tests of each judgement.

use std::time::{Duration, UNIX_EPOCH};

use pozi_auth::{sites::Site, timestamp::Timestamp};
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

use crate::doctor::observed::{Answer, Asked, Entra, Gate, Observed, Service};

pub(super) const TENANT: &str = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11";
pub(super) const CLIENT: &str = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10";
pub(super) const NOW: u64 = 1_800_000_000;

const LOGIN: &str = "https://login.microsoftonline.com";

/// A site with two catalogues and two origins.
pub(super) fn site() -> Site {
    let catalogue = |id: &str| {
        format!(
            "[[catalogue]]\nid = \"{id}\"\ntitle = \"T\"\nproject = \"C:/{id}.qgz\"\nread = \"everyone-signed-in\"\n"
        )
    };
    let text = format!(
        r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "{CLIENT}"
tenant_id = "{TENANT}"
origins = ["https://riverbend.enterprise.example", "http://localhost"]
{}{}"#,
        catalogue("planning"),
        catalogue("parks")
    );
    Site::parse(&text).unwrap()
}

/// An answer of this status and body, at [`NOW`].
#[expect(clippy::unnecessary_wraps, reason = "what is observed is an answer or none")]
pub(super) fn answer(status: u16, body: &str) -> Asked {
    let mut headers = HeaderMap::new();
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(NOW));
    headers.insert("date", HeaderValue::from_str(&date).unwrap());
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Answer { status, headers, body: body.as_bytes().to_vec(), is_cut: false })
}

pub(super) fn ok(body: &str) -> Asked {
    answer(200, body)
}

pub(super) fn redirect(location: &str) -> Asked {
    let mut answer = answer(302, "")?;
    answer.headers.insert("location", HeaderValue::from_str(location).unwrap());
    Ok(answer)
}

/// Entra's answer for a tenant that it does not know.
pub(super) fn unknown_tenant() -> Asked {
    answer(400, r#"{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant not found."}"#)
}

/// A key set as Entra's, of one key.
pub(super) fn key_set_of(key_id: &str) -> String {
    let modulus = "w".repeat(342);
    json!({"keys": [{"kty": "RSA", "use": "sig", "kid": key_id, "n": modulus, "e": "AQAB"}]}).to_string()
}

/// The gate's `/health` if all is well.
pub(super) fn health() -> Value {
    json!({
        "status": "ok",
        "keys": {"count": 2, "age_seconds": 12},
        "revocations": {"sequence": 4, "entries": 1, "age_seconds": 40, "is_closed": false, "problem": null},
        "clock": {"seconds_ahead": 0, "problem": null},
        "upstream": {"planning": {"is_well": true, "succeeded_seconds_ago": 3, "problem": null}},
        "configuration": {"age_seconds": 9, "problem": null, "needs_restart": []},
    })
}

pub(super) fn gate() -> Gate {
    let refused = || answer(401, r#"{"error":"invalid_request","reason":"no_session"}"#);
    let ids = ["planning", "parks"].map(|id| id.parse().unwrap());
    Gate {
        health: Some(ok(&health().to_string())),
        catalogues: Some(ids.into_iter().map(|id| (id, refused())).collect()),
    }
}

pub(super) fn service() -> Service {
    let issuer = "https://auth.example";
    let jwks_uri = format!("{issuer}/.well-known/jwks.json");
    let allowed = || {
        let mut answer = answer(200, "").unwrap();
        answer.headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
        Ok(answer)
    };
    Service {
        issuer: issuer.parse().unwrap(),
        metadata: ok(&json!({"issuer": issuer, "jwks_uri": jwks_uri}).to_string()),
        keys: Some(ok(SESSION_KEYS)),
        preflights: site().origins.iter().map(|origin| (origin.to_string(), allowed())).collect(),
    }
}

/// Everything about a healthy site.
pub(super) fn observed() -> Observed {
    let configuration = |issuer: String| {
        ok(&json!({"issuer": issuer, "cloud_instance_name": "microsoftonline.com", "tenant_region_scope": "EU"})
            .to_string())
    };
    let keys = || ok(&key_set_of("shared"));
    Observed {
        entra: Entra {
            login: LOGIN.into(),
            v1: configuration(format!("https://sts.windows.net/{TENANT}/")),
            v2: configuration(format!("{LOGIN}/{TENANT}/v2.0")),
            client_as_tenant: unknown_tenant(),
            keys_v1: keys(),
            keys_v2: keys(),
            registration_keys: keys(),
            elsewhere: vec![],
        },
        external: redirect(&format!(
            "{LOGIN}/{TENANT}/oauth2/authorize?response_type=code&client_id={CLIENT}"
        )),
        service: Some(service()),
        gate: gate(),
        now: Timestamp::from_unix_seconds(NOW),
    }
}

/// The key of RFC 7517 §A.1, under its thumbprint (RFC 7638).
const SESSION_KEYS: &str = r#"{"keys":[{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","alg":"ES256","kid":"cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"}]}"#;
