//! The contract of [`RevocationSource`] and [`RevocationStore`]: only the latest list can be replaced.

use pozi_auth::{
    adapters::{
        RevocationFile,
        aws::{Table, connection},
    },
    identifiers::SessionId,
    revocation::{RevocationList, RevocationSource, RevocationStore, RevocationStoreError, Revoked},
    timestamp::Timestamp,
};
use pozi_tests::{EmulatedAws, MemoryRevocations, NOW, aws_at};
use uuid::Uuid;

fn with_another(list: &RevocationList) -> RevocationList {
    let revoked = Revoked::Session { id: SessionId::new(Uuid::new_v4()) };
    list.enter(revoked, "a test", Timestamp::from_unix_seconds(NOW)).unwrap()
}

/// `store` and `rival` use one place, where nothing was stored yet.
async fn contract<S: RevocationStore>(store: S, rival: S) {
    let nothing = store.load().await.unwrap();
    assert_eq!(nothing, RevocationList::default());
    let first = with_another(&nothing);
    store.replace(0, &first).await.unwrap();
    for holder in [&store, &rival] {
        assert_eq!(holder.load().await.unwrap(), first);
    }
    let next = with_another(&first);
    for expected in [0, 2, u64::MAX] {
        for holder in [&store, &rival] {
            let refused = holder.replace(expected, &next).await;
            assert!(matches!(refused, Err(RevocationStoreError::Conflict)), "{expected}: {refused:?}");
            assert_eq!(store.load().await.unwrap(), first, "nothing changed");
        }
    }
    for round in 0..60 {
        let seen = store.load().await.unwrap();
        let lists = [with_another(&seen), with_another(&seen)];
        let (one, two) = tokio::join!(
            store.replace(seen.sequence(), &lists[0]),
            rival.replace(seen.sequence(), &lists[1])
        );
        let winner = match (&one, &two) {
            (Ok(()), Err(RevocationStoreError::Conflict)) => &lists[0],
            (Err(RevocationStoreError::Conflict), Ok(())) => &lists[1],
            _ => panic!("round {round}: {one:?} and {two:?}"),
        };
        assert_eq!(store.load().await.unwrap(), *winner, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_memory() {
    let list = MemoryRevocations::default();
    contract(list.clone(), list).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("revocations.json");
    let file = || RevocationFile::new(path.clone());
    contract(file(), file()).await;
    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(file().load().await, Err(RevocationStoreError::Damaged(_))));
    assert!(file().replace(0, &RevocationList::default()).await.is_err(), "it is not replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_a_table() {
    let Some(aws) = EmulatedAws::running() else { return };
    let table = Table::new(&connection(&aws_at(aws.url())), &aws.table().await);
    contract(table.clone(), table).await;
}

/// A thousand entries are the most that a list takes; an item of the table takes 400 KB.
#[tokio::test(flavor = "multi_thread")]
async fn the_longest_list_fits_into_an_item() {
    let Some(aws) = EmulatedAws::running() else { return };
    let table = Table::new(&connection(&aws_at(aws.url())), &aws.table().await);
    let enter = |list: RevocationList, number: usize| {
        let url = format!("https://poziserver-{number:03}-{}.example/pozi/", "x".repeat(60));
        let by = "assumed-role/operators/".to_owned() + &"y".repeat(200);
        list.enter(Revoked::Site { url }, &by, Timestamp::from_unix_seconds(NOW)).unwrap()
    };
    let list = (0..1_000).fold(RevocationList::default(), enter);
    assert!(list.to_json().unwrap().len() < 350_000, "{}", list.to_json().unwrap().len());
    table.replace(0, &list).await.unwrap();
    assert_eq!(table.load().await.unwrap(), list);
}
