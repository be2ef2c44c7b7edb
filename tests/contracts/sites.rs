//! The contract of [`SiteRegistry`].

use std::fs;

use pozi_auth::{
    adapters::SiteFiles, identifiers::TenantId, sites::SiteFile, tenants::SiteRegistry, timestamp::Timestamp,
};
use pozi_local::samples;

const NOW: Timestamp = Timestamp::from_unix_seconds(pozi_tests::NOW);

/// `registry` must hold the sites of [`files`].
pub(crate) async fn contract(registry: impl SiteRegistry) {
    let names = async |tenant: &str| {
        let sites = registry.sites_of(tenant.parse().unwrap(), NOW).await.unwrap();
        assert!(sites.unreadable.is_empty());
        let sites = &sites.sites;
        assert!(sites.iter().all(|site| site.tenant().to_string() == tenant));
        let mut names: Vec<_> = sites.iter().map(|site| site.name.to_string()).collect();
        names.sort();
        names
    };
    for _ in 0..2 {
        assert_eq!(names("cd0a0f9d-3505-4176-bcd0-75bdde12fd00").await, ["riverbend"]);
        assert_eq!(names("28b1e556-f621-4edd-873b-d1d60bc6d8de").await, ["fenwick", "saltmarsh"]);
        assert_eq!(
            names("00000000-0000-0000-0000-000000000000").await,
            [""; 0],
            "an unregistered tenant has no sites"
        );
    }
}

/// The sample sites, and a second one in saltmarsh's tenant.
pub(crate) fn files() -> Vec<SiteFile> {
    let mut files = samples::site_files();
    let second = files[1].text.replace("saltmarsh", "fenwick").replace("cd9836b7", "cd9836b8");
    files.push(SiteFile { name: "fenwick.toml".into(), text: second });
    files
}

#[tokio::test]
async fn site_files_given_as_text() {
    contract(SiteFiles::of(&files()).unwrap()).await;
}

#[tokio::test]
async fn site_files_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        fs::write(folder.path().join(file.name), file.text).unwrap();
    }
    fs::write(folder.path().join("README.md"), "Not a site.").unwrap();
    contract(SiteFiles::load(folder.path(), NOW).unwrap()).await;
}

#[tokio::test]
async fn sites_remain_after_their_folder_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    for file in files() {
        fs::write(folder.path().join(file.name), file.text).unwrap();
    }
    let registry = SiteFiles::load(folder.path(), NOW).unwrap();
    drop(folder);
    let tenants: std::collections::HashSet<TenantId> = registry.all().map(|site| site.tenant()).collect();
    assert_eq!(tenants.len(), 2);
    contract(registry).await;
}
