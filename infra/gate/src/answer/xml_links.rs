//! Rewrites links in QGIS Server's XML. Everything else passes byte for byte.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    escape::{escape, unescape},
    events::{BytesStart, Event},
};

use super::{
    links::Links,
    schema_locations,
    xml_path::{AttributeKind, ElementPath, is_data_root, local},
};

/// How many addresses of services are remembered in one document. QGIS Server has one, or one per method.
const MAX_ADDRESSES: usize = 16;

#[derive(Debug, thiserror::Error)]
pub(super) enum XmlLinksError {
    #[error("it is not well-formed")]
    NotWellFormed(#[from] quick_xml::Error),
    #[error("a tag is not well-formed")]
    Attributes(#[from] quick_xml::events::attributes::AttrError),
    #[error("it has an unknown entity")]
    Entity(#[from] quick_xml::escape::EscapeError),
    #[error("its elements are nested too deeply")]
    TooDeep,
    #[error("it ends inside an element")]
    EndsEarly,
}

/// The root element of a document whose start is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// The start tag is not complete yet.
    Incomplete,
    /// Everything below the root is data; `head` is the start with the root's links rewritten.
    Data { head: String },
    /// The document must be read whole.
    Document,
}

pub(super) fn rewrite(document: &str, links: &Links) -> Result<String, XmlLinksError> {
    let mut rewriter = Rewriter::new(document, links);
    loop {
        match rewriter.step()? {
            Step::End if rewriter.path.is_empty() => return Ok(rewriter.written),
            Step::End => return Err(XmlLinksError::EndsEarly),
            Step::Data => {
                let rest = document.get(rewriter.position()..).unwrap_or_default();
                rewriter.written.push_str(rest);
                return Ok(rewriter.written);
            }
            Step::Next => {}
        }
    }
}

/// Reads the root from the `start` of a document.
pub(super) fn root(start: &str, links: &Links) -> Result<Root, XmlLinksError> {
    let mut reader = Reader::from_str(start);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_data_root(local(tag.name().0)) => break,
            Ok(Event::Start(_) | Event::Empty(_) | Event::End(_)) => return Ok(Root::Document),
            Ok(Event::Eof) | Err(quick_xml::Error::Syntax(_)) => return Ok(Root::Incomplete),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rewrite(start, links).map(|head| Root::Data { head })
}

enum Step {
    Next,
    Data,
    End,
}

struct Rewriter<'d> {
    document: &'d str,
    links: &'d Links,
    reader: Reader<&'d [u8]>,
    path: ElementPath,
    addresses: Vec<String>,
    text: String,
    written: String,
}

impl<'d> Rewriter<'d> {
    fn new(document: &'d str, links: &'d Links) -> Self {
        Self {
            document,
            links,
            reader: Reader::from_str(document),
            path: ElementPath::default(),
            addresses: Vec::new(),
            text: String::new(),
            written: String::with_capacity(document.len()),
        }
    }

    fn step(&mut self) -> Result<Step, XmlLinksError> {
        let from = self.position();
        let event = self.reader.read_event()?;
        let raw = self.document.get(from..self.position()).unwrap_or_default();
        if let Event::Text(_) | Event::GeneralRef(_) = event {
            self.text.push_str(raw);
            return Ok(Step::Next);
        }
        self.write_text()?;
        match event {
            Event::Start(tag) => {
                self.tag(&tag, raw, ">")?;
                return Ok(if self.path.is_data() { Step::Data } else { Step::Next });
            }
            Event::Empty(tag) => {
                self.tag(&tag, raw, "/>")?;
                self.path.leave();
            }
            Event::End(_) => {
                self.path.leave();
                self.written.push_str(raw);
            }
            Event::CData(data) => self.cdata(&data.into_inner(), raw),
            Event::Comment(_) | Event::PI(_) if self.rewritten(raw) != raw => {}
            Event::Eof => return Ok(Step::End),
            _ => self.written.push_str(raw),
        }
        Ok(Step::Next)
    }

    /// Enters an element and writes its tag: unchanged, unless an attribute changes.
    fn tag(&mut self, tag: &BytesStart<'_>, raw: &str, end: &str) -> Result<(), XmlLinksError> {
        if !self.path.enter(local(tag.name().0)) {
            return Err(XmlLinksError::TooDeep);
        }
        let mut rewritten = format!("<{}", tag.name().0);
        let mut is_changed = false;
        for attribute in tag.attributes() {
            let attribute = attribute?;
            let value = unescape(&attribute.value)?;
            let changed =
                Some(self.attribute(attribute.key.0, &value)).filter(|rewritten| *rewritten != value);
            is_changed |= changed.is_some();
            let value = changed.map_or_else(|| double_quoted(&attribute.value), escape);
            rewritten.extend([" ", attribute.key.0, "=\"", &value, "\""]);
        }
        rewritten.push_str(end);
        self.written.push_str(if is_changed { &rewritten } else { raw });
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) -> String {
        match self.path.attribute(name) {
            AttributeKind::Endpoint => {
                let address = Links::address(value);
                if self.addresses.len() < MAX_ADDRESSES
                    && !self.addresses.iter().any(|known| known == address)
                {
                    self.addresses.push(address.to_owned());
                }
                self.links.endpoint(value)
            }
            AttributeKind::Link => self.link(value),
            AttributeKind::SchemaLocations => {
                schema_locations::rewrite(value, self.links, |link| self.link(link))
            }
            AttributeKind::Text => self.rewritten(value).into_owned(),
        }
    }

