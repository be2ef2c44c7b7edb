//! A sample request of each kind, for machines without the recordings.

use super::requests::Recorded;

const GETS: [(&str, &str); 41] = [
    ("", "SERVICE=WMS&REQUEST=GetCapabilities"),
    ("", "service=WMS&version=1.1.1&request=GetCapabilities&"),
    ("", "&&SERVICE=WMS&REQUEST=GetProjectSettings"),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,Bäume&STYLES=,&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=256&HEIGHT=256&FORMAT=image/png&TILED=true",
    ),
    (
        "",
        "service=WMS&version=1.1.1&request=GetMap&layers=Road+Centrelines&styles=&srs=EPSG:4326&bbox=144.6,-37.9,144.9,-37.6&width=200&height=200&format=image/jpeg&bgcolor=0xFFFFFF&exceptions=XML",
    ),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=second%20style&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=256&HEIGHT=256&FORMAT=image/png;%20mode=8bit&FILTER=zones:%22name%22%20IN%20(%20'zone%201'%20,%20'zone%202'%20)&SELECTION=zones:1,2&OPACITIES=128",
    ),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&STYLES=&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=100&HEIGHT=100&I=10&J=90&INFO_FORMAT=application/json&WITH_GEOMETRY=true",
    ),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&CRS=EPSG:3857&BBOX=16100000,-4550000,16120000,-4530000&WIDTH=100&HEIGHT=100&I=10&J=90&INFO_FORMAT=text/xml&FI_POLYGON_TOLERANCE=4&FORMAT=None",
    ),
    ("", "SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER=zones&FORMAT=application/json"),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=zones&FORMAT=image/png&SYMBOLHEIGHT=4&SYMBOLWIDTH=6&LAYERTITLE=false&ITEMFONTSIZE=9",
    ),
    ("", "SERVICE=WMS&REQUEST=GetStyles&LAYERS=zones"),
    ("", "SERVICE=WMS&REQUEST=DescribeLayer&LAYERS=zones&SLD_VERSION=1.1.0"),
    ("", "SERVICE=WMS&REQUEST=GetContext"),
    (
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetPrint&TEMPLATE=A4%20Landscape&FORMAT=png&CRS=EPSG:3857&DPI=50&TITLE=A%20title&map0:extent=16100000,-4550000,16120000,-4530000",
    ),
    ("", "SERVICE=WFS&REQUEST=GetCapabilities&ACCEPTVERSIONS=2.0.0,1.1.0,1.0.0"),
    ("", "SERVICE=WFS&REQUEST=GetCapabilities&VERSION=1.0.0"),
    ("", "SERVICE=WFS&REQUEST=DescribeFeatureType&VERSION=1.1.0&TYPENAME=zones,B%c3%a4ume"),
    ("", "VERSION=1.0.0&SERVICE=WFS&REQUEST=GetFeature&TYPENAME=Road_Centrelines&PROPERTYNAME=*"),
    ("", "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=B%C3%A4ume&RESULTTYPE=hits"),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&PROPERTYNAME=name,Zone_Code&MAXFEATURES=2",
    ),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=name%20ILIKE%20'%25zone%25'&SORTBY=date%20DESC",
    ),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=%22Zone+Code%22+IN+('GRZ2','GRZ3')",
    ),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&EXP_FILTER=intersects($geometry,%20buffer(geom_from_wkt('POLYGON((16100000%20-4550000,16110000%20-4550000,16110000%20-4540000,16100000%20-4550000))'),%20-0.00001))",
    ),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&OUTPUTFORMAT=GeoJSON&FILTER=%3CFilter%3E%3CIntersects%3E%3CPropertyName%3Egeometry%3C/PropertyName%3E%3Cgml:Point%3E%3Cgml:coordinates%3E16105000,-4540000%3C/gml:coordinates%3E%3C/gml:Point%3E%3C/Intersects%3E%3C/Filter%3E",
    ),
    ("", "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.0.0&FEATUREID=zones.1,zones.2"),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&FEATUREID=zones.1,zones.2&PROPERTYNAME=(name)(name)",
    ),
    (
        "",
        "SERVICE=WFS&REQUEST=GetFeature&VERSION=1.1.0&TYPENAME=zones&SRSNAME=EPSG:4326&BBOX=16100000,-4550000,16110000,-4540000,EPSG:3857",
    ),
    ("", "SERVICE=WCS&REQUEST=GetCapabilities&VERSION=1.0.0"),
    ("", "SERVICE=WCS&REQUEST=DescribeCoverage&VERSION=1.0.0&COVERAGE=dem"),
    (
        "",
        "version=1.0.0&request=GetCoverage&service=WCS&Coverage=dem&BBox=16100000,-4550000,16120000,-4530000&crs=EPSG:3857&format=GTiff&width=100&height=100",
    ),
    ("", "SERVICE=WMTS&REQUEST=GetCapabilities&VERSION=1.0.0"),
    (
        "",
        "layer=zones&style=default&tilematrixset=EPSG:3857&Service=WMTS&Request=GetTile&Version=1.0.0&Format=image/png&TileMatrix=10&TileCol=923&TileRow=629",
    ),
    ("wfs3", ""),
    ("wfs3/conformance", ""),
    ("wfs3/collections", ""),
    ("wfs3/collections/B%C3%A4ume", ""),
    ("wfs3/collections/zones/items", "limit=2&bbox=144,-38,145,-37"),
    ("wfs3/collections/zones/items.json", "name=zone%201"),
    ("wfs3/collections/Road%20Centrelines/items", "limit=3&offset=2&sortby=class&sortdesc=1"),
    ("wfs3/collections/zones/items/1", ""),
    ("wfs3/api", ""),
];

