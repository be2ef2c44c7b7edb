//! Documents and tokens in the shapes of Entra ID's, made for each run: keys, ids and names are random or examples.

mod claims;
mod key_sets;
mod metadata;

pub(crate) use self::{
    claims::shapes,
    key_sets::{KeySetKind, key_set},
    metadata::{customer_configuration, openid_configuration},
};

/// Returns a random GUID.
fn guid() -> String {
    uuid::Uuid::new_v4().to_string()
}
