//! Links in the answers of QGIS Server.

use serde_json::Value;

use super::{
    fake_qgis::LINKED,
    proxy::{Proxy, no_timeouts},
};

#[tokio::test]
async fn links_of_the_features_api_lead_to_the_gate_and_data_of_a_layer_stays_as_it_is() {
    let proxy = Proxy::with(no_timeouts()).await;
    let session = proxy.session().await;
    let click = "?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&STYLES=&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&I=1&J=1&FORMAT=image/png&INFO_FORMAT=application/json";
    let mut links = Vec::new();
    for request in ["wfs3.json", click] {
        let mut client = proxy.connect().await;
        client
            .send(&format!(
                "GET /pozi/ows/planning/{request} HTTP/1.1\r\nHost: gate\r\nX-Pozi-Session: {session}\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.verdict(), (200, String::new()), "{request}");
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        links.push(body["links"][0]["href"].as_str().unwrap().to_owned());
    }
    let original: Value = serde_json::from_str(LINKED).unwrap();
    assert_eq!(links[0], "https://poziserver-riverbend.example/pozi/ows/planning/wfs3/collections");
    assert_eq!(links[1], original["links"][0]["href"]);
}
