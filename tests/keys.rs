//! Keys through their lives: Entra's through rollovers and outages, and the service's own through a rotation.

#[path = "keys/entra.rs"]
mod entra;
#[path = "keys/own.rs"]
mod own;
