//! Pozi's own service.

use pozi_auth::session::SessionKeySet;
use reqwest::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use serde::Deserialize;

use crate::doctor::{
    observed::{Asked, Service, document},
    report::Finding,
};

const METADATA: &str = "Metadata of the service";
const ISSUER: &str = "Issuer";
const KEYS: &str = "Session keys";
const ADDRESS: &str = "Address of the service";

/// Judges the service; `None` if its URL is not known.
pub(super) fn judge(service: Option<&Service>) -> Vec<Finding> {
    let Some(service) = service else {
        let look = "give its URL with --service, or the stack with --stack";
        return vec![Finding::unknown(ADDRESS, "not known", look)];
    };
    let metadata = match metadata(&service.metadata) {
        Ok(metadata) => metadata,
        Err(instead) => return without_metadata(service, &instead),
    };
    let url = format!("{}/.well-known/openid-configuration", service.issuer);
    let mut found = vec![Finding::ok(METADATA, format!("served at {url}"))];
    found.push(if metadata.issuer == service.issuer.as_str() {
        Finding::ok(ISSUER, metadata.issuer.clone())
    } else {
        Finding::wrong(
            ISSUER,
            format!("the service calls itself {}, and was asked as {}", metadata.issuer, service.issuer),
            "use the issuer exactly: as --service, in gate.toml, and as POZI_ISSUER of the functions",
        )
    });
    found.push(keys(&metadata, service.keys.as_ref()));
    found.extend(service.preflights.iter().map(|(origin, asked)| preflight(origin, asked)));
    found
}

/// The part of the service's metadata that is judged (RFC 8414 §2).
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

fn metadata(asked: &Asked) -> Result<Metadata, String> {
    let document = document(asked)?;
    serde_json::from_slice(document)
        .map_err(|_| "answers with something else than metadata: another server is there".to_owned())
}

fn without_metadata(service: &Service, instead: &str) -> Vec<Finding> {
    let fix = match &service.metadata {
        Err(error) => error.advice(),
        Ok(_) => {
            "check the URL with the stack's output Issuer; look at the log of the function jwks and at the alarms"
        }
    };
    let unknown =
        |check: String| Finding::unknown(check, "needs the metadata", format!("see {METADATA} first"));
    let origins = service.preflights.iter().map(|(origin, _)| of_origin(origin));
    let rest = [ISSUER.to_owned(), KEYS.to_owned()].into_iter().chain(origins).map(unknown);
    let wrong = Finding::wrong(METADATA, format!("{} {instead}", service.issuer), fix);
    std::iter::once(wrong).chain(rest).collect()
}

fn keys(metadata: &Metadata, asked: Option<&Asked>) -> Finding {
    const FIX: &str = "look at the log of the function jwks; `pozi keys list` shows the key ring";
    let url = &metadata.jwks_uri;
    let Some(asked) = asked else {
        return Finding::wrong(
            KEYS,
            format!("jwks_uri is {url}, and must be https"),
            "deploy the service again",
        );
    };
    match document(asked).map(SessionKeySet::parse) {
        Ok(Ok(set)) => Finding::ok(KEYS, format!("published at {url}; keys: {}", set.count())),
        Ok(Err(error)) => Finding::wrong(KEYS, format!("{url} is not usable: {error}"), FIX),
        Err(instead) => Finding::wrong(KEYS, format!("{url} {instead}"), FIX),
    }
}

fn of_origin(origin: &str) -> String {
    format!("Web App at {origin}")
}

/// Judges whether a page of `origin` may read the exchange's answers (Fetch §4.9).
fn preflight(origin: &str, asked: &Asked) -> Finding {
    const FIX: &str = "find what answers OPTIONS /oauth2/token in the service's place, such as CORS settings of the API or of CloudFront";
    let check = of_origin(origin);
    let answer = match asked {
        Ok(answer) => answer,
        Err(error) => {
            let finding = format!("the preflight request for the exchange gets no answer: {error}");
            return Finding::wrong(check, finding, error.advice());
        }
    };
    let allowed = answer.header(ACCESS_CONTROL_ALLOW_ORIGIN.as_str());
    match allowed {
        _ if !answer.status.is_success() => {
            let status = answer.status.as_u16();
            Finding::wrong(check, format!("CORS: the preflight request gets status {status}"), FIX)
        }
        Some(allowed) if allowed == "*" || allowed == origin => {
            Finding::ok(check, "CORS: its pages may exchange tokens")
        }
        Some(allowed) => {
            Finding::wrong(check, format!("CORS: only pages of {allowed} may read the answers"), FIX)
        }
        None => Finding::wrong(check, "CORS: its pages may not read the exchange's answers", FIX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{
        judge::testing::{answer, ok, service},
        observed::NoAnswer,
        report::State,
    };

    type Change = Box<dyn FnOnce(&mut Service)>;

    fn wrong(change: impl FnOnce(&mut Service)) -> Vec<(String, String)> {
        let mut service = service();
        change(&mut service);
        let found = judge(Some(&service));
        let wrong = found.into_iter().filter(|one| one.state == State::Wrong);
        wrong.map(|one| (one.check, one.finding)).collect()
    }

    #[test]
    fn a_service_that_answers_as_its_issuer_is_right() {
        assert_eq!(wrong(|_| ()), []);
        assert_eq!(judge(Some(&service())).len(), 5);
        assert_eq!(judge(None)[0].state, State::Unknown);
    }

    #[test]
    fn names_one_fault_each() {
        let changes: Vec<(Change, &str, &str)> = vec![
            (Box::new(|seen| seen.metadata = Err(NoAnswer::UnknownHost)), METADATA, "not known in DNS"),
            (Box::new(|seen| seen.metadata = answer(503, "")), METADATA, "status 503"),
            (Box::new(|seen| seen.metadata = ok("<html>")), METADATA, "another server"),
            (
                Box::new(|seen| {
                    seen.metadata =
                        ok(r#"{"issuer":"https://other.example","jwks_uri":"https://a.example"}"#);
                }),
                ISSUER,
                "calls itself https://other.example",
            ),
            (Box::new(|seen| seen.keys = None), KEYS, "must be https"),
            (Box::new(|seen| seen.keys = Some(ok(r#"{"keys":[]}"#))), KEYS, "none of the 0 keys"),
            (Box::new(|seen| seen.keys = Some(answer(503, ""))), KEYS, "status 503"),
            (
                Box::new(|seen| seen.preflights[0].1 = answer(403, "")),
                "Web App at https://riverbend.enterprise.example",
                "status 403",
            ),
            (
                Box::new(|seen| seen.preflights[1].1 = answer(204, "")),
                "Web App at http://localhost",
                "may not read",
            ),
            (
                Box::new(|seen| seen.preflights[1].1 = Err(NoAnswer::TimedOut)),
                "Web App at http://localhost",
                "within 5 s",
            ),
        ];
        for (change, check, says) in changes {
            let found = wrong(change);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0 == check && found[0].1.contains(says), "{check}, {says}: {found:?}");
        }
    }
}