/// Bodies, with their media types.
const POSTS: [(&str, &str); 8] = [
    (
        "application/x-www-form-urlencoded",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&STYLES=&CRS=EPSG%3A3857&BBOX=16100000%2C-4550000%2C16120000%2C-4530000&WIDTH=64&HEIGHT=64&FORMAT=image%2Fpng",
    ),
    (
        "text/plain;charset=UTF-8",
        r#"<GetFeature xmlns="http://www.opengis.net/wfs" service="WFS" version="1.1.0" maxFeatures="3" outputFormat="GeoJSON"><Query typeName="zones" srsName="EPSG:3857"><Filter xmlns="http://www.opengis.net/ogc"><PropertyIsEqualTo><PropertyName>name</PropertyName><Literal>zone 2</Literal></PropertyIsEqualTo></Filter></Query></GetFeature>"#,
    ),
    (
        "text/xml",
        r#"<wfs:GetFeature xmlns:wfs="http://www.opengis.net/wfs" xmlns:ogc="http://www.opengis.net/ogc" service="WFS" version="1.0.0"><wfs:Query typeName="Bäume"><ogc:Filter><ogc:Not><ogc:PropertyIsNull><ogc:PropertyName>Art</ogc:PropertyName></ogc:PropertyIsNull></ogc:Not></ogc:Filter></wfs:Query></wfs:GetFeature>"#,
    ),
    (
        "text/xml",
        r#"<Transaction xmlns="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" service="WFS" version="1.1.0"><Insert><assets xmlns="http://www.qgis.org/gml"><label><![CDATA[a & b]]></label><n>7</n><geometry><gml:Point srsName="EPSG:3857"><gml:pos srsDimension="2">16101000 -4549000</gml:pos></gml:Point></geometry></assets></Insert></Transaction>"#,
    ),
    (
        "application/xml; charset=UTF-8",
        r#"<wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" xmlns:feature="http://www.qgis.org/gml" service="WFS" version="1.0.0"><wfs:Insert><feature:assets><feature:label>new</feature:label><feature:geometry><gml:Point srsName="EPSG:3857"><gml:coordinates ts=" " cs=",">16101000,-4549000</gml:coordinates></gml:Point></feature:geometry></feature:assets></wfs:Insert></wfs:Transaction>"#,
    ),
    (
        "text/xml",
        r#"<Transaction xmlns="http://www.opengis.net/wfs" service="WFS" version="1.0.0"><Update typeName="assets"><Property><Name>label</Name><Value>renamed</Value></Property><Filter xmlns="http://www.opengis.net/ogc"><FeatureId fid="assets.3"/></Filter></Update></Transaction>"#,
    ),
    (
        "text/xml",
        r#"<Transaction xmlns="http://www.opengis.net/wfs" service="WFS" version="1.1.0"><Update typeName="assets"><Property><Name>n</Name></Property><Filter xmlns="http://www.opengis.net/ogc"><FeatureId fid="assets.3"/></Filter></Update></Transaction>"#,
    ),
    (
        "text/xml",
        r#"<Transaction xmlns="http://www.opengis.net/wfs" service="WFS" version="1.0.0"><Delete typeName="assets"><Filter xmlns="http://www.opengis.net/ogc"><FeatureId fid="assets.4"/></Filter></Delete></Transaction>"#,
    ),
];

/// Returns all sample requests.
pub(crate) fn shapes() -> Vec<Recorded> {
    let gets = GETS
        .iter()
        .map(|(path, query)| Recorded { path: format!("/pozi/ows/demo/{path}"), ..Recorded::get(query) });
    let posts = POSTS.iter().map(|(kind, body)| Recorded {
        method: "POST".into(),
        content_type: Some((*kind).into()),
        body: (*body).into(),
        ..Recorded::get("")
    });
    gets.chain(posts).collect()
}
