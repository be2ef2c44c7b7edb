//! Long chains of `field = literal OR …`, which QGIS reads into a tree as deep as they are long, as `IN`.

use super::tree::{Node, Operator};

/// Shorter chains stay as they are written.
const LONG: usize = 100;

/// Gathers alternatives of one field that follow one another in every long OR chain of `node`. `IN` and `OR` agree on NULL, and both compare
/// a field with a number or a text alike.
pub(super) fn gather(node: &mut Node) {
    node.children_mut().into_iter().for_each(gather);
    if let Node::Chain(first, rest) = node
        && rest.len() >= LONG
        && rest.iter().all(|(operator, _)| *operator == Operator::Or)
    {
        let alternatives = std::iter::once(std::mem::replace(&mut **first, Node::Null))
            .chain(std::mem::take(rest).into_iter().map(|(_, alternative)| alternative));
        *node = gathered(alternatives);
    }
}

fn gathered(alternatives: impl Iterator<Item = Node>) -> Node {
    let mut groups: Vec<Group> = Vec::new();
    for alternative in alternatives {
        let next = Group::of(alternative);
        match groups.last_mut() {
            Some(Group::Field(field, values)) => match next {
                Group::Field(other, more) if other == *field => values.extend(more),
                other => groups.push(other),
            },
            _ => groups.push(next),
        }
    }
    let mut nodes = groups.into_iter().map(Group::node);
    let first = nodes.next().unwrap_or(Node::Null);
    nodes.fold(first, |chain, node| Node::joined(chain, Operator::Or, node))
}

enum Group {
    Field(String, Vec<Node>),
    Other(Node),
}

impl Group {
    fn of(node: Node) -> Self {
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

    fn node(self) -> Node {
        match self {
            Self::Field(field, list) => {
                Node::In { value: Box::new(Node::Field(field)), negated: false, list }
            }
            Self::Other(node) => node,
        }
    }
}
