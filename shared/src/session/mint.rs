//! Mints a session: header and claims written down, then signed by whoever holds the key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{SessionClaims, claims::TYPE};
use crate::{
    keyring::SigningKey,
    ports::{Signer, SigningUnavailable},
};

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

/// The compact JWS of `claims`, signed with `key`.
pub async fn mint<S: Signer>(
    claims: &SessionClaims,
    key: &SigningKey<S>,
) -> Result<String, SigningUnavailable> {
    let header = Header { typ: TYPE, alg: key.algorithm.name(), kid: key.id.as_str() };
    let mut token = String::with_capacity(1_024);
    append(&mut token, &header)?;
    token.push('.');
    append(&mut token, claims)?;
    let signature = key.sign(token.as_bytes()).await?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

fn append(token: &mut String, part: &impl Serialize) -> Result<(), SigningUnavailable> {
    let json = serde_json::to_vec(part).map_err(|error| SigningUnavailable(error.to_string()))?;
    URL_SAFE_NO_PAD.encode_string(json, token);
    Ok(())
}
