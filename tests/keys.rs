//! Entra's keys through rollovers and outages, and the service's own through a rotation.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "keys/drill.rs"]
mod drill;
#[path = "keys/entra.rs"]
mod entra;
#[path = "keys/many_tenants.rs"]
mod many_tenants;
#[path = "keys/operator.rs"]
mod operator;
#[path = "keys/operator_stack.rs"]
mod operator_stack;
#[path = "keys/outages.rs"]
mod outages;
#[path = "keys/own.rs"]
mod own;
#[path = "keys/own_documents.rs"]
mod own_documents;
#[path = "keys/restored.rs"]
mod restored;
