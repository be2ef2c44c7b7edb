//! A small tree of elements, read within bounds.

use quick_xml::{
    Reader,
    events::{BytesDecl, BytesRef, BytesStart, BytesText, Event},
};

use super::names::{is_name, split_prefix};

/// The deepest nesting of elements.
pub const MAX_DEPTH: usize = 64;
/// The most elements of one document.
pub const MAX_ELEMENTS: usize = 20_000;
/// The most attributes of one element, namespace declarations included.
pub const MAX_ATTRIBUTES: usize = 32;

/// An element: its names, attributes and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The local name.
    pub name: String,
    /// The prefix as it was written, declared or not.
    pub prefix: Option<String>,
    /// The attributes in their order, namespace declarations included.
    pub attributes: Vec<Attribute>,
    /// Elements and texts in their order. Neighbouring texts (CDATA, references) are one.
    pub children: Vec<Node>,
}

/// A part of an element's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Text with its references resolved; never empty.
    Text(String),
}

/// An attribute; no two of an element have the same prefix and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The prefix as it was written, `xmlns` for a namespace declaration with one.
    pub prefix: Option<String>,
    /// The local name, `xmlns` for the default namespace.
    pub name: String,
    /// The value with its references resolved and its white space normalised (XML 1.0, section 3.3.3).
    pub value: String,
}

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More bytes than the operation allows.
    #[error("the XML has {found} bytes; at most {most} are read")]
    TooLong {
        /// The bytes that came.
        found: usize,
        /// The bytes that are read.
        most: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the XML is not UTF-8")]
    NotUtf8,
    /// A declaration with another version or encoding, or in the wrong place.
    #[error("the XML declaration must be first and say version 1.0 and, if any, the encoding UTF-8")]
    Declaration,
    /// A document type definition.
    #[error("a DOCTYPE is not accepted")]
    Doctype,
    /// A comment or a processing instruction.
    #[error("comments and processing instructions are not accepted")]
    Instruction,
    /// An entity that XML does not predefine.
    #[error("only the five predefined entities and character references are accepted")]
    Entity,
    /// A character that XML 1.0 does not allow.
    #[error("the XML holds a character that XML 1.0 does not allow")]
    Character,
    /// Markup that is not well-formed.
    #[error("the XML is not well-formed near byte {at}")]
    NotWellFormed {
        /// The position at which reading stopped.
        at: u64,
    },
    /// An element or attribute name that is not a name with at most one prefix.
    #[error("the XML holds a name that is not a qualified name")]
    Name,
    /// An attribute that comes twice in an element.
    #[error("an attribute comes twice in element {element}")]
    DuplicateAttribute {
        /// The element's local name.
        element: String,
    },
    /// Too many attributes.
    #[error("an element has more than {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
    /// Elements nested too deeply.
    #[error("elements are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// Too many elements.
    #[error("the XML has more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    /// No root element, or something beside it.
    #[error("the XML must be one element and nothing else")]
    NotOneRoot,
}

impl Element {
    /// Reads one document of at most `max_bytes` bytes. A byte order mark and an XML declaration are dropped.
    pub fn parse(document: &[u8], max_bytes: usize) -> Result<Self, XmlError> {
        if document.len() > max_bytes {
            return Err(XmlError::TooLong { found: document.len(), most: max_bytes });
        }
        let text = str::from_utf8(document).map_err(|_| XmlError::NotUtf8)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.chars().all(is_xml_char) {
            return Err(XmlError::Character);
        }
        Builder::default().read(text)
    }

    /// The child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The text of an element without child elements (empty when there is none), and `None` when it has some.
    pub fn text(&self) -> Option<&str> {
        match self.children.as_slice() {
            [] => Some(""),
            [Node::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// True when there is text that is more than white space between the child elements.
    pub fn has_loose_text(&self) -> bool {
        self.children.iter().any(|node| matches!(node, Node::Text(text) if !is_blank(text)))
    }

    /// The value of the attribute with this local name, whatever its prefix; namespace declarations are not looked at.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.own_attributes()
            .find(|attribute| attribute.name == name)
            .map(|attribute| attribute.value.as_str())
    }

    /// The attributes that are not namespace declarations.
    pub fn own_attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| !attribute.is_namespace())
    }
}

