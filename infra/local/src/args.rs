//! The command line, and the key lifetimes that follow from it.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};
use pozi_auth::{
    keyring::{RotationPolicy, RotationPolicyError, RotationTimes, SigningAlgorithm},
    last_good::Lifetimes,
    session::Issuer,
    sites::MAX_SESSION_MINUTES,
};
use pozi_token_exchange::{EXCHANGE_RATES, Rates, UNLIMITED};
use url::Url;

/// Runs Pozi's token exchange on localhost, with an emulated Entra ID and sample councils.
#[derive(Debug, Parser)]
#[command(name = "pozi-local", version)]
pub struct Args {
    /// Port of the service, open to this machine only
    #[arg(long, default_value_t = 8080)]
    pub port: u16,

    /// Port of the emulated Entra's https server, open to this machine only [default: 8443; any free one with --port 0]
    #[arg(long, value_name = "PORT")]
    pub entra_port: Option<u16>,

    /// Authority for MSAL.js in place of the emulated Entra's URL. Use <https://login.microsoftonline.com> to try MSAL.js
    /// as in production, in a browser that resolves that host to this machine
    #[arg(long, value_name = "URL")]
    pub authority: Option<Url>,

    /// Folder of MSAL.js [default: where `infra/local/page/fetch-msal` installs it; without that folder, the page signs in
    /// without MSAL.js]
    #[arg(long, value_name = "DIR")]
    pub msal: Option<PathBuf>,

    /// Folder of site files (*.toml) to serve in place of the sample councils; the emulated Entra has their tenants
    #[arg(long, value_name = "DIR")]
    pub sites: Option<PathBuf>,

    /// Folder for the signing keys and the certificate, which are kept between runs, and for the sample maps
    #[arg(long, value_name = "DIR", default_value = ".pozi")]
    pub state: PathBuf,

    /// Algorithm that signs sessions
    #[arg(long, value_enum, default_value_t = Algorithm::Es256)]
    pub algorithm: Algorithm,

    /// Seconds that a key signs before the next one; far fewer than in production, so that you can watch a rotation
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u64).range(60..))]
    pub rotate_every: u64,

    /// Let a person and a tenant exchange as often as they like, for load tests
    #[arg(long)]
    pub unlimited: bool,

    /// What to do instead of running the service
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do instead of running the service.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Print a test kit for verifiers of sessions: good and bad sessions, their key set, and the expected verdicts
    VerifierKit {
        /// Issuer of the sessions
        #[arg(long, value_name = "URL", default_value = "https://auth.example")]
        issuer: Issuer,
    },
}

/// A signing algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// ECDSA on P-256
    Es256,
    /// RSA-2048
    Rs256,
}

impl Args {
    /// How often a person and a tenant may exchange: as in production, or as often as they like.
    pub fn rates(&self) -> Rates {
        if self.unlimited { UNLIMITED } else { EXCHANGE_RATES }
    }

    /// The algorithm that signs sessions.
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.algorithm {
            Algorithm::Es256 => SigningAlgorithm::Es256,
            Algorithm::Rs256 => SigningAlgorithm::Rs256,
        }
    }

    /// The port of the emulated Entra's https server; 0 for any free one.
    pub fn entra_port(&self) -> u16 {
        self.entra_port.unwrap_or(if self.port == 0 { 0 } else { 8443 })
    }

    /// The file of the signing keys. Each algorithm has its own, since a key ring never mixes them.
    pub fn key_ring(&self) -> PathBuf {
        self.state.join(format!("keys-{}.json", self.algorithm().name().to_lowercase()))
    }

    /// The file of the revocation list. Each key ring has its own, since it knows the ring's revision.
    pub fn revocations(&self) -> PathBuf {
        self.state.join(format!("revocations-{}.json", self.algorithm().name().to_lowercase()))
    }

    /// How long a key is published before it signs: a quarter of `rotate_every`, at most a minute.
    pub fn publish_before(&self) -> Duration {
        Duration::from_secs((self.rotate_every / 4).clamp(1, 60))
    }

    /// `max-age` of the key set. Consumers may hold a set for twice as long, and the publisher reads the ring as rarely:
    /// together that is less than [`publish_before`](Self::publish_before).
    pub fn max_age(&self) -> Duration {
        self.publish_before() / 4
    }

    /// How long a signer uses a ring that it has read.
    pub fn ring_lifetimes(&self) -> Lifetimes {
        Lifetimes {
            fresh: self.publish_before() / 4,
            background: Duration::ZERO,
            keep: Duration::from_mins(1),
            cooldown: Duration::from_secs(1),
        }
    }

    /// How long the publisher uses a ring: longer than a signer, so that the key of every new session is published.
    pub fn published_lifetimes(&self) -> Lifetimes {
        Lifetimes { keep: Duration::from_mins(2), ..self.ring_lifetimes() }
    }

    /// The times of a key's life.
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
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn every_accepted_pace_makes_a_valid_policy() {
        for seconds in [60, 61, 900, 1_000_000] {
            let args = Args::parse_from(["pozi-local", "--rotate-every", &seconds.to_string()]);
            assert!(args.policy().is_ok());
        }
        assert!(Args::try_parse_from(["pozi-local", "--rotate-every", "59"]).is_err());
    }

    #[test]
    fn exchanges_are_limited_as_in_production_unless_a_load_test_asks_otherwise() {
        let bursts = |args: &[&str]| {
            let rates = Args::parse_from([&["pozi-local"], args].concat()).rates();
            [rates.person, rates.tenant].map(|rate| rate.burst)
        };
        assert_eq!(bursts(&[]), [EXCHANGE_RATES.person, EXCHANGE_RATES.tenant].map(|rate| rate.burst));
        assert_eq!(bursts(&["--unlimited"]), [NonZeroU32::MAX; 2]);
    }
}
