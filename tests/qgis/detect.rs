//! What gives a leak away. Each detector has a kind of its own, so that a test can show that each of them sees.

use serde_json::Value;

use super::{door::Door, look::Inside, rig::Rig, wire::Answer};

/// What leaked, or broke.
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
    /// Rows outside a layer's own filter.
    OutsideFilter,
    /// Values of a hidden field.
    HiddenField,
    /// A variable of the project.
    Variable,
    /// A path of the disk.
    Path,
    /// A host that the client named.
    Host,
    /// A response header that is not among the door's own.
    Header,
    /// Two answers that differ by what must not be known.
    Oracle,
    /// The server called out.
    Call,
    /// Data changed.
    Change,
    /// A QGIS process ended.
    Dead,
    /// A QGIS process, or the door, did not answer any more.
    Stuck,
}

impl Kind {
    /// All of them.
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
        Self::Dead,
        Self::Stuck,
    ];
}

/// What may stand in no answer, in small letters.
pub(crate) struct Forbidden(Vec<(Kind, String)>);

/// The height of beta's raster, as its `GeoTIFF` has it: four in a row are no chance.
const BETAS_HEIGHT: [u8; 4] = 424_242_f32.to_le_bytes();

impl Forbidden {
    /// The words of this rig, and the path of the catalogues behind `door`.
    pub(crate) fn of(rig: &Rig, door: &Door) -> Self {
        let words = [
            (Kind::OtherCatalogue, "bluegum"),
            (Kind::OtherCatalogue, "424242"),
            (Kind::File, &rig.vault.word),
            (Kind::RestrictedLayer, "secret-redgum"),
            (Kind::UnpublishedLayer, "unserved-redgum"),
            (Kind::OutsideFilter, "outside-redgum"),
            (Kind::HiddenField, "pin-redgum"),
            (Kind::Variable, "variable-redgum"),
            (Kind::Path, &door.way.folder()),
            (Kind::Host, "evil.example"),
        ];
        Self(words.map(|(kind, word)| (kind, word.to_lowercase())).into())
    }

    /// What `answer` shows of it, and which of its headers are not among `headers`.
    pub(crate) fn seen(&self, answer: &Answer, headers: &[&str]) -> Vec<(Kind, String)> {
        let inside = Inside::of(answer);
        let said = self.0.iter().filter(|(_, word)| inside.says(word));
        let mut seen: Vec<_> = said.map(|(kind, word)| (*kind, word.clone())).collect();
        let is_tiff = answer.body.starts_with(b"II*") || answer.body.starts_with(b"MM");
        if is_tiff && answer.body.windows(16).any(|four| four == BETAS_HEIGHT.repeat(4)) {
            seen.push((Kind::OtherCatalogue, "beta's heights".into()));
        }
        for (kind, is_such) in COLOURS {
            if inside.shows(is_such) {
                seen.push((kind, "a colour".into()));
            }
        }
        let strange = answer.headers.iter().filter(|(name, _)| !headers.contains(&name.as_str()));
        seen.extend(strange.map(|(name, value)| (Kind::Header, format!("{name}: {value}"))));
        seen
    }
}

type IsSuch = fn(&[u8; 3]) -> bool;

/// The colours of what no map of alpha shows; alpha's own are red, green and teal.
const COLOURS: [(Kind, IsSuch); 4] = [
    (Kind::OtherCatalogue, |[red, green, blue]| *blue > 150 && *red < 90 && *green < 90),
    (Kind::File, |[red, green, blue]| *red > 180 && *blue > 180 && *green < 60),
    (Kind::RestrictedLayer, |[red, green, blue]| {
        (100..160).contains(red) && (100..160).contains(blue) && *green < 40
    }),
    (Kind::OutsideFilter, |[red, green, blue]| *red > 180 && *green > 180 && *blue < 90),
];

/// What an oracle's two questions are told apart by: the words that a refusal may repeat.
const ASKED: [(&str, &str); 12] = [
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

/// What of an answer may depend on what is so: not its times, nor what it repeats of the question.
pub(crate) fn sort_of(answer: &Answer) -> (u16, String) {
    if let Ok(mut json) = serde_json::from_slice(&answer.body)
        && answer.status < 400
    {
        forget_question(&mut json);
        return (answer.status, json.to_string());
    }
    let text = String::from_utf8_lossy(&answer.body).to_lowercase();
    let text = ASKED.iter().fold(text, |text, (not, so)| text.replace(not, so));
    if answer.status >= 400 {
        return (answer.status, text.chars().filter(|letter| !letter.is_ascii_digit()).collect());
    }
    (answer.status, text)
}

/// Takes out of a feature collection when it was made, and its links, which repeat the query.
fn forget_question(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|name, _| !["links", "timeStamp", "href"].contains(&name.as_str()));
            members.values_mut().for_each(forget_question);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_question),
        _ => {}
    }
}
