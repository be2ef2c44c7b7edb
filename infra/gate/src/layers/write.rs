//! Which names of fields a write may use. What QGIS Server does with others is in [the table of layers](super).

use super::{Field, Layer, Origin, published};

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// An element of a feature in a WFS Insert.
    Insert,
    /// The name of a property in a WFS Update.
    Update,
    /// A member of `properties` in an item of OGC API Features.
    Item,
}

/// Why a field cannot be written. The sentences say nothing about fields that are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWritable {
    /// No field that the service shows has that name.
    #[error("the layer has no such field")]
    NoSuchField,
    /// Several layers have the layer's name.
    #[error(
        "several layers of the project have this name, so that it is not known which would be written: rename one"
    )]
    SharedLayer,
    /// Several fields are published under that name.
    #[error(
        "several fields of the layer are published under this name: rename one, or write through OGC API Features"
    )]
    SharedName,
    /// The published name is not a real one, and the real one is not known.
    #[error("the field's real name is not known: give the gate read access to the project file")]
    UnknownName,
    /// It is joined or virtual.
    #[error("the field comes from a join or an expression and has no column to write to")]
    Computed,
    /// Only the project file would tell whether it is joined, and it does not.
    #[error(
        "it is not known whether the field comes from a join, and QGIS Server would hang: give the gate read access to \
         the project file, and save the project after columns were added"
    )]
    UnknownOrigin,
    /// The real name cannot be an element's name.
    #[error(
        "the field's name is not a name in XML, so that QGIS Server cannot insert it: insert without it, then update it, \
         or write through OGC API Features"
    )]
    NoElementName,
}

impl Layer {
    /// The field that `name` means in that write; its `name` is the one to write for QGIS. Without this check a WFS Insert
    /// can hold a QGIS process for ever.
    pub fn written_field(&self, name: &str, write: Write) -> Result<&Field, NotWritable> {
        if self.is_shared {
            return Err(NotWritable::SharedLayer);
        }
        let field = match write {
            Write::Item => self.item_field(name).ok_or(NotWritable::NoSuchField)?,
            Write::Insert | Write::Update => self.published_field(name)?,
        };
        match field.origin {
            Origin::Computed => return Err(NotWritable::Computed),
            Origin::Unknown if write == Write::Insert => return Err(NotWritable::UnknownOrigin),
            Origin::Unknown | Origin::Table => {}
        }
        if write == Write::Insert && !published::is_element_name(&field.name) {
            return Err(NotWritable::NoElementName);
        }
        Ok(field)
    }

    fn published_field(&self, name: &str) -> Result<&Field, NotWritable> {
        let mut same = self.fields.iter().filter(|field| field.in_wfs && field.published == name);
        match (same.next(), same.next()) {
            (Some(_), Some(_)) => Err(NotWritable::SharedName),
            _ if self.unknown.iter().any(|unknown| unknown == name) => Err(NotWritable::UnknownName),
            // A published name means the field that is published under it, even where a hidden one is really called so.
            (Some(field), None) => Ok(field),
            (None, _) => self.wfs_field(name).ok_or(NotWritable::NoSuchField),
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
    fn each_write_takes_the_names_that_qgis_can_store() {
        use NotWritable::*;
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
    fn a_layer_whose_name_is_shared_is_not_written() {
        let layer = Layer { is_shared: true, ..layer() };
        for write in [Write::Insert, Write::Update, Write::Item] {
            assert_eq!(layer.written_field("name", write), Err(NotWritable::SharedLayer));
        }
    }

    #[test]
    fn a_published_name_never_means_the_hidden_field_that_is_really_called_so() {
        let hidden = Field { in_wfs: false, ..field("a_b", Origin::Table) };
        let layer = Layer { fields: vec![hidden, field("a b", Origin::Table)], ..Layer::default() };
        let written = layer.written_field("a_b", Write::Update).map(|field| field.name.as_str());
        assert_eq!(written, Ok("a b"));
    }
}
