//! Connections to AWS, with the credentials and the region that Lambda provides. Every call is bounded in time.

use std::time::Duration;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::config::BehaviorVersion;
use aws_smithy_async::{
    rt::sleep::{SharedAsyncSleep, TokioSleep},
    time::{SharedTimeSource, SystemTimeSource},
};
use aws_types::{
    SdkConfig,
    region::Region,
    sdk_config::{RetryConfig, TimeoutConfig},
};

use super::http::https;
use crate::config::AwsConfig;

/// Returns the SDK configuration that `config` describes. Sends nothing.
///
/// Lambda's credentials do not change while a process lives.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
pub fn connection(config: &AwsConfig) -> SdkConfig {
    let credentials = Credentials::new(
        config.access_key_id.clone(),
        config.secret_access_key.expose(),
        config.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "the function's environment",
    );
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(config.limits.connect)
        .operation_attempt_timeout(config.limits.attempt)
        .operation_timeout(config.limits.call)
        .build();
    let retries =
        RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50));
    let mut builder = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(https(config.endpoint.is_none(), config.limits.connect))
        .timeout_config(timeouts)
        .retry_config(retries)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()));
    builder.set_endpoint_url(config.endpoint.as_ref().map(|url| url.base().to_owned()));
    builder.build()
}
