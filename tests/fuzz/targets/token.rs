//! Any token that anybody sends, as text and as the JSON of its header and payload: what is let through to the lookups
//! names a tenant, an audience and a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_auth::{entra::UnverifiedToken, json::Members, sites::Origin};

fuzz_target!(|data: &[u8]| {
    if let Ok(members) = Members::parse(data) {
        let mut names: Vec<_> = members.names().collect();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a member came twice");
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(token) = UnverifiedToken::parse(text) {
        let _ = (token.tenant(), token.version(), token.audience(), token.key_id(), token.unique_id());
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert!(origin.is_named_by(text), "an origin names itself");
        assert!(!origin.is_named_by("https://elsewhere.example") || text.contains("elsewhere"));
    }
});
