//! What must work at a gate's door, so that a gate that refuses everything does not pass for a good one; and whom it
//! refuses.

use super::{
    colours::colours,
    door::Door,
    request::Request,
    sessions::Sessions,
    wire::{Answer, PATIENCE, send},
    words::MAP,
};

/// Each catalogue with a session for it: a map in its colour, features with its words, addresses that lead back.
pub(crate) fn answers_for_its_own(door: &Door, sessions: &Sessions) {
    for (catalogue, session, word, colour) in [
        ("alpha", &sessions.reader, "redgum", [255, 0, 0]),
        ("beta", &sessions.of_beta, "bluegum", [0, 0, 255]),
    ] {
        let of = |rest: &str| door.ask(&format!("/ows/{catalogue}/{rest}"), session);
        let map = of(&format!("?{MAP}"));
        assert!(colours(&map.body).contains(&colour), "{} {catalogue}: {}", door.name, map.status);
        for rest in ["?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places", "wfs3/collections/places/items.json"]
        {
            let features = of(rest);
            assert!(
                features.status == 200 && features.text().contains(word),
                "{} {rest}: {}",
                door.name,
                features.text()
            );
        }
        let capabilities = of("?SERVICE=WMS&REQUEST=GetCapabilities").text();
        assert!(capabilities.contains(&format!("The catalogue of {word}")), "{}: {capabilities}", door.name);
    }
}

/// The addresses in capabilities and in the landing page are the site's own.
pub(crate) fn leads_back(door: &Door, sessions: &Sessions) {
    let own = "https://poziserver-riverbend.example/pozi/ows/alpha";
    for rest in ["?SERVICE=WMS&REQUEST=GetCapabilities", "?SERVICE=WFS&REQUEST=GetCapabilities", "wfs3.json"]
    {
        let text = door.ask(&format!("/ows/alpha/{rest}"), &sessions.reader).text();
        assert!(text.contains(own) && !text.contains(".qgs"), "{} {rest}: {text}", door.name);
    }
}

/// Sessions that are none, or of another site or catalogue.
pub(crate) fn refuses_others(door: &Door, sessions: &Sessions) {
    let path = format!("/ows/alpha/?{MAP}");
    for (what, session) in [
        ("no session", ""),
        ("expired", &sessions.expired),
        ("another site's", &sessions.of_another_site),
        ("Entra's token", &sessions.entra),
    ] {
        let answer = door.ask(&path, session);
        assert_eq!(answer.status, 401, "{}: {what}", door.name);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{}: {what}: {answer:?}", door.name);
    }
    assert_eq!(door.ask(&format!("/ows/beta/?{MAP}"), &sessions.reader).status, 403, "{}", door.name);
    assert_eq!(door.ask(&format!("/ows/gamma/?{MAP}"), &sessions.reader).status, 404, "{}", door.name);
}

/// A writer's insert stands in the data, and a reader's does not.
pub(crate) fn lets_writers_write(door: &Door, sessions: &Sessions) {
    assert_eq!(insert(door, &sessions.reader).status, 403, "{}: a reader writes", door.name);
    assert!(door.way.rows().changes().is_empty(), "{}: a reader wrote", door.name);
    let answer = insert(door, &sessions.writer);
    assert!(
        answer.status == 200 && answer.text().contains("InsertResult"),
        "{}: {}",
        door.name,
        answer.text()
    );
    let changes = door.way.rows().changes();
    assert!(changes.len() == 1 && changes[0].contains("planted"), "{}: {changes:?}", door.name);
    door.way.restore();
}

fn insert(door: &Door, session: &str) -> Answer {
    let body = "<wfs:Transaction service=\"WFS\" version=\"1.0.0\" xmlns:wfs=\"http://www.opengis.net/wfs\"><wfs:Insert><places xmlns=\"http://www.qgis.org/gml\"><name>planted</name></places></wfs:Insert></wfs:Transaction>";
    let request = Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body);
    send(door.port, &request.bytes(session), PATIENCE)
}
