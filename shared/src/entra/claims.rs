//! The claims of an Entra access token that the service relies on, typed. All others are ignored, among them names,
//! e-mail addresses and `wids` (directory roles).
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.

use std::collections::BTreeSet;

use super::{MalformedTokenError, SubjectRefusal, TokenVersion, kind};
use crate::{
    error::shortened,
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
    json::{ClaimError, Members},
    timestamp::Timestamp,
};

/// The groups of a person, according to the token and as far as they count at the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// All groups, by object id. Entries that are names (an administrator can have Entra send them) are left out: a name
    /// can change hands and must never match.
    Listed(BTreeSet<GroupId>),
    /// More than fit into a token (over 200): the token only links to the list.
    Overage,
    /// The token has no `groups`, but this many object ids in `roles`, which do not count at the site.
    InRoles(usize),
}

/// Where the groups of a subject come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupsFrom {
    /// The Entra token.
    Token,
    /// Microsoft Graph, asked for this exchange.
    Graph,
    /// Microsoft Graph, asked less than five minutes ago.
    Memory,
}

/// The groups of a person as the token gives them. Which of them count is for the site to say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EmittedGroups {
    /// Claim `groups`.
    Listed(BTreeSet<GroupId>),
    /// The mark of an overage.
    Overage,
    /// There is no `groups`: the object ids in `roles`, if any. A registration can emit groups "as roles", and its
    /// administrator can put any other value there.
    InRoles(BTreeSet<GroupId>),
}

/// The claims, still unverified.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) version: TokenVersion,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) tenant: TenantId,
    pub(super) object: ObjectId,
    pub(super) client: ClientId,
    pub(super) scopes: String,
    pub(super) expires: Timestamp,
    pub(super) not_before: Timestamp,
    pub(super) issued: Timestamp,
    pub(super) unique_id: Option<String>,
    pub(super) groups: EmittedGroups,
}

impl Claims {
    /// Reads the claims of an access token with which a client acts for a person. Refuses every other kind by its name.
    pub(super) fn read(payload: &Members<'_>) -> Result<Self, SubjectRefusal> {
        if payload.names().filter(|name| name.eq_ignore_ascii_case("tid")).count() > 1 {
            return Err(MalformedTokenError::AmbiguousTenant.into());
        }
        kind::refuse_other_services(payload)?;
        let version = version(payload)?;
        let client = client_claim(version);
        kind::refuse_other_kinds(payload, client)?;
        Ok(Self {
            version,
            issuer: payload.string("iss")?.to_owned(),
            audience: payload.string("aud")?.to_owned(),
            tenant: payload.parsed("tid")?,
            object: payload.parsed("oid")?,
            client: payload.parsed(client)?,
            scopes: payload.optional_string("scp")?.unwrap_or_default().to_owned(),
            expires: time(payload, "exp")?,
            not_before: time(payload, "nbf")?,
            issued: time(payload, "iat")?,
            unique_id: payload.optional_string("uti")?.map(str::to_owned),
            groups: groups(payload)?,
        })
    }
}

impl GroupsFrom {
    /// Returns its stable name in audit events.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Graph => "graph",
            Self::Memory => "graph_memory",
        }
    }
}

impl EmittedGroups {
    /// Returns the groups that count at a site: those in `roles` only if its site file says so (`as_roles`).
    pub(super) fn counted(self, as_roles: bool) -> Groups {
        match self {
            Self::Listed(groups) => Groups::Listed(groups),
            Self::Overage => Groups::Overage,
            Self::InRoles(groups) if as_roles || groups.is_empty() => Groups::Listed(groups),
            Self::InRoles(groups) => Groups::InRoles(groups.len()),
        }
    }
}

fn version(payload: &Members<'_>) -> Result<TokenVersion, SubjectRefusal> {
    match payload.string("ver")? {
        "1.0" => Ok(TokenVersion::V1),
        "2.0" => Ok(TokenVersion::V2),
        found => Err(MalformedTokenError::Version { found: shortened(found) }.into()),
    }
}

/// Returns the name of the claim with the client that requested the token.
const fn client_claim(version: TokenVersion) -> &'static str {
    match version {
        TokenVersion::V1 => "appid",
        TokenVersion::V2 => "azp",
    }
}

fn time(payload: &Members<'_>, name: &'static str) -> Result<Timestamp, ClaimError> {
    payload.number(name).map(Timestamp::from_unix_seconds)
}

