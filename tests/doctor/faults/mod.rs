//! The seeded faults, each with the line that must name it.

mod entra;
mod gate;
mod proxy;
mod service;

use super::{
    rig::{Look, Rig},
    servers::Answer,
};

/// A fault.
#[derive(Clone, Copy)]
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The check that must name it.
    pub(crate) check: &'static str,
    /// What its line must contain.
    pub(crate) words: &'static [&'static str],
    /// Other checks that show the same fault.
    pub(crate) related: &'static [&'static str],
    /// Makes the fault.
    pub(crate) seed: fn(&Rig, &mut Look),
}

/// Every fault, by where it is.
pub(crate) const FAULTS: [&[Fault]; 4] = [entra::FAULTS, proxy::FAULTS, service::FAULTS, gate::FAULTS];

const SIGN_IN: &str = "Sign-in before the external URL";
const RIVERBEND: &str = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00";
const CLIENT_ID: &str = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
/// An id of nothing.
const OTHER: &str = "5f3759df-7c1e-4f0b-9d5d-2b8a6f1e4c37";

const fn fault(
    name: &'static str,
    check: &'static str,
    words: &'static [&'static str],
    seed: fn(&Rig, &mut Look),
) -> Fault {
    Fault { name, check, words, related: &[], seed }
}

impl Fault {
    const fn also(self, related: &'static [&'static str]) -> Self {
        Self { related, ..self }
    }
}

/// Changes the site file.
fn edit(look: &mut Look, from: &str, to: &str) {
    let text = look.text.replacen(from, to, 1);
    assert_ne!(text, look.text, "nothing was changed");
    look.text = text;
}

/// A document that is no JSON, as a guest network shows it.
fn page() -> Answer {
    Answer::Is(200, "<!DOCTYPE html><h1>Welcome to the guest network</h1>".into())
}

fn huge() -> Answer {
    Answer::Is(200, "x".repeat(300 * 1024))
}
