//! The Pozi session token: its claims, how it is minted, and the verifier for the servers of data.

mod claims;
mod contents;
mod issuer_keys;
mod issuer_revocations;
mod key_set;
mod mint;
mod size;
mod source;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::SessionClaims,
    contents::SessionContents,
    issuer_keys::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    issuer_revocations::{
        AfterLimit, IssuerRevocations, REVOCATION_LIFETIMES, REVOKED_WITHIN, RevocationLimit,
        RevocationStatus,
    },
    key_set::{SessionKey, SessionKeySet, SessionKeySetError},
    mint::mint,
    size::{LARGE_SESSION_BYTES, MAX_SESSION_BYTES, SessionTooLarge, check_size, longest_session},
    source::{RevocationsUnavailableError, SessionKeyError, SessionKeySource},
    verify::{SessionRefusal, SessionVerifier, VerifiedSession},
};
pub use crate::{
    issuer::{Issuer, IssuerError},
    timestamp::CLOCK_AHEAD,
};
