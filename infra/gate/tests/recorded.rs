//! What eleven real clients were recorded to send: every request is understood, and what is written for QGIS gives the answer
//! that the original gave. The recordings lie beside the repository; without them only the shapes below are tried.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "recorded/demo.rs"]
mod demo;
#[path = "recorded/raw.rs"]
mod raw;
#[path = "recorded/replay.rs"]
mod replay;
#[path = "recorded/requests.rs"]
mod requests;
#[path = "recorded/said.rs"]
mod said;
#[path = "recorded/shapes.rs"]
mod shapes;
#[path = "recorded/site.rs"]
mod site;

use pozi_auth::sites::Access;
use pozi_gate::{
    request::{MapRequest, RequestRefusal},
    xml::body::BodyError,
};

use self::{
    demo::Demo,
    raw::Answer,
    replay::{as_the_client_wrote_it, as_the_gate_writes_it},
    requests::{Recorded, recorded},
    said::Said,
    shapes::shapes,
};

/// Honest requests that the gate refuses knowingly, each with a clear answer.
fn is_refused_knowingly(request: &Recorded, refusal: &RequestRefusal) -> bool {
    match refusal {
        // QGIS itself sees nothing in a multipart form, and answers that the service is unknown.
        RequestRefusal::UnexpectedBody => {
            request.content_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/"))
        }
        // Over FastCGI QGIS does not read the body of a PATCH.
        RequestRefusal::Method { .. } => request.method == "PATCH",
        // QGIS answers 200 to a transaction of 2.0.0 and stores nothing, or 400.
        RequestRefusal::Xml(error) => {
            request.body.contains("version=\"2.0.0\"") && *error == BodyError::TransactionVersion
        }
        // No expression: QGIS answers 400 as well.
        RequestRefusal::Content { parameter, .. } => parameter == "EXP_FILTER" && request.qgis_status == 400,
        // A property that is no field of the layer: QGIS would hang, or answers as if the filter were not there.
        RequestRefusal::UnknownParameter { parameter, .. } => parameter == "Property Number",
        _ => false,
    }
}

#[test]
fn every_recorded_request_is_understood() {
    let all: Vec<_> = shapes().into_iter().chain(recorded().unwrap_or_default()).collect();
    let (mut passed, mut knowingly, mut wrongly) = (0, 0, Vec::new());
    for request in all.iter().filter(|request| request.method != "OPTIONS") {
        match request.understood() {
            Ok(_) => passed += 1,
            Err(refusal) if is_refused_knowingly(request, &refusal) => {
                println!("refused knowingly: {} {}: {refusal}", request.method, request.purpose);
                knowingly += 1;
            }
            Err(refusal) => wrongly.push(format!(
                "{} {} {}?{} {}: {refusal}",
                request.client, request.method, request.path, request.query, request.body
            )),
        }
    }
    println!(
        "recorded requests: {passed} understood, {knowingly} refused knowingly, {} wrongly",
        wrongly.len()
    );
    assert!(wrongly.is_empty(), "{}", wrongly.join("\n"));
    assert!(knowingly <= 8, "{knowingly}");
}

/// Why an answer is another one, of the same status, than the client's own writing would get.
fn known_difference(request: &Recorded) -> Option<&'static str> {
    let text = format!("{}{}", request.query, request.body);
    let has = |part: &str| text.contains(part);
    if request.method == "HEAD" {
        return Some("a HEAD is asked as a GET, and the body is left out afterwards");
    }
    if has("@geometry") || has("%40geometry") {
        return Some("3.22 has no @geometry, and finds nothing; the gate writes $geometry");
    }
    if has("filter=%3Cogc%3A") && !has("filter=%3Cogc%3AFilter") {
        return Some("QGIS ignores a condition outside of a Filter; the gate writes one around it");
    }
    has("HIGHLIGHT_SYMBOL=%3C").then_some("the gate draws highlights in styles that it writes")
}

#[tokio::test]
async fn what_the_gate_writes_gets_the_answer_that_the_client_would_get() {
    let Some(demo) = Demo::start() else { return };
    let all: Vec<_> = shapes().into_iter().chain(recorded().unwrap_or_default()).collect();
    let (mut same, mut known, mut wrong) = (0, 0, Vec::new());
    for (at, request) in all.iter().enumerate() {
        let Ok(Some(understood)) = request.understood() else { continue };
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
    assert!(same >= 40, "{same}");
}

#[derive(Debug)]
#[expect(dead_code, reason = "what is in it is for a person to read")]
enum Difference {
    Status(u16, u16, String),
    Body(String),
}

/// How the answers differ; nothing where they say the same.
async fn compare(demo: &Demo, at: usize, request: &Recorded, understood: &MapRequest) -> Option<Difference> {
    let is_write = understood.operation().access == Access::Write;
    let project = |side: &str| demo.project(&if is_write { format!("{side}-{at}") } else { "read".into() });
    let (of_client, of_gate) = (project("client"), project("gate"));
    let original = as_the_client_wrote_it(demo, &of_client, request);
    let written = as_the_gate_writes_it(&demo.socket(), &of_gate, understood.write()).await;
    let difference = differ(&original, &of_client, &written, &of_gate);
    if difference.is_some() || !is_write {
        return difference;
    }
    let rows =
        Recorded::asking("SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=assets&OUTPUTFORMAT=GeoJSON");
    let [client, gate] =
        [&of_client, &of_gate].map(|project| (as_the_client_wrote_it(demo, project, &rows), project));
    differ(&client.0, client.1, &gate.0, gate.1)
}

fn differ(original: &Answer, of_client: &str, written: &Answer, of_gate: &str) -> Option<Difference> {
    let (said, says) = (Said::by(original, of_client), Said::by(written, of_gate));
    if original.status != written.status {
        return Some(Difference::Status(original.status, written.status, said.difference(&says)));
    }
    (said != says).then(|| Difference::Body(said.difference(&says)))
}
