//! Which hosts the project's files may name.

use super::{
    rule::Violation,
    source::{File, line_at},
};

/// Names that nobody can register (RFC 2606, RFC 6761; ICA for `.internal`), with their subdomains.
const RESERVED: [&str; 7] =
    ["example", "internal", "localhost", "invalid", "example.com", "example.net", "example.org"];

/// Loopback, private and documentation addresses (RFC 1122, RFC 1918, RFC 5737).
const RESERVED_ADDRESSES: [&str; 6] = ["127.", "0.0.0.0", "10.", "192.0.2.", "198.51.100.", "203.0.113."];

/// Real hosts that the code or the documents need.
const KNOWN: [&str; 40] = [
    // Microsoft: issuers, keys, groups, documentation.
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "partner.microsoftonline.cn",
    "microsoftonline.com",
    "sts.windows.net",
    "sts.chinacloudapi.cn",
    "login.chinacloudapi.cn",
    "pas.windows.net",
    "graph.windows.net",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "microsoftgraph.chinacloudapi.cn",
    "graph.microsoftazure.us",
    "graph.chinacloudapi.cn",
    "b2clogin.com",
    "b2clogin.cn",
    "ciamlogin.com",
    "learn.microsoft.com",
    "entra.microsoft.com",
    "msappproxy.net",
    "live.com",
    // The standards.
    "www.rfc-editor.org",
    "datatracker.ietf.org",
    "www.iana.org",
    "www.w3.org",
    "openid.net",
    "json-schema.org",
    "www.opengis.net",
    "www.qgis.org",
    "www.apache.org",
    // AWS services, as principals in roles.
    "apigateway.amazonaws.com",
    "codedeploy.amazonaws.com",
    "delivery.logs.amazonaws.com",
    "lambda.amazonaws.com",
    "scheduler.amazonaws.com",
    // Documentation of tools.
    "docs.aws.amazon.com",
    "docs.github.com",
    "docs.rs",
];

/// Endings by which a bare name is taken for a host.
const ENDINGS: [&str; 10] = ["com", "net", "org", "gov", "edu", "au", "cn", "nz", "uk", "eu"];

/// Finds hosts that may not be named.
pub(crate) fn foreign_hosts(file: &File) -> Vec<Violation> {
    let text = file.text.as_str();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let mut violations = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(is_part) {
        let start = at + found;
        let end = start + text[start..].find(|c| !is_part(c)).unwrap_or(text.len() - start);
        at = end;
        let name = text[start..end].trim_matches(['.', '-']).to_ascii_lowercase();
        let is_authority = text[..start].ends_with("://") || text[..start].ends_with('@');
        let is_address = name.split('.').count() == 4 && name.bytes().all(|byte| !byte.is_ascii_alphabetic());
        let is_version = !is_address && name.ends_with(|c: char| c.is_ascii_digit());
        let ending = name.rsplit('.').next().unwrap_or_default();
        // `pozi-qgis@planning.socket` is a systemd unit.
        let is_unit = matches!(ending, "socket" | "service");
        // `@odata.nextLink` is a member of Microsoft Graph's answers.
        let is_member = name.starts_with("odata.");
        let is_named = is_authority || ENDINGS.contains(&ending);
        let is_host = name.contains('.') && !is_version && !is_unit && !is_member && is_named;
        let is_allowed = if is_address {
            RESERVED_ADDRESSES.iter().any(|range| name.starts_with(range))
        } else {
            KNOWN.contains(&name.as_str())
                || RESERVED.iter().any(|own| name == *own || name.ends_with(&format!(".{own}")))
        };
        if is_host && !is_allowed {
            violations.push(Violation { line: line_at(text, start), what: format!("names the host {name}") });
        }
    }
    violations
}
