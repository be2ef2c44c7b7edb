//! Reads filters.

use super::{
    Comparison, Condition, FeatureId, Filter, FilterError, MAX_FILTER_DEPTH, MAX_FILTER_ELEMENTS, Node,
    Relation,
};
use crate::xml::{
    MAX_READ_BYTES,
    gml::{Gml, MAX_POSITIONS},
    names,
    structure::{attribute, check_attributes, children, content, exactly},
    tree::{Element, is_blank},
};

const CONDITION: &str = "one condition or a list of feature ids";

impl Filter {
    /// Reads the value of a `FILTER` parameter: a `Filter` element or a bare condition. Prefixes need not be declared.
    pub fn from_text(text: &str) -> Result<Self, FilterError> {
        Self::from_element(&Element::parse(text.trim().as_bytes(), MAX_READ_BYTES)?)
    }

    /// Reads the value of a `FILTER` parameter with a filter for each type, `(…)(…)`, where `()` is none. A filter without
    /// parentheses is a list of one.
    pub fn list_from_text(text: &str) -> Result<Vec<Option<Self>>, FilterError> {
        let text = text.trim();
        if !text.starts_with('(') {
            return Ok(vec![Some(Self::from_text(text)?)]);
        }
        let inner =
            text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).ok_or(FilterError::List)?;
        let mut filters = Vec::new();
        let mut start = 0;
        // `)(` separates filters before a `<` or the `)` of an empty one. A literal cannot look like that: it escapes `<`.
        for (at, _) in inner.match_indices(")(") {
            let follows = inner.get(at + 2..).unwrap_or_default();
            if follows.is_empty() || follows.starts_with(['<', ')']) {
                filters.push(inner.get(start..at).unwrap_or_default());
                start = at + 2;
            }
        }
        filters.push(inner.get(start..).unwrap_or_default());
        if filters.len() > MAX_FILTER_ELEMENTS {
            return Err(FilterError::List);
        }
        filters
            .into_iter()
            .map(|text| if is_blank(text) { Ok(None) } else { Self::from_text(text).map(Some) })
            .collect()
    }

    /// Reads a `Filter` element, or a bare condition or id.
    pub fn from_element(element: &Element) -> Result<Self, FilterError> {
        let mut reader = Reader::default();
        if element.name != "Filter" {
            return reader.filter(&[element], element);
        }
        check_attributes(element, &[])?;
        reader.filter(&children(element, CONDITION)?.collect::<Vec<_>>(), element)
    }
}

/// What has been counted so far.
#[derive(Default)]
pub(super) struct Reader {
    elements: usize,
    positions: usize,
}

impl Reader {
    fn filter(&mut self, parts: &[&Element], around: &Element) -> Result<Filter, FilterError> {
        let is_id =
            |part: &&Element| matches!(part.name.as_str(), "FeatureId" | "GmlObjectId" | "ResourceId");
        if !parts.is_empty() && parts.iter().all(is_id) {
            let ids = parts.iter().map(|part| self.feature_id(part)).collect::<Result<_, _>>()?;
            return Ok(Filter::Ids(ids));
        }
        let [part] = parts else { return Err(content(around, CONDITION).into()) };
        let mut node = self.condition(part, 1)?;
        if let Node::And(nodes) = &mut node {
            nodes.sort_by_key(|node| !node.is_bbox());
            if nodes.get(1).is_some_and(Node::is_bbox) {
                return Err(FilterError::ManyBoxes);
            }
        }
        Ok(Filter::Condition(Condition(node)))
    }

    pub(super) fn enter(&mut self, depth: usize) -> Result<(), FilterError> {
        self.elements += 1;
        match () {
            () if depth > MAX_FILTER_DEPTH => Err(FilterError::TooDeep),
            () if self.elements > MAX_FILTER_ELEMENTS => Err(FilterError::TooManyElements),
            () => Ok(()),
        }
    }

    fn feature_id(&mut self, element: &Element) -> Result<FeatureId, FilterError> {
        self.enter(1)?;
        let name = match element.name.as_str() {
            "FeatureId" => "fid",
            "GmlObjectId" => "id",
            _ => "rid",
        };
        // `gml:id`, with any prefix.
        if let Some(other) = element.own_attributes().find(|attribute| attribute.name != name) {
            return Err(attribute(element, &other.name).into());
        }
        let [] = exactly(element, "nothing")?;
        element.attribute(name).and_then(feature_id).ok_or(FilterError::FeatureId)
    }

