//! Tokens, as the lexer of QGIS 3.22 reads them: longest match, keywords in any case.
//!
//! Text that this lexer reads in a surprising way is refused. Tried on 3.22: `a IS nothing` is `a IS NOT hing`, an unquoted
//! `e5` or `e-5` is a number, a no-break space is part of a name.

use super::{ExpressionError, tree::Operator};
use crate::lexer::{number_length, space_length};

mod quoted;
mod word;

/// A token and the byte at which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spanned {
    pub(super) at: usize,
    pub(super) token: Token,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Null,
    True,
    False,
    Not,
    In,
    Between,
    NotBetween,
    Case,
    When,
    Then,
    Else,
    End,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Operator(Operator),
    /// An unquoted field, or the name of a function.
    Name(String),
    /// A quoted field.
    Field(String),
    Text(String),
    Integer(String),
    Real(String),
    /// `$name`, without the `$`.
    Dollar(String),
    /// `@name`, without the `@`.
    Variable(String),
}

/// Splits `text` into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Spanned>, ExpressionError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    while let Some(spanned) = lexer.next()? {
        tokens.push(spanned);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Spanned>, ExpressionError> {
        self.at += space_length(self.rest());
        let at = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let token = match first {
            '\'' => self.text()?,
            '"' => self.field()?,
            '$' => Token::Dollar(self.prefixed()?),
            '@' => Token::Variable(self.prefixed()?),
            '0'..='9' | '.' => self.number()?,
            _ if first == '_' || first.is_ascii_alphabetic() || !first.is_ascii() => self.word()?,
            _ => self.symbol()?,
        };
        Ok(Some(Spanned { at, token }))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn number(&mut self) -> Result<Token, ExpressionError> {
        let length = number_length(self.rest()).ok_or(ExpressionError::Number(self.at))?;
        let number = self.rest().get(..length).unwrap_or_default().to_owned();
        self.at += length;
        let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
        Ok(if is_whole { Token::Integer(number) } else { Token::Real(number) })
    }

    fn symbol(&mut self) -> Result<Token, ExpressionError> {
        let (at, rest) = (self.at, self.rest());
        if rest.starts_with("--") || rest.starts_with("/*") {
            return Err(ExpressionError::Comment(at));
        }
        if rest.starts_with(":=") {
            return Err(ExpressionError::NamedArgument(at));
        }
        let (symbol, token) = SYMBOLS
            .iter()
            .find(|(symbol, _)| rest.starts_with(symbol))
            .ok_or(ExpressionError::Character(at))?;
        self.at += symbol.len();
        Ok(token.clone())
    }
}

