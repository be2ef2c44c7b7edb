//! The kinds of documents that are tested: how each is generated, which file was captured, and what is expected of both.

use entra_emulator::Version;
use pozi_auth::entra::{
    Cloud::{self, China, Public, UsGovernment},
    TokenVersion,
};
use serde_json::Value;

use super::{
    captured,
    generated::{KeySetKind, key_set, openid_configuration},
};

/// A kind of key set.
pub(crate) struct KeySet {
    pub(crate) kind: KeySetKind,
    /// The captured file, without its folder; empty if there is none.
    pub(crate) file: &'static str,
    pub(crate) version: Version,
    /// How many keys there are.
    pub(crate) keys: usize,
    /// How many of them are usable in the worldwide cloud, the US Government's and China's.
    pub(crate) usable: [usize; 3],
    /// How many of those in the worldwide cloud vouch only for personal accounts or another tenant.
    pub(crate) of_another_tenant: usize,
}

pub(crate) const KEY_SETS: [KeySet; 9] = [
    of(KeySetKind::V1, "common-v1-2024-07-22.json", Version::V1, [7, 7, 7], 0),
    of(KeySetKind::V2, "common-v2-2024-07-22.json", Version::V2, [10, 10, 10], 3),
    KeySet { keys: 6, ..of(KeySetKind::Clouds, "common-v2-2025-09.json", Version::V2, [4, 2, 0], 2) },
    of(KeySetKind::StandardBase64, "", Version::V1, [2, 2, 2], 0),
    of(KeySetKind::Consumers, "", Version::V2, [2, 0, 0], 2),
    of(KeySetKind::OneTenant, "", Version::V2, [2, 0, 0], 2),
    KeySet { keys: 3, ..of(KeySetKind::UsGovernment, "", Version::V2, [0, 3, 0], 0) },
    KeySet { keys: 3, ..of(KeySetKind::China, "", Version::V2, [0, 0, 3], 0) },
    of(KeySetKind::B2c, "", Version::V2, [2, 2, 2], 0),
];

/// Returns a kind whose keys are all usable in the worldwide cloud.
const fn of(
    kind: KeySetKind,
    file: &'static str,
    version: Version,
    usable: [usize; 3],
    of_another_tenant: usize,
) -> KeySet {
    KeySet { kind, file, version, keys: usable[0], usable, of_another_tenant }
}

impl KeySet {
    pub(crate) fn generated(&self) -> Value {
        key_set(self.kind)
    }

    pub(crate) fn captured(&self) -> Option<Value> {
        captured_in("jwks", self.file)
    }
}

/// A kind of OpenID configuration.
pub(crate) struct Metadata {
    /// The captured file, without its folder; empty if there is none.
    pub(crate) file: &'static str,
    pub(crate) cloud: Cloud,
    pub(crate) version: TokenVersion,
    /// What the addresses name instead of a tenant; empty if they name the tenant.
    pub(crate) tenants: &'static str,
}

pub(crate) const METADATA: [Metadata; 15] = [
    about("tenant-v1.json", Public, TokenVersion::V1, ""),
    about("tenant-v2.json", Public, TokenVersion::V2, ""),
    about("common-v2.json", Public, TokenVersion::V2, "common"),
    about("usgov-organizations-v2.json", UsGovernment, TokenVersion::V2, "organizations"),
    about("china-organizations-v2.json", China, TokenVersion::V2, "organizations"),
    about("", Public, TokenVersion::V1, "common"),
    about("", Public, TokenVersion::V1, "organizations"),
    about("", Public, TokenVersion::V2, "organizations"),
    about("", Public, TokenVersion::V2, "consumers"),
    about("", UsGovernment, TokenVersion::V1, ""),
    about("", UsGovernment, TokenVersion::V2, ""),
    about("", UsGovernment, TokenVersion::V2, "common"),
    about("", China, TokenVersion::V1, ""),
    about("", China, TokenVersion::V2, ""),
    about("", China, TokenVersion::V2, "common"),
];

const fn about(file: &'static str, cloud: Cloud, version: TokenVersion, tenants: &'static str) -> Metadata {
    Metadata { file, cloud, version, tenants }
}

impl Metadata {
    pub(crate) fn generated(&self) -> Value {
        let tenant = uuid::Uuid::new_v4().to_string();
        let named = if self.tenants.is_empty() { &tenant } else { self.tenants };
        openid_configuration(self.cloud, self.version, named)
    }

    pub(crate) fn captured(&self) -> Option<Value> {
        captured_in("metadata", self.file)
    }
}

fn captured_in(folder: &str, file: &str) -> Option<Value> {
    if file.is_empty() { None } else { captured(&format!("{folder}/{file}")) }
}
