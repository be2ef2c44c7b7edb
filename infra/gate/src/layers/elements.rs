//! A walk over the elements of an XML document that QGIS wrote, in memory that is bounded whatever the document is.

use std::io::{self, BufRead, Read};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};

/// How deep elements may nest. Groups of layers are the deepest that QGIS writes.
const MOST_DEPTH: usize = 256;
/// The longest path of element names, in bytes.
const MOST_PATH: usize = 8 * 1024;
/// The longest text and attribute value that is kept, in bytes. Longer ones are cut: none that are looked at are so long.
const MOST_TEXT: usize = 64 * 1024;
/// The longest single tag or text, in bytes. Layouts hold pictures in attributes.
const MOST_EVENT: u64 = 32 * 1024 * 1024;

/// Is told of the elements.
pub(super) trait Visitor {
    /// An element begins. `path` has the local names from the root to it, joined with `/`.
    fn start(&mut self, path: &str, element: &Element<'_>);

    /// An element ends. `text` is what it says after its last child; all of it where it has none.
    fn end(&mut self, path: &str, text: &str);
}

/// An element's attributes.
pub(super) struct Element<'a>(BytesStart<'a>);

/// Why a document is not walked to its end.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// It cannot be read.
    #[error("it cannot be read to its end")]
    Io(#[source] io::Error),
    /// It is too large, as a whole or in one place.
    #[error(
        "it is larger than {most} bytes, as a whole or unpacked, or has a tag or text larger than {MOST_EVENT}"
    )]
    TooLarge {
        /// The most bytes that are read.
        most: u64,
    },
    /// Its elements nest too deeply.
    #[error("its elements nest deeper than {MOST_DEPTH}, or their names are too long")]
    TooDeep,
    /// It is no XML.
    #[error("it is not well-formed XML")]
    Malformed(#[source] quick_xml::Error),
    /// It ends before its root does, or has none.
    #[error("it ends before its root element does")]
    Cut,
    /// Another document was expected.
    #[error("its root element is not `{expected}`")]
    OtherRoot {
        /// The root element that was expected.
        expected: &'static str,
    },
}

impl Element<'_> {
    /// The value of the attribute `name`.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let found =
            attributes.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
        let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(cut(&value).to_owned())
    }
}

/// Walks `document`, at most `most` bytes of it, whose root must be `root`.
pub(super) fn walk(
    document: impl BufRead,
    most: u64,
    root: &'static str,
    visitor: &mut impl Visitor,
) -> Result<(), XmlError> {
    let mut reader =
        Reader::from_reader(Bounded { inner: document, left: most, event: MOST_EVENT, is_over: false });
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut walk =
        Walk { path: String::new(), starts: Vec::new(), text: String::new(), root, has_root: false };
    loop {
        buffer.clear();
        reader.get_mut().event = MOST_EVENT;
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return walk.finish(),
            Ok(event) => walk.take(event, visitor)?,
            Err(_) if reader.get_mut().is_over => return Err(XmlError::TooLarge { most }),
            Err(quick_xml::Error::Io(problem)) => {
                return Err(XmlError::Io(io::Error::new(problem.kind(), problem.to_string())));
            }
            Err(problem) => return Err(XmlError::Malformed(problem)),
        }
    }
}

/// Where a walk is.
struct Walk {
    path: String,
    starts: Vec<usize>,
    text: String,
    root: &'static str,
    has_root: bool,
}

