//! Why AWS cannot be used, in a sentence with the fix.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use pozi_auth::{adapters::aws::CallError, error::with_causes, tenants::RegistryError};

/// AWS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    /// No region is set.
    #[error("no AWS region is set; use --region, AWS_REGION, or a profile that has one")]
    NoRegion,
    /// Neither a table nor a stack is named.
    #[error("name the service with --stack NAME (or POZI_STACK), or its table with --table NAME")]
    NoStack,
    /// The stack lacks an output.
    #[error(
        "the stack {stack} has no output {output}; it was deployed from an older template: deploy it again, or name the table with --table"
    )]
    NoOutput {
        /// The stack.
        stack: String,
        /// The output.
        output: &'static str,
    },
    /// A call failed.
    #[error("{}", sentence(.0))]
    Call(CallError),
    /// The table cannot be used.
    #[error("{}", sentence_of_registry(.0))]
    Table(RegistryError),
}

// Not sources: their sentences say everything, and the causes' texts are for programmers.
impl From<CallError> for AwsError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<RegistryError> for AwsError {
    fn from(error: RegistryError) -> Self {
        Self::Table(error)
    }
}

impl AwsError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoRegion => "no_region",
            Self::NoStack => "no_stack",
            Self::NoOutput { .. } => "no_output",
            Self::Call(_) | Self::Table(_) => "aws",
        }
    }
}

fn sentence_of_registry(error: &RegistryError) -> String {
    match error.0.downcast_ref::<CallError>() {
        Some(error) => sentence(error),
        None => with_causes(error),
    }
}

/// The codes are those of DynamoDB, KMS, STS, CloudFormation, Lambda and CloudWatch Logs.
fn sentence(error: &CallError) -> String {
    let fix = match error.code.as_deref() {
        Some("AccessDeniedException" | "AccessDenied") => {
            return format!(
                "AWS does not allow this: {}; attach the stack's managed policy for operators to your role",
                innermost(error)
            );
        }
        Some("ResourceNotFoundException") => {
            "there is no such table or function in this region; check --table or --stack, and --region"
        }
        Some("ValidationError") if innermost(error).contains("does not exist") => {
            "there is no such stack in this region; check --stack and --region"
        }
        Some("ExpiredToken" | "ExpiredTokenException") => {
            "your AWS credentials have expired; sign in again (aws sso login), or renew them"
        }
        Some(
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch",
        ) => "AWS does not know these credentials; check AWS_PROFILE, --profile and the access key",
        Some("ThrottlingException" | "ProvisionedThroughputExceededException") => {
            "AWS is throttling calls; try again in a minute"
        }
        Some(_) => return innermost(error),
        None => return without_answer(error),
    };
    fix.to_owned()
}

const NO_CREDENTIALS: &str = "there are no AWS credentials; sign in (aws sso login --profile NAME, then --profile NAME), or set AWS_PROFILE";

fn without_answer(error: &CallError) -> String {
    let text = innermost(error);
    if let Some(cause) = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return match cause {
            CredentialsError::CredentialsNotLoaded(_) => NO_CREDENTIALS.to_owned(),
            // The last place where credentials are looked for is a server's own metadata.
            _ if text.contains("IMDS") => NO_CREDENTIALS.to_owned(),
            _ if text.contains("SSO") || text.contains("sso") || text.contains("expired") => {
                "the sign-in to AWS has expired; run aws sso login, with --profile if you use one".to_owned()
            }
            _ => format!("the AWS credentials cannot be read ({text}); check --profile and ~/.aws/config"),
        };
    }
    format!("AWS does not answer ({text}); check the network and --region")
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn innermost(error: &CallError) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
