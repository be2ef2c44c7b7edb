//! The Pozi session token: its claims, how it is minted, and the verifier for everybody who serves the data.

mod claims;
mod issuer_keys;
mod key_set;
mod mint;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::{Issuer, NotAnIssuer, SessionClaims, SessionId},
    issuer_keys::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    key_set::{KeySet, NotAKeySet},
    mint::mint,
    verify::{CLOCK_AHEAD, SessionKey, SessionRefusal, SessionVerifier, VerifiedSession},
};
