//! Parses one geometry.

use super::{
    MAX_POINTS, WktError,
    shape::{Content, Dimension, Kind, Part, Shape},
};
use crate::lexer::{number_length, space_length};

/// Maximum number of nested collections. QGIS has no limit.
const MAX_NESTING: usize = 4;

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    points: usize,
}

/// What all positions of one geometry have in common.
struct Rule {
    kind: Kind,
    named: Option<Dimension>,
    found: Option<Dimension>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, points: 0 }
    }

    /// Checks that only white space follows.
    pub(super) fn end(&mut self) -> Result<(), WktError> {
        self.skip_space();
        if self.rest().is_empty() { Ok(()) } else { Err(self.expected("the end")) }
    }

    /// Parses a geometry inside `nesting` collections.
    pub(super) fn shape(&mut self, nesting: usize) -> Result<Shape, WktError> {
        let (kind, named) = self.kind()?;
        if self.eat_word("EMPTY") {
            return Ok(Shape { kind, dimension: None, content: Content::Empty });
        }
        if kind == Kind::Collection {
            return self.collection(named, nesting);
        }
        let mut rule = Rule { kind, named, found: None };
        let part = self.list(kind.brackets(), &mut rule)?;
        Ok(Shape { kind, dimension: rule.found, content: Content::Parts(part) })
    }

    fn kind(&mut self) -> Result<(Kind, Option<Dimension>), WktError> {
        self.skip_space();
        let (at, word) = (self.at, self.word());
        if word.eq_ignore_ascii_case("SRID") {
            return Err(WktError::Srid);
        }
        let (kind, named) = Kind::named(word).ok_or(WktError::Type(at))?;
        if named.is_some() {
            return Ok((kind, named));
        }
        let named = ["ZM", "Z", "M"].into_iter().find(|name| self.eat_word(name));
        Ok((kind, named.and_then(Dimension::named)))
    }

    fn collection(&mut self, named: Option<Dimension>, nesting: usize) -> Result<Shape, WktError> {
        if nesting >= MAX_NESTING {
            return Err(WktError::Nested(MAX_NESTING));
        }
        let (mut members, mut dimension) = (Vec::new(), named);
        self.open()?;
        loop {
            let member = self.shape(nesting + 1)?;
            match (dimension, member.dimension) {
                (Some(one), Some(other)) if one != other => {
                    return Err(WktError::Dimension { expected: one.ordinates(), at: self.at });
                }
                (None, found) => dimension = found,
                _ => {}
            }
            members.push(member);
            if !self.eat_separator()? {
                break;
            }
        }
        // A collection of empty members must not name a dimension: they are written without one.
        let dimension = dimension.filter(|_| members.iter().any(|member| member.dimension.is_some()));
        Ok(Shape { kind: Kind::Collection, dimension, content: Content::Members(members) })
    }

    /// Parses a list with `brackets` levels of brackets, its own included.
    fn list(&mut self, brackets: usize, rule: &mut Rule) -> Result<Part, WktError> {
        let mut items = Vec::new();
        self.open()?;
        loop {
            items.push(self.item(brackets, rule)?);
            if !self.eat_separator()? {
                break;
            }
        }
        let min = if brackets == 1 { rule.kind.min_positions() } else { 1 };
        if items.len() < min {
            return Err(WktError::TooFew { min, at: self.at });
        }
        if items.len() > 1 && (rule.kind == Kind::Point || (rule.kind == Kind::MultiPoint && brackets == 1)) {
            return Err(self.expected("the end of a point"));
        }
        Ok(Part::List(items))
    }

    /// Parses an item of a list with `brackets` levels of brackets. The points of MULTIPOINT may lack theirs.
    fn item(&mut self, brackets: usize, rule: &mut Rule) -> Result<Part, WktError> {
        if brackets > 1 && (rule.kind != Kind::MultiPoint || self.next_is('(')) {
            return self.list(brackets - 1, rule);
        }
        let position = self.position(rule)?;
        Ok(if brackets > 1 { Part::List(vec![position]) } else { position })
    }

    fn position(&mut self, rule: &mut Rule) -> Result<Part, WktError> {
        self.skip_space();
        let (start, mut ordinates, mut written) = (self.at, 0, String::new());
        while !self.next_is(',') && !self.next_is(')') && ordinates < 5 {
            let number = self.number()?;
            if ordinates > 0 {
                written.push(' ');
            }
            written.push_str(number);
            ordinates += 1;
        }
        let dimension = rule.found.or(rule.named).or(Dimension::from_ordinates(ordinates));
        let dimension = dimension.ok_or(WktError::Expected { expected: "a position", at: start })?;
        if dimension.ordinates() != ordinates {
            return Err(WktError::Dimension { expected: dimension.ordinates(), at: start });
        }
        rule.found = Some(dimension);
        self.points += 1;
        if self.points > MAX_POINTS {
            return Err(WktError::TooMany(MAX_POINTS));
        }
        Ok(Part::Position(written))
    }

    fn number(&mut self) -> Result<&'a str, WktError> {
        self.skip_space();
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return Err(self.expected("a number"));
        }
        let length = number_length(digits).ok_or(WktError::Number(self.at))? + rest.len() - digits.len();
        let (number, after) = rest.split_at_checked(length).unwrap_or_default();
        if !after.starts_with([' ', '\t', '\r', '\n', ',', ')']) {
            return Err(self.expected("the end of a number"));
        }
        self.at += length;
        Ok(number)
    }

    fn open(&mut self) -> Result<(), WktError> {
        if self.eat('(') { Ok(()) } else { Err(self.expected("an opening bracket")) }
    }

    /// Consumes a comma (true) or a closing bracket (false).
    fn eat_separator(&mut self) -> Result<bool, WktError> {
        if self.eat(',') {
            return Ok(true);
        }
        if self.eat(')') { Ok(false) } else { Err(self.expected("a comma or closing bracket")) }
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.next_is(wanted);
        self.at += usize::from(found);
        found
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.rest().starts_with(wanted)
    }

    fn eat_word(&mut self, wanted: &str) -> bool {
        self.skip_space();
        let start = self.at;
        let found = self.word().eq_ignore_ascii_case(wanted);
        if !found {
            self.at = start;
        }
        found
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at += space_length(self.rest());
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn expected(&self, expected: &'static str) -> WktError {
        WktError::Expected { expected, at: self.at }
    }
}
