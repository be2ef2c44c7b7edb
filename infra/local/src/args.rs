//! The command line, and the times that follow from it.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};
use pozi_auth::{
    keyring::{RotationPolicy, RotationPolicyError, RotationTimes, SigningAlgorithm},
    last_good::Lifetimes,
    sites::MAX_SESSION_MINUTES,
};
use url::Url;

use crate::page::MSAL_FOLDER;

/// Pozi's token exchange on localhost, with an emulated Entra ID and sample councils.
#[derive(Debug, Parser)]
#[command(name = "pozi-local", version)]
pub struct Args {
    /// The port to listen on, on this machine only
    #[arg(long, default_value_t = 8080)]
    pub port: u16,

    /// The port of the emulated Entra's https, on this machine only: 8443, or any free one with --port 0
    #[arg(long, value_name = "PORT")]
    pub entra_port: Option<u16>,

    /// Where the page tells MSAL.js to sign in, when not at the emulated Entra's own address: to try MSAL.js as it is set
    /// up in earnest, with <https://login.microsoftonline.com>, in a browser that takes this machine for that host
    #[arg(long, value_name = "URL")]
    pub authority: Option<Url>,

    /// Where npm has put MSAL.js, as `infra/local/page/fetch-msal` makes it; without it the page signs in by itself
    #[arg(long, value_name = "DIR", default_value = MSAL_FOLDER)]
    pub msal: PathBuf,

    /// A folder of site files (*.toml) to serve instead of the sample councils; the emulated Entra knows their tenants
    #[arg(long, value_name = "DIR")]
    pub sites: Option<PathBuf>,

    /// Where the signing keys are kept from one start to the next
    #[arg(long, value_name = "DIR", default_value = ".pozi")]
    pub state: PathBuf,

    /// What sessions are signed with
    #[arg(long, value_enum, default_value_t = Algorithm::Es256)]
    pub algorithm: Algorithm,

    /// After how many seconds a new key signs; far shorter than in earnest, so that a key's whole life can be watched
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(60..))]
    pub rotate_every: u64,
}

/// The name of a signing algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// ECDSA on P-256
    Es256,
    /// RSA-2048
    Rs256,
}

impl Args {
    /// What sessions are signed with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.algorithm {
            Algorithm::Es256 => SigningAlgorithm::Es256,
            Algorithm::Rs256 => SigningAlgorithm::Rs256,
        }
    }

    /// The port of the emulated Entra's https; 0 for any free one.
    pub fn entra_port(&self) -> u16 {
        self.entra_port.unwrap_or(if self.port == 0 { 0 } else { 8443 })
    }

    /// The file of signing keys: one for each algorithm, since a ring never mixes them.
    pub fn key_ring(&self) -> PathBuf {
        self.state.join(format!("keys-{}.json", self.algorithm().name().to_lowercase()))
    }

    /// How long a key is published before it signs: a quarter of its time, a minute at most.
    pub fn publish_before(&self) -> Duration {
        Duration::from_secs((self.rotate_every / 4).clamp(1, 60))
    }

    /// For how long consumers are told to keep the key set. They may ask for a newer one for as long again, and the
    /// publisher may take as long to read one: together less than a key is published before it signs.
    pub fn max_age(&self) -> Duration {
        self.publish_before() / 4
    }

    /// How long a signer uses a ring that it read.
    pub fn ring_lifetimes(&self) -> Lifetimes {
        Lifetimes {
            fresh: self.publish_before() / 4,
            keep: Duration::from_mins(1),
            cooldown: Duration::from_secs(1),
        }
    }

    /// How long the publisher uses one: for longer, so that no session is signed whose key is no longer served.
    pub fn published_lifetimes(&self) -> Lifetimes {
        Lifetimes { keep: Duration::from_mins(2), ..self.ring_lifetimes() }
    }

    /// The life of a key.
    pub fn policy(&self) -> Result<RotationPolicy, RotationPolicyError> {
        let held_by_signers = self.ring_lifetimes().keep;
        let times = RotationTimes {
            publish_before: self.publish_before(),
            sign_for: Duration::from_secs(self.rotate_every),
            keep_after: Duration::from_mins(MAX_SESSION_MINUTES) + held_by_signers,
            held_by_consumers: self.max_age() * 2 + self.published_lifetimes().fresh,
            held_by_signers,
        };
        RotationPolicy::new(self.algorithm(), times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pace_that_is_taken_makes_a_sound_policy() {
        for seconds in [60, 61, 900, 1_000_000] {
            let args = Args::parse_from(["pozi-local", "--rotate-every", &seconds.to_string()]);
            assert!(args.policy().is_ok());
        }
        assert!(Args::try_parse_from(["pozi-local", "--rotate-every", "59"]).is_err());
    }
}
