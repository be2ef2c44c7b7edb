//! Names and keywords.

use super::{ExpressionError, Lexer, Token};
use crate::{expression::tree::Operator, lexer::space_length};

impl Lexer<'_> {
    /// Reads a keyword or an unquoted name.
    pub(super) fn word(&mut self) -> Result<Token, ExpressionError> {
        let at = self.at;
        let name = self.name()?;
        match name.to_ascii_lowercase().as_str() {
            "is" => self.second_word(at, Token::Operator(Operator::Is), &AFTER_IS),
            "not" => self.second_word(at, Token::Not, &AFTER_NOT),
            word => match keyword(word) {
                Some(token) => Ok(token),
                None if is_number_to_qgis(word, self.rest()) => Err(ExpressionError::Name(at)),
                None => Ok(Token::Name(name)),
            },
        }
    }

    /// Reads the name after `$` or `@`.
    pub(super) fn prefixed(&mut self) -> Result<String, ExpressionError> {
        let at = self.at;
        self.at += 1;
        if self.rest().starts_with(|first: char| first == '_' || first.is_alphabetic()) {
            return self.name();
        }
        Err(ExpressionError::Character(at))
    }

    /// Reads letters, digits and `_`. To QGIS every non-ASCII byte is part of a name, even a no-break space; a name that has
    /// such characters beside letters and digits is refused.
    fn name(&mut self) -> Result<String, ExpressionError> {
        let rest = self.rest();
        let is_part = |character: char| character == '_' || character.is_alphanumeric();
        let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(length).unwrap_or_default();
        if name.is_empty() || after.starts_with(|next: char| !next.is_ascii()) {
            return Err(ExpressionError::Name(self.at));
        }
        self.at += length;
        Ok(name.to_owned())
    }

    /// Reads `IS NOT`, `NOT LIKE`, …, each one token. QGIS also matches the second word at the beginning of a longer one,
    /// which is refused.
    fn second_word(
        &mut self,
        at: usize,
        alone: Token,
        pairs: &[(&str, Token)],
    ) -> Result<Token, ExpressionError> {
        let space = space_length(self.rest());
        let after = self.rest().get(space..).unwrap_or_default();
        let begins_with =
            |word: &str| after.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let Some((word, token)) = pairs.iter().find(|(word, _)| begins_with(word)) else { return Ok(alone) };
        self.at += space;
        if self.name()?.len() == word.len() { Ok(token.clone()) } else { Err(ExpressionError::Name(at)) }
    }
}

const AFTER_IS: [(&str, Token); 1] = [("not", Token::Operator(Operator::IsNot))];

const AFTER_NOT: [(&str, Token); 3] = [
    ("like", Token::Operator(Operator::NotLike)),
    ("ilike", Token::Operator(Operator::NotILike)),
    ("between", Token::NotBetween),
];

/// The token of `word` if it is a keyword in lower case.
fn keyword(word: &str) -> Option<Token> {
    Some(match word {
        "and" => Token::Operator(Operator::And),
        "or" => Token::Operator(Operator::Or),
        "like" => Token::Operator(Operator::Like),
        "ilike" => Token::Operator(Operator::ILike),
        "in" => Token::In,
        "between" => Token::Between,
        "null" => Token::Null,
        "true" => Token::True,
        "false" => Token::False,
        "case" => Token::Case,
        "when" => Token::When,
        "then" => Token::Then,
        "else" => Token::Else,
        "end" => Token::End,
        _ => return None,
    })
}

/// Whether QGIS reads `word` as a number: it requires no digit before an exponent, as in `e5` and `e-5`.
fn is_number_to_qgis(word: &str, after: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match word.strip_prefix('e') {
        Some("") => after
            .strip_prefix(['-', '+'])
            .is_some_and(|after| after.starts_with(|next: char| next.is_ascii_digit())),
        Some(digits) => is_digits(digits),
        None => false,
    }
}