impl Attribute {
    /// True for `xmlns` and `xmlns:…`.
    pub fn is_namespace(&self) -> bool {
        self.prefix.as_deref().unwrap_or(&self.name) == "xmlns"
    }
}

/// Elements that are open while a document is read, and the root once it is closed.
#[derive(Default)]
struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    is_started: bool,
}

impl Builder {
    fn read(mut self, text: &str) -> Result<Element, XmlError> {
        let mut reader = Reader::from_str(text);
        loop {
            let event =
                reader.read_event().map_err(|_| XmlError::NotWellFormed { at: reader.error_position() })?;
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end()?;
                }
                Event::End(_) => self.end()?,
                Event::Text(text) => self.text(&text_of(&text)?)?,
                Event::CData(data) => self.text(&data.xml10_content())?,
                Event::GeneralRef(reference) => self.reference(&reference)?,
                Event::Decl(declaration) => self.declaration(&declaration)?,
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Comment(_) | Event::PI(_) => return Err(XmlError::Instruction),
                Event::Eof => break,
            }
            self.is_started = true;
        }
        if self.open.is_empty() { self.root.ok_or(XmlError::NotOneRoot) } else { Err(XmlError::NotOneRoot) }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(XmlError::NotOneRoot);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(XmlError::TooDeep);
        }
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlError::TooManyElements);
        }
        let (prefix, name) = qualified(start.name().as_ref())?;
        let attributes = attributes(start, &name)?;
        self.open.push(Element { name, prefix, attributes, children: Vec::new() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or(XmlError::NotOneRoot)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        let Some(parent) = self.open.last_mut() else {
            return if is_blank(text) { Ok(()) } else { Err(XmlError::NotOneRoot) };
        };
        match parent.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => parent.children.push(Node::Text(text.to_owned())),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return Err(XmlError::NotOneRoot);
        }
        self.text(resolve(reference.as_ref())?.encode_utf8(&mut [0; 4]))
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
        let is_version = declaration.version().is_ok_and(|version| version == "1.0");
        let is_encoding = match declaration.encoding() {
            None => true,
            Some(encoding) => encoding.is_ok_and(|encoding| encoding.eq_ignore_ascii_case("utf-8")),
        };
        if self.is_started || !is_version || !is_encoding { Err(XmlError::Declaration) } else { Ok(()) }
    }
}

/// `]]>` in text is not well-formed (XML 1.0, section 2.4), and the reader does not look for it.
fn text_of(text: &BytesText<'_>) -> Result<String, XmlError> {
    let content = text.xml10_content();
    if content.contains("]]>") { Err(XmlError::Character) } else { Ok(content.into_owned()) }
}

fn qualified(name: &str) -> Result<(Option<String>, String), XmlError> {
    let (prefix, local) = split_prefix(name);
    if is_name(local) && prefix.is_none_or(is_name) {
        Ok((prefix.map(str::to_owned), local.to_owned()))
    } else {
        Err(XmlError::Name)
    }
}

fn attributes(start: &BytesStart<'_>, element: &str) -> Result<Vec<Attribute>, XmlError> {
    let mut found: Vec<Attribute> = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| XmlError::NotWellFormed { at: 0 })?;
        let (prefix, name) = qualified(attribute.key.as_ref())?;
        if found.iter().any(|before| before.name == name && before.prefix == prefix) {
            return Err(XmlError::DuplicateAttribute { element: element.to_owned() });
        }
        if found.len() == MAX_ATTRIBUTES {
            return Err(XmlError::TooManyAttributes);
        }
        found.push(Attribute { prefix, name, value: attribute_value(&attribute.value)? });
    }
    Ok(found)
}

