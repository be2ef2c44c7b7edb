//! Configurations for this crate's tests.

use std::{fs, path::PathBuf};

use pozi_auth::timestamp::Timestamp;

use super::{ConfigError, GateConfig};

/// 2027-01-15 08:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A site with the catalogues `planning` and `assets`.
pub(crate) const SITE: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = ["https://riverbend.enterprise.example"]

[[catalogue]]
id = "planning"
title = "Planning"
project = "C:/Pozi/planning.qgz"
read = "everyone-signed-in"

[[catalogue]]
id = "assets"
title = "Assets"
project = "C:/Pozi/assets.qgz"
read = "everyone-signed-in"
"#;

/// The required keys of `gate.toml`.
pub(crate) const MINIMAL: &str =
    "issuer = \"https://auth.example\"\nsite = \"site.toml\"\nstate_dir = \"state\"\n";

const UPSTREAM: &str = "[upstream]\nfastcgi = \"127.0.0.1:9000\"\n";

/// A folder with `gate.toml` and `site.toml`.
pub(crate) struct Files(pub(crate) tempfile::TempDir);

impl Files {
    /// Creates the folder with the sample site and no `gate.toml`.
    pub(crate) fn new() -> Self {
        let files = Self(tempfile::tempdir().expect("a temporary folder"));
        files.write("site.toml", SITE);
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file can be written");
    }

    /// Writes `gate.toml` with the required keys and `more`.
    pub(crate) fn write_gate(&self, more: &str) {
        self.write("gate.toml", &format!("{MINIMAL}{more}"));
    }

    pub(crate) fn read(&self) -> Result<GateConfig, ConfigError> {
        GateConfig::load(&self.path("gate.toml"), NOW)
    }

    /// Loads the required keys, `more` and an `[upstream]`.
    pub(crate) fn load(&self, more: &str) -> Result<GateConfig, ConfigError> {
        self.write_gate(&format!("{more}{UPSTREAM}"));
        self.read()
    }
}

/// Returns a valid configuration with `more` keys. Its files are deleted.
pub(crate) fn config(more: &str) -> GateConfig {
    let mut config = Files::new().load(more).expect("a valid configuration");
    config.files.clear();
    config.state_dir = "state".into();
    config
}
