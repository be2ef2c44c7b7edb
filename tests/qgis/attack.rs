//! Attacks: sending them, and reporting what they found.

use std::{collections::BTreeMap, fmt};

use super::{
    detect::{Forbidden, Kind, comparable},
    endpoint::Endpoint,
    request::Request,
    sessions::Sessions,
    wire::{Answer, send},
};

/// Whose session an attack is sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// A reader of alpha.
    Reader,
    /// A writer of alpha.
    Writer,
}

/// An attack. With a second request it tests for an oracle: the condition of the first request is true and that of the
/// second false, and their answers must not differ.
pub(crate) struct Attack {
    pub(crate) family: &'static str,
    pub(crate) what: String,
    pub(crate) spelling: String,
    pub(crate) holder: Holder,
    pub(crate) request: Request,
    pub(crate) other: Option<Request>,
}

/// Something that an attack on an endpoint found.
#[derive(Debug)]
pub(crate) struct Finding {
    endpoint: String,
    family: &'static str,
    what: String,
    spelling: String,
    pub(crate) kind: Kind,
    detail: String,
}

/// The results of many attacks.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// The number of requests by family.
    pub(crate) requests: BTreeMap<&'static str, usize>,
    /// The number of answers by the first digit of their status; 0 is no answer.
    pub(crate) statuses: BTreeMap<u16, usize>,
}

impl Attack {
    /// Creates a reader's attack with one request.
    pub(crate) fn new(family: &'static str, what: impl Into<String>, request: Request) -> Self {
        let (what, spelling) = (what.into(), "plain".into());
        Self { family, what, spelling, holder: Holder::Reader, request, other: None }
    }

    /// Sets the session that it is sent with.
    pub(crate) fn held_by(mut self, holder: Holder) -> Self {
        self.holder = holder;
        self
    }

    /// Sets the second request, whose condition is false.
    pub(crate) fn against(mut self, other: Request) -> Self {
        self.other = Some(other);
        self
    }
}

impl Report {
    /// The total number of requests.
    pub(crate) fn count(&self) -> usize {
        self.requests.values().sum()
    }

    /// The number of findings by kind.
    pub(crate) fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut kinds = BTreeMap::new();
        self.findings.iter().for_each(|finding| *kinds.entry(finding.kind).or_default() += 1);
        kinds
    }
}

/// Sends `attacks` to `endpoint` one after the other, and checks everything after each.
pub(crate) fn attack(
    endpoint: &Endpoint,
    sessions: &Sessions,
    forbidden: &Forbidden,
    attacks: &[Attack],
) -> Report {
    let mut report = Report::default();
    for attack in attacks {
        let found = run_one(endpoint, sessions, forbidden, attack, &mut report);
        report.findings.extend(found.into_iter().map(|(kind, detail)| Finding {
            endpoint: endpoint.name.clone(),
            family: attack.family,
            what: attack.what.clone(),
            spelling: attack.spelling.clone(),
            kind,
            detail: detail.chars().take(300).collect(),
        }));
    }
    report
}

fn run_one(
    endpoint: &Endpoint,
    sessions: &Sessions,
    forbidden: &Forbidden,
    attack: &Attack,
    report: &mut Report,
) -> Vec<(Kind, String)> {
    let calls_before = endpoint.trap.calls();
    let session = if attack.holder == Holder::Writer { &sessions.writer } else { &sessions.reader };
    let mut send_counted = |request: &Request| {
        let answer = send(endpoint.port, &request.bytes(session), endpoint.timeout);
        *report.requests.entry(attack.family).or_default() += 1;
        *report.statuses.entry(answer.status / 100).or_default() += 1;
        answer
    };
    let first = send_counted(&attack.request);
    let other = attack.other.as_ref().map(send_counted);
    let mut found = forbidden.leaks_in(&first, &endpoint.headers);
    found.retain(|(kind, _)| *kind != Kind::Path || !only_echoes(endpoint, &attack.request, &first));
    if let Some(other) = &other {
        found.extend(forbidden.leaks_in(other, &endpoint.headers));
        if comparable(&first) != comparable(other) {
            found.push((Kind::Oracle, format!("{} or {}", first.status, other.status)));
        }
    }
    if endpoint.trap.calls() > calls_before {
        found.push((Kind::Call, "the server made a request to another address".into()));
    }
    found.extend(changes(endpoint));
    found.extend(broken_processes(endpoint, &first, other.as_ref()));
    found
}

/// Whether the only path in `answer` is beta's, which `request` contained itself: QGIS repeats names that it does not know.
fn only_echoes(endpoint: &Endpoint, request: &Request, answer: &Answer) -> bool {
    let betas = endpoint.backend.project("beta");
    let request = request.bytes("");
    let request: String = form_urlencoded::parse(&request)
        .flat_map(|(key, value)| [key, "=".into(), value, "&".into()])
        .collect();
    let body = String::from_utf8_lossy(&answer.body).replace(&betas, "");
    request.contains(&betas) && !body.contains(&endpoint.backend.folder())
}

fn changes(endpoint: &Endpoint) -> Vec<(Kind, String)> {
    let changes = endpoint.backend.rows().changes();
    if !changes.is_empty() {
        endpoint.backend.restore();
    }
    changes.into_iter().map(|change| (Kind::Change, change)).collect()
}

/// Processes that exited and, if an answer is missing or a server error, processes that hang. Restarts both.
fn broken_processes(endpoint: &Endpoint, first: &Answer, other: Option<&Answer>) -> Vec<(Kind, String)> {
    let is_suspicious = |answer: &Answer| answer.status == 0 || answer.status >= 500;
    let (exited, hung) = endpoint
        .backend
        .restart_failed(is_suspicious(first) || other.is_some_and(is_suspicious), endpoint.timeout);
    let exited = (exited > 0).then(|| (Kind::Exited, format!("{exited} processes")));
    let hung = (hung > 0).then(|| (Kind::Hung, format!("{hung} processes")));
    exited.into_iter().chain(hung).collect()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { endpoint, family, what, spelling, kind, detail } = self;
        write!(f, "{endpoint}: {kind:?}: {family}: {what} ({spelling}): {detail}")
    }
}
