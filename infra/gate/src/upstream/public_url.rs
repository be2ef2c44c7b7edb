//! The address that clients know a catalogue by, in the parts that CGI names (RFC 3875 §4.1).

/// The parts of a public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PublicUrl<'a> {
    /// Whether clients come by https.
    pub(super) is_secure: bool,
    /// Host, and port where the URL has one.
    pub(super) authority: &'a str,
    /// The host alone.
    pub(super) host: &'a str,
    /// The port, where the URL has one.
    pub(super) port: Option<&'a str>,
    /// The path without a slash at its end.
    pub(super) path: &'a str,
}

impl<'a> PublicUrl<'a> {
    /// The parts of `url`; those of `http://localhost/` where it is empty or no URL.
    pub(super) fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", "localhost"));
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let (host, port) = match authority.rsplit_once(':') {
            // An IPv6 address has colons of its own, in brackets.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        Self {
            is_secure: scheme.eq_ignore_ascii_case("https"),
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
    fn a_public_url_falls_into_the_parts_that_cgi_names() {
        for (url, expected) in [
            ("https://gis.example/pozi/ows/a/", (true, "gis.example", "gis.example", None, "/pozi/ows/a")),
            ("http://gis.example:8080/", (false, "gis.example:8080", "gis.example", Some("8080"), "")),
            ("https://[::1]/a", (true, "[::1]", "[::1]", None, "/a")),
            ("https://[::1]:81/a", (true, "[::1]:81", "[::1]", Some("81"), "/a")),
            ("", (false, "localhost", "localhost", None, "")),
        ] {
            let PublicUrl { is_secure, authority, host, port, path } = PublicUrl::of(url);
            assert_eq!((is_secure, authority, host, port, path), expected, "{url}");
        }
    }
}
