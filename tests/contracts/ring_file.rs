//! What only a key ring in a file must do: keep private keys to its owner, and never take a damaged file for an empty one.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use pozi_auth::{
    adapters::KeyRingFile,
    error::with_causes,
    keyring::{
        ActiveKey, KeyRequirements, KeyRingError, KeyRingSource, KeyRingStore, RING_LIFETIMES, RingSigner,
        RotateError, SigningAlgorithm, SoftwareKeys, establish,
    },
    revision::Revision,
    timestamp::Timestamp,
};
use pozi_tests::NOW;

use super::rings::{policy, ring};

const AT: Timestamp = Timestamp::from_unix_seconds(NOW);

/// A new folder with a file that stores a ring.
async fn stored() -> (tempfile::TempDir, PathBuf, KeyRingFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ring.json");
    let file = KeyRingFile::new(path.clone());
    file.replace(None, &ring().await).await.unwrap();
    (folder, path, file)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn only_the_owner_may_read_the_file() {
    let (_folder, path, file) = stored().await;
    for revision in 1..4 {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        file.replace(Some(Revision(revision)), &ring().await).await.unwrap();
    }
}

#[tokio::test]
async fn a_start_deletes_what_a_killed_writer_left_and_keeps_the_ring() {
    let (folder, path, file) = stored().await;
    let before = names(folder.path());
    fs::copy(&path, folder.path().join(".ring.json.Ab12.pozi-tmp")).unwrap();
    assert_eq!(file.sweep().await.unwrap(), 1);
    assert_eq!(names(folder.path()), before);
    assert!(file.load().await.unwrap().is_some());
    let missing = folder.path().join("missing");
    assert_eq!(KeyRingFile::new(missing.join("ring.json")).sweep().await.unwrap(), 0);
    assert!(!missing.exists());
}

/// RFC 7515 §10.2; RFC 7517 §9.2.
#[tokio::test]
async fn a_file_that_others_can_read_is_refused_unchanged_with_what_to_do() {
    let (_folder, path, file) = stored().await;
    let bytes = fs::read(&path).unwrap();
    for mode in [0o640, 0o604, 0o644, 0o660, 0o610, 0o601, 0o666, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let loaded = file.load().await.unwrap_err();
        assert!(matches!(loaded, KeyRingError::Exposed(_)), "{loaded:?}");
        let message = with_causes(&loaded);
        for part in [path.to_str().unwrap(), &format!("{mode:04o}"), "replace the keys", "chmod 600"] {
            assert!(message.contains(part), "{message} does not say {part}");
        }
        assert!(file.replace(Some(Revision(1)), &ring().await).await.is_err());
        assert!(establish(&file, &SoftwareKeys, &policy(SigningAlgorithm::Es256), AT).await.is_err());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(file.load().await.is_ok());
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_never_replaced() {
    let (_folder, path, file) = stored().await;
    let whole = fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    let damaged: Vec<Vec<u8>> = vec![
        vec![],
        b"\n".to_vec(),
        b"{}".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        vec![0; whole.len()],
        b"\xff\xfe".to_vec(),
        whole[..whole.len() - 1].to_vec(),
        whole[..whole.len() / 2].to_vec(),
        [whole.clone(), whole.clone()].concat(),
        text.replace("\"active\"", "\"pending\"").into(),
        text.replace("\"ES256\"", "\"RS256\"").into(),
        text.replace("\"revision\"", "\"version\"").into(),
        text.replace("\"kid\":\"", "\"kid\":\"x").replace("\"kid\": \"", "\"kid\": \"x").into(),
    ];
    for bytes in damaged {
        assert_ne!(bytes, whole, "the file was changed");
        fs::write(&path, &bytes).unwrap();
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let loaded = file.load().await;
        assert!(matches!(loaded, Err(KeyRingError::Damaged(_))), "{shown}: {loaded:?}");
        for expected in [None, Some(Revision(1))] {
            let replaced = file.replace(expected, &ring().await).await;
            assert!(matches!(replaced, Err(KeyRingError::Damaged(_))), "{shown}: {replaced:?}");
        }
        let rotated = establish(&file, &SoftwareKeys, &policy(SigningAlgorithm::Es256), AT).await;
        assert!(matches!(rotated, Err(RotateError::Store(KeyRingError::Damaged(_)))), "{shown}");
        let signer = RingSigner::new(Arc::new(file.clone()), SoftwareKeys, RING_LIFETIMES);
        assert!(signer.active(AT, &KeyRequirements::default()).await.is_err(), "{shown}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}

#[tokio::test]
async fn an_error_about_a_damaged_file_names_it_and_quotes_nothing_from_it() {
    let (_folder, path, file) = stored().await;
    let text = fs::read_to_string(&path).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let private = document["ring"]["keys"][0]["private"].as_str().unwrap();
    for damaged in
        [text.replace("\"ES256\"", "\"RS256\""), text.replace(private, &private[1..]), text[..60].into()]
    {
        fs::write(&path, damaged).unwrap();
        let error = file.load().await.unwrap_err();
        for text in [with_causes(&error), format!("{error:?}")] {
            assert!(text.contains("ring.json"), "{text}");
            assert!(!text.contains(&private[8..40]), "{text}");
        }
    }
}

#[tokio::test]
async fn an_error_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let in_the_way = folder.path().join("file");
    fs::write(&in_the_way, "").unwrap();
    let below_a_file = KeyRingFile::new(in_the_way.join("ring.json"));
    let a_folder = KeyRingFile::new(folder.path().to_owned());
    for (refused, name) in [
        (below_a_file.replace(None, &ring().await).await, "ring.json"),
        (a_folder.load().await.map(drop), folder.path().to_str().unwrap()),
    ] {
        assert!(matches!(refused, Err(KeyRingError::Unavailable(_))), "{refused:?}");
        let message = with_causes(&refused.unwrap_err());
        assert!(message.contains(name), "{message}");
    }
}

#[tokio::test]
async fn the_folder_is_created_with_the_first_ring_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("var/pozi/keys/ring.json");
    let file = KeyRingFile::new(path.clone());
    assert!(file.load().await.unwrap().is_none());
    assert!(names(folder.path()).is_empty());
    file.replace(None, &ring().await).await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn only_the_lock_file_is_left_beside_the_ring() {
    let (folder, _, file) = stored().await;
    for revision in 1..4 {
        file.replace(Some(Revision(revision)), &ring().await).await.unwrap();
        assert!(file.replace(None, &ring().await).await.is_err());
        assert_eq!(names(folder.path()), ["ring.json", "ring.json.lock"]);
    }
    assert_eq!(fs::read(folder.path().join("ring.json.lock")).unwrap(), b"", "the lock file is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_during_replacements_sees_a_complete_ring_and_never_an_older_one() {
    let (_folder, path, file) = stored().await;
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (file, done) = (KeyRingFile::new(path.clone()), Arc::clone(&done));
            tokio::spawn(async move {
                let (mut seen, mut reads) = (Revision(0), 0);
                while !done.load(Ordering::SeqCst) {
                    let (_, revision) = file.load().await.unwrap().expect("there is always a ring");
                    assert!(revision >= seen);
                    seen = revision;
                    reads += 1;
                }
                reads
            })
        })
        .collect();
    let rings = [ring().await, ring().await];
    for revision in 1..=100 {
        file.replace(Some(Revision(revision)), &rings[usize::from(revision % 2 == 0)]).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}
