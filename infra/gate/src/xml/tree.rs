//! A small tree of elements, parsed within limits.

mod read;

use self::read::Builder;

/// Maximum nesting of elements.
pub const MAX_DEPTH: usize = 64;
/// Maximum number of elements of a document.
pub const MAX_ELEMENTS: usize = 20_000;
/// Maximum number of attributes of an element, including namespace declarations.
pub const MAX_ATTRIBUTES: usize = 32;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The local name.
    pub name: String,
    /// The prefix, declared or not.
    pub prefix: Option<String>,
    /// The attributes in order, including namespace declarations.
    pub attributes: Vec<Attribute>,
    /// Elements and texts in order. Adjacent texts (CDATA, references) are joined.
    pub children: Vec<Node>,
}

/// A part of an element's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A child element.
    Element(Element),
    /// Text with references resolved; never empty.
    Text(String),
}

/// An attribute. Prefix and name are unique in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The prefix; `xmlns` for the declaration of a prefix.
    pub prefix: Option<String>,
    /// The local name; `xmlns` for the declaration of the default namespace.
    pub name: String,
    /// The value with references resolved and white space normalised (XML 1.0, section 3.3.3).
    pub value: String,
}

/// Why a document is refused. Texts never repeat a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// More bytes than the operation allows.
    #[error("the XML has {found} bytes; at most {max} are allowed")]
    TooLong {
        /// Its bytes.
        found: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the XML is not UTF-8")]
    NotUtf8,
    /// A declaration with another version or encoding, or in the wrong place.
    #[error("the XML declaration must come first, with version 1.0 and either the encoding UTF-8 or none")]
    Declaration,
    /// A document type definition.
    #[error("a DOCTYPE is not allowed")]
    Doctype,
    /// A comment or a processing instruction.
    #[error("comments and processing instructions are not allowed")]
    Instruction,
    /// An entity that XML does not predefine.
    #[error("only the five predefined entities and character references are allowed")]
    Entity,
    /// A character that XML 1.0 does not allow.
    #[error("the XML holds a character that XML 1.0 does not allow")]
    Character,
    /// Markup that is not well-formed.
    #[error("the XML is not well-formed near byte {0}")]
    NotWellFormed(u64),
    /// An element or attribute whose name is not a qualified name, or too long.
    #[error("the XML holds an element or attribute whose name is invalid or too long")]
    Name,
    /// A repeated attribute.
    #[error("an attribute of {0} is repeated")]
    DuplicateAttribute(String),
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
    #[error("the XML must be exactly one element")]
    NotOneRoot,
}

impl Element {
    /// Parses a document of at most `max_bytes` bytes. A byte order mark and an XML declaration are dropped.
    pub fn parse(document: &[u8], max_bytes: usize) -> Result<Self, XmlError> {
        if document.len() > max_bytes {
            return Err(XmlError::TooLong { found: document.len(), max: max_bytes });
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

    /// The text of an element without child elements, which may be empty; `None` if it has child elements.
    pub fn text(&self) -> Option<&str> {
        match self.children.as_slice() {
            [] => Some(""),
            [Node::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether there is text other than white space.
    pub fn has_loose_text(&self) -> bool {
        self.children.iter().any(|node| matches!(node, Node::Text(text) if !is_blank(text)))
    }

    /// The value of the attribute with this local name and any prefix, except namespace declarations.
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
    /// Whether it is `xmlns` or `xmlns:…`.
    pub fn is_namespace(&self) -> bool {
        self.prefix.as_deref().unwrap_or(&self.name) == "xmlns"
    }
}

/// Whether XML 1.0, section 2.2, allows the character.
fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether the text consists of XML's white space.
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
    fn reads_names_attributes_and_texts() {
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
    fn accepts_undeclared_prefixes() {
        assert_eq!(parse("<gml:Point/>").unwrap().prefix.as_deref(), Some("gml"));
    }

    #[test]
    fn refuses_what_is_not_one_plain_element_and_says_why() {
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
            ("<a b='1' b='2'/>", XmlError::DuplicateAttribute("a".to_owned())),
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
        assert_eq!(parse("<a>text</a><b c/>"), Err(XmlError::NotOneRoot));
        assert_eq!(parse("<a><b c/></a>"), Err(XmlError::NotWellFormed(9)), "the end of the tag");
        assert_eq!(Element::parse(b"<a>\xff</a>", 99), Err(XmlError::NotUtf8));
        assert_eq!(Element::parse(b"\xff\xfe<\0a\0/\0>\0", 99), Err(XmlError::NotUtf8));
    }

    #[test]
    fn enforces_each_limit_exactly() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(XmlError::TooDeep));
        let many = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count - 1));
        assert!(parse(&many(MAX_ELEMENTS)).is_ok());
        assert_eq!(parse(&many(MAX_ELEMENTS + 1)), Err(XmlError::TooManyElements));
        let attributes = |count: usize| {
            let list: Vec<_> = (0..count).map(|number| format!("a{number}='1'")).collect();
            format!("<r {}/>", list.join(" "))
        };
        assert!(parse(&attributes(MAX_ATTRIBUTES)).is_ok());
        assert_eq!(parse(&attributes(MAX_ATTRIBUTES + 1)), Err(XmlError::TooManyAttributes));
        assert!(Element::parse(b"<a/>", 4).is_ok());
        assert_eq!(Element::parse(b"<a/>", 3), Err(XmlError::TooLong { found: 4, max: 3 }));
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
        fn any_bytes_are_parsed_or_refused(bytes: Vec<u8>) {
            let _ = Element::parse(&bytes, 1 << 16);
        }

        #[test]
        fn anything_that_looks_like_xml_is_parsed_or_refused(text in "(<|>|/|&|;|#|x|a|b:|'|\"|=| |!\\[CDATA\\[|\\]\\]>|\\?xml |--|é|[0-9]){0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn trees_survive_a_round_trip(tree in any_element()) {
            let mut out = Writer::default();
            write(&tree, &mut out);
            prop_assert_eq!(parse(&out.finish()), Ok(tree));
        }
    }
}
