//! What an operator does with site files. What a push would change is decided here, over values alone.

mod plan;

pub use self::plan::{Change, Plan, Step, plan};
