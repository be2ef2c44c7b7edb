//! Authentication: an Entra access token is parsed ([`UnverifiedToken`]), its signature is verified with a key of its tenant
//! ([`TenantKeys`], [`SignedToken`]), and only then compared with what a site expects ([`verify`]), which alone builds a
//! [`VerifiedSubject`]. Where the token does not list the person's groups, [`GroupResolver`] adds them.

mod application;
mod claims;
mod cloud;
mod graph_token;
mod key_set;
mod keys;
mod kind;
mod memberships;
mod refusal;
mod resolver;
mod signature;
#[cfg(test)]
mod signed;
mod source;
mod unverified;
mod verify;

#[cfg(test)]
pub(crate) use self::verify::testing;
pub use self::{
    application::{
        AppRegistration, ApplicationCredential, ApplicationCredentials, ApplicationError,
        ApplicationTokenCache, ApplicationTokens, ClientCertificate, ClientSecret, CredentialError,
        CredentialFormError, IssuedToken, NoApplications, TokenEndpoint,
    },
    claims::{Groups, GroupsFrom},
    cloud::{CONSUMER_TENANT, Cloud, KeySetLocation, TokenVersion},
    graph_token::{GraphToken, GraphTokenError},
    key_set::{EntraKey, EntraKeySet, EntraKeySetError},
    keys::{KEY_LIFETIMES, NoKeySetMemory, TenantKeys},
    memberships::{GraphCredential, MAX_GROUPS, MembershipError, MembershipQuestion, MembershipSource},
    refusal::{MalformedTokenError, Place, SubjectRefusal},
    resolver::{GraphAccess, GroupResolver},
    signature::SignedToken,
    source::{KeySetFetch, KeySetMemory, StoredKeySet},
    unverified::UnverifiedToken,
    verify::{Expected, VerifiedSubject, verify},
};
