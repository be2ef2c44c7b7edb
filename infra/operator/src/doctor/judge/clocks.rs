//! The clocks: tokens and sessions are valid for minutes.

use pozi_auth::timestamp::{CLOCK_TOLERANCE, Timestamp};

use super::gate;
use crate::doctor::{
    observed::{Asked, Observed},
    report::Finding,
};

const OWN: &str = "This machine's clock";
const SERVICE: &str = "Clock of the service";
const GATE: &str = "Clock of the gate";
const SYNCHRONISE: &str = "synchronise it with a time server";

/// Compares every clock with Entra's, or with this machine's if Entra tells no time.
pub(super) fn judge(observed: &Observed) -> Vec<Finding> {
    let entra = &observed.entra;
    let theirs = time([&entra.v1, &entra.v2, &entra.keys_v1, &entra.keys_v2, &entra.client_as_tenant]);
    let own = match theirs {
        Some(theirs) => compared(OWN, observed.now, theirs, SYNCHRONISE),
        None => Finding::unknown(OWN, "Entra tells no time", "compare it with a time server"),
    };
    let right = theirs.unwrap_or(observed.now);
    let mut found = vec![own];
    if let Some(service) = &observed.service {
        let answers = [&service.metadata].into_iter().chain(&service.keys);
        let answers = answers.chain(service.preflights.iter().map(|(_, asked)| asked));
        found.push(match time(answers) {
            Some(clock) => compared(
                SERVICE,
                clock,
                right,
                "find the proxy that changes `Date`: AWS synchronises its clocks",
            ),
            None => Finding::unknown(SERVICE, "it tells no time", "see Metadata of the service first"),
        });
    }
    let service_is_right = found.iter().all(|one| one.check != SERVICE || !one.is_wrong());
    found.extend(of_gate(observed, right, service_is_right));
    found
}

/// The gate's own comparison is with the service's clock, so it counts only if that one is right.
fn of_gate(observed: &Observed, right: Timestamp, service_is_right: bool) -> Option<Finding> {
    let gate = &observed.gate;
    let maps = gate.catalogues.iter().flatten().map(|(_, asked)| asked);
    let clock = time(gate.health.iter().chain(maps))?;
    let compared =
        compared(GATE, clock, right, "synchronise the clock of the gate's machine with a time server");
    let health = gate.health.as_ref().and_then(gate::read);
    let problem = health.and_then(|health| health.clock?.problem).filter(|_| service_is_right);
    Some(match problem {
        Some(problem) if !compared.is_wrong() => {
            Finding::wrong(GATE, format!("the gate says: {problem}"), SYNCHRONISE)
        }
        _ => compared,
    })
}

/// Returns the time of the first answer that tells one.
fn time<'a>(answers: impl IntoIterator<Item = &'a Asked>) -> Option<Timestamp> {
    answers.into_iter().find_map(|asked| asked.as_ref().ok()?.time())
}

fn compared(check: &str, clock: Timestamp, right: Timestamp, fix: &str) -> Finding {
    let (ahead, behind) = (clock.since(right), right.since(clock));
    let (difference, side) = if ahead > behind { (ahead, "ahead") } else { (behind, "behind") };
    let seconds = difference.as_secs();
    if difference > CLOCK_TOLERANCE {
        return Finding::wrong(
            check,
            format!("{seconds} s {side}; at most {} s are tolerated", CLOCK_TOLERANCE.as_secs()),
            fix,
        );
    }
    Finding::ok(check, if seconds == 0 { "right".to_owned() } else { format!("right, within {seconds} s") })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::doctor::{
        judge::testing::{NOW, health, observed, ok},
        observed::NoAnswer,
    };

    fn at(asked: &mut Asked, seconds: u64) {
        let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        let date = httpdate::fmt_http_date(time).parse().unwrap();
        asked.as_mut().unwrap().headers.insert("date", date);
    }

    fn wrong(change: impl FnOnce(&mut Observed)) -> Vec<(String, String)> {
        let mut observed = observed();
        change(&mut observed);
        let wrong = judge(&observed).into_iter().filter(Finding::is_wrong);
        wrong.map(|one| (one.check, one.finding)).collect()
    }

    #[test]
    fn names_the_one_clock_that_is_off() {
        assert_eq!(wrong(|_| ()), []);
        let now = Timestamp::from_unix_seconds;
        let found = wrong(|seen| seen.now = now(NOW - 61));
        assert_eq!(found, [(OWN.to_owned(), "61 s behind; at most 60 s are tolerated".to_owned())]);
        assert_eq!(wrong(|seen| seen.now = now(NOW - 60)), []);

        let found = wrong(|seen| at(&mut seen.service.as_mut().unwrap().metadata, NOW + 300));
        assert_eq!(found, [(SERVICE.to_owned(), "300 s ahead; at most 60 s are tolerated".to_owned())]);
        let found = wrong(|seen| at(seen.gate.health.as_mut().unwrap(), NOW - 4_000));
        assert_eq!(found, [(GATE.to_owned(), "4000 s behind; at most 60 s are tolerated".to_owned())]);
    }

    #[test]
    fn without_entras_time_the_others_are_compared_with_this_machines() {
        let found = wrong(|seen| {
            for asked in
                [&mut seen.entra.v1, &mut seen.entra.v2, &mut seen.entra.keys_v1, &mut seen.entra.keys_v2]
            {
                *asked = Err(NoAnswer::TimedOut);
            }
            seen.entra.client_as_tenant = Err(NoAnswer::TimedOut);
            at(&mut seen.service.as_mut().unwrap().metadata, NOW + 90);
        });
        assert!(found.len() == 1 && found[0].0 == SERVICE, "{found:?}");
    }

    #[test]
    fn the_gates_own_comparison_counts_while_the_service_is_right() {
        let mut health = health();
        health["clock"] = json!({"seconds_ahead": 240, "problem": "this machine's clock is 4 min ahead"});
        let tell = |seen: &mut Observed| {
            let mut asked = ok(&health.to_string());
            at(&mut asked, NOW);
            seen.gate.health = Some(asked);
        };
        let found = wrong(tell);
        assert!(found.len() == 1 && found[0].0 == GATE && found[0].1.contains("4 min ahead"), "{found:?}");
        let found = wrong(|seen| {
            tell(seen);
            at(&mut seen.service.as_mut().unwrap().metadata, NOW - 240);
        });
        assert!(found.len() == 1 && found[0].0 == SERVICE, "{found:?}");
    }

    #[test]
    fn adds_the_time_in_a_cache() {
        let found = wrong(|seen| {
            let metadata = &mut seen.service.as_mut().unwrap().metadata;
            at(metadata, NOW - 290);
            metadata.as_mut().unwrap().headers.insert("age", "280".parse().unwrap());
        });
        assert_eq!(found, []);
    }
}
