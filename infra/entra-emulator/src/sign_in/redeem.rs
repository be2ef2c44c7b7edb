//! The token endpoint (RFC 6749 §4.1.3 and §6, RFC 7636 §4.6): a code, a refresh token
//! or an app's own credential in, tokens out.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    super::{EmulatedEntra, Kind, Mistake, Registration, TokenSpec, Version},
    client_credentials::{self, ClientProof},
    error::{self, EntraError},
    memory::{Authorization, CodeGrant, REFRESH_TOKEN_LIFETIME},
    scopes::Resource,
};

/// The parameters of the request.
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
    #[serde(flatten)]
    proof: ClientProof,
}

/// Answers a request at `now` (Unix seconds). `origin` is that of the page that sent it, if a page did.
pub(super) fn redeem(
    entra: &EmulatedEntra,
    tenant: &str,
    request: &TokenRequest,
    origin: Option<&str>,
    now: u64,
) -> Result<Value, EntraError> {
    let registration = entra
        .client(tenant, &request.client_id)
        .ok_or_else(|| error::no_such_client(&request.client_id, tenant))?;
    let mistake = entra.mistake();
    let (authorization, nonce, until) = match request.grant_type.as_str() {
        "authorization_code" => {
            let grant = redeem_code(entra, registration, request, now)?;
            (grant.authorization, grant.nonce, now + REFRESH_TOKEN_LIFETIME)
        }
        "refresh_token" => {
            let (authorization, until) = redeem_refresh_token(entra, registration, request, now)?;
            (authorization, None, until)
        }
        "client_credentials" => {
            return client_credentials::issue(entra, registration, &request.proof, &request.scope, now);
        }
        "" => return Err(error::missing("grant_type")),
        other => return Err(error::unsupported_grant_type(other)),
    };
    check_client_type(mistake, origin)?;
    if mistake == Some(Mistake::AssignmentRequired) {
        return Err(error::no_longer_assigned(authorization.person, registration));
    }
    Ok(tokens(entra, registration, &authorization, nonce, (now, until)))
}

/// Only pages may redeem for a redirect URI of the type single-page application, and for no other (Microsoft: "Redirect
/// URI type").
fn check_client_type(mistake: Option<Mistake>, origin: Option<&str>) -> Result<(), EntraError> {
    let is_spa = mistake != Some(Mistake::RedirectNotSpa);
    match (is_spa, origin) {
        (true, Some(_)) => Ok(()),
        (true, None) => Err(error::only_a_spa()),
        (false, Some(origin)) => Err(error::not_a_spa(origin)),
        (false, None) => Err(error::secret_missing()),
    }
}

fn redeem_code(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &TokenRequest,
    now: u64,
) -> Result<CodeGrant, EntraError> {
    let grant = entra.memory().redeem(&request.code, now).ok_or_else(error::invalid_code)?;
    if !is_of(&grant.authorization, registration) {
        return Err(error::invalid_code());
    }
    if grant.redirect != request.redirect_uri {
        return Err(error::redirect_mismatch(&request.redirect_uri, registration));
    }
    match &grant.challenge {
        Some(challenge) if *challenge != challenge_of(&request.code_verifier) => Err(error::wrong_verifier()),
        _ => Ok(grant),
    }
}

fn redeem_refresh_token(
    entra: &EmulatedEntra,
    registration: &Registration,
    request: &TokenRequest,
    now: u64,
) -> Result<(Authorization, u64), EntraError> {
    let known = entra.memory().refresh(&request.refresh_token, now);
    let (mut authorization, until) = known
        .filter(|(authorization, _)| is_of(authorization, registration))
        .ok_or_else(error::refresh_token_expired)?;
    // One refresh token serves every resource of the tenant.
    if !request.scope.is_empty() {
        authorization.resource = Resource::of_scopes(&request.scope, registration, entra.mistake())?;
    }
    Ok((authorization, until))
}

fn is_of(authorization: &Authorization, registration: &Registration) -> bool {
    authorization.client == registration.client_id && authorization.tenant == registration.tenant_id
}

fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// The token response. The access token has the version that the registration requests, the ID token the endpoint's.
fn tokens(
    entra: &EmulatedEntra,
    registration: &Registration,
    authorization: &Authorization,
    nonce: Option<String>,
    (now, until): (u64, u64),
) -> Value {
    let ask =
        TokenSpec { site: registration.site.clone(), person: authorization.person, ..TokenSpec::default() };
    let kind = match authorization.resource {
        Resource::Api => Kind::Access,
        Resource::Graph => Kind::Graph,
    };
    let access = entra.token(&TokenSpec { kind, ..ask.clone() }, now).unwrap_or_default();
    let mut id =
        entra.claims(&TokenSpec { kind: Kind::Id, version: Version::V2, ..ask }, now).unwrap_or_default();
    id["nonce"] = nonce.unwrap_or_default().into();
    let lifetime = expiry(&access).unwrap_or(now).saturating_sub(now);
    let client_info = client_info(&id);
    json!({
        "token_type": "Bearer",
        "scope": authorization.resource.scope(registration),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access,
        "refresh_token": entra.memory().refresh_token_for(authorization.clone(), until),
        "refresh_token_expires_in": until - now,
        "id_token": entra.sign(&entra.header(Version::V2), &id),
        "client_info": client_info,
    })
}

/// `exp` of a token that this directory issued.
fn expiry(token: &str) -> Option<u64> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Value>(&claims).ok()?["exp"].as_u64()
}

/// `client_info`, which MSAL requests: the person's object id and tenant.
pub(super) fn client_info(id_token: &Value) -> String {
    let info = json!({"uid": id_token["oid"], "utid": id_token["tid"]});
    URL_SAFE_NO_PAD.encode(info.to_string())
}
