//! Splits a catalogue's address for clients into the parts that CGI needs (RFC 3875 §4.1).

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PublicUrl<'a> {
    pub(super) is_https: bool,
    /// Host with port, if the URL has one.
    pub(super) authority: &'a str,
    pub(super) host: &'a str,
    pub(super) port: Option<&'a str>,
    /// The path without a final slash.
    pub(super) path: &'a str,
}

impl<'a> PublicUrl<'a> {
    /// Splits `url`. Falls back to `http://localhost/` if it is empty or not a URL.
    pub(super) fn parse(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", "localhost"));
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (host, port) = match authority.rsplit_once(':') {
            // An IPv6 address contains colons, in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        Self {
            is_https: scheme.eq_ignore_ascii_case("https"),
            authority,
            host,
            port,
            path: path.trim_end_matches('/'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_a_url_into_the_parts_of_cgi() {
        for (url, expected) in [
            ("https://gis.example/pozi/ows/a/", (true, "gis.example", "gis.example", None, "/pozi/ows/a")),
            ("http://gis.example:8080/", (false, "gis.example:8080", "gis.example", Some("8080"), "")),
            ("https://[::1]/a", (true, "[::1]", "[::1]", None, "/a")),
            ("https://[::1]:81/a", (true, "[::1]:81", "[::1]", Some("81"), "/a")),
            ("", (false, "localhost", "localhost", None, "")),
        ] {
            let PublicUrl { is_https, authority, host, port, path } = PublicUrl::parse(url);
            assert_eq!((is_https, authority, host, port, path), expected, "{url}");
        }
    }
}
