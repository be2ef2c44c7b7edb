//! Documents from files or the network: site files, Entra's key sets, stored key rings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_auth::{
    entra::{Cloud, EntraKeySet},
    keyring::KeyRing,
    sites::{SiteFile, register},
};

fuzz_target!(|data: &[u8]| {
    if let Ok(keys) = EntraKeySet::parse(data, Cloud::Public) {
        assert!(keys.count() > 0);
    }
    if let Ok(ring) = KeyRing::from_json(data) {
        assert!(ring.active().is_some());
    }
    let Ok(text) = str::from_utf8(data) else { return };
    match register(&[SiteFile { name: "site.toml".to_owned(), text: text.to_owned() }]) {
        Ok(sites) => assert!(sites.values().flatten().all(|site| !site.catalogues.is_empty())),
        Err(problems) => {
            let lines = text.lines().count().max(1);
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| problem.line.is_none_or(|line| line <= lines + 1)));
        }
    }
});
