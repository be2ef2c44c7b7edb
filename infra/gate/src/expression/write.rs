//! An expression in the one form that QGIS 3.22 and later read alike: every operand that is itself an operation stands
//! in brackets, fields stand in quotes, strings know `''` and `\\` alone, and no `--` or `/*` stands outside quotes.

use std::{
    borrow::Borrow,
    fmt::{self, Formatter, Write},
};

use super::tree::{Node, Operator};

/// Writes `node` where no operator stands beside it.
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
        write!(out, " {} ", operator.written())?;
        operand(node.borrow(), out)
    })
}

/// Writes `node` beside an operator.
fn operand(node: &Node, out: &mut Formatter<'_>) -> fmt::Result {
    let stands_alone = match node {
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
    if stands_alone {
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

/// Doubles the quote, and in strings the backslash, which fields do not know.
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
