//! An authorizer's event: of the four kinds that API Gateway sends, the few members that say who requests what.

use std::collections::HashMap;

use pozi_auth::config::SessionHeader;
use serde::Deserialize;

/// An event of a REST API (`TOKEN`, `REQUEST`) or an HTTP API (payload 1.0 and 2.0).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// `2.0`: an HTTP API, the only kind that takes the simple answer.
    version: Option<String>,
    /// `TOKEN` events have the header's value here, and nothing else of the request but its ARN.
    authorization_token: Option<String>,
    #[serde(alias = "routeArn")]
    method_arn: String,
    headers: Option<HashMap<String, String>>,
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    path_parameters: Option<HashMap<String, String>>,
    path: Option<String>,
    raw_path: Option<String>,
    identity_source: Option<IdentitySource>,
}

/// The values by which an HTTP API caches the answer: joined with commas in payload 1.0.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum IdentitySource {
    Joined(String),
    Listed(Vec<String>),
}

/// An event's ARN and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invoked<'a> {
    /// The whole ARN.
    pub(crate) arn: &'a str,
    /// `arn:aws:execute-api:<region>:<account>:<api>/<stage>`.
    pub(crate) stage: &'a str,
    pub(crate) method: &'a str,
    /// The path, which begins with a slash.
    pub(crate) path: &'a str,
}

/// Why a request has no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionHeaderError {
    Missing,
    Repeated,
}

impl SessionHeaderError {
    /// Returns a stable code, for the log.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Missing => "no_session",
            Self::Repeated => "repeated_header",
        }
    }
}

impl Event {
    /// Whether the API takes the simple answer.
    pub(crate) fn takes_simple_answer(&self) -> bool {
        self.version.as_deref() == Some("2.0")
    }

    /// Whether the API is a REST API, which answers 401 to the error `Unauthorized`. HTTP APIs answer 500.
    pub(crate) fn is_rest(&self) -> bool {
        self.version.is_none()
    }

    /// Returns what is invoked, or `None` if the ARN is not that of an API, or has a wildcard before its path.
    pub(crate) fn invoked(&self) -> Option<Invoked<'_>> {
        let arn = self.method_arn.as_str();
        let after_api = arn.find('/')? + 1;
        let after_stage = after_api + arn[after_api..].find('/')?;
        let (stage, rest) = (&arn[..after_stage], &arn[after_stage + 1..]);
        let (method, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_api = stage.starts_with("arn:") && stage.split(':').nth(2) == Some("execute-api");
        let is_plain = !method.is_empty() && !stage.contains(['*', '?']);
        (is_api && is_plain).then_some(Invoked { arn, stage, method, path })
    }

    /// Returns the decoded path parameter `name` of the matched route.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.as_ref()?.get(name).map(String::as_str)
    }

    /// Returns the path in every form in which an integration may use it, but for the ARN's.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let parameters = self.path_parameters.iter().flatten().map(|(_, value)| value);
        [&self.path, &self.raw_path].into_iter().flatten().chain(parameters).map(String::as_str)
    }

    /// Whether the API caches the answer by `session`, as far as the event tells: only HTTP APIs do. With another header as the
    /// key of the cache, one caller would get the answer to another.
    pub(crate) fn is_cached_by(&self, session: &str) -> bool {
        match &self.identity_source {
            None => true,
            Some(IdentitySource::Joined(values)) => values.is_empty() || values.contains(session),
            Some(IdentitySource::Listed(values)) => {
                values.is_empty() || values.iter().any(|value| value.contains(session))
            }
        }
    }

    /// Returns the session from `header`. A repeated header is refused, because the next reader might use the other value. HTTP
    /// APIs join repeated values with a comma, which no token contains.
    pub(crate) fn session(&self, header: SessionHeader) -> Result<&str, SessionHeaderError> {
        if let Some(value) = &self.authorization_token {
            // The API chooses the header's name, so both forms are accepted.
            return Some(bearer(value).unwrap_or(value))
                .filter(|token| !token.is_empty())
                .ok_or(SessionHeaderError::Missing);
        }
        let (name, is_bearer) = match header {
            SessionHeader::PoziSession => ("x-pozi-session", false),
            SessionHeader::Authorization => ("authorization", true),
        };
        match self.header(name) {
            Header::Value(value) if is_bearer => bearer(value).ok_or(SessionHeaderError::Missing),
            Header::Value(value) if !value.is_empty() => Ok(value),
            Header::Repeated => Err(SessionHeaderError::Repeated),
            Header::Value(_) | Header::Absent => Err(SessionHeaderError::Missing),
        }
    }

    /// REST events have each header in two places, of which the list is complete.
    fn header(&self, name: &str) -> Header<'_> {
        let mut found = Header::Absent;
        let lists = self.multi_value_headers.iter().flatten();
        let listed = lists.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        for value in listed.flat_map(|(_, values)| values) {
            found = found.and(value);
        }
        if matches!(found, Header::Absent) {
            let plain = self.headers.iter().flatten();
            for (_, value) in plain.filter(|(other, _)| other.eq_ignore_ascii_case(name)) {
                found = found.and(value);
            }
        }
        found
    }
}

