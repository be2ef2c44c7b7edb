//! Real QGIS Server behind real nginx and Caddy, set up by the recipes as they stand in `infra/gate`: a session for one
//! catalogue opens that one, and no trick opens another. The same tricks do against a server without a gate, so the
//! detector is known to see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "qgis/attacks.rs"]
mod attacks;
#[path = "qgis/colours.rs"]
mod colours;
#[path = "qgis/gate.rs"]
mod gate;
#[path = "qgis/leaks.rs"]
mod leaks;
#[path = "qgis/rig.rs"]
mod rig;
#[path = "qgis/sessions.rs"]
mod sessions;
#[path = "qgis/wire.rs"]
mod wire;

use std::io::Write;

use self::{
    attacks::Words,
    colours::colours,
    leaks::{Trap, leaks},
    rig::{Door, Rig},
    sessions::{Sessions, site_files},
    wire::{Answer, send},
};

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&FORMAT=image/png&STYLES=&LAYERS=places";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_for_one_catalogue_never_opens_another() {
    let gate = gate::serve(&site_files()).await;
    let Some(rig) = Rig::start(gate.address) else { return };
    let sessions = Sessions::mint(&gate.world).await;
    let trap = Trap::set();
    // A detector that sees nothing would find no leak anywhere.
    let words = Words::of(&rig.free, trap.port);
    let (found, count) = attack(&rig.free, &sessions, &trap, &words.attacks(false));
    tell(&format!("without a gate: leaks: {} of {count}", found.len()));
    assert!(found.len() > 20, "the detector sees too little: {found:#?}");
    let mut all = Vec::new();
    for door in &rig.doors {
        answers_for_its_own(door, &sessions);
        let called = trap.calls();
        let words = Words::of(door, trap.port);
        let (found, count) = attack(door, &sessions, &trap, &words.attacks(true));
        tell(&format!("{}: leaks: {} of {count}", door.name, found.len()));
        all.extend(found);
        changes_nothing_by_reading(door, &sessions, &words);
        refuses_others(door, &sessions);
        lets_writers_write(door, &sessions, &words);
        assert_eq!(trap.calls(), called, "{}: the server called out", door.name);
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// Not println!, whose text of a passed test nobody sees: how many leaks there were is what this test is for.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}

#[test]
fn the_plugins_comparison_holds_by_itself() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/gate/qgis-plugin");
    let mut command = std::process::Command::new("python3");
    let output = command.args(["-B", "-m", "unittest", "test_compare"]).current_dir(folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !told.contains("Ran 0 tests"), "{told}");
}

/// Sends the attacks; what leaked, and how many there were.
fn attack(
    door: &Door,
    sessions: &Sessions,
    trap: &Trap,
    attacks: &[attacks::Attack],
) -> (Vec<String>, usize) {
    assert!(attacks.len() >= 60, "a list that lost its lines proves nothing");
    let mut found = Vec::new();
    for attack in attacks {
        let session = if attack.writes { &sessions.writer } else { &sessions.reader };
        let before = trap.calls();
        let answer = send(door.port, &attack.request(session));
        if let Some(what) = leaks(&answer, trap.calls() > before) {
            found.push(format!("{}: {}: {what}", door.name, attack.what));
        }
    }
    (found, attacks.len())
}

fn answers_for_its_own(door: &Door, sessions: &Sessions) {
    for (catalogue, session, word, colour) in [
        ("alpha", &sessions.reader, "redgum", [255, 0, 0]),
        ("beta", &sessions.of_beta, "bluegum", [0, 0, 255]),
    ] {
        let of = |rest: &str| get(door, &format!("/ows/{catalogue}/{rest}"), session);
        let capabilities = of("?SERVICE=WMS&REQUEST=GetCapabilities").text();
        assert!(capabilities.contains(&format!("The catalogue of {word}")), "{}: {capabilities}", door.name);
        let own = format!("https://poziserver-riverbend.example/pozi/ows/{catalogue}/?");
        assert!(capabilities.contains(&own), "{}: {capabilities}", door.name);
        assert!(!capabilities.contains(".qgs"), "{}: the project's path: {capabilities}", door.name);
        let map = of(&format!("?{MAP}"));
        assert_eq!(colours(&map.body), [colour].into(), "{} {catalogue}", door.name);
        std::fs::write(rig::kept(&format!("{}-{catalogue}.png", door.name)), &map.body).unwrap();
        for rest in ["?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places", "wfs3/collections/places/items.json"]
        {
            let features = of(rest);
            assert!(features.status == 200 && features.text().contains(word), "{} {rest}", door.name);
        }
        let landing = of("wfs3.json");
        let own = format!("https://poziserver-riverbend.example/pozi/ows/{catalogue}/wfs3");
        assert!(landing.text().contains(&own), "{}: {}", door.name, landing.text());
    }
}

