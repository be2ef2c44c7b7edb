//! Reads operands of comparisons: fields, literals, arithmetic, patterns, boundaries.

use super::{
    Arithmetic, FilterError, Node, Operand,
    like::{Pattern, Wildcards},
    read::Reader,
};
use crate::xml::{
    names,
    structure::{attribute, check_attributes, content, exactly},
    tree::{Element, is_blank},
};

impl Reader {
    pub(super) fn operands(&mut self, element: &Element, depth: usize) -> Result<[Operand; 2], FilterError> {
        let [left, right] = exactly(element, "two operands")?;
        let [left, right] =
            [self.operand(left, element, depth + 1)?, self.operand(right, element, depth + 1)?];
        // Beside a property, QGIS reads a literal by the type of the field, elsewhere by its form.
        let is_by_form = ![&left, &right].iter().any(|operand| matches!(operand, Operand::Field(_)));
        if is_by_form {
            [&left, &right].into_iter().try_for_each(check_number)?;
        }
        Ok([left, right])
    }

    fn operand(&mut self, element: &Element, parent: &Element, depth: usize) -> Result<Operand, FilterError> {
        if let Some(operator) = Arithmetic::from_element_name(&element.name) {
            self.enter(depth)?;
            check_attributes(element, &[])?;
            let [left, right] = self.operands(element, depth)?;
            [&left, &right].into_iter().try_for_each(check_number)?;
            return Ok(Operand::Arithmetic { operator, left: Box::new(left), right: Box::new(right) });
        }
        match element.name.as_str() {
            "PropertyName" | "ValueReference" => Ok(Operand::Field(self.field(element, parent)?)),
            "Literal" => Ok(Operand::Literal(self.literal(element)?.to_owned())),
            "Function" => Err(FilterError::Function),
            _ => Err(content(parent, "PropertyName, Literal, Add, Sub, Mul or Div").into()),
        }
    }

    pub(super) fn field(&mut self, element: &Element, parent: &Element) -> Result<String, FilterError> {
        self.enter(1)?;
        check_attributes(element, &[])?;
        let is_property = matches!(element.name.as_str(), "PropertyName" | "ValueReference");
        let name = element.text().filter(|_| is_property).and_then(names::property_name);
        name.map(str::to_owned).ok_or_else(|| FilterError::PropertyName(parent.name.clone()))
    }

    fn literal<'a>(&mut self, element: &'a Element) -> Result<&'a str, FilterError> {
        self.enter(1)?;
        check_attributes(element, &[])?;
        let text = element.text().ok_or_else(|| content(element, "text"))?;
        if !text.is_empty() && is_blank(text) { Err(FilterError::BlankLiteral) } else { Ok(text) }
    }

    pub(super) fn like(&mut self, element: &Element) -> Result<Node, FilterError> {
        check_attributes(element, &["wildCard", "singleChar", "escape", "escapeChar", "matchCase"])?;
        let is_case_sensitive = match element.attribute("matchCase") {
            None | Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(_) => return Err(attribute(element, "matchCase").into()),
        };
        let escape = if element.attribute("escape").is_some() { "escape" } else { "escapeChar" };
        let wildcards = Wildcards {
            any: wildcard(element, "wildCard", Wildcards::QGIS.any)?,
            one: wildcard(element, "singleChar", Wildcards::QGIS.one)?,
            escape: wildcard(element, escape, Wildcards::QGIS.escape)?,
        };
        if !wildcards.are_distinct() {
            return Err(attribute(element, "wildCard").into());
        }
        let [property, literal] = exactly(element, "PropertyName and Literal")?;
        if literal.name != "Literal" {
            return Err(content(element, "PropertyName and Literal").into());
        }
        let field = self.field(property, element)?;
        Ok(Node::Like {
            field,
            pattern: Pattern::parse(self.literal(literal)?, &wildcards)?,
            is_case_sensitive,
        })
    }

    pub(super) fn between(&mut self, element: &Element, depth: usize) -> Result<Node, FilterError> {
        check_attributes(element, &["matchAction"])?;
        let expected = "an operand, LowerBoundary and UpperBoundary";
        let [operand, lower, upper] = exactly(element, expected)?;
        if (lower.name.as_str(), upper.name.as_str()) != ("LowerBoundary", "UpperBoundary") {
            return Err(content(element, expected).into());
        }
        let operand = self.operand(operand, element, depth + 1)?;
        let [lower, upper] = [self.boundary(lower, depth)?, self.boundary(upper, depth)?];
        Ok(Node::Between { operand, lower, upper })
    }

    fn boundary(&mut self, element: &Element, depth: usize) -> Result<Operand, FilterError> {
        self.enter(depth + 1)?;
        check_attributes(element, &[])?;
        let [operand] = exactly(element, "one operand")?;
        let operand = self.operand(operand, element, depth + 2)?;
        check_number(&operand)?;
        Ok(operand)
    }
}

/// Refuses `inf` and `nan`: QGIS reads them as numbers, and writes them into its expression as names of fields.
fn check_number(operand: &Operand) -> Result<(), FilterError> {
    let is_not_finite = matches!(operand, Operand::Literal(text) if {
        let text = text.trim().trim_start_matches(['+', '-']).to_ascii_lowercase();
        matches!(text.as_str(), "inf" | "infinity" | "nan")
    });
    if is_not_finite { Err(FilterError::NotANumber) } else { Ok(()) }
}

/// A wildcard of a pattern: one character that is neither letter, digit nor white space.
fn wildcard(element: &Element, name: &str, default: char) -> Result<char, FilterError> {
    let Some(value) = element.attribute(name) else { return Ok(default) };
    let mut characters = value.chars();
    match (characters.next(), characters.next()) {
        (Some(one), None) if !one.is_alphanumeric() && !one.is_whitespace() && !one.is_control() => Ok(one),
        _ => Err(attribute(element, name).into()),
    }
}
