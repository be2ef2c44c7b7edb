//! Authentication: an Entra access token is parsed ([`UnverifiedToken`]), its signature is verified with a key of its tenant
//! ([`TenantKeys`], [`SignedToken`]), and only then compared with what a site expects ([`verify`]), which alone builds a
//! [`VerifiedSubject`].

mod claims;
mod cloud;
mod key_set;
mod keys;
mod kind;
mod refusal;
mod signature;
#[cfg(test)]
mod signed;
mod source;
mod unverified;
mod verify;

#[cfg(test)]
pub(crate) use self::verify::testing;
pub use self::{
    claims::Groups,
    cloud::{CONSUMER_TENANT, Cloud, KeySetLocation, TokenVersion},
    key_set::{EntraKey, EntraKeySet, EntraKeySetError},
    keys::{KEY_LIFETIMES, NoKeySetMemory, TenantKeys},
    refusal::{MalformedTokenError, Place, SubjectRefusal},
    signature::SignedToken,
    source::{KeySetFetch, KeySetMemory, StoredKeySet},
    unverified::UnverifiedToken,
    verify::{Expected, VerifiedSubject, verify},
};
