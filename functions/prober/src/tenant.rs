//! The prober's own tenant: its site and its key set, in the table like every other tenant's. Its id is the GUID of the stack,
//! which no tenant of Entra has; its site's address is under `.invalid`, where nothing is (RFC 2606 §2).

use jsonwebtoken::jwk::Jwk;
use pozi_auth::{
    entra::{Cloud, KeySetLocation, TokenVersion},
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
    sites::Site,
    tenants::{Edit, KeySetStore, Parts, SiteStore, TenantSource},
    timestamp::Timestamp,
};
use serde_json::json;
use uuid::uuid;

use crate::ProbeError;

/// The scope of the sessions that its person gets.
pub(crate) const SCOPE: &str = "probe:read";
/// Its app registration.
pub(crate) const CLIENT: ClientId = ClientId::new(uuid!("9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a10"));
/// An app registration that its site does not have.
pub(crate) const OTHER_CLIENT: ClientId = ClientId::new(uuid!("9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a11"));
/// Its person.
pub(crate) const PERSON: ObjectId = ObjectId::new(uuid!("9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a20"));
/// The group that may read its catalogue.
pub(crate) const GROUP: GroupId = GroupId::new(uuid!("9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a30"));
/// A group that may read nothing.
pub(crate) const OTHER_GROUP: GroupId = GroupId::new(uuid!("9a4b1c52-6e0f-4d0a-8c55-7d1f0e6b2a31"));

const NAME: &str = "pozi-prober";

/// Returns the site of `tenant`, and sees to it that it and the tenant's key set, with the key `public`, are stored.
pub(crate) async fn prepare<T: TenantSource + SiteStore + KeySetStore>(
    tenants: &T,
    tenant: TenantId,
    public: &Jwk,
    now: Timestamp,
) -> Result<Site, ProbeError> {
    let document = site_file(tenant);
    let site = Site::parse(&document).map_err(|errors| ProbeError::SiteFile(errors.len()))?;
    let record = tenants.record_of(tenant, Parts::Sites).await?;
    let stored = record.sites.iter().find(|stored| stored.name == NAME);
    let is_stored = stored.is_some_and(|it| it.document == document && it.holds_its_claims(tenant));
    if !is_stored {
        let edit = Edit { by: "prober".to_owned(), at: now, note: None };
        tenants.put(&site, &document, stored.map(|stored| stored.revision), &edit).await?;
    }
    tenants.keep(location(tenant), key_set(tenant, public).as_bytes(), now).await?;
    Ok(site)
}

/// Returns where its key set would be at Entra.
fn location(tenant: TenantId) -> KeySetLocation {
    KeySetLocation { cloud: Cloud::Public, tenant, version: TokenVersion::V2 }
}

/// Returns the key set as Entra would publish it: for the tokens of this tenant only.
fn key_set(tenant: TenantId, public: &Jwk) -> String {
    let mut key = json!(public);
    key["issuer"] = json!(Cloud::Public.issuer(TokenVersion::V2, tenant));
    json!({ "keys": [key] }).to_string()
}

/// Returns the site file, always the same for one tenant, so that it is written once.
fn site_file(tenant: TenantId) -> String {
    format!(
        r#"# The site of the prober, which stands for no council. The prober stores it by itself.
name = "{NAME}"
internal_url = "http://{NAME}.invalid/"
external_url = "https://{NAME}.invalid/"
client_id = "{CLIENT}"
tenant_id = "{tenant}"
origins = ["https://{NAME}.invalid"]
session_minutes = 1

[[catalogue]]
id = "probe"
title = "Probe"
project = "probe.qgz"
read = ["{GROUP}"]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantId = TenantId::new(uuid!("5f8c1a70-ca3e-11f1-8d4e-0a1b2c3d4e5f"));

    #[test]
    fn its_site_is_valid_and_its_address_leads_nowhere() {
        let site = Site::parse(&site_file(TENANT)).unwrap();
        assert_eq!((site.tenant(), site.name.as_str()), (TENANT, NAME));
        assert_eq!(site.external_url.as_str(), "https://pozi-prober.invalid/");
    }
}
