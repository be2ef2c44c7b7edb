//! The text and colours of an answer, also inside compressed bodies, PDF and SVG.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{colours::colours, wire::Answer};

/// An answer's text in lower case, including headers, and the colours of its pictures.
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) colours: BTreeSet<[u8; 3]>,
}

impl Content {
    /// Extracts the content of `answer`.
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = if answer.body.starts_with(&[0x1f, 0x8b]) {
            piped("gzip", &["-dcq"], &answer.body)
        } else {
            answer.body.clone()
        };
        let mut content = Self { text: lowercase(&body), colours: colours(&body) };
        for (name, value) in &answer.headers {
            content.text.extend(["\n", name, ": ", &value.to_lowercase()]);
        }
        if body.starts_with(b"%PDF") {
            content.text.push_str(&lowercase(&piped("pdftotext", &["-", "-"], &body)));
            content.colours.extend(colours(&rendered_pdf(&body)));
        }
        for picture in embedded(&body) {
            content.colours.extend(colours(&picture));
        }
        content
    }

    /// Whether the text contains `word`, which is in lower case.
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.text.contains(word)
    }

    /// Whether a picture has a colour that matches.
    pub(crate) fn has_colour(&self, is_match: impl Fn(&[u8; 3]) -> bool) -> bool {
        self.colours.iter().any(is_match)
    }
}

fn lowercase(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_ascii_lowercase()
}

/// Renders a PDF's first page as a small PNG. From a file, since pdftoppm does not read from a pipe.
fn rendered_pdf(pdf: &[u8]) -> Vec<u8> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let to = file.path().with_extension("drawn");
    let mut command = Command::new("pdftoppm");
    command
        .args(["-r", "20", "-png", "-singlefile"])
        .arg(file.path())
        .arg(&to)
        .stderr(Stdio::null())
        .status()
        .ok();
    let picture = to.with_extension("drawn.png");
    let bytes = fs::read(&picture).unwrap_or_default();
    fs::remove_file(picture).ok();
    bytes
}

/// The PNGs that an SVG contains as `data:` URLs.
fn embedded(body: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(body);
    let after = text.split("data:image/png;base64,").skip(1);
    let base64 = after.map(|rest| rest.split('"').next().unwrap_or_default().replace(['\n', ' '], ""));
    base64.filter_map(|text| BASE64_STANDARD.decode(text).ok()).collect()
}

fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&input).ok());
    let output = child.wait_with_output().unwrap();
    writer.join().ok();
    output.stdout
}
