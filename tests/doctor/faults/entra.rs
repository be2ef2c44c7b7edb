//! Faults of the tenant, the registration and the site document.

use axum::{Json, Router, extract::Query, routing::get};
use entra_emulator::{EmulatedEntra, Version};
use serde_json::json;

use super::{CLIENT_ID, Fault, OTHER, RIVERBEND, SIGN_IN, edit, fault, huge, page};
use crate::{
    rig::sign_in,
    servers::{Answer, closed},
};

const DOCUMENT: &str = "Site document";
const TENANT: &str = "Directory (tenant) ID";
const CLIENT: &str = "Application (client) ID";
const KEYS_1: &str = "Keys for tokens of version 1.0";
const KEYS_2: &str = "Keys for tokens of version 2.0";
const SIGNING: &str = "Signing key of the registration";

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
];
