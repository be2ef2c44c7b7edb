#![doc = include_str!("../README.md")]

pub mod answer;
pub mod args;
mod assembly;
pub mod capabilities;
pub mod catalogue;
mod check;
mod clock_offset;
pub mod config;
mod decide;
pub mod expression;
mod health;
mod issuer_documents;
mod keys;
pub mod layers;
mod lexer;
mod log;
pub mod metrics;
pub mod proxy;
mod question;
mod refusal;
mod reload;
pub mod request;
mod revocations;
mod routes;
mod serve;
pub mod servers;
pub mod sessions;
pub mod settings;
mod signals;
pub mod sql_filter;
mod status;
pub mod upstream;
mod watched;
pub mod wkt;
pub mod xml;

pub use self::{
    check::{CheckOutcome, check},
    clock_offset::{ClockOffset, Offset},
    decide::Gate,
    health::{
        ClockReport, ConfigurationReport, Health, KeysReport, Report, RevocationsReport, Status,
        UpstreamReport,
    },
    issuer_documents::IssuerDocumentError,
    keys::StoredKeys,
    log::{LogError, LogLines, background_writer},
    question::{ACCESS, CATALOGUE, METHOD, Question, QuestionRefusal, SESSION},
    refusal::Refusal,
    revocations::StoredRevocations,
    routes::{Routes, router},
    serve::{BodyStalledError, Daemon, StartError, serve},
    watched::{Configuration, ConfigurationState, UpstreamState, UpstreamStates, Watched},
};
