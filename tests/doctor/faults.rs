//! The seeded faults, each with the line that must name it.

use axum::{Json, Router, extract::Query, routing::get};
use entra_emulator::{EmulatedEntra, Version};
use http::{HeaderMap, header::DATE};
use serde_json::{Value, json};

use super::{
    rig::{Look, Rig, sign_in},
    servers::{Answer, closed, started, started_with},
};

/// A fault.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The check that must name it.
    pub(crate) check: &'static str,
    /// What its line must contain.
    pub(crate) words: &'static [&'static str],
    /// Other checks that show the same fault.
    pub(crate) related: &'static [&'static str],
    /// Makes the fault.
    pub(crate) seed: fn(&Rig, &mut Look),
}

const DOCUMENT: &str = "Site document";
const TENANT: &str = "Directory (tenant) ID";
const CLIENT: &str = "Application (client) ID";
const KEYS_1: &str = "Keys for tokens of version 1.0";
const KEYS_2: &str = "Keys for tokens of version 2.0";
const SIGNING: &str = "Signing key of the registration";
const EXTERNAL: &str = "External URL";
const SIGN_IN: &str = "Sign-in before the external URL";
const METADATA: &str = "Metadata of the service";
const ISSUER: &str = "Issuer";
const SESSION_KEYS: &str = "Session keys";
const WEB_APP: &str = "Web App at https://riverbend.enterprise.example";
const LOCAL_WEB_APP: &str = "Web App at http://localhost";
const GATE_REVOCATIONS: &str = "Revocations at the gate";
const HEALTH: &str = "Health of the gate";
const GATE_KEYS: &str = "Session keys at the gate";
const QGIS: &str = "QGIS Server";
const CONFIGURATION: &str = "Configuration of the gate";
const REFUSAL: &str = "Requests without a session";
const CATALOGUES: &str = "Catalogues at the gate";
const OWN_CLOCK: &str = "This machine's clock";
const SERVICE_CLOCK: &str = "Clock of the service";
const GATE_CLOCK: &str = "Clock of the gate";

const RIVERBEND: &str = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00";
const CLIENT_ID: &str = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
/// An id of nothing.
const OTHER: &str = "5f3759df-7c1e-4f0b-9d5d-2b8a6f1e4c37";

const fn fault(
    name: &'static str,
    check: &'static str,
    words: &'static [&'static str],
    seed: fn(&Rig, &mut Look),
) -> Fault {
    Fault { name, check, words, related: &[], seed }
}

impl Fault {
    const fn also(self, related: &'static [&'static str]) -> Self {
        Self { related, ..self }
    }
}

/// Changes the site file.
fn edit(look: &mut Look, from: &str, to: &str) {
    let text = look.text.replacen(from, to, 1);
    assert_ne!(text, look.text, "nothing was changed");
    look.text = text;
}

/// A document that is no JSON, as a guest network shows it.
fn page() -> Answer {
    Answer::Is(200, "<!DOCTYPE html><h1>Welcome to the guest network</h1>".into())
}

fn huge() -> Answer {
    Answer::Is(200, "x".repeat(300 * 1024))
}

/// Answers of Application Proxy and of what may be in its place.
fn external(rig: &Rig, status: u16, body: &str) {
    rig.proxy.play_everywhere(Answer::Is(status, body.into()));
}

/// A gate whose health is changed by `change`.
fn health(look: &mut Look, change: impl FnOnce(&mut Value)) {
    let mut health = json!({
        "status": "ok",
        "keys": {"count": 1, "age_seconds": 12},
        "revocations": {"sequence": 2, "entries": 0, "age_seconds": 50, "is_closed": false, "problem": null},
        "clock": {"seconds_ahead": 0, "problem": null},
        "upstream": {"planning": {"is_well": true, "succeeded_seconds_ago": 3, "failed_seconds_ago": null, "problem": null}},
        "configuration": {"age_seconds": 9, "problem": null, "needs_restart": []},
    });
    change(&mut health);
    look.gate_status = started(Answer::Is(200, health.to_string()));
}

/// The headers of an answer from a machine whose clock is ten minutes behind.
fn ten_minutes_ago() -> HeaderMap {
    let then = std::time::SystemTime::now() - std::time::Duration::from_mins(10);
    let mut headers = HeaderMap::new();
    headers.insert(DATE, httpdate::fmt_http_date(then).parse().unwrap());
    headers
}

/// `router`, with the `Date` of such a machine.
fn slow_clock(router: Router) -> Router {
    router.layer(axum::middleware::map_response(|mut response: axum::response::Response| async {
        response.headers_mut().extend(ten_minutes_ago());
        response
    }))
}

