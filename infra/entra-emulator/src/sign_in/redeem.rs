//! The token endpoint (RFC 6749 §4.1.3 and §6, RFC 7636 §4.6): a code or a refresh token in, tokens out.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{EmulatedEntra, Kind, Mistake, Registration, TokenAsk, Version},
    memory::{CodeGrant, REFRESH_LIVES, Sitting},
    problem::{self, Problem},
    scopes::Resource,
};

/// The parameters as they come.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenRequest {
    client_id: String,
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    refresh_token: String,
    scope: String,
}

/// Answers a request that came from a page of `origin`, or from no page, at `now` (Unix seconds).
pub(super) fn redeem(
    entra: &EmulatedEntra,
    tenant: &str,
    request: &TokenRequest,
    origin: Option<&str>,
    now: u64,
) -> Result<Value, Problem> {
    let registration = entra
        .client(tenant, &request.client_id)
        .ok_or_else(|| problem::no_such_client(&request.client_id, tenant))?;
    let mistake = entra.mistake();
    let (sitting, nonce, until) = match request.grant_type.as_str() {
        "authorization_code" => {
            let grant = of_code(entra, registration, request, now)?;
            (grant.sitting, grant.nonce, now + REFRESH_LIVES)
        }
        "refresh_token" => {
            let (sitting, until) = of_refresh_token(entra, registration, request, now)?;
            (sitting, None, until)
        }
        "" => return Err(problem::missing("grant_type")),
        other => return Err(problem::grant_type(other)),
    };
    may_ask(mistake, origin)?;
    if mistake == Some(Mistake::AssignmentRequired) {
        return Err(problem::no_longer_assigned(sitting.person, registration));
    }
    Ok(tokens(entra, registration, &sitting, nonce, (now, until)))
}

/// A page may redeem only for a single-page application, and for such an application only a page (Microsoft:
/// "Redirect URI type"). Which of both it is depends on how the redirect URI was registered.
fn may_ask(mistake: Option<Mistake>, origin: Option<&str>) -> Result<(), Problem> {
    let is_spa = mistake != Some(Mistake::RedirectNotSpa);
    match (is_spa, origin) {
        (true, Some(_)) => Ok(()),
        (true, None) => Err(problem::only_a_spa()),
        (false, Some(origin)) => Err(problem::not_a_spa(origin)),
        (false, None) => Err(problem::no_secret()),
    }
}

fn of_code(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &TokenRequest,
    now: u64,
) -> Result<CodeGrant, Problem> {
    let grant = entra.remembered().redeem(&request.code, now).ok_or_else(problem::code_spent)?;
    if !is_of(&grant.sitting, registration) {
        return Err(problem::code_spent());
    }
    if grant.redirect != request.redirect_uri {
        return Err(problem::redirect_mismatch(&request.redirect_uri, registration));
    }
    match &grant.challenge {
        Some(challenge) if *challenge != proof_of(&request.code_verifier) => Err(problem::wrong_verifier()),
        _ => Ok(grant),
    }
}

fn of_refresh_token(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &TokenRequest,
    now: u64,
) -> Result<(Sitting, u64), Problem> {
    let known = entra.remembered().refresh(&request.refresh_token, now);
    let (mut sitting, until) =
        known.filter(|(sitting, _)| is_of(sitting, registration)).ok_or_else(problem::refresh_expired)?;
    // One refresh token serves every resource of the tenant.
    if !request.scope.is_empty() {
        sitting.resource = Resource::asked(&request.scope, registration, entra.mistake())?;
    }
    Ok((sitting, until))
}

fn is_of(sitting: &Sitting, registration: &Registration) -> bool {
    sitting.client == registration.client_id && sitting.tenant == registration.tenant_id
}

fn proof_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// The access token in the version that the registration asks for, the ID token in that of the endpoint.
fn tokens(
    entra: &EmulatedEntra,
    registration: &Registration,
    sitting: &Sitting,
    nonce: Option<String>,
    (now, until): (u64, u64),
) -> Value {
    let ask = TokenAsk { site: registration.site.clone(), person: sitting.person, ..TokenAsk::default() };
    let mut access = entra.claims(&ask, now).unwrap_or_default();
    let mut id =
        entra.claims(&TokenAsk { kind: Kind::Id, version: Version::V2, ..ask }, now).unwrap_or_default();
    id["nonce"] = nonce.unwrap_or_default().into();
    let lives = access["exp"].as_u64().unwrap_or(now).saturating_sub(now);
    let client_info = client_info(&id);
    let access = match sitting.resource {
        Resource::Api => entra.sign(&entra.header(Version::V1), &access),
        Resource::Graph => {
            for (claim, value) in [("aud", GRAPH), ("scp", "email openid profile User.Read")] {
                access[claim] = value.into();
            }
            for_graph(entra, &access)
        }
    };
    json!({
        "token_type": "Bearer",
        "scope": sitting.resource.scope(registration),
        "expires_in": lives,
        "ext_expires_in": lives,
        "access_token": access,
        "refresh_token": entra.remembered().refresh_token_for(sitting.clone(), until),
        "refresh_token_expires_in": until - now,
        "id_token": entra.sign(&entra.header(Version::V2), &id),
        "client_info": client_info,
    })
}

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// A token that only Graph can check: what is signed is not what is sent, by the header's `nonce`.
fn for_graph(entra: &EmulatedEntra, claims: &Value) -> String {
    let mut header = entra.header(Version::V1);
    header["nonce"] = Uuid::new_v4().to_string().into();
    entra.sign(&header, claims)
}

/// Who signed in, as MSAL wants to know it: the object id and the tenant.
pub(super) fn client_info(id_token: &Value) -> String {
    let info = json!({"uid": id_token["oid"], "utid": id_token["tid"]});
    URL_SAFE_NO_PAD.encode(info.to_string())
}
