//! Parses conditions: comparisons of a field with literals, joined by `AND`, `OR`, `NOT` and brackets.

use super::{
    SqlFilterError,
    condition::{Comparison, Condition, Value},
    token::{Lexer, Token},
};

/// Maximum number of nested brackets and NOT.
const MAX_NESTING: usize = 30;

/// Maximum number of comparisons of one condition. `SQLite` accepts a tree of depth 1,000, and a chain is as deep as it is
/// long.
const MAX_COMPARISONS: usize = 900;

/// Maximum number of values of one list.
const MAX_LIST: usize = 10_000;

/// Parses one condition, up to its semicolon or the end.
pub(super) fn parse(lexer: &mut Lexer<'_>) -> Result<Condition, SqlFilterError> {
    let mut parser = Parser { lexer, nesting: 0, comparisons: 0 };
    let condition = parser.alternatives()?;
    if parser.lexer.peek()?.is_none() { Ok(condition) } else { Err(parser.expected("AND, OR or the end")) }
}

struct Parser<'a, 'b> {
    lexer: &'a mut Lexer<'b>,
    nesting: usize,
    comparisons: usize,
}

impl Parser<'_, '_> {
    fn alternatives(&mut self) -> Result<Condition, SqlFilterError> {
        let mut conditions = vec![self.conjunction()?];
        while self.eat(&Token::Or)? {
            conditions.push(self.conjunction()?);
        }
        Ok(Condition::any(conditions))
    }

    fn conjunction(&mut self) -> Result<Condition, SqlFilterError> {
        let mut conditions = vec![self.term()?];
        while self.eat(&Token::And)? {
            conditions.push(self.term()?);
        }
        Ok(Condition::all(conditions))
    }

    fn term(&mut self) -> Result<Condition, SqlFilterError> {
        if self.eat(&Token::Not)? {
            return self.nested(|parser| Ok(Condition::Not(Box::new(parser.term()?))));
        }
        if self.eat(&Token::Open)? {
            return self.nested(|parser| {
                let condition = parser.alternatives()?;
                parser.expect(&Token::Close, "a closing bracket")?;
                Ok(condition)
            });
        }
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(SqlFilterError::Long(MAX_COMPARISONS));
        }
        let Some(Token::Field(field)) = self.lexer.take()? else { return Err(self.expected("a field")) };
        self.comparison(field)
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Condition, SqlFilterError>,
    ) -> Result<Condition, SqlFilterError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(SqlFilterError::Nested(MAX_NESTING));
        }
        let condition = read(self)?;
        self.nesting -= 1;
        Ok(condition)
    }

    fn comparison(&mut self, field: String) -> Result<Condition, SqlFilterError> {
        let negated = self.eat(&Token::Not)?;
        match (self.lexer.take()?, negated) {
            (Some(Token::Comparison(comparison)), false) => self.compare(field, comparison),
            (Some(Token::Like), false) => self.compare(field, Comparison::Like),
            (Some(Token::Like), true) => self.compare(field, Comparison::NotLike),
            (Some(Token::ILike), false) => self.compare(field, Comparison::ILike),
            (Some(Token::ILike), true) => self.compare(field, Comparison::NotILike),
            (Some(Token::In), negated) => self.list(field, negated),
            (Some(Token::Between), negated) => self.between(field, negated),
            (Some(Token::Is), false) => {
                let negated = self.eat(&Token::Not)?;
                self.expect(&Token::Null, "NULL")?;
                Ok(Condition::IsNull { field, negated })
            }
            _ => Err(self.expected("a comparison")),
        }
    }

    fn compare(&mut self, field: String, comparison: Comparison) -> Result<Condition, SqlFilterError> {
        Ok(Condition::Compare { field, comparison, value: self.value()? })
    }

    fn list(&mut self, field: String, negated: bool) -> Result<Condition, SqlFilterError> {
        self.expect(&Token::Open, "an opening bracket after IN")?;
        let mut list = vec![self.value()?];
        while self.eat(&Token::Comma)? {
            list.push(self.value()?);
        }
        self.expect(&Token::Close, "a comma or closing bracket")?;
        if list.len() > MAX_LIST {
            return Err(SqlFilterError::Long(MAX_LIST));
        }
        Ok(Condition::In { field, negated, list })
    }

    /// Parses BETWEEN into two comparisons, because QGIS's own check does not know it.
    fn between(&mut self, field: String, negated: bool) -> Result<Condition, SqlFilterError> {
        self.comparisons += 1;
        let lower = self.compare(field.clone(), Comparison::AtLeast)?;
        self.expect(&Token::And, "AND of BETWEEN")?;
        let both = Condition::all(vec![lower, self.compare(field, Comparison::AtMost)?]);
        Ok(if negated { Condition::Not(Box::new(both)) } else { both })
    }

    fn value(&mut self) -> Result<Value, SqlFilterError> {
        match self.lexer.take()? {
            Some(Token::Text(text)) => Ok(Value::Text(text)),
            Some(Token::Number(digits)) => Ok(Value::Number(digits)),
            _ => Err(self.expected("a value")),
        }
    }

    fn eat(&mut self, token: &Token) -> Result<bool, SqlFilterError> {
        let found = self.lexer.peek()? == Some(token);
        if found {
            self.lexer.take()?;
        }
        Ok(found)
    }

    fn expect(&mut self, token: &Token, expected: &'static str) -> Result<(), SqlFilterError> {
        if self.eat(token)? { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> SqlFilterError {
        SqlFilterError::Expected { expected, at: self.lexer.at() }
    }
}
