//! Authentication: an Entra access token is parsed ([`UnverifiedToken`]), matched with a key of its tenant
//! ([`TenantKeys`]) and verified ([`verify`]) into a [`VerifiedSubject`], which nothing else can build.

mod claims;
mod cloud;
mod key_set;
mod keys;
mod refusal;
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
    refusal::{MalformedTokenError, SubjectRefusal},
    source::{KeySetFetch, KeySetMemory, StoredKeySet},
    unverified::UnverifiedToken,
    verify::{Expected, VerifiedSubject, verify},
};