/// Symbols, longer ones first.
const SYMBOLS: [(&str, Token); 21] = [
    ("!=", Token::Operator(Operator::NotEqual)),
    ("<>", Token::Operator(Operator::NotEqual)),
    ("<=", Token::Operator(Operator::AtMost)),
    (">=", Token::Operator(Operator::AtLeast)),
    ("||", Token::Operator(Operator::Concat)),
    ("//", Token::Operator(Operator::WholeDivide)),
    ("=", Token::Operator(Operator::Equal)),
    ("<", Token::Operator(Operator::Less)),
    (">", Token::Operator(Operator::Greater)),
    ("~", Token::Operator(Operator::Matches)),
    ("+", Token::Operator(Operator::Plus)),
    ("-", Token::Operator(Operator::Minus)),
    ("*", Token::Operator(Operator::Times)),
    ("/", Token::Operator(Operator::Divide)),
    ("%", Token::Operator(Operator::Remainder)),
    ("^", Token::Operator(Operator::Power)),
    ("(", Token::Open),
    (")", Token::Close),
    ("[", Token::OpenIndex),
    ("]", Token::CloseIndex),
    (",", Token::Comma),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn lex(text: &str) -> Vec<Token> {
        tokens(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .into_iter()
            .map(|spanned| spanned.token)
            .collect()
    }

    fn text(value: &str) -> Vec<Token> {
        vec![Token::Text(value.to_owned())]
    }

    #[test]
    fn strings_are_read_as_qgis_reads_them() {
        assert_eq!(lex("'it''s'"), text("it's"));
        assert_eq!(lex(r"'a\'b'"), text("a'b"));
        assert_eq!(lex(r"'a\\'"), text(r"a\"));
        assert_eq!(lex(r"'\\'''"), text(r"\'"));
        assert_eq!(lex("''"), text(""));
        assert_eq!(lex("'a\nb'"), text("a\nb"));
        assert_eq!(lex("'a--b/*'"), text("a--b/*"));
    }

    #[test]
    fn refuses_strings_that_versions_read_differently() {
        for wrong in
            [r"'a\'", r"'\x'", r"'\n'", "'\\\n'", "'", "'a", r"'\", "'a\0'", "'a\u{7f}'", "'a\u{85}'"]
        {
            assert!(tokens(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn quoted_fields_hold_anything_but_control_characters() {
        assert_eq!(lex(r#""a""b""#), [Token::Field("a\"b".to_owned())]);
        assert_eq!(lex(r#""Area m²""#), [Token::Field("Area m²".to_owned())]);
        assert!(tokens("\"a\nb\"").is_err());
        assert!(tokens("\"a").is_err());
    }

    #[test]
    fn reads_unquoted_names_of_other_alphabets_but_no_spaces() {
        assert_eq!(lex("población"), [Token::Name("población".to_owned())]);
        for wrong in ["num\u{a0}", "\u{a0}", "a\u{2003}b", "e\u{301}x", "\u{200b}", "a²\u{ad}"] {
            assert!(matches!(tokens(wrong), Err(ExpressionError::Name { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn refuses_keywords_that_run_into_a_name() {
        assert_eq!(lex("IS\r\n\tnot"), [Token::Operator(Operator::IsNot)]);
        assert_eq!(lex("not like"), [Token::Operator(Operator::NotLike)]);
        for wrong in ["a is nothing", "a IS NOT_x", "not likely", "NOT ilike2", "not betweens"] {
            assert!(matches!(tokens(wrong), Err(ExpressionError::Name { .. })), "{wrong}");
        }
        assert_eq!(lex("isnot"), [Token::Name("isnot".to_owned())]);
        assert_eq!(lex("is \"nothing\"").len(), 2);
    }

    #[test]
    fn refuses_unquoted_names_that_qgis_reads_as_numbers() {
        for wrong in ["e5", "E12", "e-5", "e+5"] {
            assert!(matches!(tokens(wrong), Err(ExpressionError::Name { .. })), "{wrong}");
        }
        for right in ["e", "e5x", "xe5", "e - 5", "\"e5\"", "_e5"] {
            assert!(tokens(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn numbers_are_those_of_qgis() {
        for whole in ["0", "007", "2147483648", "99999999999999999999"] {
            assert_eq!(lex(whole), [Token::Integer(whole.to_owned())]);
        }
        for real in ["1.5", ".5", "1e5", "1.5E-3", "1e+5"] {
            assert_eq!(lex(real), [Token::Real(real.to_owned())]);
        }
        for wrong in ["5.", "1e", "1e+", "1.5.5", "1..5", "1a", "1_000", "0x10", "1e999", ".", "1and", "1é"]
        {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
        assert!(tokens(&"1".repeat(40)).is_ok());
        assert!(tokens(&"1".repeat(41)).is_err());
    }

    #[test]
    fn refuses_comments_and_unknown_symbols() {
        for wrong in ["1--1", "-- x", "/* x */", "/*", "/*'*/ a=1 or '"] {
            assert!(matches!(tokens(wrong), Err(ExpressionError::Comment { .. })), "{wrong}");
        }
        for wrong in [
            "a;b", "{", "#", "&", "`", "?", ":", "!", "|", "\0", "\u{b}", "\u{c}", "\u{1b}", "\\", "$", "@",
            "$1",
        ] {
            assert!(tokens(wrong).is_err(), "{wrong:?}");
        }
        assert!(matches!(tokens("x := 1"), Err(ExpressionError::NamedArgument { .. })));
    }
}
