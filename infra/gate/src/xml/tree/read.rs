//! Builds elements from the events of `quick_xml`.

use quick_xml::{
    Reader,
    events::{BytesDecl, BytesRef, BytesStart, BytesText, Event},
};

use super::{
    Attribute, Element, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, Node, XmlError, is_blank, is_xml_char,
};
use crate::xml::names::{is_name, split_prefix};

/// The open elements, and the root once it is closed.
#[derive(Default)]
pub(super) struct Builder {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    has_begun: bool,
}

impl Builder {
    pub(super) fn read(mut self, text: &str) -> Result<Element, XmlError> {
        let mut reader = Reader::from_str(text);
        loop {
            let event = reader.read_event().map_err(|_| XmlError::NotWellFormed(reader.error_position()))?;
            match event {
                Event::Start(start) => self.start(&start, reader.buffer_position())?,
                Event::Empty(start) => {
                    self.start(&start, reader.buffer_position())?;
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
            self.has_begun = true;
        }
        if self.open.is_empty() { self.root.ok_or(XmlError::NotOneRoot) } else { Err(XmlError::NotOneRoot) }
    }

    /// Opens an element whose tag ends at byte `at`.
    fn start(&mut self, start: &BytesStart<'_>, at: u64) -> Result<(), XmlError> {
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
        let attributes = attributes(start, &name, at)?;
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
        if self.has_begun || !is_version || !is_encoding { Err(XmlError::Declaration) } else { Ok(()) }
    }
}

/// The text, without `]]>`, which is not well-formed (XML 1.0, section 2.4) and which `quick_xml` does not look for.
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

fn attributes(start: &BytesStart<'_>, element: &str, at: u64) -> Result<Vec<Attribute>, XmlError> {
    let mut found: Vec<Attribute> = Vec::new();
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| XmlError::NotWellFormed(at))?;
        let (prefix, name) = qualified(attribute.key.as_ref())?;
        if found.iter().any(|before| before.name == name && before.prefix == prefix) {
            return Err(XmlError::DuplicateAttribute(element.to_owned()));
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

/// Resolves a predefined entity or a reference to an allowed character, without `&` and `;`.
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
