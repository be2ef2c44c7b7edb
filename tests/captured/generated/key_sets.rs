//! Key sets, one of each kind that Entra ID serves.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use entra_emulator::{CONSUMER_TENANT, EmulatedEntra, PUBLISHED_KEYS, Version};
use serde_json::{Value, json};

use super::guid;

/// Which key set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeySetKind {
    /// Of version 1.0.
    V1,
    /// Of version 1.0, with a modulus in standard base64, as once served.
    StandardBase64,
    /// Of version 2.0, before keys named their cloud.
    V2,
    /// Of version 2.0, with keys of two clouds.
    Clouds,
    /// Of personal accounts.
    Consumers,
    /// Of a tenant that is named instead of a template.
    OneTenant,
    /// Of the US Government's cloud.
    UsGovernment,
    /// Of the cloud in China.
    China,
    /// Of Azure AD B2C: without certificates.
    B2c,
}

/// Distinct keys, as in a set of version 1.0. Made once, since each takes a tenth of a second or more.
static KEYS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let directories = std::iter::repeat_with(|| EmulatedEntra::new(Vec::new())).take(3);
    let keys = directories.flat_map(|directory| {
        (1..PUBLISHED_KEYS).for_each(|_| directory.roll_keys());
        directory.key_set(Version::V1)["keys"].as_array().cloned().unwrap_or_default()
    });
    keys.collect()
});

/// Returns a key set of this kind.
pub(crate) fn key_set(kind: KeySetKind) -> Value {
    const PUBLIC: &str = "microsoftonline.com";
    const US: &str = "microsoftonline.us";
    const CHINA: &str = "partner.microsoftonline.cn";
    let issued = |tenant: &str| json!({"issuer": issuer(PUBLIC, tenant)});
    let of_cloud =
        |cloud: &str, tenant: &str| json!({"cloud_instance_name": cloud, "issuer": issuer(PUBLIC, tenant)});
    let own = |cloud: &str| json!({"cloud_instance_name": cloud, "issuer": issuer(cloud, TEMPLATE)});
    let personal = CONSUMER_TENANT.to_string();
    match kind {
        KeySetKind::V1 => set(&[(7, json!({}))]),
        KeySetKind::StandardBase64 => in_standard_base64(set(&[(2, json!({}))])),
        KeySetKind::V2 => set(&[(7, issued(TEMPLATE)), (3, issued(&personal))]),
        KeySetKind::Clouds => set(&[
            (2, of_cloud(PUBLIC, TEMPLATE)),
            (2, of_cloud(US, TEMPLATE)),
            (2, of_cloud(PUBLIC, &personal)),
        ]),
        KeySetKind::Consumers => set(&[(2, of_cloud(PUBLIC, &personal))]),
        KeySetKind::OneTenant => set(&[(2, of_cloud(PUBLIC, &guid()))]),
        KeySetKind::UsGovernment => set(&[(3, own(US))]),
        KeySetKind::China => set(&[(3, own(CHINA))]),
        KeySetKind::B2c => of_b2c(set(&[(2, json!({"nbf": 1_493_763_266}))])),
    }
}

const TEMPLATE: &str = "{tenantid}";

fn issuer(cloud: &str, tenant: &str) -> String {
    format!("https://login.{cloud}/{tenant}/v2.0")
}

/// Returns a set with this many keys of each kind, which have these members more than one of version 1.0.
fn set(kinds: &[(usize, Value)]) -> Value {
    let members = kinds.iter().flat_map(|(count, members)| std::iter::repeat_n(members, *count));
    let keys: Vec<_> = KEYS.iter().zip(members).map(|(key, more)| joined(&[key, more])).collect();
    assert_eq!(keys.len(), kinds.iter().map(|(count, _)| count).sum::<usize>(), "enough keys are made");
    json!({ "keys": keys })
}

fn in_standard_base64(mut set: Value) -> Value {
    for key in set["keys"].as_array_mut().into_iter().flatten() {
        let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap_or_default()).unwrap_or_default();
        key["n"] = STANDARD.encode(modulus).into();
    }
    set
}

fn of_b2c(mut set: Value) -> Value {
    for key in set["keys"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        key.retain(|name, _| !name.starts_with("x5"));
    }
    set
}

/// Returns one object with the members of all.
fn joined(objects: &[&Value]) -> Value {
    let members = objects.iter().filter_map(|object| object.as_object()).flatten();
    members.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
}
