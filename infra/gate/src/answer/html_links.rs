//! Rewrites links in the pages of QGIS Server. Their scripts never run ([`super::headers::CSP`]) and are treated as text.

use std::borrow::Cow;

use super::links::Links;

const LINKS: [&str; 3] = ["href", "src", "action"];

/// Returns `page` with its links rewritten and without the project's path.
pub(super) fn rewrite(page: &str, links: &Links) -> String {
    let mut written = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, value, after)) = next_link(rest) {
        written.push_str(&links.text(before));
        written.push_str(&link(value, links));
        rest = after;
    }
    written.push_str(&links.text(rest));
    written
}

/// Finds the next attribute that contains a link. Returns the text before its value, the value, and the text after it.
fn next_link(page: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let equals = from + page.get(from..)?.find('=')?;
        from = equals + 1;
        let name = page.get(..equals)?.trim_end();
        let name = name.rsplit(|found: char| !found.is_ascii_alphanumeric()).next()?;
        let value = page.get(from..)?;
        let start = from + value.len() - value.trim_start().len();
        let Some(quote) = page.get(start..)?.chars().next().filter(|found| ['"', '\''].contains(found))
        else {
            continue;
        };
        if LINKS.iter().any(|link| link.eq_ignore_ascii_case(name)) {
            let (value, after) =
                page.get(start + 1..)?.split_at_checked(page.get(start + 1..)?.find(quote)?)?;
            return Some((page.get(..=start)?, value, after));
        }
    }
}

/// Rewrites the link in `value`. QGIS 3.22 writes white space around it.
fn link<'v>(value: &'v str, links: &Links) -> Cow<'v, str> {
    let link = value.trim().replace("&amp;", "&");
    match links.link(&link).or_else(|| links.path(&link)) {
        Some(ours) => Cow::Owned(ours.replace('&', "&amp;").replace('\'', "%27")),
        None => links.text(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::links::tests::links, *};

    #[test]
    fn rewrites_links_of_a_page_and_nothing_else() {
        let page = |style: &str, item: &str, text: &str| {
            format!(
                r#"<link href="https://cdn.example/a.css?a=b&c" rel=stylesheet><link rel="stylesheet" href="{style}" />
<a title="x = y" href="
   {item}
   ">a = b</a><p class='x'>{text}</p><img src='data:image/png;base64,AA=='>"#
            )
        };
        let written = rewrite(
            &page(
                "/qgis/qgis_mapserv.fcgi.exe/wfs3/static/style.css",
                "http://localhost/wfs3/collections/Road Lines/items?MAP=C:/Pozi/Demo Maps.qgs&limit=2&offset=2",
                "/wfs3/api?MAP=C:/Pozi/Demo Maps.qgs",
            ),
            &links(),
        );
        let expected = page(
            "https://council.example/pozi/ows/roads/wfs3/static/style.css",
            "https://council.example/pozi/ows/roads/wfs3/collections/Road%20Lines/items?limit=2&amp;offset=2",
            "/wfs3/api",
        );
        assert_eq!(
            written.split_whitespace().collect::<String>(),
            expected.split_whitespace().collect::<String>()
        );
    }

    #[test]
    fn rewrites_a_link_in_a_script() {
        assert_eq!(
            rewrite(r#"$.get( "http://localhost/wfs3/a?MAP=C:/Pozi/Demo%20Maps.qgs&limit=2", f)"#, &links()),
            r#"$.get( "https://council.example/pozi/ows/roads/wfs3/a?limit=2", f)"#
        );
    }

    proptest::proptest! {
        #[test]
        fn a_page_without_links_to_rewrite_is_unchanged(page in r#"(href=|src = |["'<>=&a é]){0,20}"#) {
            proptest::prop_assert_eq!(rewrite(&page, &links()), page);
        }
    }
}
