//! Bodies of requests: parsed, or refused with only the characters that RFC 6749 §5.2 allows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_auth::{
    jws::MAX_TOKEN_BYTES,
    oauth::{ExchangeError, ExchangeRequest},
};

fuzz_target!(|form: &[u8]| match ExchangeRequest::parse(form) {
    Ok(request) => {
        assert!(!request.subject_token.as_str().is_empty());
        assert!(request.subject_token.as_str().len() <= MAX_TOKEN_BYTES);
        assert!(request.scope.is_none_or(|scope| !scope.is_empty()));
    }
    Err(refusal) => {
        let refusal = ExchangeError::from(refusal).refusal();
        let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(refusal.status >= 400 && refusal.description.bytes().all(allowed));
    }
});
