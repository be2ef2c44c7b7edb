//! Documents that the service never made, or made before.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    json::ClaimError,
    jws::JwsError,
    keyring::Signer,
    revocation::limits::{MAX_ENTRIES, MAX_GROUPS},
};

/// Signs a document with this header and payload with key `index`, after a change of the ones that the service makes.
fn forged(index: usize, change: impl FnOnce(&mut Value, &mut Value)) -> String {
    let document = signed(&list(3, |_| NOW), index, NOW);
    let part = |at: usize| {
        let part = URL_SAFE_NO_PAD.decode(document.split('.').nth(at).unwrap()).unwrap();
        serde_json::from_slice::<Value>(&part).unwrap()
    };
    let (mut header, mut payload) = (part(0), part(1));
    change(&mut header, &mut payload);
    sign_text(index, &header.to_string(), &payload.to_string())
}

fn sign_text(index: usize, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = ready(key(index).0.signer.sign(message.as_bytes())).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn payload(change: impl FnOnce(&mut Value)) -> Result<Revocations, RevocationDocumentError> {
    verify(&forged(0, |_, payload| change(payload)), 0, NOW)
}

#[test]
fn reads_back_what_the_service_made() {
    assert_eq!(forged(0, |_, _| ()).len(), signed(&list(3, |_| NOW), 0, NOW).len());
    let read = payload(|payload| payload["later"] = json!({ "version": 2 })).unwrap();
    assert_eq!((read.sequence(), read.issued_at(), read.count()), (3, at(1_800_000_000), 3));
}

/// RFC 8725 §3.1, §3.8, §3.11.
#[test]
fn refuses_other_headers_keys_and_issuers() {
    let header = |change: fn(&mut Value)| {
        let document = forged(0, |header, _| change(header));
        UnverifiedRevocations::parse(&document).and_then(|read| {
            let (_, public) = key(0);
            read.verify(&issuer(), &public, NOW)
        })
    };
    for typ in
        [json!("at+jwt"), json!("JWT"), json!(""), json!("application/application/pozi-revocations+jwt")]
    {
        let document = forged(0, |header, _| header["typ"] = typ.clone());
        assert_eq!(verify_any(&document), Err(RevocationDocumentError::OtherType), "{typ}");
    }
    assert_eq!(
        header(|header| drop(header.as_object_mut().unwrap().remove("typ"))),
        Err(RevocationDocumentError::OtherType)
    );
    assert_eq!(
        header(|header| header["crit"] = json!(["exp"])),
        Err(RevocationDocumentError::CriticalHeader)
    );
    assert_eq!(header(|header| header["kid"] = json!("../x")), Err(ClaimError::WrongForm("kid").into()));
    for alg in ["none", "HS256", "RS256", "es256"] {
        let document = forged(0, |header, _| header["alg"] = json!(alg));
        assert!(matches!(verify_any(&document), Err(RevocationDocumentError::Algorithm { .. })), "{alg}");
    }
    let other = payload(|payload| payload["iss"] = json!("https://other.example")).unwrap_err();
    assert_eq!(
        other.to_string(),
        "it is of issuer `https://other.example` instead of https://auth.pozi.example"
    );
    let (_, public) = key(2);
    let document = signed(&list(3, |_| NOW), 0, NOW);
    let by_another = UnverifiedRevocations::parse(&document).unwrap();
    let refused = by_another.verify(&issuer(), &public, NOW);
    assert_eq!(refused, Err(RevocationDocumentError::BadSignature));
}

fn verify_any(document: &str) -> Result<Revocations, RevocationDocumentError> {
    let (_, public) = key(0);
    UnverifiedRevocations::parse(document)?.verify(&issuer(), &public, NOW)
}

/// A session and a document are signed with the same keys, so neither may pass for the other.
#[test]
fn refuses_a_session_as_a_document() {
    let session =
        sign_text(0, &json!({"typ": "at+jwt", "alg": "ES256", "kid": key(0).0.id}).to_string(), "{}");
    assert_eq!(verify_any(&session), Err(RevocationDocumentError::OtherType));
}

#[test]
fn refuses_every_truncation_and_every_flipped_bit() {
    let document = signed(&list(40, |_| NOW), 0, NOW);
    for length in 0..document.len() {
        assert!(verify_any(&document[..length]).is_err(), "{length} bytes");
    }
    for index in 0..document.len() {
        let mut bytes = document.clone().into_bytes();
        bytes[index] ^= 1 << (index % 7);
        let Ok(text) = String::from_utf8(bytes) else { continue };
        assert!(verify_any(&text).is_err(), "byte {index}");
    }
}

#[test]
fn refuses_a_document_that_is_too_large() {
    let pad = |length| forged(0, |_, payload| payload["pad"] = json!("a".repeat(length)));
    assert!(verify_any(&pad(2_000)).is_ok());
    let large = pad(2_800);
    assert_eq!(verify_any(&large), Err(RevocationDocumentError::TooLong { bytes: large.len() }));
    assert_eq!(
        verify_any(&"a".repeat(10_000_000)),
        Err(RevocationDocumentError::TooLong { bytes: 10_000_000 })
    );
}

#[test]
fn refuses_times_from_the_future() {
    for (ahead, is_refused) in [(0, false), (330, false), (331, true), (u64::MAX / 2, true)] {
        let found = payload(|payload| payload["iat"] = json!(1_800_000_000 + ahead));
        assert_eq!(matches!(found, Err(RevocationDocumentError::FromFuture { .. })), is_refused, "{ahead}");
    }
    for (ahead, is_refused) in [(120, false), (121, true), (u64::MAX / 2, true)] {
        let found = payload(|payload| payload["groups"][0][0] = json!(1_800_000_000 + ahead));
        let refusal = Err(RevocationSetError::FromFuture.into());
        assert_eq!(found == refusal, is_refused, "{ahead}");
    }
}

#[test]
fn refuses_groups_and_keys_that_are_never_published() {
    let kid = key(2).0.id;
    let many = |count: usize, each: u64| {
        (0..count).map(|group| json!([1_700_000_000 + group, each])).collect::<Vec<_>>()
    };
    for groups in [
        json!([[1_800_000_000, 0]]),
        json!([[1_800_000_000, 1], [1_800_000_000, 2]]),
        json!([[1_800_000_001, 1], [1_800_000_000, 2]]),
        json!([[1_800_000_000, MAX_ENTRIES + 1]]),
        json!([[1_800_000_000, u64::MAX], [1_800_000_001, u64::MAX]]),
        json!(many(MAX_GROUPS + 1, 1)),
    ] {
        let found = payload(|payload| payload["groups"] = groups.clone());
        assert_eq!(found, Err(RevocationSetError::Groups.into()), "{groups}");
    }
    for keys in [json!(["x"]), json!([kid, kid]), json!([format!("{kid}=")])] {
        let found = payload(|payload| payload["keys"] = keys.clone());
        assert_eq!(found, Err(RevocationSetError::Keys.into()), "{keys}");
    }
    let own = key(0).0.id;
    let found = payload(|payload| payload["keys"] = json!([own]));
    assert_eq!(found, Err(RevocationDocumentError::RevokedKey(own.to_string())));
    for (name, value) in [("set", json!("AA==")), ("set", json!("A"))] {
        assert_eq!(payload(|payload| payload[name] = value), Err(RevocationSetError::Base64.into()));
    }
    for (name, value) in [
        ("iss", json!(1)),
        ("iat", json!("1800000000")),
        ("iat", json!(1.5)),
        ("sequence", json!(-1)),
        ("groups", json!([[1_800_000_000, 3, 1]])),
        ("groups", json!([{ "issued_before": 1, "count": 3 }])),
        ("keys", json!(null)),
        ("rice", json!(u64::MAX)),
    ] {
        let found = payload(|payload| payload[name] = value.clone());
        assert_eq!(found, Err(JwsError::Json("the payload").into()), "{name} {value}");
    }
}

/// RFC 7519 §4: of a repeated member, two readers may each see another value.
#[test]
fn refuses_a_repeated_member_and_a_missing_one() {
    let header = json!({ "typ": REVOCATIONS_TYPE, "alg": "ES256", "kid": key(0).0.id }).to_string();
    let members = [
        r#""iss":"https://auth.pozi.example""#,
        r#""iat":1800000000"#,
        r#""sequence":1"#,
        r#""ring_revision":1"#,
        r#""keys":[]"#,
        r#""rice":40"#,
        r#""groups":[]"#,
        r#""set":"""#,
    ];
    let read = |members: &[&str]| verify_any(&sign_text(0, &header, &format!("{{{}}}", members.join(","))));
    assert_eq!(read(&members).map(|read| read.count()), Ok(0));
    for index in 0..members.len() {
        let repeated = [&members[..], &[members[index]]].concat();
        let missing = [&members[..index], &members[index + 1..]].concat();
        for members in [repeated, missing] {
            assert_eq!(read(&members), Err(JwsError::Json("the payload").into()), "{members:?}");
        }
    }
}

#[test]
fn accepts_only_what_follows() {
    let made = |sequence: u64, minute: u64, index: usize, keys: Vec<KeyId>| {
        let iat = 1_800_000_000 - 600 + minute * 60;
        let change = |_: &mut Value, payload: &mut Value| {
            payload["sequence"] = json!(sequence);
            payload["iat"] = json!(iat);
            payload["groups"] = json!([]);
            payload["set"] = json!("");
            payload["keys"] = json!(keys);
        };
        verify(&forged(index, change), index, NOW).unwrap()
    };
    let held = made(7, 5, 0, vec![key(2).0.id]);
    for (sequence, minute, follows) in
        [(7, 5, true), (7, 6, true), (8, 6, true), (8, 0, true), (7, 4, false), (6, 9, false), (0, 9, false)]
    {
        let next = made(sequence, minute, 0, vec![]);
        assert_eq!(held.check_successor(&next).is_ok(), follows, "{sequence} {minute}");
        assert!(Revocations::none().check_successor(&next).is_ok());
    }
    let by_the_leaked_key = made(99, 9, 2, vec![]);
    let refusal = RevocationDocumentError::RevokedKey(key(2).0.id.to_string());
    assert_eq!(held.check_successor(&by_the_leaked_key), Err(refusal));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Signed, so that every part is reached.
    #[test]
    fn hostile_sets_never_panic(
        rice in any::<u32>().prop_map(|rice| rice % 48),
        groups in prop::collection::vec((0..1_800_000_100_u64, prop_oneof![0..40_u64, any::<u64>()]), 0..10),
        set in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let found = payload(|payload| {
            payload["rice"] = json!(rice);
            payload["groups"] = json!(groups);
            payload["set"] = json!(URL_SAFE_NO_PAD.encode(&set));
        });
        if let Ok(read) = found {
            prop_assert!(read.count() * (rice as usize + 1) <= set.len() * 8);
        }
    }

    #[test]
    fn texts_never_panic(text in "\\PC{0,200}|[A-Za-z0-9_.=-]{0,400}") {
        prop_assert!(UnverifiedRevocations::parse(&text).is_err());
    }
}
