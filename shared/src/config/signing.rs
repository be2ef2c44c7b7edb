//! How private keys are stored.

use super::{ConfigError, set};

const SIGNING: &str = "POZI_SIGNING";
const KMS_KEY: &str = "POZI_KMS_KEY";
const KEY_TAG: &str = "POZI_KEY_TAG";

/// How private keys are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// `POZI_SIGNING=sealed` (default): encrypted by KMS, used in the function's memory.
    Sealed {
        /// `POZI_KMS_KEY`: the ARN of the KMS key that seals them.
        kms_key: String,
    },
    /// `POZI_SIGNING=kms`: made in KMS, which they never leave. `POZI_KMS_KEY` must not be set.
    Kms {
        /// `POZI_KEY_TAG`: for `rotate-keys` only: the value of the tag `pozi:ring` of new keys.
        tag: Option<String>,
    },
}

impl Signing {
    /// Reads the variables of a function that opens keys.
    /// Refuses variables that contradict each other, because it cannot know which of them is meant.
    pub(super) fn to_open(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let wrong =
            |variable, problem: &str| Err(ConfigError::Invalid { variable, problem: problem.to_owned() });
        match (set(&var, SIGNING).as_deref(), set(&var, KMS_KEY), set(&var, KEY_TAG)) {
            (None | Some("sealed"), _, Some(_)) => {
                wrong(KEY_TAG, "it is only for POZI_SIGNING=kms; remove it")
            }
            (None | Some("sealed"), Some(kms_key), None) => Ok(Self::Sealed { kms_key }),
            (None | Some("sealed"), None, None) => Err(ConfigError::Missing(KMS_KEY)),
            (Some("kms"), Some(_), _) => wrong(KMS_KEY, "it is only for POZI_SIGNING=sealed; remove it"),
            (Some("kms"), None, tag) => Ok(Self::Kms { tag }),
            (Some(_), _, _) => wrong(SIGNING, "use sealed or kms"),
        }
    }

    /// Reads the variables of a function that also makes keys.
    pub(super) fn to_make(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        match Self::to_open(var)? {
            Self::Kms { tag: None } => Err(ConfigError::Missing(KEY_TAG)),
            signing => Ok(signing),
        }
    }
}
