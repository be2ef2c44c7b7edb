//! The authorizer's stack beside the service's, in front of an API with the catalogues of one site.

use axum::Router;
use pozi_tests::served;
use serde_json::{Value, json};

use super::{
    cloud::Cloud,
    service::{Service, changed},
};

/// An API with the routes of catalogues, which an authorizer guards.
struct Api<'a> {
    cloud: &'a Cloud,
    id: String,
}

impl<'a> Api<'a> {
    fn create(cloud: &'a Cloud) -> Self {
        let made =
            cloud.call("apigatewayv2", "create_api", json!({ "Name": "maps", "ProtocolType": "HTTP" }));
        let id = made["ApiId"].as_str().unwrap().to_owned();
        let stage = json!({ "ApiId": id, "StageName": "$default", "AutoDeploy": true });
        cloud.call("apigatewayv2", "create_stage", stage);
        Self { cloud, id }
    }

    /// Has `url` answer all requests that the authorizer of the stack `authorizer` lets through.
    fn guard(&self, authorizer: &str, url: &str) {
        let integration = json!({
            "ApiId": self.id, "IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET",
            "IntegrationUri": url, "PayloadFormatVersion": "1.0",
        });
        let made = self.cloud.call("apigatewayv2", "create_integration", integration);
        let route = json!({
            "ApiId": self.id, "RouteKey": "GET /ows/{catalogue}/{proxy+}", "AuthorizationType": "CUSTOM",
            "AuthorizerId": self.cloud.outputs(authorizer)["AuthorizerId"],
            "Target": format!("integrations/{}", made["IntegrationId"].as_str().unwrap()),
        });
        self.cloud.call("apigatewayv2", "create_route", route);
    }

    /// Asks for a map of `catalogue`, and returns the status.
    async fn ask(&self, catalogue: &str, session: Option<&str>) -> u16 {
        let url = format!("{}/_aws/execute-api/{}/ows/{catalogue}/wms", self.cloud.url, self.id);
        let request = reqwest::Client::new().get(url);
        let request = session.map_or_else(
            || request.try_clone().unwrap(),
            |one| request.try_clone().unwrap().header("x-pozi-session", one),
        );
        request.send().await.unwrap().status().as_u16()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_is_open_to_the_sessions_of_its_site_and_to_their_catalogues() {
    let Some(cloud) = Cloud::start().await else { return };
    let service = Service::deploy(&cloud, "pozi", &[]);
    service.set_up(&Cloud::owner()).await;
    let session = service.assert_serves().await;
    let api = Api::create(&cloud);
    let claims: Value = pozi_tests::part(&session, 1);
    let own = |name: &str| claims[name].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    // The emulated AWS has shorter ids, and no certificate.
    let emulated = [("[a-z0-9]{10}", "[a-z0-9]{8}"), ("^https://[^/?#@]+(", "^http://[^/?#@]+(")];
    let template = changed(folder.path(), "functions/authorizer/template.yaml", &emulated);
    let deploy = |stack: &str, audience: &str| {
        let parameters = [
            ("ApiId", &*api.id),
            ("Issuer", &own("iss")),
            ("Audience", audience),
            ("TenantId", &own("tid")),
            ("RoutePrefix", "/ows/"),
            ("CacheSeconds", "0"),
        ];
        let parameters = parameters.map(|(name, value)| format!("{name}={value}"));
        Service { cloud: &cloud, stack }.update(&template, &parameters).unwrap();
    };
    deploy("authorizer", &own("aud"));
    api.guard("authorizer", served(Router::new().fallback(|| async { "a map" })).await.base());
    assert_eq!(api.ask("planning", Some(&session)).await, 200);
    assert_eq!(api.ask("assets", Some(&session)).await, 403, "a catalogue that is closed to the reader");
    assert_eq!(api.ask("planning", None).await, 401);
    let (spoiled, _) = session.rsplit_once('.').unwrap();
    assert_eq!(api.ask("planning", Some(&format!("{spoiled}.AAAA"))).await, 403);
}
