//! Why a request is refused. A refusal names the parameter but never repeats a value: values may be addresses and names of
//! people.

use http::StatusCode;

use crate::{
    expression::ExpressionError,
    sql_filter::SqlFilterError,
    wkt::WktError,
    xml::{body::BodyError, filter::FilterError},
};

/// Why the gate does not pass a request on to QGIS Server. Numbers are limits; names are those of parameters, or of the
/// elements that stand for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// The query or form has more bytes than any real client sends.
    #[error("the parameters have more than {0} bytes; shorten the filter or the selection")]
    TooLong(usize),
    /// The body has more bytes than this kind of request needs.
    #[error("the body has more than {0} bytes; send several smaller requests")]
    BodyTooLarge(usize),
    /// More parameters than any real client sends.
    #[error("the request has more than {0} parameters")]
    TooMany(usize),
    /// A key without `=`.
    #[error("a parameter has no equals sign; write name=value")]
    KeyWithoutValue,
    /// A key that is empty, too long, or holds characters that no parameter's name has.
    #[error("the name of a parameter is empty, too long, or holds a character that names may not hold")]
    InvalidKey,
    /// `%` without two hexadecimal digits.
    #[error("the percent-encoding is invalid; write a percent sign as %25")]
    InvalidEncoding,
    /// Another character set.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// A control character in a value.
    #[error("{0} holds a control character")]
    ControlCharacter(String),
    /// A repeated parameter: the gate and QGIS could each read a different one.
    #[error("{0} occurs more than once")]
    Repeated(String),
    /// A parameter that differs from another name of it, or from the XML body.
    #[error("{parameter} contradicts {other}; leave {parameter} out, or make them agree")]
    Contradiction {
        /// Its name.
        parameter: String,
        /// The other name, or the body.
        other: &'static str,
    },
    /// A missing required parameter.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A service that is not in the table.
    #[error("SERVICE must be WMS, WFS, WMTS or WCS")]
    UnknownService,
    /// An operation that is not in the table of this service.
    #[error(
        "REQUEST is not an operation of {0} that the gate allows; the command 'pozi-gate operations' lists them"
    )]
    UnknownOperation(&'static str),
    /// A parameter that is not in the operation's list.
    #[error(
        "{parameter} is not a parameter that the gate allows for {operation}; the command 'pozi-gate operations' lists them"
    )]
    UnknownParameter {
        /// Its name.
        parameter: String,
        /// The operation.
        operation: &'static str,
    },
    /// A value of the wrong kind.
    #[error("{parameter} must be {expected}")]
    Value {
        /// The parameter's name.
        parameter: String,
        /// What it must be.
        expected: String,
    },
    /// A filter, an expression or a geometry that is refused.
    #[error("{parameter}: {cause}")]
    Content {
        /// The parameter's name.
        parameter: String,
        /// Why.
        #[source]
        cause: ContentError,
    },
    /// Parameters that cannot be combined.
    #[error("{0}")]
    Combination(&'static str),
    /// Something that the catalogue's configuration does not allow.
    #[error("{0}")]
    NotConfigured(&'static str),
    /// A map or coverage of too many pixels.
    #[error("the image would have more than {0} pixels; reduce its width or height")]
    TooManyPixels(u64),
    /// A field that the service does not publish.
    #[error("{0} names a field that this service does not publish for the layer")]
    UnknownField(String),
    /// A layer that the service does not publish.
    #[error("{0} names a layer that the catalogue does not publish")]
    UnknownLayer(String),
    /// An XML body that is refused.
    #[error("the XML body is refused: {0}")]
    Xml(#[source] BodyError),
    /// A JSON body that is refused.
    #[error("the JSON body is refused: {0}")]
    Json(String),
    /// A body of another kind, or where there may be none.
    #[error("this body is not accepted here; send a form or XML by POST, or GeoJSON to OGC API Features")]
    UnexpectedBody,
    /// A path that leads nowhere.
    #[error("there is nothing at this path")]
    NotFound,
    /// A method that the path does not have.
    #[error("the method is not allowed at this path; use {allow}")]
    Method {
        /// The allowed ones, as in `Allow`.
        allow: &'static str,
    },
}

/// Why the content of a parameter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub enum ContentError {
    /// A QGIS expression.
    Expression(#[from] ExpressionError),
    /// An OGC filter.
    Filter(#[from] FilterError),
    /// A `FILTER` of WMS.
    Sql(#[from] SqlFilterError),
    /// A geometry.
    Wkt(#[from] WktError),
}

impl From<BodyError> for RequestRefusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::UnknownField { element, .. } => Self::UnknownField(element.to_owned()),
            BodyError::Filter { cause: FilterError::UnknownField { .. }, .. } => {
                Self::UnknownField("FILTER".to_owned())
            }
            error => Self::Xml(error),
        }
    }
}

impl RequestRefusal {
    /// A value of the wrong kind.
    pub(crate) fn value(parameter: impl Into<String>, expected: &dyn std::fmt::Display) -> Self {
        Self::Value { parameter: parameter.into(), expected: expected.to_string() }
    }

    /// A refusal of the content of `parameter`.
    pub(crate) fn content(parameter: &str, error: impl Into<ContentError>) -> Self {
        Self::Content { parameter: parameter.to_owned(), cause: error.into() }
    }

    /// A stable code for logs and clients.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::BodyTooLarge { .. } | Self::TooMany { .. } => "too_large",
            Self::KeyWithoutValue | Self::InvalidKey | Self::InvalidEncoding | Self::NotUtf8 => {
                "malformed_request"
            }
            Self::ControlCharacter { .. } => "control_character",
            Self::Repeated { .. } => "repeated_parameter",
            Self::Contradiction { .. } => "contradicting_parameters",
            Self::Missing { .. } => "missing_parameter",
            Self::UnknownService => "unknown_service",
            Self::UnknownOperation { .. } => "unknown_operation",
            Self::UnknownParameter { .. } => "unknown_parameter",
            Self::Value { .. } | Self::Content { .. } => "invalid_parameter",
            Self::Combination(_) => "parameters_do_not_combine",
            Self::NotConfigured(_) => "not_configured",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::UnknownField { .. } => "unknown_field",
            Self::UnknownLayer { .. } => "unknown_layer",
            Self::Xml(_) => "invalid_xml",
            Self::Json(_) => "invalid_json",
            Self::UnexpectedBody => "unknown_body",
            Self::NotFound => "not_found",
            Self::Method { .. } => "method_not_allowed",
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong { .. } | Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotConfigured(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The parameter at fault, if there is one.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::ControlCharacter(parameter)
            | Self::Repeated(parameter)
            | Self::Contradiction { parameter, .. }
            | Self::UnknownParameter { parameter, .. }
            | Self::Value { parameter, .. }
            | Self::Content { parameter, .. }
            | Self::UnknownField(parameter)
            | Self::UnknownLayer(parameter) => Some(parameter),
            Self::Missing(parameter) => Some(parameter),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{filter::Filter, get_feature::GetFeatureBody, tree::Element};

    fn parse_get_feature(filter: &str) -> Result<GetFeatureBody, BodyError> {
        let body = format!("<GetFeature><Query typeName='a'><Filter>{filter}</Filter></Query></GetFeature>");
        GetFeatureBody::from_element(&Element::parse(body.as_bytes(), 1 << 16)?)
    }

    #[test]
    fn says_why_a_filter_is_refused() {
        let not_a_box = "<BBOX><Box><coordinates>0,0 x</coordinates></Box></BBOX>";
        let in_body = RequestRefusal::from(parse_get_feature(not_a_box).unwrap_err());
        let in_parameter = RequestRefusal::content("FILTER", Filter::from_text(not_a_box).unwrap_err());
        let cause = "the geometry of BBOX is refused: coordinates holds something other than numbers";
        assert_eq!(in_parameter.to_string(), format!("FILTER: {cause}"));
        assert_eq!(
            in_body.to_string(),
            format!("the XML body is refused: the filter of Query is refused: {cause}")
        );
    }

    #[test]
    fn an_unknown_field_of_a_filter_has_its_own_reason() {
        let filter = "<PropertyIsNull><PropertyName>hush</PropertyName></PropertyIsNull>";
        let error = parse_get_feature(filter).unwrap().queries[0].resolve_fields(&|_| None).unwrap_err();
        let refusal = RequestRefusal::from(error);
        assert_eq!((refusal.reason(), refusal.parameter()), ("unknown_field", Some("FILTER")));
    }
}
