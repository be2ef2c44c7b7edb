//! Tokens that are something else than an access token with which a client acts for a person of an organisation. No key and
//! no site could make them acceptable, so they are named before either is looked up.

use super::{CONSUMER_TENANT, SubjectRefusal};
use crate::{error::shortened, identifiers::TenantId, json::Members};

/// The audiences of Microsoft Graph and of its predecessor Azure AD Graph, in every cloud, without a trailing slash.
/// Source: <https://learn.microsoft.com/graph/deployments>.
const GRAPH: [&str; 9] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
    "00000002-0000-0000-c000-000000000000",
    "https://graph.windows.net",
    "https://graph.microsoftazure.us",
    "https://graph.chinacloudapi.cn",
];

/// The domains of tenants for customers: Azure AD B2C and Entra External ID.
const CUSTOMER_DOMAINS: [&str; 2] = ["b2clogin", "ciamlogin"];

/// Refuses a token that another service issued or accepts, and one that only its holder may use.
pub(super) fn refuse_other_services(payload: &Members<'_>) -> Result<(), SubjectRefusal> {
    // Accepted without the proof, a stolen one could be used like any bearer token (RFC 7800 §3).
    if payload.has("cnf") {
        return Err(SubjectRefusal::ProofOfPossession { mark: "claim `cnf`" });
    }
    if is_of_a_customer(payload) {
        let issuer = payload.optional_string("iss").ok().flatten().unwrap_or_default();
        return Err(SubjectRefusal::B2cToken { issuer: shortened(issuer) });
    }
    if tenant(payload) == Some(CONSUMER_TENANT) {
        return Err(SubjectRefusal::PersonalAccount);
    }
    match payload.optional_string("aud") {
        Ok(Some(audience)) if is_graph(audience) => {
            Err(SubjectRefusal::GraphToken { mark: format!("its audience is `{audience}`") })
        }
        _ => Ok(()),
    }
}

/// Refuses ID tokens and app-only tokens. An ID token has the same `typ` as an access token, in version 2.0 the same `aud`,
/// and names no client in `client_claim`. An app-only token may lack both `idtyp` and `roles`; it is then recognised by the
/// missing `scp`, or by `oid` and `sub` being the same.
pub(super) fn refuse_other_kinds(payload: &Members<'_>, client_claim: &str) -> Result<(), SubjectRefusal> {
    let typed_as_app = payload.optional_string("idtyp")?.is_some_and(|kind| kind != "user");
    let object = payload.optional_string("oid")?;
    let is_its_own_subject = object.is_some() && object == payload.optional_string("sub")?;
    match (payload.has("scp"), payload.has(client_claim)) {
        _ if typed_as_app || is_its_own_subject => Err(SubjectRefusal::AppOnlyToken),
        (true, _) => Ok(()),
        (false, true) => Err(SubjectRefusal::AppOnlyToken),
        (false, false) => Err(SubjectRefusal::IdToken),
    }
}

fn tenant(payload: &Members<'_>) -> Option<TenantId> {
    payload.optional_parsed("tid").ok().flatten()
}

fn is_graph(audience: &str) -> bool {
    let bare = audience.strip_suffix('/').unwrap_or(audience);
    GRAPH.iter().any(|graph| graph.eq_ignore_ascii_case(bare))
}

