#![doc = include_str!("../README.md")]

pub mod args;
mod asked;
mod check;
pub mod config;
mod decide;
mod health;
mod keys;
mod log;
mod probe;
mod refusal;
mod routes;
mod serve;

pub use self::{
    asked::{ACCESS, Asked, CATALOGUE, METHOD, SESSION},
    check::{Verdict, check},
    decide::Gate,
    health::{Health, KeysReport, Report},
    keys::KeptKeys,
    probe::{Probe, ProbeState},
    refusal::{AskedRefusal, Refusal},
    routes::{Routes, router},
    serve::{Daemon, StartError},
};