fn attribute_value(raw: &str) -> Result<String, XmlError> {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '<', '\t', '\n', '\r']) {
        let (before, special) = rest.split_at(at);
        value.push_str(before);
        rest = match special.strip_prefix('&') {
            Some(reference) => {
                let (name, rest) = reference.split_once(';').ok_or(XmlError::Entity)?;
                value.push(resolve(name)?);
                rest
            }
            None if special.starts_with('<') => return Err(XmlError::Character),
            None => {
                value.push(' ');
                special.strip_prefix("\r\n").unwrap_or_else(|| special.get(1..).unwrap_or_default())
            }
        };
    }
    value.push_str(rest);
    Ok(value)
}

/// A predefined entity or a reference to an allowed character, without `&` and `;`.
fn resolve(name: &str) -> Result<char, XmlError> {
    let number = |digits: &str, radix| {
        let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        let code =
            u32::from_str_radix(digits, radix).ok().filter(|_| is_number).ok_or(XmlError::Character)?;
        char::from_u32(code).filter(|&character| is_xml_char(character)).ok_or(XmlError::Character)
    };
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => match (name.strip_prefix("#x"), name.strip_prefix('#')) {
            (Some(digits), _) => number(digits, 16),
            (None, Some(digits)) => number(digits, 10),
            (None, None) => Err(XmlError::Entity),
        },
    }
}

