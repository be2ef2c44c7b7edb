//! How private keys are kept.

use super::{ConfigError, set};

const SIGNING: &str = "POZI_SIGNING";
const KMS_KEY: &str = "POZI_KMS_KEY";
const KEY_TAG: &str = "POZI_KEY_TAG";

/// How private keys are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// `POZI_SIGNING=sealed`, and when left out: encrypted by KMS, used in the function's memory.
    Sealed {
        /// `POZI_KMS_KEY`: the ARN of the KMS key that seals them.
        kms_key: String,
    },
    /// `POZI_SIGNING=kms`: made in KMS, never leaving it. `POZI_KMS_KEY` is then left out.
    Kms {
        /// `POZI_KEY_TAG`: for `rotate-keys` alone, the value of the tag `pozi:ring` that keys are made with.
        tag: Option<String>,
    },
}

impl Signing {
    /// For a function that opens keys.
    pub(super) fn to_open(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        Self::read(set(&var, SIGNING).as_deref(), set(&var, KMS_KEY), set(&var, KEY_TAG))
    }

    /// For a function that makes them as well.
    pub(super) fn to_make(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        match Self::to_open(var)? {
            Self::Kms { tag: None } => Err(ConfigError::Missing(KEY_TAG)),
            signing => Ok(signing),
        }
    }

    /// Variables that contradict each other stop the start: one of them says what somebody wanted, and nobody knows which.
    fn read(
        signing: Option<&str>,
        kms_key: Option<String>,
        tag: Option<String>,
    ) -> Result<Self, ConfigError> {
        let wrong = |variable, problem: &str| ConfigError::Invalid { variable, problem: problem.to_owned() };
        match (signing, kms_key, tag) {
            (None | Some("sealed"), _, Some(_)) => {
                Err(wrong(KEY_TAG, "is for POZI_SIGNING=kms; leave it out"))
            }
            (None | Some("sealed"), Some(kms_key), None) => Ok(Self::Sealed { kms_key }),
            (None | Some("sealed"), None, None) => Err(ConfigError::Missing(KMS_KEY)),
            (Some("kms"), Some(_), _) => Err(wrong(KMS_KEY, "is for POZI_SIGNING=sealed; leave it out")),
            (Some("kms"), None, tag) => Ok(Self::Kms { tag }),
            (Some(_), _, _) => Err(wrong(SIGNING, "use sealed or kms")),
        }
    }
}
