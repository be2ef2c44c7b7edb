//! Why an expression is refused.

use thiserror::Error;

use crate::{wkt::WktError, xml::gml::GmlError};

/// Why an expression is not let through. Names the function or the rule, never a value; positions are bytes from the
/// expression's beginning.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExpressionError {
    /// The whole text is too long.
    #[error("the expression is {found} bytes long, {allowed} are allowed")]
    Length {
        /// Bytes allowed.
        allowed: usize,
        /// Bytes found.
        found: usize,
    },
    /// `--` or `/*`, which versions of QGIS read differently.
    #[error(
        "the expression has a comment at byte {at}; comments are not allowed, and two minus signs need a space"
    )]
    Comment {
        /// Where.
        at: usize,
    },
    /// A control character, or a character that begins no token.
    #[error("the character at byte {at} of the expression begins nothing that QGIS reads")]
    Character {
        /// Where.
        at: usize,
    },
    /// A string or quoted field without its end.
    #[error("the quote at byte {at} of the expression is never closed")]
    Unterminated {
        /// Where it opens.
        at: usize,
    },
    /// A backslash before anything but a backslash or a quote.
    #[error(
        "the string at byte {at} of the expression has a backslash that stands before neither a backslash nor a quote"
    )]
    Escape {
        /// Where the string opens.
        at: usize,
    },
    /// A control character within quotes.
    #[error("the quotes at byte {at} of the expression hold a control character")]
    Control {
        /// Where they open.
        at: usize,
    },
    /// An unquoted name that QGIS cuts otherwise than it looks: `IS nothing`, `e5`, a no-break space.
    #[error(
        "the unquoted name at byte {at} of the expression is read by QGIS as something else; write \"…\" around field names"
    )]
    Name {
        /// Where.
        at: usize,
    },
    /// A number that is too long, not finite, or runs into a name.
    #[error(
        "the number at byte {at} of the expression is too long, not finite or not set off from what follows"
    )]
    Number {
        /// Where.
        at: usize,
    },
    /// The grammar wants something else.
    #[error("the expression has no {expected} at byte {at}")]
    Expected {
        /// What the grammar wants.
        expected: &'static str,
        /// Where.
        at: usize,
    },
    /// `name := value`.
    #[error("the expression names an argument at byte {at}; write arguments in their order, without names")]
    NamedArgument {
        /// Where.
        at: usize,
    },
    /// A function that is not in the table.
    #[error("the function {name} is not allowed in expressions")]
    Function {
        /// Its name, when it is one of 40 letters, digits, `_` and `$` at most; else `at byte …`.
        name: String,
    },
    /// Any variable but `@geometry` and `@id`.
    #[error("the expression reads a variable at byte {at}; only @geometry and @id are allowed")]
    Variable {
        /// Where.
        at: usize,
    },
    /// Too few or too many arguments.
    #[error("the function {function} takes {least} to {most} arguments, {found} were given")]
    Arguments {
        /// The function.
        function: &'static str,
        /// The least number.
        least: usize,
        /// The greatest number.
        most: usize,
        /// The number given.
        found: usize,
    },
    /// An argument is outside the bound of its function.
    #[error("{function}: {rule}")]
    Bound {
        /// The function or operator.
        function: &'static str,
        /// What is allowed.
        rule: &'static str,
    },
    /// A literal of `geom_from_wkt` that is refused.
    #[error("geom_from_wkt: {0}")]
    Wkt(#[source] WktError),
    /// A literal of `geom_from_gml` that is refused.
    #[error("geom_from_gml: {0}")]
    Gml(#[source] GmlError),
    /// Brackets, functions and operators within each other.
    #[error("the expression nests more than {allowed} brackets, functions and operators")]
    Nested {
        /// The depth allowed.
        allowed: usize,
    },
    /// A chain of operators or a list.
    #[error(
        "the expression chains more than {allowed} operators or list items; write an OR chain of one field as IN"
    )]
    Long {
        /// The number allowed.
        allowed: usize,
    },
    /// `BETWEEN` where versions of QGIS do not agree or where writing it out would repeat too much.
    #[error("BETWEEN at byte {at}: {rule}")]
    Between {
        /// Where.
        at: usize,
        /// What is allowed.
        rule: &'static str,
    },
    /// A field that is not published.
    #[error("the expression names a field that the layer does not publish")]
    Field,
}
