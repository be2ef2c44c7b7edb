//! An attack, the sending of many, and what was found.

use std::{collections::BTreeMap, fmt};

use super::{
    detect::{Forbidden, Kind, sort_of},
    door::Door,
    request::Request,
    sessions::Sessions,
    wire::{Answer, send},
};

/// With whose session an attack is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Of one that reads alpha.
    Reader,
    /// Of one that writes alpha.
    Writer,
}

/// One attack. With a second request it is an oracle: the first asks what is so and the second what is not, and the
/// answers must not tell which is which.
pub(crate) struct Attack {
    pub(crate) family: &'static str,
    pub(crate) what: String,
    pub(crate) spelling: String,
    pub(crate) holder: Holder,
    pub(crate) request: Request,
    pub(crate) other: Option<Request>,
}

/// What was found at one door.
#[derive(Debug)]
pub(crate) struct Finding {
    door: String,
    family: &'static str,
    what: String,
    spelling: String,
    pub(crate) kind: Kind,
    detail: String,
}

/// What came of many attacks.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) findings: Vec<Finding>,
    /// How many requests were sent, by family.
    pub(crate) requests: BTreeMap<&'static str, usize>,
    /// How many were answered, by the first digit of their status; 0 is no answer.
    pub(crate) statuses: BTreeMap<u16, usize>,
}

impl Attack {
    /// An attack of a reader with one request.
    pub(crate) fn new(family: &'static str, what: impl Into<String>, request: Request) -> Self {
        let (what, spelling) = (what.into(), "as it is".into());
        Self { family, what, spelling, holder: Holder::Reader, request, other: None }
    }

    /// The same, of one with another session.
    pub(crate) fn held_by(mut self, holder: Holder) -> Self {
        self.holder = holder;
        self
    }

    /// An oracle, with the request whose condition does not hold.
    pub(crate) fn against(mut self, other: Request) -> Self {
        self.other = Some(other);
        self
    }
}

impl Report {
    /// How many requests were sent.
    pub(crate) fn count(&self) -> usize {
        self.requests.values().sum()
    }

    /// How many findings there are of each kind.
    pub(crate) fn kinds(&self) -> BTreeMap<Kind, usize> {
        let mut kinds = BTreeMap::new();
        self.findings.iter().for_each(|finding| *kinds.entry(finding.kind).or_default() += 1);
        kinds
    }
}

/// Sends `attacks` to `door`, one after the other, and looks at everything after each.
pub(crate) fn attack(door: &Door, sessions: &Sessions, forbidden: &Forbidden, attacks: &[Attack]) -> Report {
    let mut report = Report::default();
    for attack in attacks {
        let found = one(door, sessions, forbidden, attack, &mut report);
        report.findings.extend(found.into_iter().map(|(kind, detail)| Finding {
            door: door.name.clone(),
            family: attack.family,
            what: attack.what.clone(),
            spelling: attack.spelling.clone(),
            kind,
            detail: detail.chars().take(300).collect(),
        }));
    }
    report
}

fn one(
    door: &Door,
    sessions: &Sessions,
    forbidden: &Forbidden,
    attack: &Attack,
    report: &mut Report,
) -> Vec<(Kind, String)> {
    let called = door.trap.calls();
    let session = if attack.holder == Holder::Writer { &sessions.writer } else { &sessions.reader };
    let mut ask = |request: &Request| {
        let answer = send(door.port, &request.bytes(session), door.patience);
        *report.requests.entry(attack.family).or_default() += 1;
        *report.statuses.entry(answer.status / 100).or_default() += 1;
        answer
    };
    let first = ask(&attack.request);
    let other = attack.other.as_ref().map(ask);
    let mut found = forbidden.seen(&first, &door.headers);
    found.retain(|(kind, _)| *kind != Kind::Path || !is_repeated(door, &attack.request, &first));
    if let Some(other) = &other {
        found.extend(forbidden.seen(other, &door.headers));
        if sort_of(&first) != sort_of(other) {
            found.push((Kind::Oracle, format!("{} or {}", first.status, other.status)));
        }
    }
    if door.trap.calls() > called {
        found.push((Kind::Call, "the server called out".into()));
    }
    found.extend(changes(door));
    found.extend(broken(door, &first, other.as_ref()));
    found
}

/// Whether all that `answer` says of paths is beta's, which `request` named itself: QGIS repeats names that it does not know.
fn is_repeated(door: &Door, request: &Request, answer: &Answer) -> bool {
    let betas = door.way.project("beta");
    let asked = request.bytes("");
    let asked: String = form_urlencoded::parse(&asked)
        .flat_map(|(key, value)| [key, "=".into(), value, "&".into()])
        .collect();
    let said = String::from_utf8_lossy(&answer.body).replace(&betas, "");
    asked.contains(&betas) && !said.contains(&door.way.folder())
}

fn changes(door: &Door) -> Vec<(Kind, String)> {
    let changes = door.way.rows().changes();
    if !changes.is_empty() {
        door.way.restore();
    }
    changes.into_iter().map(|change| (Kind::Change, change)).collect()
}

/// The processes that ended; and where an answer is missing or a server's error, those that do not answer any more.
fn broken(door: &Door, first: &Answer, other: Option<&Answer>) -> Vec<(Kind, String)> {
    let is_odd = |answer: &Answer| answer.status == 0 || answer.status >= 500;
    let (dead, stuck) = door.way.revive(is_odd(first) || other.is_some_and(is_odd), door.patience);
    let dead = (dead > 0).then(|| (Kind::Dead, format!("{dead} processes")));
    let stuck = (stuck > 0).then(|| (Kind::Stuck, format!("{stuck} processes")));
    dead.into_iter().chain(stuck).collect()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { door, family, what, spelling, kind, detail } = self;
        write!(f, "{door}: {kind:?}: {family}: {what} ({spelling}): {detail}")
    }
}
