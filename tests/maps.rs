//! The sample maps: whoever the site's gate lets through sees the catalogue that they asked for, drawn by a real QGIS
//! Server, and nobody sees another.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "qgis/colours.rs"]
mod colours;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
};
use http::{Method, Request, header::CONTENT_TYPE};
use pozi_auth::{
    oauth,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    sites::{Catalogue, Site},
};
use pozi_gate::{Gate, Routes};
use pozi_local::{
    entra::{
        Person::{self, Editor, Reader},
        TokenAsk,
    },
    maps::{self, Gates, Qgis},
};
use pozi_tests::{Answer, PublishedDocument, World, has_qgis};
use tower::ServiceExt;

use self::colours::colours;

/// The maps of a world, and its sites in the order in which the catalogues get their colours.
struct Maps {
    world: World,
    sites: Vec<Arc<Site>>,
    router: Router,
}

impl Maps {
    async fn of(find: impl FnOnce(&[Arc<Site>]) -> Option<Qgis>) -> Self {
        let world = World::new().await;
        let mut sites: Vec<_> = world.sites.all().cloned().collect();
        sites.sort_by_key(|site| site.name.to_string());
        let keys = Arc::new(IssuerKeys::new(PublishedDocument::of(&world), ISSUER_KEY_LIFETIMES));
        let gate = |site: &Arc<Site>| {
            let catalogues = site.catalogues.iter().map(|catalogue| catalogue.id.clone());
            let audience = site.external_url.as_str().to_owned();
            let gate = Gate::new(world.issuer.clone(), audience.clone(), catalogues, Arc::clone(&keys));
            let routes = Routes { gate, clock: world.clock.clone(), site: audience };
            (site.name.clone(), pozi_gate::router(routes, None))
        };
        let gates: Gates = sites.iter().map(gate).collect();
        let router = oauth::finish(maps::router(gates, find(&sites)));
        Self { world, sites, router }
    }