    fn link(&self, link: &str) -> String {
        let is_known = self.addresses.iter().any(|known| !known.is_empty() && known == Links::address(link));
        let ours = if is_known { Some(self.links.endpoint(link)) } else { self.links.link(link) };
        ours.unwrap_or_else(|| self.rewritten(link).into_owned())
    }

    fn write_text(&mut self) -> Result<(), XmlLinksError> {
        let raw = std::mem::take(&mut self.text);
        if raw.trim().is_empty() {
            self.written.push_str(&raw);
            return Ok(());
        }
        let text = unescape(&raw)?;
        let rewritten =
            if self.path.is_link() { Cow::Owned(self.link(&text)) } else { self.rewritten(&text) };
        self.written.push_str(&if rewritten == text {
            Cow::Borrowed(raw.as_str())
        } else {
            escape(rewritten)
        });
        Ok(())
    }

    fn cdata(&mut self, data: &str, raw: &str) {
        let rewritten = self.rewritten(data);
        let written = if rewritten == data { Cow::Borrowed(raw) } else { escape(rewritten) };
        self.written.push_str(&written);
    }

    fn rewritten<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.path.is_message() { self.links.message(text) } else { self.links.text(text) }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(self.document.len())
    }
}

/// Returns the raw value of an attribute, which may have been in single quotes, for double quotes.
fn double_quoted(raw: &str) -> Cow<'_, str> {
    if raw.contains('"') { Cow::Owned(raw.replace('"', "&quot;")) } else { Cow::Borrowed(raw) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::links::tests::links, *};

    const OURS: &str = "https://council.example/pozi/ows/roads/";

    fn rewritten(document: &str) -> String {
        rewrite(document, &links()).unwrap()
    }

    #[test]
    fn recognises_an_advertised_url_by_its_position_and_then_everywhere() {
        let advertised = "https://old.example/qgisserver?MAP=C:/x/y.qgs&amp;&amp;";
        let document = |endpoint: &str, legend: &str| {
            format!(
                r#"<?xml version="1.0"?><!DOCTYPE W SYSTEM 'http://schemas.example/w.dtd'>
<W xmlns:xlink="x"><Service><OnlineResource xlink:href="https://old.example/about?x=1&amp;y=2"/><Abstract><![CDATA[a&b <i>]]></Abstract></Service>
<Request><GetMap><DCPType><HTTP><Get><OnlineResource xlink:href="{endpoint}" xlink:type="simple"/></Get></HTTP></DCPType></GetMap></Request>
<Layer><LegendURL><OnlineResource xlink:href="{legend}"/></LegendURL><DataURL><OnlineResource  xlink:href='https://data.example/x?map=1'/></DataURL>a &lt; b</Layer></W>"#
            )
        };
        assert_eq!(
            rewritten(&document(advertised, &format!("{advertised}LAYER=Road Bäume&amp;STYLE=default"))),
            document(&format!("{OURS}?"), &format!("{OURS}?LAYER=Road%20B%C3%A4ume&amp;STYLE=default"))
        );
    }

    #[test]
    fn rewrites_addresses_of_wfs_and_wmts() {
        assert_eq!(
            rewritten(
                r#"<a><ows:HTTP><ows:Get xlink:href="http://any.example?MAP=x"><c/></ows:Get><Post onlineResource="http://any.example"/></ows:HTTP></a>"#
            ),
            format!(
                r#"<a><ows:HTTP><ows:Get xlink:href="{OURS}?"><c/></ows:Get><Post onlineResource="{OURS}"/></ows:HTTP></a>"#
            )
        );
    }

    #[test]
    fn rewrites_a_schema_location_with_spaces() {
        let head = |location: &str| {
            format!(
                r#"<wfs:FeatureCollection xsi:schemaLocation="http://www.opengis.net/wfs http://schemas.example/wfs.xsd http://www.qgis.org/gml {location}">"#
            )
        };
        let document = head(
            "https://old.example/q?MAP=C:/Pozi/Demo MAPs.qgs&amp;SERVICE=WFS&amp;OUTPUTFORMAT=text/xml; subtype%3Dgml/3.1.1",
        );
        let written = head(&format!("{OURS}?SERVICE=WFS&amp;OUTPUTFORMAT=text/xml;%20subtype%3Dgml/3.1.1"));
        assert_eq!(root(&document, &links()).unwrap(), Root::Data { head: written.clone() });
        let data =
            r#"<a href="http://localhost/">C:/Pozi/Demo Maps.qgs &nosuch; <b></wfs:FeatureCollection>"#;
        assert_eq!(rewritten(&format!("{document}{data}")), format!("{written}{data}"));
    }

    #[test]
    fn waits_for_a_complete_root_tag() {
        for beginning in
            ["", "<?xml versi", "<?xml version='1.0'?>\n", "<wfs:FeatureCollection a='", "<!-- a"]
        {
            assert_eq!(root(beginning, &links()).unwrap(), Root::Incomplete, "{beginning}");
        }
        assert_eq!(root("<!-- a --><WMS_Capabilities a='1'>", &links()).unwrap(), Root::Document);
    }

    #[test]
    fn a_message_names_no_file() {
        assert_eq!(
            rewritten(
                "<ServiceExceptionReport><ServiceException>C:/Pozi/Demo Maps.qgs: cannot open c:\\pozi\\a &amp; b.gpkg</ServiceException></ServiceExceptionReport>"
            ),
            "<ServiceExceptionReport><ServiceException>roads: cannot open a &amp; b.gpkg</ServiceException></ServiceExceptionReport>"
        );
    }

    #[test]
    fn rewrites_an_authors_link_that_names_the_project() {
        assert_eq!(
            rewritten(
                "<C><MetadataURL>http://localhost/a?MAP=C:/Pozi/Demo Maps.qgs&amp;x=1</MetadataURL><A>see http://old.example/q?MAP=C:/Pozi/Demo Maps.qgs&amp;x=1 &lt;</A></C>"
            ),
            format!("<C><MetadataURL>{OURS}?x=1</MetadataURL><A>see {OURS}?x=1 &lt;</A></C>")
        );
    }

    #[test]
    fn refuses_malformed_xml() {
        let deep = "<a>".repeat(100_000);
        for document in ["<a>", "<a></b>", "<a b='1' b='2'/>", "<a>&nosuch;</a>", "<a b=>", &deep] {
            assert!(rewrite(document, &links()).is_err(), "{}", document.get(..20).unwrap_or(document));
        }
    }

    fn elements() -> impl Strategy<Value = String> {
        let name = prop_oneof![Just("a"), Just("x:Get"), Just("HTTP"), Just("OnlineResource"), Just("Layer")];
        let value = prop_oneof![
            r"[a-z &;#<>é']{0,8}".prop_map(|text| escape(text).into_owned()),
            Just("http://localhost/?MAP=C:/Pozi/Demo Maps.qgs&amp;a=b".to_owned()),
        ];
        let leaf = prop_oneof![
            value.clone(),
            r"[a-z &<]{0,6}".prop_map(|text| format!("<![CDATA[{text}]]>")),
            r"[a-z ]{0,6}".prop_map(|text| format!("<!--{text}-->")),
        ];
        leaf.prop_recursive(4, 30, 4, move |inner| {
            let attribute = prop_oneof![
                Just("xlink:href"),
                Just("xsi:schemaLocation"),
                Just("onlineResource"),
                Just("b")
            ];
            (name.clone(), attribute, value.clone(), prop::collection::vec(inner, 0..4)).prop_map(
                |(name, attribute, value, content)| {
                    format!(r#"<{name} {attribute}="{value}">{}</{name}>"#, content.concat())
                },
            )
        })
    }

    /// The names of a document's elements and attributes.
    fn skeleton(document: &str) -> Vec<String> {
        let mut reader = Reader::from_str(document);
        let mut events = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) => events.push(format!(
                    "<{} {:?}",
                    tag.name().0,
                    tag.attributes().map(|attribute| attribute.unwrap().key.0.to_owned()).collect::<Vec<_>>()
                )),
                Event::End(tag) => events.push(format!("/{}", tag.name().0)),
                Event::Eof => return events,
                _ => {}
            }
        }
    }

    proptest! {
        #[test]
        fn only_links_change(content in elements()) {
            let document = format!("<root>{content}</root>");
            let written = rewrite(&document, &links()).unwrap();
            prop_assert_eq!(skeleton(&written), skeleton(&document));
            prop_assert!(!written.contains("Pozi/Demo"), "{}", written);
            let has_links = ["href", "schemaLocation", "onlineResource", "MAP="].iter().any(|sign| document.contains(sign));
            prop_assert!(has_links || written == document);
        }

        #[test]
        fn any_text_passes_unchanged_or_is_refused(document in r#"[<>/a="'&;! ?\[\]-]{0,30}"#) {
            if let Ok(written) = rewrite(&document, &links()) {
                prop_assert_eq!(written, document.as_str());
            }
            let _ = root(&document, &links());
        }
    }
}
