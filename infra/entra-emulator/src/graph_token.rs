//! The token of a call of Microsoft Graph, verified as Graph does.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

use super::{
    EmulatedEntra, Person, Registration,
    claims::{GRAPH, object_id},
};

/// Microsoft Graph's application id, which is its audience too.
const GRAPH_ID: &str = "00000003-0000-0000-c000-000000000000";
/// The permission to read one's own profile, with which one's own groups may be asked about.
const PERMISSION: &str = "User.Read";
/// The permissions of an app with which everybody's groups may be asked about.
const APPLICATION_PERMISSIONS: [&str; 2] = ["GroupMember.Read.All", "User.Read.All"];

/// Who calls Graph: a person through an app, or an app.
#[derive(Debug)]
pub(super) struct Caller {
    tenant: Uuid,
    object: Option<Uuid>,
    /// Claim `scp`; `None` for an app.
    scopes: Option<String>,
    /// Claim `roles`: an app's permissions.
    roles: Vec<String>,
}

/// Why Graph refuses a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GraphError {
    NoToken,
    Malformed,
    Signature,
    Audience,
    Lifetime,
    Permissions,
    NotDelegated,
    NoSuchPerson,
    TooManyGroups,
}

impl Caller {
    /// The caller with `token` at `now` (Unix seconds).
    pub(super) fn of(token: &str, entra: &EmulatedEntra, now: u64) -> Result<Self, GraphError> {
        let claims = verified(token, entra)?;
        let text = |name: &str| claims[name].as_str();
        if !text("aud").is_some_and(|audience| [GRAPH, GRAPH_ID].contains(&audience)) {
            return Err(GraphError::Audience);
        }
        let time = |name: &str| claims[name].as_u64();
        if time("exp").is_none_or(|end| end <= now) || time("nbf").is_none_or(|start| start > now) {
            return Err(GraphError::Lifetime);
        }
        let tenant = text("tid").and_then(|tenant| tenant.parse().ok()).ok_or(GraphError::Malformed)?;
        if !entra.registrations().iter().any(|registration| registration.tenant_id == tenant) {
            return Err(GraphError::Malformed);
        }
        let object = text("oid").and_then(|object| object.parse().ok());
        let roles = claims["roles"].as_array().into_iter().flatten();
        let roles = roles.filter_map(|role| role.as_str().map(str::to_owned)).collect();
        Ok(Self { tenant, object, scopes: text("scp").map(str::to_owned), roles })
    }

    /// The tenant about which the token permits to read everything: that of an app.
    pub(super) fn tenant_of_everybody(&self) -> Result<Uuid, GraphError> {
        let is_granted = |permission: &&str| self.roles.iter().any(|role| role == permission);
        if self.scopes.is_none() && APPLICATION_PERMISSIONS.iter().all(is_granted) {
            Ok(self.tenant)
        } else {
            Err(GraphError::Permissions)
        }
    }

    /// The tenant of a person.
    pub(super) fn tenant_of_person(&self) -> Result<Uuid, GraphError> {
        self.scopes.as_ref().map(|_| self.tenant).ok_or(GraphError::Permissions)
    }

    /// The person of the token, if it permits to read about them.
    pub(super) fn person<'a>(
        &self,
        entra: &'a EmulatedEntra,
    ) -> Result<(&'a Registration, Person), GraphError> {
        let scopes = self.scopes.as_deref().ok_or(GraphError::NotDelegated)?;
        if !scopes.split(' ').any(|scope| scope == PERMISSION) {
            return Err(GraphError::Permissions);
        }
        let person = self.object.and_then(|object| person_with(entra, object));
        person.filter(|(own, _)| own.tenant_id == self.tenant).ok_or(GraphError::NoSuchPerson)
    }
}

impl GraphError {
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::NoToken => "Access token is empty.",
            Self::Malformed => "CompactToken parsing failed.",
            Self::Signature => "Access token validation failure. Invalid signature.",
            Self::Audience => "Access token validation failure. Invalid audience.",
            Self::Lifetime => "Lifetime validation failed, the token is expired.",
            Self::Permissions => "Insufficient privileges to complete the operation.",
            Self::NotDelegated => "/me request is only valid with delegated authentication flow.",
            Self::NoSuchPerson => {
                "Resource does not exist or one of its queried reference-property objects are not present."
            }
            Self::TooManyGroups => "The number of groups to check exceeds the limit of 20.",
        }
    }
}

/// The person with this object id who can sign in, with the registration of their tenant.
pub(super) fn person_with(entra: &EmulatedEntra, id: Uuid) -> Option<(&Registration, Person)> {
    let people = entra.registrations().iter().flat_map(|own| Person::ALL.map(|person| (own, person)));
    people.filter(|(_, person)| person.can_sign_in()).find(|(own, person)| id == object_id(own, *person))
}

fn verified(token: &str, entra: &EmulatedEntra) -> Result<Value, GraphError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(GraphError::Malformed)?;
    let payload = signed.split_once('.').ok_or(GraphError::Malformed)?.1;
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| GraphError::Malformed);
    if !entra.has_signed(signed.as_bytes(), &decoded(signature)?) {
        return Err(GraphError::Signature);
    }
    serde_json::from_slice(&decoded(payload)?).map_err(|_| GraphError::Malformed)
}
