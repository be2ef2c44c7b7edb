//! A sample request of each kind that the recorded clients send, for machines without the recordings.

use super::requests::Recorded;

/// Returns all sample requests.
pub(crate) fn shapes() -> Vec<Recorded> {
    let rows = include_str!("samples.txt").lines();
    rows.filter(|row| !row.starts_with('#')).map(sample).collect()
}

fn sample(row: &str) -> Recorded {
    let mut cells = row.splitn(4, '|').map(str::trim);
    let [method, path, kind, text] = std::array::from_fn(|_| cells.next().unwrap());
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/pozi/ows/demo/{path}") };
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let (query, body) = if matches!(method, "GET" | "HEAD") { (text, "") } else { (query, text) };
    let body = if kind.starts_with("multipart/") {
        body.replace("\\r", "\r").replace("\\n", "\n")
    } else {
        body.to_owned()
    };
    let content_type = (!kind.is_empty()).then(|| kind.to_owned());
    Recorded { method: method.to_owned(), path: path.to_owned(), content_type, body, ..Recorded::get(query) }
}
