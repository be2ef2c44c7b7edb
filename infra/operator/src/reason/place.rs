//! Where settings are: blades of the Entra admin centre, and files of ours.

pub(super) const APP_OVERVIEW: &str = "Entra: App registrations → Pozi Server → Overview";
pub(super) const AUTHENTICATION: &str =
    "Entra: App registrations → Pozi Server → Authentication → Single-page application → Redirect URIs";
pub(super) const GRANTS: &str =
    "Entra: App registrations → Pozi Server → Authentication → Implicit grant and hybrid flows";
pub(super) const EXPOSE_AN_API: &str = "Entra: App registrations → Pozi Server → Expose an API → Scopes";
pub(super) const APPLICATION_ID_URI: &str =
    "Entra: App registrations → Pozi Server → Expose an API → Application ID URI";
pub(super) const API_PERMISSIONS: &str =
    "Entra: App registrations → Pozi Server → API permissions → Grant admin consent";
pub(super) const GROUPS_CLAIM: &str =
    "Entra: App registrations → Pozi Server → Token configuration → Edit groups claim";
pub(super) const OPTIONAL_CLAIMS: &str = "Entra: App registrations → Pozi Server → Token configuration";
pub(super) const CERTIFICATES: &str = "Entra: App registrations → Pozi Server → Certificates & secrets";
pub(super) const TENANT: &str = "Entra: Overview → Tenant ID";
pub(super) const ASSIGNMENT: &str =
    "Entra: Enterprise applications → Pozi Server → Users and groups → Add user/group";
pub(super) const PROPERTIES: &str =
    "Entra: Enterprise applications → Pozi Server → Properties → Enabled for users to sign in";
pub(super) const PROXY: &str = "Entra: Enterprise applications → Pozi Server → Application proxy";
pub(super) const INTERNAL_URL: &str =
    "Entra: Enterprise applications → Pozi Server → Application proxy → Internal Url";
pub(super) const CONNECTOR_GROUP: &str =
    "Entra: Enterprise applications → Pozi Server → Application proxy → Connector Group";
pub(super) const CONNECTORS: &str = "Entra: Global Secure Access → Connect → Connectors";
pub(super) const GROUP_MEMBERS: &str = "Entra: Groups → All groups → (the group) → Members";
pub(super) const USERS: &str = "Entra: Users → All users";
pub(super) const INVITE: &str = "Entra: Users → All users → New user → Invite external user";
pub(super) const CONDITIONAL_ACCESS: &str =
    "Entra: Monitoring & health → Sign-in logs → (the sign-in) → Conditional Access";
pub(super) const SIGN_IN_LOGS: &str = "Entra: Monitoring & health → Sign-in logs";

pub(super) const SITE_FILE: &str = "the site file, then pozi push";
pub(super) const ORIGINS: &str = "the site file: origins, then pozi push";
pub(super) const RULES: &str = "the site file: read and write of the catalogue, then pozi push";
pub(super) const GATE_TOML: &str = "the gate's machine: gate.toml, then pozi-gate check";
pub(super) const GATE_LOG: &str = "the gate's machine: its log, and pozi-gate check";
pub(super) const QGIS_PROJECT: &str = "QGIS: Project → Properties → QGIS Server";
