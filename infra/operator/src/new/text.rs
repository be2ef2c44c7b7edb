//! The lines of a text as people send it: without the marks of quotes, lists and Markdown, and with plain characters.

use std::ops::Range;

use pozi_auth::identifiers::GroupId;

/// The longest line that is shown, in characters.
const MAX_SHOWN: usize = 120;

/// A line of a mail.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// Its content, without the marks of quotes, lists and headings, and without spaces around it.
    pub text: String,
    /// The same with the spaces and marks at its start, so that columns stay aligned.
    pub layout: String,
    /// Whether it is marked as an entry of a list.
    pub is_listed: bool,
    /// Whether it is marked as a heading.
    pub is_heading: bool,
}

impl Line {
    /// Reads every line of `text`.
    pub(crate) fn all(text: &str) -> Vec<Self> {
        let mut lines: Vec<Self> =
            text.lines().enumerate().map(|(index, raw)| Self::read(index + 1, raw)).collect();
        join_wrapped(&mut lines);
        lines
    }

    fn read(number: usize, raw: &str) -> Self {
        let plain = plain(raw);
        let layout = unquoted(&plain).trim_end();
        let (content, is_listed) = without_markers(layout.trim_start());
        let is_bold = content.len() > 4 && content.starts_with("**") && content.ends_with("**");
        let is_heading = content.starts_with('#') || is_bold;
        let text = without_emphasis(content.trim_start_matches('#')).trim().to_owned();
        Self { number, text, layout: without_emphasis(layout), is_listed, is_heading }
    }

    /// Whether it has no content.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// Returns the content as it is shown to people: not too long.
    pub(crate) fn shown(&self) -> String {
        let shown: String = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        match shown.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => format!("{}…", &shown[..end]),
            None => shown,
        }
    }
}

/// Joins a line with an id that ends with a comma or "and" with the line that continues it.
fn join_wrapped(lines: &mut [Line]) {
    for index in 1..lines.len() {
        let (before, after) = lines.split_at_mut(index);
        let (Some(first), Some(second)) = (before.last_mut(), after.first_mut()) else { continue };
        let is_open = first.text.ends_with(',') || first.text.ends_with(" and") || first.text.ends_with(" &");
        let continues = is_open && !second.is_listed && !second.is_blank() && !mentions_value(&second.text);
        if continues && !guids(&first.text).is_empty() && !first.layout.contains(['|', '\t']) {
            let joined = format!("{} {}", first.text, second.text);
            second.text.clear();
            first.text = joined;
        }
    }
}

/// Returns `raw` with ordinary spaces, quotes and hyphens instead of those of word processors, and nothing invisible.
pub(crate) fn plain(raw: &str) -> String {
    let characters: Vec<char> = raw.chars().collect();
    let is_word = |index: Option<usize>| {
        index.and_then(|index| characters.get(index)).is_some_and(char::is_ascii_alphanumeric)
    };
    let mut plain = String::with_capacity(raw.len());
    for (index, found) in characters.iter().enumerate() {
        match found {
            '\t' => plain.push('\t'),
            '\u{201c}'..='\u{201f}' | '«' | '»' => plain.push('"'),
            '\u{2018}'..='\u{201b}' => plain.push('\''),
            '\u{2010}' | '\u{2011}' => plain.push('-'),
            // Word processors lengthen the hyphens of ids and addresses.
            '\u{2012}'..='\u{2015}' if is_word(index.checked_sub(1)) && is_word(Some(index + 1)) => {
                plain.push('-');
            }
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {}
            _ if found.is_whitespace() => plain.push(' '),
            _ if found.is_control() => {}
            _ => plain.push(*found),
        }
    }
    plain
}

/// Returns `line` without the `>` of quoted mail.
fn unquoted(line: &str) -> &str {
    let mut rest = line;
    while let Some(inner) = rest.trim_start().strip_prefix('>') {
        rest = inner.strip_prefix(' ').unwrap_or(inner);
    }
    rest
}

/// Returns `text` without bullets and numbers at its start, and whether there were any.
fn without_markers(text: &str) -> (&str, bool) {
    let (mut rest, mut is_listed) = (text, false);
    // A numbered entry may have a bullet too.
    for _ in 0..2 {
        let Some(inner) = without_marker(rest) else { break };
        (rest, is_listed) = (inner.trim_start(), true);
    }
    (rest, is_listed)
}

fn without_marker(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(['•', '·', '‣', '◦', '▪', '●', '\u{f0b7}']) {
        return Some(rest);
    }
    if let Some(rest) = text.strip_prefix(['-', '*', '+', '–']) {
        return rest.starts_with([' ', '\t']).then_some(rest);
    }
    if let Some(rest) = text.strip_prefix('o').filter(|rest| rest.starts_with("  ") || rest.starts_with('\t'))
    {
        return Some(rest);
    }
    let open = text.strip_prefix('(').unwrap_or(text);
    let end = open.find(|found: char| !found.is_ascii_digit()).unwrap_or(open.len());
    let length = if end == 0 {
        open.starts_with(|found: char| found.is_ascii_alphabetic()).then_some(1)?
    } else {
        end
    };
    let rest = open.get(length..)?.strip_prefix([')', '.'])?;
    // "a." may begin an address, and "e.g." a sentence.
    let is_marker = length <= 2 && rest.starts_with([' ', '\t']);
    is_marker.then_some(rest)
}