/// Returns the person's groups. Without a list, the marks of an overage count: reading them as "no groups" would silently
/// remove access.
fn groups(payload: &Members<'_>) -> Result<EmittedGroups, ClaimError> {
    let listed = payload.optional_strings("groups")?;
    let elsewhere = payload.optional_object("_claim_names")?.is_some_and(|names| names.has("groups"));
    let none_listed = listed.as_ref().is_none_or(Vec::is_empty);
    if none_listed && (elsewhere || payload.has("hasgroups")) {
        return Ok(EmittedGroups::Overage);
    }
    let object_ids = |entries: Vec<&str>| entries.iter().filter_map(|entry| entry.parse().ok()).collect();
    Ok(match listed {
        Some(groups) => EmittedGroups::Listed(object_ids(groups)),
        None => EmittedGroups::InRoles(object_ids(payload.optional_strings("roles")?.unwrap_or_default())),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const GROUP: &str = "4d1fb0e1-6a0c-4c1c-b8f1-0f6d2d3f8a01";

    fn read(change: impl FnOnce(&mut Value)) -> Result<Claims, SubjectRefusal> {
        let mut claims = json!({
            "ver": "1.0", "iss": "i", "aud": "a", "tid": GROUP, "oid": GROUP, "sub": "pairwise", "appid": GROUP,
            "scp": "user_impersonation", "exp": 3, "nbf": 1, "iat": 1, "groups": [GROUP],
        });
        change(&mut claims);
        Claims::read(&Members::parse(claims.to_string().as_bytes()).unwrap())
    }

    fn ids(groups: &[&str]) -> BTreeSet<GroupId> {
        groups.iter().map(|group| group.parse().unwrap()).collect()
    }

    #[test]
    fn refuses_a_missing_claim() {
        for name in ["ver", "iss", "aud", "tid", "oid", "appid", "exp", "nbf", "iat"] {
            let refusal = read(|claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert_eq!(refusal.unwrap_err(), ClaimError::Missing(name).into());
        }
    }

    /// RFC 7519 §2, §4, §4.1.3.
    #[test]
    fn refuses_a_claim_of_the_wrong_form_by_name() {
        for (name, value) in [
            ("iss", json!(["i"])),
            ("aud", json!(["a"])),
            ("tid", json!("riverbend")),
            ("oid", json!(7)),
            ("exp", json!("3")),
            ("nbf", json!(-1)),
            ("iat", json!(1.5)),
            ("groups", json!(GROUP)),
            ("groups", json!([1])),
        ] {
            assert_eq!(read(|claims| claims[name] = value).unwrap_err(), ClaimError::WrongForm(name).into());
        }
        assert_eq!(
            read(|claims| claims["ver"] = json!("3.0")).unwrap_err(),
            MalformedTokenError::Version { found: "3.0".into() }.into()
        );
        assert_eq!(
            read(|claims| claims["TID"] = json!(GROUP)).unwrap_err(),
            MalformedTokenError::AmbiguousTenant.into()
        );
    }

    #[test]
    fn groups_come_from_groups_and_never_from_wids() {
        let groups = |change: fn(&mut Value)| read(change).unwrap().groups;
        let listed = EmittedGroups::Listed(ids(&[GROUP]));
        assert_eq!(groups(|_| ()), listed);
        assert_eq!(groups(|claims| claims["groups"] = json!(["Planners", GROUP])), listed);
        assert_eq!(
            groups(|claims| claims["roles"] = json!(["62e90394-69f5-4237-9190-012177145e10"])),
            listed
        );
        let without = groups(|claims| {
            drop(claims.as_object_mut().unwrap().remove("groups"));
            claims["wids"] = json!(["62e90394-69f5-4237-9190-012177145e10"]);
        });
        assert_eq!(without, EmittedGroups::InRoles(ids(&[])));
    }

    #[test]
    fn groups_in_roles_count_only_where_the_site_says_so() {
        let in_roles = || {
            let read = read(|claims| {
                drop(claims.as_object_mut().unwrap().remove("groups"));
                claims["roles"] = json!(["PoziServer.Read", GROUP]);
            });
            read.unwrap().groups
        };
        assert_eq!(in_roles().counted(true), Groups::Listed(ids(&[GROUP])));
        assert_eq!(in_roles().counted(false), Groups::InRoles(1));
        for as_roles in [false, true] {
            let none = EmittedGroups::InRoles(ids(&[]));
            assert_eq!(none.counted(as_roles), Groups::Listed(ids(&[])), "nothing was passed over");
            assert_eq!(EmittedGroups::Listed(ids(&[GROUP])).counted(as_roles), Groups::Listed(ids(&[GROUP])));
            assert_eq!(EmittedGroups::Overage.counted(as_roles), Groups::Overage);
        }
    }

    #[test]
    fn recognises_either_mark_of_an_overage_when_no_group_is_listed() {
        for (mark, value) in [("hasgroups", json!(true)), ("_claim_names", json!({"groups": "src1"}))] {
            let marked = |spoil: fn(&mut Value)| {
                let value = value.clone();
                read(move |claims| {
                    spoil(claims);
                    claims[mark] = value;
                })
            };
            let absent = marked(|claims| drop(claims.as_object_mut().unwrap().remove("groups")));
            let empty = marked(|claims| claims["groups"] = json!([]));
            assert_eq!(absent.unwrap().groups, EmittedGroups::Overage);
            assert_eq!(empty.unwrap().groups, EmittedGroups::Overage);
        }
        let elsewhere = read(|claims| claims["_claim_names"] = json!({"other": "src1"}));
        assert_eq!(elsewhere.unwrap().groups, EmittedGroups::Listed(ids(&[GROUP])));
    }
}
