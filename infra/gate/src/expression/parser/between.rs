//! Parses `BETWEEN`, which QGIS 3.22 lacks, into two comparisons.

use super::{ExpressionError, Node, Operator, Parser, Precedence, Token};

/// Limits on the first operand, which is written twice, and again in a nested `BETWEEN`.
const MAX_NODES: usize = 32;
const MAX_BYTES: usize = 2_000;

const MIXED: &str = "put it, and any comparison beside it, in brackets";
const LARGE: &str = "its first operand is too large; write >= and <= instead";

impl Parser {
    /// Parses `value BETWEEN lowest AND highest` into `value >= lowest AND value <= highest`.
    pub(super) fn between(&mut self, value: Node, negated: bool) -> Result<Node, ExpressionError> {
        let at = self.at();
        if !is_tighter_than_comparison(&value) {
            return Err(ExpressionError::Between { at, rule: MIXED });
        }
        if size(&value) > MAX_NODES || bytes(&value) > MAX_BYTES {
            return Err(ExpressionError::Between { at, rule: LARGE });
        }
        self.skip();
        let lowest = self.expression(Precedence::Sum)?;
        self.expect(&Token::Operator(Operator::And), "AND of BETWEEN")?;
        let highest = self.expression(Precedence::Sum)?;
        if self.next_is_comparison() {
            return Err(ExpressionError::Between { at, rule: MIXED });
        }
        let lower = Node::joined(value.clone(), Operator::AtLeast, lowest);
        let both = Node::joined(lower, Operator::And, Node::joined(value, Operator::AtMost, highest));
        Ok(if negated { Node::Not(Box::new(both)) } else { both })
    }

    fn next_is_comparison(&mut self) -> bool {
        match self.peek() {
            Some(Token::Operator(operator)) => operator.precedence() > Precedence::Not,
            Some(Token::In | Token::Not | Token::Between | Token::NotBetween | Token::OpenIndex) => true,
            _ => false,
        }
    }
}

fn is_tighter_than_comparison(node: &Node) -> bool {
    match node {
        Node::Not(_) | Node::In { .. } => false,
        _ => node.precedence().is_none_or(|precedence| precedence > Precedence::Comparison),
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
