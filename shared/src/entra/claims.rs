//! The claims of an Entra access token that the service relies on, typed. All others are ignored, among them names,
//! e-mail addresses and `wids` (directory roles).
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.

use std::collections::BTreeSet;

use super::{MalformedTokenError, SubjectRefusal, TokenVersion};
use crate::{
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
    json::{ClaimError, Members},
    timestamp::Timestamp,
};

/// The groups of a person, according to the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// All groups, by object id. Entries that are names (an administrator can have Entra send them) are left out: a name
    /// can change hands and must never match.
    Listed(BTreeSet<GroupId>),
    /// More than fit into a token (over 200): the token only links to the list.
    Overage,
}

/// The claims, still unverified.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) version: TokenVersion,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) tenant: TenantId,
    pub(super) object: Option<ObjectId>,
    pub(super) kind: Kind,
    pub(super) client: Option<ClientId>,
    pub(super) scopes: String,
    pub(super) expires: Timestamp,
    pub(super) not_before: Timestamp,
    pub(super) issued: Timestamp,
    pub(super) unique_id: Option<String>,
    pub(super) groups: Groups,
}

/// The kind of a token. An ID token has the same `typ` as an access token, and in version 2.0 the same `aud`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An access token with which a client acts for the person who signed in.
    DelegatedAccess,
    /// An ID token, which tells a client who signed in.
    Id,
    /// An access token with which a program acts for itself.
    AppOnly,
}

impl Claims {
    pub(super) fn read(payload: &Members<'_>) -> Result<Self, SubjectRefusal> {
        if payload.names().filter(|name| name.eq_ignore_ascii_case("tid")).count() > 1 {
            return Err(MalformedTokenError::AmbiguousTenant.into());
        }
        let version = version(payload)?;
        let client = client(payload, version)?;
        Ok(Self {
            version,
            issuer: payload.string("iss")?.to_owned(),
            audience: payload.string("aud")?.to_owned(),
            tenant: payload.parsed("tid")?,
            object: payload.optional_parsed("oid")?,
            kind: kind(payload, client)?,
            client,
            scopes: payload.optional_string("scp")?.unwrap_or_default().to_owned(),
            expires: time(payload, "exp")?,
            not_before: time(payload, "nbf")?,
            issued: time(payload, "iat")?,
            unique_id: payload.optional_string("uti")?.map(str::to_owned),
            groups: groups(payload)?,
        })
    }
}

fn version(payload: &Members<'_>) -> Result<TokenVersion, SubjectRefusal> {
    match payload.string("ver")? {
        "1.0" => Ok(TokenVersion::V1),
        "2.0" => Ok(TokenVersion::V2),
        _ => Err(MalformedTokenError::Version.into()),
    }
}

fn client(payload: &Members<'_>, version: TokenVersion) -> Result<Option<ClientId>, ClaimError> {
    payload.optional_parsed(match version {
        TokenVersion::V1 => "appid",
        TokenVersion::V2 => "azp",
    })
}

fn time(payload: &Members<'_>, name: &'static str) -> Result<Timestamp, ClaimError> {
    payload.number(name).map(Timestamp::from_unix_seconds)
}

/// Returns what kind of token this is. An app-only token may lack both `idtyp` and `roles`; it is then recognised by the
/// missing `scp`, or by `oid` and `sub` being the same. An ID token names no client.
fn kind(payload: &Members<'_>, client: Option<ClientId>) -> Result<Kind, ClaimError> {
    let typed_as_app = payload.optional_string("idtyp")?.is_some_and(|kind| kind != "user");
    let object = payload.optional_string("oid")?;
    let is_its_own_subject = object.is_some() && object == payload.optional_string("sub")?;
    Ok(match (payload.has("scp"), client) {
        _ if typed_as_app || is_its_own_subject => Kind::AppOnly,
        (true, _) => Kind::DelegatedAccess,
        (false, Some(_)) => Kind::AppOnly,
        (false, None) => Kind::Id,
    })
}

/// Returns the person's groups. A registration can emit them "as roles": they are then in `roles`, and `groups` is absent.
/// Without a list, the marks of an overage count: reading them as "no groups" would silently remove access.
fn groups(payload: &Members<'_>) -> Result<Groups, ClaimError> {
    let listed = payload.optional_strings("groups")?;
    let elsewhere = payload.optional_object("_claim_names")?.is_some_and(|names| names.has("groups"));
    let none_listed = listed.as_ref().is_none_or(Vec::is_empty);
    if none_listed && (elsewhere || payload.has("hasgroups")) {
        return Ok(Groups::Overage);
    }
    let emitted = match listed {
        Some(groups) => groups,
        None => payload.optional_strings("roles")?.unwrap_or_default(),
    };
    Ok(Groups::Listed(emitted.iter().filter_map(|entry| entry.parse().ok()).collect()))
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

    fn listed(groups: &[&str]) -> Groups {
        Groups::Listed(groups.iter().map(|group| group.parse().unwrap()).collect())
    }

    #[test]
    fn refuses_a_missing_claim() {
        for name in ["ver", "iss", "aud", "tid", "exp", "nbf", "iat"] {
            let refusal = read(|claims| {
                claims.as_object_mut().unwrap().remove(name);
            });
            assert_eq!(refusal.unwrap_err(), ClaimError::Missing(name).into());
        }
    }

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
            MalformedTokenError::Version.into()
        );
        assert_eq!(
            read(|claims| claims["TID"] = json!(GROUP)).unwrap_err(),
            MalformedTokenError::AmbiguousTenant.into()
        );
    }

    #[test]
    fn distinguishes_access_tokens_from_id_and_app_only_tokens() {
        let kind = |change: fn(&mut Value)| read(change).unwrap().kind;
        assert_eq!(kind(|_| ()), Kind::DelegatedAccess);
        assert_eq!(kind(|claims| claims["idtyp"] = json!("user")), Kind::DelegatedAccess);
        assert_eq!(kind(|claims| claims["idtyp"] = json!("app")), Kind::AppOnly);
        assert_eq!(kind(|claims| claims["sub"] = json!(GROUP)), Kind::AppOnly);
        assert_eq!(kind(|claims| drop(claims.as_object_mut().unwrap().remove("scp"))), Kind::AppOnly);
        assert_eq!(
            kind(|claims| ["scp", "appid"]
                .iter()
                .for_each(|name| drop(claims.as_object_mut().unwrap().remove(*name)))),
            Kind::Id
        );
    }

    #[test]
    fn groups_come_from_groups_or_else_from_roles_and_never_from_wids() {
        let groups = |change: fn(&mut Value)| read(change).unwrap().groups;
        assert_eq!(groups(|_| ()), listed(&[GROUP]));
        assert_eq!(groups(|claims| claims["groups"] = json!(["Planners", GROUP])), listed(&[GROUP]));
        let without = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("groups"));
        assert_eq!(read(without).unwrap().groups, listed(&[]));
        let as_roles = read(|claims| {
            without(claims);
            claims["roles"] = json!(["PoziServer.Read", GROUP]);
            claims["wids"] = json!(["62e90394-69f5-4237-9190-012177145e10"]);
        });
        assert_eq!(as_roles.unwrap().groups, listed(&[GROUP]));
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
            assert_eq!(absent.unwrap().groups, Groups::Overage);
            assert_eq!(empty.unwrap().groups, Groups::Overage);
        }
        let elsewhere = read(|claims| claims["_claim_names"] = json!({"other": "src1"}));
        assert_eq!(elsewhere.unwrap().groups, listed(&[GROUP]));
    }
}
