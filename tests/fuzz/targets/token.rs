//! Tokens, as text and as the JSON of header and payload: a token that parses names a tenant and a key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_auth::{entra::UnverifiedToken, json::Members, sites::Origin, timestamp::Timestamp};

fuzz_target!(|data: &[u8]| {
    if let Ok(members) = Members::parse(data) {
        let mut names: Vec<_> = members.names().collect();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a repeated member");
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let Ok(token) = UnverifiedToken::parse(text) {
        let _ = (
            token.tenant(),
            token.version(),
            token.check_expiry(Timestamp::from_unix_seconds(0)).is_ok(),
            token.key_id(),
            token.unique_id(),
        );
    }
    if let Ok(origin) = text.parse::<Origin>() {
        assert!(
            origin.is_named_by(origin.to_string().trim_end_matches('/')),
            "an origin does not match itself"
        );
        let [one, other] =
            ["https://one.example", "https://other.example"].map(|header| origin.is_named_by(header));
        assert!(!(one && other), "an origin matches two");
    }
});