enum Header<'a> {
    Absent,
    Value(&'a str),
    Repeated,
}

impl<'a> Header<'a> {
    fn and(self, value: &'a str) -> Self {
        if let Self::Absent = self { Self::Value(value) } else { Self::Repeated }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/live/GET/ows/planning/wms";

    fn event(more: &serde_json::Value) -> Event {
        let mut event = json!({"methodArn": ARN});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(event).unwrap()
    }

    /// RFC 6750 §2, §2.1.
    #[test]
    fn reads_the_session_from_one_header_and_refuses_a_repeated_one() {
        use SessionHeader::{Authorization, PoziSession};
        use SessionHeaderError::{Missing, Repeated};
        let both = json!({"headers": {"Authorization": "Bearer b", "x-pozi-session": "a"}});
        for (header, more, session) in [
            (PoziSession, json!({"headers": {"X-Pozi-Session": "a"}}), Ok("a")),
            (PoziSession, both.clone(), Ok("a")),
            (PoziSession, json!({"headers": {"authorization": "Bearer b"}}), Err(Missing)),
            (
                PoziSession,
                json!({"headers": {"authorization": "Bearer b", "x-pozi-session": ""}}),
                Err(Missing),
            ),
            (Authorization, both, Ok("b")),
            (Authorization, json!({"headers": {"authorization": "Bearer a"}}), Ok("a")),
            (Authorization, json!({"headers": {"authorization": "bearer  a "}}), Ok("a")),
            (Authorization, json!({"headers": {"authorization": "Basic b"}}), Err(Missing)),
            (Authorization, json!({"headers": {"authorization": "a"}}), Err(Missing)),
            (Authorization, json!({"headers": {"x-pozi-session": "a"}}), Err(Missing)),
            (PoziSession, json!({"headers": {"x-pozi-session": "a", "X-Pozi-Session": "b"}}), Err(Repeated)),
            (
                PoziSession,
                json!({"headers": {"x-pozi-session": "b"}, "multiValueHeaders": {"x-pozi-session": ["a", "b"]}}),
                Err(Repeated),
            ),
            (
                PoziSession,
                json!({"headers": {"x-pozi-session": "a"}, "multiValueHeaders": {"x-pozi-session": ["a"]}}),
                Ok("a"),
            ),
            (PoziSession, json!({"authorizationToken": "Bearer a"}), Ok("a")),
            (PoziSession, json!({"authorizationToken": "a"}), Ok("a")),
            (PoziSession, json!({"authorizationToken": ""}), Err(Missing)),
            (PoziSession, json!({"headers": null}), Err(Missing)),
            (PoziSession, json!({}), Err(Missing)),
        ] {
            assert_eq!(event(&more).session(header), session, "{more}");
        }
    }

    #[test]
    fn reads_the_parts_of_the_arn() {
        let stage = &ARN[..ARN.find("/GET").unwrap()];
        let path = "/ows/planning/wms";
        assert_eq!(event(&json!({})).invoked(), Some(Invoked { arn: ARN, stage, method: "GET", path }));
        for arn in [
            "",
            "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000",
            "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/live",
            "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/live//x",
            "arn:aws:execute-api:ap-southeast-2:123456789012:api0000000/*/GET/x",
            "arn:aws:execute-api:ap-southeast-2:123456789012:*/live/GET/x",
            "arn:aws:s3:::bucket/live/GET/x",
        ] {
            assert_eq!(event(&json!({"methodArn": arn})).invoked(), None, "{arn}");
        }
    }
}
