//! Measures starts and warm invocations of all subjects, in turn.

use pozi_tests::{Core, Run, TimedProcess, turns::median};

use super::subjects::Subject;

/// How often each subject is started without an event.
const STARTS: usize = 31;
/// How often each is started with all its events.
const ROUNDS: usize = 5;
/// How many of a round's invocations are not measured: the cold one, and those in which caches fill.
pub(crate) const NOT_YET_WARM: usize = 20;

/// Medians of one subject.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Seconds from the start of the process until it asks for an event.
    pub(crate) start: f64,
    /// Seconds from an event until its answer.
    pub(crate) warm: f64,
    /// The most memory that was resident, in MB.
    pub(crate) megabytes: f64,
}

/// Measures each of `subjects`.
pub(crate) fn measure(core: &Core, subjects: &[Subject]) -> Vec<Measured> {
    let mut starts = vec![Vec::new(); subjects.len()];
    // The first start reads the file.
    for round in 0..=STARTS {
        for (subject, starts) in subjects.iter().zip(&mut starts) {
            let start = start(core, subject);
            starts.extend((round > 0).then_some(start));
        }
    }
    let mut rounds = vec![Vec::new(); subjects.len()];
    for _ in 0..ROUNDS {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            rounds.push(run(core, subject));
        }
    }
    let measured = subjects.iter().zip(starts).zip(rounds);
    measured.map(|((subject, starts), rounds)| Measured::of(subject, starts, &rounds)).collect()
}

fn start(core: &Core, subject: &Subject) -> f64 {
    let process = TimedProcess::start(core, &subject.bootstrap, &subject.environment, Vec::new());
    let run = process.until_idle();
    process.since_start(run.first_poll).as_secs_f64()
}

/// Answers all events of `subject`. Returns what the process did, and its memory in MB.
fn run(core: &Core, subject: &Subject) -> (Run, f64) {
    let process = TimedProcess::start(core, &subject.bootstrap, &subject.environment, subject.events.clone());
    let run = process.until_idle();
    let wrong = run.answers.iter().find(|answer| !answer.text.contains(subject.expected));
    assert!(wrong.is_none(), "{}: expected {}, found {wrong:?}", subject.name, subject.expected);
    (run, process.peak_megabytes())
}

impl Measured {
    fn of(subject: &Subject, starts: Vec<f64>, rounds: &[(Run, f64)]) -> Self {
        let warm = rounds.iter().flat_map(|(run, _)| run.answers.iter().skip(NOT_YET_WARM));
        Self {
            name: subject.name,
            start: median(starts.into_iter()),
            warm: median(warm.map(|answer| answer.took.as_secs_f64())),
            megabytes: median(rounds.iter().map(|(_, megabytes)| *megabytes)),
        }
    }
}
