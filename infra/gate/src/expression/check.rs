//! Checks the limits on depth and length, and those on the arguments of functions.

use super::{
    ExpressionError, MAX_NESTING,
    bound::Bound,
    functions::Function,
    tree::{Node, Operator},
};

/// Maximum number of operators of one chain. QGIS's tree is as deep as the chain is long, and 20,000 kill its process.
const MAX_CHAIN: usize = 1_000;

/// Maximum number of items of one `IN`.
const MAX_LIST: usize = 10_000;

/// Maximum depth of QGIS's tree, nested chains added up. QGIS 3.22 survived 10,000.
const MAX_DEPTH: usize = 3_000;

/// Maximum number of nested overlays and buffers.
const MAX_OVERLAYS: usize = 3;

/// Checks a whole tree.
pub(super) fn check(node: &Node) -> Result<(), ExpressionError> {
    let depth = Surroundings { nesting: 0, overlays: 0, grows: false }.visit(node)?;
    if depth > MAX_DEPTH { Err(ExpressionError::Long(MAX_CHAIN)) } else { Ok(()) }
}

/// What surrounds a node.
#[derive(Clone, Copy)]
struct Surroundings {
    nesting: usize,
    overlays: usize,
    grows: bool,
}

impl Surroundings {
    /// Checks `node`, and returns the depth of QGIS's tree of it.
    fn visit(mut self, node: &Node) -> Result<usize, ExpressionError> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(ExpressionError::Nested(MAX_NESTING));
        }
        match node {
            Node::Call(function, arguments) => self.enter_call(function, arguments)?,
            Node::Chain(_, rest) => check_chain(rest)?,
            Node::In { list, .. } if list.len() > MAX_LIST => {
                return Err(ExpressionError::Long(MAX_LIST));
            }
            _ => {}
        }
        let mut depth = 0;
        for child in node.children() {
            depth = depth.max(self.visit(child)?);
        }
        Ok(depth + if let Node::Chain(_, rest) = node { rest.len() } else { 1 })
    }

    fn enter_call(&mut self, function: &Function, arguments: &[Node]) -> Result<(), ExpressionError> {
        let is_overlay = matches!(function.bound, Bound::Overlay | Bound::Segments);
        self.overlays += usize::from(is_overlay);
        let grows = function.bound == Bound::Growth;
        let is_within = is_within(function.bound, arguments)
            && (!is_overlay || self.overlays <= MAX_OVERLAYS)
            && !(grows && self.grows);
        self.grows |= grows;
        if is_within {
            return Ok(());
        }
        Err(ExpressionError::Bound { function: function.name, rule: function.bound.rule() })
    }
}

fn check_chain(rest: &[(Operator, Node)]) -> Result<(), ExpressionError> {
    if rest.len() > MAX_CHAIN {
        return Err(ExpressionError::Long(MAX_CHAIN));
    }
    for (operator, pattern) in rest {
        let rule = match operator {
            Operator::Matches if !is_text(pattern, 200) => Bound::Pattern.rule(),
            Operator::Like | Operator::NotLike | Operator::ILike | Operator::NotILike
                if !is_short_pattern(pattern) =>
            {
                "the strings of the pattern may have at most 1,000 characters, and no function may lengthen them"
            }
            _ => continue,
        };
        return Err(ExpressionError::Bound { function: operator.as_str(), rule });
    }
    Ok(())
}

/// For each feature, QGIS compiles a pattern in a time that grows with the square of its number of `%`.
fn is_short_pattern(pattern: &Node) -> bool {
    literal_characters(pattern).is_some_and(|characters| characters <= 1_000)
}

/// The characters of all strings in `node`; `None` if a function may lengthen them.
fn literal_characters(node: &Node) -> Option<usize> {
    match node {
        Node::Text(text) => Some(text.chars().count()),
        Node::Call(function, _)
            if matches!(function.bound, Bound::Growth | Bound::Width | Bound::Delimiter) =>
        {
            None
        }
        _ => node.children().into_iter().map(literal_characters).sum(),
    }
}

fn is_within(bound: Bound, arguments: &[Node]) -> bool {
    match bound {
        // Positions of well-known text and GML are counted when they are parsed.
        Bound::None | Bound::Overlay | Bound::Wkt | Bound::Gml => true,
        Bound::Places => arguments.get(1).is_none_or(|places| match places {
            Node::Negative(places) => is_whole(places, 0, 15),
            places => is_whole(places, 0, 15),
        }),
        Bound::Crs => arguments.iter().skip(1).all(is_reference_system),
        Bound::Segments => {
            arguments.get(2).is_none_or(|segments| is_whole(segments, 1, 32))
                && arguments.iter().skip(3).all(Node::is_literal)
        }
        Bound::Width => arguments.get(1).is_some_and(|width| is_whole(width, 0, 1_000)),
        Bound::Growth => {
            arguments.first().is_some_and(|text| fields(text) <= 1)
                && arguments.iter().skip(1).all(|node| is_text(node, 100) || node.is_number())
        }
        Bound::Pattern => arguments.get(1).is_some_and(|pattern| is_text(pattern, 200)),
        Bound::Quadratic => {
            arguments.iter().all(|node| matches!(node, Node::Field(_)) || is_text(node, 1_000))
        }
        Bound::Literals => arguments.iter().all(is_element),
        Bound::Delimiter => {
            arguments.first().is_some_and(is_element)
                && arguments.iter().skip(1).all(|text| is_text(text, 100))
        }
    }
}

/// A field, a literal, or an array of them.
fn is_element(node: &Node) -> bool {
    match node {
        Node::Call(function, _) => matches!(function.bound, Bound::Literals | Bound::Delimiter),
        Node::Field(_) => true,
        _ => node.is_literal(),
    }
}

/// Whether `node` is a string such as `'EPSG:7855'`: an authority and at most seven digits.
fn is_reference_system(node: &Node) -> bool {
    let Node::Text(text) = node else { return false };
    text.split_once(':').is_some_and(|(authority, code)| {
        ["EPSG", "ESRI", "IGNF", "CRS"].iter().any(|known| known.eq_ignore_ascii_case(authority))
            && (1..=7).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_whole(node: &Node, min: u32, max: u32) -> bool {
    let Node::Integer(digits) = node else { return false };
    digits.parse().is_ok_and(|number| (min..=max).contains(&number))
}

fn is_text(node: &Node, characters: usize) -> bool {
    matches!(node, Node::Text(text) if text.chars().count() <= characters)
}

/// Counts how often fields are named.
fn fields(node: &Node) -> usize {
    usize::from(matches!(node, Node::Field(_))) + node.children().into_iter().map(fields).sum::<usize>()
}
