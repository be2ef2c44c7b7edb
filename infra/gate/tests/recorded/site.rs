//! The site that the recorded requests were sent to, and what its project publishes.

use pozi_auth::sites::Site;
use pozi_gate::{
    layers::{Field, Layer, Layers, Origin},
    settings::{Limits, PathStyle, Settings},
};

pub(crate) fn settings() -> Settings {
    let site = Site::parse(
        r#"
name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee"
tenant_id = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00"
origins = ["https://riverbend.enterprise.example"]
[[catalogue]]
id = "demo"
title = "Demo"
project = "C:/Pozi/Projects/Demo.qgs"
read = "everyone-signed-in"
print = ["A4 Landscape"]
print_texts = ["title"]
highlight = true
"#,
    );
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
