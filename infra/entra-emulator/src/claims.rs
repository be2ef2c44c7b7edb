//! The claims that Entra ID puts into access tokens and ID tokens of versions 1.0 and 2.0.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Map, Value, json};
use uuid::{Builder, Uuid};

use super::{CONSUMER_TENANT, Kind, Person, Registration, TokenSpec, Version};

/// The shortest and longest lifetime of an access token, in seconds. Entra picks one at random to spread the load.
const MIN_LIFETIME: u64 = 65 * 60;
const MAX_LIFETIME: u64 = 90 * 60;

/// Microsoft Graph as an audience: requested by its URL.
pub(super) const GRAPH: &str = "https://graph.microsoft.com";
/// The scope of a person's token for Microsoft Graph.
pub(super) const GRAPH_SCOPE: &str = "email openid profile User.Read";
/// The most groups that a token lists.
const MAX_LISTED: usize = 200;

/// The claims of the requested token. `None` for the ID token of an app, which gets none.
pub(super) fn claims(registration: &Registration, ask: &TokenSpec, now: u64) -> Option<Value> {
    let mut claims = Map::new();
    let mut add = |more| {
        if let Value::Object(more) = more {
            claims.extend(more);
        }
    };
    add(of_every_token(registration, ask, now));
    match (ask.person, ask.kind) {
        (Person::AppOnly, Kind::Id) => return None,
        (Person::AppOnly, Kind::Access) => add(of_an_app(registration, ask.version)),
        (person, Kind::Access) => {
            add(of_an_access_token(registration, person, ask.version));
            add(of_a_person(person, ask.version));
            add(of_membership(registration, person));
        }
        (Person::AppOnly, Kind::Graph) => {
            add(of_an_app(registration, ask.version));
            add(json!({ "idtyp": "app", "roles": ["GroupMember.Read.All", "User.Read.All"] }));
        }
        (person, Kind::Graph) => {
            add(of_an_access_token(registration, person, ask.version));
            add(of_a_person(person, ask.version));
            add(json!({ "scp": GRAPH_SCOPE }));
        }
        (person, Kind::Id) => {
            add(json!({ "nonce": Uuid::new_v4().to_string() }));
            add(of_a_person(person, ask.version));
            add(of_membership(registration, person));
        }
    }
    Some(Value::Object(claims))
}

fn of_every_token(registration: &Registration, ask: &TokenSpec, now: u64) -> Value {
    let Registration { tenant_id, client_id, app_id_uri, .. } = registration;
    let object = object_id(registration, ask.person);
    let audience = match (ask.version, ask.kind) {
        (_, Kind::Graph) => GRAPH.to_owned(),
        (Version::V1, Kind::Access) => app_id_uri.clone(),
        _ => client_id.to_string(),
    };
    let lifetime = match ask.kind {
        Kind::Access | Kind::Graph => {
            MIN_LIFETIME + Uuid::new_v4().as_u64_pair().1 % (MAX_LIFETIME - MIN_LIFETIME + 1)
        }
        Kind::Id => MIN_LIFETIME,
    };
    let subject = match ask.person {
        Person::AppOnly => object.to_string(),
        _ => URL_SAFE_NO_PAD.encode(stable(&["sub", &client_id.to_string(), &object.to_string()])),
    };
    json!({
        "aud": audience,
        "iss": ask.version.issuer(&tenant_id.to_string()),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "aio": opaque(),
        "oid": object.to_string(),
        "rh": refresh_hint(*tenant_id, *client_id),
        "sub": subject,
        "tid": tenant_id.to_string(),
        "uti": URL_SAFE_NO_PAD.encode(Uuid::new_v4()),
        "ver": ask.version.name(),
    })
}

fn of_an_access_token(registration: &Registration, person: Person, version: Version) -> Value {
    let client = registration.client_id.to_string();
    let account = u8::from(person == Person::Guest);
    match version {
        Version::V1 => json!({
            "acct": account, "acr": "1", "appid": client, "appidacr": "0", "scp": "user_impersonation",
        }),
        Version::V2 => json!({
            "acct": account, "azp": client, "azpacr": "0", "scp": "user_impersonation",
        }),
    }
}

