//! The external URL, and Application Proxy in front of the internal one.

use pozi_auth::sites::Site;
use reqwest::StatusCode;

use super::{
    directory::name,
    sign_in::{SignIn, sign_in},
};
use crate::doctor::{
    observed::{Answer, NoAnswer, Observed},
    report::Finding,
};

const EXTERNAL: &str = "External URL";
const SIGN_IN: &str = "Sign-in before the external URL";
const INTERNAL: &str = "Internal URL";
const PLACE: &str = "Entra admin centre → Enterprise applications → Pozi Server → Application proxy";

/// The errors of Application Proxy that its pages name, the status that each comes with, and what to do.
/// Source: <https://learn.microsoft.com/entra/identity/app-proxy/application-proxy-troubleshoot>.
const ERRORS: [(&str, u16, &str); 4] = [
    (
        "NoActiveConnector",
        503,
        "start the private network connector on its server, and let it reach Microsoft on ports 80 and 443",
    ),
    ("EmptyConnectorGroup", 503, "put a connector into the application's connector group"),
    (
        "GatewayTimeout",
        504,
        "start the server at the internal URL; if maps take long, set Backend Application Timeout to Long",
    ),
    (
        "BadGateway",
        502,
        "give the internal URL exactly as the connector can open it, with http rather than https, and start the server there",
    ),
];

/// Judges how the external URL answers a request without a sign-in.
pub(super) fn judge(site: &Site, observed: &Observed) -> Vec<Finding> {
    let sign_in = sign_in(site, observed);
    let external = match (&observed.external, &sign_in) {
        (Err(error), _) => unreachable(site, error),
        (Ok(_), Some(_)) => {
            Finding::ok(EXTERNAL, "asks for a sign-in before anything else, as Application Proxy does")
        }
        (Ok(answer), None) => without_sign_in(answer),
    };
    let signing_in = match sign_in {
        Some(found) => sign_in_of(site, &found),
        None => Finding::unknown(
            SIGN_IN,
            "the external URL sends nobody to sign in",
            format!("see {EXTERNAL} first"),
        ),
    };
    vec![external, signing_in, internal(site)]
}

fn unreachable(site: &Site, error: &NoAnswer) -> Finding {
    let url = site.external_url.as_str();
    let finding = format!("{url} does not answer: {error}");
    let fix = match error {
        NoAnswer::UnknownHost => format!(
            "compare it with {PLACE} → External URL; a domain of the council's own needs a CNAME record"
        ),
        NoAnswer::Tls(_) => format!(
            "{PLACE} → Certificate: upload one for this host; and check that no proxy on the way replaces it"
        ),
        _ => format!("compare it with {PLACE} → External URL; {}", error.advice()),
    };
    Finding::wrong(EXTERNAL, finding, fix)
}

/// Judges an answer that is no redirect to the sign-in.
fn without_sign_in(answer: &Answer) -> Finding {
    if let Some((error, fix)) = error_of_proxy(answer) {
        return Finding::wrong(EXTERNAL, format!("Application Proxy answers {error}"), fix);
    }
    let status = answer.status.as_u16();
    let (finding, fix) = match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return refused(answer),
        redirect if redirect.is_redirection() => (
            format!("redirects to {}, which is no sign-in of Entra", answer.location().unwrap_or_default()),
            format!("compare it with {PLACE} → External URL; Pre Authentication must be Microsoft Entra ID"),
        ),
        success if success.is_success() => (
            format!("hands out maps without a sign-in (status {status}): Pre Authentication is Passthrough"),
            format!("{PLACE} → Pre Authentication: Microsoft Entra ID; until then anyone may read every map"),
        ),
        _ => (
            format!("answers with status {status} instead of asking for a sign-in"),
            format!(
                "compare it with {PLACE} → External URL, path included; Pre Authentication must be Microsoft Entra ID"
            ),
        ),
    };
    Finding::wrong(EXTERNAL, finding, fix)
}

