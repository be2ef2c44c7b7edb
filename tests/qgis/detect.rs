//! What gives a leak away. Each detector has a kind of its own, so that a test can show that each of them sees.

use super::{look::Inside, rig::Rig, wire::Answer};

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

/// The height of beta's raster, as its GeoTIFF has it: four in a row are no chance.
const BETAS_HEIGHT: [u8; 4] = 424_242_f32.to_le_bytes();

impl Forbidden {
    /// The words of this rig.
    pub(crate) fn of(rig: &Rig) -> Self {
        let words = [
            (Kind::OtherCatalogue, "bluegum"),
            (Kind::OtherCatalogue, "424242"),
            (Kind::File, &rig.vault.word),
            (Kind::RestrictedLayer, "secret-redgum"),
            (Kind::UnpublishedLayer, "unserved-redgum"),
            (Kind::OutsideFilter, "outside-redgum"),
            (Kind::HiddenField, "pin-redgum"),
            (Kind::Variable, "variable-redgum"),
            (Kind::Path, &rig.folder()),
            (Kind::Host, "evil.example"),
        ];
        Self(words.map(|(kind, word)| (kind, word.to_lowercase())).into())
    }

    /// What `answer` shows of it, and which of its headers are not among `headers`.
    pub(crate) fn seen(&self, answer: &Answer, headers: &[&str]) -> Vec<(Kind, String)> {
        let inside = Inside::of(answer);
        let said = self.0.iter().filter(|(_, word)| inside.says(word));
        let mut seen: Vec<_> = said.map(|(kind, word)| (*kind, word.clone())).collect();
        if inside.text.windows(16).any(|four| four == BETAS_HEIGHT.repeat(4)) {
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

/// What of an answer depends on the question: times are not part of it, nor numbers in a refusal's text.
pub(crate) fn sort_of(answer: &Answer) -> (u16, Vec<u8>) {
    let text = Inside::of(answer).text;
    let body: Vec<u8> = if answer.status >= 400 {
        text.iter().filter(|byte| !byte.is_ascii_digit()).copied().collect()
    } else {
        without_times(&answer.body)
    };
    (answer.status, body)
}

/// The body without its `timeStamp` and a PDF's dates and identifiers.
fn without_times(body: &[u8]) -> Vec<u8> {
    const MARKS: [&str; 5] = ["\"timeStamp\"", "timeStamp=", "/CreationDate", "/ID", "xmp:"];
    let text = String::from_utf8_lossy(body);
    let lines = text.split_inclusive(['\n', ',']);
    lines.filter(|line| !MARKS.iter().any(|mark| line.contains(mark))).collect::<String>().into_bytes()
}
