//! What eleven real clients were recorded to send: every request is understood, and what is written for QGIS gives the answer
//! that the original gave. The recordings lie beside the repository; without them only the shapes below are tried.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "recorded/requests.rs"]
mod requests;
#[path = "recorded/site.rs"]
mod site;

use pozi_gate::request::RequestRefusal;

use self::requests::{Recorded, recorded};

/// Honest requests that the gate refuses knowingly, each with a clear answer.
fn is_refused_knowingly(request: &Recorded, refusal: &RequestRefusal) -> bool {
    match refusal {
        // QGIS itself sees nothing in a multipart form, and answers that the service is unknown.
        RequestRefusal::UnknownBody => {
            request.content_type.as_deref().is_some_and(|kind| kind.starts_with("multipart/"))
        }
        // Over FastCGI QGIS does not read the body of a PATCH.
        RequestRefusal::Method { .. } => request.method == "PATCH",
        // QGIS answers 200 to a transaction of 2.0.0 and stores nothing, or 400.
        RequestRefusal::Xml(text) => request.body.contains("version=\"2.0.0\"") && text.contains("2.0.0"),
        // No expression: QGIS answers 400 as well.
        RequestRefusal::Content { parameter, .. } => parameter == "EXP_FILTER" && request.qgis_status == 400,
        // A property that is no field of the layer: QGIS would hang, or answers as if the filter were not there.
        RequestRefusal::UnknownParameter { parameter, .. } => parameter == "Property Number",
        _ => false,
    }
}

#[test]
fn every_recorded_request_is_understood() {
    let Some(all) = recorded() else { return };
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
