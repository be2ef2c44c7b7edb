//! Faults of Pozi's service.

use serde_json::json;

use super::{Fault, fault, huge, page};
use crate::servers::{Answer, closed};

const METADATA: &str = "Metadata of the service";
const ISSUER: &str = "Issuer";
const SESSION_KEYS: &str = "Session keys";
const WEB_APP: &str = "Web App at https://riverbend.enterprise.example";
const LOCAL_WEB_APP: &str = "Web App at http://localhost";

pub(crate) const FAULTS: &[Fault] = &[
    fault("the service is down", METADATA, &["connection is refused"], |_, look| {
        look.service = format!("http://{}", closed());
    }),
    fault("another server has the service's address", METADATA, &["another server"], |rig, _| {
        rig.service.play_everywhere(page());
    }),
    fault("the service fails", METADATA, &["status 500", "jwks"], |rig, _| {
        rig.service.play_everywhere(Answer::Is(500, String::new()));
    }),
    fault("the service's metadata never end", METADATA, &["262144 bytes"], |rig, _| {
        rig.service.play_at("/.well-known/openid-configuration", huge());
    }),
    fault("the service has another issuer", ISSUER, &["calls itself https://other.example"], |rig, _| {
        let jwks_uri = format!("{}/.well-known/jwks.json", rig.service.url);
        let other = json!({"issuer": "https://other.example", "jwks_uri": jwks_uri}).to_string();
        rig.service.play_at("/.well-known/openid-configuration", Answer::Is(200, other));
    }),
    fault("the service publishes no keys", SESSION_KEYS, &["none of the 0 keys"], |rig, _| {
        rig.service.play_at("/.well-known/jwks.json", Answer::Is(200, r#"{"keys":[]}"#.into()));
    }),
    fault("the service has no key ring", SESSION_KEYS, &["status 503", "pozi keys list"], |rig, _| {
        rig.service.play_at("/.well-known/jwks.json", Answer::Is(503, String::new()));
    }),
    fault("the API answers preflights itself, without CORS", WEB_APP, &["CORS"], |rig, _| {
        rig.service.play_at("/oauth2/token", Answer::Is(204, String::new()));
    })
    .also(&[LOCAL_WEB_APP]),
    fault("a firewall refuses preflights", WEB_APP, &["CORS", "status 403"], |rig, _| {
        rig.service.play_at("/oauth2/token", Answer::Is(403, String::new()));
    })
    .also(&[LOCAL_WEB_APP]),
];