impl Walk {
    fn take(&mut self, event: Event<'_>, visitor: &mut impl Visitor) -> Result<(), XmlError> {
        match event {
            Event::Start(element) => self.enter(element, visitor)?,
            Event::End(_) => self.leave(visitor),
            Event::Text(text) => self.push(&text.xml10_content()),
            Event::CData(text) => self.push(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let mut letters = [0; 4];
                match reference.resolve_char_ref().map_err(XmlError::Malformed)? {
                    Some(letter) => self.push(letter.encode_utf8(&mut letters)),
                    None => self.push(resolve_xml_entity(&reference.into_inner()).unwrap_or_default()),
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn enter(&mut self, element: BytesStart<'_>, visitor: &mut impl Visitor) -> Result<(), XmlError> {
        let name = element.local_name();
        let name: &str = name.as_ref();
        if self.starts.is_empty() && (self.has_root || name != self.root) {
            return Err(XmlError::OtherRoot { expected: self.root });
        }
        if self.starts.len() >= MOST_DEPTH || self.path.len() + name.len() > MOST_PATH {
            return Err(XmlError::TooDeep);
        }
        self.has_root = true;
        self.starts.push(self.path.len());
        if self.starts.len() > 1 {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.text.clear();
        visitor.start(&self.path, &Element(element));
        Ok(())
    }

    fn leave(&mut self, visitor: &mut impl Visitor) {
        visitor.end(&self.path, self.text.trim());
        self.text.clear();
        self.path.truncate(self.starts.pop().unwrap_or_default());
    }

    fn push(&mut self, text: &str) {
        if self.text.len() < MOST_TEXT {
            self.text.push_str(cut(text));
        }
    }

    fn finish(self) -> Result<(), XmlError> {
        if self.has_root && self.starts.is_empty() { Ok(()) } else { Err(XmlError::Cut) }
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MOST_TEXT)).unwrap_or_default()
}

/// A document of which at most `left` bytes are read, and at most `event` until that is set anew.
struct Bounded<R> {
    inner: R,
    left: u64,
    event: u64,
    is_over: bool,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let most = usize::try_from(self.left.min(self.event)).unwrap_or(usize::MAX);
        let filled = self.inner.fill_buf()?;
        if most == 0 && !filled.is_empty() {
            self.is_over = true;
            return Err(io::Error::other("too large"));
        }
        Ok(filled.get(..most).unwrap_or(filled))
    }

    fn consume(&mut self, amount: usize) {
        let consumed = u64::try_from(amount).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(consumed);
        self.event = self.event.saturating_sub(consumed);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl Visitor for Seen {
        fn start(&mut self, path: &str, element: &Element<'_>) {
            self.0.push(format!("<{path} {}", element.attribute("a").unwrap_or_default()));
        }

        fn end(&mut self, path: &str, text: &str) {
            self.0.push(format!(">{path} {text}"));
        }
    }

    fn seen(document: &str, most: u64) -> Result<Vec<String>, XmlError> {
        let mut seen = Seen::default();
        walk(document.as_bytes(), most, "r", &mut seen).map(|()| seen.0)
    }

    #[test]
    fn a_walk_tells_paths_attributes_and_own_texts() {
        let document =
            "<!DOCTYPE r PUBLIC 'x' 'y'>\n<r a='&quot;1&amp;'><p:b>x &lt;&#228; <![CDATA[<]]></p:b><c/></r>";
        let told = ["<r \"1&", "<r/b ", ">r/b x <ä <", "<r/c ", ">r/c ", ">r "];
        assert_eq!(seen(document, 1_000).unwrap(), told);
    }

    #[test]
    fn what_is_no_whole_document_of_that_root_is_refused() {
        for document in
            ["", "<r>", "<r><b></r>", "<s/>", "<r/><r/>", "text", "<r", "<r>&#x110000;</r>", "<r a='"]
        {
            assert!(seen(document, 1_000).is_err(), "{document}");
        }
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_not_read_to_its_end() {
        let text = format!("<r>{}</r>", " ".repeat(1_000));
        assert!(matches!(seen(&text, 1_000), Err(XmlError::TooLarge { most: 1_000 })));
        assert!(seen(&text, text.len() as u64).is_ok());
        let deep = "<r>".repeat(300);
        assert!(matches!(seen(&deep, 10_000), Err(XmlError::TooDeep)));
        let tag = io::repeat(b'a').take(MOST_EVENT * 2);
        let tag = io::BufReader::new((&b"<r a='"[..]).chain(tag));
        let refused = walk(tag, u64::MAX, "r", &mut Seen::default());
        assert!(matches!(refused, Err(XmlError::TooLarge { .. })));
    }

    proptest::proptest! {
        #[test]
        fn no_document_makes_a_walk_panic(document in "[<>/r a=\"'&;#x!\\[\\]CDAT?-]{0,60}") {
            let _ = seen(&document, 1_000);
            let _ = seen(&format!("<r>{document}</r>"), 1_000);
        }
    }
}
