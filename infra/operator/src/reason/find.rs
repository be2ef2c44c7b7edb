//! Finds what is known about a code, however it was written.

use super::{
    entry::{Entry, Origin},
    tables::all,
};

/// How much a code must resemble what was asked for: the part of its letters that need no change.
const SIMILAR: f64 = 0.7;

/// The most codes that are suggested.
const MOST: usize = 3;

/// Other names of a code: an OAuth error that stands for one of Entra's numbers.
const ALIASES: [(&str, &str); 1] = [("invalidtenant", "90002")];

/// Returns all entries with the code `asked`: in any case, with or without `AADSTS`, with or without the text after a colon.
pub(super) fn find(asked: &str) -> Vec<(Origin, &'static Entry)> {
    let wanted = folded(asked);
    let wanted =
        ALIASES.iter().find(|(alias, _)| *alias == wanted).map_or(wanted, |(_, code)| (*code).to_owned());
    all().filter(|(_, entry)| folded(entry.code) == wanted).collect()
}

/// Returns the codes that resemble `asked` most, the nearest first.
pub(super) fn near(asked: &str) -> Vec<&'static str> {
    let wanted = folded(asked);
    let mut near: Vec<(f64, &str)> = Vec::new();
    for (_, entry) in all() {
        let similarity = strsim::normalized_damerau_levenshtein(&folded(entry.code), &wanted);
        let is_known = near.iter().any(|(_, code)| *code == entry.code);
        if similarity >= SIMILAR && !is_known {
            near.push((similarity, entry.code));
        }
    }
    near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    near.into_iter().take(MOST).map(|(_, code)| code).collect()
}

/// Returns the letters and digits of a code in lower case, without `AADSTS` before a number. People copy codes from messages,
/// with quotes and the text that follows.
fn folded(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    let mut folded: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    folded.make_ascii_lowercase();
    match folded.strip_prefix("aadsts") {
        Some(number) if !number.is_empty() => number.to_owned(),
        _ => folded,
    }
}