/// Judges a refusal of a request without a sign-in.
fn refused(answer: &Answer) -> Finding {
    let status = answer.status.as_u16();
    match answer.reason() {
        Some(reason) => Finding::ok(
            EXTERNAL,
            format!(
                "the gate answers, and refuses a request without a session ({reason}); nobody has to sign in before it"
            ),
        ),
        None if is_of_proxy(answer) => Finding::ok(
            EXTERNAL,
            format!("Application Proxy refuses a request without a sign-in (status {status})"),
        ),
        None => Finding::unknown(
            EXTERNAL,
            format!(
                "refuses a request without a sign-in (status {status}), but not as Application Proxy or the gate do"
            ),
            format!("{PLACE}: Pre Authentication must be Microsoft Entra ID"),
        ),
    }
}

/// Returns the name of an error of Application Proxy, and what to do.
fn error_of_proxy(answer: &Answer) -> Option<(String, String)> {
    let page = String::from_utf8_lossy(&answer.body);
    let named = ERRORS.into_iter().find(|(error, ..)| page.contains(error));
    if let Some((error, _, fix)) = named {
        return Some((error.to_owned(), fix.to_owned()));
    }
    if page.contains("corporate app can") {
        let fix = format!("publish the application again with exactly this external URL ({PLACE})");
        return Some(("\"This corporate app can't be accessed\"".to_owned(), fix));
    }
    let status = answer.status.as_u16();
    let likely: Vec<_> = ERRORS.into_iter().filter(|(_, of_error, _)| *of_error == status).collect();
    let errors: Vec<_> = likely.iter().map(|(error, ..)| *error).collect();
    let fixes: Vec<_> = likely.iter().map(|(.., fix)| *fix).collect();
    let name = format!("with status {status}, as for {}", errors.join(" and "));
    (!likely.is_empty()).then(|| (name, fixes.join("; or ")))
}

/// Application Proxy adds headers of its own.
fn is_of_proxy(answer: &Answer) -> bool {
    answer.headers.keys().any(|name| name.as_str().starts_with("x-ms-proxy-"))
}

/// Judges for which tenant and registration people sign in.
fn sign_in_of(site: &Site, found: &SignIn) -> Finding {
    let (tenant, client) = (site.tenant(), site.expected.client);
    let differs = match (found.cloud, found.tenant, found.client, &found.resource) {
        (Some(cloud), ..) if cloud != site.cloud() => Some((
            format!(
                "people sign in to the cloud `{}`, and the site is in `{}`",
                name(cloud),
                name(site.cloud())
            ),
            "cloud",
        )),
        (_, Some(other), ..) if other != tenant => {
            Some((format!("people sign in at the tenant {other}, and the site's is {tenant}"), "tenant_id"))
        }
        (_, _, Some(other), _) if other != client => Some((
            format!("people sign in for the application {other}, and the site's is {client}"),
            "client_id",
        )),
        (_, _, None, Some(resource)) if !site.expected.accepts_audience(resource) => Some((
            format!("people sign in for {resource}, which is not the site's Application ID URI"),
            "external_url",
        )),
        _ => None,
    };
    match differs {
        Some((finding, key)) => Finding::wrong(
            SIGN_IN,
            finding,
            format!(
                "either the external URL is another application's, or {key} in the site file is wrong; compare both with {PLACE} and → Overview"
            ),
        ),
        None if found.client.is_none() && found.resource.is_none() => Finding::unknown(
            SIGN_IN,
            "the redirect does not say for which application",
            format!("compare {client} with {PLACE} → Overview"),
        ),
        None => Finding::ok(SIGN_IN, "for the site's tenant and application"),
    }
}

