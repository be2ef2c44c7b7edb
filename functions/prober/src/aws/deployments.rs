//! Reports to CodeDeploy.

use aws_sdk_codedeploy::{Client, types::LifecycleEventStatus};

use crate::{Deployments, ReleaseHook, ReportError};

/// CodeDeploy, which shifts the traffic of an alias.
#[derive(Debug)]
pub struct CodeDeploy(pub(super) Client);

impl Deployments for CodeDeploy {
    async fn report(&self, hook: &ReleaseHook, passed: bool) -> Result<(), ReportError> {
        let status = if passed { LifecycleEventStatus::Succeeded } else { LifecycleEventStatus::Failed };
        let report = self
            .0
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(&hook.deployment_id)
            .lifecycle_event_hook_execution_id(&hook.lifecycle_event_hook_execution_id)
            .status(status);
        report.send().await.map(drop).map_err(|error| ReportError(error.into()))
    }
}
