//! The local page: its embedded files, MSAL.js from the folder where npm installed it, and the page's settings.

use std::path::{Path, PathBuf};

use axum::{
    Json, Router,
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};
use entra_emulator::{Mistake, Person};
use pozi_auth::sites::{Catalogue, Site};
use serde_json::{Value, json};
use url::Url;

/// Where `infra/local/page/fetch-msal` installs MSAL.js, from the project's root.
pub const MSAL_FOLDER: &str = "target/local-page/node_modules/@azure/msal-browser/lib";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

/// The text of a file of the browser module, `clients/web`.
macro_rules! module {
    ($file:literal) => {
        include_str!(concat!("../../../clients/web/src/", $file))
    };
}

/// Path, content type and text of each file.
const FILES: [(&str, &str, &str); 46] = [
    ("/", HTML, include_str!("../page/index.html")),
    (REDIRECT, HTML, include_str!("../page/redirect.html")),
    ("/page/style.css", STYLE, include_str!("../page/style.css")),
    ("/page/icon.svg", PICTURE, include_str!("../page/icon.svg")),
    ("/page/contours.svg", PICTURE, include_str!("../page/contours.svg")),
    ("/page/activity-log.js", SCRIPT, include_str!("../page/activity-log.js")),
    ("/page/claims.js", SCRIPT, include_str!("../page/claims.js")),
    ("/page/decision.js", SCRIPT, include_str!("../page/decision.js")),
    ("/page/elements.js", SCRIPT, include_str!("../page/elements.js")),
    ("/page/entra-panel.js", SCRIPT, include_str!("../page/entra-panel.js")),
    ("/page/errors.js", SCRIPT, include_str!("../page/errors.js")),
    ("/page/faults.js", SCRIPT, include_str!("../page/faults.js")),
    ("/page/jwt.js", SCRIPT, include_str!("../page/jwt.js")),
    ("/page/maps.js", SCRIPT, include_str!("../page/maps.js")),
    ("/page/page.js", SCRIPT, include_str!("../page/page.js")),
    ("/page/redirect.js", SCRIPT, include_str!("../page/redirect.js")),
    ("/page/session-controller.js", SCRIPT, include_str!("../page/session-controller.js")),
    ("/page/session-panel.js", SCRIPT, include_str!("../page/session-panel.js")),
    ("/page/sign-in-form.js", SCRIPT, include_str!("../page/sign-in-form.js")),
    ("/page/sign-in-msal.js", SCRIPT, include_str!("../page/sign-in-msal.js")),
    ("/page/sign-in-plain.js", SCRIPT, include_str!("../page/sign-in-plain.js")),
    ("/page/verdict.js", SCRIPT, include_str!("../page/verdict.js")),
    ("/pozi-session/addresses.js", SCRIPT, module!("addresses.js")),
    ("/pozi-session/answers.js", SCRIPT, module!("answers.js")),
    ("/pozi-session/attempts.js", SCRIPT, module!("attempts.js")),
    ("/pozi-session/catalogue.js", SCRIPT, module!("catalogue.js")),
    ("/pozi-session/entra-errors.js", SCRIPT, module!("entra-errors.js")),
    ("/pozi-session/events.js", SCRIPT, module!("events.js")),
    ("/pozi-session/exchange.js", SCRIPT, module!("exchange.js")),
    ("/pozi-session/graph-token.js", SCRIPT, module!("graph-token.js")),
    ("/pozi-session/index.js", SCRIPT, module!("index.js")),
    ("/pozi-session/keeper.js", SCRIPT, module!("keeper.js")),
    ("/pozi-session/leaflet.js", SCRIPT, module!("leaflet.js")),
    ("/pozi-session/loading.js", SCRIPT, module!("loading.js")),
    ("/pozi-session/maplibre.js", SCRIPT, module!("maplibre.js")),
    ("/pozi-session/msal.js", SCRIPT, module!("msal.js")),
    ("/pozi-session/openlayers.js", SCRIPT, module!("openlayers.js")),
    ("/pozi-session/problems.js", SCRIPT, module!("problems.js")),
    ("/pozi-session/reasons.js", SCRIPT, module!("reasons.js")),
    ("/pozi-session/refusal.js", SCRIPT, module!("refusal.js")),
    ("/pozi-session/relay.js", SCRIPT, module!("relay.js")),
    ("/pozi-session/sentences.js", SCRIPT, module!("sentences.js")),
    ("/pozi-session/service-reasons.js", SCRIPT, module!("service-reasons.js")),
    ("/pozi-session/session.js", SCRIPT, module!("session.js")),
    ("/pozi-session/troubles.js", SCRIPT, module!("troubles.js")),
    ("/pozi-session/waiting.js", SCRIPT, module!("waiting.js")),
];