fn changes_nothing_by_reading(door: &Door, sessions: &Sessions, words: &Words) {
    let before = door.rows("alpha");
    let changes = words.changes();
    for change in &changes {
        let answer = send(door.port, &change.request(&sessions.reader));
        // A body that is dropped may leave a sound read behind; a server that hangs or falls over is no refusal.
        assert!((200..500).contains(&answer.status), "{}: {} got {}", door.name, change.what, answer.status);
        assert_eq!(door.rows("alpha"), before, "{}: {}", door.name, change.what);
    }
    println!("{}: changes through the read location: 0 of {}", door.name, changes.len());
}

fn refuses_others(door: &Door, sessions: &Sessions) {
    let path = format!("/ows/alpha/?{MAP}");
    for (what, session) in [
        ("no session", ""),
        ("expired", &sessions.expired),
        ("another site's", &sessions.of_another_site),
        ("Entra's token", &sessions.entra),
    ] {
        let answer = get(door, &path, session);
        assert_eq!(answer.status, 401, "{}: {what}", door.name);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{}: {what}: {answer:?}", door.name);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{}: {what}", door.name);
    }
    let bearer = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        sessions.reader
    );
    assert_eq!(send(door.port, bearer.as_bytes()).status, 200, "{}", door.name);
    let preflight = format!(
        "OPTIONS {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: x-pozi-session\r\n\r\n"
    );
    let answer = send(door.port, preflight.as_bytes());
    assert_eq!(answer.status, 204, "{}: a preflight carries no session", door.name);
    assert!(
        answer.header("access-control-allow-headers").contains("x-pozi-session"),
        "{}: {answer:?}",
        door.name
    );
    assert_eq!(get(door, &format!("/ows/beta/?{MAP}"), &sessions.reader).status, 403, "{}", door.name);
    assert_eq!(get(door, &format!("/ows/gamma/?{MAP}"), &sessions.reader).status, 404, "{}", door.name);
    if door.is_shared {
        assert_eq!(get(door, "/pozi-probe", "").status, 403, "{}: the plugin is at work", door.name);
    }
}

fn lets_writers_write(door: &Door, sessions: &Sessions, words: &Words) {
    let before = door.rows("alpha");
    let insert = words.insert();
    assert_eq!(send(door.port, &insert.request(&sessions.reader)).status, 403, "{}", door.name);
    assert_eq!(door.rows("alpha"), before, "{}: a reader writes", door.name);
    let answer = send(door.port, &insert.request(&sessions.writer));
    assert!(answer.status == 200 && answer.text().contains("InsertResult"), "{}: {answer:?}", door.name);
    assert_eq!(door.rows("alpha").len(), before.len() + 1, "{}", door.name);
    let seen = get(door, "/ows/alpha/?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places", &sessions.reader);
    assert!(seen.text().contains("planted"), "{}: {}", door.name, seen.text());
    if door.is_shared {
        // The plugin's: no gateway looks into bodies.
        let answer = send(door.port, &words.fetch().request(&sessions.writer));
        assert_eq!(answer.status, 403, "{}: a body that is no transaction: {answer:?}", door.name);
    }
}

fn get(door: &Door, path: &str, session: &str) -> Answer {
    let session = if session.is_empty() { String::new() } else { format!("X-Pozi-Session: {session}\r\n") };
    send(
        door.port,
        format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{session}\r\n").as_bytes(),
    )
}
