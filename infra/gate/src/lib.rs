#![doc = include_str!("../README.md")]

pub mod answer;
pub mod args;
mod asked;
mod check;
pub mod config;
mod decide;
pub mod expression;
pub mod geometry;
mod health;
mod keys;
pub mod layers;
mod log;
mod probe;
mod refusal;
mod routes;
mod serve;
pub mod sql_filter;
pub mod upstream;
pub mod xml;

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
