//! The tokens of a condition.

use super::{SqlFilterError, condition::Comparison, quoted};
use crate::lexer::{number_length, space_length};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    And,
    Or,
    Not,
    In,
    Is,
    Null,
    Like,
    ILike,
    Between,
    Open,
    Close,
    Comma,
    Comparison(Comparison),
    /// A field, quoted or not.
    Field(String),
    Text(String),
    Number(String),
}

/// Reads tokens of a condition, up to the semicolon that ends it.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    next: Option<Token>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, next: None }
    }

    /// What follows the semicolon that ends the condition.
    pub(super) fn after_semicolon(&self) -> Option<&'a str> {
        self.rest().strip_prefix(';')
    }

    /// The position at which the last token ends, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns the next token without consuming it; `None` at the end of the condition.
    pub(super) fn peek(&mut self) -> Result<Option<&Token>, SqlFilterError> {
        if self.next.is_none() {
            self.next = self.read()?;
        }
        Ok(self.next.as_ref())
    }

    /// Consumes the next token.
    pub(super) fn take(&mut self) -> Result<Option<Token>, SqlFilterError> {
        self.peek()?;
        Ok(self.next.take())
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn read(&mut self) -> Result<Option<Token>, SqlFilterError> {
        self.at += space_length(self.rest());
        let rest = self.rest();
        match rest.chars().next() {
            None | Some(';') => Ok(None),
            Some('\'') => self.text().map(Some),
            Some('"') => self.field().map(Some),
            Some(first) if first.is_ascii_digit() || matches!(first, '-' | '.') => self.number().map(Some),
            Some(first) if first == '_' || first.is_alphabetic() => Ok(Some(self.word())),
            Some(_) => self.symbol().map(Some),
        }
    }

    fn text(&mut self) -> Result<Token, SqlFilterError> {
        let at = self.at;
        let text = self.quoted('\'')?;
        match quoted::text_refusal(&text) {
            Some(rule) => Err(SqlFilterError::Text { at, rule }),
            None => Ok(Token::Text(text)),
        }
    }

    fn field(&mut self) -> Result<Token, SqlFilterError> {
        let name = self.quoted('"')?;
        if quoted::is_field(&name) { Ok(Token::Field(name)) } else { Err(SqlFilterError::FieldName) }
    }

    /// Reads the text between two quotes, with doubled quotes unescaped.
    fn quoted(&mut self, quote: char) -> Result<String, SqlFilterError> {
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let mut text = String::new();
        while let Some((index, character)) = characters.next() {
            if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
                self.at += index + 1;
                return Ok(text);
            }
            text.push(character);
        }
        Err(SqlFilterError::Unterminated(self.at))
    }

    /// Reads a number with or without a minus sign. One that begins with its point gets a leading zero.
    fn number(&mut self) -> Result<Token, SqlFilterError> {
        let (sign, digits) = self.rest().strip_prefix('-').map_or(("", self.rest()), |digits| ("-", digits));
        let length = number_length(digits).ok_or(SqlFilterError::Number(self.at))?;
        let digits = digits.get(..length).unwrap_or_default();
        self.at += sign.len() + length;
        let zero = if digits.starts_with('.') { "0" } else { "" };
        Ok(Token::Number(format!("{sign}{zero}{digits}")))
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let is_part = |character: char| character == '_' || character.is_alphanumeric();
        let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        self.at += length;
        match word.to_ascii_uppercase().as_str() {
            "AND" => Token::And,
            "OR" => Token::Or,
            "NOT" => Token::Not,
            "IN" => Token::In,
            "IS" => Token::Is,
            "NULL" => Token::Null,
            "LIKE" => Token::Like,
            "ILIKE" => Token::ILike,
            "BETWEEN" => Token::Between,
            _ => Token::Field(word.to_owned()),
        }
    }

    fn symbol(&mut self) -> Result<Token, SqlFilterError> {
        let rest = self.rest();
        let symbol = SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol));
        let (symbol, token) = symbol.ok_or(SqlFilterError::Character(self.at))?;
        self.at += symbol.len();
        Ok(token.clone())
    }
}

/// Symbols, longer ones first.
const SYMBOLS: [(&str, Token); 10] = [
    ("!=", Token::Comparison(Comparison::NotEqual)),
    ("<>", Token::Comparison(Comparison::NotEqual)),
    ("<=", Token::Comparison(Comparison::AtMost)),
    (">=", Token::Comparison(Comparison::AtLeast)),
    ("=", Token::Comparison(Comparison::Equal)),
    ("<", Token::Comparison(Comparison::Less)),
    (">", Token::Comparison(Comparison::Greater)),
    ("(", Token::Open),
    (")", Token::Close),
    (",", Token::Comma),
];
