//! Writes expressions in a form that QGIS 3.22 and later read alike: operations that are operands stand in brackets, fields
//! in quotes, strings escape only with `''` and `\\`, and no `--` or `/*` occurs outside quotes.

use std::{
    borrow::Borrow,
    fmt::{self, Formatter, Write},
};

use super::tree::{Node, Operator};

/// Writes `node` on its own.
pub(super) fn write(node: &Node, out: &mut Formatter<'_>) -> fmt::Result {
    match node {
        Node::Null => out.write_str("NULL"),
        Node::Boolean(value) => out.write_str(if *value { "TRUE" } else { "FALSE" }),
        Node::Integer(digits) | Node::Real(digits) => out.write_str(digits),
        Node::Text(text) => quoted(text, '\'', out),
        Node::Field(name) => quoted(name, '"', out),
        Node::Not(node) => {
            out.write_str("NOT ")?;
            operand(node, out)
        }
        Node::Negative(node) => {
            out.write_char('-')?;
            operand(node, out)
        }
        Node::Chain(first, rest) => chain(first, rest, out),
        Node::Power(base, exponent) => chain(base, &[(Operator::Power, &**exponent)], out),
        Node::In { value, negated, list } => {
            operand(value, out)?;
            out.write_str(if *negated { " NOT IN " } else { " IN " })?;
            bracketed(list, out)
        }
        Node::Call(function, arguments) => {
            out.write_str(function.name)?;
            if function.name.starts_with('$') { Ok(()) } else { bracketed(arguments, out) }
        }
        Node::Case(branches, otherwise) => case(branches, otherwise.as_deref(), out),
        Node::Index(container, index) => {
            operand(container, out)?;
            out.write_char('[')?;
            write(index, out)?;
            out.write_char(']')
        }
    }
}

fn chain<N: Borrow<Node>>(first: &Node, rest: &[(Operator, N)], out: &mut Formatter<'_>) -> fmt::Result {
    operand(first, out)?;
    rest.iter().try_for_each(|(operator, node)| {
        write!(out, " {} ", operator.as_str())?;
        operand(node.borrow(), out)
    })
}

/// Writes `node` as the operand of an operator.
fn operand(node: &Node, out: &mut Formatter<'_>) -> fmt::Result {
    let is_atom = match node {
        Node::Null
        | Node::Boolean(_)
        | Node::Integer(_)
        | Node::Real(_)
        | Node::Text(_)
        | Node::Field(_)
        | Node::Call(..) => true,
        Node::Not(_)
        | Node::Negative(_)
        | Node::Chain(..)
        | Node::Power(..)
        | Node::In { .. }
        | Node::Case(..)
        | Node::Index(..) => false,
    };
    if is_atom {
        return write(node, out);
    }
    out.write_char('(')?;
    write(node, out)?;
    out.write_char(')')
}

fn bracketed(nodes: &[Node], out: &mut Formatter<'_>) -> fmt::Result {
    out.write_char('(')?;
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            out.write_str(", ")?;
        }
        write(node, out)?;
    }
    out.write_char(')')
}

fn case(branches: &[(Node, Node)], otherwise: Option<&Node>, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_str("CASE")?;
    for (when, then) in branches {
        out.write_str(" WHEN ")?;
        write(when, out)?;
        out.write_str(" THEN ")?;
        write(then, out)?;
    }
    if let Some(otherwise) = otherwise {
        out.write_str(" ELSE ")?;
        write(otherwise, out)?;
    }
    out.write_str(" END")
}

/// Writes `text` in quotes, with quotes doubled, and in strings also backslashes. Fields have no escape but the quote.
fn quoted(text: &str, quote: char, out: &mut Formatter<'_>) -> fmt::Result {
    out.write_char(quote)?;
    for character in text.chars() {
        if character == quote || (character == '\\' && quote == '\'') {
            out.write_char(character)?;
        }
        out.write_char(character)?;
    }
    out.write_char(quote)
}
