//! Asking before something is written.

use std::fmt::Display;

use super::SiteCommandError;
use crate::{World, consent::Consent};

/// Shows `preview` and asks `question`, unless `consent` was given on the command line. Fails if nobody is there to ask.
pub(crate) fn given(
    world: &mut World,
    consent: Consent,
    preview: &impl Display,
    question: &str,
) -> Result<bool, SiteCommandError> {
    if consent.yes {
        return Ok(true);
    }
    world.show(preview.to_string().trim_end());
    world.agrees(question).ok_or_else(|| SiteCommandError::NobodyToAsk { preview: preview.to_string() })
}