/// MSAL's redirect URI. A silent sign-in loads it in a hidden frame of the page.
const REDIRECT: &str = "/redirect.html";

/// The two files of MSAL that the page loads: path, and file in the package's folder.
const MSAL: [(&str, &str); 2] = [
    ("/msal/msal-browser.min.js", "msal-browser.min.js"),
    ("/msal/msal-redirect-bridge.min.js", "redirect-bridge/msal-redirect-bridge.min.js"),
];

/// The folder that `--msal` names has no MSAL.js.
#[derive(Debug, thiserror::Error)]
#[error(
    "--msal {}: there is no MSAL.js in this folder; name the folder lib of npm's package @azure/msal-browser, or leave --msal out",
    .0.display()
)]
pub struct MsalError(PathBuf);

/// The folder of MSAL.js: `named`, which must have it, or [`MSAL_FOLDER`], which may be missing.
pub fn msal_folder(named: Option<PathBuf>) -> Result<PathBuf, MsalError> {
    match named {
        Some(folder) if !has_msal(&folder) => Err(MsalError(folder)),
        named => Ok(named.unwrap_or_else(|| MSAL_FOLDER.into())),
    }
}

fn has_msal(folder: &Path) -> bool {
    MSAL.iter().all(|(_, file)| folder.join(file).is_file())
}

/// The page's settings. They are public: any page on this machine can read them.
#[derive(Debug, Clone)]
pub struct PageConfig {
    authority: String,
    settings: Value,
}

impl PageConfig {
    /// Settings for the service at `service`, a URL without a slash at its end. `authority` is where MSAL.js signs in,
    /// `qgis` whether QGIS Server is installed. The emulated Entra must also be at `/entra` of the service.
    pub fn new<'a>(
        service: &str,
        authority: &Url,
        sites: impl IntoIterator<Item = &'a Site>,
        qgis: bool,
    ) -> Self {
        let authority = authority.origin().ascii_serialization();
        let people = Person::ALL.into_iter().filter(|person| person.can_sign_in());
        let settings = json!({
            "service": service,
            "plainLogin": format!("{service}/entra"),
            "authority": authority,
            "qgis": qgis,
            "sites": sites.into_iter().map(site).collect::<Value>(),
            "people": people.map(person).collect::<Value>(),
            "mistakes": Mistake::ALL.map(mistake),
        });
        Self { authority, settings }
    }
}

fn site(site: &Site) -> Value {
    let catalogue = |catalogue: &Catalogue| json!({"id": catalogue.id.as_str(), "title": catalogue.title});
    json!({
        "name": site.name.as_str(),
        "tenant": site.tenant().uuid().to_string(),
        "clientId": site.expected.client.uuid().to_string(),
        "scope": format!("{}/user_impersonation", site.external_url.application_id_uri()),
        "catalogues": site.catalogues.iter().map(catalogue).collect::<Value>(),
    })
}

fn person(person: Person) -> Value {
    json!({
        "person": person.name(),
        "name": person.full_name(),
        "address": person.address(),
        "what": person.what(),
    })
}

fn mistake(mistake: Mistake) -> Value {
    json!({
        "name": mistake.to_string(),
        "code": format!("AADSTS{}", mistake.code()),
        "what": mistake.what(),
        "setting": mistake.setting(),
    })
}

