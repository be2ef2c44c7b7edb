//! The gate's answer to a request for a map by the number of the site's catalogues, and of those that the session opens.

use std::{fmt::Write as _, hint::black_box, time::Duration};

use axum::body::Body;
use entra_emulator::{Person, TokenSpec};
use http::{Request, StatusCode};
use pozi_auth::{
    keyring::SigningAlgorithm,
    sites::{Site, SiteFile},
};
use pozi_local::samples;
use pozi_tests::{
    World,
    figures::{Aim, Figure},
    turns::{Side, Turns},
};
use tokio::runtime::Runtime;
use tower::ServiceExt;
use uuid::Uuid;

use super::decision::{MAP, router, settings_of};

/// The catalogues of a large site.
const CATALOGUES: usize = 1_000;
/// About as many catalogues as fit into a session of at most 7 KiB.
const OPENED: usize = 400;
/// How often each side is measured.
const ROUNDS: usize = 40;
/// For how long each time.
const SLICE: Duration = Duration::from_millis(10);

/// Measures the same request to gates of small and large sites.
pub(crate) fn measure(runtime: &Runtime) -> Vec<Figure> {
    let mut sides = [(1, 1), (CATALOGUES, 1), (CATALOGUES, OPENED)]
        .map(|(catalogues, opened)| side(runtime, catalogues, opened));
    let turns = Turns::take(&mut sides, ROUNDS, SLICE);
    let figure = |side: usize, what: String, aim| {
        Figure::new(format!("gate: a map {what} ÷ with 1"), aim, turns.ratio(side, 0), "×")
            .beside(format!("1 catalogue: {:.2} µs", turns.median(0)))
    };
    vec![
        figure(1, format!("with {CATALOGUES} catalogues"), Aim::AtMost(1.1)),
        // Ten times as long a session, whose hash is what finds the remembered verdict.
        figure(2, format!("with {CATALOGUES} catalogues, {OPENED} of them in the session"), Aim::Told),
    ]
}

/// Returns a request for a map of the last catalogue that the session opens.
fn side(runtime: &Runtime, catalogues: usize, opened: usize) -> Side<'_> {
    let file = site(catalogues, opened);
    let site = Site::parse(&file.text).expect("the site is valid");
    let world = runtime.block_on(World::with(&[file], SigningAlgorithm::Es256));
    world.entra.set_groups("riverbend", Person::Reader, vec![group(0)]);
    let session = runtime.block_on(world.exchange(&world.token(&TokenSpec::default()), &[]));
    let session = session.session().to_owned();
    let router = router(settings_of(site), &world);
    let address = format!("/pozi/ows/c{:04}/?{MAP}", opened - 1);
    Side::whole(move || {
        let request = Request::get(&address).header("x-pozi-session", &session);
        let request = request.body(Body::empty()).expect("the request is valid");
        let answer = runtime.block_on(router.clone().oneshot(request));
        assert_eq!(black_box(answer).unwrap_or_else(|never| match never {}).status(), StatusCode::OK);
    })
}

/// The sample site with this many catalogues, the first of which one group opens.
fn site(catalogues: usize, opened: usize) -> SiteFile {
    let riverbend = samples::site_files().remove(0);
    let (head, _) = riverbend.text.split_once("[[catalogue]]").expect("it has catalogues");
    let mut text = head.to_owned();
    for catalogue in 0..catalogues {
        let readers = group(usize::from(catalogue >= opened));
        let written = write!(
            text,
            "[[catalogue]]\nid = \"c{catalogue:04}\"\ntitle = \"Catalogue {catalogue}\"\nproject = \"C:/Pozi/{catalogue}.qgz\"\nread = [\"{readers}\"]\n"
        );
        written.expect("text can be written");
    }
    SiteFile { text, ..riverbend }
}

fn group(number: usize) -> Uuid {
    format!("{number:08x}-0000-4000-8000-000000000001").parse().expect("a UUID")
}
