//! The stack as SAM deploys it, on an emulated AWS that runs the functions as processes and enforces the policies of their roles
//! and keys: created, used, updated in place, rolled back and deleted.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "stack/authorizer.rs"]
mod authorizer;
#[path = "stack/cloud.rs"]
mod cloud;
#[path = "stack/disasters.rs"]
mod disasters;
#[path = "stack/life.rs"]
mod life;
#[path = "stack/rights.rs"]
mod rights;
#[path = "stack/service.rs"]
mod service;
#[path = "stack/variants.rs"]
mod variants;
