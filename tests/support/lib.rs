//! The service and everything around it, for tests: the functions as routers, an emulated Entra, sites from text, a key
//! ring in memory, a clock that is set by hand; and the same with AWS emulated.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails if its setup does")]

mod applications;
#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "aws")]
mod bootstraps;
mod debian;
#[cfg(feature = "aws")]
mod events;
#[cfg(feature = "aws")]
mod fault_proxy;
pub mod figures;
#[cfg(feature = "aws")]
mod fleet;
mod gate;
mod graph;
mod invalid_tokens;
mod jwt;
mod memory;
mod node;
pub mod one_core;
#[cfg(feature = "aws")]
mod process;
mod published;
#[cfg(feature = "aws")]
mod releases;
mod requests;
#[cfg(feature = "aws")]
mod runtime;
mod stored_sites;
mod tenants;
#[cfg(feature = "aws")]
mod timed;
#[cfg(feature = "aws")]
mod traffic;
pub mod turns;
pub mod venv;
mod verifier;
#[cfg(feature = "aws")]
mod watch;
mod world;
pub mod wrk;

pub use self::{
    applications::{EmulatedTokenEndpoint, MemoryCredentials, new_certificate, registration},
    debian::{install, install_qgis},
    gate::RunningGate,
    graph::{EmulatedGraph, served},
    invalid_tokens::{InvalidToken, invalid_tokens},
    jwt::{part, verified_by, verifies},
    memory::{EmulatedKeySets, MemoryRevocations, MemoryRing, SetClock},
    node::{node_with, not_run},
    published::{Outage, PublishedDocument},
    requests::{Answer, exchange_form, form_request, repeated, send},
    stored_sites::{StoredSites, cached_sites},
    tenants::{riverbend_tenant, riverbend_with, serve},
    venv::tools,
    verifier::{Published, WorldKeys},
    world::{NOW, World},
};
#[cfg(feature = "aws")]
pub use self::{
    aws::{CREDENTIALS, EmulatedAws, PATIENT_LIMITS, aws_at, edit},
    bootstraps::{bootstrap, built, empty_function},
    events::{event, event_file, lambda_response, with_form},
    fault_proxy::{Fate, FaultProxy},
    fleet::{Fleet, ISSUER, METRICS, PROBE_TENANT, exchanged},
    releases::EmulatedReleases,
    runtime::Runtime,
    timed::{Answered, Core, Run, TimedProcess},
    traffic::Seen,
    watch::Watch,
};
