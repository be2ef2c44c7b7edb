//! The syntax tree of an expression.

use super::functions::Function;

/// An expression as QGIS parses it. A run of operators of one precedence, such as `a OR b OR c`, is one [`Node::Chain`]; in
/// QGIS's own tree it is as deep as it is long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Boolean(bool),
    /// Digits as the client wrote them.
    Integer(String),
    /// A number with a point or an exponent, as the client wrote it.
    Real(String),
    Text(String),
    Field(String),
    Not(Box<Node>),
    Negative(Box<Node>),
    /// Left-associative operators of one [`Precedence`].
    Chain(Box<Node>, Vec<(Operator, Node)>),
    /// Right-associative.
    Power(Box<Node>, Box<Node>),
    In {
        value: Box<Node>,
        negated: bool,
        list: Vec<Node>,
    },
    Call(&'static Function, Vec<Node>),
    Case(Vec<(Node, Node)>, Option<Box<Node>>),
    Index(Box<Node>, Box<Node>),
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Matches,
    Like,
    NotLike,
    ILike,
    NotILike,
    Is,
    IsNot,
    Plus,
    Minus,
    Times,
    Divide,
    WholeDivide,
    Remainder,
    Power,
    Concat,
}

/// The precedence of operators, weakest first: that of `qgsexpressionparser.yy`, each pair tried on 3.22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Or,
    And,
    /// Also that of `NOT IN`.
    Not,
    Comparison,
    Sum,
    Product,
    Power,
    Concat,
    Sign,
}

impl Operator {
    pub(super) fn precedence(self) -> Precedence {
        match self {
            Self::Or => Precedence::Or,
            Self::And => Precedence::And,
            Self::Plus | Self::Minus => Precedence::Sum,
            Self::Times | Self::Divide | Self::WholeDivide | Self::Remainder => Precedence::Product,
            Self::Power => Precedence::Power,
            Self::Concat => Precedence::Concat,
            _ => Precedence::Comparison,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Matches => "~",
            Self::Like => "LIKE",
            Self::NotLike => "NOT LIKE",
            Self::ILike => "ILIKE",
            Self::NotILike => "NOT ILIKE",
            Self::Is => "IS",
            Self::IsNot => "IS NOT",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::WholeDivide => "//",
            Self::Remainder => "%",
            Self::Power => "^",
            Self::Concat => "||",
        }
    }
}

impl Node {
    /// `left operator right`. Extends a chain of the same precedence.
    pub(super) fn joined(left: Self, operator: Operator, right: Self) -> Self {
        if operator == Operator::Power {
            return Self::Power(Box::new(left), Box::new(right));
        }
        match left {
            Self::Chain(first, mut rest)
                if rest.iter().all(|(one, _)| one.precedence() == operator.precedence()) =>
            {
                rest.push((operator, right));
                Self::Chain(first, rest)
            }
            _ => Self::Chain(Box::new(left), vec![(operator, right)]),
        }
    }

    /// The precedence of a chain.
    pub(super) fn precedence(&self) -> Option<Precedence> {
        match self {
            Self::Chain(_, rest) => rest.first().map(|(operator, _)| operator.precedence()),
            _ => None,
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Real(_))
    }

    /// Whether it is a number with or without a minus sign, a string, TRUE, FALSE or NULL.
    pub(super) fn is_literal(&self) -> bool {
        match self {
            Self::Negative(number) => number.is_number(),
            Self::Null | Self::Boolean(_) | Self::Text(_) => true,
            _ => self.is_number(),
        }
    }

    /// The direct children.
    pub(super) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Not(one) | Self::Negative(one) => vec![one],
            Self::Power(one, two) | Self::Index(one, two) => vec![one, two],
            Self::Chain(first, rest) => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, node)| node)).collect()
            }
            Self::In { value, list, .. } => std::iter::once(&**value).chain(list).collect(),
            Self::Call(_, arguments) => arguments.iter().collect(),
            Self::Case(branches, otherwise) => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain(otherwise.as_deref()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The direct children, mutable.
    pub(super) fn children_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Not(one) | Self::Negative(one) => vec![one],
            Self::Power(one, two) | Self::Index(one, two) => vec![one, two],
            Self::Chain(first, rest) => {
                std::iter::once(&mut **first).chain(rest.iter_mut().map(|(_, node)| node)).collect()
            }
            Self::In { value, list, .. } => std::iter::once(&mut **value).chain(list).collect(),
            Self::Call(_, arguments) => arguments.iter_mut().collect(),
            Self::Case(branches, otherwise) => branches
                .iter_mut()
                .flat_map(|(when, then)| [when, then])
                .chain(otherwise.as_deref_mut())
                .collect(),
            _ => Vec::new(),
        }
    }
}
