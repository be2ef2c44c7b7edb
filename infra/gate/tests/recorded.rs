//! Requests of eleven real clients: the gate accepts every one, and QGIS answers the rewritten request like the original.
//! Samples of every kind are tried in every run; the recordings are beside the repository, and are tried where they are there.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "recorded/bodies.rs"]
mod bodies;
#[path = "recorded/content.rs"]
mod content;
#[path = "recorded/coverage.rs"]
mod coverage;
#[path = "recorded/demo.rs"]
mod demo;
#[path = "recorded/raw.rs"]
mod raw;
#[path = "recorded/replay.rs"]
mod replay;
#[path = "recorded/requests.rs"]
mod requests;
#[path = "recorded/shapes.rs"]
mod shapes;
#[path = "recorded/site.rs"]
mod site;

use pozi_auth::sites::{Access, Catalogue, Download};
use pozi_gate::{
    request::{Context, MapRequest, RequestRefusal, Service},
    xml::body::BodyError,
};

use self::{
    content::Content,
    demo::Demo,
    raw::Answer,
    replay::{send_original, send_rewritten},
    requests::{Recorded, recorded},
    shapes::shapes,
};

/// Whether the gate refuses this legitimate request on purpose, with a clear answer.
fn is_refused_on_purpose(request: &Recorded, refusal: &RequestRefusal) -> bool {
    match refusal {
        // QGIS does not read a multipart form, and answers that the service is unknown.
        RequestRefusal::UnexpectedBody => {
            request.content_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/"))
        }
        // Over FastCGI QGIS does not read the body of a PATCH.
        RequestRefusal::Method { .. } => request.method == "PATCH",
        // QGIS answers 200 to a transaction of 2.0.0 and stores nothing, or 400.
        RequestRefusal::Xml(error) => {
            request.body.contains("version=\"2.0.0\"") && *error == BodyError::TransactionVersion
        }
        // Not an expression: QGIS also answers 400.
        RequestRefusal::Content { parameter, .. } => parameter == "EXP_FILTER" && request.qgis_status == 400,
        // A property that is not a field of the layer: QGIS hangs, or ignores the filter.
        RequestRefusal::UnknownParameter { parameter, .. } => parameter == "Property Number",
        _ => false,
    }
}

#[test]
fn accepts_every_request_but_those_refused_on_purpose() {
    let sampled = count_refused_on_purpose("sampled", &shapes());
    assert_eq!(sampled, 5);
    let recorded = count_refused_on_purpose("recorded", &recorded().unwrap_or_default());
    assert!(recorded <= 8, "{recorded}");
}

/// Parses all requests, and returns how many are refused on purpose.
fn count_refused_on_purpose(what: &str, requests: &[Recorded]) -> usize {
    let (mut accepted, mut on_purpose, mut wrongly) = (0, 0, Vec::new());
    for request in requests.iter().filter(|request| request.method != "OPTIONS") {
        match request.parse() {
            Ok(_) => accepted += 1,
            Err(refusal) if is_refused_on_purpose(request, &refusal) => {
                println!("refused on purpose: {} {}: {refusal}", request.method, request.purpose);
                on_purpose += 1;
            }
            Err(refusal) => wrongly.push(format!(
                "{} {} {}?{} {}: {refusal}",
                request.client, request.method, request.path, request.query, request.body
            )),
        }
    }
    println!(
        "{what} requests: {accepted} accepted, {on_purpose} refused on purpose, {} refused wrongly",
        wrongly.len()
    );
    assert!(wrongly.is_empty(), "{}", wrongly.join("\n"));
    on_purpose
}

/// How many of the requests are downloads where a site file has a rule for them; none is one elsewhere.
#[test]
fn only_features_and_files_in_bulk_are_downloads() {
    assert_eq!(count_downloads("sampled", &shapes()), SAMPLED_DOWNLOADS);
    let recorded = count_downloads("recorded", &recorded().unwrap_or_default());
    assert!(recorded <= RECORDED_DOWNLOADS, "{recorded}");
}

/// Every GetFeature, list of items and coverage that asks for more than one feature, and a map as DXF.
const SAMPLED_DOWNLOADS: usize = 39;
const RECORDED_DOWNLOADS: usize = 126;

