//! Functions as processes of their own, and waiting for what processes do.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::time::{sleep, timeout};

/// For how long anything is waited for, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often one looks.
const NOW_AND_THEN: Duration = Duration::from_millis(10);

/// A function with nothing but `environment` and what Lambda adds to it, to ask for work at `runtime`.
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

/// What `look` sees at last; nothing when it sees nothing for long.
pub(crate) async fn seen<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            match look() {
                Some(seen) => break seen,
                None => sleep(NOW_AND_THEN).await,
            }
        }
    };
    timeout(PATIENCE, looking).await.ok()
}