/// The characters of XML 1.0, section 2.2.
fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// True for text of nothing but XML's white space.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|character| matches!(character, ' ' | '\t' | '\n' | '\r'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::write::Writer;

    fn parse(text: &str) -> Result<Element, XmlError> {
        Element::parse(text.as_bytes(), 1 << 20)
    }

    #[test]
    fn names_attributes_and_texts_are_read() {
        let root = parse("\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a:b x='1' y:x=\"&lt;&#x41;&#66;\t\"> t<![CDATA[<&>]]>&amp;\r\n<c/></a:b> ")
            .unwrap();
        assert_eq!((root.prefix.as_deref(), root.name.as_str()), (Some("a"), "b"));
        assert_eq!(root.attributes[1].value, "<AB ");
        assert_eq!(root.attribute("x"), Some("1"));
        assert_eq!(root.children[0], Node::Text(" t<&>&\n".to_owned()));
        assert_eq!(root.elements().map(|child| child.name.as_str()).collect::<Vec<_>>(), ["c"]);
        assert_eq!(root.text(), None);
    }

    #[test]
    fn a_prefix_needs_no_declaration() {
        assert_eq!(parse("<gml:Point/>").unwrap().prefix.as_deref(), Some("gml"));
    }

    #[test]
    fn what_is_not_one_plain_element_is_refused_by_its_reason() {
        for (text, reason) in [
            ("", XmlError::NotOneRoot),
            ("text", XmlError::NotOneRoot),
            ("<a/>b", XmlError::NotOneRoot),
            ("<a/><b/>", XmlError::NotOneRoot),
            ("<a>", XmlError::NotOneRoot),
            ("&amp;<a/>", XmlError::NotOneRoot),
            ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", XmlError::Doctype),
            ("<a><!-- b --></a>", XmlError::Instruction),
            ("<a><?b c?></a>", XmlError::Instruction),
            ("<a>&b;</a>", XmlError::Entity),
            ("<a b='&c;'/>", XmlError::Entity),
            ("<a b='&amp'/>", XmlError::Entity),
            ("<a>&#0;</a>", XmlError::Character),
            ("<a>&#xFFFE;</a>", XmlError::Character),
            ("<a>&#+65;</a>", XmlError::Character),
            ("<a>\u{1}</a>", XmlError::Character),
            ("<a>]]></a>", XmlError::Character),
            ("<a b='<'/>", XmlError::Character),
            ("<a b='1' b='2'/>", XmlError::DuplicateAttribute { element: "a".to_owned() }),
            ("<a:b:c/>", XmlError::Name),
            ("<1/>", XmlError::Name),
            ("<a b²='1'/>", XmlError::Name),
            ("<?xml version=\"1.1\"?><a/>", XmlError::Declaration),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", XmlError::Declaration),
            ("<a/><?xml version=\"1.0\"?>", XmlError::Declaration),
            (" <?xml version=\"1.0\"?><a/>", XmlError::Declaration),
        ] {
            assert_eq!(parse(text), Err(reason), "{text}");
        }
        for text in ["<a></b>", "</a>", "<a b/>", "<a b=1/>", "<a", "<a>&amp</a>", "<a><![CDATA[b</a>"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(Element::parse(b"<a>\xff</a>", 99), Err(XmlError::NotUtf8));
        assert_eq!(Element::parse(b"\xff\xfe<\0a\0/\0>\0", 99), Err(XmlError::NotUtf8));
    }

    #[test]
    fn each_bound_holds_and_reaches_no_further() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(XmlError::TooDeep));
        let many = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count - 1));
        assert!(parse(&many(MAX_ELEMENTS)).is_ok());
        assert_eq!(parse(&many(MAX_ELEMENTS + 1)), Err(XmlError::TooManyElements));
        let attributes = |count: usize| {
            let list: String = (0..count).map(|number| format!(" a{number}='1'")).collect();
            format!("<r{list}/>")
        };
        assert!(parse(&attributes(MAX_ATTRIBUTES)).is_ok());
        assert_eq!(parse(&attributes(MAX_ATTRIBUTES + 1)), Err(XmlError::TooManyAttributes));
        assert!(Element::parse(b"<a/>", 4).is_ok());
        assert_eq!(Element::parse(b"<a/>", 3), Err(XmlError::TooLong { found: 4, most: 3 }));
    }

    fn write(element: &Element, out: &mut Writer) {
        let qualify = |prefix: &Option<String>, name: &str| {
            prefix.as_ref().map_or_else(|| name.to_owned(), |prefix| format!("{prefix}:{name}"))
        };
        let name = qualify(&element.prefix, &element.name);
        let attributes: Vec<_> = element
            .attributes
            .iter()
            .map(|attribute| (qualify(&attribute.prefix, &attribute.name), attribute.value.as_str()))
            .collect();
        let attributes: Vec<_> = attributes.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        out.element(&name, &attributes, |out| {
            for child in &element.children {
                match child {
                    Node::Element(child) => write(child, out),
                    Node::Text(text) => out.text(text),
                }
            }
        });
    }

    fn any_name() -> impl Strategy<Value = String> {
        "[A-Za-z_ñé][A-Za-z0-9_.-]{0,5}".prop_filter("declares a namespace", |name| name != "xmlns")
    }

    fn any_text() -> impl Strategy<Value = String> {
        "[ -~\t\n\ré€😀]{1,12}"
    }

    fn any_element() -> impl Strategy<Value = Element> {
        let attributes =
            prop::collection::btree_map((prop::option::of(any_name()), any_name()), any_text(), 0..4);
        let leaf =
            (any_name(), prop::option::of(any_name()), attributes).prop_map(|(name, prefix, attributes)| {
                let attributes = attributes
                    .into_iter()
                    .map(|((prefix, name), value)| Attribute { prefix, name, value })
                    .collect();
                Element { name, prefix, attributes, children: Vec::new() }
            });
        leaf.prop_recursive(5, 60, 5, |inner| {
            let pair = (prop::option::of(any_text()), inner.clone());
            (inner, prop::collection::vec(pair, 0..5), prop::option::of(any_text())).prop_map(
                |(mut root, pairs, last)| {
                    root.children.clear();
                    for (text, child) in pairs {
                        root.children.extend(text.map(Node::Text));
                        root.children.push(Node::Element(child));
                    }
                    if !matches!(root.children.last(), Some(Node::Text(_))) {
                        root.children.extend(last.map(Node::Text));
                    }
                    root
                },
            )
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Element::parse(&bytes, 1 << 16);
        }

        #[test]
        fn anything_that_looks_like_xml_is_read_or_refused(text in "(<|>|/|&|;|#|x|a|b:|'|\"|=| |!\\[CDATA\\[|\\]\\]>|\\?xml |--|é|[0-9]){0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_tree_that_is_written_reads_back_the_same(tree in any_element()) {
            let mut out = Writer::default();
            write(&tree, &mut out);
            prop_assert_eq!(parse(&out.finish()), Ok(tree));
        }
    }
}