fn count_downloads(what: &str, requests: &[Recorded]) -> usize {
    let settings = site::settings();
    let without = &settings.site.catalogues[0];
    let with = &Catalogue { download: Download::Groups(Vec::new()), ..without.clone() };
    let context = |catalogue| Context { catalogue, limits: &settings.limits };
    let understood: Vec<_> =
        requests.iter().filter_map(|request| Some((request, request.parse().ok()??))).collect();
    let mut downloads = 0;
    for (request, parsed) in &understood {
        let operation = parsed.operation();
        assert_eq!(parsed.access(&context(without)), operation.access, "{request:?}");
        if parsed.access(&context(with)) != Access::Download {
            continue;
        }
        let is_bulk = match operation.service {
            Service::Wms => parsed.write().query.contains("FORMAT=application%2Fdxf"),
            Service::Wfs => operation.name == "GetFeature",
            Service::Wcs => operation.name == "GetCoverage",
            Service::Features => operation.name == "items",
            Service::Wmts => false,
        };
        assert!(is_bulk, "{request:?}");
        downloads += 1;
    }
    println!("{what} requests: {downloads} of {} are downloads", understood.len());
    downloads
}

/// Returns why the answer differs, with the same status, from the one to the client's own request.
fn known_difference(request: &Recorded) -> Option<&'static str> {
    let text = format!("{}{}", request.query, request.body);
    let has = |part: &str| text.contains(part);
    if request.method == "HEAD" {
        return Some("the gate sends a HEAD as a GET, and drops the body of the answer");
    }
    if has("@geometry") || has("%40geometry") {
        return Some("3.22 has no @geometry, and finds nothing; the gate writes $geometry");
    }
    if has("filter=%3Cogc%3A") && !has("filter=%3Cogc%3AFilter") {
        return Some("QGIS ignores a condition outside a Filter; the gate adds the Filter");
    }
    has("HIGHLIGHT_SYMBOL=%3C").then_some("the gate writes the styles of highlights itself")
}

#[tokio::test]
async fn rewritten_requests_get_the_same_answer_as_the_originals() {
    let Some(demo) = Demo::start() else { return };
    let all: Vec<_> = shapes().into_iter().chain(recorded().unwrap_or_default()).collect();
    let (mut same, mut known, mut wrong) = (0, 0, Vec::new());
    for (at, request) in all.iter().enumerate() {
        let Ok(Some(understood)) = request.parse() else { continue };
        match (compare(&demo, at, request, &understood).await, known_difference(request)) {
            (None, _) => same += 1,
            (Some(Difference::Body(_)), Some(reason)) => {
                println!("known: {} {}: {reason}", request.client, request.purpose);
                known += 1;
            }
            (Some(difference), _) => {
                wrong.push(format!("{request:?}\n-> {:?}\n   {difference:?}", understood.write()));
            }
        }
    }
    println!("replayed: {same} with the same answer, {known} known differences, {} others", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(same >= 100, "{same}");
}

#[derive(Debug)]
#[expect(dead_code, reason = "only printed, for a person to read")]
enum Difference {
    Status(u16, u16, String),
    Body(String),
}

/// Returns how the answers differ; nothing if they have the same content.
async fn compare(demo: &Demo, at: usize, request: &Recorded, understood: &MapRequest) -> Option<Difference> {
    let is_write = understood.operation().access == Access::Write;
    let project = |side: &str| demo.project(&if is_write { format!("{side}-{at}") } else { "read".into() });
    let (of_client, of_gate) = (project("client"), project("gate"));
    let original = send_original(demo, &of_client, request);
    let written = send_rewritten(&demo.socket(), &of_gate, understood.write()).await;
    let difference = differ(&original, &of_client, &written, &of_gate);
    if difference.is_some() || !is_write {
        return difference;
    }
    let rows =
        Recorded::get("SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=assets&OUTPUTFORMAT=GeoJSON");
    let [client, gate] = [&of_client, &of_gate].map(|project| (send_original(demo, project, &rows), project));
    differ(&client.0, client.1, &gate.0, gate.1)
}

fn differ(original: &Answer, of_client: &str, written: &Answer, of_gate: &str) -> Option<Difference> {
    let (expected, found) = (Content::of(original, of_client), Content::of(written, of_gate));
    if original.status != written.status {
        return Some(Difference::Status(original.status, written.status, expected.difference(&found)));
    }
    (expected != found).then(|| Difference::Body(expected.difference(&found)))
}
