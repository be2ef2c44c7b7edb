//! Why an expression is refused.

use thiserror::Error;

use crate::{wkt::WktError, xml::gml::GmlError};

/// Why an expression is refused. Texts name functions, rules and positions, never a value. Numbers are limits, or
/// positions in bytes from the beginning of the expression.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ExpressionError {
    /// The expression is too long.
    #[error("the expression has {found} bytes; at most {allowed} are allowed")]
    Length {
        /// Bytes allowed.
        allowed: usize,
        /// Bytes found.
        found: usize,
    },
    /// `--` or `/*`, which versions of QGIS read differently.
    #[error("comments are not allowed (byte {0}); write a space between two minus signs")]
    Comment(usize),
    /// A control character, or one that begins no token.
    #[error("unexpected character at byte {0}")]
    Character(usize),
    /// A string or quoted field without its end.
    #[error("the quote at byte {0} is never closed")]
    Unterminated(usize),
    /// A backslash before anything but a backslash or a single quote.
    #[error("in the string at byte {0}, a backslash must precede a backslash or a single quote")]
    Escape(usize),
    /// A control character in quotes.
    #[error("the quoted text at byte {0} holds a control character")]
    Control(usize),
    /// An unquoted name that QGIS splits or reads as a number: `IS nothing`, `e5`, a no-break space.
    #[error("QGIS misreads the unquoted name at byte {0}; put field names in double quotes")]
    Name(usize),
    /// A number that is too long, not finite, or runs into a name.
    #[error("the number at byte {0} is too long, not finite or runs into what follows it")]
    Number(usize),
    /// Something else than the grammar demands.
    #[error("expected {expected} at byte {at}")]
    Expected {
        /// What the grammar demands.
        expected: &'static str,
        /// The position.
        at: usize,
    },
    /// `name := value`.
    #[error("named arguments are not allowed (byte {0}); write arguments in order, without names")]
    NamedArgument(usize),
    /// A function that is not in the table: its name, or `at byte …` if that is not a short ASCII name.
    #[error("the function {0} is not allowed; the command 'pozi-gate operations' lists those that are")]
    Function(String),
    /// A variable other than `@geometry` and `@id`.
    #[error("the variable at byte {0} is not allowed; only @geometry and @id are")]
    Variable(usize),
    /// Too few or too many arguments.
    #[error("the function {function} takes {min} to {max} arguments, but was given {found}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// The least number.
        min: usize,
        /// The greatest number.
        max: usize,
        /// The number given.
        found: usize,
    },
    /// An argument outside the bound of its function or operator.
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
    /// Brackets, functions and operators nested too deeply.
    #[error("brackets, functions and operators are nested more than {0} deep")]
    Nested(usize),
    /// Too long a chain of operators, or list.
    #[error("a chain of operators or a list has more than {0} items; write an OR chain of one field as IN")]
    Long(usize),
    /// `BETWEEN` where versions of QGIS disagree, or where writing it as two comparisons would repeat too much.
    #[error("BETWEEN at byte {at}: {rule}")]
    Between {
        /// Its position.
        at: usize,
        /// What is allowed.
        rule: &'static str,
    },
    /// A field that is not published.
    #[error("the expression names a field that the layer does not publish")]
    Field,
}
