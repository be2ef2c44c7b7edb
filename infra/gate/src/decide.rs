//! The decision on a question and a session at a time: the verified session, or a refusal.

use std::collections::BTreeSet;

use http::HeaderMap;
use pozi_auth::{
    identifiers::TenantId,
    revision::Revision,
    session::{Issuer, SessionKeySource, SessionVerifier, VerifiedSession},
    sites::CatalogueId,
    timestamp::Timestamp,
};

use crate::{
    question::{self, Question, QuestionRefusal},
    refusal::Refusal,
};

/// Decides for the catalogues of one site.
#[derive(Debug)]
pub struct Gate<K> {
    verifier: SessionVerifier<K>,
    catalogues: BTreeSet<CatalogueId>,
}

/// What was found before the decision, for the log.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) question: Option<Question>,
    pub(crate) session: Option<VerifiedSession>,
}

impl<K: SessionKeySource> Gate<K> {
    /// Makes a gate for `catalogues` of the site of `tenant` whose external URL is `audience`.
    pub fn new(
        issuer: Issuer,
        audience: String,
        tenant: TenantId,
        catalogues: impl IntoIterator<Item = CatalogueId>,
        keys: K,
    ) -> Self {
        Self {
            verifier: SessionVerifier::new(issuer, audience, tenant, keys),
            catalogues: catalogues.into_iter().collect(),
        }
    }

    /// Also refuses the sessions of a revision of the site's document before `minimum`, if there is one.
    #[must_use]
    pub fn requiring(self, minimum: Option<Revision>) -> Self {
        Self { verifier: self.verifier.requiring(minimum), ..self }
    }

    /// The catalogues that it decides about.
    pub fn catalogues(&self) -> impl Iterator<Item = &CatalogueId> {
        self.catalogues.iter()
    }

    /// Verifies a session at `now`, whatever access it grants.
    pub async fn verify(&self, session: &str, now: Timestamp) -> Result<VerifiedSession, Refusal> {
        Ok(self.verifier.verify(session, now).await?)
    }

    /// Decides at `now` on the request that a gateway describes in `headers`.
    pub(crate) async fn decide(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
        found: &mut Found,
    ) -> Result<VerifiedSession, Refusal> {
        let question = Question::parse(headers)?;
        let (catalogue, access) = (question.catalogue.clone(), question.access);
        if !self.catalogues.contains(&catalogue) {
            return Err(QuestionRefusal::UnknownCatalogue.into());
        }
        found.question = Some(question);
        let token = question::session(headers)?.ok_or(Refusal::NoSession)?;
        let session = self.verify(token, now).await?;
        if session.allows(&catalogue, access) {
            return Ok(session);
        }
        found.session = Some(session);
        Err(Refusal::Scope(catalogue, access))
    }
}
