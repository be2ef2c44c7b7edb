//! How many times in sequence the first exchange of a new process waits for AWS or Entra, while each answers 50 ms late. The process
//! is the real bootstrap, and its event waits before it starts. What each further millisecond of delay adds is the number of waits:
//! it is computed from a longer delay, beside which the machine's own variation is small.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

use std::{path::Path, time::Duration};

use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{
    Core, Fate, Fleet, Seen, TimedProcess, bootstrap, event, exchange_form,
    figures::{Aim, Figure, hand_in},
    with_form,
};
use serde_json::Value;
use tokio::runtime::Runtime;

/// How much later each upstream answers.
const DELAY: Duration = Duration::from_millis(50);
/// The same, to count the waits.
const LONG_DELAY: Duration = Duration::from_millis(250);
/// How often each is measured.
const RUNS: usize = 9;

fn main() {
    // `cargo test --benches` also runs this program, but not to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let Some(bootstrap) = bootstrap("token-exchange") else {
        println!("not measured: a cold exchange needs Python and its package index");
        return;
    };
    let Some(core) = Core::apart() else {
        println!("not measured: a cold exchange needs two cores and taskset (Debian: util-linux)");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let fleets = runtime
        .block_on(async { Some((Fleet::sealed().await?, Fleet::in_kms(SigningAlgorithm::Es256).await?)) });
    let Some((sealed, in_kms)) = fleets else {
        println!("not measured: a cold exchange needs an emulated AWS");
        return;
    };
    let rig = Rig { runtime, core, bootstrap: &bootstrap };
    let figures = [("sealed keys", sealed, Aim::AtMost(2.0)), ("keys in KMS", in_kms, Aim::Told)]
        .map(|(keys, fleet, aim)| rig.measure(keys, &fleet, aim));
    hand_in("cold_exchange", figures.as_flattened());
}

struct Rig<'a> {
    runtime: Runtime,
    core: Core,
    bootstrap: &'a Path,
}

impl Rig<'_> {
    fn measure(&self, keys: &str, fleet: &Fleet, aim: Aim) -> [Figure; 2] {
        let (mut prompt, mut late, mut later, mut calls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            prompt.push(self.exchange(fleet, Fate::Passes).0);
            late.push(self.exchange(fleet, Fate::Late(DELAY)).0);
            let (seconds, seen) = self.exchange(fleet, Fate::Late(LONG_DELAY));
            later.push(seconds);
            calls = seen;
        }
        let steps: Vec<_> = steps(&calls).iter().map(|step| step.join(" + ")).collect();
        let [prompt, late, later] = [prompt, late, later].map(|seconds| shortest(&seconds));
        let waits = ((later - late) / (LONG_DELAY.as_secs_f64() - DELAY.as_secs_f64())).round();
        let of_waits = Figure::new(format!("cold exchange, {keys}: waits in sequence"), aim, waits, "waits");
        let what = format!("cold exchange, {keys}: start to answer, upstreams {} ms late", DELAY.as_millis());
        let of_time = Figure::new(what, Aim::Told, late * 1e3, "ms");
        let prompt = format!("{:.0} ms with upstreams that are not late", prompt * 1e3);
        [of_waits.beside(steps.join(", then ")), of_time.beside(prompt)]
    }

    /// Exchanges a token at a new process. Returns the seconds from its start to its answer, and the calls that it made.
    fn exchange(&self, fleet: &Fleet, fate: Fate) -> (f64, Vec<Seen>) {
        let event = with_form(event("http-api-token"), &exchange_form(&fleet.token(), &[]), true);
        for upstream in [&fleet.aws, &fleet.entra] {
            self.runtime.block_on(upstream.wait_until_idle());
            upstream.set_fate(fate);
            upstream.take_seen();
        }
        let process =
            TimedProcess::start(&self.core, self.bootstrap, &fleet.environment(), vec![event.to_string()]);
        let run = process.until_idle();
        let answer = &run.answers[0];
        assert!(answer.text.contains("\"statusCode\":200"), "{answer:?}");
        let mut seen = [fleet.aws.take_seen(), fleet.entra.take_seen()].concat();
        seen.sort_by_key(|seen| seen.arrived);
        (process.since_start(answer.at).as_secs_f64(), seen)
    }
}

/// Returns what was asked in parallel, step by step. What is asked because of an answer comes later than the delay.
fn steps(calls: &[Seen]) -> Vec<Vec<String>> {
    let mut steps: Vec<(&Seen, Vec<String>)> = Vec::new();
    for call in calls {
        match steps.last_mut().filter(|(first, _)| call.arrived.duration_since(first.arrived) < LONG_DELAY) {
            Some((_, step)) => step.push(described(call)),
            None => steps.push((call, vec![described(call)])),
        }
    }
    steps.into_iter().map(|(_, step)| step).collect()
}

/// Names a call, and for a read of one item its partition.
fn described(call: &Seen) -> String {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
    match body["Key"]["pk"]["S"].as_str() {
        Some(item) => format!("{} ({item})", call.what),
        None => call.what.clone(),
    }
}

/// Waits are the same in every run. What a run takes longer than the shortest is the machine's.
fn shortest(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(f64::INFINITY, f64::min)
}
