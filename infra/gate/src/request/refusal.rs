//! Why a request is not understood, or not allowed. A refusal names the parameter, and never a value: values may be
//! addresses and names of people.

use http::StatusCode;

/// Why the gate does not pass a request on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// Longer than any honest one.
    #[error(
        "the request has more than {most} bytes of parameters; send long filters and selections as a form by POST"
    )]
    TooLong {
        /// The most bytes.
        most: usize,
    },
    /// The body is larger than this kind of request needs.
    #[error("the body has more than {most} bytes")]
    BodyTooLarge {
        /// The most bytes.
        most: usize,
    },
    /// More parameters than any honest request has.
    #[error("the request has more than {most} parameters")]
    TooMany {
        /// The most parameters.
        most: usize,
    },
    /// A key without `=`.
    #[error("a parameter has no value: write name=value")]
    KeyWithoutValue,
    /// A key that no parameter of OGC has.
    #[error("the name of a parameter has characters that no parameter's name has")]
    OddKey,
    /// `%` without two hexadecimal digits.
    #[error("the percent-encoding is broken")]
    BrokenEncoding,
    /// Another character set.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// A control character in a value.
    #[error("{parameter} holds a control character")]
    ControlCharacter {
        /// Its name.
        parameter: String,
    },
    /// A parameter that came twice: each reader could take another one.
    #[error("{parameter} came more than once")]
    Repeated {
        /// Its name.
        parameter: String,
    },
    /// Two names of one parameter with two values.
    #[error("{parameter} and {other} are two names of one parameter, and their values differ")]
    Contradiction {
        /// One name.
        parameter: String,
        /// The other.
        other: &'static str,
    },
    /// A parameter that must be there.
    #[error("{parameter} is missing")]
    Missing {
        /// Its name.
        parameter: &'static str,
    },
    /// No service of the table.
    #[error("SERVICE must be WMS, WFS, WMTS or WCS")]
    UnknownService,
    /// No operation of the table.
    #[error("this operation of {service} is not one that the gate lets through")]
    UnknownOperation {
        /// The service.
        service: &'static str,
    },
    /// A parameter that the operation does not have.
    #[error("{parameter} is not a parameter of {operation} that the gate lets through")]
    UnknownParameter {
        /// Its name.
        parameter: String,
        /// The operation.
        operation: &'static str,
    },
    /// A value of the wrong kind.
    #[error("{parameter} must be {expected}")]
    Value {
        /// Its name.
        parameter: String,
        /// What it must be.
        expected: String,
    },
    /// A value whose content is refused.
    #[error("{parameter}: {problem}")]
    Content {
        /// Its name.
        parameter: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two parameters that do not go together.
    #[error("{0}")]
    Combination(&'static str),
    /// The catalogue's configuration does not allow it.
    #[error("{0}")]
    NotConfigured(&'static str),
    /// A map or coverage of too many pixels.
    #[error("WIDTH × HEIGHT is more than {most} pixels")]
    TooManyPixels {
        /// The most pixels.
        most: u64,
    },
    /// A field that the service does not publish.
    #[error("{parameter} names a field that the layer does not publish")]
    UnknownField {
        /// Where it is named.
        parameter: String,
    },
    /// A layer that the service does not publish.
    #[error("{parameter} names a layer that the catalogue does not publish")]
    UnknownLayer {
        /// Where it is named.
        parameter: String,
    },
    /// An XML body that is not understood.
    #[error("the XML body: {0}")]
    Xml(String),
    /// A JSON body that is not understood.
    #[error("the JSON body: {0}")]
    Json(String),
    /// A body that is neither a form, XML nor JSON.
    #[error("the body is not understood: send a form, XML, or GeoJSON")]
    UnknownBody,
    /// The path is none of the service's.
    #[error("there is nothing at this path")]
    NotFound,
    /// The method is none of the path's.
    #[error("the method is not one of this path's")]
    Method {
        /// Those that are, as in `Allow`.
        allow: &'static str,
    },
}

impl RequestRefusal {
    /// A value of the wrong kind.
    pub(crate) fn value(parameter: impl Into<String>, expected: &dyn std::fmt::Display) -> Self {
        Self::Value { parameter: parameter.into(), expected: expected.to_string() }
    }

    /// A value whose content is refused.
    pub(crate) fn content(parameter: &str, problem: &dyn std::fmt::Display) -> Self {
        Self::Content { parameter: parameter.to_owned(), problem: problem.to_string() }
    }

    /// The reason as a word, for logs and clients. Stable.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::BodyTooLarge { .. } | Self::TooMany { .. } => "too_large",
            Self::KeyWithoutValue | Self::OddKey | Self::BrokenEncoding | Self::NotUtf8 => {
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
            Self::UnknownBody => "unknown_body",
            Self::NotFound => "not_found",
            Self::Method { .. } => "method_not_allowed",
        }
    }

    /// The status that a client is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong { .. } | Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotConfigured(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The parameter that it is about.
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::ControlCharacter { parameter }
            | Self::Repeated { parameter }
            | Self::Contradiction { parameter, .. }
            | Self::UnknownParameter { parameter, .. }
            | Self::Value { parameter, .. }
            | Self::Content { parameter, .. }
            | Self::UnknownField { parameter }
            | Self::UnknownLayer { parameter } => Some(parameter),
            Self::Missing { parameter } => Some(parameter),
            _ => None,
        }
    }
}
