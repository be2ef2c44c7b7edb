//! Errors and their causes.

use std::error::Error;

/// The cause of an error, of any type.
pub type Cause = Box<dyn Error + Send + Sync>;

/// `error` and its causes, outermost first, separated by `: `. For logs and terminals: the text of an error alone leaves
/// its causes out.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        // An error that shows its cause's text as its own says it once.
        if !text.ends_with(&own) {
            text = format!("{text}: {own}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer error")]
    struct Outer(#[source] Cause);

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct SameText(#[source] Outer);

    #[test]
    fn names_every_cause_once_and_in_order() {
        let error = SameText(Outer("the root".into()));
        assert_eq!(with_causes(&error), "the outer error: the root");
        let error = Outer(std::io::Error::other("disk full").into());
        assert_eq!(with_causes(&error), "the outer error: disk full");
    }
}