    async fn session(&self, site: &str, person: Person) -> String {
        let ask = TokenAsk { site: site.into(), person, ..TokenAsk::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> http::Response<Body> {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    async fn look(&self, path: &str, session: &str) -> Answer {
        Answer::of(self.send(Method::GET, path, &[("x-pozi-session", session)]).await).await
    }

    /// The picture at `path`.
    async fn picture(&self, path: &str, session: &str) -> Vec<u8> {
        let response = self.send(Method::GET, path, &[("x-pozi-session", session)]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[CONTENT_TYPE], "image/png");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        for header in ["server", "x-pozi-subject", "x-pozi-scope"] {
            assert!(!response.headers().contains_key(header), "{header}");
        }
        to_bytes(response.into_body(), usize::MAX).await.unwrap().into()
    }

    fn catalogues(&self) -> impl Iterator<Item = (&Site, &Catalogue)> {
        self.sites.iter().flat_map(|site| site.catalogues.iter().map(|catalogue| (&**site, catalogue)))
    }
}

#[tokio::test]
async fn the_sites_own_gate_decides_about_every_map() {
    let maps = Maps::of(|_| None).await;
    let (reader, editor) = (maps.session("riverbend", Reader).await, maps.session("riverbend", Editor).await);
    let others = maps.session("saltmarsh", Editor).await;
    for (path, session, status, reason) in [
        ("/maps/riverbend/planning", reader.as_str(), 204, ""),
        ("/maps/riverbend/heritage", &reader, 204, ""),
        ("/maps/riverbend/assets", &reader, 403, "scope"),
        ("/maps/riverbend/assets", &editor, 204, ""),
        ("/maps/riverbend/everyday", &editor, 403, "unknown_catalogue"),
        ("/maps/saltmarsh/everyday", &others, 204, ""),
        ("/maps/saltmarsh/everyday", &editor, 401, "audience_mismatch"),
        ("/maps/riverbend/planning", &others, 401, "audience_mismatch"),
        ("/maps/riverbend/planning", "", 401, "no_session"),
        ("/maps/riverbend/planning", "a.b.c", 401, "malformed"),
        ("/maps/nowhere/planning", &reader, 404, "not_found"),
        ("/maps/riverbend/..", &reader, 404, "not_found"),
        ("/maps/riverbend/%2e%2e%2fsaltmarsh", &reader, 404, "not_found"),
        ("/maps/..%2fmaps%2friverbend/planning", &reader, 404, "not_found"),
        ("/maps/riverbend/assets?X-Pozi-Catalogue=planning&MAP=planning", &reader, 403, "scope"),
        ("/maps/riverbend/assets?WIDTH=0", &reader, 403, "scope"),
        ("/maps/riverbend/planning?WIDTH=0", &reader, 400, "bad_size"),
        ("/maps/riverbend/planning?BBOX=1,2,3", &reader, 400, "bad_bbox"),
        ("/maps/riverbend/planning?HEIGHT=1&HEIGHT=2", &reader, 400, "repeated_parameter"),
    ] {
        let answer = maps.look(path, session).await;
        let told = answer.json["reason"].as_str().unwrap_or_default();
        assert_eq!((answer.status.as_u16(), told), (status, reason), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
}

#[tokio::test]
async fn what_else_a_client_sends_opens_nothing() {
    let maps = Maps::of(|_| None).await;
    let session = maps.session("riverbend", Reader).await;
    let bearer = format!("Bearer {session}");
    let own = ("x-pozi-session", session.as_str());
    for (method, headers, status) in [
        (Method::GET, vec![own], 204),
        (Method::GET, vec![own, ("authorization", "Bearer a.b.c")], 204),
        (Method::HEAD, vec![own], 204),
        (Method::GET, vec![own, own], 401),
        (Method::GET, vec![("authorization", bearer.as_str())], 401),
        (Method::POST, vec![own], 405),
        (
            Method::OPTIONS,
            vec![("access-control-request-method", "GET"), ("origin", "https://a.example")],
            200,
        ),
    ] {
        let answer = maps.send(method.clone(), "/maps/riverbend/planning", &headers).await;
        assert_eq!(answer.status(), status, "{method}");
    }
    for header in ["x-pozi-catalogue", "x-pozi-access", "x-pozi-method"] {
        let answer = maps.send(Method::GET, "/maps/riverbend/assets", &[own, (header, "planning")]).await;
        assert_eq!(answer.status(), 403, "{header}");
    }
}

#[tokio::test]
async fn a_session_opens_no_map_after_its_end_and_a_narrow_one_only_its_own() {
    let maps = Maps::of(|_| None).await;
    let ask = TokenAsk { site: "riverbend".into(), ..TokenAsk::default() };
    let narrow = maps.world.exchange(&maps.world.token(&ask), &[("scope", "planning:read")]).await;
    let session = narrow.session();
    assert_eq!(maps.look("/maps/riverbend/planning", session).await.status, 204);
    assert_eq!(maps.look("/maps/riverbend/heritage", session).await.status, 403);
    maps.world.clock.advance(600);
    let late = maps.look("/maps/riverbend/planning", session).await;
    assert_eq!((late.status.as_u16(), &late.json["reason"]), (401, &"expired".into()));
    assert!(late.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_catalogue_is_drawn_in_its_own_colour_and_in_no_others() {
    if !has_qgis() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let maps = Maps::of(|sites| Qgis::find(state.path(), sites).unwrap()).await;
    let sessions = [maps.session("riverbend", Editor).await, maps.session("saltmarsh", Editor).await];
    let own = |(site, catalogue): (&Site, &Catalogue)| {
        Qgis::colour(&maps.sites, &site.name, &catalogue.id).unwrap()
    };
    let all: Vec<_> = maps.catalogues().map(own).collect();
    for (index, (site, catalogue)) in maps.catalogues().enumerate() {
        let session = &sessions[usize::from(site.name.as_str() == "saltmarsh")];
        let path = format!("/maps/{}/{}?MAP=/etc/passwd&LAYERS=x", site.name, catalogue.id);
        let seen = colours(&maps.picture(&path, session).await);
        for (other, colour) in all.iter().enumerate() {
            assert_eq!(seen.contains(colour), other == index, "{path}: {colour:?}");
        }
    }
    let part =
        maps.picture("/maps/riverbend/planning?BBOX=0,710,900,790&WIDTH=90&HEIGHT=8", &sessions[0]).await;
    let mut reader = png::Decoder::new(std::io::Cursor::new(&part)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (90, 8));
    assert!(reader.next_frame(&mut vec![0; reader.output_buffer_size().unwrap()]).is_ok());
    // Riverbend's planning is the first of all; this is its banner.
    assert!(colours(&part).contains(&all[0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_qgis_server_fails_there_is_no_picture_at_all() {
    if !has_qgis() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let maps = Maps::of(|sites| Qgis::find(state.path(), sites).unwrap()).await;
    let session = maps.session("riverbend", Reader).await;
    let project = state.path().join("maps/riverbend/planning/project.qgs");
    for (what, text) in [("damaged", Some("<qgis>")), ("gone", None)] {
        match text {
            Some(text) => std::fs::write(&project, text).unwrap(),
            None => std::fs::remove_file(&project).unwrap(),
        }
        let answer = maps.look("/maps/riverbend/planning", &session).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json),
            (502, &serde_json::json!({"reason": "qgis_failed"})),
            "{what}"
        );
    }
    maps.picture("/maps/riverbend/heritage", &session).await;
}
