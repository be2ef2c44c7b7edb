//! Reads transactions.

use super::{
    Action, MAX_ACTIONS, MAX_FEATURES, MAX_PROPERTIES, MAX_VALUE_BYTES, Property, Transaction, Value, Version,
};
use crate::xml::{
    body::{BodyError, check_root, property_name, read_filter, type_name},
    filter::Filter,
    gml::Gml,
    structure::{attribute, check_attributes, children, content},
    tree::{Element, is_blank},
    write::Writer,
};

impl Transaction {
    /// Parses the root element of a body.
    pub fn from_element(root: &Element) -> Result<Self, BodyError> {
        check_root(root, "Transaction", &[])?;
        let version = match root.attribute("version") {
            Some("1.0.0") => Version::V1_0_0,
            None | Some("1.1.0") => Version::V1_1_0,
            Some(_) => return Err(BodyError::TransactionVersion),
        };
        let mut reader = Reader::default();
        for (number, action) in children(root, ACTIONS)?.enumerate() {
            if number == MAX_ACTIONS {
                return Err(BodyError::TooMany { what: "actions", max: MAX_ACTIONS });
            }
            match action.name.as_str() {
                "Insert" => reader.insert(action)?,
                "Update" => reader.update(action)?,
                "Delete" => reader.delete(action)?,
                element => return Err(BodyError::Element { element: element.to_owned(), expected: ACTIONS }),
            }
        }
        if reader.actions.is_empty() {
            return Err(content(root, ACTIONS).into());
        }
        Ok(Self { version, actions: reader.actions })
    }
}

const ACTIONS: &str = "Insert, Update or Delete";

/// The actions found so far, and what has been counted.
#[derive(Default)]
struct Reader {
    actions: Vec<Action<String>>,
    features: usize,
    value_bytes: usize,
}

impl Reader {
    fn insert(&mut self, element: &Element) -> Result<(), BodyError> {
        check_attributes(element, &["handle", "idgen"])?;
        if element.attribute("idgen").is_some_and(|idgen| idgen != "GenerateNew") {
            return Err(attribute(element, "idgen").into());
        }
        let expected = "features";
        let before = self.features;
        for feature in children(element, expected)? {
            self.features += 1;
            if self.features > MAX_FEATURES {
                return Err(BodyError::TooMany { what: "new features", max: MAX_FEATURES });
            }
            // QGIS ignores ids of new features, which come from the data source.
            if let Some(other) =
                feature.own_attributes().find(|own| !matches!(own.name.as_str(), "fid" | "id"))
            {
                return Err(attribute(feature, &other.name).into());
            }
            let mut properties = Vec::new();
            for property in children(feature, "properties")? {
                check_attributes(property, &[])?;
                properties.push(Property { name: property.name.clone(), value: self.value(property)? });
            }
            check_number(&properties)?;
            self.actions.push(Action::Insert { type_name: feature.name.clone(), properties });
        }
        if self.features == before { Err(content(element, expected).into()) } else { Ok(()) }
    }

    fn update(&mut self, element: &Element) -> Result<(), BodyError> {
        check_attributes(element, &["typeName", "handle"])?;
        let type_name = type_name(element, &["typeName"])?;
        let expected = "one or more Property, then one Filter";
        let mut properties = Vec::new();
        let mut filter = None;
        for child in children(element, expected)? {
            match child.name.as_str() {
                "Property" => properties.push(self.property(child)?),
                "Filter" if filter.is_none() => filter = Some(read_filter(child, element, &type_name)?),
                _ => return Err(content(element, expected).into()),
            }
        }
        let filter = filter.ok_or_else(|| BodyError::NoFilter(element.name.clone()))?;
        if properties.is_empty() {
            return Err(content(element, expected).into());
        }
        check_number(&properties)?;
        self.actions.push(Action::Update { type_name, properties, filter });
        Ok(())
    }

    fn delete(&mut self, element: &Element) -> Result<(), BodyError> {
        check_attributes(element, &["typeName", "handle"])?;
        let type_name = type_name(element, &["typeName"])?;
        let parts: Vec<_> = children(element, "one Filter")?.collect();
        let filter = match parts.as_slice() {
            [] => return Err(BodyError::NoFilter(element.name.clone())),
            [filter] if filter.name == "Filter" => read_filter(filter, element, &type_name)?,
            _ => return Err(content(element, "one Filter").into()),
        };
        if matches!(filter, Filter::Condition(_)) {
            return Err(BodyError::DeleteWithoutIds);
        }
        self.actions.push(Action::Delete { type_name, filter });
        Ok(())
    }

    /// Reads a property of an Update. Without a value it is set to NULL.
    fn property(&mut self, element: &Element) -> Result<Property<String>, BodyError> {
        check_attributes(element, &[])?;
        let expected = "Name and optionally Value";
        let parts: Vec<_> = children(element, expected)?.collect();
        let (name, value) = match parts.as_slice() {
            [name] => (*name, Value::Null),
            [name, value] if value.name == "Value" => {
                check_attributes(value, &[])?;
                (*name, self.value(value)?)
            }
            _ => return Err(content(element, expected).into()),
        };
        if name.name == "Name" {
            Ok(Property { name: property_name(name)?, value })
        } else {
            // QGIS ignores `ValueReference`, and reports the Update as done.
            Err(BodyError::Element { element: name.name.clone(), expected: "Name (WFS 1.0.0 and 1.1.0)" })
        }
    }

    /// Reads a text or a geometry. Text of white space is stored by QGIS as the empty string, and is read as that.
    fn value(&mut self, element: &Element) -> Result<Value, BodyError> {
        let expected = "a text or one geometry";
        let value = if let Some(text) = element.text() {
            Value::Text(if is_blank(text) { String::new() } else { text.to_owned() })
        } else {
            let parts: Vec<_> = children(element, expected)?.collect();
            let [geometry] = parts.as_slice() else { return Err(content(element, expected).into()) };
            let refused = |cause| BodyError::Geometry { element: element.name.clone(), cause };
            Value::Geometry(Gml::from_element(geometry).map_err(refused)?)
        };
        self.value_bytes += match &value {
            Value::Null => 0,
            Value::Text(text) => text.len(),
            Value::Geometry(geometry) => {
                let mut out = Writer::default();
                geometry.write(&mut out);
                out.finish().len()
            }
        };
        if self.value_bytes > MAX_VALUE_BYTES {
            return Err(BodyError::TooMany { what: "bytes of values", max: MAX_VALUE_BYTES });
        }
        Ok(value)
    }
}

fn check_number(properties: &[Property<String>]) -> Result<(), BodyError> {
    if properties.len() > MAX_PROPERTIES {
        return Err(BodyError::TooMany { what: "properties", max: MAX_PROPERTIES });
    }
    Ok(())
}
