//! The decision on a question and a session at a time: the verified session, or a refusal.

use std::collections::BTreeMap;

use http::HeaderMap;
use pozi_auth::{
    session::{Issuer, SessionKeySource, SessionVerifier, VerifiedSession},
    sites::{Access, CatalogueId, Site},
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
    /// The access that a download of each catalogue needs.
    catalogues: BTreeMap<CatalogueId, Access>,
}

/// What was found before the decision, for the log.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) question: Option<Question>,
    pub(crate) session: Option<VerifiedSession>,
}

impl<K: SessionKeySource> Gate<K> {
    /// Makes a gate for `catalogues` of the site whose sessions `verifier` accepts, each with the access that its
    /// [rule for downloads](pozi_auth::sites::Catalogue::access_to_download) demands.
    pub fn new(
        verifier: SessionVerifier<K>,
        catalogues: impl IntoIterator<Item = (CatalogueId, Access)>,
    ) -> Self {
        Self { verifier, catalogues: catalogues.into_iter().collect() }
    }

    /// Makes a gate for the catalogues of `site`, and sessions of `issuer` that `keys` verify.
    pub fn of_site(issuer: Issuer, site: &Site, keys: K) -> Self {
        let catalogues = site.catalogues.iter().map(|one| (one.id.clone(), one.access_to_download()));
        Self::new(SessionVerifier::of_site(issuer, site, keys), catalogues)
    }

    /// The catalogues that it decides about.
    pub fn catalogues(&self) -> impl Iterator<Item = &CatalogueId> {
        self.catalogues.keys()
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
        let catalogue = question.catalogue.clone();
        let to_download = self.catalogues.get(&catalogue).ok_or(QuestionRefusal::UnknownCatalogue)?;
        let access = if question.access == Access::Download { *to_download } else { question.access };
        found.question = Some(question);
        let token = question::session(headers)?.ok_or(Refusal::NoSession)?;
        let session = self.verify(token, now).await?;
        // Only readers may download. Writing includes reading.
        let missing = [access, Access::Read].into_iter().find(|needed| !session.allows(&catalogue, *needed));
        let Some(missing) = missing else { return Ok(session) };
        found.session = Some(session);
        Err(Refusal::Scope(catalogue, missing))
    }
}
