//! The gate in front of QGIS Server: its `/health`, and whether it lets requests through without a session.

use std::collections::BTreeMap;

use pozi_auth::{session::ISSUER_KEY_LIFETIMES, sites::CatalogueId};
use reqwest::StatusCode;
use serde::Deserialize;

use crate::doctor::{
    observed::{Answer, Asked, Gate},
    report::Finding,
};

const HEALTH: &str = "Health of the gate";
const KEYS: &str = "Session keys at the gate";
const REVOCATIONS: &str = "Revocations at the gate";
const QGIS: &str = "QGIS Server";
const CONFIGURATION: &str = "Configuration of the gate";
const REFUSAL: &str = "Requests without a session";
const CATALOGUES: &str = "Catalogues at the gate";

/// The gate's `/health`, as far as it is judged.
#[derive(Debug, Deserialize)]
pub(super) struct Health {
    keys: Keys,
    /// Gates of an older version have none.
    revocations: Option<Revocations>,
    pub(super) clock: Option<Clock>,
    upstream: BTreeMap<String, Upstream>,
    configuration: Configuration,
}

#[derive(Debug, Deserialize)]
struct Keys {
    count: usize,
    age_seconds: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Revocations {
    sequence: Option<u64>,
    entries: usize,
    age_seconds: Option<u64>,
    problem: Option<String>,
}

/// The gate's own clock, compared with the issuer's.
#[derive(Debug, Deserialize)]
pub(super) struct Clock {
    pub(super) problem: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Upstream {
    is_well: bool,
    problem: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Configuration {
    problem: Option<String>,
    needs_restart: Vec<String>,
}

/// Judges what the gate answers.
pub(super) fn judge(gate: &Gate) -> Vec<Finding> {
    let mut found = match &gate.health {
        Some(asked) => health(asked),
        None => vec![Finding::unknown(
            HEALTH,
            "its address is not known",
            "give it with --gate-status, or run `curl http://127.0.0.1:8182/health` on the gate's machine",
        )],
    };
    match &gate.catalogues {
        Some(answers) => found.extend(catalogues(answers)),
        None => found.push(Finding::unknown(
            REFUSAL,
            "the gate's address is not known",
            "give it with --gate, or open a map's address on the gate's machine without a session: it must answer 401",
        )),
    }
    found
}

/// Returns the gate's `/health` if that is what was answered; a failing gate answers 503.
pub(super) fn read(asked: &Asked) -> Option<Health> {
    let answer = asked.as_ref().ok()?;
    let is_health = matches!(answer.status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE);
    answer.json().filter(|_| is_health)
}

fn health(asked: &Asked) -> Vec<Finding> {
    let Some(health) = read(asked) else { return vec![no_health(asked)] };
    vec![
        Finding::ok(HEALTH, "the gate answers"),
        keys(&health.keys),
        revocations(health.revocations.as_ref()),
        qgis(&health.upstream),
        configuration(&health.configuration),
    ]
}

fn no_health(asked: &Asked) -> Finding {
    const ADDRESS: &str =
        "use the gate's status_listen, 127.0.0.1:8182 by default, on its own machine or through a tunnel";
    match asked {
        Err(error) => Finding::wrong(
            HEALTH,
            format!("the gate does not answer: {error}"),
            format!("{}; {ADDRESS}", error.advice()),
        ),
        Ok(answer) if answer.reason().as_deref() == Some("foreign_host") => {
            Finding::wrong(HEALTH, "the gate answers only to localhost or an IP address", ADDRESS)
        }
        Ok(answer) => Finding::wrong(
            HEALTH,
            format!("status {}, and no health of a gate: another server is there", answer.status.as_u16()),
            ADDRESS,
        ),
    }
}

fn keys(keys: &Keys) -> Finding {
    const FIX: &str = "let the gate's machine reach the issuer's /.well-known/jwks.json (`pozi-gate check` says why it cannot), and compare `issuer` in gate.toml";
    let keep = ISSUER_KEY_LIFETIMES.keep.as_secs();
    match keys.age_seconds {
        _ if keys.count == 0 => Finding::wrong(KEYS, "it has none, and refuses everyone", FIX),
        None => Finding::wrong(
            KEYS,
            "they are from the future: a clock was wrong",
            "synchronise the gate's clock, and restart the gate",
        ),
        Some(age) if age >= keep => {
            Finding::wrong(KEYS, format!("they are {} hours old, too old to be used", age / 3_600), FIX)
        }
        Some(age) => Finding::ok(KEYS, format!("keys: {}, fetched {age} s ago", keys.count)),
    }
}

fn revocations(revocations: Option<&Revocations>) -> Finding {
    const FIX: &str = "let the gate's machine reach the issuer's /.well-known/pozi-revocations (`pozi-gate check` says why it cannot)";
    let Some(revocations) = revocations else {
        let fix = "install the current version on the gate's machine";
        return Finding::wrong(
            REVOCATIONS,
            "the gate is of an older version, which ends no session early",
            fix,
        );
    };
    match (&revocations.problem, revocations.sequence, revocations.age_seconds) {
        (Some(problem), _, _) => Finding::wrong(REVOCATIONS, problem.clone(), FIX),
        (None, Some(sequence), Some(age)) => Finding::ok(
            REVOCATIONS,
            format!("entries: {}, in document {sequence} of {age} s ago", revocations.entries),
        ),
        (None, _, _) => {
            Finding::unknown(REVOCATIONS, "no document has arrived yet", "run this again in a minute")
        }
    }
}

fn qgis(upstream: &BTreeMap<String, Upstream>) -> Finding {
    let failing = upstream.iter().filter(|(_, state)| !state.is_well);
    let failing: Vec<_> = failing
        .map(|(catalogue, state)| format!("{catalogue}: {}", state.problem.as_deref().unwrap_or("no answer")))
        .collect();
    if !failing.is_empty() {
        let fix = "run `pozi-gate check` on the gate's machine; check that QGIS Server runs and can read the project file";
        return Finding::wrong(QGIS, format!("fails for {}", failing.join("\n")), fix);
    }
    if upstream.is_empty() {
        return Finding::unknown(QGIS, "the gate has not asked it yet", "run this again in a minute");
    }
    Finding::ok(QGIS, format!("answers for {}", upstream.keys().cloned().collect::<Vec<_>>().join(", ")))
}

fn configuration(configuration: &Configuration) -> Finding {
    match (&configuration.problem, &configuration.needs_restart[..]) {
        (Some(problem), _) => Finding::wrong(
            CONFIGURATION,
            format!("the files as they are now are rejected, and those before are in use: {problem}"),
            "correct gate.toml or the site file beside it; `pozi-gate check` names every fault",
        ),
        (None, []) => Finding::ok(CONFIGURATION, "the files as they are now are in use"),
        (None, settings) => Finding::wrong(
            CONFIGURATION,
            format!("changed, but not in use yet: {}", settings.join(", ")),
            "restart the gate",
        ),
    }
}

/// What the gate, or something else at its address, does without a session.
enum WithoutSession {
    /// It refuses.
    Refuses,
    /// It knows no such catalogue.
    NoSuchCatalogue,
    /// It opens the catalogue.
    Opens,
    /// It answers with this status, as no gate does.
    IsNoGate(u16),
}

impl WithoutSession {
    fn of(answer: &Answer) -> Self {
        match (answer.status, answer.reason().as_deref()) {
            (StatusCode::UNAUTHORIZED, Some("no_session")) => Self::Refuses,
            (StatusCode::NOT_FOUND, Some(_)) => Self::NoSuchCatalogue,
            (status, _) if status.is_success() => Self::Opens,
            (status, _) => Self::IsNoGate(status.as_u16()),
        }
    }
}

/// Judges the answers to requests without a session.
fn catalogues(answers: &[(CatalogueId, Asked)]) -> Vec<Finding> {
    let mut seen = Vec::new();
    for (id, asked) in answers {
        match asked {
            Ok(answer) => seen.push((id.as_str(), WithoutSession::of(answer))),
            Err(error) => {
                let finding = format!("the gate does not answer: {error}");
                return vec![Finding::wrong(REFUSAL, finding, error.advice())];
            }
        }
    }
    let ids = |is_so: fn(&WithoutSession) -> bool| -> Vec<&str> {
        seen.iter().filter(|(_, does)| is_so(does)).map(|(id, _)| *id).collect()
    };
    let open = ids(|does| matches!(does, WithoutSession::Opens));
    if !open.is_empty() {
        return vec![Finding::wrong(
            REFUSAL,
            format!("anyone can open {}: no gate is there", open.join(", ")),
            "let Application Proxy's internal URL lead to the gate, and give QGIS Server's own port to nobody else",
        )];
    }
    let other = seen.iter().find_map(|(_, does)| match does {
        WithoutSession::IsNoGate(status) => Some(status),
        _ => None,
    });
    if let Some(status) = other {
        let finding = format!("status {status}, as no gate answers: another server is there");
        return vec![Finding::wrong(REFUSAL, finding, "use the gate's `listen`, 127.0.0.1:8181 by default")];
    }
    of_gate(&ids(|does| matches!(does, WithoutSession::NoSuchCatalogue)), seen.len())
}

/// A gate refused all requests: for the catalogues `missing` because it does not know them.
fn of_gate(missing: &[&str], asked: usize) -> Vec<Finding> {
    let known = if missing.is_empty() {
        Finding::ok(CATALOGUES, "it knows every catalogue of the site that was asked for")
    } else {
        Finding::wrong(
            CATALOGUES,
            format!("it does not know {}", missing.join(", ")),
            "give the gate the site file of this site as it is stored (`pozi pull`), and compare `base` in gate.toml",
        )
    };
    let refusal = if missing.len() == asked {
        let look = format!("see {CATALOGUES} first");
        Finding::unknown(REFUSAL, "the gate knows no catalogue of the site", look)
    } else {
        Finding::ok(REFUSAL, "refused with status 401")
    };
    vec![refusal, known]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::doctor::{
        judge::testing::{answer, gate, health as good, ok},
        observed::NoAnswer,
        report::State,
    };

    fn wrong(found: Vec<Finding>) -> Vec<(String, String)> {
        let wrong = found.into_iter().filter(|one| one.state == State::Wrong);
        wrong.map(|one| (one.check, one.finding)).collect()
    }

    fn judged(change: impl FnOnce(&mut Gate)) -> Vec<(String, String)> {
        let mut gate = gate();
        change(&mut gate);
        wrong(judge(&gate))
    }

    #[test]
    fn a_gate_that_refuses_and_is_healthy_is_right() {
        assert_eq!(judged(|_| ()), []);
        assert_eq!(judge(&gate()).len(), 7);
        let unknown = judge(&Gate::default());
        assert!(unknown.len() == 2 && unknown.iter().all(|one| one.state == State::Unknown), "{unknown:?}");
    }

    #[test]
    fn names_one_fault_of_its_health_each() {
        type Spoil = fn(&mut Value);
        let spoils: [(Spoil, &str, &str); 8] = [
            (|health| health["keys"] = json!({"count": 0, "age_seconds": null}), KEYS, "has none"),
            (|health| health["keys"]["age_seconds"] = json!(null), KEYS, "from the future"),
            (|health| health["keys"]["age_seconds"] = json!(90_000), KEYS, "25 hours old"),
            (
                |health| {
                    health["upstream"]["planning"] =
                        json!({"is_well": false, "problem": "connection refused"});
                },
                QGIS,
                "planning: connection refused",
            ),
            (
                |health| health["revocations"]["problem"] = json!("the newest one is 400 s old"),
                REVOCATIONS,
                "400 s old",
            ),
            (|health| health["revocations"] = Value::Null, REVOCATIONS, "older version"),
            (|health| health["configuration"]["problem"] = json!("line 3"), CONFIGURATION, "line 3"),
            (|health| health["configuration"]["needs_restart"] = json!(["listen"]), CONFIGURATION, "listen"),
        ];
        for (spoil, check, says) in spoils {
            let mut health = good();
            spoil(&mut health);
            for status in [200, 503] {
                let found = judged(|gate| gate.health = Some(answer(status, &health.to_string())));
                assert_eq!(found.len(), 1, "{found:?}");
                assert!(found[0].0 == check && found[0].1.contains(says), "{check}, {says}: {found:?}");
            }
        }
    }

    #[test]
    fn names_an_address_without_health() {
        for (asked, says) in [
            (Err(NoAnswer::Refused), "is refused"),
            (answer(404, r#"{"reason":"not_found"}"#), "status 404"),
            (answer(403, r#"{"reason":"foreign_host"}"#), "only to localhost"),
            (ok("<html>"), "another server"),
        ] {
            let found = judged(|gate| gate.health = Some(asked));
            assert!(found.len() == 1 && found[0].0 == HEALTH && found[0].1.contains(says), "{found:?}");
        }
    }

    #[test]
    fn names_what_happens_without_a_session() {
        let of_another = || answer(404, r#"{"reason":"unknown_catalogue"}"#);
        let refused = || answer(401, r#"{"reason":"no_session"}"#);
        for (answers, check, says) in [
            ([Err(NoAnswer::Refused), refused()], REFUSAL, "is refused"),
            ([refused(), ok("<WMS_Capabilities/>")], REFUSAL, "anyone can open parks"),
            ([answer(404, ""), answer(404, "")], REFUSAL, "status 404"),
            ([answer(302, ""), refused()], REFUSAL, "status 302"),
            ([of_another(), refused()], CATALOGUES, "does not know planning"),
            ([of_another(), of_another()], CATALOGUES, "does not know planning, parks"),
        ] {
            let ids = ["planning", "parks"].map(|id| id.parse().unwrap());
            let found = judged(|gate| gate.catalogues = Some(ids.into_iter().zip(answers).collect()));
            assert_eq!(found.len(), 1, "{says}: {found:?}");
            assert!(found[0].0 == check && found[0].1.contains(says), "{check}, {says}: {found:?}");
        }
    }
}
