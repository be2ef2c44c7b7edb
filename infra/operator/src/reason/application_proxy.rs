//! Errors of Application Proxy.
//!
//! Source: [Microsoft](https://learn.microsoft.com/entra/identity/app-proxy/application-proxy-sign-in-bad-gateway-timeout-error).

use super::{
    entry::{Entry, Mender::Administrator, entry_at},
    place::{ASSIGNMENT, CONNECTOR_GROUP, CONNECTORS, INTERNAL_URL, PROXY},
};

pub(super) const ENTRIES: &[Entry] = &[
    entry_at(
        "This corporate app can't be accessed",
        Administrator,
        PROXY,
        "Application Proxy could not show the application. The status code at the bottom left of its page says why.",
        "Look up that status code: GatewayTimeout, BadGateway or Forbidden. Test Application on the same blade checks the connector and the URLs.",
    ),
    entry_at(
        "BadGateway",
        Administrator,
        INTERNAL_URL,
        "The connector does not reach the internal URL.",
        "Open the internal URL in a browser on the connector's machine. It must be http, not https, and the web server must run. The connector's event log has the details.",
    ),
    entry_at(
        "GatewayTimeout",
        Administrator,
        CONNECTORS,
        "Application Proxy does not reach a connector, or the map server took longer than the time-out.",
        "See that the connector is active, and that its machine reaches Microsoft at ports 80 and 443. If only large maps fail, set Backend Application Timeout to Long (180 seconds instead of 85).",
    ),
    entry_at(
        "NoActiveConnector",
        Administrator,
        CONNECTORS,
        "The application's connector group has connectors, but none is active.",
        "Start the service Microsoft Entra private network connector on its machine, and let the machine reach Microsoft at ports 80 and 443. The connector then becomes active by itself.",
    ),
    entry_at(
        "EmptyConnectorGroup",
        Administrator,
        CONNECTOR_GROUP,
        "The application's connector group has no connector.",
        "Choose the group that has the connector, or install a connector and put it into this group.",
    ),
    entry_at(
        "Forbidden",
        Administrator,
        ASSIGNMENT,
        "The person is not assigned to the application, or the map server itself refuses them.",
        "Assign the person or one of their groups; a group counts only for its direct members. If they are assigned, the gate's log has the reason.",
    ),
];