    fn condition(&mut self, element: &Element, depth: usize) -> Result<Node, FilterError> {
        self.enter(depth)?;
        let name = element.name.as_str();
        if let Some(operator) = Comparison::from_element_name(name) {
            check_attributes(element, &["matchCase", "matchAction"])?;
            let [left, right] = self.operands(element, depth)?;
            return Ok(Node::Compare { operator, left, right });
        }
        if let Some(operator) = Relation::from_element_name(name) {
            return self.spatial(element, operator);
        }
        match name {
            "And" => Ok(joined(self.conditions(element, depth)?, Node::And)),
            "Or" => Ok(joined(self.conditions(element, depth)?, Node::Or)),
            "Not" => match <[Node; 1]>::try_from(self.conditions(element, depth)?) {
                Ok([node]) => Ok(Node::Not(Box::new(node))),
                Err(_) => Err(content(element, "one condition").into()),
            },
            "PropertyIsLike" => self.like(element),
            "PropertyIsNull" => {
                check_attributes(element, &[])?;
                let [property] = exactly(element, "PropertyName")?;
                Ok(Node::IsNull { field: self.field(property, element)? })
            }
            "PropertyIsBetween" => self.between(element, depth),
            "Function" => Err(FilterError::Function),
            _ => Err(FilterError::Operator(name.to_owned())),
        }
    }

    fn conditions(&mut self, element: &Element, depth: usize) -> Result<Vec<Node>, FilterError> {
        check_attributes(element, &[])?;
        let parts: Vec<_> = children(element, "conditions")?.collect();
        if parts.is_empty() {
            return Err(content(element, "conditions").into());
        }
        parts.into_iter().map(|part| self.condition(part, depth + 1)).collect()
    }

    /// As in QGIS, the property is the geometry whatever its name. It must still be one name.
    fn spatial(&mut self, element: &Element, operator: Relation) -> Result<Node, FilterError> {
        check_attributes(element, &[])?;
        let expected = "an optional PropertyName, then a geometry";
        let parts: Vec<_> = children(element, expected)?.collect();
        let geometry = match parts.as_slice() {
            [geometry] => *geometry,
            [property, geometry] => {
                self.field(property, element)?;
                *geometry
            }
            _ => return Err(content(element, expected).into()),
        };
        let geometry = Gml::from_element(geometry)
            .map_err(|cause| FilterError::Geometry { element: element.name.clone(), cause })?;
        self.positions += geometry.positions();
        match () {
            () if self.positions > MAX_POSITIONS => Err(FilterError::TooManyPositions),
            () if geometry.is_null_box() => Err(FilterError::NullBox),
            () if operator == Relation::Bbox && !geometry.is_box() => Err(FilterError::NotABox),
            () => Ok(Node::Spatial { operator, geometry }),
        }
    }
}

/// Joins operands by `And` or `Or`, without nesting operators of the same kind. One operand alone is returned as it is.
fn joined(nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    let kind = std::mem::discriminant(&join(Vec::new()));
    let mut flat = Vec::with_capacity(nodes.len());
    for node in nodes {
        let is_same = std::mem::discriminant(&node) == kind;
        match node {
            Node::And(inner) | Node::Or(inner) if is_same => flat.extend(inner),
            node => flat.push(node),
        }
    }
    match <[Node; 1]>::try_from(flat) {
        Ok([node]) => node,
        Err(flat) => join(flat),
    }
}

/// Parses `type.id`. QGIS reads what stands between the first and the second dot, so a second one is refused.
fn feature_id(text: &str) -> Option<FeatureId> {
    let (type_name, id) = text.trim().split_once('.')?;
    let is_id = (1..=128).contains(&id.len())
        && !id
            .chars()
            .any(|character| character.is_control() || matches!(character, '.' | '\'' | '"' | '\\' | ','));
    (names::type_name(type_name) == Some(type_name) && is_id)
        .then(|| FeatureId { type_name: type_name.to_owned(), id: id.to_owned() })
}
