//! QGIS expressions, the values of `EXP_FILTER` in WFS.
//!
//! An expression is cut into tokens and read into a tree as QGIS 3.22 does, checked against a closed table of functions
//! ([`FUNCTIONS`]) and against bounds, and written anew in one form. What QGIS parses is never what the client wrote.
//!
//! What 3.22 lacks and later versions have is translated: `BETWEEN`, `@geometry`, `@id`.

use std::fmt;

use self::tree::Node;
pub use self::{
    bound::Bound,
    error::ExpressionError,
    functions::{FUNCTIONS, Function},
};

mod bound;
mod chain;
mod check;
mod error;
mod functions;
mod parser;
mod token;
mod tree;
mod write;

#[cfg(test)]
mod tests;

/// The length of an expression in bytes.
pub const MAX_LENGTH: usize = 65_536;

/// Brackets, functions and operators within each other.
const MAX_NESTING: usize = 30;

/// An expression that may be handed to QGIS, as soon as its fields are [resolved](Self::resolve_fields).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    root: Node,
}

impl Expression {
    /// Reads `text`. Unknown functions, variables and operators are refused, and so is what could keep QGIS busy.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        if text.len() > MAX_LENGTH {
            return Err(ExpressionError::Length { allowed: MAX_LENGTH, found: text.len() });
        }
        let mut root = parser::parse(token::tokens(text)?, text.len())?;
        chain::gather(&mut root);
        check::check(&root)?;
        Ok(Self { root })
    }

    /// The fields in the order of their names in the text, as often as they are named.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let mut nodes = vec![&self.root];
        std::iter::from_fn(move || {
            while let Some(node) = nodes.pop() {
                nodes.extend(node.children().into_iter().rev());
                if let Node::Field(name) = node {
                    return Some(name.as_str());
                }
            }
            None
        })
    }

    /// Puts the name that `resolve` gives for each field in its place. If it has none for one of them, or one that
    /// cannot be written (it holds a control character), the expression stays as it was. QGIS itself reads a field that
    /// does not exist as NULL.
    pub fn resolve_fields(
        &mut self,
        resolve: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), ExpressionError> {
        let mut root = self.root.clone();
        let mut nodes = vec![&mut root];
        while let Some(node) = nodes.pop() {
            if let Node::Field(name) = node {
                let real = resolve(name).filter(|real| !real.contains(char::is_control));
                *name = real.ok_or(ExpressionError::Field)?;
            } else {
                nodes.extend(node.children_mut());
            }
        }
        self.root = root;
        Ok(())
    }

    /// The expression as QGIS is to read it.
    pub fn write(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write::write(&self.root, formatter)
    }
}
