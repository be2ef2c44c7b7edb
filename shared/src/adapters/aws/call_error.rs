//! A failed call to AWS, of any service.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::Cause;

/// A call to AWS failed.
#[derive(Debug, thiserror::Error)]
#[error("the call to AWS failed{}", .code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
pub struct CallError {
    /// AWS's code for the reason, such as `AccessDeniedException`; `None` if AWS did not answer.
    pub code: Option<String>,
    source: Cause,
}

impl CallError {
    /// Keeps `error` and its code.
    pub fn of<E, R>(error: SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: Debug + Send + Sync + 'static,
    {
        Self { code: error.code().map(str::to_owned), source: error.into() }
    }
}
