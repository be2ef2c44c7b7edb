//! The site of the recorded requests, and what its project publishes.

use pozi_auth::sites::Site;
use pozi_gate::{
    layers::{Field, Layer, Layers, Origin},
    settings::{Limits, PathStyle, Settings},
};

pub(crate) fn settings() -> Settings {
    let site = Site::parse(include_str!("../site.toml"));
    let site = site.unwrap();
    Settings {
        public_url: site.external_url.as_str().to_owned(),
        site,
        base: "/pozi".into(),
        project_paths: PathStyle::Windows,
        limits: Limits::default(),
    }
}

pub(crate) fn layers() -> Layers {
    let layer = |name: &str, fields: &[&str]| Layer {
        wms_name: Some(name.to_owned()),
        type_name: Some(name.replace(' ', "_")),
        collection: Some(name.to_owned()),
        fields: fields.iter().map(|field| Field { origin: Origin::Table, ..Field::named(*field) }).collect(),
        ..Layer::default()
    };
    Layers::new(vec![
        layer("zones", &["fid", "name", "Zone Code", "población", "Area m²", "date"]),
        layer("Road Centrelines", &["fid", "class", "Road Name", "Property Number"]),
        layer("Bäume", &["fid", "Art", "Höhe", "asset_id"]),
        layer("assets", &["fid", "label", "n", "Last Checked"]),
    ])
}
