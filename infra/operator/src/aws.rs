//! The service on AWS: the connection, the stack's outputs, and who the operator is.

use std::{collections::BTreeMap, time::Duration};

use aws_config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use pozi_auth::adapters::aws::{CallError, Table, https};

use crate::{GlobalArgs, World, aws_error::AwsError};

/// A connection to the service that the command line names.
#[derive(Debug)]
pub struct Service {
    connection: SdkConfig,
    stack: Option<String>,
    outputs: BTreeMap<String, String>,
    table: Option<String>,
}

impl Service {
    /// Connects, and reads the outputs of the stack if the command line names one.
    pub async fn connect(global: &GlobalArgs, world: &World) -> Result<Self, AwsError> {
        let connection = match &world.aws {
            Some(connection) => connection.clone(),
            None => load(global).await,
        };
        if connection.region().is_none() {
            return Err(AwsError::NoRegion);
        }
        let outputs = match &global.stack {
            Some(stack) => world.watching("asking AWS for the stack", outputs(&connection, stack)).await?,
            None => BTreeMap::new(),
        };
        Ok(Self { connection, stack: global.stack.clone(), outputs, table: global.table.clone() })
    }

    /// Returns the connection.
    pub fn connection(&self) -> &SdkConfig {
        &self.connection
    }

    /// Returns the table of sites and keys: the one named, or the stack's.
    pub fn table(&self) -> Result<Table, AwsError> {
        let name = match &self.table {
            Some(name) => name,
            None => self.output("TableName")?,
        };
        Ok(Table::new(&self.connection, name))
    }

    /// Returns an output of the stack.
    pub fn output(&self, name: &'static str) -> Result<&str, AwsError> {
        let Some(stack) = &self.stack else { return Err(AwsError::NoStack) };
        let missing = || AwsError::NoOutput { stack: stack.clone(), output: name };
        self.outputs.get(name).map(String::as_str).ok_or_else(missing)
    }

    /// Returns who AWS knows the operator as: the end of the ARN, such as `user/alice` or `assumed-role/operators/alice`.
    pub async fn operator(&self) -> Result<String, AwsError> {
        let client = aws_sdk_sts::Client::new(&self.connection);
        let identity = client.get_caller_identity().send().await.map_err(CallError::of)?;
        let arn = identity.arn.unwrap_or_default();
        Ok(arn.splitn(6, ':').nth(5).unwrap_or(&arn).to_owned())
    }
}

/// That of the SDK.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);

async fn load(global: &GlobalArgs) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(https(false, CONNECT_TIMEOUT));
    if let Some(profile) = &global.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &global.region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}

async fn outputs(connection: &SdkConfig, stack: &str) -> Result<BTreeMap<String, String>, AwsError> {
    let client = aws_sdk_cloudformation::Client::new(connection);
    let described = client.describe_stacks().stack_name(stack).send().await.map_err(CallError::of)?;
    let outputs =
        described.stacks.unwrap_or_default().into_iter().flat_map(|stack| stack.outputs.unwrap_or_default());
    Ok(outputs.filter_map(|output| Some((output.output_key?, output.output_value?))).collect())
}