fn without_emphasis(text: &str) -> String {
    text.replace(['*', '`'], "").replace("__", "")
}

/// Finds the GUIDs in `text`, outside of longer words.
pub(crate) fn guids(text: &str) -> Vec<(Range<usize>, GroupId)> {
    const LENGTH: usize = 36;
    let bytes = text.as_bytes();
    let is_part = |index: Option<usize>| {
        index
            .and_then(|index| bytes.get(index))
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at + LENGTH <= bytes.len() {
        let id = (bytes[at + 8] == b'-' && !is_part(at.checked_sub(1)) && !is_part(Some(at + LENGTH)))
            .then(|| text.get(at..at + LENGTH)?.parse().ok())
            .flatten();
        match id {
            Some(id) => {
                found.push((at..at + LENGTH, id));
                at += LENGTH;
            }
            None => at += 1,
        }
    }
    found
}

/// Finds the URLs in `text`, without the punctuation around them.
pub(crate) fn urls(text: &str) -> Vec<(Range<usize>, &str)> {
    let is_scheme = |found: char| found.is_ascii_alphanumeric() || matches!(found, '+' | '.');
    let mut found: Vec<(Range<usize>, &str)> = Vec::new();
    for (at, _) in text.match_indices("://") {
        if found.last().is_some_and(|(earlier, _)| at < earlier.end) {
            continue;
        }
        let start = text[..at].trim_end_matches(is_scheme).len();
        if start < at {
            let end = text[at..].find(|found: char| found.is_whitespace() || "<>\"'|()[]{}".contains(found));
            let url = &text[start..end.map_or(text.len(), |length| at + length)];
            let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?']);
            found.push((start..start + url.len(), url));
        }
    }
    found
}

/// Whether `text` has an id or an address, even one that is not whole.
pub(crate) fn mentions_value(text: &str) -> bool {
    let is_like_an_id = |word: &str| {
        let digits = word.bytes().filter(u8::is_ascii_hexdigit).count();
        (28..=36).contains(&digits) && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
    };
    text.contains("://")
        || text.to_ascii_lowercase().contains("www.")
        || !guids(text).is_empty()
        || text.split(|found: char| !found.is_ascii_alphanumeric() && found != '-').any(is_like_an_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";

    #[test]
    fn strips_quotes_lists_and_markdown() {
        for (raw, text, is_listed, is_heading) in [
            ("> > - Planning", "Planning", true, false),
            (">>> 3) **Client ID:** x", "Client ID: x", true, false),
            ("•\u{a0}Planning\u{200b}", "Planning", true, false),
            ("a. Planning", "Planning", true, false),
            ("(b) Planning", "Planning", true, false),
            ("o\tPlanning", "Planning", true, false),
            ("## Planning ", "Planning", false, true),
            ("**Planning**", "Planning", false, true),
            ("“Planning” – `a`", "\"Planning\" – a", false, false),
            ("2024. A year", "2024. A year", false, false),
            ("www.riverbend.example", "www.riverbend.example", false, false),
        ] {
            let line = Line::read(1, raw);
            assert_eq!(
                (line.text.as_str(), line.is_listed, line.is_heading),
                (text, is_listed, is_heading),
                "{raw}"
            );
        }
    }

    #[test]
    fn finds_ids_and_addresses_among_punctuation() {
        let dashes = plain("02f1ea5a–8a90‑454c—9ecb-df4562c6afd7");
        assert_eq!(dashes, ID);
        assert_eq!(guids(&format!("({ID}), é{ID}.")).len(), 2);
        assert!(guids(&format!("a{ID} {ID}-1")).is_empty());
        let found = |text| urls(text).into_iter().map(|(_, url)| url).collect::<Vec<_>>();
        assert_eq!(found("See <https://a.example/pozi/>."), ["https://a.example/pozi/"]);
        assert_eq!(found("é:https://a.example/b<https://a.example/b>, x"), ["https://a.example/b"; 2]);
        assert_eq!(found("[a](http://a.example/)"), ["http://a.example/"]);
        assert!(found("://").is_empty());
        assert!(
            mentions_value("02f1ea5a8a90454c9ecbdf4562c6afd7") && mentions_value("WWW.riverbend.example")
        );
        assert!(!mentions_value("Planners can see Planning"));
    }

    #[test]
    fn joins_a_line_that_was_wrapped() {
        let lines = Line::all(&format!("Planners {ID} can see Planning,\nHeritage\nRegards"));
        assert_eq!(lines[0].text, format!("Planners {ID} can see Planning, Heritage"));
        assert!(lines[1].is_blank() && lines[2].text == "Regards");
        assert_eq!(Line::all("Hi Sam,\nsee below")[0].text, "Hi Sam,");
    }
}
