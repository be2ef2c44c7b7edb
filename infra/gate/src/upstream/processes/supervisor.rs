//! Keeps one process running: starts it, waits for its end, pauses, starts it again.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{process::Child, time::Instant};

use super::{
    ProcessesConfig, command,
    pool::{Pool, Worker},
    stderr,
};

/// A process that lived so long did not die of its start.
const LIVED: Duration = Duration::from_secs(10);
/// The pause after the second death in a row; after each further one it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// No pause is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Where a pause is as long as this, no request waits for its end.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// How a process ended.
enum End {
    /// By itself: it crashed, or could not start.
    Died(ExitStatus),
    /// By us, because it hung or broke off an answer.
    Killed,
}

/// Runs the process `number` again and again; never comes back.
pub(super) async fn keep_running(config: Arc<ProcessesConfig>, number: usize, pool: Arc<Pool>) {
    let mut deaths = 0;
    for start in 0.. {
        let started = Instant::now();
        let end = run(&config, number, start, &pool).await;
        deaths = match &end {
            Ok(End::Killed) => 0,
            _ if started.elapsed() >= LIVED => 1,
            _ => deaths + 1,
        };
        let pause = pause(deaths);
        log(number, &end, pause);
        let is_long = pause >= LONG_PAUSE;
        if is_long {
            pool.record_failing(true);
        }
        tokio::time::sleep(pause).await;
        if is_long {
            pool.record_failing(false);
        }
    }
}

async fn run(config: &ProcessesConfig, number: usize, start: u64, pool: &Pool) -> io::Result<End> {
    let (socket, listener) = command::listen(config, number, start)?;
    let mut child = command::command(config, number, listener)?.spawn()?;
    if let Some(written) = child.stderr.take() {
        tokio::spawn(stderr::log(number, written));
    }
    let worker = Worker::new(number, socket.path.clone());
    pool.add(&worker);
    let end = ended(&mut child, &worker).await;
    pool.remove(&worker);
    end
}

async fn ended(child: &mut Child, worker: &Worker) -> io::Result<End> {
    tokio::select! {
        status = child.wait() => status.map(End::Died),
        () = worker.killed() => child.kill().await.map(|()| End::Killed),
    }
}

/// None after the first death, so that one crash costs no time.
fn pause(deaths: u32) -> Duration {
    let doublings = deaths.checked_sub(2);
    doublings.map_or(Duration::ZERO, |doublings| {
        FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_PAUSE)
    })
}

fn log(number: usize, end: &io::Result<End>, pause: Duration) {
    let pause = pause.as_millis();
    match end {
        Ok(End::Killed) => tracing::warn!(target: "pozi::gate", number, "a QGIS process was killed"),
        Ok(End::Died(status)) => {
            tracing::warn!(target: "pozi::gate", number, %status, pause, "a QGIS process ended by itself");
        }
        Err(problem) => {
            tracing::error!(target: "pozi::gate", number, %problem, pause, "a QGIS process cannot be started");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_half_a_minute() {
        let pauses: Vec<_> = (0..15).map(|deaths| pause(deaths).as_millis()).collect();
        assert_eq!(pauses[..5], [0, 0, 100, 200, 400]);
        assert_eq!(pauses[10..], [25_600, 30_000, 30_000, 30_000, 30_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