/// Whether a tenant for customers issued the token: by its issuer's domain, or by the user flow in `tfp` or `acr`, since the
/// domain can be the customer's own.
/// Source: <https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview>.
fn is_of_a_customer(payload: &Members<'_>) -> bool {
    let text = |name| payload.optional_string(name).ok().flatten().unwrap_or_default();
    let host = text("iss").strip_prefix("https://").and_then(|rest| rest.split('/').next());
    let by_domain = host.is_some_and(|host| host.split('.').any(|label| CUSTOMER_DOMAINS.contains(&label)));
    by_domain || payload.has("tfp") || text("acr").to_ascii_lowercase().starts_with("b2c_1")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::ClaimError;

    const PERSON: &str = "4d1fb0e1-6a0c-4c1c-b8f1-0f6d2d3f8a01";

    fn kind(change: impl FnOnce(&mut Value)) -> Result<(), SubjectRefusal> {
        let mut claims = json!({
            "iss": "https://sts.windows.net/x/", "aud": "https://poziserver-riverbend.example/pozi", "tid": PERSON,
            "oid": PERSON, "sub": "pairwise", "appid": PERSON, "scp": "user_impersonation", "acr": "1",
        });
        change(&mut claims);
        let claims = claims.to_string();
        let payload = Members::parse(claims.as_bytes()).unwrap();
        refuse_other_services(&payload)?;
        refuse_other_kinds(&payload, "appid")
    }

    fn without(claims: &mut Value, names: &[&str]) {
        for name in names {
            claims.as_object_mut().unwrap().remove(*name).unwrap();
        }
    }

    /// RFC 8725 §3.8; RFC 9700 §4.15.1.
    #[test]
    fn distinguishes_access_tokens_from_id_and_app_only_tokens() {
        assert_eq!(kind(|_| ()), Ok(()));
        assert_eq!(kind(|claims| claims["idtyp"] = json!("user")), Ok(()));
        for spoil in [
            |claims: &mut Value| claims["idtyp"] = json!("app"),
            |claims: &mut Value| claims["sub"] = json!(PERSON),
            |claims: &mut Value| without(claims, &["scp"]),
        ] {
            assert_eq!(kind(spoil), Err(SubjectRefusal::AppOnlyToken));
        }
        assert_eq!(kind(|claims| without(claims, &["scp", "appid"])), Err(SubjectRefusal::IdToken));
        assert_eq!(kind(|claims| claims["oid"] = json!(7)), Err(ClaimError::WrongForm("oid").into()));
    }

    #[test]
    fn recognises_graph_by_its_audience_in_every_cloud() {
        for audience in GRAPH {
            for audience in [audience.to_owned(), format!("{audience}/"), audience.to_uppercase()] {
                let mark = format!("its audience is `{audience}`");
                let found = kind(|claims| claims["aud"] = json!(audience));
                assert_eq!(found, Err(SubjectRefusal::GraphToken { mark }));
            }
        }
        for audience in ["https://graph.microsoft.com//", "https://graph.microsoft.com.evil.example", "graph"]
        {
            assert_eq!(kind(|claims| claims["aud"] = json!(audience)), Ok(()), "{audience}");
        }
    }

    #[test]
    fn recognises_tenants_for_customers_by_domain_or_user_flow() {
        for domain in ["b2clogin.com", "b2clogin.cn", "ciamlogin.com"] {
            let issuer = format!("https://customers.{domain}/7f2b/v2.0/");
            let found = kind(|claims| {
                without(claims, &["tid"]);
                claims["iss"] = json!(issuer);
            });
            assert_eq!(found, Err(SubjectRefusal::B2cToken { issuer }));
        }
        for (name, value) in [("tfp", "signin"), ("acr", "b2c_1_signin"), ("acr", "B2C_1A_signin")] {
            let found = kind(|claims| claims[name] = json!(value));
            assert!(matches!(found, Err(SubjectRefusal::B2cToken { .. })), "{name} {value}");
        }
        let path = "https://login.microsoftonline.com/b2clogin.com/v2.0";
        assert_eq!(kind(|claims| claims["iss"] = json!(path)), Ok(()), "not in the host");
    }

    #[test]
    fn recognises_personal_accounts_but_not_their_guests() {
        let personal = CONSUMER_TENANT.to_string().to_uppercase();
        let found = kind(|claims| {
            without(claims, &["scp", "appid"]);
            claims["tid"] = json!(personal);
        });
        assert_eq!(found, Err(SubjectRefusal::PersonalAccount));
        assert_eq!(kind(|claims| claims["idp"] = json!("live.com")), Ok(()));
    }

    /// RFC 10017 §9.2.
    #[test]
    fn refuses_a_token_whose_holder_must_prove_to_have_its_key() {
        for value in [json!({"kid": "k"}), json!({"x5t#S256": "t"}), json!({}), json!(null)] {
            let found = kind(|claims| claims["cnf"] = value.clone());
            assert_eq!(found, Err(SubjectRefusal::ProofOfPossession { mark: "claim `cnf`" }), "{value}");
        }
    }
}
