//! Matches properties with the fields of layers.

use super::{Action, ActionKind, Property, PropertyTarget, ResolvedTransaction, Transaction, Value};
use crate::xml::{body::BodyError, names::is_name};

impl Transaction {
    /// Replaces each property by the field or geometry that `layer_fields` returns for an action, a type and the name of the
    /// property, and refuses a property for which it returns `None`.
    ///
    /// `layer_fields` decides what may be written. It must return `None` for a field that is hidden from WFS, which QGIS would
    /// write.
    pub fn resolve(
        self,
        layer_fields: &dyn Fn(ActionKind, &str, &str) -> Option<PropertyTarget>,
    ) -> Result<ResolvedTransaction, BodyError> {
        let actions = self
            .actions
            .into_iter()
            .map(|action| resolve_action(action, layer_fields))
            .collect::<Result<_, _>>()?;
        Ok(ResolvedTransaction { version: self.version, actions })
    }
}

fn resolve_action(
    action: Action<String>,
    layer_fields: &dyn Fn(ActionKind, &str, &str) -> Option<PropertyTarget>,
) -> Result<Action<PropertyTarget>, BodyError> {
    match action {
        Action::Insert { type_name, properties } => {
            let properties = resolve_properties("Insert", properties, |name| {
                layer_fields(ActionKind::Insert, &type_name, name)
            })?;
            Ok(Action::Insert { type_name, properties })
        }
        Action::Update { type_name, properties, mut filter } => {
            let properties = resolve_properties("Update", properties, |name| {
                layer_fields(ActionKind::Update, &type_name, name)
            })?;
            filter
                .resolve_fields(&|name| match layer_fields(ActionKind::Update, &type_name, name) {
                    Some(PropertyTarget::Field(field)) => Some(field),
                    Some(PropertyTarget::Geometry) | None => None,
                })
                .map_err(|cause| BodyError::Filter { element: "Update".to_owned(), cause })?;
            Ok(Action::Update { type_name, properties, filter })
        }
        Action::Delete { type_name, filter } => Ok(Action::Delete { type_name, filter }),
    }
}

fn resolve_properties(
    element: &'static str,
    properties: Vec<Property<String>>,
    target: impl Fn(&str) -> Option<PropertyTarget>,
) -> Result<Vec<Property<PropertyTarget>>, BodyError> {
    let mut resolved: Vec<Property<PropertyTarget>> = Vec::with_capacity(properties.len());
    for (at, property) in properties.into_iter().enumerate() {
        let number = at + 1;
        let name = target(&property.name).ok_or(BodyError::UnknownField { element, number })?;
        check_readable(element, number, &name)?;
        check_value(element, number, &name, &property.value)?;
        if resolved.iter().any(|before| before.name == name) {
            return Err(BodyError::DuplicateProperty { element, number });
        }
        resolved.push(Property { name, value: property.value });
    }
    Ok(resolved)
}

/// Refuses fields that QGIS misreads: `geometry` is the geometry to it, and in an Insert it skips `boundedBy` and finds only
/// fields whose names are valid names of elements.
fn check_readable(element: &'static str, number: usize, target: &PropertyTarget) -> Result<(), BodyError> {
    let PropertyTarget::Field(field) = target else { return Ok(()) };
    let is_insert = element == "Insert";
    if field == "geometry" || (is_insert && field == "boundedBy") {
        let instead = "write it by OGC API Features";
        return Err(BodyError::UnreadableField { element, number, instead });
    }
    if is_insert && !is_name(field) {
        let instead = "leave it out and set it by an Update later, or insert by OGC API Features";
        return Err(BodyError::UnreadableField { element, number, instead });
    }
    Ok(())
}

fn check_value(
    element: &'static str,
    number: usize,
    target: &PropertyTarget,
    value: &Value,
) -> Result<(), BodyError> {
    match (target, value) {
        (PropertyTarget::Field(_), Value::Text(_) | Value::Null) => Ok(()),
        (PropertyTarget::Geometry, Value::Geometry(geometry)) if !geometry.is_box() => Ok(()),
        (PropertyTarget::Field(_), Value::Geometry(_)) => {
            Err(BodyError::Value { element, number, expected: "a text" })
        }
        (PropertyTarget::Geometry, _) => {
            let expected = "a geometry that is neither a box nor empty; QGIS Server cannot remove a geometry";
            Err(BodyError::Value { element, number, expected })
        }
    }
}
