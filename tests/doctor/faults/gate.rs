//! Faults of the gate, and clocks that are wrong.

use axum::{Router, routing::get};
use http::{HeaderMap, header::DATE};
use serde_json::{Value, json};

use super::{Fault, edit, fault};
use crate::{
    rig::Look,
    servers::{Answer, closed, started, started_with},
};

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

pub(crate) const FAULTS: &[Fault] = &[
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
