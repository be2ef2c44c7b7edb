//! Faults of Application Proxy, and what may be in its place.

use super::{CLIENT_ID, Fault, OTHER, RIVERBEND, SIGN_IN, edit, fault};
use crate::{
    rig::{Rig, sign_in},
    servers::{Answer, closed},
};

const EXTERNAL: &str = "External URL";

pub(crate) const FAULTS: &[Fault] = &[
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
];

/// Answers of Application Proxy and of what may be in its place.
fn external(rig: &Rig, status: u16, body: &str) {
    rig.proxy.play_everywhere(Answer::Is(status, body.into()));
}
