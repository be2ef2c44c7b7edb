//! Reads and writes positions.

use super::{GmlError, MAX_POSITIONS};
use crate::xml::{
    structure::{attribute, content},
    tree::Element,
    write::Writer,
};

/// Maximum length of a number in characters. Real clients send up to 26.
const MAX_NUMBER_LENGTH: usize = 40;

/// Positions of one dimension. Numbers keep the client's digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Positions {
    dimension: usize,
    numbers: Vec<String>,
}

impl Positions {
    /// Their number.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() / self.dimension.max(1)
    }

    /// Adds positions, which must have the same dimension.
    pub(super) fn extend(&mut self, others: Self, element: &Element) -> Result<(), GmlError> {
        if others.dimension != self.dimension {
            return Err(dimension(element));
        }
        self.numbers.extend(others.numbers);
        Ok(())
    }

    /// Splits exactly two positions.
    pub(super) fn split(mut self, element: &Element) -> Result<(Self, Self), GmlError> {
        if self.len() != 2 {
            return Err(dimension(element));
        }
        let numbers = self.numbers.split_off(self.dimension);
        Ok((
            Self { dimension: self.dimension, numbers: self.numbers },
            Self { dimension: self.dimension, numbers },
        ))
    }

    /// Whether QGIS reads the first two ordinates as 0.
    pub(super) fn is_near_zero(&self) -> bool {
        self.numbers
            .iter()
            .take(2)
            .all(|number| number.parse::<f64>().is_ok_and(|number| number.abs() < 1e-12))
    }

    /// Writes them as an element of numbers separated by spaces.
    pub(super) fn write(&self, name: &str, out: &mut Writer) {
        out.element(name, &[("srsDimension", &self.dimension.to_string())], |out| {
            out.text(&self.numbers.join(" "));
        });
    }

    /// Reads a `pos` or a corner: one position. Its numbers must be as many as `stated`, if that is given.
    pub(super) fn one(element: &Element, stated: Option<usize>) -> Result<Self, GmlError> {
        let numbers = numbers(element, text(element)?.split_ascii_whitespace())?;
        let found = numbers.len();
        if stated.is_some_and(|stated| stated != found) || !(2..=4).contains(&found) {
            return Err(dimension(element));
        }
        Ok(Self { dimension: found, numbers })
    }

    /// Reads a `posList`, with two numbers a position unless `stated` differs.
    pub(super) fn list(element: &Element, stated: Option<usize>) -> Result<Self, GmlError> {
        let size = stated.unwrap_or(2);
        let numbers = numbers(element, text(element)?.split_ascii_whitespace())?;
        let positions = Self { dimension: size, numbers };
        let is_counted = element.attribute("count").is_none_or(|count| count == positions.len().to_string());
        if !is_counted || !positions.numbers.len().is_multiple_of(size) {
            Err(dimension(element))
        } else {
            Ok(positions)
        }
    }

    /// Reads `coordinates` with its separators. A tuple of one number, which QGIS skips, and another `decimal`, which it
    /// ignores, are refused.
    pub(super) fn tuples(element: &Element) -> Result<Self, GmlError> {
        let separator = |name: &str, default| separator(element, name, default);
        let (decimal, between, after) =
            (separator("decimal", '.')?, separator("cs", ',')?, separator("ts", ' ')?);
        if decimal != '.' || between == after {
            return Err(attribute(element, "cs").into());
        }
        let text = text(element)?;
        let tuples: Box<dyn Iterator<Item = &str>> = if after == ' ' {
            Box::new(text.split_ascii_whitespace())
        } else {
            Box::new(text.split(after).map(str::trim).filter(|tuple| !tuple.is_empty()))
        };
        let mut positions = Self { dimension: 0, numbers: Vec::new() };
        for tuple in tuples {
            let parts: Box<dyn Iterator<Item = &str>> = if between == ' ' {
                Box::new(tuple.split_ascii_whitespace())
            } else {
                Box::new(tuple.split(between).map(str::trim))
            };
            let tuple = numbers(element, parts)?;
            if !(2..=4).contains(&tuple.len()) || ![0, tuple.len()].contains(&positions.dimension) {
                return Err(dimension(element));
            }
            positions.dimension = tuple.len();
            positions.numbers.extend(tuple);
            if positions.len() > MAX_POSITIONS {
                return Err(GmlError::TooMany);
            }
        }
        if positions.dimension == 0 { Err(dimension(element)) } else { Ok(positions) }
    }

    /// Reads a `coord`: its children `X`, `Y` and optionally `Z`.
    pub(super) fn coord(element: &Element) -> Result<Self, GmlError> {
        let names: Vec<_> = element.elements().map(|child| child.name.as_str()).collect();
        if element.has_loose_text() || !matches!(names.as_slice(), ["X", "Y"] | ["X", "Y", "Z"]) {
            return Err(content(element, "X, Y and optionally Z").into());
        }
        let texts: Vec<_> = element.elements().map(text).collect::<Result<_, _>>()?;
        let numbers = numbers(element, texts.into_iter().map(str::trim))?;
        Ok(Self { dimension: numbers.len(), numbers })
    }
}

fn text(element: &Element) -> Result<&str, GmlError> {
    Ok(element.text().ok_or_else(|| content(element, "numbers"))?)
}

fn dimension(element: &Element) -> GmlError {
    GmlError::Dimension(element.name.clone())
}

/// Reads a separator: one character that cannot be part of a number. White space counts as a space.
fn separator(element: &Element, name: &str, default: char) -> Result<char, GmlError> {
    let Some(value) = element.attribute(name) else { return Ok(default) };
    let mut characters = value.chars();
    let (Some(first), None) = (characters.next(), characters.next()) else {
        return Err(attribute(element, name).into());
    };
    if default != '.' && (first.is_ascii_alphanumeric() || matches!(first, '+' | '-' | '.')) {
        return Err(attribute(element, name).into());
    }
    Ok(if first.is_ascii_whitespace() { ' ' } else { first })
}

fn numbers<'a>(element: &Element, parts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, GmlError> {
    let mut numbers = Vec::new();
    for part in parts {
        if numbers.len() == MAX_POSITIONS * 4 {
            return Err(GmlError::TooMany);
        }
        numbers.push(number(part).ok_or_else(|| GmlError::Number(element.name.clone()))?);
    }
    Ok(numbers)
}

/// A finite decimal number without a leading `+`.
fn number(text: &str) -> Option<String> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_decimal = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    let is_finite = text.len() <= MAX_NUMBER_LENGTH && text.parse::<f64>().is_ok_and(f64::is_finite);
    (is_decimal && is_finite).then(|| text.to_owned())
}
