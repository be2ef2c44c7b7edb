//! What is known about a code.

use std::fmt;

use serde::Serialize;

/// Who shows or logs a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Origin {
    /// The token exchange: `reason` of its refusals and audit events.
    Exchange,
    /// `pozi explain`: why a catalogue is open or closed.
    Verdict,
    /// The service's log about a stored site.
    SiteDocument,
    /// The gate.
    Gate,
    /// The authorizer.
    Authorizer,
    /// What the gate and the authorizer say about a session.
    Session,
    /// The browser module.
    Web,
    /// Entra ID at sign-in.
    Entra,
    /// Application Proxy.
    ApplicationProxy,
}

/// Who can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mender {
    /// The council's administrator of Entra or of the map server.
    Administrator,
    /// Pozi: the operator of the service, or the developer of the Web App.
    Pozi,
    /// The person who signs in.
    Person,
    /// Nothing is wrong, or it mends itself.
    Nobody,
}

/// One code of one origin, explained in full sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The code.
    pub(super) code: &'static str,
    /// What happened.
    pub(super) happened: &'static str,
    /// Who can mend it.
    pub(super) mender: Mender,
    /// What they do.
    pub(super) fix: &'static str,
    /// Where: the way to the setting.
    pub(super) place: Option<&'static str>,
}

/// Returns an entry without a place.
pub(super) const fn entry(
    code: &'static str,
    mender: Mender,
    happened: &'static str,
    fix: &'static str,
) -> Entry {
    Entry { code, happened, mender, fix, place: None }
}

/// Returns an entry that is mended at `place`.
pub(super) const fn entry_at(
    code: &'static str,
    mender: Mender,
    place: &'static str,
    happened: &'static str,
    fix: &'static str,
) -> Entry {
    Entry { code, happened, mender, fix, place: Some(place) }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exchange => "token exchange",
            Self::Verdict => "pozi explain",
            Self::SiteDocument => "the service's log about a stored site",
            Self::Gate => "gate",
            Self::Authorizer => "authorizer",
            Self::Session => "gate and authorizer, about a session",
            Self::Web => "browser module",
            Self::Entra => "Entra ID at sign-in",
            Self::ApplicationProxy => "Application Proxy",
        })
    }
}

impl fmt::Display for Mender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Administrator => "the council's administrator",
            Self::Pozi => "Pozi",
            Self::Person => "the person",
            Self::Nobody => "nobody has to",
        })
    }
}
