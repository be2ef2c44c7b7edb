//! The content of an answer, without addresses and times.

use serde_json::Value;

use super::raw::Answer;

/// What is compared between answers.
#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Json(Value),
    Text(String),
    Bytes(Vec<u8>),
}

impl Content {
    /// Returns the content of `answer` for the project file `project`.
    pub(crate) fn of(answer: &Answer, project: &str) -> Self {
        let kind = answer.content_type.to_ascii_lowercase();
        if kind.contains("json")
            && let Ok(mut value) = serde_json::from_slice(&answer.body)
        {
            without_times(&mut value, project);
            return Self::Json(value);
        }
        match std::str::from_utf8(&answer.body) {
            Ok(text) if !kind.starts_with("image/") => Self::Text(without_addresses(text, project)),
            _ => Self::Bytes(without_dates(&answer.body)),
        }
    }

    /// Describes the first difference, for a person to read.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let (own, other) = (self.text(), other.text());
        let at =
            own.char_indices().zip(other.chars()).find(|((_, a), b)| a != b).map_or(0, |((at, _), _)| at);
        let near = |text: &str| text.chars().skip(at.saturating_sub(60)).take(200).collect::<String>();
        format!("{} bytes: …{}…\n   {} bytes: …{}…", own.len(), near(&own), other.len(), near(&other))
    }

    fn text(&self) -> String {
        match self {
            Self::Json(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

fn without_times(value: &mut Value, project: &str) {
    match value {
        Value::Object(members) => {
            members.remove("timeStamp");
            members.values_mut().for_each(|member| without_times(member, project));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| without_times(member, project)),
        // A link repeats the request's parameters in their original spelling.
        Value::String(text) if text.starts_with(ADDRESS) => {
            *text = text.split('?').next().unwrap_or_default().to_owned();
        }
        Value::String(text) => *text = text.replace(project, "PROJECT"),
        _ => {}
    }
}

const ADDRESS: &str = "https://poziserver-riverbend.example";

/// Hides the creation time in a PDF, and the id that is derived from it.
fn without_dates(bytes: &[u8]) -> Vec<u8> {
    const HIDDEN: usize = 90;
    let mut kept = bytes.to_vec();
    if !bytes.starts_with(b"%PDF") {
        return kept;
    }
    for mark in [&b"Date"[..], b"/ID"] {
        for at in (0..bytes.len()).filter(|at| bytes[*at..].starts_with(mark)) {
            kept.iter_mut().skip(at).take(HIDDEN).for_each(|byte| *byte = b'.');
        }
    }
    kept
}

/// Removes links, whose parameters repeat those of the request.
fn without_addresses(text: &str, project: &str) -> String {
    let text = without_time_stamps(&text.replace(project, "PROJECT"));
    let mut parts = text.split(ADDRESS);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['"', '<', ' ', '\'']).unwrap_or(part.len());
        kept.push_str("ADDRESS");
        kept.push_str(&part[end..]);
    }
    kept
}

/// A GML collection names the second in which it was made.
fn without_time_stamps(text: &str) -> String {
    let mut parts = text.split("timeStamp=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('"').map_or("", |(_, rest)| rest))
}
