//! Links in QGIS Server's XML. Everything else passes byte for byte.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    escape::{escape, unescape},
    events::{BytesStart, Event},
};

use super::{
    links::Links,
    schema_locations,
    xml_place::{Place, Use, is_data_root, local},
};

/// Addresses of services that are remembered in one document. QGIS Server has one, or one for each method.
const MAX_ADDRESSES: usize = 16;

/// Why an answer cannot be read as XML.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlLinksError {
    /// It is not well formed.
    #[error("QGIS Server's XML is not well formed")]
    NotWellFormed(#[from] quick_xml::Error),
    /// A tag's attributes are not.
    #[error("a tag of QGIS Server's XML is not well formed")]
    Attributes(#[from] quick_xml::events::attributes::AttrError),
    /// A reference means nothing.
    #[error("QGIS Server's XML has an unknown entity")]
    Entity(#[from] quick_xml::escape::EscapeError),
    /// Elements nest too deep.
    #[error("QGIS Server's XML nests too deep")]
    TooDeep,
    /// It ends inside an element.
    #[error("QGIS Server's XML ends early")]
    EndsEarly,
}

/// The root of a document whose beginning is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Its start tag is not complete yet.
    Incomplete,
    /// Everything below it is data: `head` is the beginning with the root's links rewritten.
    Data {
        /// What to send for the beginning.
        head: String,
    },
    /// The document must be read whole.
    Document,
}

/// The whole `document` with its links rewritten.
pub(super) fn rewrite(document: &str, links: &Links) -> Result<String, XmlLinksError> {
    let mut rewriting = Rewriting::new(document, links);
    loop {
        match rewriting.step()? {
            Step::End if rewriting.is_whole() => return Ok(rewriting.written),
            Step::End => return Err(XmlLinksError::EndsEarly),
            Step::Data => {
                let rest = rewriting.rest().to_owned();
                rewriting.written.push_str(&rest);
                return Ok(rewriting.written);
            }
            Step::Next => {}
        }
    }
}

/// What the `beginning` of a document says about its root.
pub(super) fn root(beginning: &str, links: &Links) -> Result<Root, XmlLinksError> {
    let mut reader = Reader::from_str(beginning);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if is_data_root(local(tag.name().0)) => break,
            Ok(Event::Start(_) | Event::Empty(_) | Event::End(_)) => return Ok(Root::Document),
            Ok(Event::Eof) | Err(quick_xml::Error::Syntax(_)) => return Ok(Root::Incomplete),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
    }
    rewrite(beginning, links).map(|head| Root::Data { head })
}

enum Step {
    Next,
    Data,
    End,
}

struct Rewriting<'d> {
    document: &'d str,
    links: &'d Links,
    reader: Reader<&'d [u8]>,
    place: Place,
    addresses: Vec<String>,
    text: String,
    written: String,
    depth: usize,
}

impl<'d> Rewriting<'d> {
    fn new(document: &'d str, links: &'d Links) -> Self {
        Self {
            document,
            links,
            reader: Reader::from_str(document),
            place: Place::default(),
            addresses: Vec::new(),
            text: String::new(),
            written: String::with_capacity(document.len()),
            depth: 0,
        }
    }

    fn step(&mut self) -> Result<Step, XmlLinksError> {
        let from = self.at();
        let event = self.reader.read_event()?;
        let raw = self.document.get(from..self.at()).unwrap_or_default();
        if let Event::Text(_) | Event::GeneralRef(_) = event {
            self.text.push_str(raw);
            return Ok(Step::Next);
        }
        self.write_text()?;
        match event {
            Event::Start(tag) => return self.start(&tag, raw),
            Event::Empty(tag) => {
                self.enter(&tag)?;
                self.tag(&tag, raw, "/>")?;
                self.place.leave();
            }
            Event::End(_) => {
                self.place.leave();
                self.depth = self.depth.saturating_sub(1);
                self.written.push_str(raw);
            }
            Event::CData(data) => self.cdata(&data.into_inner(), raw),
            Event::Comment(_) | Event::PI(_) if self.shown(raw) != raw => {}
            Event::Eof => return Ok(Step::End),
            _ => self.written.push_str(raw),
        }
        Ok(Step::Next)
    }

