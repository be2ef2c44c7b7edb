//! The Pozi session token: its claims, how it is minted, and the verifier for everybody who serves the data.

mod claims;
mod issuer_keys;
mod key;
mod key_set;
mod mint;
mod source;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::{Issuer, NotAnIssuer, SessionClaims, SessionId},
    issuer_keys::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    key::SessionKey,
    key_set::{KeySet, NotAKeySet},
    mint::mint,
    source::{SessionKeySource, SessionKeysUnavailable},
    verify::{CLOCK_AHEAD, SessionRefusal, SessionVerifier, VerifiedSession},
};