fn of_an_app(registration: &Registration, version: Version) -> Value {
    let client = registration.client_id.to_string();
    match version {
        Version::V1 => json!({
            "appid": client,
            "appidacr": "1",
            "idp": Version::V1.issuer(&registration.tenant_id.to_string()),
            "roles": ["Daemon"],
        }),
        Version::V2 => json!({"azp": client, "azpacr": "1", "roles": ["Daemon"]}),
    }
}

fn of_a_person(person: Person, version: Version) -> Value {
    let (given, family, address) = person.names();
    let name = format!("{given} {family}");
    let mut claims = match version {
        Version::V1 => json!({
            "amr": ["pwd"],
            "family_name": family,
            "given_name": given,
            "ipaddr": "192.0.2.10",
            "name": name,
        }),
        Version::V2 => json!({"name": name, "preferred_username": address}),
    };
    if person == Person::Guest {
        claims["idp"] = Version::V1.issuer(&CONSUMER_TENANT.to_string()).into();
    }
    match (version, person) {
        (Version::V1, Person::Guest) => {
            claims["email"] = address.into();
            claims["unique_name"] = format!("live.com#{address}").into();
        }
        (Version::V1, _) => {
            claims["unique_name"] = address.into();
            claims["upn"] = address.into();
        }
        (Version::V2, _) => {}
    }
    claims
}

/// The groups of a person that a site may name. A token lists others too, or none if there are too many.
pub(super) fn groups_of(registration: &Registration, person: Person) -> Vec<Uuid> {
    let Registration { reader_groups, editor_groups, .. } = registration;
    match person {
        Person::Reader | Person::Guest | Person::Overage => reader_groups.clone(),
        Person::Editor => [editor_groups.as_slice(), reader_groups].concat(),
        Person::NoGroups | Person::AppOnly => Vec::new(),
    }
}

fn of_membership(registration: &Registration, person: Person) -> Value {
    match person {
        Person::Reader | Person::Guest | Person::Editor => {
            json!({ "groups": with_another(registration, &groups_of(registration, person)) })
        }
        Person::Overage => overage(registration, person),
        Person::NoGroups | Person::AppOnly => json!({}),
    }
}

/// What a token has instead of the groups of a person in more than it can list.
fn overage(registration: &Registration, person: Person) -> Value {
    let (tenant, object) = (registration.tenant_id, object_id(registration, person));
    let endpoint = format!("https://graph.windows.net/{tenant}/users/{object}/getMemberObjects");
    json!({
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": endpoint}},
    })
}

/// Makes `claims` those of a person who is in exactly `groups`.
pub(super) fn set_membership(
    claims: &mut Value,
    registration: &Registration,
    person: Person,
    groups: &[Uuid],
) {
    let membership = match groups.len() {
        0 => json!({}),
        1..=MAX_LISTED => json!({ "groups": groups.iter().map(Uuid::to_string).collect::<Vec<_>>() }),
        _ => overage(registration, person),
    };
    if let (Value::Object(claims), Value::Object(membership)) = (claims, membership) {
        claims.retain(|name, _| !["groups", "_claim_names", "_claim_sources"].contains(&name.as_str()));
        claims.extend(membership);
    }
}

/// The ids of `groups`, and of one that is in no site file: people are in other groups too.
fn with_another(registration: &Registration, groups: &[Uuid]) -> Vec<String> {
    let another = stable_guid(&["group", &registration.site, "of another department"]);
    [another].iter().chain(groups).map(Uuid::to_string).collect()
}

pub(super) fn object_id(registration: &Registration, person: Person) -> Uuid {
    stable_guid(&["oid", &registration.site, person.name()])
}

/// A GUID that looks random, like Entra's, and is always the same for `parts`.
fn stable_guid(parts: &[&str]) -> Uuid {
    let mut guid = [0; 16];
    guid.copy_from_slice(&stable(parts)[..16]);
    Builder::from_random_bytes(guid).into_uuid()
}

fn stable(parts: &[&str]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, parts.join("\0").as_bytes()).as_ref());
    bytes
}

