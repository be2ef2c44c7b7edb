//! A deployed service: its address, and what people do with it.

use std::{fs, path::Path};

use pozi_local::samples;
use pozi_tests::{exchange_form, verified_by};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};

use super::cloud::{Cloud, Credentials, ROOT};

/// A stack of the service in an emulated AWS.
pub(crate) struct Service<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) stack: &'a str,
}

/// An HTTP answer: its status and its JSON.
pub(crate) type Answer = (u16, Value);

impl<'a> Service<'a> {
    /// Deploys the service as the stack `stack`, with other values for some `parameters`.
    pub(crate) fn deploy(cloud: &'a Cloud, stack: &'a str, parameters: &[String]) -> Self {
        let service = Self { cloud, stack };
        service.update("infra/template.yaml", parameters).unwrap();
        service
    }

    /// Deploys `template` over it, as `make deploy` does. The error is SAM's output.
    pub(crate) fn update(&self, template: &str, parameters: &[String]) -> Result<(), String> {
        let file = format!("{ROOT}/samconfig.toml");
        let settings = ["deploy", "--config-file", &file, "--config-env", "dev"];
        let names = ["--template-file", template, "--stack-name", self.stack];
        let overrides = ["--parameter-overrides", "file://target/lambda/architecture.yaml"];
        let words = [&settings[..], &names, &overrides].concat().into_iter();
        let words: Vec<_> = words.chain(parameters.iter().map(String::as_str)).collect();
        self.cloud.sam(&words).map(drop)
    }

    /// Returns an output of the stack.
    pub(crate) fn output(&self, name: &str) -> String {
        self.cloud.outputs(self.stack).remove(name).unwrap()
    }

    /// Makes the first key ring, stores the sample sites, and fetches their tenants' keys.
    pub(crate) async fn set_up(&self, operator: &Credentials) {
        let folder = tempfile::tempdir().unwrap();
        for file in samples::site_files() {
            fs::write(folder.path().join(&file.name), &file.text).unwrap();
        }
        let pozi = |words: Vec<String>| async move {
            let words: Vec<_> = words.iter().map(String::as_str).chain(["--stack", self.stack]).collect();
            self.cloud.pozi(operator, &words).await.unwrap()
        };
        let sites = folder.path().to_str().unwrap().to_owned();
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        pozi(words("keys establish")).await;
        pozi([words("push --yes"), vec![sites]].concat()).await;
        let report = self.cloud.invoke(&self.output("RotateKeysFunction"), &json!({})).unwrap();
        assert_eq!(report["key_sets"]["failed"], 0, "{report}");
    }

    /// Exchanges a reader's token at the public address.
    pub(crate) async fn exchange(&self) -> Answer {
        let form = exchange_form(&self.cloud.token(), &[]);
        let request = self.request(Method::POST, "TokenEndpoint").body(form);
        answer(request.header("content-type", "application/x-www-form-urlencoded")).await
    }

    /// Returns the public key set.
    pub(crate) async fn keys(&self) -> Answer {
        answer(self.request(Method::GET, "JwksUrl")).await
    }

    /// Returns a request to the URL in an output. With a domain it is what CloudFront, which is not emulated, sends to the API.
    fn request(&self, method: Method, output: &str) -> RequestBuilder {
        let url: Url = self.output(output).parse().unwrap();
        if url.scheme() == "http" {
            return reqwest::Client::new().request(method, url);
        }
        let asked = json!({ "SecretId": self.output("OriginSecret") });
        let secret = self.cloud.call("secretsmanager", "get_secret_value", asked)["SecretString"].take();
        self.past_distribution(method, url.path()).header("x-pozi-origin", secret.as_str().unwrap())
    }

    /// Returns a request to the API's own address.
    pub(crate) fn past_distribution(&self, method: Method, path: &str) -> RequestBuilder {
        let api = self.cloud.resource(self.stack, "Api");
        reqwest::Client::new().request(method, format!("{}/_aws/execute-api/{api}{path}", self.cloud.url))
    }

    /// Asserts that a reader's token is exchanged for a session that the public key set verifies, and returns the session.
    pub(crate) async fn assert_serves(&self) -> String {
        let (status, exchanged) = self.exchange().await;
        assert_eq!(
            (status, &exchanged["scope"]),
            (200, &json!("heritage:read planning:read")),
            "{exchanged}"
        );
        let session = exchanged["access_token"].as_str().unwrap().to_owned();
        assert!(
            verified_by(&session, &self.keys().await.1).is_some(),
            "the published keys verify no session"
        );
        session
    }
}

/// Requests a certificate for a domain, and returns the parameters with which the service takes it.
pub(crate) fn domain(cloud: &Cloud) -> [String; 2] {
    let certificate = cloud.call("acm", "request_certificate", json!({ "DomainName": "auth.gis.example" }));
    let certificate = certificate["CertificateArn"].as_str().unwrap();
    ["DomainName=auth.gis.example".to_owned(), format!("CertificateArn={certificate}")]
}

async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Writes a copy of `template` to a file in `folder`, with the second of each of `changes` instead of the first.
pub(crate) fn changed(folder: &Path, template: &str, changes: &[(&str, &str)]) -> String {
    let mut text = fs::read_to_string(Path::new(ROOT).join(template)).unwrap();
    for (original, replacement) in changes {
        assert!(text.contains(original), "{template} has no {original}");
        text = text.replace(original, replacement);
    }
    let parents = "../".repeat(template.split('/').count() - 1);
    let text = text.replace(&format!("{parents}target/lambda/"), &format!("{ROOT}/target/lambda/"));
    let file = folder.join("template.yaml");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}