fn internal(site: &Site) -> Finding {
    let url = site.internal_url.as_str();
    let https = if url.starts_with("https:") {
        "; it is https, so the connector must trust its certificate, or people get BadGateway"
    } else {
        ""
    };
    let look = format!(
        "open {url} in a browser on the connector's server; {PLACE} → Internal URL must be exactly this{https}"
    );
    Finding::unknown(INTERNAL, "is in the council's own network", look)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{
        judge::testing::{CLIENT, TENANT, answer, observed, redirect, site},
        observed::Asked,
        report::State,
    };

    const OTHER: &str = "1c3c9d61-6a0c-4a0e-a1a5-0e5c1f3f2b9d";

    fn judged(external: Asked) -> (State, State, String) {
        let found = judge(&site(), &Observed { external, ..observed() });
        assert_eq!((found.len(), found[2].state), (3, State::Unknown));
        (
            found[0].state,
            found[1].state,
            format!("{} {:?} {} {:?}", found[0].finding, found[0].fix, found[1].finding, found[1].fix),
        )
    }

    #[test]
    fn compares_the_redirect_with_the_site() {
        let login = "https://login.microsoftonline.com";
        for (location, state, says) in [
            (
                format!("{login}/{TENANT}/oauth2/authorize?client_id={CLIENT}"),
                State::Ok,
                "for the site's tenant",
            ),
            (
                format!("{login}/common/oauth2/authorize?client_id={CLIENT}"),
                State::Ok,
                "for the site's tenant",
            ),
            (
                format!("{login}/{OTHER}/oauth2/authorize?client_id={CLIENT}"),
                State::Wrong,
                "at the tenant 1c3c",
            ),
            (
                format!("{login}/{TENANT}/oauth2/authorize?client_id={OTHER}"),
                State::Wrong,
                "for the application 1c3c",
            ),
            (format!("{login}/{TENANT}/oauth2/authorize?resource=spn:{CLIENT}"), State::Ok, "for the site's"),
            (
                format!("{login}/{TENANT}/oauth2/authorize?resource=spn:{OTHER}"),
                State::Wrong,
                "not the site's Application ID URI",
            ),
            (
                format!("{login}/{TENANT}/oauth2/authorize"),
                State::Unknown,
                "does not say for which application",
            ),
            (
                format!("https://login.microsoftonline.us/{TENANT}/x?client_id={CLIENT}"),
                State::Wrong,
                "to the cloud `us-government`",
            ),
        ] {
            let (external, sign_in, text) = judged(redirect(&location));
            assert_eq!((external, sign_in), (State::Ok, state), "{location}: {text}");
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn names_what_the_external_url_does_instead() {
        for (external, state, says) in [
            (Err(NoAnswer::UnknownHost), State::Wrong, "not known in DNS"),
            (Err(NoAnswer::Refused), State::Wrong, "connection is refused"),
            (Err(NoAnswer::Tls("expired".into())), State::Wrong, "TLS (expired)"),
            (Err(NoAnswer::TimedOut), State::Wrong, "within 5 s"),
            (answer(200, "<WMS_Capabilities/>"), State::Wrong, "Passthrough"),
            (answer(404, ""), State::Wrong, "status 404 instead of"),
            (
                answer(404, "This corporate app can't be accessed."),
                State::Wrong,
                "publish the application again",
            ),
            (answer(502, ""), State::Wrong, "BadGateway"),
            (answer(503, "<h1>NoActiveConnector</h1>"), State::Wrong, "answers NoActiveConnector"),
            (answer(503, ""), State::Wrong, "NoActiveConnector and EmptyConnectorGroup"),
            (answer(504, ""), State::Wrong, "GatewayTimeout"),
            (answer(500, "GatewayTimeout"), State::Wrong, "answers GatewayTimeout"),
            (redirect("https://elsewhere.example/"), State::Wrong, "no sign-in of Entra"),
            (answer(401, r#"{"reason":"no_session"}"#), State::Ok, "the gate answers"),
            (answer(401, ""), State::Unknown, "but not as Application Proxy"),
        ] {
            let (found, sign_in, text) = judged(external);
            assert_eq!((found, sign_in), (state, State::Unknown), "{text}");
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn knows_application_proxy_by_its_headers() {
        let mut refused = answer(401, "").unwrap();
        refused.headers.insert("x-ms-proxy-transaction-id", "1".parse().unwrap());
        assert_eq!(judged(Ok(refused)).0, State::Ok);
    }
}
