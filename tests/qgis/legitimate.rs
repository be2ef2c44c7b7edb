//! Requests that a gate must allow, so that a gate that refuses everything does not pass, and sessions that it must refuse.

use super::{
    colours::colours,
    endpoint::Endpoint,
    fixture::MAP,
    request::Request,
    sessions::Sessions,
    wire::{ANSWER_TIMEOUT, Answer, send},
};

/// Checks that each catalogue is served to its session: a map in its colour, its features and its capabilities.
pub(crate) fn serves_its_catalogues(endpoint: &Endpoint, sessions: &Sessions) {
    for (catalogue, session, word, colour) in [
        ("alpha", &sessions.reader, "redgum", [255, 0, 0]),
        ("beta", &sessions.of_beta, "bluegum", [0, 0, 255]),
    ] {
        let of = |rest: &str| endpoint.get(&format!("/ows/{catalogue}/{rest}"), session);
        let map = of(&format!("?{MAP}"));
        assert!(colours(&map.body).contains(&colour), "{} {catalogue}: {}", endpoint.name, map.status);
        for rest in ["?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places", "wfs3/collections/places/items.json"]
        {
            let features = of(rest);
            assert!(
                features.status == 200 && features.text().contains(word),
                "{} {rest}: {}",
                endpoint.name,
                features.text()
            );
        }
        let capabilities = of("?SERVICE=WMS&REQUEST=GetCapabilities").text();
        assert!(
            capabilities.contains(&format!("The catalogue of {word}")),
            "{}: {capabilities}",
            endpoint.name
        );
    }
}

/// Checks that the URLs in capabilities and on the landing page are the site's own.
pub(crate) fn links_to_itself(endpoint: &Endpoint, sessions: &Sessions) {
    let own = "https://poziserver-riverbend.example/pozi/ows/alpha";
    for rest in ["?SERVICE=WMS&REQUEST=GetCapabilities", "?SERVICE=WFS&REQUEST=GetCapabilities", "wfs3.json"]
    {
        let text = endpoint.get(&format!("/ows/alpha/{rest}"), &sessions.reader).text();
        assert!(text.contains(own) && !text.contains(".qgs"), "{} {rest}: {text}", endpoint.name);
    }
}

/// Checks that missing, expired and foreign sessions are refused.
pub(crate) fn refuses_other_sessions(endpoint: &Endpoint, sessions: &Sessions) {
    let path = format!("/ows/alpha/?{MAP}");
    for (what, session) in [
        ("no session", ""),
        ("expired", &sessions.expired),
        ("another site's", &sessions.of_another_site),
        ("Entra's token", &sessions.entra),
    ] {
        let answer = endpoint.get(&path, session);
        assert_eq!(answer.status, 401, "{}: {what}", endpoint.name);
        assert!(
            answer.header("www-authenticate").starts_with("Bearer"),
            "{}: {what}: {answer:?}",
            endpoint.name
        );
    }
    assert_eq!(endpoint.get(&format!("/ows/beta/?{MAP}"), &sessions.reader).status, 403, "{}", endpoint.name);
    assert_eq!(
        endpoint.get(&format!("/ows/gamma/?{MAP}"), &sessions.reader).status,
        404,
        "{}",
        endpoint.name
    );
}

/// Checks that a writer's insert changes the data and a reader's does not.
pub(crate) fn allows_writers(endpoint: &Endpoint, sessions: &Sessions) {
    assert_eq!(
        insert(endpoint, &sessions.reader).status,
        403,
        "{}: a reader's insert is refused",
        endpoint.name
    );
    assert!(endpoint.backend.rows().changes().is_empty(), "{}: a reader wrote", endpoint.name);
    let answer = insert(endpoint, &sessions.writer);
    assert!(
        answer.status == 200 && answer.text().contains("InsertResult"),
        "{}: {}",
        endpoint.name,
        answer.text()
    );
    let changes = endpoint.backend.rows().changes();
    assert!(changes.len() == 1 && changes[0].contains("planted"), "{}: {changes:?}", endpoint.name);
    endpoint.backend.restore();
}

fn insert(endpoint: &Endpoint, session: &str) -> Answer {
    let body = "<wfs:Transaction service=\"WFS\" version=\"1.0.0\" xmlns:wfs=\"http://www.opengis.net/wfs\"><wfs:Insert><places xmlns=\"http://www.qgis.org/gml\"><name>planted</name></places></wfs:Insert></wfs:Transaction>";
    let request = Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body);
    send(endpoint.port, &request.bytes(session), ANSWER_TIMEOUT)
}
