//! The service and everything around it, for tests: the functions as routers, an emulated Entra, sites from text, a key
//! ring in memory, a clock that is set by hand; and the same with AWS emulated.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails if its setup does")]

mod applications;
mod aws;
mod bootstraps;
mod debian;
mod events;
mod fault_proxy;
pub mod figures;
mod fleet;
mod gate;
mod graph;
mod invalid_tokens;
mod jwt;
mod memory;
mod node;
mod process;
mod published;
mod releases;
mod requests;
mod runtime;
mod tenants;
mod traffic;
pub mod turns;
pub mod venv;
mod verifier;
mod watch;
mod world;

pub use self::{
    applications::{EmulatedTokenEndpoint, MemoryCredentials, new_certificate, registration},
    aws::{CREDENTIALS, EmulatedAws, PATIENT_LIMITS, aws_at, edit},
    bootstraps::{bootstrap, built},
    debian::{install, install_qgis},
    events::{event, event_file, lambda_response, with_form},
    fault_proxy::{Fate, FaultProxy},
    fleet::{Fleet, ISSUER, METRICS, PROBE_TENANT, exchanged},
    gate::RunningGate,
    graph::{EmulatedGraph, served},
    invalid_tokens::{InvalidToken, invalid_tokens},
    jwt::{part, verified_by, verifies},
    memory::{EmulatedKeySets, MemoryRevocations, MemoryRing, SetClock},
    node::{node_with, not_run},
    published::{Outage, PublishedDocument},
    releases::EmulatedReleases,
    requests::{Answer, exchange_form, form_request, send},
    runtime::Runtime,
    tenants::{riverbend_tenant, riverbend_with, serve},
    traffic::Seen,
    venv::tools,
    verifier::{Published, WorldKeys},
    watch::Watch,
    world::{NOW, World},
};