/// Every fault.
pub(crate) const FAULTS: &[Fault] = &[
    // The tenant and its cloud.
    fault(
        "the tenant id is no tenant's",
        TENANT,
        &["knows no tenant", "Overview → Tenant ID"],
        |_, look| {
            edit(look, RIVERBEND, OTHER);
        },
    )
    .also(&[SIGN_IN]),
    fault(
        "the site file says US Government, and the tenant is public",
        TENANT,
        &["cloud = \"public\""],
        |_, look| {
            look.text.insert_str(0, "cloud = \"us-government\"\n");
        },
    ),
    fault(
        "the site file says China, and the tenant is public",
        TENANT,
        &["cloud = \"public\""],
        |_, look| {
            look.text.insert_str(0, "cloud = \"china\"\n");
        },
    ),
    fault("Entra answers for another issuer", TENANT, &["issuer https://login.example/"], |rig, _| {
        let other = json!({"issuer": "https://login.example/v2.0"}).to_string();
        rig.entra
            .play_at(&format!("/{RIVERBEND}/v2.0/.well-known/openid-configuration"), Answer::Is(200, other));
    }),
    fault("the network refuses connections to Entra", TENANT, &["connection is refused"], |rig, look| {
        look.entra = format!("http://{}", closed());
        rig.proxy.play(sign_in(&look.entra, RIVERBEND, CLIENT_ID));
    }),
    fault("Entra never answers", TENANT, &["no whole answer within 5 s"], |rig, _| {
        rig.entra.play_everywhere(Answer::Never);
    }),
    fault("Entra is down", TENANT, &["status 503"], |rig, _| {
        rig.entra.play_everywhere(Answer::Is(503, String::new()));
    }),
    fault("a guest network answers for Entra", TENANT, &["guest network"], |rig, _| {
        rig.entra.play_everywhere(page());
    }),
    fault(
        "a proxy redirects requests to Entra in a circle",
        TENANT,
        &["redirects to", "not followed"],
        |rig, _| {
            rig.entra.play_everywhere(Answer::To(format!("{}/again", rig.entra.url)));
        },
    ),
    fault("Entra's answer never ends", TENANT, &["more than 262144 bytes"], |rig, _| {
        rig.entra.play_everywhere(huge());
    }),
    // The registration and its keys.
    fault(
        "client and tenant id are swapped",
        CLIENT,
        &["swapped", "exchange client_id and tenant_id"],
        |_, look| {
            edit(look, CLIENT_ID, "@");
            edit(look, RIVERBEND, CLIENT_ID);
            edit(look, "@", RIVERBEND);
        },
    )
    .also(&[SIGN_IN]),
    fault("the client id is another tenant's id", CLIENT, &["is the id of a directory"], |rig, look| {
        let saltmarsh = rig.world.entra.registrations().iter().find(|one| one.site == "saltmarsh").unwrap();
        edit(look, CLIENT_ID, &saltmarsh.tenant_id.to_string());
    })
    .also(&[SIGN_IN]),
    fault(
        "the client id is another application's",
        SIGN_IN,
        &["for the application c3890382", "client_id"],
        |_, look| {
            edit(look, CLIENT_ID, OTHER);
        },
    ),
    fault(
        "the registration has a signing key of its own",
        SIGNING,
        &["unknown_key", "acceptMappedClaims"],
        |rig, _| {
            let own = EmulatedEntra::new(vec![]).key_set(Version::V1);
            let of_tenant = rig.world.entra.key_set(Version::V2);
            let answer = move |Query(query): Query<Vec<(String, String)>>| async move {
                Json(if query.is_empty() { of_tenant } else { own })
            };
            let keys = Router::new().route(&format!("/{RIVERBEND}/discovery/v2.0/keys"), get(answer));
            rig.entra.play(keys.fallback_service(rig.entra.healthy()));
        },
    ),
    fault(
        "the tenant's key set of version 1.0 is empty",
        KEYS_1,
        &["none of the 0 keys is usable"],
        |rig, _| {
            rig.entra
                .play_at(&format!("/{RIVERBEND}/discovery/keys"), Answer::Is(200, r#"{"keys":[]}"#.into()));
        },
    ),
    fault("the tenant's key set of version 1.0 never arrives", KEYS_1, &["within 5 s"], |rig, _| {
        rig.entra.play_at(&format!("/{RIVERBEND}/discovery/keys"), Answer::Never);
    }),
    fault(
        "the tenant's key set of version 2.0 has only another cloud's keys",
        KEYS_2,
        &["of the cloud microsoftonline.com"],
        |rig, _| {
            let text = rig.world.entra.key_set(Version::V2).to_string();
            let text = text.replace("\"microsoftonline.com\"", "\"microsoftonline.us\"");
            rig.entra.play_at(&format!("/{RIVERBEND}/discovery/v2.0/keys"), Answer::Is(200, text));
        },
    ),
    fault("the tenant's key set of version 2.0 is not served", KEYS_2, &["status 404"], |rig, _| {
        rig.entra.play_at(&format!("/{RIVERBEND}/discovery/v2.0/keys"), Answer::Is(404, String::new()));
    }),
    // The site document.
    fault("a key of the site file is misspelt", DOCUMENT, &["cliend_id"], |_, look| {
        edit(look, "client_id", "cliend_id");
    }),
    fault("the two URLs have different paths", DOCUMENT, &["path"], |_, look| {
        edit(look, "gis.riverbend.internal/pozi/", "gis.riverbend.internal/gis/");
    }),
    fault("a group's name stands for its id", DOCUMENT, &["Planners", "Object ID"], |_, look| {
        edit(look, "02f1ea5a-8a90-454c-9ecb-df4562c6afd7", "Planners");
    }),
    fault("the tenant's id stands among the groups", DOCUMENT, &["tenant"], |_, look| {
        edit(look, "02f1ea5a-8a90-454c-9ecb-df4562c6afd7", RIVERBEND);
    }),
    fault("the site file is cut off", DOCUMENT, &["riverbend.toml"], |_, look| {
        let end = look.text.find("\"Heritage").unwrap() + 4;
        look.text.truncate(end);
    }),
    // Application Proxy and what may be in its place.
    fault("the external URL's host does not exist", EXTERNAL, &["not known in DNS", "CNAME"], |rig, look| {
        edit(look, &rig.proxy.url, "https://poziserver-riverbend.example");
    }),
    fault("nothing listens at the external URL", EXTERNAL, &["connection is refused"], |rig, look| {
        let elsewhere = format!("https://{}", closed().replace("127.0.0.1", "localhost"));
        edit(look, &rig.proxy.url, &elsewhere);
    }),
    fault(
        "the certificate of the external URL is not trusted",
        EXTERNAL,
        &["TLS", "Certificate"],
        |_, look| {
            look.trusts_certificate = false;
        },
    ),
    fault("the external URL speaks no TLS", EXTERNAL, &["TLS"], |rig, look| {
        let plain = rig.service.url.replace("http://127.0.0.1", "https://localhost");
        edit(look, &rig.proxy.url, &plain);
    }),
    fault(
        "pre-authentication is Passthrough",
        EXTERNAL,
        &["Passthrough", "Pre Authentication: Microsoft Entra ID"],
        |rig, _| {
            external(rig, 200, "<WMS_Capabilities version=\"1.3.0\"/>");
        },
    ),
    fault(
        "the external URL is another tenant's",
        SIGN_IN,
        &["at the tenant 5f3759df", "tenant_id"],
        |rig, _| {
            rig.proxy.play(sign_in(&rig.entra.url, OTHER, CLIENT_ID));
        },
    ),
    fault(
        "the external URL is another application's",
        SIGN_IN,
        &["for the application 5f3759df"],
        |rig, _| {
            rig.proxy.play(sign_in(&rig.entra.url, RIVERBEND, OTHER));
        },
    ),
    fault("the external URL is in another cloud", SIGN_IN, &["cloud `us-government`"], |rig, _| {
        rig.proxy.play(sign_in("https://login.microsoftonline.us", RIVERBEND, CLIENT_ID));
    }),
    fault(
        "the internal URL was given as https",
        EXTERNAL,
        &["BadGateway", "http rather than https"],
        |rig, _| {
            external(rig, 502, "<h1>Bad gateway</h1>");
        },
    ),
    fault(
        "no connector is running",
        EXTERNAL,
        &["NoActiveConnector", "start the private network connector"],
        |rig, _| {
            external(rig, 503, "Error: NoActiveConnector");
        },
    ),
    fault(
        "the connector group has no connector",
        EXTERNAL,
        &["EmptyConnectorGroup", "connector group"],
        |rig, _| {
            external(rig, 503, "Error: EmptyConnectorGroup");
        },
    ),
    fault(
        "the server behind the connector is slow",
        EXTERNAL,
        &["GatewayTimeout", "Backend Application Timeout"],
        |rig, _| {
            external(rig, 504, "");
        },
    ),
    fault("the application is not published", EXTERNAL, &["publish the application"], |rig, _| {
        external(rig, 404, "This corporate app can't be accessed.");
    }),
    fault("another sign-in is in front of the external URL", EXTERNAL, &["no sign-in of Entra"], |rig, _| {
        rig.proxy.play_everywhere(Answer::To("https://sso.example/login".into()));
    }),
    fault("the external URL redirects to itself", EXTERNAL, &["no sign-in of Entra"], |rig, _| {
        rig.proxy.play_everywhere(Answer::To("/pozi/".into()));
    }),
    fault("the external URL never answers", EXTERNAL, &["no whole answer within 5 s"], |rig, _| {
        rig.proxy.play_everywhere(Answer::Never);
    }),
    // The service.
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
    // The gate.
    fault("the gate is down", HEALTH, &["connection is refused", "status_listen"], |_, look| {
        look.gate_status = format!("http://{}", closed());
    }),
    fault(
        "the address of maps was given for that of health",
        HEALTH,
        &["status 404", "status_listen"],
        |_, look| {
            look.gate_status = look.gate.clone();
        },
    ),
    fault("the gate has no keys", GATE_KEYS, &["refuses everyone", "jwks.json"], |_, look| {
        health(look, |health| health["keys"] = json!({"count": 0, "age_seconds": null}));
    }),
    fault("the gate has not reached the issuer for days", GATE_KEYS, &["48 hours old"], |_, look| {
        health(look, |health| health["keys"]["age_seconds"] = json!(48 * 3_600));
    }),
    fault(
        "a restored table has an older list of revocations",
        GATE_REVOCATIONS,
        &["resume --after 9"],
        |_, look| {
            health(look, |health| {
                health["revocations"]["problem"] =
                    json!("number 9 is held; run `pozi revoke resume --after 9`");
            });
        },
    ),
    fault("QGIS Server is down", QGIS, &["planning: connection refused", "pozi-gate check"], |_, look| {
        health(look, |health| {
            health["upstream"]["planning"] = json!({"is_well": false, "problem": "connection refused"});
        });
    }),
    fault(
        "the gate rejects its changed site file",
        CONFIGURATION,
        &["site.toml:3", "rejected"],
        |_, look| {
            health(look, |health| health["configuration"]["problem"] = json!("site.toml:3: not a GUID"));
        },
    ),
    fault(
        "the gate was not restarted after a change",
        CONFIGURATION,
        &["listen", "restart the gate"],
        |_, look| {
            health(look, |health| health["configuration"]["needs_restart"] = json!(["listen"]));
        },
    ),
    fault("QGIS Server answers at the gate's address", REFUSAL, &["anyone can open planning"], |_, look| {
        look.gate = started(Answer::Is(200, "<WMS_Capabilities/>".into()));
    }),
    fault(
        "another server answers at the gate's address",
        REFUSAL,
        &["status 404", "another server"],
        |_, look| {
            look.gate = started(Answer::Is(404, "Not found".into()));
        },
    ),
    fault("the gate does not answer for maps", REFUSAL, &["no whole answer within 5 s"], |_, look| {
        look.gate = started(Answer::Never);
    }),
    fault(
        "the gate is another site's",
        CATALOGUES,
        &["does not know planning, heritage, assets"],
        |_, look| {
            look.gate =
                started(Answer::Is(404, r#"{"error":"not_found","reason":"unknown_catalogue"}"#.into()));
        },
    ),
    fault(
        "the gate has an older site file",
        CATALOGUES,
        &["does not know drains", "pozi pull"],
        |_, look| {
            edit(look, "id = \"assets\"", "id = \"drains\"");
        },
    ),
    // Clocks.
    fault("this machine's clock is five minutes behind", OWN_CLOCK, &["behind", "time server"], |_, look| {
        look.seconds_ahead = -300;
    }),
    fault("this machine's clock is a day ahead", OWN_CLOCK, &["ahead", "time server"], |_, look| {
        look.seconds_ahead = 86_400;
    }),
    fault("the service's clock is ten minutes behind", SERVICE_CLOCK, &["behind"], |rig, _| {
        rig.service.play(slow_clock(rig.service.healthy()));
    }),
    fault("the gate's clock is ten minutes behind", GATE_CLOCK, &["behind", "time server"], |_, look| {
        let answer = || async {
            (
                ten_minutes_ago(),
                r#"{"status":"ok","keys":{"count":1,"age_seconds":1},"revocations":{"sequence":2,"entries":0,"age_seconds":9,"problem":null},"clock":null,"upstream":{},"configuration":{"problem":null,"needs_restart":[]}}"#,
            )
        };
        look.gate_status = started_with(Router::new().route("/health", get(answer)));
    }),
    fault(
        "the gate says that its clock differs from the issuer's",
        GATE_CLOCK,
        &["4 min ahead"],
        |_, look| {
            health(look, |health| {
                health["clock"] =
                    json!({"seconds_ahead": 240, "problem": "this machine's clock is 4 min ahead"});
            });
        },
    ),
];
