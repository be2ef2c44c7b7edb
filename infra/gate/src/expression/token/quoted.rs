//! Strings and quoted fields.

use super::{ExpressionError, Lexer, Token};

impl Lexer<'_> {
    /// Reads `'…'`. QGIS unescapes `''` first, then backslashes. For the two backslash escapes that are allowed, reading from
    /// left to right has the same result.
    pub(super) fn text(&mut self) -> Result<Token, ExpressionError> {
        let at = self.at;
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let mut text = String::new();
        while let Some((index, character)) = characters.next() {
            match character {
                '\'' if characters.next_if(|(_, next)| *next == '\'').is_none() => {
                    self.at += index + 1;
                    return Ok(Token::Text(text));
                }
                '\\' => {
                    let escaped = characters.next_if(|(_, next)| matches!(next, '\\' | '\''));
                    text.push(escaped.ok_or(ExpressionError::Escape(at))?.1);
                }
                '\t' | '\r' | '\n' => text.push(character),
                _ if character.is_control() => return Err(ExpressionError::Control(at)),
                _ => text.push(character),
            }
        }
        Err(ExpressionError::Unterminated(at))
    }

    /// Reads `"…"`, with `""` for one `"`.
    pub(super) fn field(&mut self) -> Result<Token, ExpressionError> {
        let at = self.at;
        let mut characters = self.rest().char_indices().skip(1).peekable();
        let mut name = String::new();
        while let Some((index, character)) = characters.next() {
            if character == '"' && characters.next_if(|(_, next)| *next == '"').is_none() {
                self.at += index + 1;
                return Ok(Token::Field(name));
            }
            if character.is_control() {
                return Err(ExpressionError::Control(at));
            }
            name.push(character);
        }
        Err(ExpressionError::Unterminated(at))
    }
}
