//! How many times in sequence the first exchange of a new process waits for AWS or Entra. Each upstream answers 50 ms late: what that
//! adds, divided by 50 ms, is the number of waits. The process is the real bootstrap, and its event waits before it starts.

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
/// How often each is measured.
const RUNS: usize = 15;

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
        let (mut prompt, mut late, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            prompt.push(self.exchange(fleet, Fate::Passes).0);
            let (seconds, seen) = self.exchange(fleet, Fate::Late(DELAY));
            late.push(seconds);
            calls = seen;
        }
        let steps = steps(&calls);
        for (number, step) in steps.iter().enumerate() {
            println!("{keys}, wait {}: {}", number + 1, step.join(" beside "));
        }
        let (prompt, late) = (shortest(&prompt), shortest(&late));
        let waits = ((late - prompt) / DELAY.as_secs_f64()).round();
        let steps: Vec<_> = steps.iter().map(|step| step.join(" + ")).collect();
        let of_waits = Figure::new(format!("cold exchange, {keys}: waits in sequence"), aim, waits, "waits");
        let of_time =
            Figure::new(format!("cold exchange, {keys}: start to answer"), Aim::Told, prompt * 1e3, "ms");
        let late = format!("{:.0} ms with upstreams {} ms later", late * 1e3, DELAY.as_millis());
        [of_waits.beside(steps.join(", then ")), of_time.beside(late)]
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
        match steps.last_mut().filter(|(first, _)| call.arrived.duration_since(first.arrived) < DELAY) {
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
