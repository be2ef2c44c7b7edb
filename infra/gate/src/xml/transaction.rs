//! WFS `Transaction` 1.0.0 and 1.1.0.
//!
//! A transaction is parsed ([`Transaction`]), and its properties are matched with the fields of layers
//! ([`Transaction::resolve`]) before it can be written ([`ResolvedTransaction`]). QGIS Server 3.22 behaves as follows
//! (tried):
//!
//! - It runs all Updates, then all Deletes, then all Inserts, whatever their order, and the last of each kind first. They are
//!   written in reverse, so that the first of each kind runs first and the ids of new features are in order.
//! - An Insert may hold one feature. Several are written as one Insert each.
//! - An Insert with an unknown property never ends. Its properties are elements, so it cannot set a field whose name is not a
//!   valid name of an element (`Zone Code`): `Zone_Code` and `Zone_x0020_Code` hang the process, and a space makes the body
//!   unreadable. An Update takes the real name as text, including spaces.
//! - An Update without filter changes every row. One of an unknown property is reported as done.
//! - An Update of a geometry without value changes nothing, and is reported as done.
//! - Text of white space is stored as the empty string.
//! - A Delete accepts only feature ids.
//! - An action with more than about 80 ids finds none of them in a `GeoPackage`. It is written as several.

mod read;
mod resolve;
mod write;

use super::{filter::Filter, gml::Gml};

/// Maximum number of actions of one transaction, as the client wrote them.
pub const MAX_ACTIONS: usize = 2_000;
/// Maximum number of new features of one transaction.
pub const MAX_FEATURES: usize = 5_000;
/// Maximum number of properties of one feature or Update.
pub const MAX_PROPERTIES: usize = 500;
/// Maximum size in bytes of all values, including geometries as they are written.
pub const MAX_VALUE_BYTES: usize = 1 << 20;

/// A transaction as the client wrote it. Its properties are not yet matched with fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    version: Version,
    actions: Vec<Action<String>>,
}

/// A transaction whose properties are all known fields or the geometry. It can be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedTransaction {
    version: Version,
    actions: Vec<Action<PropertyTarget>>,
}

/// What a property is in the layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyTarget {
    /// A field, by its real name.
    Field(String),
    /// The geometry.
    Geometry,
}

/// The kind of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// A new feature.
    Insert,
    /// New values for existing features.
    Update,
    /// The removal of features.
    Delete,
}

/// The version, which decides only the form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    V1_0_0,
    V1_1_0,
}

/// An action whose properties are named by `N`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Action<N> {
    Insert { type_name: String, properties: Vec<Property<N>> },
    Update { type_name: String, properties: Vec<Property<N>>, filter: Filter },
    Delete { type_name: String, filter: Filter },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Property<N> {
    name: N,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Null,
    Text(String),
    Geometry(Gml),
}

impl<N> Action<N> {
    fn type_name(&self) -> &str {
        match self {
            Self::Insert { type_name, .. }
            | Self::Update { type_name, .. }
            | Self::Delete { type_name, .. } => type_name,
        }
    }

    fn kind(&self) -> ActionKind {
        match self {
            Self::Insert { .. } => ActionKind::Insert,
            Self::Update { .. } => ActionKind::Update,
            Self::Delete { .. } => ActionKind::Delete,
        }
    }
}

