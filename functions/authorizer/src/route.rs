//! What a request asks for: a method on a path below one catalogue. A path that a server behind the API could read as another
//! one is refused.

use pozi_auth::{
    config::RoutePrefix,
    sites::{Access, CatalogueId},
};

use crate::event::{Event, Invoked};

/// The longest resource that API Gateway accepts in a policy, in characters.
/// Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html>.
const MAX_RESOURCE: usize = 512;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) catalogue: CatalogueId,
    pub(crate) access: Access,
}

/// Why no session can allow a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteRefusal {
    #[error("the method is never allowed")]
    Method,
    #[error(
        "the path has dot segments, empty segments or characters that another program may read in another way"
    )]
    Path,
    #[error("the path is too long for a policy of API Gateway")]
    PathTooLong,
    #[error("the path names no catalogue")]
    NoCatalogue,
    #[error("the path and the path parameter name different catalogues")]
    CatalogueMismatch,
}

impl RouteRefusal {
    /// Returns a stable code, for the log.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Path => "path",
            Self::PathTooLong => "path_too_long",
            Self::NoCatalogue => "no_catalogue",
            Self::CatalogueMismatch => "catalogue_mismatch",
        }
    }
}

impl Route {
    /// Reads the catalogue from the path of the ARN, after `prefix`. The path parameter `parameter` must agree with it, if the
    /// route has it.
    pub(crate) fn of_path(
        event: &Event,
        invoked: Invoked<'_>,
        prefix: &RoutePrefix,
        parameter: &str,
    ) -> Result<Self, RouteRefusal> {
        let access = checked(event, invoked)?;
        if invoked.arn.len() > MAX_RESOURCE {
            return Err(RouteRefusal::PathTooLong);
        }
        let below = invoked.path.strip_prefix(prefix.as_str()).ok_or(RouteRefusal::NoCatalogue)?;
        let named = below.split('/').next().unwrap_or_default();
        let catalogue: CatalogueId = named.parse().map_err(|_| RouteRefusal::NoCatalogue)?;
        if event.parameter(parameter).is_some_and(|other| other != named) {
            return Err(RouteRefusal::CatalogueMismatch);
        }
        Ok(Self { catalogue, access })
    }

    /// Reads the catalogue from the path parameter `parameter`.
    pub(crate) fn of_parameter(
        event: &Event,
        invoked: Invoked<'_>,
        parameter: &str,
    ) -> Result<Self, RouteRefusal> {
        let access = checked(event, invoked)?;
        let named = event.parameter(parameter).ok_or(RouteRefusal::NoCatalogue)?;
        Ok(Self { catalogue: named.parse().map_err(|_| RouteRefusal::NoCatalogue)?, access })
    }
}

/// Returns the access that the method needs, if the path is plain wherever the event has it.
fn checked(event: &Event, invoked: Invoked<'_>) -> Result<Access, RouteRefusal> {
    let access = access_for(invoked.method).ok_or(RouteRefusal::Method)?;
    if event.paths().chain([invoked.path]).all(is_plain) { Ok(access) } else { Err(RouteRefusal::Path) }
}

/// The methods that read, and those that change data. A method in neither list is never allowed.
fn access_for(method: &str) -> Option<Access> {
    match method {
        "GET" | "HEAD" | "OPTIONS" => Some(Access::Read),
        "POST" | "PUT" | "PATCH" | "DELETE" => Some(Access::Write),
        _ => None,
    }
}

/// Whether every program reads `path` in the same way (RFC 3986 §3.3 and §6.2.2): no empty segment but the last, no segment of
/// dots and spaces only, and only characters that no decoding turns into a dot or a separator. A star, a question mark and `${`
/// would be wildcards in a policy; some servers cut a segment at a semicolon, turn other scripts' letters into ASCII, or, on
/// Windows, drop spaces at its end.
fn is_plain(path: &str) -> bool {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let mut seen_empty = false;
    for segment in segments {
        let is_dots =
            !segment.is_empty() && segment.replace("%20", " ").bytes().all(|byte| b". ".contains(&byte));
        if seen_empty || is_dots || !has_plain_characters(segment) {
            return false;
        }
        seen_empty = segment.is_empty();
    }
    true
}

fn has_plain_characters(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b" -_~!'(),+=:@&".contains(&byte);
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => is_plain(high * 16 + low),
                _ => false,
            },
            byte => byte == b'.' || is_plain(byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
