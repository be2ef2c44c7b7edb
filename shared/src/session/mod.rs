//! The Pozi session token: its claims, how it is minted, and the verifier for the servers of data.

mod claims;
mod contents;
mod issuer_keys;
mod key_set;
mod mint;
mod refusal;
mod size;
mod source;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::{Issuer, IssuerError, SessionClaims},
    contents::SessionContents,
    issuer_keys::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    key_set::{SessionKey, SessionKeySet, SessionKeySetError},
    mint::mint,
    refusal::SessionRefusal,
    size::{LARGE_SESSION_BYTES, MAX_SESSION_BYTES, SessionTooLarge, check_size, longest_session},
    source::{SessionKeyError, SessionKeySource},
    verify::{CLOCK_AHEAD, SessionVerifier, VerifiedSession, WOULD_BE_REFUSED},
};
