//! The gate's one configuration file.

use std::{
    collections::BTreeSet,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

use pozi_auth::{
    address::{LoopbackUrl, SecureUrl, plain_url},
    session::Issuer,
    sites::CatalogueId,
};
use serde::{Deserialize, Deserializer, de::Error};

/// What the gate is told. An unknown key is an error: a misspelt one would be a rule that nobody keeps.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateConfig {
    /// Who mints the sessions: the service's own URL, to the letter `iss` of the sessions.
    #[serde(deserialize_with = "parsed")]
    pub issuer: Issuer,
    /// The site's external URL, to the letter `aud` of its sessions.
    #[serde(deserialize_with = "audience")]
    pub audience: String,
    /// The catalogues that this gate decides about; any other is refused.
    #[serde(deserialize_with = "some_catalogues")]
    pub catalogues: BTreeSet<CatalogueId>,
    /// Where the gateway asks; `127.0.0.1:8181` when left out. Whoever can connect can only ask.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// The folder that the issuer's keys are kept in, for a start without a network.
    pub state_dir: PathBuf,
    /// Where the issuer's keys are, when not at its `/.well-known/jwks.json`: https, or http on this machine.
    #[serde(default, deserialize_with = "parsed_if_there")]
    jwks_url: Option<SecureUrl>,
    /// A QGIS Server whose plugin is watched.
    pub probe: Option<ProbeConfig>,
}

/// What is watched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeConfig {
    /// A request that the plugin must refuse when it does not come through the gateway: QGIS Server itself, on this
    /// machine.
    #[serde(deserialize_with = "parsed")]
    pub url: LoopbackUrl,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{0}: {1}")]
    Read(String, io::Error),
    /// The file is wrong; the place and the fix.
    #[error("{0}: {1}")]
    Invalid(String, Box<toml::de::Error>),
}

impl GateConfig {
    /// Reads the file at `path`.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = || path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| ConfigError::Read(name(), error))?;
        toml::from_str(&text).map_err(|error| ConfigError::Invalid(name(), Box::new(error)))
    }

    /// Where the issuer's keys are.
    pub fn jwks_url(&self) -> Result<SecureUrl, pozi_auth::address::NotSecure> {
        self.jwks_url.clone().map_or_else(|| self.issuer.key_set_url().parse(), Ok)
    }

    /// Where the file is when nobody says: beside the program, else in `/etc/pozi` on systems that have it.
    pub fn default_path() -> PathBuf {
        const NAME: &str = "gate.toml";
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name(NAME));
        let of_system = Path::new("/etc/pozi").join(NAME);
        match beside {
            Some(beside) if cfg!(windows) || beside.exists() => beside,
            _ => of_system,
        }
    }
}

impl FromStr for GateConfig {
    type Err = toml::de::Error;

    fn from_str(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8181).into()
}

fn parsed<'de, T: FromStr<Err: std::fmt::Display>, D: Deserializer<'de>>(value: D) -> Result<T, D::Error> {
    String::deserialize(value)?.parse().map_err(D::Error::custom)
}

fn parsed_if_there<'de, T: FromStr<Err: std::fmt::Display>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    parsed(value).map(Some)
}

/// The registry normalises a site's external URL (it ends in a slash); one that is written otherwise would refuse every
/// session, and nobody would know why.
fn audience<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    let text = String::deserialize(value)?;
    let url = plain_url(&text).map_err(D::Error::custom)?;
    if url.as_str() == text && text.ends_with('/') {
        Ok(text)
    } else {
        Err(D::Error::custom("the site's external URL, to the letter: with a slash at its end"))
    }
}

fn some_catalogues<'de, D: Deserializer<'de>>(value: D) -> Result<BTreeSet<CatalogueId>, D::Error> {
    let catalogues = BTreeSet::deserialize(value)?;
    if catalogues.is_empty() { Err(D::Error::custom("name at least one catalogue")) } else { Ok(catalogues) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
issuer = "https://auth.example"
audience = "https://poziserver-riverbend.example/pozi/"
catalogues = ["planning", "heritage"]
listen = "127.0.0.1:9000"
state_dir = "/var/lib/pozi-gate"
jwks_url = "https://keys.example/set.json"

[probe]
url = "http://127.0.0.1:8082/?SERVICE=WMS&REQUEST=GetCapabilities"
"#;

    #[test]
    fn reads_a_whole_file_and_the_least_one() {
        let whole: GateConfig = WHOLE.parse().unwrap();
        assert_eq!(whole.listen.port(), 9_000);
        assert_eq!(whole.jwks_url().unwrap().as_str(), "https://keys.example/set.json");
        assert!(whole.probe.is_some());
        let least: String =
            WHOLE.lines().take(4).chain(["state_dir = \"state\""]).map(|line| format!("{line}\n")).collect();
        let least: GateConfig = least.parse().unwrap();
        assert_eq!(least.listen.to_string(), "127.0.0.1:8181");
        assert_eq!(least.jwks_url().unwrap().as_str(), "https://auth.example/.well-known/jwks.json");
    }

    #[test]
    fn whatever_is_wrong_is_said_with_its_place() {
        for (from, to, said) in [
            ("https://auth.example\"", "http://auth.example\"", "an issuer is"),
            ("https://auth.example\"", "https://auth.example/\"", "an issuer is"),
            ("/pozi/\"", "/pozi\"", "with a slash at its end"),
            ("https://poziserver", "https://POZISERVER", "to the letter"),
            ("\"planning\", \"heritage\"", "", "at least one"),
            ("planning", "Planning", "no catalogue id"),
            ("https://keys", "http://keys", "https URL"),
            ("http://127.0.0.1:8082", "http://qgis.internal", "this machine"),
            ("listen", "lisen", "unknown field"),
            ("[probe]", "[prob]", "unknown field"),
            ("state_dir", "#", "state_dir"),
        ] {
            let spoiled = WHOLE.replacen(from, to, 1);
            assert_ne!(spoiled, WHOLE);
            let problem = spoiled.parse::<GateConfig>().unwrap_err().to_string();
            assert!(problem.contains(said) && problem.contains("line"), "{to}: {problem}");
        }
    }
}
