//! Functions as processes, and waiting for what processes do.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};

/// How long anything is waited for; long enough for a busy machine.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_mins(2);
/// The time between two looks.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Returns the command for a function with `environment` and what Lambda adds to it, which polls `runtime` for events.
pub(crate) fn function(
    program: &Path,
    name: &str,
    runtime: &str,
    environment: &[(String, String)],
) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment.iter().map(|(name, value)| (name, value))).envs([
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", runtime),
    ]);
    command.stdin(Stdio::null());
    command
}

/// Calls `look` until it returns something; `None` after [`WAIT_TIMEOUT`].
pub(crate) async fn wait_for<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    let found = async {
        loop {
            match look() {
                Some(found) => break found,
                None => sleep(POLL_INTERVAL).await,
            }
        }
    };
    timeout(WAIT_TIMEOUT, found).await.ok()
}
