//! `xsi:schemaLocation` of QGIS Server: pairs of a namespace and the address of its schema (XML Schema 1 §4.3.2).

use super::links::Links;

/// Namespaces whose schema QGIS Server answers itself.
const OF_QGIS: [&str; 3] = ["http://www.qgis.org/gml", "http://www.qgis.org/wms", "http://www.qgis.org/wcs"];

/// The pairs in `value`, where the addresses of QGIS Server's own schemas are ours and `link` writes the others.
pub(super) fn rewritten(value: &str, links: &Links, link: impl Fn(&str) -> String) -> String {
    let parts = parts(value);
    let namespaces = [""].into_iter().chain(parts.iter().map(String::as_str));
    let written: Vec<String> = namespaces
        .zip(&parts)
        .map(|(namespace, part)| if OF_QGIS.contains(&namespace) { links.endpoint(part) } else { link(part) })
        .collect();
    written.join(" ")
}

/// QGIS 3.22 leaves spaces in an address (`Demo Maps.qgs`, `text/xml; subtype`): a part that starts none belongs to the
/// query before it.
fn parts(value: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in value.split_ascii_whitespace() {
        match parts.last_mut() {
            Some(last) if !part.contains("://") && last.contains('?') => {
                last.push(' ');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{super::links::tests::links, *};

    #[test]
    fn only_the_schemas_of_qgis_are_ours() {
        let value = "http://www.opengis.net/wms http://schemas.example/a.xsd http://www.qgis.org/wms http://old.example/q?MAP=C:/a b.qgs&REQUEST=GetSchemaExtension http://www.opengis.net/sld http://schemas.example/b.xsd";
        assert_eq!(
            rewritten(value, &links(), str::to_owned),
            "http://www.opengis.net/wms http://schemas.example/a.xsd http://www.qgis.org/wms https://council.example/pozi/ows/roads/?REQUEST=GetSchemaExtension http://www.opengis.net/sld http://schemas.example/b.xsd"
        );
    }

    #[test]
    fn a_namespace_without_an_address_stays() {
        assert_eq!(
            rewritten("http://schemas.example/gml", &links(), str::to_owned),
            "http://schemas.example/gml"
        );
        assert_eq!(rewritten("", &links(), str::to_owned), "");
    }
}
