//! From tokens to the tree that QGIS's parser makes of them.
//!
//! The grammar is `qgsexpressionparser.yy` of QGIS 3.22; `BETWEEN` is that of 3.40, written out with comparisons.

use super::{
    ExpressionError,
    token::{Placed, Token},
    tree::{Level, Node, Operator},
};

mod between;
mod call;

/// How deep the parser goes into itself: operators that bind differently count beside brackets and functions.
const MAX_DEPTH: usize = 256;

/// Reads a whole expression of `length` bytes.
pub(super) fn parse(tokens: Vec<Placed>, length: usize) -> Result<Node, ExpressionError> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), length, depth: 0 };
    let node = parser.expression(Level::Or)?;
    match parser.tokens.peek() {
        None => Ok(node),
        Some(_) => Err(parser.expected("operator")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Placed>>,
    length: usize,
    depth: usize,
}

impl Parser {
    /// An expression whose operators bind at least as tightly as `least`.
    fn expression(&mut self, least: Level) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpressionError::Nested { allowed: super::MAX_NESTING });
        }
        let mut left = self.operand()?;
        while let Some(next) = self.peek().cloned() {
            left = match next {
                Token::OpenIndex => self.index(left)?,
                Token::Operator(operator) if operator.level() >= least => self.binary(left, operator)?,
                Token::In if Level::Comparison >= least => {
                    self.skip();
                    self.list(left, false)?
                }
                // `NOT IN` binds as NOT does: `a = b NOT IN (1)` is `(a = b) NOT IN (1)`.
                Token::Not if Level::Not >= least => {
                    self.skip();
                    self.expect(&Token::In, "IN after NOT")?;
                    self.list(left, true)?
                }
                Token::Between if Level::Comparison >= least => self.between(left, false)?,
                Token::NotBetween if Level::Comparison >= least => self.between(left, true)?,
                _ => break,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operator and its right operand. All bind to the left, but `^`.
    fn binary(&mut self, left: Node, operator: Operator) -> Result<Node, ExpressionError> {
        self.skip();
        let right = self.expression(match operator.level() {
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not | Level::Comparison => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product | Level::Power => Level::Power,
            Level::Concat | Level::Sign => Level::Sign,
        })?;
        Ok(Node::joined(left, operator, right))
    }

    /// What stands before, between and behind operators.
    fn operand(&mut self) -> Result<Node, ExpressionError> {
        let Some(Placed { at, token }) = self.tokens.next() else { return Err(self.expected("operand")) };
        Ok(match token {
            Token::Not => Node::Not(Box::new(self.expression(Level::Not)?)),
            Token::Operator(Operator::Minus) => Node::Negative(Box::new(self.expression(Level::Sign)?)),
            // QGIS drops it too.
            Token::Operator(Operator::Plus) => self.expression(Level::Sign)?,
            Token::Open => {
                let node = self.expression(Level::Or)?;
                self.expect(&Token::Close, "closing bracket")?;
                node
            }
            Token::Null => Node::Null,
            Token::True => Node::Boolean(true),
            Token::False => Node::Boolean(false),
            Token::Integer(digits) => Node::Integer(digits),
            Token::Real(digits) => Node::Real(digits),
            Token::Text(text) => Node::Text(text),
            Token::Name(name) if self.peek() == Some(&Token::Open) => self.call(&name, at)?,
            Token::Field(name) | Token::Name(name) => Node::Field(name),
            Token::Special(name) => call::special(&format!("${name}"), at)?,
            Token::Variable(name) => call::variable(&name, at)?,
            Token::Case => self.case()?,
            _ => return Err(ExpressionError::Expected { expected: "operand", at }),
        })
    }

    fn index(&mut self, container: Node) -> Result<Node, ExpressionError> {
        self.skip();
        let index = self.expression(Level::Or)?;
        self.expect(&Token::CloseIndex, "closing square bracket")?;
        Ok(Node::Index(Box::new(container), Box::new(index)))
    }

    fn list(&mut self, value: Node, negated: bool) -> Result<Node, ExpressionError> {
        self.expect(&Token::Open, "opening bracket after IN")?;
        Ok(Node::In { value: Box::new(value), negated, list: self.items()? })
    }

    /// Expressions with commas between them, and the closing bracket.
    fn items(&mut self) -> Result<Vec<Node>, ExpressionError> {
        let mut items = vec![self.expression(Level::Or)?];
        while self.peek() == Some(&Token::Comma) {
            self.skip();
            items.push(self.expression(Level::Or)?);
        }
        self.expect(&Token::Close, "comma or closing bracket")?;
        Ok(items)
    }

    /// `WHEN … THEN …`, at least once, `ELSE …` and `END`. QGIS has no `CASE x WHEN …`.
    fn case(&mut self) -> Result<Node, ExpressionError> {
        let mut branches = Vec::new();
        while branches.is_empty() || self.peek() == Some(&Token::When) {
            self.expect(&Token::When, "WHEN after CASE")?;
            let when = self.expression(Level::Or)?;
            self.expect(&Token::Then, "THEN")?;
            branches.push((when, self.expression(Level::Or)?));
        }
        let mut otherwise = None;
        if self.peek() == Some(&Token::Else) {
            self.skip();
            otherwise = Some(Box::new(self.expression(Level::Or)?));
        }
        self.expect(&Token::End, "END of CASE")?;
        Ok(Node::Case(branches, otherwise))
    }

    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().map(|placed| &placed.token)
    }

    fn skip(&mut self) {
        self.tokens.next();
    }

    fn expect(&mut self, token: &Token, expected: &'static str) -> Result<(), ExpressionError> {
        match self.tokens.next_if(|placed| placed.token == *token) {
            Some(_) => Ok(()),
            None => Err(self.expected(expected)),
        }
    }

    fn at(&mut self) -> usize {
        self.tokens.peek().map_or(self.length, |placed| placed.at)
    }

    fn expected(&mut self, expected: &'static str) -> ExpressionError {
        ExpressionError::Expected { expected, at: self.at() }
    }
}
