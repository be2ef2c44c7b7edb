//! Parses tokens into a tree, by the grammar of `qgsexpressionparser.yy` in QGIS 3.22. `BETWEEN` is that of 3.40, read as two
//! comparisons.

use super::{
    ExpressionError,
    token::{Spanned, Token},
    tree::{Node, Operator, Precedence},
};

mod between;
mod call;

/// Maximum recursion depth of the parser. Changes of precedence count as well as brackets and functions.
const MAX_DEPTH: usize = 256;

/// Parses a whole expression of `length` bytes.
pub(super) fn parse(tokens: Vec<Spanned>, length: usize) -> Result<Node, ExpressionError> {
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), length, depth: 0 };
    let node = parser.expression(Precedence::Or)?;
    match parser.tokens.peek() {
        None => Ok(node),
        Some(_) => Err(parser.expected("an operator")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Spanned>>,
    length: usize,
    depth: usize,
}

impl Parser {
    /// Parses an expression whose operators have at least the precedence `min`.
    fn expression(&mut self, min: Precedence) -> Result<Node, ExpressionError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ExpressionError::Nested(super::MAX_NESTING));
        }
        let mut left = self.operand()?;
        while let Some(next) = self.peek().cloned() {
            left = match next {
                Token::OpenIndex => self.index(left)?,
                Token::Operator(operator) if operator.precedence() >= min => self.binary(left, operator)?,
                Token::In if Precedence::Comparison >= min => {
                    self.skip();
                    self.list(left, false)?
                }
                // `NOT IN` binds as NOT does: `a = b NOT IN (1)` is `(a = b) NOT IN (1)`.
                Token::Not if Precedence::Not >= min => {
                    self.skip();
                    self.expect(&Token::In, "IN after NOT")?;
                    self.list(left, true)?
                }
                Token::Between if Precedence::Comparison >= min => self.between(left, false)?,
                Token::NotBetween if Precedence::Comparison >= min => self.between(left, true)?,
                _ => break,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Parses `operator` and its right operand. All but `^` are left-associative.
    fn binary(&mut self, left: Node, operator: Operator) -> Result<Node, ExpressionError> {
        self.skip();
        let right = self.expression(match operator.precedence() {
            Precedence::Or => Precedence::And,
            Precedence::And => Precedence::Not,
            Precedence::Not | Precedence::Comparison => Precedence::Sum,
            Precedence::Sum => Precedence::Product,
            Precedence::Product | Precedence::Power => Precedence::Power,
            Precedence::Concat | Precedence::Sign => Precedence::Sign,
        })?;
        Ok(Node::joined(left, operator, right))
    }

    /// Parses an operand with its prefix operators.
    fn operand(&mut self) -> Result<Node, ExpressionError> {
        let Some(Spanned { at, token }) = self.tokens.next() else { return Err(self.expected("an operand")) };
        Ok(match token {
            Token::Not => Node::Not(Box::new(self.expression(Precedence::Not)?)),
            Token::Operator(Operator::Minus) => Node::Negative(Box::new(self.expression(Precedence::Sign)?)),
            // QGIS also drops it.
            Token::Operator(Operator::Plus) => self.expression(Precedence::Sign)?,
            Token::Open => {
                let node = self.expression(Precedence::Or)?;
                self.expect(&Token::Close, "a closing bracket")?;
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
            Token::Dollar(name) => call::dollar_function(&format!("${name}"), at)?,
            Token::Variable(name) => call::variable(&name, at)?,
            Token::Case => self.case()?,
            _ => return Err(ExpressionError::Expected { expected: "an operand", at }),
        })
    }

    fn index(&mut self, container: Node) -> Result<Node, ExpressionError> {
        self.skip();
        let index = self.expression(Precedence::Or)?;
        self.expect(&Token::CloseIndex, "a closing square bracket")?;
        Ok(Node::Index(Box::new(container), Box::new(index)))
    }

    fn list(&mut self, value: Node, negated: bool) -> Result<Node, ExpressionError> {
        self.expect(&Token::Open, "an opening bracket after IN")?;
        Ok(Node::In { value: Box::new(value), negated, list: self.items()? })
    }

    /// Parses expressions separated by commas, and the closing bracket.
    fn items(&mut self) -> Result<Vec<Node>, ExpressionError> {
        let mut items = vec![self.expression(Precedence::Or)?];
        while self.peek() == Some(&Token::Comma) {
            self.skip();
            items.push(self.expression(Precedence::Or)?);
        }
        self.expect(&Token::Close, "a comma or closing bracket")?;
        Ok(items)
    }

    /// Parses `WHEN … THEN …`, at least once, `ELSE …` and `END`. QGIS has no `CASE x WHEN …`.
    fn case(&mut self) -> Result<Node, ExpressionError> {
        let mut branches = Vec::new();
        while branches.is_empty() || self.peek() == Some(&Token::When) {
            self.expect(&Token::When, "WHEN after CASE")?;
            let when = self.expression(Precedence::Or)?;
            self.expect(&Token::Then, "THEN")?;
            branches.push((when, self.expression(Precedence::Or)?));
        }
        let mut otherwise = None;
        if self.peek() == Some(&Token::Else) {
            self.skip();
            otherwise = Some(Box::new(self.expression(Precedence::Or)?));
        }
        self.expect(&Token::End, "END of CASE")?;
        Ok(Node::Case(branches, otherwise))
    }

    fn peek(&mut self) -> Option<&Token> {
        self.tokens.peek().map(|spanned| &spanned.token)
    }

    fn skip(&mut self) {
        self.tokens.next();
    }

    fn expect(&mut self, token: &Token, expected: &'static str) -> Result<(), ExpressionError> {
        match self.tokens.next_if(|spanned| spanned.token == *token) {
            Some(_) => Ok(()),
            None => Err(self.expected(expected)),
        }
    }

    fn at(&mut self) -> usize {
        self.tokens.peek().map_or(self.length, |spanned| spanned.at)
    }

    fn expected(&mut self, expected: &'static str) -> ExpressionError {
        ExpressionError::Expected { expected, at: self.at() }
    }
}
