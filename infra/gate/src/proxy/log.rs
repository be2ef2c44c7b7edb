//! One log line and one count a request. No token, no name and no value of a parameter is in it.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use pozi_auth::{error::with_causes, hash::sha256_hex, session::VerifiedSession, sites::CatalogueId};

use super::ProxyRefusal;
use crate::request::Operation;

/// What was found on the walk.
#[derive(Debug, Default)]
pub(super) struct Trail {
    catalogue: Option<CatalogueId>,
    session: Option<Arc<VerifiedSession>>,
    operation: Option<&'static Operation>,
}

impl Trail {
    pub(super) fn record_catalogue(&mut self, catalogue: &CatalogueId) {
        self.catalogue = Some(catalogue.clone());
    }

    pub(super) fn record_session(&mut self, session: Arc<VerifiedSession>) {
        self.session = Some(session);
    }

    pub(super) fn record_operation(&mut self, operation: &'static Operation) {
        self.operation = Some(operation);
    }

    /// Logs and counts what came of it after `taken`.
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
    metrics::counter!("pozi_gate_requests_total", "catalogue" => catalogue.clone(), "operation" => operation, "outcome" => word)
            .increment(1);
    if let Err(ProxyRefusal::Upstream(error)) = outcome {
        metrics::counter!("pozi_gate_upstream_errors_total", "catalogue" => catalogue.clone(), "kind" => error.reason())
                .increment(1);
    }
    metrics::histogram!("pozi_gate_request_seconds", "catalogue" => catalogue, "operation" => operation)
        .record(taken.as_secs_f64());
}
