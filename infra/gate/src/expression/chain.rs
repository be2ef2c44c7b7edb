//! Rewrites long chains of `field = literal OR …` as `IN`: QGIS's tree is as deep as a chain is long.

use super::tree::{Node, Operator};

/// Operators of a chain that is rewritten.
const MIN_LENGTH: usize = 100;

/// In every long OR chain of `node`, replaces consecutive comparisons of one field by `IN`. `IN` and `OR` treat NULL alike,
/// and both compare a field with a number or a string alike.
pub(super) fn fold_or_chains(node: &mut Node) {
    node.children_mut().into_iter().for_each(fold_or_chains);
    if let Node::Chain(first, rest) = node
        && rest.len() >= MIN_LENGTH
        && rest.iter().all(|(operator, _)| *operator == Operator::Or)
    {
        let alternatives = std::iter::once(std::mem::replace(&mut **first, Node::Null))
            .chain(std::mem::take(rest).into_iter().map(|(_, alternative)| alternative));
        *node = folded(alternatives);
    }
}

fn folded(alternatives: impl Iterator<Item = Node>) -> Node {
    let mut groups: Vec<Group> = Vec::new();
    for alternative in alternatives {
        let next = Group::new(alternative);
        match groups.last_mut() {
            Some(Group::Field(field, values)) => match next {
                Group::Field(other, more) if other == *field => values.extend(more),
                other => groups.push(other),
            },
            _ => groups.push(next),
        }
    }
    let mut nodes = groups.into_iter().map(Group::into_node);
    let first = nodes.next().unwrap_or(Node::Null);
    nodes.fold(first, |chain, node| Node::joined(chain, Operator::Or, node))
}

enum Group {
    Field(String, Vec<Node>),
    Other(Node),
}

impl Group {
    fn new(node: Node) -> Self {
        let is_value = |node: &Node| {
            matches!(node, Node::Text(_) | Node::Negative(_)) && node.is_literal() || node.is_number()
        };
        match node {
            Node::Chain(first, mut rest) => match (*first, rest.as_slice()) {
                (Node::Field(field), [(Operator::Equal, value)]) if is_value(value) => {
                    Self::Field(field, rest.pop().map(|(_, value)| value).into_iter().collect())
                }
                (first, _) => Self::Other(Node::Chain(Box::new(first), rest)),
            },
            Node::In { value, negated: false, list } if list.iter().all(is_value) => match *value {
                Node::Field(field) => Self::Field(field, list),
                value => Self::Other(Node::In { value: Box::new(value), negated: false, list }),
            },
            other => Self::Other(other),
        }
    }

    fn into_node(self) -> Node {
        match self {
            Self::Field(field, list) => {
                Node::In { value: Box::new(Node::Field(field)), negated: false, list }
            }
            Self::Other(node) => node,
        }
    }
}
