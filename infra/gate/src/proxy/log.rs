//! One log line and the metrics of each request, without tokens, names or values of parameters.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use metrics::{counter, histogram};
use pozi_auth::{
    error::with_causes,
    hash::sha256_hex,
    session::{VerifiedSession, WOULD_BE_REFUSED},
    sites::{Access, CatalogueId},
};

use super::ProxyRefusal;
use crate::{
    metrics::{REQUEST_SECONDS, REQUESTS, UPSTREAM_ERRORS, WOULD_BE_REFUSED_REQUESTS},
    refusal::Refusal,
    request::{Context, Operation},
};

/// What is known about a request so far.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) catalogue: Option<CatalogueId>,
    pub(super) session: Option<Arc<VerifiedSession>>,
    pub(super) operation: Option<&'static Operation>,
    /// Whether the session opens what was asked for only because the site is observed.
    pub(super) would_be_refused: bool,
}

impl Trail {
    /// Checks that `session` gives `access` to the catalogue of `context`, and records whether it does only because the site is
    /// observed.
    pub(super) fn require(
        &mut self,
        session: &VerifiedSession,
        context: &Context<'_>,
        access: Access,
    ) -> Result<(), Refusal> {
        let catalogue = &context.catalogue.id;
        if session.allows(catalogue, access) {
            self.would_be_refused |= session.opens_by_observation(catalogue, access);
            Ok(())
        } else if access == Access::Download {
            Err(Refusal::Download(catalogue.clone(), context.limits.max_features_without_download))
        } else {
            Err(Refusal::Scope(catalogue.clone(), access))
        }
    }

    /// Logs and counts the outcome of a request that took `taken`.
    pub(super) fn log(&self, outcome: &Result<Response, ProxyRefusal>, taken: Duration) {
        let catalogue = self.catalogue.as_ref().map_or("", CatalogueId::as_str);
        let operation = self.operation.map_or("", |operation| operation.name);
        let (decision, reason, status) = match outcome {
            Ok(response) if response.status().is_server_error() => {
                ("failed", Some("qgis_failed"), response.status())
            }
            Ok(response) => ("answered", None, response.status()),
            Err(refusal) => ("refused", Some(refusal.reason()), refusal.status()),
        };
        count(outcome, catalogue, operation, taken);
        if self.would_be_refused {
            counter!(WOULD_BE_REFUSED_REQUESTS, "catalogue" => catalogue.to_owned(), "operation" => operation)
                .increment(1);
        }
        let problem = match outcome {
            Err(error @ (ProxyRefusal::Layers(_) | ProxyRefusal::Upstream(_))) => Some(with_causes(error)),
            _ => None,
        };
        let parameter = match outcome {
            Err(ProxyRefusal::Request(refusal)) => refusal.parameter(),
            _ => None,
        };
        tracing::info!(
            target: "pozi::gate",
            decision,
            reason,
            status = status.as_u16(),
            catalogue,
            service = self.operation.map(|operation| operation.service.name()),
            operation,
            parameter,
            problem,
            observed = self.would_be_refused.then_some(WOULD_BE_REFUSED),
            jti = self.session.as_ref().map(|session| session.id()),
            subject_sha256 = self.session.as_ref().map(|session| sha256_hex(session.subject().as_bytes())),
            microseconds = u64::try_from(taken.as_micros()).unwrap_or(u64::MAX),
            "a request was decided"
        );
    }
}

fn count(
    outcome: &Result<Response, ProxyRefusal>,
    catalogue: &str,
    operation: &'static str,
    taken: Duration,
) {
    let word = match outcome {
        Ok(_) => "answered",
        Err(refusal) => refusal.reason(),
    };
    let catalogue = catalogue.to_owned();
    counter!(REQUESTS, "catalogue" => catalogue.clone(), "operation" => operation, "outcome" => word)
        .increment(1);
    if let Err(ProxyRefusal::Upstream(error)) = outcome {
        counter!(UPSTREAM_ERRORS, "catalogue" => catalogue.clone(), "kind" => error.reason()).increment(1);
    }
    histogram!(REQUEST_SECONDS, "catalogue" => catalogue, "operation" => operation)
        .record(taken.as_secs_f64());
}