    fn start(&mut self, tag: &BytesStart<'_>, raw: &str) -> Result<Step, XmlLinksError> {
        self.enter(tag)?;
        self.depth += 1;
        self.tag(tag, raw, ">")?;
        Ok(if self.place.is_data() { Step::Data } else { Step::Next })
    }

    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), XmlLinksError> {
        if self.place.enter(local(tag.name().0)) { Ok(()) } else { Err(XmlLinksError::TooDeep) }
    }

    /// Writes a tag: as it is, or anew where an attribute of it changes.
    fn tag(&mut self, tag: &BytesStart<'_>, raw: &str, end: &str) -> Result<(), XmlLinksError> {
        let mut anew = format!("<{}", tag.name().0);
        let mut is_changed = false;
        for attribute in tag.attributes() {
            let attribute = attribute?;
            let value = unescape(&attribute.value)?;
            let shown = self.attribute(attribute.key.0, &value);
            let changed = Some(shown).filter(|shown| *shown != value);
            is_changed |= changed.is_some();
            let value = changed.map_or_else(|| quoted(&attribute.value), escape);
            anew.extend([" ", attribute.key.0, "=\"", &value, "\""]);
        }
        self.written.push_str(if is_changed { &anew } else { raw });
        if is_changed {
            self.written.push_str(end);
        }
        Ok(())
    }

    fn attribute(&mut self, name: &str, value: &str) -> String {
        match self.place.use_of(name) {
            Use::Endpoint => {
                let address = Links::address(value);
                if self.addresses.len() < MAX_ADDRESSES
                    && !self.addresses.iter().any(|known| known == address)
                {
                    self.addresses.push(address.to_owned());
                }
                self.links.endpoint(value)
            }
            Use::Link => self.link(value),
            Use::SchemaLocations => schema_locations::rewritten(value, self.links, |link| self.link(link)),
            Use::Text => self.shown(value).into_owned(),
        }
    }

    fn link(&self, link: &str) -> String {
        let is_known = self.addresses.iter().any(|known| !known.is_empty() && known == Links::address(link));
        let ours = if is_known { Some(self.links.endpoint(link)) } else { self.links.link(link) };
        ours.unwrap_or_else(|| self.shown(link).into_owned())
    }

    fn write_text(&mut self) -> Result<(), XmlLinksError> {
        let raw = std::mem::take(&mut self.text);
        if raw.trim().is_empty() {
            self.written.push_str(&raw);
            return Ok(());
        }
        let text = unescape(&raw)?;
        let shown = if self.place.is_link() { Cow::Owned(self.link(&text)) } else { self.shown(&text) };
        self.written.push_str(&if shown == text { Cow::Borrowed(raw.as_str()) } else { escape(shown) });
        Ok(())
    }

    fn cdata(&mut self, data: &str, raw: &str) {
        let shown = self.shown(data);
        let written = if shown == data { Cow::Borrowed(raw) } else { escape(shown) };
        self.written.push_str(&written);
    }

    fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.place.is_message() { self.links.message(text) } else { self.links.text(text) }
    }

    fn is_whole(&self) -> bool {
        self.depth == 0
    }

    fn at(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(self.document.len())
    }

    fn rest(&self) -> &'d str {
        self.document.get(self.at()..).unwrap_or_default()
    }
}

/// A raw value between double quotes, which may have stood between single ones.
fn quoted(raw: &str) -> Cow<'_, str> {
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
    fn an_advertised_address_is_known_by_its_place_and_then_everywhere() {
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
    fn addresses_of_wfs_and_wmts_are_ours() {
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
    fn the_schema_of_features_is_ours_though_its_address_has_spaces() {
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
    fn a_beginning_is_looked_at_until_its_root_is_there() {
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
    fn a_link_of_an_author_that_names_the_project_is_ours() {
        assert_eq!(
            rewritten(
                "<C><MetadataURL>http://localhost/a?MAP=C:/Pozi/Demo Maps.qgs&amp;x=1</MetadataURL><A>see http://old.example/q?MAP=C:/Pozi/Demo Maps.qgs&amp;x=1 &lt;</A></C>"
            ),
            format!("<C><MetadataURL>{OURS}?x=1</MetadataURL><A>see {OURS}?x=1 &lt;</A></C>")
        );
    }

    #[test]
    fn what_is_not_well_formed_is_an_error() {
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

    /// The events of a document, without what links stand in.
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
        fn any_text_is_xml_or_an_error(document in r#"[<>/a="'&;! ?\[\]-]{0,30}"#) {
            if let Ok(written) = rewrite(&document, &links()) {
                prop_assert_eq!(written, document.as_str());
            }
            let _ = root(&document, &links());
        }
    }
}
