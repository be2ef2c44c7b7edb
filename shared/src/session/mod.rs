//! The Pozi session token: its claims, how it is minted, and the verifier for everybody who serves the data.

mod claims;
mod mint;
#[cfg(test)]
mod testing;
mod verify;

pub use self::{
    claims::{Issuer, NotAnIssuer, SessionClaims, SessionId},
    mint::mint,
    verify::{SessionKey, SessionRefusal, SessionVerifier, VerifiedSession},
};
