//! Walks over the elements of an XML document that QGIS wrote, with bounded memory for any document.

use std::{
    io::{self, BufRead, Read},
    sync::Arc,
};

use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_xml_entity,
    events::{BytesStart, Event},
};

/// The deepest nesting of elements. Groups of layers are the deepest that QGIS writes.
const MAX_DEPTH: usize = 256;
/// The longest path of element names, in bytes.
const MAX_PATH: usize = 8 * 1024;
/// The longest text or attribute value that is kept, in bytes. Longer ones are cut; none that matter are so long.
const MAX_TEXT: usize = 64 * 1024;
/// The longest single tag or text, in bytes. Layouts contain images in attributes.
const MAX_EVENT: usize = 32 * 1024 * 1024;

pub(super) trait Visitor {
    /// Called at the start of an element. `path` has the local names from the root to the element, joined with `/`.
    fn start(&mut self, path: &str, element: &Element<'_>);

    /// Called at the end of an element. `text` is the element's text after its last child element.
    fn end(&mut self, _path: &str, _text: &str) {}
}

/// An element's attributes.
pub(super) struct Element<'a>(BytesStart<'a>);

/// Why a document cannot be walked to its end.
#[derive(Debug, thiserror::Error)]
pub enum XmlError {
    /// Reading failed.
    #[error("it cannot be read to its end")]
    Io(#[source] Arc<io::Error>),
    /// It is too large, as a whole or in one place.
    #[error(
        "it is larger than {max} bytes, possibly unpacked, or has a tag or text larger than {MAX_EVENT} bytes"
    )]
    TooLarge {
        /// The most bytes that are read.
        max: usize,
    },
    /// Its elements are nested too deeply.
    #[error("its elements are nested more than {MAX_DEPTH} levels deep, or their names are too long")]
    TooDeep,
    /// It is not XML.
    #[error("it is not well-formed XML")]
    Malformed(#[from] quick_xml::Error),
    /// It ends before its root element does, or has none.
    #[error("it ends before its root element does")]
    Cut,
    /// It is another kind of document.
    #[error("its root element is not `{expected}`")]
    OtherRoot {
        /// The expected root element.
        expected: &'static str,
    },
}

impl Element<'_> {
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.0.attributes();
        let found =
            attributes.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
        let value = found.normalized_value(XmlVersion::Implicit1_0).ok()?;
        Some(cut(&value).to_owned())
    }
}

/// Walks over `document`, which must have the root element `root` and at most `max` bytes.
pub(super) fn walk(
    document: impl BufRead,
    max: usize,
    root: &'static str,
    visitor: &mut impl Visitor,
) -> Result<(), XmlError> {
    let mut reader =
        Reader::from_reader(Bounded { inner: document, left: max, event: MAX_EVENT, is_exceeded: false });
    reader.config_mut().expand_empty_elements = true;
    let mut buffer = Vec::new();
    let mut walk =
        Walk { path: String::new(), starts: Vec::new(), text: String::new(), root, has_root: false };
    loop {
        buffer.clear();
        reader.get_mut().event = MAX_EVENT;
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return walk.finish(),
            Ok(event) => walk.take(event, visitor)?,
            Err(_) if reader.get_mut().is_exceeded => return Err(XmlError::TooLarge { max }),
            Err(quick_xml::Error::Io(error)) => return Err(XmlError::Io(error)),
            Err(error) => return Err(XmlError::Malformed(error)),
        }
    }
}

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
            Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
                Some(letter) => self.push(letter.encode_utf8(&mut [0; 4])),
                None => self.push(resolve_xml_entity(&reference.into_inner()).unwrap_or_default()),
            },
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
        if self.starts.len() >= MAX_DEPTH || self.path.len() + name.len() > MAX_PATH {
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
        if self.text.len() < MAX_TEXT {
            self.text.push_str(cut(text));
        }
    }

    fn finish(self) -> Result<(), XmlError> {
        if self.has_root && self.starts.is_empty() { Ok(()) } else { Err(XmlError::Cut) }
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

/// Reads at most `left` bytes of a document, and at most `event` until that is set again.
struct Bounded<R> {
    inner: R,
    left: usize,
    event: usize,
    is_exceeded: bool,
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
        let max = self.left.min(self.event);
        let filled = self.inner.fill_buf()?;
        if max == 0 && !filled.is_empty() {
            self.is_exceeded = true;
            return Err(io::Error::other("too large"));
        }
        Ok(filled.get(..max).unwrap_or(filled))
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount);
        self.event = self.event.saturating_sub(amount);
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

    fn seen(document: &str, max: usize) -> Result<Vec<String>, XmlError> {
        let mut seen = Seen::default();
        walk(document.as_bytes(), max, "r", &mut seen).map(|()| seen.0)
    }

    #[test]
    fn visits_paths_attributes_and_texts() {
        let document =
            "<!DOCTYPE r PUBLIC 'x' 'y'>\n<r a='&quot;1&amp;'><p:b>x &lt;&#228; <![CDATA[<]]></p:b><c/></r>";
        let expected = ["<r \"1&", "<r/b ", ">r/b x <ä <", "<r/c ", ">r/c ", ">r "];
        assert_eq!(seen(document, 1_000).unwrap(), expected);
    }

    #[test]
    fn refuses_incomplete_documents_and_other_roots() {
        for document in
            ["", "<r>", "<r><b></r>", "<s/>", "<r/><r/>", "text", "<r", "<r>&#x110000;</r>", "<r a='"]
        {
            assert!(seen(document, 1_000).is_err(), "{document}");
        }
    }

    #[test]
    fn stops_reading_what_is_too_large_or_too_deep() {
        let text = format!("<r>{}</r>", " ".repeat(1_000));
        assert!(matches!(seen(&text, 1_000), Err(XmlError::TooLarge { max: 1_000 })));
        assert!(seen(&text, text.len()).is_ok());
        let deep = "<r>".repeat(300);
        assert!(matches!(seen(&deep, 10_000), Err(XmlError::TooDeep)));
        let tag = io::repeat(b'a').take(2 * MAX_EVENT as u64);
        let tag = io::BufReader::new((&b"<r a='"[..]).chain(tag));
        let refused = walk(tag, usize::MAX, "r", &mut Seen::default());
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
