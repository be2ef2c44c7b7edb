#![doc = include_str!("../README.md")]

pub mod answer;
pub mod args;
mod asked;
pub mod capabilities;
pub mod catalogue;
mod check;
mod clock_offset;
pub mod config;
mod decide;
pub mod expression;
pub mod geometry;
mod health;
mod keys;
pub mod layers;
mod log;
pub mod metrics;
pub mod proxy;
mod refusal;
mod reload;
pub mod request;
mod routes;
mod serve;
pub mod servers;
pub mod sessions;
pub mod settings;
pub mod sql_filter;
mod status;
pub mod upstream;
mod watched;
pub mod xml;

pub use self::{
    asked::{ACCESS, Asked, CATALOGUE, METHOD, SESSION},
    check::{Verdict, check},
    clock_offset::{ClockOffset, Offset},
    decide::Gate,
    health::{ClockReport, ConfigurationReport, Health, KeysReport, Report, Status, UpstreamReport},
    keys::{KeptKeys, KeyDocumentError},
    log::{LogError, LogLines},
    refusal::{AskedRefusal, Refusal},
    routes::{Routes, router},
    serve::{BodyStalledError, Daemon, StartError, serve},
    watched::{Configuration, ConfigurationState, UpstreamState, UpstreamStates, Watched},
};
