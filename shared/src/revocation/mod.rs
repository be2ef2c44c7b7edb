//! What was revoked before its time: the stored list, the signed document made of it (a *revocation document*), and the
//! check of a session against one. A document is small and says nothing about anybody: sites, people and sessions are in it
//! only as hashes, of which a verifier can recognise those that it already knows.
//!
//! A verifier reads a document in three steps: [`UnverifiedRevocations::parse`], then
//! [`verify`](UnverifiedRevocations::verify) with the issuer's key that it names, then
//! [`check_successor`](Revocations::check_successor) of the one that it holds. It computes the [`SessionMarks`] of a session
//! once and keeps them, and asks [`Revocations::revokes`] for each request.

mod cache;
mod current;
mod document;
mod entry;
mod error;
mod limits;
mod list;
mod marks;
mod payload;
mod publish;
mod rice;
mod rotate;
mod store;
#[cfg(test)]
mod tests;

pub use self::{
    cache::{CachedRevocations, RevocationListError},
    current::Revocations,
    document::UnverifiedRevocations,
    entry::{RevocationEntry, Revoked},
    error::{RevocationDocumentError, RevocationSetError},
    limits::{LIST_HELD, LIST_LIFETIMES, MAX_REVOCATION_BYTES, REVOCATIONS_TYPE},
    list::{ListFullError, ResumeError, RevocationList},
    marks::{RevokedKind, SessionMarks},
    publish::{DocumentTooLargeError, REISSUED_AFTER, RevocationDraft, SignedRevocations},
    rotate::{RotationError, carry_out},
    store::{RevocationSource, RevocationStore, RevocationStoreError, change},
};
