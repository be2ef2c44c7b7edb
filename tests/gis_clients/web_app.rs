//! The requests that Pozi's Web App sends, to the URLs that sites use today, with the Entra token of a person in 200 groups
//! beside the session; and the links in the answers.

use std::{collections::BTreeSet, fmt::Write};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use form_urlencoded::byte_serialize;
use reqwest::{Client, RequestBuilder};
use serde_json::json;
use uuid::Uuid;

use crate::test_site::TestSite;

/// Queries, and text that their answers contain.
const GETS: [(&str, &str); 24] = [
    ("&service=WMS&request=GetProjectSettings", "Road Centrelines"),
    ("&SERVICE=WMS&REQUEST=GetCapabilities", "Bäume"),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=Road%20Centrelines,B%C3%A4ume&STYLES=,&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE&DPI=90",
        "PNG",
    ),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=256&HEIGHT=256&FORMAT=image/png;%20mode=8bit&FILTER=zones:%22name%22%20IN%20(%20'zone%201'%20,%20'zone%202'%20)",
        "PNG",
    ),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=100&HEIGHT=100&I=10&J=90&INFO_FORMAT=application/json&WITH_GEOMETRY=true&FI_POINT_TOLERANCE=16",
        "zone 1",
    ),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=100&HEIGHT=100&I=10&J=90&INFO_FORMAT=text/xml&WITH_GEOMETRY=true",
        "GRZ1",
    ),
    ("SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER=zones&FORMAT=application/json", "\"icon\""),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=zones&FORMAT=image/png&SYMBOLHEIGHT=4&SYMBOLWIDTH=6&LAYERTITLE=false&ITEMFONTSIZE=9&BOXSPACE=0",
        "PNG",
    ),
    ("SERVICE=WMS&REQUEST=GetStyles&LAYERS=zones", "second style"),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetPrint&TEMPLATE=A4%20Landscape&FORMAT=pdf&CRS=EPSG:3857&DPI=90&TITLE=Bridge%20Street,%20zone%201&map0%3AEXTENT=16100000,-4550000,16120000,-4530000&map0%3ALAYERS=zones",
        "%PDF",
    ),
    (
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=256&HEIGHT=256&FORMAT=image/png&HIGHLIGHT_GEOM=POLYGON((16100000%20-4550000,16110000%20-4550000,16110000%20-4540000,16100000%20-4550000))&HIGHLIGHT_LABELSTRING=Label%201&HIGHLIGHT_LABELSIZE=12&HIGHLIGHT_LABELCOLOR=%23ff0000&HIGHLIGHT_SYMBOL=&HIGHLIGHT_LABELFONT=",
        "PNG",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=B%C3%A4ume&OUTPUTFORMAT=GeoJSON&EXP_FILTER=asset_id%20in%20('A1')",
        "Eiche",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=application/json&EXP_FILTER=%22Zone%20Code%22%20IN%20('GRZ2'%2C'GRZ3')",
        "zone 3",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=name%20in%20('zone%201')&SORTBY=date%20DESC",
        "zone 1",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&SRSNAME=EPSG:3857&EXP_FILTER=intersects(%40geometry%2C%20buffer(geom_from_wkt('POLYGON((16100000%20-4550000%2C16110000%20-4550000%2C16110000%20-4540000%2C16100000%20-4550000))')%2C%20-0.00001%20))",
        "zone 2",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=intersects%28%40geometry%2C+buffer%28geom_from_wkt%28%27POINT%2816101000+-4549000%29%27%29%2C+10%29%29",
        "zone 1",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=name%20ILIKE%20'%25ZONE%25'",
        "zone 5",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&filter=%3CFilter%3E%3CIntersects%3E%3CPropertyName%3Egeometry%3C%2FPropertyName%3E%3Cgml%3APoint%3E%3Cgml%3Acoordinates%3E16101000%2C-4549000%3C%2Fgml%3Acoordinates%3E%3C%2Fgml%3APoint%3E%3C%2FIntersects%3E%3C%2FFilter%3E",
        "zone 1",
    ),
    (
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&MAXFEATURES=1&PROPERTYNAME=name,Zone_Code&OUTPUTFORMAT=GeoJSON",
        "GRZ1",
    ),
    ("SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=Road_Centrelines&MAXFEATURES=2", "gml:"),
    ("SERVICE=WFS&REQUEST=GetCapabilities", "Road_Centrelines"),
    ("SERVICE=WFS&VERSION=1.1.0&REQUEST=DescribeFeatureType&TYPENAME=zones", "Zone_Code"),
    ("SERVICE=WMTS&REQUEST=GetCapabilities", "TileMatrixSet"),
    ("SERVICE=WCS&REQUEST=GetCapabilities&VERSION=1.0.0", "dem"),
];