impl Transaction {
    /// The kind and type of each action in the client's order, with one Insert for each new feature.
    pub fn actions(&self) -> impl Iterator<Item = (ActionKind, &str)> {
        self.actions.iter().map(|action| (action.kind(), action.type_name()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::xml::{MAX_TRANSACTION_BYTES, body::BodyError, tree::Element};

    fn read(text: &str) -> Result<Transaction, BodyError> {
        Transaction::from_element(&Element::parse(text.as_bytes(), MAX_TRANSACTION_BYTES)?)
    }

    fn fields(_: ActionKind, type_name: &str, property: &str) -> Option<PropertyTarget> {
        let field = |name: &str| Some(PropertyTarget::Field(name.to_owned()));
        match (type_name, property) {
            ("assets", "geometry") => Some(PropertyTarget::Geometry),
            ("assets", "label" | "n" | "fid" | "población") => field(property),
            ("assets", "Last_Checked") => field("Last Checked"),
            ("assets", "geom_field") => field("geometry"),
            ("assets", "bounds") => field("boundedBy"),
            _ => None,
        }
    }

    fn resolved(actions: &str) -> Result<String, BodyError> {
        Ok(read(&format!("<Transaction>{actions}</Transaction>"))?.resolve(&fields)?.write())
    }

    /// The written actions, without the root and prefixes.
    fn written(actions: &str) -> String {
        let text = resolved(actions).unwrap_or_else(|refusal| panic!("{actions}: {refusal:?}"));
        let (_, inner) = text.split_once("version=\"1.1.0\">").unwrap();
        inner
            .strip_suffix("</wfs:Transaction>")
            .unwrap()
            .replace("wfs:", "")
            .replace("ogc:", "")
            .replace("gml:", "")
    }

    const POINT: &str = "<Point srsName=\"EPSG:3857\"><pos srsDimension=\"2\">1 2</pos></Point>";
    const BY_ID: &str = "<Filter><FeatureId fid=\"assets.1\"/></Filter>";

    fn update(properties: &str, filter: &str) -> String {
        format!("<Update typeName=\"assets\">{properties}{filter}</Update>")
    }

    fn property(name: &str, value: &str) -> String {
        format!("<Property><Name>{name}</Name>{value}</Property>")
    }

    #[test]
    fn writes_one_insert_a_feature_so_that_the_first_runs_first() {
        let transaction = "<Insert handle='a' idgen='GenerateNew'><feature:assets gml:id='x' fid='y'><label><![CDATA[a & é]]></label><n>1</n></feature:assets><assets><label> </label></assets></Insert><Insert><assets/></Insert>";
        assert_eq!(
            written(transaction),
            "<Insert><qgs:assets/></Insert><Insert><qgs:assets><qgs:label/></qgs:assets></Insert>\
         <Insert><qgs:assets><qgs:label>a &amp; é</qgs:label><qgs:n>1</qgs:n></qgs:assets></Insert>"
        );
    }

    #[test]
    fn writes_geometries_in_one_form() {
        let old =
            "<gml:Point srsName='EPSG:3857'><gml:coordinates ts=' ' cs=','>1,2</gml:coordinates></gml:Point>";
        assert_eq!(
            written(&format!("<Insert><assets><geometry>{old}</geometry></assets></Insert>")),
            format!("<Insert><qgs:assets><qgs:geometry>{POINT}</qgs:geometry></qgs:assets></Insert>")
        );
        assert_eq!(
            written(&update(&property("x:geometry", &format!("<Value>{old}</Value>")), BY_ID)),
            update(&property("geometry", &format!("<Value>{POINT}</Value>")), BY_ID)
        );
    }

    #[test]
    fn an_update_accepts_names_with_spaces_and_no_value_for_null() {
        assert_eq!(
            written(&update(&(property("Last_Checked", "") + &property("label", "<Value/>")), BY_ID)),
            update(&(property("Last Checked", "") + &property("label", "<Value/>")), BY_ID)
        );
        let condition =
            "<Filter><PropertyIsNull><PropertyName>Last_Checked</PropertyName></PropertyIsNull></Filter>";
        assert_eq!(
            written(&update(&property("n", "<Value>1</Value>"), condition)),
            update(&property("n", "<Value>1</Value>"), &condition.replace('_', " "))
        );
    }

    #[test]
    fn a_delete_requires_ids_of_its_type() {
        assert_eq!(
            written(&format!("<Delete typeName='qgs:assets'>{BY_ID}</Delete>")),
            format!("<Delete typeName=\"assets\">{BY_ID}</Delete>")
        );
        let delete = |filter: &str| resolved(&format!("<Delete typeName='assets'>{filter}</Delete>"));
        assert_eq!(delete(""), Err(BodyError::NoFilter("Delete".to_owned())));
        assert_eq!(
            delete(&BY_ID.replace("assets", "zones")),
            Err(BodyError::IdsOfAnotherType("Delete".to_owned()))
        );
        let condition = "<Filter><PropertyIsNull><PropertyName>n</PropertyName></PropertyIsNull></Filter>";
        assert_eq!(delete(condition), Err(BodyError::DeleteWithoutIds));
        assert!(delete(&format!("{BY_ID}{BY_ID}")).is_err());
        assert!(delete(&format!("<a/>{BY_ID}")).is_err());
    }

    #[test]
    fn splits_many_ids_into_several_actions() {
        let ids: Vec<_> = (0..120).map(|id| format!("<FeatureId fid=\"assets.{id}\"/>")).collect();
        let ids = ids.concat();
        for (name, start) in [
            ("Delete", "<Delete typeName=\"assets\">"),
            ("Update", "<Update typeName=\"assets\"><Property><Name>n</Name></Property>"),
        ] {
            let text = written(&format!("{start}<Filter>{ids}</Filter></{name}>"));
            assert_eq!(text.matches(start).count(), 3);
            let border = format!("</Filter></{name}>{start}<Filter>");
            assert_eq!(text.replace(&border, ""), format!("{start}<Filter>{ids}</Filter></{name}>"));
        }
    }

    #[test]
    fn refuses_versions_that_qgis_does_not_store() {
        let with = |version: &str| {
            read(&format!(
                "<Transaction {version} service='WFS'><Delete typeName='assets'>{BY_ID}</Delete></Transaction>"
            ))
        };
        assert!(
            with("version='1.0.0'").unwrap().resolve(&fields).unwrap().write().contains("version=\"1.0.0\"")
        );
        assert!(with("").unwrap().resolve(&fields).unwrap().write().contains("version=\"1.1.0\""));
        for other in ["2.0.0", "1.1", ""] {
            assert_eq!(with(&format!("version='{other}'")), Err(BodyError::TransactionVersion));
        }
        assert!(
            BodyError::TransactionVersion.to_string().contains("answers 2.0.0 with 200 and stores nothing")
        );
    }

    #[test]
    fn refuses_what_qgis_would_hang_on_or_ignore_and_says_why() {
        let value = "<Value>1</Value>";
        let unreadable = |element| matches!(element, Err(BodyError::UnreadableField { .. }));
        assert_eq!(
            resolved("<Insert><assets><label>a</label><nosuch>1</nosuch></assets></Insert>"),
            Err(BodyError::UnknownField { element: "Insert", number: 2 })
        );
        assert_eq!(
            resolved("<Insert><zones><label>a</label></zones></Insert>"),
            Err(BodyError::UnknownField { element: "Insert", number: 1 })
        );
        assert!(unreadable(resolved("<Insert><assets><Last_Checked>a</Last_Checked></assets></Insert>")));
        assert!(unreadable(resolved("<Insert><assets><bounds>a</bounds></assets></Insert>")));
        assert!(unreadable(resolved(&update(&property("geom_field", value), BY_ID))));
        assert_eq!(
            resolved(&update(&property("nosuch", value), BY_ID)),
            Err(BodyError::UnknownField { element: "Update", number: 1 })
        );
        assert_eq!(
            resolved(&update(&property("n", value), "")),
            Err(BodyError::NoFilter("Update".to_owned()))
        );
        assert_eq!(
            resolved(&update(&(property("n", value) + &property("x:n", value)), BY_ID)),
            Err(BodyError::DuplicateProperty { element: "Update", number: 2 })
        );
        for (name, value) in [
            ("geometry", ""),
            ("geometry", "<Value>POINT(1 2)</Value>"),
            ("geometry", "<Value/>"),
            ("n", &format!("<Value>{POINT}</Value>")),
        ] {
            assert!(
                matches!(resolved(&update(&property(name, value), BY_ID)), Err(BodyError::Value { .. })),
                "{name} {value}"
            );
        }
        let value_reference = property("n", value).replace("Name", "ValueReference");
        let refused = BodyError::Element {
            element: "ValueReference".to_owned(),
            expected: "Name (WFS 1.0.0 and 1.1.0)",
        };
        assert_eq!(resolved(&update(&value_reference, BY_ID)), Err(refused));
        let hidden = "<Filter><PropertyIsNull><PropertyName>hush</PropertyName></PropertyIsNull></Filter>";
        assert!(matches!(resolved(&update(&property("n", value), hidden)), Err(BodyError::Filter { .. })));
    }

    #[test]
    fn accepts_only_listed_elements_and_attributes() {
        for bad in [
            "<GetFeature/>".to_owned(),
            "<Transaction/>".to_owned(),
            "<Transaction><Native/></Transaction>".to_owned(),
            "<Transaction><Replace/></Transaction>".to_owned(),
            "<Transaction><a><Insert><assets/></Insert></a></Transaction>".to_owned(),
            "<Transaction lockId='1'><Insert><assets/></Insert></Transaction>".to_owned(),
            "<Transaction releaseAction='ALL'><Insert><assets/></Insert></Transaction>".to_owned(),
            "<Transaction OPERATION='Delete'><Insert><assets/></Insert></Transaction>".to_owned(),
            "<Transaction x:version='1.0.0'><Insert><assets/></Insert></Transaction>".to_owned(),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        for bad in [
            "text".to_owned(),
            "<Insert/>".to_owned(),
            "<Insert>text</Insert>".to_owned(),
            "<Insert idgen='UseExisting'><assets/></Insert>".to_owned(),
            "<Insert srsName='EPSG:4326'><assets/></Insert>".to_owned(),
            "<Insert><assets a='1'/></Insert>".to_owned(),
            "<Insert><assets>text</assets></Insert>".to_owned(),
            "<Insert><assets><label a='1'>x</label></assets></Insert>".to_owned(),
            "<Insert><assets><label>x<b/></label></assets></Insert>".to_owned(),
            "<Insert><assets><label><Update typeName='assets'/></label></assets></Insert>".to_owned(),
            format!("<Insert><assets><geometry>{POINT}{POINT}</geometry></assets></Insert>"),
            format!("<Update>{}{BY_ID}</Update>", property("n", "")),
            format!("<Update typeName='a,b'>{}{BY_ID}</Update>", property("n", "")),
            update("", BY_ID),
            update("<a/>", BY_ID),
            update(&property("", ""), BY_ID),
            update(&property("n", "<Value a='1'/>"), BY_ID),
            update(&property("n", "<Value/><Value/>"), BY_ID),
            update("<Property><Value/></Property>", BY_ID),
            update(&property("n", ""), &format!("{BY_ID}{BY_ID}")),
        ] {
            assert!(read(&format!("<Transaction>{bad}</Transaction>")).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_actions_in_the_clients_order() {
        let delete = format!("<Delete typeName='assets'>{BY_ID}</Delete>");
        let text = format!(
            "<Transaction>{delete}<Insert><zones/><zones/></Insert>{}</Transaction>",
            update(&property("n", ""), BY_ID)
        );
        let transaction = read(&text).unwrap();
        let kinds: Vec<_> = transaction.actions().collect();
        assert_eq!(
            kinds,
            [
                (ActionKind::Delete, "assets"),
                (ActionKind::Insert, "zones"),
                (ActionKind::Insert, "zones"),
                (ActionKind::Update, "assets")
            ]
        );
    }

    #[test]
    fn enforces_each_limit_exactly() {
        let count = |error: &Result<Transaction, BodyError>| match error {
            Err(BodyError::TooMany { what, .. }) => *what,
            _ => "",
        };
        let actions = |count: usize| {
            read(&format!("<Transaction>{}</Transaction>", "<Insert><assets/></Insert>".repeat(count)))
        };
        assert!(actions(MAX_ACTIONS).is_ok());
        assert_eq!(count(&actions(MAX_ACTIONS + 1)), "actions");
        let features = |count: usize| {
            read(&format!("<Transaction><Insert>{}</Insert></Transaction>", "<assets/>".repeat(count)))
        };
        assert!(features(MAX_FEATURES).is_ok());
        assert_eq!(count(&features(MAX_FEATURES + 1)), "new features");
        let properties = |count: usize| {
            read(&format!("<Transaction>{}</Transaction>", update(&property("n", "").repeat(count), BY_ID)))
        };
        assert!(properties(MAX_PROPERTIES).is_ok());
        assert_eq!(count(&properties(MAX_PROPERTIES + 1)), "properties");
        let fields = |count: usize| {
            read(&format!("<Transaction><Insert><a>{}</a></Insert></Transaction>", "<n/>".repeat(count)))
        };
        assert!(fields(MAX_PROPERTIES).is_ok());
        assert_eq!(count(&fields(MAX_PROPERTIES + 1)), "properties");
        let value = |bytes: usize| {
            let half = "a".repeat(bytes / 2);
            read(&format!(
                "<Transaction><Insert><assets><a>{half}</a><b>{half}</b></assets></Insert></Transaction>"
            ))
        };
        assert!(value(MAX_VALUE_BYTES).is_ok());
        assert_eq!(count(&value(MAX_VALUE_BYTES + 2)), "bytes of values");
    }

    fn any_action() -> impl Strategy<Value = String> {
        let text = "[a-z0-9 é\r\n\t]{0,8}".prop_map(|text| text.replace('\r', "&#13;"));
        let name = prop::sample::select(vec!["label", "n", "población", "Last_Checked"]);
        (text, name, 0..4).prop_map(|(text, name, kind)| match kind {
            0 => {
                format!("<Insert><assets><label>{text}</label><geometry>{POINT}</geometry></assets></Insert>")
            }
            1 => format!("<Delete typeName=\"assets\">{BY_ID}</Delete>"),
            2 => update(&property(name, ""), BY_ID),
            _ => update(&property(name, &format!("<Value>{text}</Value>")), BY_ID),
        })
    }

    /// Whether there are only listed elements, each in its place.
    fn is_listed(root: &Element) -> bool {
        root.name == "Transaction"
            && root.elements().all(|action| {
                let names: Vec<_> = action.elements().map(|child| child.name.as_str()).collect();
                match action.name.as_str() {
                    "Insert" => names == ["assets"],
                    "Update" => {
                        names.last() == Some(&"Filter")
                            && names.iter().rev().skip(1).all(|name| *name == "Property")
                    }
                    "Delete" => names == ["Filter"],
                    _ => false,
                }
            })
    }

    proptest! {
        #[test]
        fn transactions_survive_a_round_trip_in_reverse(actions in prop::collection::vec(any_action(), 1..6)) {
            let real = |_: ActionKind, _: &str, name: &str| match name {
                "geometry" => Some(PropertyTarget::Geometry),
                name => Some(PropertyTarget::Field(name.to_owned())),
            };
            let once = read(&format!("<Transaction>{}</Transaction>", actions.concat())).unwrap().resolve(&fields).unwrap();
            let written = once.write();
            prop_assert!(is_listed(&Element::parse(written.as_bytes(), 1 << 20).unwrap()));
            let mut twice = read(&written).unwrap().resolve(&real).unwrap();
            twice.actions.reverse();
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(<|>|/|Transaction|Insert|Update|Delete|Property|Name|Value|Filter|FeatureId|assets| typeName='assets'| fid='assets.1'){0,40}") {
            if let Ok(transaction) = read(&text) {
                let _ = transaction.resolve(&fields).map(|resolved| resolved.write());
            }
        }
    }
}
