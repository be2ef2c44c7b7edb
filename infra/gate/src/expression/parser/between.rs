//! `BETWEEN`, which QGIS 3.22 does not know, as two comparisons.

use super::{ExpressionError, Level, Node, Operator, Parser, Token};

/// The first operand is written twice, and `BETWEEN` may stand within `BETWEEN`.
const MAX_NODES: usize = 32;
const MAX_BYTES: usize = 2_000;

const MIXED: &str = "write brackets around it, and around a comparison beside it";
const LARGE: &str = "its first operand is too large to write twice; write >= and <= instead";

impl Parser {
    /// `value BETWEEN lowest AND highest`, as `value >= lowest AND value <= highest`.
    pub(super) fn between(&mut self, value: Node, negated: bool) -> Result<Node, ExpressionError> {
        let at = self.at();
        if !is_tighter_than_comparison(&value) {
            return Err(ExpressionError::Between { at, rule: MIXED });
        }
        if size(&value) > MAX_NODES || bytes(&value) > MAX_BYTES {
            return Err(ExpressionError::Between { at, rule: LARGE });
        }
        self.skip();
        let lowest = self.expression(Level::Sum)?;
        self.expect(&Token::Operator(Operator::And), "AND of BETWEEN")?;
        let highest = self.expression(Level::Sum)?;
        if self.peeks_at_comparison() {
            return Err(ExpressionError::Between { at, rule: MIXED });
        }
        let least = Node::joined(value.clone(), Operator::AtLeast, lowest);
        let both = Node::joined(least, Operator::And, Node::joined(value, Operator::AtMost, highest));
        Ok(if negated { Node::Not(Box::new(both)) } else { both })
    }

    fn peeks_at_comparison(&mut self) -> bool {
        match self.peek() {
            Some(Token::Operator(operator)) => operator.level() > Level::Not,
            Some(Token::In | Token::Not | Token::Between | Token::NotBetween | Token::OpenIndex) => true,
            _ => false,
        }
    }
}

fn is_tighter_than_comparison(node: &Node) -> bool {
    match node {
        Node::Not(_) | Node::In { .. } => false,
        _ => node.level().is_none_or(|level| level > Level::Comparison),
    }
}

fn size(node: &Node) -> usize {
    1 + node.children().into_iter().map(size).sum::<usize>()
}

fn bytes(node: &Node) -> usize {
    let own = match node {
        Node::Text(text) | Node::Field(text) => text.len(),
        _ => 0,
    };
    own + node.children().into_iter().map(bytes).sum::<usize>()
}
