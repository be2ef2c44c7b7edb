//! Parses functions, `$` names and variables.

use super::{ExpressionError, Node, Parser, Token};
use crate::{
    expression::{
        bound::Bound,
        functions::{self, Function},
    },
    wkt::Wkt,
    xml::gml,
};

impl Parser {
    /// Parses the arguments of the function `name`. The opening bracket comes next.
    pub(super) fn call(&mut self, name: &str, at: usize) -> Result<Node, ExpressionError> {
        let function = functions::named(name).ok_or_else(|| unknown(name, at))?;
        self.skip();
        let arguments = if self.peek() == Some(&Token::Close) {
            self.skip();
            Vec::new()
        } else {
            self.items()?
        };
        node(function, arguments)
    }
}

/// `$name`: a function without arguments.
pub(super) fn dollar_function(name: &str, at: usize) -> Result<Node, ExpressionError> {
    node(functions::named(name).ok_or_else(|| unknown(name, at))?, Vec::new())
}

/// `@geometry` and `@id`, which are empty in QGIS 3.22, as the functions `$geometry` and `$id`.
pub(super) fn variable(name: &str, at: usize) -> Result<Node, ExpressionError> {
    if name.eq_ignore_ascii_case("geometry") || name.eq_ignore_ascii_case("id") {
        return dollar_function(&format!("${name}"), at);
    }
    Err(ExpressionError::Variable(at))
}

fn node(function: &'static Function, arguments: Vec<Node>) -> Result<Node, ExpressionError> {
    let Function { name, min_args: min, max_args: max, .. } = *function;
    if !(min..=max).contains(&arguments.len()) {
        return Err(ExpressionError::Arguments { function: name, min, max, found: arguments.len() });
    }
    Ok(Node::Call(function, rewritten(function, arguments)?))
}

/// The arguments, with geometries in literals written anew.
fn rewritten(function: &'static Function, arguments: Vec<Node>) -> Result<Vec<Node>, ExpressionError> {
    let write: fn(&str) -> Result<String, ExpressionError> = match function.bound {
        Bound::Wkt => |text| Wkt::parse(text).map(|wkt| wkt.to_string()).map_err(ExpressionError::Wkt),
        Bound::Gml => |text| gml::canonical(text).map_err(ExpressionError::Gml),
        _ => return Ok(arguments),
    };
    match arguments.as_slice() {
        [Node::Text(text)] => Ok(vec![Node::Text(write(text)?)]),
        _ => Err(ExpressionError::Bound { function: function.name, rule: function.bound.rule() }),
    }
}

fn unknown(name: &str, at: usize) -> ExpressionError {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    let is_short = name.len() <= 40 && name.bytes().all(is_name);
    ExpressionError::Function(if is_short { name.to_owned() } else { format!("at byte {at}") })
}
