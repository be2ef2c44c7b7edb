//! Decides which field names a write may use. [The module above](super) lists what QGIS Server does with others.

use super::{Field, Layer, Origin, published};

/// The way in which a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// An element of a feature in a WFS Insert.
    Insert,
    /// The name of a property in a WFS Update.
    Update,
    /// A member of `properties` in an item of OGC API Features.
    Item,
}

/// Why a field cannot be written. The messages do not reveal hidden fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldWriteError {
    /// The service shows no field with this name.
    #[error("the layer has no such field")]
    NoSuchField,
    /// Several layers share the layer's name.
    #[error(
        "several layers of the project have this name, and any of them might be written: rename all but one"
    )]
    SharedLayer,
    /// Several fields are published under this name.
    #[error(
        "several fields of the layer are published under this name: rename all but one, or write through OGC API Features"
    )]
    SharedName,
    /// The real name behind the published name is not known.
    #[error("the field's real name is not known: give the gate read access to the project file")]
    UnknownName,
    /// The field is joined or virtual.
    #[error("the field comes from a join or an expression and has no column to write to")]
    Computed,
    /// Only the project file shows whether the field is joined, and it is missing or outdated.
    #[error(
        "the field may come from a join, and then QGIS Server would hang: give the gate read access to the project file, \
         and save the project after adding columns"
    )]
    UnknownOrigin,
    /// The real name is not valid as an element's name.
    #[error(
        "the field's name is not valid in XML, so that QGIS Server cannot insert it: insert without it and then update \
         it, or write through OGC API Features"
    )]
    NoElementName,
}

impl Layer {
    /// Finds the field called `name` in the request of a write; QGIS must be sent the `name` of the result. Without this
    /// check a WFS Insert can hang a QGIS process.
    pub fn written_field(&self, name: &str, write: Write) -> Result<&Field, FieldWriteError> {
        if self.is_shared {
            return Err(FieldWriteError::SharedLayer);
        }
        let field = match write {
            Write::Item => self.item_field(name).ok_or(FieldWriteError::NoSuchField)?,
            Write::Insert | Write::Update => self.published_field(name)?,
        };
        match field.origin {
            Origin::Computed => return Err(FieldWriteError::Computed),
            Origin::Unknown if write == Write::Insert => return Err(FieldWriteError::UnknownOrigin),
            Origin::Unknown | Origin::Table => {}
        }
        if write == Write::Insert && !published::is_element_name(&field.name) {
            return Err(FieldWriteError::NoElementName);
        }
        Ok(field)
    }

    fn published_field(&self, name: &str) -> Result<&Field, FieldWriteError> {
        let mut same = self.fields.iter().filter(|field| field.in_wfs && field.published == name);
        match (same.next(), same.next()) {
            (Some(_), Some(_)) => Err(FieldWriteError::SharedName),
            _ if self.unknown.iter().any(|unknown| unknown == name) => Err(FieldWriteError::UnknownName),
            // The field that is published under this name, even if it is the real name of a hidden field.
            (Some(field), None) => Ok(field),
            (None, _) => self.wfs_field(name).ok_or(FieldWriteError::NoSuchField),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, origin: Origin) -> Field {
        Field { origin, ..Field::named(name) }
    }

    fn layer() -> Layer {
        let table = ["name", "Last Checked", "a b", "a_b", "p:q", "población"];
        let mut fields: Vec<_> = table.into_iter().map(|name| field(name, Origin::Table)).collect();
        fields.push(field("twice", Origin::Computed));
        fields.push(field("new", Origin::Unknown));
        fields.push(Field { in_wfs: false, ..field("hidden", Origin::Table) });
        fields.push(Field { alias: Some("Its Alias".to_owned()), ..field("aliased", Origin::Table) });
        Layer { fields, unknown: vec!["lost_name".to_owned()], ..Layer::default() }
    }

    #[test]
    fn each_write_accepts_the_names_that_qgis_can_store() {
        use FieldWriteError::*;
        for (name, insert, update, item) in [
            ("name", Ok("name"), Ok("name"), Ok("name")),
            ("NAME", Ok("name"), Ok("name"), Err(NoSuchField)),
            ("población", Ok("población"), Ok("población"), Ok("población")),
            ("Last_Checked", Err(NoElementName), Ok("Last Checked"), Err(NoSuchField)),
            ("Last Checked", Err(NoElementName), Ok("Last Checked"), Ok("Last Checked")),
            ("a_b", Err(SharedName), Err(SharedName), Ok("a_b")),
            ("a b", Err(NoElementName), Ok("a b"), Ok("a b")),
            ("pq", Err(NoElementName), Ok("p:q"), Err(NoSuchField)),
            ("twice", Err(Computed), Err(Computed), Err(Computed)),
            ("new", Err(UnknownOrigin), Ok("new"), Ok("new")),
            ("hidden", Err(NoSuchField), Err(NoSuchField), Err(NoSuchField)),
            ("nosuch", Err(NoSuchField), Err(NoSuchField), Err(NoSuchField)),
            ("lost_name", Err(UnknownName), Err(UnknownName), Err(NoSuchField)),
            ("Its Alias", Err(NoSuchField), Err(NoSuchField), Ok("aliased")),
        ] {
            let layer = layer();
            let written = |write| layer.written_field(name, write).map(|field| field.name.as_str());
            assert_eq!(
                [written(Write::Insert), written(Write::Update), written(Write::Item)],
                [insert, update, item],
                "{name}"
            );
        }
    }

    #[test]
    fn a_layer_with_a_shared_name_is_not_writable() {
        let layer = Layer { is_shared: true, ..layer() };
        for write in [Write::Insert, Write::Update, Write::Item] {
            assert_eq!(layer.written_field("name", write), Err(FieldWriteError::SharedLayer));
        }
    }

    #[test]
    fn a_published_name_never_means_a_hidden_field() {
        let hidden = Field { in_wfs: false, ..field("a_b", Origin::Table) };
        let layer = Layer { fields: vec![hidden, field("a b", Origin::Table)], ..Layer::default() };
        let written = layer.written_field("a_b", Write::Update).map(|field| field.name.as_str());
        assert_eq!(written, Ok("a b"));
    }
}
