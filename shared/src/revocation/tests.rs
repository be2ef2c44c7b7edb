//! Documents from the list to the check of a session: sizes, wrong refusals, and hostile ones.

mod hostile;
mod lists;

use std::{collections::HashMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::*;
use crate::{
    identifiers::{ObjectId, SessionId, TenantId},
    issuer::Issuer,
    keyring::{KeyId, PrivateKey, SigningAlgorithm, SigningKey, SoftwareKey},
    public_key::PublicKey,
    timestamp::Timestamp,
};

const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];
const NOW: Timestamp = at(1_800_000_030);

const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(seconds)
}

fn issuer() -> Issuer {
    "https://auth.pozi.example".parse().unwrap()
}

/// Made once a process, because an RSA key takes long to make.
static KEYS: LazyLock<[PrivateKey; 3]> = LazyLock::new(|| {
    [BOTH[0], BOTH[1], BOTH[0]].map(|algorithm| SoftwareKey::generate(algorithm).unwrap().1)
});

/// Returns key `index`: 0 of ES256, 1 of RS256, 2 another one of ES256; and its public half.
fn key(index: usize) -> (SigningKey<SoftwareKey>, PublicKey) {
    let algorithm = BOTH[index % 2];
    let signer = SoftwareKey::open(algorithm, &KEYS[index]).unwrap();
    let jwk = signer.public_jwk();
    let id = KeyId::thumbprint(&jwk).unwrap();
    (SigningKey { id, algorithm, signer }, PublicKey::of(&jwk).unwrap())
}

/// Runs a future that is ready at once.
fn ready<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn signed(list: &RevocationList, index: usize, now: Timestamp) -> String {
    let (key, _) = key(index);
    let draft = RevocationDraft::of(list, &issuer(), (&key.id, key.algorithm), now).unwrap();
    ready(draft.sign(&key)).unwrap().document
}

fn verify(document: &str, index: usize, now: Timestamp) -> Result<Revocations, RevocationDocumentError> {
    let (key, public) = key(index);
    let unverified = UnverifiedRevocations::parse(document)?;
    assert_eq!(unverified.key_id(), key.id.as_str());
    unverified.verify(&issuer(), &public, now)
}

fn uuid(number: usize) -> Uuid {
    Uuid::from_u128(0x4000_0000_0000_4000_8000_0000_0000_0000 + number as u128 * 7_919)
}

fn entry(number: usize) -> Revoked {
    match number % 3 {
        0 => Revoked::Site { url: format!("https://poziserver-{number}.example/pozi/") },
        1 => Revoked::Person { tenant: TenantId::new(uuid(number)), object: ObjectId::new(uuid(number + 1)) },
        _ => Revoked::Session { id: SessionId::new(uuid(number)) },
    }
}

/// A session that only the entry `number` names.
fn named(number: usize) -> SessionMarks {
    let name = entry(number).to_string();
    let other = |kind| format!("no {kind}");
    let text = |kind| if entry(number).kind() == kind { name.clone() } else { other(kind) };
    SessionMarks::of(&text(RevokedKind::Site), &text(RevokedKind::Person), &text(RevokedKind::Session))
}

fn list(count: usize, entered: impl Fn(usize) -> Timestamp) -> RevocationList {
    (0..count).fold(RevocationList::default(), |list, number| {
        list.enter(entry(number), "arn:aws:sts::111122223333:assumed-role/operator/one", entered(number))
            .unwrap()
    })
}

