//! What a run is asked for, and how a release learns what it found.

use pozi_auth::error::Cause;
use serde::Deserialize;

/// What a run is asked for, as its event says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ProbeRequest {
    /// By CodeDeploy: to probe the new versions, and to report the outcome.
    Release(ReleaseHook),
    /// By the schedule, or by an operator: to probe the public address.
    Due {},
}

/// The call of a hook before traffic is shifted.
/// Source: <https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html>.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReleaseHook {
    /// The deployment.
    pub deployment_id: String,
    /// The call of the hook.
    pub lifecycle_event_hook_execution_id: String,
}

/// Is told whether a release may take traffic.
pub trait Deployments: Send + Sync + 'static {
    /// Reports for `hook` whether all checks `passed`. If they did not, the deployment fails, and the alias stays where it is.
    fn report(
        &self,
        hook: &ReleaseHook,
        passed: bool,
    ) -> impl Future<Output = Result<(), ReportError>> + Send;
}

/// The deployment does not take the report. It fails by itself after an hour.
#[derive(Debug, thiserror::Error)]
#[error("CodeDeploy does not answer, or refuses")]
pub struct ReportError(#[source] pub Cause);
