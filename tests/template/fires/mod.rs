//! Each alarm fires for its failure, and not for less: the template's own definitions are evaluated for what the functions'
//! code wrote. docs/deploy.md names the test of each alarm.

mod history;
mod math;
mod outside;
mod query;
mod recording;
mod sites;
mod state;
mod stores;

use std::collections::BTreeSet;

use entra_emulator::{Person, TokenSpec};
use pozi_tests::{NOW, World};
use serde_json::Value;

use self::{
    history::History,
    recording::Recording,
    state::{State, states},
};
pub(crate) use self::{query::Query, state::query};
use crate::{expanded_template, expansion::Stack, text};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// The log group of token-exchange, in the template.
const LOG: &str = "TokenExchangeLog";

/// Returns the stack with its default parameters. `None` if the tools cannot be installed.
fn stack() -> Option<Stack> {
    Some(Stack::of(expanded_template()?, &[]))
}

/// Returns the groups for which an alarm is in the state ALARM at `now`: reasons, sites or others, or one without a name.
fn firing(stack: &Stack, alarm: &str, history: &History, now: u64) -> Vec<String> {
    let states = states(stack.properties(alarm), history, now);
    states.into_iter().filter(|(_, state)| *state == State::Alarm).map(|(group, _)| group).collect()
}

/// Exchanges a token of `person` at `site` as Entra issues it now. Returns the reason of a refusal, or nothing.
async fn exchange(world: &World, site: &str, person: Person) -> String {
    let ask = TokenSpec { site: site.to_owned(), person, ..TokenSpec::default() };
    let answer = world.exchange(&world.token(&ask), &[]).await;
    if answer.status == 200 { String::new() } else { answer.refusal().1.to_owned() }
}

#[tokio::test]
async fn many_requests_that_are_refused_anywhere_fire() {
    let Some(stack) = stack() else { return };
    let (recording, world) = (Recording::start().await, World::new().await);
    recording.take();
    for (count, expected) in [(19, &[][..]), (20, &[""])] {
        for _ in 0..count {
            assert_eq!(world.post("grant_type=password", &[]).await.status, 400);
        }
        let history = recording.take().every_five_minutes(&stack, LOG, NOW, 10);
        assert_eq!(firing(&stack, "RefusalRate", &history, NOW + 10 * MINUTE), expected, "{count}");
    }
}

#[tokio::test]
async fn a_key_that_is_overdue_fires_and_silence_is_a_state_of_its_own() {
    let Some(stack) = stack() else { return };
    let recording = Recording::start().await;
    for (hours, expected) in [(168, State::Ok), (170, State::Alarm)] {
        pozi_auth::metrics::record_newest_key_age(std::time::Duration::from_hours(hours));
        let history = recording.take().every_five_minutes(&stack, LOG, NOW, 30);
        let found = states(stack.properties("KeyAge"), &history, NOW + 30 * MINUTE);
        assert_eq!(found[""], expected, "{hours}");
        let later = states(stack.properties("KeyAge"), &history, NOW + 90 * MINUTE);
        assert_eq!(later[""], State::InsufficientData);
    }
}

#[tokio::test]
async fn probes_that_fail_fire_by_half_and_silence_is_a_state_of_its_own() {
    let Some(stack) = stack() else { return };
    let recording = Recording::start().await;
    for (failed, fires) in [((0, 0), [false, false]), ((1, 0), [true, false]), ((0, 2), [false, true])] {
        pozi_auth::metrics::record_probe(failed.0, failed.1);
        let history = recording.take().once(&stack, NOW);
        for (alarm, fires) in ["ProbeExchangeFails", "ProbeRefusalFails"].into_iter().zip(fires) {
            let found = firing(&stack, alarm, &history, NOW + 5 * MINUTE);
            assert_eq!(!found.is_empty(), fires, "{alarm}: {failed:?}");
        }
        let silent = stack.properties("ProbeSilent");
        assert_eq!(states(silent, &history, NOW + 5 * MINUTE)[""], State::Ok);
        assert_eq!(states(silent, &history, NOW + 30 * MINUTE)[""], State::InsufficientData);
    }
}

#[test]
fn failures_that_aws_counts_fire() {
    let Some(stack) = stack() else { return };
    let lambda = |name| ("AWS/Lambda", name);
    let (exchange, jwks, rotate) = ("${TokenExchange}", "${Jwks}", "${RotateKeys}");
    let api: &[_] = &[("ApiId", "${Api}"), ("Stage", "${Stage}")];
    for (alarm, metric, dimensions, below, above) in [
        ("TokenExchangeErrors", lambda("Errors"), &[("FunctionName", exchange)][..], 0.0, 1.0),
        ("JwksErrors", lambda("Errors"), &[("FunctionName", jwks)], 0.0, 1.0),
        ("RotateKeysErrors", lambda("Errors"), &[("FunctionName", rotate)], 0.0, 1.0),
        ("TokenExchangeThrottles", lambda("Throttles"), &[("FunctionName", exchange)], 0.0, 1.0),
        ("JwksThrottles", lambda("Throttles"), &[("FunctionName", jwks)], 0.0, 1.0),
        ("RotateKeysThrottles", lambda("Throttles"), &[("FunctionName", rotate)], 0.0, 1.0),
        ("TokenExchangeDuration", lambda("Duration"), &[("FunctionName", exchange)], 1_999.0, 2_000.0),
        ("JwksDuration", lambda("Duration"), &[("FunctionName", jwks)], 1_999.0, 2_000.0),
        ("ApiErrors", ("AWS/ApiGateway", "5xx"), api, 4.0, 5.0),
    ] {
        for (value, expected) in [(below, &[][..]), (above, &[""])] {
            let mut history = History::default();
            for minute in [0, 5, 10] {
                history.add(NOW + minute * MINUTE, metric, dimensions, &[value]);
            }
            assert_eq!(firing(&stack, alarm, &history, NOW + 15 * MINUTE), expected, "{alarm}, {value}");
        }
    }
}

/// The tests of this file and its modules.
const SOURCES: [&str; 4] =
    [include_str!("mod.rs"), include_str!("outside.rs"), include_str!("sites.rs"), include_str!("stores.rs")];

#[test]
fn the_table_of_alarms_names_a_test_for_each() {
    let Some(expansion) = expanded_template() else { return };
    let outside = outside::expansion();
    let resources = [expansion, &outside].map(|template| template["Resources"].as_object().unwrap());
    let is_alarm = |resource: &Value| resource["Type"] == "AWS::CloudWatch::Alarm";
    let alarms: BTreeSet<_> = resources
        .iter()
        .flat_map(|resources| resources.iter().filter(|(_, resource)| is_alarm(resource)))
        .map(|(name, _)| name.clone())
        .collect();
    let page = text("docs/deploy.md");
    let table = page.split("## When an alarm fires").nth(1).unwrap().split("\n##").next().unwrap();
    let mut documented = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let test = cells[4].trim_matches('`');
        let body = SOURCES.iter().find_map(|source| source.split(&format!("fn {test}(")).nth(1));
        let body = body.and_then(|rest| rest.split("\n}\n").next());
        let body = body.unwrap_or_else(|| panic!("there is no test `{test}`"));
        for alarm in cells[1].split(", ").map(|name| name.trim_matches('`').to_owned()) {
            assert!(body.contains(&format!("\"{alarm}\"")), "`{test}` is not about {alarm}");
            documented.insert(alarm);
        }
    }
    assert_eq!(documented, alarms);
}