/// Serves the page at `/`, and MSAL.js from `msal_folder` (see [`MSAL_FOLDER`]) if it is installed.
pub fn router(config: PageConfig, msal_folder: PathBuf) -> Router {
    let mut router = Router::new();
    for (address, kind, text) in FILES {
        let framed_by = if address == REDIRECT { "'self'" } else { "'none'" };
        let policy = policy(&config.authority, framed_by);
        router = router.route(address, get(move || async move { file(kind, text, policy.clone()) }));
    }
    for (address, place) in MSAL {
        let (path, policy) = (msal_folder.join(place), policy(&config.authority, "'none'"));
        let serve = async move || match tokio::fs::read(&path).await {
            Ok(text) => file(SCRIPT, text, policy.clone()),
            Err(_) => StatusCode::NOT_FOUND.into_response(),
        };
        router = router.route(address, get(serve));
    }
    router.route("/local/config.json", get(async move || settings(&config, &msal_folder)))
}

fn settings(config: &PageConfig, msal_folder: &Path) -> Response {
    let mut settings = config.settings.clone();
    settings["msal"] = has_msal(msal_folder).into();
    (fixed_headers(), Json(settings)).into_response()
}

fn file(kind: &'static str, text: impl IntoResponse, policy: HeaderValue) -> Response {
    let kind = HeaderValue::from_static(kind);
    (fixed_headers(), [(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, policy)], text).into_response()
}

