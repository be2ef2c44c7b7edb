//! QGIS Server skips a plugin that does not import, in silence, and then serves everything to everybody. So it is asked
//! what the plugin must refuse: a request that came past the gateway, and one for a catalogue that is nobody's.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderName, HeaderValue};
use pozi_auth::{
    adapters::HttpDocument,
    address::LoopbackUrl,
    ports::{DocumentFetch, FetchError},
};
use serde::Serialize;

use crate::{asked::CATALOGUE, serve::StartError};

/// The answer that a plugin gives to what it refuses.
const REFUSED: u16 = 403;

/// No catalogue's id begins so.
const NOBODYS: HeaderValue = HeaderValue::from_static("-nobody");

/// Watches one QGIS Server on this machine.
#[derive(Debug)]
pub struct Probe {
    questions: [HttpDocument; 2],
    state: Mutex<ProbeState>,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeState {
    /// Nothing is watched.
    Off,
    /// Not asked yet.
    Pending,
    /// Refused, as it should be.
    Refused,
    /// Answered otherwise: the plugin is not at work.
    Answered,
    /// No answer.
    Unreachable,
}

impl Probe {
    /// Watches what answers at `url`.
    pub fn new(url: &LoopbackUrl) -> Result<Arc<Self>, StartError> {
        let named = (HeaderName::from_static(CATALOGUE), NOBODYS);
        let unready = |problem: &dyn std::fmt::Display| StartError::Other(problem.to_string());
        let without = HttpDocument::of_this_machine(url, []).map_err(|problem| unready(&problem))?;
        let wrong = HttpDocument::of_this_machine(url, [named]).map_err(|problem| unready(&problem))?;
        Ok(Arc::new(Self { questions: [without, wrong], state: Mutex::new(ProbeState::Pending) }))
    }

    /// Asks now.
    pub async fn ask(&self) {
        let mut state = ProbeState::Refused;
        for question in &self.questions {
            match question.fetch().await {
                Err(FetchError::Status(REFUSED)) => {}
                Err(FetchError::NoAnswer(problem)) => {
                    tracing::warn!(target: "pozi::gate", problem, "QGIS Server does not answer the probe");
                    state = ProbeState::Unreachable;
                    break;
                }
                Ok(_) | Err(FetchError::Status(_) | FetchError::TooLarge(_)) => {
                    tracing::error!(
                        target: "pozi::gate",
                        "QGIS Server answers what its plugin must refuse: the plugin is not at work"
                    );
                    state = ProbeState::Answered;
                    break;
                }
            }
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// What came of asking last.
    pub fn state(&self) -> ProbeState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
