//! `pozi-gate check`: what whoever sets up a gate wants to know before the first map is asked for.

use std::fmt::Write as _;

use pozi_auth::{
    adapters::{HttpDocument, SystemClock},
    ports::Clock,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, VerifiedSession},
    sites::Access,
};

use crate::{Gate, config::GateConfig, serve::StartError};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well, and the session, where one was given, counts.
    Sound,
    /// The issuer's keys cannot be had.
    NoKeys,
    /// The session is refused.
    Refused,
}

impl Verdict {
    /// The program's exit code; 1 is a wrong configuration, 2 a wrong command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Sound => 0,
            Self::NoKeys => 3,
            Self::Refused => 4,
        }
    }
}

/// Tries the issuer and says what `session` opens here; the text is for a terminal, and has no part of the token.
pub async fn check(config: &GateConfig, session: Option<&str>) -> Result<(Verdict, String), StartError> {
    let url = config.jwks_url()?;
    let document = HttpDocument::new(&url).map_err(|problem| StartError::Other(problem.to_string()))?;
    let keys = std::sync::Arc::new(IssuerKeys::new(document, ISSUER_KEY_LIFETIMES));
    let now = SystemClock.now();
    let mut told = format!("issuer      {}\nsite        {}\n", config.issuer, config.audience);
    if let Err(problem) = keys.renew(now).await {
        tell(&mut told, "keys", &format!("cannot be had from {}: {problem}", url.as_str()));
        return Ok((Verdict::NoKeys, told));
    }
    let count = keys.held().map_or(0, |(set, _)| set.len());
    tell(&mut told, "keys", &format!("{count} at {}", url.as_str()));
    let catalogues = config.catalogues.iter().cloned();
    let gate = Gate::new(config.issuer.clone(), config.audience.clone(), catalogues, keys);
    let Some(session) = session else {
        let names: Vec<_> = gate.catalogues().map(ToString::to_string).collect();
        tell(&mut told, "catalogues", &names.join(" "));
        return Ok((Verdict::Sound, told));
    };
    match gate.verify(session, now).await {
        Ok(session) => {
            let left = session.expires().since(now).as_secs();
            tell(&mut told, "session", &format!("good for {left} s, {}", session.id()));
            for catalogue in gate.catalogues() {
                tell(&mut told, catalogue.as_str(), opened(&session, catalogue));
            }
            Ok((Verdict::Sound, told))
        }
        Err(refusal) => {
            tell(&mut told, "session", &format!("refused, {}: {refusal}", refusal.reason()));
            Ok((Verdict::Refused, told))
        }
    }
}

fn opened(session: &VerifiedSession, catalogue: &pozi_auth::sites::CatalogueId) -> &'static str {
    if session.allows(catalogue, Access::Write) {
        "read and write"
    } else if session.allows(catalogue, Access::Read) {
        "read"
    } else {
        "nothing"
    }
}

fn tell(told: &mut String, what: &str, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(told, "{what:<11} {text}");
}
