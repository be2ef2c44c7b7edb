//! Many catalogues, long tokens, idle and slow connections, clients that disconnect, and QGIS Servers that crash, hang
//! or answer rubbish. The tests count and never measure time.

use std::{env, fs, process::Command, time::Duration};

use pozi_auth::sites::SiteFile;
use pozi_gate::settings::Limits;
use tokio::task::JoinSet;

use super::{
    fake_qgis::LARGE,
    proxy::{Client, Proxy, map, map_with_headers, no_timeouts},
};

const SOON: Duration = Duration::from_millis(300);

/// Returns a site with `count` catalogues that its reader may read.
fn site_of(count: usize) -> SiteFile {
    let head = "name = \"riverbend\"\ninternal_url = \"http://gis.riverbend.internal/pozi/\"\nexternal_url = \"https://poziserver-riverbend.example/pozi/\"\nclient_id = \"c3890382-ecc1-4cf0-adc1-1b349bbd71ee\"\ntenant_id = \"cd0a0f9d-3505-4176-bcd0-75bdde12fd00\"\norigins = [\"http://localhost\"]\nsession_minutes = 10\n";
    let catalogue = |number| {
        format!(
            "[[catalogue]]\nid = \"catalogue-{number}\"\ntitle = \"Catalogue {number}\"\nproject = \"/srv/project-{number}.qgz\"\nread = [\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"]\n"
        )
    };
    let text = head.to_owned() + &(1..=count).map(catalogue).collect::<String>();
    SiteFile { name: "riverbend.toml".into(), text }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_each_of_two_hundred_catalogues_from_its_own_project() {
    let proxy = Proxy::of(&[site_of(200)], no_timeouts()).await;
    let session = proxy.session().await;
    assert!(session.len() > 4_000, "a session names every catalogue that it opens: {} bytes", session.len());
    let mut client = proxy.connect().await;
    for number in 1..=200 {
        let answered = client.map(&session, &format!("catalogue-{number}"), "zones").await;
        assert_eq!(answered.status, 200, "{number}: {}", answered.reason());
        assert_eq!(String::from_utf8_lossy(&answered.body), format!("project-{number}"));
    }
    assert_eq!(
        client.map(&session, "catalogue-201", "zones").await.verdict(),
        (404, "unknown_catalogue".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_the_long_token_of_a_person_in_two_hundred_groups() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    let bearer = format!("Bearer {}", "t".repeat(12 * 1024));
    let mut client = proxy.connect().await;
    let with_token = [("X-Pozi-Session", &*session), ("Authorization", &*bearer)];
    for layers in ["zones".to_owned(), long_list()] {
        client.send(&map_with_headers("planning", &layers, &with_token)).await;
        assert_eq!(client.answer().await.verdict(), (200, String::new()));
    }
    client.send(&map_with_headers("planning", "zones", &[("Authorization", &bearer)])).await;
    assert_eq!(client.answer().await.status, 401, "the Entra token alone opens nothing");
}

/// Returns 200 names, some 30 KB: about the longest query that is allowed.
fn long_list() -> String {
    let names: Vec<_> = (0..200).map(|number| format!("{}{number}", "z".repeat(145))).collect();
    names.join(",")
}

/// Returns how many of the `wanted` connections this process can open, with both ends, within the limit on open files.
fn possible_connections(wanted: usize) -> usize {
    let own = std::process::id().to_string();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let hard: usize = line.split_whitespace().nth(4).unwrap().parse().unwrap_or(1_000_000);
    let raised = Command::new("prlimit").args(["--pid", &own, &format!("--nofile={hard}:{hard}")]).status();
    assert!(raised.is_ok_and(|status| status.success()), "prlimit of util-linux is needed");
    // Other tests of this process also have open files.
    let possible = hard.saturating_sub(1_000) / 2;
    if possible < wanted {
        eprintln!(
            "{possible} idle connections and not {wanted}: the machine allows a process {hard} open files"
        );
    }
    wanted.min(possible)
}

/// Returns the resident memory of this process, in bytes.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1_024
}

/// In a process of its own, since the tests of a process share its memory.
#[test]
fn ten_thousand_idle_connections_need_little_memory_and_delay_nobody() {
    const ALONE: &str = "POZI_TEST_ALONE";
    if env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(hold_idle_connections());
    }
    let test = "sizes::ten_thousand_idle_connections_need_little_memory_and_delay_nobody";
    let mut alone = Command::new(env::current_exe().unwrap());
    let output = alone.args(["--exact", test, "--nocapture"]).env(ALONE, "1").output().unwrap();
    let lines = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && lines.contains("1 passed"), "{lines}");
}

