//! Entra's keys through rollovers and outages, and the service's own through a rotation.

#[path = "keys/entra.rs"]
mod entra;
#[path = "keys/outages.rs"]
mod outages;
#[path = "keys/own.rs"]
mod own;
