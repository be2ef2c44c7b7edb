//! An authorizer's event: of the four kinds that API Gateway sends, the few members that say who requests what.

use std::collections::HashMap;

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
}

/// The API, stage and method of an event's ARN, without its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invoked<'a> {
    /// `arn:aws:execute-api:<region>:<account>:<api>/<stage>`.
    pub(crate) stage: &'a str,
    pub(crate) method: &'a str,
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

    /// Returns what is invoked, or `None` if the ARN is not that of an API, or has a wildcard.
    pub(crate) fn invoked(&self) -> Option<Invoked<'_>> {
        let arn = self.method_arn.as_str();
        let after_api = arn.find('/')? + 1;
        let after_stage = after_api + arn[after_api..].find('/')?;
        let (stage, rest) = (&arn[..after_stage], &arn[after_stage + 1..]);
        let method = rest.split('/').next().filter(|method| !method.is_empty())?;
        let is_api = stage.starts_with("arn:") && stage.split(':').nth(2) == Some("execute-api");
        (is_api && !stage.contains(['*', '?'])).then_some(Invoked { stage, method })
    }

    /// Returns the decoded path parameter `name` of the matched route.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.as_ref()?.get(name).map(String::as_str)
    }

    /// Returns the session from `X-Pozi-Session`, else from `Authorization` with the scheme `Bearer`. `None` for a repeated
    /// header, because the next reader might use the other value. HTTP APIs join repeated values with a comma, which no
    /// token contains.
    pub(crate) fn session(&self) -> Option<&str> {
        if let Some(value) = &self.authorization_token {
            // The API chooses the header's name, so both forms are accepted.
            return Some(bearer(value).unwrap_or(value)).filter(|token| !token.is_empty());
        }
        match self.header("x-pozi-session") {
            Header::Value(session) if !session.is_empty() => Some(session),
            Header::Repeated => None,
            Header::Value(_) | Header::Absent => match self.header("authorization") {
                Header::Value(value) => bearer(value),
                Header::Repeated | Header::Absent => None,
            },
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

    #[test]
    fn finds_the_session_in_either_header_and_refuses_repeated_ones() {
        for (more, session) in [
            (json!({"headers": {"X-Pozi-Session": "a"}}), Some("a")),
            (json!({"headers": {"authorization": "Bearer a"}}), Some("a")),
            (json!({"headers": {"authorization": "bearer  a "}}), Some("a")),
            (json!({"headers": {"authorization": "Bearer b", "x-pozi-session": "a"}}), Some("a")),
            (json!({"headers": {"authorization": "Bearer b", "x-pozi-session": ""}}), Some("b")),
            (json!({"headers": {"authorization": "Basic b"}}), None),
            (json!({"headers": {"authorization": "a"}}), None),
            (json!({"headers": {"x-pozi-session": "a", "X-Pozi-Session": "b"}}), None),
            (
                json!({"headers": {"x-pozi-session": "b"}, "multiValueHeaders": {"x-pozi-session": ["a", "b"]}}),
                None,
            ),
            (
                json!({"headers": {"x-pozi-session": "a"}, "multiValueHeaders": {"x-pozi-session": ["a"]}}),
                Some("a"),
            ),
            (json!({"authorizationToken": "Bearer a"}), Some("a")),
            (json!({"authorizationToken": "a"}), Some("a")),
            (json!({"authorizationToken": ""}), None),
            (json!({"headers": null}), None),
            (json!({}), None),
        ] {
            assert_eq!(event(&more).session(), session, "{more}");
        }
    }

    #[test]
    fn reads_the_arn_up_to_its_method() {
        let stage = &ARN[..ARN.find("/GET").unwrap()];
        assert_eq!(event(&json!({})).invoked(), Some(Invoked { stage, method: "GET" }));
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
