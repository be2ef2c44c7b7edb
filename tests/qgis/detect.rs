//! Detectors of leaks. Each has its own kind, so that a test can show that each one detects something.

use serde_json::Value;

use super::{content::Content, endpoint::Endpoint, rig::Rig, wire::Answer};

/// What leaked or broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Words, colours or heights of catalogue beta.
    OtherCatalogue,
    /// Words or colours of a file outside all catalogues.
    File,
    /// Rows of a layer that is restricted.
    RestrictedLayer,
    /// Rows of a layer that is neither published nor queryable.
    UnpublishedLayer,
    /// Rows outside a layer's filter.
    OutsideFilter,
    /// Values of a hidden field.
    HiddenField,
    /// A project variable.
    Variable,
    /// A path on the disk.
    Path,
    /// A host that the client named.
    Host,
    /// A response header that the endpoint may not send.
    Header,
    /// Two answers that differ by something secret.
    Oracle,
    /// The server made a request to another address.
    Call,
    /// Data changed.
    Change,
    /// A QGIS process exited.
    Exited,
    /// A QGIS process no longer answers.
    Hung,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 15] = [
        Self::OtherCatalogue,
        Self::File,
        Self::RestrictedLayer,
        Self::UnpublishedLayer,
        Self::OutsideFilter,
        Self::HiddenField,
        Self::Variable,
        Self::Path,
        Self::Host,
        Self::Header,
        Self::Oracle,
        Self::Call,
        Self::Change,
        Self::Exited,
        Self::Hung,
    ];
}

/// The words that no answer may contain, in lower case.
pub(crate) struct Forbidden(Vec<(Kind, String)>);

/// The height of beta's raster, as encoded in its `GeoTIFF`; four in a row are not a coincidence.
const BETAS_HEIGHT: [u8; 4] = 424_242_f32.to_le_bytes();

impl Forbidden {
    /// The secret words of `rig`, and the path of the catalogues behind `endpoint`.
    pub(crate) fn of(rig: &Rig, endpoint: &Endpoint) -> Self {
        let words = [
            (Kind::OtherCatalogue, "bluegum"),
            (Kind::OtherCatalogue, "424242"),
            (Kind::File, &rig.secrets.word),
            (Kind::RestrictedLayer, "secret-redgum"),
            (Kind::UnpublishedLayer, "unserved-redgum"),
            (Kind::OutsideFilter, "outside-redgum"),
            (Kind::HiddenField, "pin-redgum"),
            (Kind::Variable, "variable-redgum"),
            (Kind::Path, &endpoint.backend.folder()),
            (Kind::Host, "evil.example"),
        ];
        Self(words.map(|(kind, word)| (kind, word.to_lowercase())).into())
    }

    /// Returns what `answer` leaks, and those of its headers that are not among `headers`.
    pub(crate) fn leaks_in(&self, answer: &Answer, headers: &[&str]) -> Vec<(Kind, String)> {
        let content = Content::of(answer);
        let words = self.0.iter().filter(|(_, word)| content.contains(word));
        let mut leaks_in: Vec<_> = words.map(|(kind, word)| (*kind, word.clone())).collect();
        let is_tiff = answer.body.starts_with(b"II*") || answer.body.starts_with(b"MM");
        if is_tiff && answer.body.windows(16).any(|four| four == BETAS_HEIGHT.repeat(4)) {
            leaks_in.push((Kind::OtherCatalogue, "beta's heights".into()));
        }
        for (kind, is_match) in COLOURS {
            if content.has_colour(is_match) {
                leaks_in.push((kind, "a colour".into()));
            }
        }
        let unexpected = answer.headers.iter().filter(|(name, _)| !headers.contains(&name.as_str()));
        leaks_in.extend(unexpected.map(|(name, value)| (Kind::Header, format!("{name}: {value}"))));
        leaks_in
    }
}

type IsMatch = fn(&[u8; 3]) -> bool;

/// The colours that no map of alpha may show; alpha's own are red, green and teal.
const COLOURS: [(Kind, IsMatch); 4] = [
    (Kind::OtherCatalogue, |[red, green, blue]| *blue > 150 && *red < 90 && *green < 90),
    (Kind::File, |[red, green, blue]| *red > 180 && *blue > 180 && *green < 60),
    (Kind::RestrictedLayer, |[red, green, blue]| {
        (100..160).contains(red) && (100..160).contains(blue) && *green < 40
    }),
    (Kind::OutsideFilter, |[red, green, blue]| *red > 180 && *green > 180 && *blue < 90),
];

/// The words that differ between an oracle's two requests, and that a refusal may repeat.
const ECHOES: [(&str, &str); 12] = [
    ("husx", "hush"),
    ("pix", "pin"),
    ("variablx", "variable"),
    ("secrex", "secret"),
    ("unservex", "unserved"),
    ("hiddex", "hidden"),
    ("wordz", "words"),
    ("namx", "name"),
    ("sessiox", "session"),
    ("redgun", "redgul"),
    ("placex", "places"),
    ("pozx", "pozi"),
];

/// What the two answers of an oracle are compared by: without times and without what they repeat of the request.
pub(crate) fn comparable(answer: &Answer) -> (u16, String) {
    if let Ok(mut json) = serde_json::from_slice(&answer.body)
        && answer.status < 400
    {
        remove_echoes(&mut json);
        return (answer.status, json.to_string());
    }
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    let text = ECHOES.iter().fold(text, |text, (falsy, truthy)| text.replace(falsy, truthy));
    if answer.status >= 400 {
        return (answer.status, text.chars().filter(|letter| !letter.is_ascii_digit()).collect());
    }
    (answer.status, without_time_stamps(&text))
}

/// Removes the second in which a GML collection was made, in lower case as the rest.
fn without_time_stamps(text: &str) -> String {
    let mut parts = text.split("timestamp=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('"').map_or("", |(_, rest)| rest))
}

/// Removes the time and the links of a feature collection, since the links repeat the query.
fn remove_echoes(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|name, _| !["links", "timeStamp", "href"].contains(&name.as_str()));
            members.values_mut().for_each(remove_echoes);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_echoes),
        _ => {}
    }
}
