//! The whole service in a box, for tests: both functions as routers, an emulated Entra behind the port that fetches
//! keys, sites from text, a ring in memory and a clock that is set by hand.

mod aws;
mod events;
mod fault_proxy;
mod fleet;
mod gate;
mod jwt;
mod memory;
mod node;
mod process;
mod published;
mod qgis;
mod runtime;
mod spoilt;
mod tenants;
mod traffic;
pub mod venv;
mod watch;
mod world;

pub use self::{
    aws::{CREDENTIALS, EmulatedAws, PATIENT, aws_at},
    events::{event, event_file, filled, sent_back},
    fault_proxy::{Fate, FaultProxy},
    fleet::{Fleet, ISSUER, METRICS, exchanged},
    gate::RunningGate,
    jwt::{part, verified_by},
    memory::{EmulatedKeySets, MemoryRing, SetClock},
    node::{node_with, not_run},
    published::{PublishedDocument, Trouble},
    qgis::has_qgis,
    runtime::Runtime,
    spoilt::{Spoilt, spoilt_tokens},
    traffic::Seen,
    venv::tools,
    watch::Watch,
    world::{Answer, NOW, World, exchange_form, form_request, send},
};
