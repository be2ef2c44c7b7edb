//! Conditions, and how they are written.

use std::fmt::{self, Formatter};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// At least two, none of which is a [`Condition::Or`].
    Or(Vec<Condition>),
    /// At least two, none of which is a [`Condition::And`].
    And(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        field: String,
        comparison: Comparison,
        value: Value,
    },
    In {
        field: String,
        negated: bool,
        list: Vec<Value>,
    },
    IsNull {
        field: String,
        negated: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Like,
    NotLike,
    ILike,
    NotILike,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The client's digits, with or without a sign.
    Number(String),
    Text(String),
}

impl Condition {
    /// The conjunction of `conditions`, at least one.
    pub(super) fn all(conditions: Vec<Self>) -> Self {
        Self::join(conditions, Self::And, |condition| match condition {
            Self::And(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// The disjunction of `conditions`, at least one.
    pub(super) fn any(conditions: Vec<Self>) -> Self {
        Self::join(conditions, Self::Or, |condition| match condition {
            Self::Or(inner) => Ok(inner),
            other => Err(other),
        })
    }

    fn join(
        conditions: Vec<Self>,
        together: fn(Vec<Self>) -> Self,
        inner: fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Self {
        let mut flat: Vec<_> = conditions
            .into_iter()
            .flat_map(|condition| inner(condition).unwrap_or_else(|one| vec![one]))
            .collect();
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            Some(last) => {
                flat.push(last);
                together(flat)
            }
            None => together(flat),
        }
    }

    pub(super) fn fields_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Or(conditions) | Self::And(conditions) => {
                conditions.iter_mut().flat_map(Self::fields_mut).collect()
            }
            Self::Not(condition) => condition.fields_mut(),
            Self::Compare { field, .. } | Self::In { field, .. } | Self::IsNull { field, .. } => vec![field],
        }
    }

    fn write_operand(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { .. } | Self::In { .. } | Self::IsNull { .. } => write!(out, "{self}"),
            Self::Or(_) | Self::And(_) | Self::Not(_) => write!(out, "( {self} )"),
        }
    }
}

/// Writes one space between all tokens: QGIS refuses a condition whose tokens touch.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Or(conditions) => chain(conditions, " OR ", out),
            Self::And(conditions) => chain(conditions, " AND ", out),
            Self::Not(condition) => {
                out.write_str("NOT ")?;
                condition.write_operand(out)
            }
            Self::Compare { field, comparison, value } => {
                write!(out, "\"{field}\" {} {value}", comparison.as_str())
            }
            Self::In { field, negated, list } => {
                write!(out, "\"{field}\" {}IN ( ", if *negated { "NOT " } else { "" })?;
                for (index, value) in list.iter().enumerate() {
                    write!(out, "{}{value}", if index > 0 { " , " } else { "" })?;
                }
                out.write_str(" )")
            }
            Self::IsNull { field, negated } => {
                write!(out, "\"{field}\" IS {}NULL", if *negated { "NOT " } else { "" })
            }
        }
    }
}

fn chain(conditions: &[Condition], operator: &str, out: &mut Formatter<'_>) -> fmt::Result {
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            out.write_str(operator)?;
        }
        condition.write_operand(out)?;
    }
    Ok(())
}

impl Comparison {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Like => "LIKE",
            Self::NotLike => "NOT LIKE",
            Self::ILike => "ILIKE",
            Self::NotILike => "NOT ILIKE",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(digits) => out.write_str(digits),
            Self::Text(text) => write!(out, "'{}'", text.replace('\'', "''")),
        }
    }
}
