//! Rewrites `xsi:schemaLocation`: pairs of a namespace and the address of its schema (XML Schema 1 §4.3.2).

use super::links::Links;

/// Namespaces whose schema QGIS Server serves itself.
const QGIS_NAMESPACES: [&str; 3] =
    ["http://www.qgis.org/gml", "http://www.qgis.org/wms", "http://www.qgis.org/wcs"];

/// Rewrites the addresses of QGIS Server's own schemas in `value`, and all other parts with `link`.
pub(super) fn rewrite(value: &str, links: &Links, link: impl Fn(&str) -> String) -> String {
    let parts = parts(value);
    let namespaces = [""].into_iter().chain(parts.iter().map(String::as_str));
    let written: Vec<String> = namespaces
        .zip(&parts)
        .map(
            |(before, part)| {
                if QGIS_NAMESPACES.contains(&before) { links.endpoint(part) } else { link(part) }
            },
        )
        .collect();
    written.join(" ")
}

/// Splits `value`. QGIS 3.22 leaves spaces in a query (`Demo Maps.qgs`, `text/xml; subtype`), so that a word after a query
/// belongs to it unless it starts an address.
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
    fn rewrites_only_the_schemas_of_qgis() {
        let value = "http://www.opengis.net/wms http://schemas.example/a.xsd http://www.qgis.org/wms http://old.example/q?MAP=C:/a b.qgs&REQUEST=GetSchemaExtension http://www.opengis.net/sld http://schemas.example/b.xsd";
        assert_eq!(
            rewrite(value, &links(), str::to_owned),
            "http://www.opengis.net/wms http://schemas.example/a.xsd http://www.qgis.org/wms https://council.example/pozi/ows/roads/?REQUEST=GetSchemaExtension http://www.opengis.net/sld http://schemas.example/b.xsd"
        );
    }

    #[test]
    fn keeps_a_namespace_without_an_address() {
        assert_eq!(
            rewrite("http://schemas.example/gml", &links(), str::to_owned),
            "http://schemas.example/gml"
        );
        assert_eq!(rewrite("", &links(), str::to_owned), "");
    }
}