const FEATURES: [(&str, &str, &str); 5] = [
    ("wfs3/", "", "\"links\""),
    ("wfs3/collections/B%C3%A4ume/items", "&limit=2", "Linde"),
    ("wfs3/collections/Road%20Centrelines/items.json", "&limit=3&sortby=class&sortdesc=1", "Road 2"),
    ("wfs3/collections/Road%20Centrelines/items", "&Property%20Number=3", "Road 3"),
    ("wfs3/collections/zones/items", "&limit=2&bbox=144,-38,145,-37", "zone 1"),
];

/// Documents with links, and the query that completes a link without one.
const DOCUMENTS: [(&str, &str); 11] = [
    ("ows/demo/?SERVICE=WMS&REQUEST=GetCapabilities", "SERVICE=WMS&REQUEST=GetCapabilities"),
    ("ows/demo/?SERVICE=WMS&REQUEST=GetProjectSettings", "SERVICE=WMS&REQUEST=GetProjectSettings"),
    ("ows/demo/?SERVICE=WMS&REQUEST=GetContext", "SERVICE=WMS&REQUEST=GetCapabilities"),
    ("ows/demo/?SERVICE=WFS&REQUEST=GetCapabilities", "SERVICE=WFS&REQUEST=GetCapabilities"),
    (
        "ows/demo/?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones",
        "SERVICE=WFS&REQUEST=GetCapabilities",
    ),
    ("ows/demo/?SERVICE=WCS&REQUEST=GetCapabilities", "SERVICE=WCS&REQUEST=GetCapabilities"),
    ("ows/demo/?SERVICE=WMTS&REQUEST=GetCapabilities", "SERVICE=WMTS&REQUEST=GetCapabilities"),
    ("ows/demo/wfs3", ""),
    ("ows/demo/wfs3/collections", ""),
    ("ows/demo/wfs3/collections/Road%20Centrelines/items?limit=2", ""),
    ("ows/demo/wfs3/collections/zones/items.html?limit=2", ""),
];

/// Sends all requests and returns the failures.
pub(crate) async fn run(site: &TestSite) -> Vec<String> {
    let web_app = WebApp { site, client: Client::new(), entra: entra_token() };
    let mut failed = web_app.send_queries().await;
    failed.extend(web_app.send_selections().await);
    failed.extend(web_app.follow_links().await);
    failed
}

struct WebApp<'a> {
    site: &'a TestSite,
    client: Client,
    entra: String,
}