/// Claim `aio`: internal to Entra, so only its form is emulated.
fn opaque() -> String {
    STANDARD.encode([Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat())
}

/// Claim `rh`: internal to Entra; tenant and client can be recognised in it.
fn refresh_hint(tenant: Uuid, client: Uuid) -> String {
    let bytes = [&[1, 31, 0], &tenant.to_bytes_le()[..], &client.to_bytes_le()[..], &[31, 0, 0]].concat();
    format!("0.{}.", URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::super::tests::riverbend;
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn of(person: Person, version: Version, kind: Kind) -> Value {
        claims(&riverbend(), &TokenSpec { site: String::new(), person, version, kind }, NOW).unwrap()
    }

    fn members(claims: &Value) -> Vec<&str> {
        let mut members: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        members
    }

    #[test]
    fn a_v1_access_token_has_the_real_members() {
        let reader = of(Person::Reader, Version::V1, Kind::Access);
        let expected = "acct acr aio amr appid appidacr aud exp family_name given_name groups iat ipaddr iss name nbf \
                        oid rh scp sub tid unique_name upn uti ver";
        assert_eq!(members(&reader), expected.split(' ').collect::<Vec<_>>());
        let Registration { tenant_id, client_id, app_id_uri, .. } = riverbend();
        assert_eq!(reader["aud"], app_id_uri);
        assert_eq!(reader["iss"], format!("https://sts.windows.net/{tenant_id}/"));
        assert_eq!(reader["appid"], client_id.to_string());
        assert_eq!(reader["appidacr"], "0");
        assert_eq!(reader["scp"], "user_impersonation");
        assert_eq!(reader["ver"], "1.0");
    }

    #[test]
    fn a_v2_access_token_has_the_real_members() {
        let reader = of(Person::Reader, Version::V2, Kind::Access);
        let expected = "acct aio aud azp azpacr exp groups iat iss name nbf oid preferred_username rh scp sub tid uti ver";
        assert_eq!(members(&reader), expected.split(' ').collect::<Vec<_>>());
        let Registration { tenant_id, client_id, .. } = riverbend();
        assert_eq!(reader["aud"], client_id.to_string());
        assert_eq!(reader["iss"], format!("https://login.microsoftonline.com/{tenant_id}/v2.0"));
        assert_eq!(reader["azp"], reader["aud"]);
        assert_eq!(reader["azpacr"], "0");
        assert_eq!(reader["ver"], "2.0");
    }

    #[test]
    fn an_id_token_is_for_the_client_and_has_no_scope() {
        let v1 = of(Person::Reader, Version::V1, Kind::Id);
        let expected = "aio amr aud exp family_name given_name groups iat ipaddr iss name nbf nonce oid rh sub tid \
                        unique_name upn uti ver";
        assert_eq!(members(&v1), expected.split(' ').collect::<Vec<_>>());
        let v2 = of(Person::Reader, Version::V2, Kind::Id);
        let expected = "aio aud exp groups iat iss name nbf nonce oid preferred_username rh sub tid uti ver";
        assert_eq!(members(&v2), expected.split(' ').collect::<Vec<_>>());
        for token in [v1, v2] {
            assert_eq!(token["aud"], riverbend().client_id.to_string());
        }
    }

    #[test]
    fn a_person_is_the_same_in_every_token_and_differs_from_site_to_site() {
        let first = of(Person::Reader, Version::V1, Kind::Access);
        for again in
            [of(Person::Reader, Version::V2, Kind::Access), of(Person::Reader, Version::V1, Kind::Id)]
        {
            for claim in ["oid", "sub", "tid", "groups"] {
                assert_eq!(first[claim], again[claim]);
            }
            assert_ne!(first["uti"], again["uti"]);
        }
        assert_ne!(first["oid"], first["sub"]);
        assert_ne!(first["oid"], of(Person::Editor, Version::V1, Kind::Access)["oid"]);
        let hilltop = Registration { site: "hilltop".to_owned(), ..riverbend() };
        let elsewhere = claims(&hilltop, &TokenSpec::default(), NOW).unwrap();
        assert_ne!(first["oid"], elsewhere["oid"]);
    }

    #[test]
    fn times_follow_the_time_of_issue() {
        for kind in [Kind::Access, Kind::Id] {
            let token = of(Person::Reader, Version::V1, kind);
            assert_eq!((&token["iat"], &token["nbf"]), (&NOW.into(), &NOW.into()));
            let life = token["exp"].as_u64().unwrap() - NOW;
            assert!((65 * 60..=90 * 60).contains(&life), "{life}");
        }
    }

    #[test]
    fn groups_are_the_persons_and_an_unrelated_one() {
        let Registration { reader_groups, editor_groups, .. } = riverbend();
        let groups = |person| {
            let token = of(person, Version::V1, Kind::Access);
            let groups = token["groups"].as_array().unwrap().iter();
            groups.map(|group| group.as_str().unwrap().parse().unwrap()).collect::<Vec<Uuid>>()
        };
        for (person, expected) in [
            (Person::Reader, reader_groups.clone()),
            (Person::Guest, reader_groups.clone()),
            (Person::Editor, [editor_groups.clone(), reader_groups].concat()),
        ] {
            let groups = groups(person);
            assert!(expected.iter().all(|group| groups.contains(group)));
            assert_eq!(groups.len(), expected.len() + 1);
        }
        assert_eq!(groups(Person::Reader), groups(Person::Guest));
    }

    #[test]
    fn a_person_without_groups_has_no_groups_claim() {
        for version in [Version::V1, Version::V2] {
            let token = of(Person::NoGroups, version, Kind::Access);
            assert!(
                !members(&token).iter().any(|claim| ["groups", "_claim_names", "hasgroups"].contains(claim))
            );
        }
    }

    #[test]
    fn too_many_groups_are_only_referred_to() {
        let token = of(Person::Overage, Version::V2, Kind::Access);
        assert_eq!(token.get("groups"), None);
        assert_eq!(token["_claim_names"], json!({"groups": "src1"}));
        let (tenant, object) = (riverbend().tenant_id, token["oid"].as_str().unwrap());
        assert_eq!(
            token["_claim_sources"]["src1"]["endpoint"],
            format!("https://graph.windows.net/{tenant}/users/{object}/getMemberObjects")
        );
    }

    #[test]
    fn a_guest_comes_from_another_tenant() {
        let v1 = of(Person::Guest, Version::V1, Kind::Access);
        assert_eq!(v1["idp"], "https://sts.windows.net/9188040d-6c67-4c5b-b112-36a304b66dad/");
        assert_eq!(v1["tid"], riverbend().tenant_id.to_string());
        assert_eq!(v1["acct"], 1);
        assert_eq!(v1["unique_name"], "live.com#gus.guest@example.net");
        assert_eq!(v1["email"], "gus.guest@example.net");
        assert_eq!(v1.get("upn"), None);
        let v2 = of(Person::Guest, Version::V2, Kind::Access);
        assert_eq!(v2["idp"], v1["idp"]);
    }

    #[test]
    fn an_app_has_a_role_and_no_scope_and_is_its_own_subject() {
        for (version, expected) in [
            (Version::V1, "aio appid appidacr aud exp iat idp iss nbf oid rh roles sub tid uti ver"),
            (Version::V2, "aio aud azp azpacr exp iat iss nbf oid rh roles sub tid uti ver"),
        ] {
            let token = of(Person::AppOnly, version, Kind::Access);
            assert_eq!(members(&token), expected.split(' ').collect::<Vec<_>>());
            assert_eq!(token["oid"], token["sub"]);
            assert_eq!(token["roles"], json!(["Daemon"]));
        }
        assert_eq!(of(Person::AppOnly, Version::V1, Kind::Access)["appidacr"], "1");
        assert_eq!(of(Person::AppOnly, Version::V2, Kind::Access)["azpacr"], "1");
        let ask = TokenSpec { person: Person::AppOnly, kind: Kind::Id, ..TokenSpec::default() };
        assert_eq!(claims(&riverbend(), &ask, NOW), None);
    }
}
