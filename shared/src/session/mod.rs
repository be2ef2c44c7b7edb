//! The Pozi session token: its claims, how it is minted, and the verifier for the servers of data.

mod claims;
mod contents;
mod issuer_keys;
mod issuer_revocations;
mod key_set;
mod mint;
mod refusal;
mod revocation_limit;
mod size;
mod source;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::SessionClaims,
    contents::SessionContents,
    issuer_keys::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    issuer_revocations::{IssuerRevocations, REVOCATION_LIFETIMES, REVOKED_WITHIN, RevocationStatus},
    key_set::{SessionKeySet, SessionKeySetError},
    mint::mint,
    refusal::SessionRefusal,
    revocation_limit::{RevocationLimit, RevocationsUnavailableError},
    size::{LARGE_SESSION_BYTES, MAX_SESSION_BYTES, SessionTooLarge, check_size, longest_session},
    source::{SessionKeyError, SessionKeySource},
    verify::{SessionVerifier, VerifiedSession, WOULD_BE_REFUSED},
};
pub use crate::{
    issuer::{Issuer, IssuerError},
    timestamp::CLOCK_AHEAD,
};
