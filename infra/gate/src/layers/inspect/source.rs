//! Inspects a layer's data source.

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{Finding, Severity, SiteAddresses, quoted};
use crate::layers::project::ProjectLayer;

/// Reports a layer that QGIS Server would fetch from this site, where it has no session.
pub(super) fn calls_itself(layer: &ProjectLayer, addresses: &SiteAddresses) -> Option<Finding> {
    let source = decoded(layer.source.expose());
    urls(&source).any(|url| is_own(&url, addresses)).then(|| Finding {
        severity: Severity::Error,
        what: format!(
            "The layer {} comes from this site itself. QGIS Server has no session for it and cannot read the layer, so that \
             every request for the project can fail.",
            quoted([layer.name.as_str()])
        ),
        fix: "Add the layer's own data to the project instead of the service, or remove the layer. Run QGIS Server with \
              QGIS_SERVER_IGNORE_BAD_LAYERS=1."
            .to_owned(),
    })
}

/// Reports a layer whose source contains a password, which everyone can see who can read the project file.
pub(super) fn password(layer: &ProjectLayer) -> Option<Finding> {
    let source = layer.source.expose();
    has_password(source).then(|| Finding {
        severity: Severity::Warning,
        what: format!("The source of the layer {} contains a password.", quoted([layer.name.as_str()])),
        fix: "Use an authentication configuration of QGIS, a pg_service.conf, or a database login for the machine's own \
              account, and change the password. The account should have access only to the published tables."
            .to_owned(),
    })
}

/// Percent-decodes `source` twice, because some services encode addresses twice.
fn decoded(source: &str) -> String {
    let once = percent_decode_str(source).decode_utf8_lossy();
    percent_decode_str(&once).decode_utf8_lossy().into_owned()
}

/// Finds the HTTP addresses in `source`.
fn urls(source: &str) -> impl Iterator<Item = Url> {
    let is_end =
        |letter: char| letter.is_whitespace() || matches!(letter, '\'' | '"' | '|' | '&' | '<' | '>');
    source.match_indices("://").filter_map(move |(place, _)| {
        let before = source.get(..place)?;
        let scheme = ["https", "http"].into_iter().find(|scheme| ends_with(before, scheme))?;
        let rest = source.get(place..)?;
        let end = rest.find(is_end).unwrap_or(rest.len());
        Url::parse(&format!("{scheme}{}", rest.get(..end)?)).ok()
    })
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len()).and_then(|start| text.get(start..));
    start.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn is_own(url: &Url, addresses: &SiteAddresses) -> bool {
    let port = url.port_or_known_default();
    if is_loopback(url) && port.is_some_and(|port| addresses.loopback_ports.contains(&port)) {
        return true;
    }
    addresses.gate.iter().any(|own| {
        let is_same_place = own.host() == url.host() && own.port_or_known_default() == port;
        let base = own.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(base);
        is_same_place && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        // 0.0.0.0 and [::] also reach this machine.
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_unspecified(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback() || address.is_unspecified(),
        None => false,
    }
}

fn has_password(source: &str) -> bool {
    // PostgreSQL, SQL Server, Oracle and web services: `password='…'`, `pwd=…`, `&password=…`.
    let lower = source.to_ascii_lowercase();
    let is_given = ["password=", "passwd=", "pwd="].iter().any(|key| {
        lower.match_indices(key).any(|(place, _)| {
            let is_key = lower.get(..place).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
            let value = lower.get(place + key.len()..).unwrap_or_default().trim_start_matches(['\'', '"']);
            is_key
                && value.starts_with(|letter: char| {
                    !letter.is_whitespace() && !matches!(letter, '&' | ';' | '\'' | '"')
                })
        })
    });
    let in_url = urls(&decoded(source)).any(|url| url.password().is_some());
    is_given || in_url || lower.strip_prefix("oci:").is_some_and(names_password)
}

/// Whether `account` is `user/password@database`, as GDAL's Oracle drivers write it.
fn names_password(account: &str) -> bool {
    account
        .split_once('@')
        .and_then(|(user, _)| user.split_once('/'))
        .is_some_and(|(_, password)| !password.is_empty())
}
