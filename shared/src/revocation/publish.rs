//! Makes the document of a list, and has it signed.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{
    RevocationList,
    limits::{MAX_GROUPS, MAX_REVOCATION_BYTES, REVOCATIONS_TYPE},
    payload::{Group, Payload, write},
    rice::MAX_RICE,
};
use crate::{
    issuer::Issuer,
    keyring::{KeyId, Signer, SigningAlgorithm, SigningError, SigningKey},
    timestamp::Timestamp,
};

/// How long a document keeps its time, and so its bytes, if nothing changes.
pub const REISSUED_AFTER: Duration = Duration::from_mins(1);

/// The most keys in a document: the ones that were revoked last. Older ones are published nowhere, and the exchange knows
/// them all.
const MAX_KEYS: usize = 8;

/// The widths of the buckets that times are gathered into, in seconds.
const WIDTHS: [u64; 5] = [1, 60, 300, 900, 3_600];

/// A document before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationDraft {
    message: String,
    etag: String,
}

/// A signed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedRevocations {
    /// The compact JWS.
    pub document: String,
    /// Its validator (RFC 9110 §8.8.3): weak, because a signature over the same content may differ.
    pub etag: String,
}

/// The entries do not fit into a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the revocation list does not fit into a document of {MAX_REVOCATION_BYTES} bytes")]
pub struct DocumentTooLargeError;

impl RevocationDraft {
    /// Returns the document of `list` at `now`, to be signed with the key `key_id` of `algorithm`.
    pub fn of(
        list: &RevocationList,
        issuer: &Issuer,
        (key_id, algorithm): (&KeyId, SigningAlgorithm),
        now: Timestamp,
    ) -> Result<Self, DocumentTooLargeError> {
        let issued_at = Self::issued_at(now);
        let header = Header { typ: REVOCATIONS_TYPE, alg: algorithm.name(), kid: key_id.as_str() };
        let header = encoded(&header).ok_or(DocumentTooLargeError)?;
        let signature = (algorithm.signature_bytes() * 4).div_ceil(3);
        let room = MAX_REVOCATION_BYTES.saturating_sub(header.len() + ".".len() + ".".len() + signature);
        let groups = gathered(list.entries().iter().filter_map(|entry| entry.live_mark(now)).collect());
        let keys: Vec<_> = list.keys().rev().take(MAX_KEYS).map(KeyId::to_string).collect();
        let payload = |rice| {
            let groups: Vec<_> = groups.iter().map(|(time, marks)| Group::of(*time, marks, rice)).collect();
            let (groups, set) = write(&groups, rice);
            let (sequence, ring_revision) = (list.sequence(), list.ring_revision());
            let (iss, iat, keys) = (issuer.to_string(), issued_at, keys.clone());
            encoded(&Payload { iss, iat, sequence, ring_revision, keys, rice, groups, set })
        };
        let fitting = (1..=MAX_RICE).rev().filter_map(payload).find(|payload| payload.len() <= room);
        let message = format!("{header}.{}", fitting.ok_or(DocumentTooLargeError)?);
        let etag = format!("W/\"{}-{}-{key_id}\"", list.sequence(), issued_at.unix_seconds());
        Ok(Self { message, etag })
    }

    /// Returns the `iat` of a document that is made at `now`: rounded down, so that it keeps its bytes for a minute.
    pub fn issued_at(now: Timestamp) -> Timestamp {
        let minute = REISSUED_AFTER.as_secs();
        Timestamp::from_unix_seconds(now.unix_seconds() / minute * minute)
    }

    /// Signs it with `key`, which must be the one that it was made for.
    pub async fn sign<S: Signer>(self, key: &SigningKey<S>) -> Result<SignedRevocations, SigningError> {
        let Self { message: mut document, etag, .. } = self;
        let signature = key.signer.sign(document.as_bytes()).await?;
        document.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut document);
        Ok(SignedRevocations { document, etag })
    }
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

fn encoded(part: &impl Serialize) -> Option<String> {
    Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).ok()?))
}

/// Gathers marks by their times, in the narrowest buckets of which there are not too many. The time of each group is the latest
/// in it: what was issued between an earlier one and this is refused as well, and then issued anew.
fn gathered(mut marks: Vec<(Timestamp, u64)>) -> Vec<(Timestamp, Vec<u64>)> {
    marks.sort_unstable();
    let groups = |width: u64| {
        let of_one_bucket = move |one: &(Timestamp, u64), other: &(Timestamp, u64)| {
            one.0.unix_seconds() / width == other.0.unix_seconds() / width
        };
        marks.chunk_by(of_one_bucket)
    };
    let width = WIDTHS.into_iter().find(|width| groups(*width).count() <= MAX_GROUPS).unwrap_or(u64::MAX);
    groups(width)
        .filter_map(|group| Some((group.last()?.0, group.iter().map(|(_, mark)| *mark).collect())))
        .collect()
}
