//! The grammar of a condition: comparisons of one field with literals, joined by `AND`, `OR`, `NOT` and brackets.

use super::{
    SqlFilterError,
    condition::{Comparison, Condition, Value},
    token::{Lexer, Token},
};

/// Brackets and NOT within each other.
const MAX_NESTING: usize = 30;

/// Comparisons of one condition: `SQLite` takes a tree of 1,000, and a chain is as deep as it is long.
const MAX_COMPARISONS: usize = 900;

/// Values of one list.
const MAX_LIST: usize = 10_000;

/// Reads one condition, up to its semicolon or the end.
pub(super) fn parse(lexer: &mut Lexer<'_>) -> Result<Condition, SqlFilterError> {
    let mut parser = Parser { lexer, nesting: 0, comparisons: 0 };
    let condition = parser.any()?;
    if parser.lexer.peek()?.is_none() { Ok(condition) } else { Err(parser.expected("AND, OR or end")) }
}

struct Parser<'a, 'b> {
    lexer: &'a mut Lexer<'b>,
    nesting: usize,
    comparisons: usize,
}

impl Parser<'_, '_> {
    fn any(&mut self) -> Result<Condition, SqlFilterError> {
        let mut conditions = vec![self.all()?];
        while self.takes(&Token::Or)? {
            conditions.push(self.all()?);
        }
        Ok(Condition::any(conditions))
    }

    fn all(&mut self) -> Result<Condition, SqlFilterError> {
        let mut conditions = vec![self.one()?];
        while self.takes(&Token::And)? {
            conditions.push(self.one()?);
        }
        Ok(Condition::all(conditions))
    }

    fn one(&mut self) -> Result<Condition, SqlFilterError> {
        if self.takes(&Token::Not)? {
            return self.nested(|parser| Ok(Condition::Not(Box::new(parser.one()?))));
        }
        if self.takes(&Token::Open)? {
            return self.nested(|parser| {
                let condition = parser.any()?;
                parser.expect(&Token::Close, "closing bracket")?;
                Ok(condition)
            });
        }
        self.comparisons += 1;
        if self.comparisons > MAX_COMPARISONS {
            return Err(SqlFilterError::Long { allowed: MAX_COMPARISONS });
        }
        let Some(Token::Field(field)) = self.lexer.take()? else { return Err(self.expected("field")) };
        self.comparison(field)
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Condition, SqlFilterError>,
    ) -> Result<Condition, SqlFilterError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(SqlFilterError::Nested { allowed: MAX_NESTING });
        }
        let condition = read(self)?;
        self.nesting -= 1;
        Ok(condition)
    }

    fn comparison(&mut self, field: String) -> Result<Condition, SqlFilterError> {
        let negated = self.takes(&Token::Not)?;
        match (self.lexer.take()?, negated) {
            (Some(Token::Comparison(comparison)), false) => self.compare(field, comparison),
            (Some(Token::Like), false) => self.compare(field, Comparison::Like),
            (Some(Token::Like), true) => self.compare(field, Comparison::NotLike),
            (Some(Token::ILike), false) => self.compare(field, Comparison::ILike),
            (Some(Token::ILike), true) => self.compare(field, Comparison::NotILike),
            (Some(Token::In), negated) => self.list(field, negated),
            (Some(Token::Between), negated) => self.between(field, negated),
            (Some(Token::Is), false) => {
                let negated = self.takes(&Token::Not)?;
                self.expect(&Token::Null, "NULL")?;
                Ok(Condition::IsNull { field, negated })
            }
            _ => Err(self.expected("comparison")),
        }
    }

    fn compare(&mut self, field: String, comparison: Comparison) -> Result<Condition, SqlFilterError> {
        Ok(Condition::Compare { field, comparison, value: self.value()? })
    }

    fn list(&mut self, field: String, negated: bool) -> Result<Condition, SqlFilterError> {
        self.expect(&Token::Open, "opening bracket after IN")?;
        let mut list = vec![self.value()?];
        while self.takes(&Token::Comma)? {
            list.push(self.value()?);
        }
        self.expect(&Token::Close, "comma or closing bracket")?;
        if list.len() > MAX_LIST {
            return Err(SqlFilterError::Long { allowed: MAX_LIST });
        }
        Ok(Condition::In { field, negated, list })
    }

    /// QGIS's check knows no BETWEEN: two comparisons say the same.
    fn between(&mut self, field: String, negated: bool) -> Result<Condition, SqlFilterError> {
        self.comparisons += 1;
        let least = self.compare(field.clone(), Comparison::AtLeast)?;
        self.expect(&Token::And, "AND of BETWEEN")?;
        let both = Condition::all(vec![least, self.compare(field, Comparison::AtMost)?]);
        Ok(if negated { Condition::Not(Box::new(both)) } else { both })
    }

    fn value(&mut self) -> Result<Value, SqlFilterError> {
        match self.lexer.take()? {
            Some(Token::Text(text)) => Ok(Value::Text(text)),
            Some(Token::Number(digits)) => Ok(Value::Number(digits)),
            _ => Err(self.expected("value")),
        }
    }

    fn takes(&mut self, token: &Token) -> Result<bool, SqlFilterError> {
        let found = self.lexer.peek()? == Some(token);
        if found {
            self.lexer.take()?;
        }
        Ok(found)
    }

    fn expect(&mut self, token: &Token, expected: &'static str) -> Result<(), SqlFilterError> {
        if self.takes(token)? { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> SqlFilterError {
        SqlFilterError::Expected { expected, at: self.lexer.at() }
    }
}
