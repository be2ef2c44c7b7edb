//! What people and programs see of a session.

use pozi_auth::{session::SessionRefusal, timestamp::Timestamp};
use serde_json::json;

use super::{report::Report, signature::Signature, *};
use crate::Exit;

/// 2027-01-15T08:00:00Z.
const NOW: u64 = 1_800_000_000;

fn session() -> SessionContents {
    SessionContents {
        key_id: "k".repeat(43),
        issuer: "https://auth.example".parse().unwrap(),
        audience: "https://poziserver-riverbend.example/pozi/".into(),
        tenant: "cd0a0f9d-3505-4176-bcd0-75bdde12fd00".parse().unwrap(),
        subject: "cd0a0f9d-3505-4176-bcd0-75bdde12fd00.5c0e83f4-6d5b-4f8e-9b64-f1b3f8f1a2d7".into(),
        client: "c3890382-ecc1-4cf0-adc1-1b349bbd71ee".parse().unwrap(),
        id: "0f3c2f0e-3f44-4c8a-8a53-8f6d6c1f7f10".parse().unwrap(),
        scope: "heritage:read planning:write".parse().unwrap(),
        enforced_scope: None,
        policy_revision: None,
        issued: Timestamp::from_unix_seconds(NOW - 180),
        expires: Timestamp::from_unix_seconds(NOW + 420),
    }
}

fn report(signature: Signature, later: u64) -> Report {
    Report { contents: session(), signature, now: Timestamp::from_unix_seconds(NOW + later) }
}

fn shown(report: &Report) -> String {
    Output::new(report).plain()
}

#[test]
fn shows_what_a_session_says() {
    assert_eq!(shown(&report(Signature::Valid, 0)), include_str!("golden/valid.txt"));
    let expired = report(Signature::Refused(SessionRefusal::Expired), 3_600);
    assert_eq!(shown(&expired), include_str!("golden/expired.txt"));
}

#[test]
fn says_what_the_signature_proves_and_ends_accordingly() {
    let mut lines = String::new();
    for (signature, exit) in [
        (Signature::NotVerified, Exit::Done),
        (Signature::KeysUnavailable("status 503".into()), Exit::Wrong),
        (Signature::Valid, Exit::Done),
        (Signature::Refused(SessionRefusal::UnknownKey), Exit::Wrong),
        (Signature::Refused(SessionRefusal::BadSignature), Exit::Wrong),
        (Signature::Refused(SessionRefusal::IssuerMismatch), Exit::Wrong),
        (Signature::Refused(SessionRefusal::NotYetValid), Exit::Wrong),
        (Signature::Refused(SessionRefusal::UnsupportedAlgorithm), Exit::Wrong),
    ] {
        let report = report(signature, 0);
        assert_eq!(report.exit(), exit, "{report:?}");
        lines.push_str(shown(&report).lines().last().unwrap());
        lines.push('\n');
    }
    assert_eq!(lines, include_str!("golden/signatures.txt"));
    assert_eq!(report(Signature::NotVerified, 420).exit(), Exit::Wrong, "expired, by any issuer");
}

#[test]
fn programs_get_the_claims_and_a_code() {
    let output = Output::new(&report(Signature::Refused(SessionRefusal::UnknownKey), 0));
    let mut json = output.json().clone();
    assert!(json["message"].take().is_string());
    let expected = json!({
        "site": "https://poziserver-riverbend.example/pozi/",
        "tenant": "cd0a0f9d-3505-4176-bcd0-75bdde12fd00",
        "subject": "cd0a0f9d-3505-4176-bcd0-75bdde12fd00.5c0e83f4-6d5b-4f8e-9b64-f1b3f8f1a2d7",
        "scope": "heritage:read planning:write",
        "issued": "2027-01-15T07:57:00Z", "expires": "2027-01-15T08:07:00Z", "is_expired": false,
        "issuer": "https://auth.example",
        "client": "c3890382-ecc1-4cf0-adc1-1b349bbd71ee",
        "kid": "k".repeat(43), "jti": "0f3c2f0e-3f44-4c8a-8a53-8f6d6c1f7f10",
        "signature": "unknown_key", "message": null,
    });
    assert_eq!(json, expected);
}