async fn hold_idle_connections() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    assert_eq!(proxy.map(&session, "zones").await.status, 200);
    let count = possible_connections(10_000);
    let before = resident();
    let mut idle = Vec::new();
    for _ in 0..count {
        idle.push(proxy.connect().await);
    }
    assert_eq!(proxy.map(&session, "zones").await.status, 200, "another connection is answered");
    let each = resident().saturating_sub(before) / count;
    println!("{each} bytes for both ends of a connection");
    // One of hyper's buffers alone has 8 KiB.
    assert!(each < 8_000, "{each} bytes a connection");
    for at in [0, count / 2, count - 1] {
        assert_eq!(
            idle[at].map(&session, "planning", "zones").await.status,
            200,
            "an idle connection is answered"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_slow_clients_hold_nobody_up() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    let request = map(&session, "planning", "zones");
    let mut slow = Vec::new();
    for _ in 0..1_000 {
        let mut client = proxy.connect().await;
        client.send(&request[..request.len() / 2]).await;
        slow.push(client);
    }
    let mut quick = proxy.connect().await;
    for _ in 0..100 {
        assert_eq!(quick.map(&session, "planning", "zones").await.status, 200);
    }
    assert_eq!(proxy.qgis.requests(), 100, "no slow request has been passed on yet");
    for client in &mut slow {
        client.send(&request[request.len() / 2..]).await;
        assert_eq!(client.answer().await.status, 200, "slow clients are answered in the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_that_never_finish_their_requests_are_sent_away() {
    let proxy = Proxy::with(Limits { header: SOON, ..no_timeouts() }).await;
    let request = map("a.b.c", "planning", "zones");
    let mut leaving = JoinSet::new();
    for _ in 0..1_000 {
        let mut client = proxy.connect().await;
        client.send(&request[..request.len() / 2]).await;
        leaving.spawn(async move { client.closed().await });
    }
    let mut sent_away = 0;
    while let Some(closed) = leaving.join_next().await {
        closed.unwrap();
        sent_away += 1;
    }
    assert_eq!((sent_away, proxy.qgis.requests()), (1_000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_do_not_read_their_answers_do_not_block_other_catalogues() {
    let limits = Limits { requests_per_catalogue: 2, waiting_per_catalogue: 0, ..no_timeouts() };
    let proxy = Proxy::with(limits).await;
    let session = proxy.session().await;
    let mut unread: Vec<Client> = Vec::new();
    for _ in 0..2 {
        let mut client = proxy.connect().await;
        client.send(&map(&session, "planning", "large")).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        unread.push(client);
    }
    assert_eq!(proxy.map(&session, "zones").await.verdict(), (503, "qgis_busy".into()));
    let other = proxy.connect().await.map(&session, "heritage", "zones").await;
    assert_eq!((other.status, String::from_utf8_lossy(&other.body).as_ref()), (200, "heritage"));
    for client in &mut unread {
        assert_eq!(client.bytes(LARGE).await.len(), LARGE, "the whole answer arrives once it is read");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_frees_its_slot_and_its_process() {
    let limits = Limits { requests_per_catalogue: 1, waiting_per_catalogue: 1, ..no_timeouts() };
    let proxy = Proxy::with(limits).await;
    let session = proxy.session().await;
    for round in 1..=20 {
        let mut leaving = proxy.connect().await;
        leaving.send(&map(&session, "planning", "hangs")).await;
        proxy.qgis.heard(2 * round - 1).await;
        let mut next = proxy.connect().await;
        next.send(&map(&session, "planning", "zones")).await;
        drop(leaving);
        assert_eq!(next.answer().await.status, 200, "the waiting request gets the slot");
        proxy.qgis.left(round).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qgis_server_that_crashes_or_answers_rubbish_gets_its_own_reason() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    let mut client = proxy.connect().await;
    for _ in 0..10 {
        for (layer, status, reason) in
            [("dies", 502, "qgis_died"), ("rubbish", 502, "qgis_rubbish"), ("zones", 200, "")]
        {
            let answered = client.map(&session, "planning", layer).await;
            assert_eq!(answered.verdict(), (status, reason.to_owned()), "{layer}");
            let text = String::from_utf8_lossy(&answered.body).into_owned();
            assert!(!text.contains("SSH") && !text.contains(&proxy.qgis.address), "{text}");
        }
        let cut = proxy.map(&session, "cut").await;
        // It may be cut off before any of it was passed on.
        assert!([0, 200].contains(&cut.status) && cut.body.len() < 900, "never whole: {cut:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qgis_server_that_hangs_is_abandoned_after_the_time_limit() {
    let proxy = Proxy::with(Limits { upstream: SOON, requests_per_catalogue: 1, ..no_timeouts() }).await;
    let session = proxy.session().await;
    for round in 1..=3 {
        assert_eq!(proxy.map(&session, "hangs").await.verdict(), (504, "qgis_hung".into()));
        proxy.qgis.left(round).await;
    }
}