/// No `Cross-Origin-Opener-Policy`: it would cut MSAL's pop-up window off from the page that opened it.
fn fixed_headers() -> [(HeaderName, &'static str); 3] {
    [(CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (REFERRER_POLICY, "no-referrer")]
}

/// Even if the page took a claim or an error message for markup, no script in it would run, and no token could be sent
/// anywhere but to the service and the authority.
fn policy(authority: &str, framed_by: &str) -> HeaderValue {
    let text = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
         connect-src 'self' {authority}; frame-src 'self' {authority}; form-action 'self' {authority}; \
         base-uri 'none'; frame-ancestors {framed_by}; require-trusted-types-for 'script'"
    );
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use pozi_auth::adapters::SiteFiles;
    use tower::ServiceExt;

    use super::*;
    use crate::samples;

    fn page(msal_folder: &Path) -> Router {
        let sites = SiteFiles::of(&samples::site_files()).unwrap();
        let mut sites: Vec<&Site> = sites.all().map(AsRef::as_ref).collect();
        sites.sort_by_key(|site| site.name.to_string());
        let authority = "https://localhost:8443/ignored".parse().unwrap();
        router(PageConfig::new("http://localhost:8080", &authority, sites, true), msal_folder.to_owned())
    }

    async fn answer(page: &Router, path: &str) -> (StatusCode, axum::http::HeaderMap, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let (parts, body) = page.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(bytes.into()).unwrap())
    }

    #[tokio::test]
    async fn every_file_of_the_page_is_served_with_its_content_type() {
        let page = page(Path::new("nowhere"));
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
        let mut served = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some((_, extension)) = name.rsplit_once('.') else { continue };
            let (path, kind) = match (name.as_str(), extension) {
                ("index.html", _) => ("/".to_owned(), "text/html; charset=utf-8"),
                ("redirect.html", _) => ("/redirect.html".to_owned(), "text/html; charset=utf-8"),
                (_, "js") => (format!("/page/{name}"), "text/javascript; charset=utf-8"),
                (_, "css") => (format!("/page/{name}"), "text/css; charset=utf-8"),
                (_, "svg") => (format!("/page/{name}"), "image/svg+xml"),
                _ => continue,
            };
            let (status, headers, text) = answer(&page, &path).await;
            assert_eq!((status, headers[CONTENT_TYPE].to_str().unwrap()), (StatusCode::OK, kind), "{path}");
            assert!(!text.is_empty());
            served.insert(path);
        }
        let embedded = FILES.into_iter().map(|(path, ..)| path.to_owned()).collect::<BTreeSet<_>>();
        let others = embedded.difference(&served).cloned().collect::<BTreeSet<_>>();
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../clients/web/src");
        let names =
            fs::read_dir(modules).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let scripts = names.filter(|name| name.rsplit_once('.').is_some_and(|(_, kind)| kind == "js"));
        assert_eq!(others, scripts.map(|name| format!("/pozi-session/{name}")).collect());
    }

    #[tokio::test]
    async fn every_file_that_the_page_loads_is_served() {
        let page = page(Path::new("nowhere"));
        for (path, _, text) in FILES {
            for quoted in text.split('"').skip(1).step_by(2).filter(|quoted| quoted.starts_with("/p")) {
                assert_eq!(answer(&page, quoted).await.0, StatusCode::OK, "{path} asks for {quoted}");
            }
            let folder = &path[..=path.rfind('/').unwrap()];
            for imported in text.split("\"./").skip(1).filter_map(|rest| rest.split_once('"')) {
                let address = format!("{folder}{}", imported.0);
                assert_eq!(answer(&page, &address).await.0, StatusCode::OK, "{path} asks for {address}");
            }
        }
    }

    #[tokio::test]
    async fn only_the_pages_own_scripts_run_and_only_the_redirect_page_may_be_framed() {
        let page = page(Path::new("nowhere"));
        for (path, framed_by) in [("/", "'none'"), (REDIRECT, "'self'"), ("/page/page.js", "'none'")] {
            let (_, headers, _) = answer(&page, path).await;
            let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            for directive in [
                "default-src 'none'",
                "script-src 'self'",
                "connect-src 'self' https://localhost:8443",
                "base-uri 'none'",
                &format!("frame-ancestors {framed_by}"),
            ] {
                assert!(policy.split("; ").any(|part| part == directive), "{path}: {directive} in {policy}");
            }
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers[REFERRER_POLICY], "no-referrer");
            assert_eq!(headers[CACHE_CONTROL], "no-cache");
        }
    }

    #[tokio::test]
    async fn the_settings_list_sites_people_and_mistakes() {
        let (status, headers, text) = answer(&page(Path::new("nowhere")), "/local/config.json").await;
        assert_eq!(
            (status, &headers[CONTENT_TYPE]),
            (StatusCode::OK, &HeaderValue::from_static("application/json"))
        );
        let settings: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(settings["service"], "http://localhost:8080");
        assert_eq!(settings["plainLogin"], "http://localhost:8080/entra");
        assert_eq!(settings["authority"], "https://localhost:8443");
        assert_eq!((&settings["msal"], &settings["qgis"]), (&json!(false), &json!(true)));
        let site = &settings["sites"][0];
        assert_eq!(site["name"], "riverbend");
        assert_eq!(site["scope"], "https://poziserver-riverbend.example/pozi/user_impersonation");
        assert_eq!(site["clientId"], "c3890382-ecc1-4cf0-adc1-1b349bbd71ee");
        assert_eq!(site["catalogues"][0], json!({"id": "planning", "title": "Planning and zoning"}));
        let people = settings["people"].as_array().unwrap();
        assert_eq!(people[0]["address"], "rhea.reader@example.com");
        assert!(people.iter().all(|person| person["person"] != "app-only"), "a daemon cannot sign in");
        let codes = settings["mistakes"].as_array().unwrap().iter().map(|mistake| &mistake["code"]);
        assert!(codes.into_iter().any(|code| code == "AADSTS50011"));
    }

    #[tokio::test]
    async fn msal_is_served_if_installed_and_nothing_else_of_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (page, folder) = (page(folder.path()), folder.path());
        assert_eq!(answer(&page, MSAL[0].0).await.0, StatusCode::NOT_FOUND);
        let error = msal_folder(Some(folder.to_owned())).unwrap_err().to_string();
        assert!(error.contains(folder.to_str().unwrap()) && error.contains("leave --msal out"), "{error}");
        fs::create_dir_all(folder.join("redirect-bridge")).unwrap();
        for (_, place) in MSAL {
            fs::write(folder.join(place), place).unwrap();
        }
        fs::write(folder.join("other.js"), "other").unwrap();
        for (address, place) in MSAL {
            let (status, _, text) = answer(&page, address).await;
            assert_eq!((status, text.as_str()), (StatusCode::OK, place));
        }
        assert_eq!(msal_folder(Some(folder.to_owned())).unwrap(), folder);
        assert_eq!(msal_folder(None).unwrap(), Path::new(MSAL_FOLDER));
        let (_, _, settings) = answer(&page, "/local/config.json").await;
        assert_eq!(serde_json::from_str::<Value>(&settings).unwrap()["msal"], true);
        for path in ["/msal/other.js", "/msal/../other.js", "/msal/%2e%2e/lib/other.js"] {
            assert_eq!(answer(&page, path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }
}
