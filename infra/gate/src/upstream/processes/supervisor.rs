//! Keeps one process running: starts it, waits until it ends, pauses, and starts it again.

use std::{io, process::ExitStatus, sync::Arc, time::Duration};

use tokio::{process::Child, time::Instant};

use super::{
    ProcessesConfig, command,
    pool::{Pool, Worker},
    stderr,
};

/// A process that ran for this long has started successfully.
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// The pause after the second death in a row. It doubles after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Requests do not wait for the end of a pause of this length.
const LONG_PAUSE: Duration = Duration::from_secs(1);

/// How a process ended.
enum Exit {
    /// It crashed or could not start.
    Died(ExitStatus),
    /// The gate killed it because it hung or cut an answer short.
    Killed,
}

/// Runs the process `number` again and again; never returns.
pub(super) async fn keep_running(config: Arc<ProcessesConfig>, number: usize, pool: Arc<Pool>) {
    let mut deaths = 0;
    for start in 0.. {
        let started = Instant::now();
        let exit = run(&config, number, start, &pool).await;
        deaths = match &exit {
            Ok(Exit::Killed) => 0,
            _ if started.elapsed() >= STABLE_AFTER => 1,
            _ => deaths + 1,
        };
        let pause = pause(deaths);
        log(number, &exit, pause);
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

async fn run(config: &ProcessesConfig, number: usize, start: u64, pool: &Pool) -> io::Result<Exit> {
    let (socket, listener) = command::listen(config, number, start)?;
    let mut child = command::command(config, number, listener)?.spawn()?;
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(stderr::log(number, stderr));
    }
    let worker = Worker::new(number, socket.path.clone());
    pool.add(&worker);
    let exit = wait(&mut child, &worker).await;
    pool.remove(&worker);
    exit
}

async fn wait(child: &mut Child, worker: &Worker) -> io::Result<Exit> {
    tokio::select! {
        status = child.wait() => status.map(Exit::Died),
        () = worker.killed() => child.kill().await.map(|()| Exit::Killed),
    }
}

/// Returns the pause after `deaths` in a row: none after the first, so that a single crash costs no time.
fn pause(deaths: u32) -> Duration {
    let doublings = deaths.checked_sub(2);
    doublings.map_or(Duration::ZERO, |doublings| {
        FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_PAUSE)
    })
}

fn log(number: usize, exit: &io::Result<Exit>, pause: Duration) {
    let pause = pause.as_millis();
    match exit {
        Ok(Exit::Killed) => tracing::warn!(target: "pozi::gate", number, "a QGIS process was killed"),
        Ok(Exit::Died(status)) => {
            tracing::warn!(target: "pozi::gate", number, %status, pause, "a QGIS process exited unexpectedly");
        }
        Err(error) => {
            tracing::error!(target: "pozi::gate", number, problem = %error, pause, "cannot start a QGIS process");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_half_a_minute() {
        let pauses: Vec<_> = (0..15).map(|deaths| pause(deaths).as_millis()).collect();
        assert_eq!(pauses[..5], [0, 0, 100, 200, 400]);
        assert_eq!(pauses[10..], [25_600, 30_000, 30_000, 30_000, 30_000]);
        assert_eq!(pause(u32::MAX), MAX_PAUSE);
    }
}