impl WebApp<'_> {
    async fn send_queries(&self) -> Vec<String> {
        let mut failed = Vec::new();
        let check = self.client.get(format!("{}qgisserver/wfs3.json", self.site.base)).send().await.unwrap();
        assert_eq!(check.status(), 200, "the Web App checks without a session that the server is there");
        for (query, word) in GETS {
            failed.extend(self.get(&format!("qgisserver?MAP={}&{query}", self.site.project), word).await);
            failed.extend(self.get(&format!("ows/demo/?{query}"), word).await);
        }
        for (path, query, word) in FEATURES {
            failed
                .extend(self.get(&format!("qgisserver/{path}?MAP={}{query}", self.site.project), word).await);
            failed
                .extend(self.get(&format!("ows/demo/{path}?{}", query.trim_start_matches('&')), word).await);
        }
        failed
    }

    /// Sends a selection by a polygon: as the longest query that IIS accepts, and as a form.
    async fn send_selections(&self) -> Vec<String> {
        let selection = selection(29_000);
        assert!((31_000..32_768).contains(&selection.len()), "{}", selection.len());
        let mut failed = Vec::new();
        failed.extend(self.get(&format!("qgisserver?MAP={}&{selection}", self.site.project), "zone 3").await);
        let by_form = self.client.post(format!("{}qgisserver?MAP={}", self.site.base, self.site.project));
        let by_form = by_form.header("Content-Type", "application/x-www-form-urlencoded").body(selection);
        failed.extend(self.send("a selection of 31 KB by form", by_form, "zone 3").await.err());
        failed
    }

    /// Checks that every link in the documents works through the gate and contains neither the project nor QGIS's own host.
    async fn follow_links(&self) -> Vec<String> {
        let mut failed = Vec::new();
        for (document, rest) in DOCUMENTS {
            let request = self.client.get(format!("{}{document}", self.site.base));
            let text = match self.send(document, request, "").await {
                Ok(text) => text,
                Err(failure) => {
                    failed.push(failure);
                    continue;
                }
            };
            if text.contains(&self.site.project) || text.contains("localhost") {
                failed.push(format!("{document} names the project or QGIS's own host: {text}"));
            }
            let links = self.links(&text, rest);
            if links.is_empty() {
                failed.push(format!("{document} has no link: {text}"));
            }
            for link in links {
                failed.extend(
                    self.send(&format!("{document} -> {link}"), self.client.get(&link), "").await.err(),
                );
            }
        }
        failed
    }

    /// Returns the distinct links in a document, at most 40. Links without a query get `rest`.
    fn links(&self, text: &str, rest: &str) -> BTreeSet<String> {
        let links = text.split(['"', '\'', ' ', '\n']).filter(|part| part.starts_with(&self.site.base));
        let whole = links.map(|link| {
            let link = link.replace("&amp;", "&");
            let has_query = link.contains("REQUEST=") || link.contains("request=") || rest.is_empty();
            if has_query { link } else { format!("{}?{rest}", link.trim_end_matches(['?', '&'])) }
        });
        whole.take(40).collect()
    }

    async fn get(&self, path: &str, word: &str) -> Option<String> {
        let request = self.client.get(format!("{}{path}", self.site.base));
        self.send(path, request, word).await.err()
    }

    /// Returns the answer's text, or a description of the failure.
    async fn send(&self, what: &str, request: RequestBuilder, word: &str) -> Result<String, String> {
        let request = request.header("X-Pozi-Session", &self.site.reader);
        let request = request.header("Authorization", format!("Bearer {}", self.entra));
        let answer = request.send().await.map_err(|error| format!("{what}: {error}"))?;
        let status = answer.status();
        let text = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        let is_valid = status == 200 && text.contains(word) && !text.contains("<ServiceException");
        let shown = || text.chars().take(600).collect::<String>();
        if is_valid { Ok(text) } else { Err(format!("{what}: {status}, not {word}: {}", shown())) }
    }
}

/// Returns a query with a polygon of at least `bytes`, around the middle of the layer.
fn selection(bytes: usize) -> String {
    let mut points = String::new();
    let mut angle = 0.0_f64;
    while points.len() < bytes {
        let (x, y) = (16_110_000.0 + 9_000.0 * angle.cos(), -4_540_000.0 + 9_000.0 * angle.sin());
        write!(points, "{x:.3} {y:.3},").unwrap();
        angle += 0.000_5;
    }
    let polygon = format!("POLYGON(({points}16110000 -4540000,16119000 -4540000))");
    let filter = format!("intersects(@geometry, buffer(geom_from_wkt('{polygon}'), -0.00001))");
    let filter: String = byte_serialize(filter.as_bytes()).collect();
    format!(
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER={filter}"
    )
}

/// Returns a token as long as that of a person in 200 groups.
fn entra_token() -> String {
    let groups: Vec<_> = (0..200)
        .map(|group| Uuid::from_u128(group << 100 | 0x4000_8000_0000_0000_0000).to_string())
        .collect();
    let claims = json!({"ver": "2.0", "groups": groups, "name": "Rhea Reader".repeat(40)}).to_string();
    let parts = [r#"{"alg":"RS256","typ":"JWT"}"#.to_owned(), claims, "signature".repeat(60)];
    let token = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    assert!(token.len() > 11_500, "{}", token.len());
    token
}