fn rice_of(document: &str) -> u64 {
    let payload = URL_SAFE_NO_PAD.decode(document.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<serde_json::Value>(&payload).unwrap()["rice"].as_u64().unwrap()
}

/// Entries of the last hour, every one in a second of its own, or all in one second.
fn spread(number: usize) -> Timestamp {
    at(NOW.unix_seconds() - (number as u64 * 3) % 3_600)
}

#[test]
fn a_document_of_any_size_fits_and_says_how_precise_it_is() {
    let mut sizes = HashMap::new();
    for (index, algorithm) in BOTH.into_iter().enumerate() {
        for count in [0, 1, 10, 100, 1_000] {
            for (name, times) in [("one", (|_| NOW) as fn(usize) -> Timestamp), ("spread", spread)] {
                let document = signed(&list(count, times), index, NOW);
                assert!(document.len() <= MAX_REVOCATION_BYTES, "{count}");
                assert_eq!(verify(&document, index, NOW).unwrap().count(), count);
                println!(
                    "{algorithm:?} {count} {name}: {} bytes, rice {}",
                    document.len(),
                    rice_of(&document)
                );
                sizes.insert((algorithm.name(), count, name), (document.len(), rice_of(&document)));
            }
        }
    }
    // What docs/verify.md promises: a mark that is none of the entries looks like one with the probability 2^-rice.
    for (count, rice) in [(1, 40), (10, 40), (100, 40), (1_000, 12)] {
        let least = sizes.iter().filter(|((_, of, _), _)| *of == count).map(|(_, (_, rice))| *rice).min();
        assert!(least.unwrap() >= rice, "{count}: {least:?}");
    }
}

/// 10,000 sessions of the same second are none of the 1,000 entries.
#[test]
fn refuses_every_revoked_session_and_hardly_any_other() {
    for (times, groups) in [((|_| NOW) as fn(usize) -> Timestamp, 1), (spread, 8)] {
        for index in [0, 1] {
            let document = signed(&list(1_000, times), index, NOW);
            let revocations = verify(&document, index, NOW).unwrap();
            let issued = at(NOW.unix_seconds() - 3_700);
            let revoked = |marks: &SessionMarks| revocations.revokes("another key", issued, marks);
            for number in 0..1_000 {
                assert!(revoked(&named(number)).is_some(), "{number}");
                let later = revocations.revokes("another key", times(number).plus(LIST_HELD), &named(number));
                assert!(groups > 1 || later.is_none(), "a session that was issued afterwards");
            }
            let wrong = (1_000..11_000).filter(|number| revoked(&named(*number)).is_some()).count();
            let rice = i32::try_from(rice_of(&document)).unwrap();
            let expected = 10_000.0 * 3.0 * f64::from(groups) * 2_f64.powi(-rice);
            println!(
                "rice {rice}, {groups} groups: {wrong} of 10,000 refused by mistake, expected {expected:.1}"
            );
            assert!(f64::from(u32::try_from(wrong).unwrap()) <= expected + 5.0 * expected.sqrt() + 1.0);
        }
    }
}

#[test]
fn a_handful_of_entries_never_concern_anybody_else() {
    let revocations = verify(&signed(&list(9, |_| NOW), 0, NOW), 0, NOW).unwrap();
    let wrong = (1_000..11_000).filter(|number| revocations.revokes("k", NOW, &named(*number)).is_some());
    assert_eq!(wrong.count(), 0);
    let kinds: Vec<_> = (0..3).map(|number| revocations.revokes("k", NOW, &named(number)).unwrap()).collect();
    assert_eq!(kinds, [RevokedKind::Site, RevokedKind::Person, RevokedKind::Session]);
}

/// The holder of a leaked key chooses `iat`.
#[test]
fn a_key_is_revoked_for_every_time_and_everything_else_only_before_one() {
    let leaked = key(2).0.id;
    let list = list(3, |_| NOW).enter(Revoked::Key { id: leaked.clone() }, "one", NOW).unwrap();
    let revocations = verify(&signed(&list, 0, NOW), 0, NOW).unwrap();
    let end = NOW.plus(LIST_HELD).unix_seconds();
    for (issued, is_revoked) in [(0, true), (end - 1, true), (end, false), (u64::MAX, false)] {
        assert_eq!(revocations.revokes("k", at(issued), &named(1)).is_some(), is_revoked, "{issued}");
        assert_eq!(revocations.revokes(leaked.as_str(), at(issued), &named(99)), Some(RevokedKind::Key));
        assert_eq!(revocations.revokes("k", at(issued), &named(99)), None);
    }
}

#[test]
fn the_document_changes_only_with_the_list_the_key_and_the_minute() {
    let etag = |list: &RevocationList, index, now| {
        let (key, _) = key(index);
        let draft = RevocationDraft::of(list, &issuer(), (&key.id, key.algorithm), now).unwrap();
        ready(draft.sign(&key)).unwrap().etag
    };
    let (one, two) = (list(1, |_| NOW), list(2, |_| NOW));
    let first = etag(&one, 0, NOW);
    assert_eq!(first, format!("W/\"1-1800000000-{}\"", key(0).0.id));
    assert_eq!(etag(&one, 0, at(1_800_000_059)), first);
    for other in [etag(&one, 0, at(1_800_000_060)), etag(&two, 0, NOW), etag(&one, 2, NOW)] {
        assert_ne!(other, first);
    }
}
