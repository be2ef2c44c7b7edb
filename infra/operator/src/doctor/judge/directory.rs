//! The tenant, and whether the two ids of the site are what they should be.

use pozi_auth::{
    entra::{Cloud, TokenVersion},
    sites::Site,
};
use reqwest::StatusCode;
use serde::Deserialize;

use super::sign_in::{SignIn, sign_in};
use crate::doctor::{
    observed::{Asked, Entra, Observed, document},
    report::Finding,
};

const TENANT: &str = "Directory (tenant) ID";
const CLIENT: &str = "Application (client) ID";

/// What is known about the tenant.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tenancy {
    /// It exists in the site's cloud; the region, if Entra names one.
    Here(Option<String>),
    /// It is in another cloud, by its name in metadata or in site files.
    OtherCloud(String),
    /// Entra answers for another issuer.
    OtherIssuer(String),
    /// Entra does not know the tenant, but knows the client id as a tenant.
    Swapped,
    /// Entra does not know the tenant.
    Missing,
    /// Entra gives no configuration: what it does instead, as in "it …".
    NoAnswer(String),
}

/// The part of an OpenID configuration that is judged (OpenID Connect Discovery 1.0 §3, and Entra's own members).
#[derive(Debug, Deserialize)]
pub(super) struct Configuration {
    pub(super) issuer: String,
    cloud_instance_name: Option<String>,
    tenant_region_scope: Option<String>,
}

/// Returns the OpenID configuration of an answer.
pub(super) fn configuration(asked: &Asked) -> Option<Configuration> {
    serde_json::from_slice(document(asked).ok()?).ok()
}

/// Finds out about the site's tenant.
pub(super) fn tenancy(site: &Site, entra: &Entra) -> Tenancy {
    let known = match document(&entra.v2) {
        Ok(_) => configuration(&entra.v2),
        Err(_) if is_unknown_tenant(&entra.v2) => return absent(entra),
        Err(instead) => return Tenancy::NoAnswer(instead),
    };
    let Some(known) = known else {
        let what =
            "answers with something else than an OpenID configuration, as a proxy or a guest network does";
        return Tenancy::NoAnswer(what.to_owned());
    };
    match known.cloud_instance_name {
        Some(cloud) if cloud != site.cloud().instance_name() => Tenancy::OtherCloud(by_instance_name(cloud)),
        _ if known.issuer != site.cloud().issuer(TokenVersion::V2, site.tenant()) => {
            Tenancy::OtherIssuer(known.issuer)
        }
        _ => Tenancy::Here(known.tenant_region_scope),
    }
}

fn absent(entra: &Entra) -> Tenancy {
    match entra.elsewhere.first() {
        Some(cloud) => Tenancy::OtherCloud(name(*cloud).to_owned()),
        None if configuration(&entra.client_as_tenant).is_some() => Tenancy::Swapped,
        None => Tenancy::Missing,
    }
}

/// Entra answers 400 with `invalid_tenant` (AADSTS90002) for a tenant that it does not know.
fn is_unknown_tenant(asked: &Asked) -> bool {
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    asked.as_ref().is_ok_and(|answer| {
        let refused = || answer.json::<Refused>().is_some_and(|refused| refused.error == "invalid_tenant");
        answer.status == StatusCode::BAD_REQUEST && refused()
    })
}

/// Judges the site's two ids.
pub(super) fn judge(site: &Site, observed: &Observed, tenancy: &Tenancy) -> Vec<Finding> {
    vec![tenant(site, observed, tenancy), client(site, observed, tenancy)]
}

fn tenant(site: &Site, observed: &Observed, tenancy: &Tenancy) -> Finding {
    let (id, cloud, login) = (site.tenant(), name(site.cloud()), &observed.entra.login);
    match tenancy {
        Tenancy::Here(region) => {
            let region = region.as_ref().map(|region| format!(", region {region}")).unwrap_or_default();
            Finding::ok(TENANT, format!("{id} exists in the cloud `{cloud}`{region}"))
        }
        Tenancy::OtherCloud(other) => Finding::wrong(
            TENANT,
            format!("{id} is not in the cloud `{cloud}`, but in `{other}`"),
            format!("set `cloud = \"{other}\"` in the site file"),
        ),
        Tenancy::OtherIssuer(issuer) => Finding::wrong(
            TENANT,
            format!("Entra answers for the issuer {issuer}"),
            "compare tenant_id and cloud in the site file with Entra admin centre → Overview",
        ),
        Tenancy::Swapped => Finding::unknown(
            TENANT,
            "the site file has the client's id in its place",
            format!("see {CLIENT}"),
        ),
        Tenancy::Missing => Finding::wrong(
            TENANT,
            format!("Entra knows no tenant {id}, in any cloud that was asked"),
            "copy it again from Entra admin centre → Overview → Tenant ID",
        ),
        Tenancy::NoAnswer(instead) => Finding::wrong(
            TENANT,
            format!("Entra ({login}) {instead}"),
            match &observed.entra.v2 {
                Err(error) => error.advice(),
                Ok(_) => "check this machine's network, and Microsoft's service status; try again",
            },
        ),
    }
}

fn client(site: &Site, observed: &Observed, tenancy: &Tenancy) -> Finding {
    const COPY: &str = "copy it again from Entra admin centre → App registrations → Pozi Server → Overview → Application (client) ID";
    let id = site.expected.client;
    if *tenancy == Tenancy::Swapped {
        let fix = "exchange client_id and tenant_id in the site file";
        return Finding::wrong(
            CLIENT,
            "client_id and tenant_id are swapped: the client_id is a directory's id",
            fix,
        );
    }
    if configuration(&observed.entra.client_as_tenant).is_some() {
        return Finding::wrong(CLIENT, format!("{id} is the id of a directory, not of an application"), COPY);
    }
    match sign_in(site, observed) {
        Some(SignIn { client: Some(found), .. }) if found == id => {
            Finding::ok(CLIENT, format!("Application Proxy signs people in for {id}"))
        }
        _ => Finding::unknown(
            CLIENT,
            format!(
                "{id} is no directory's id; Entra does not tell strangers whether it is an application's"
            ),
            "compare it with Entra admin centre → App registrations → Pozi Server → Overview → Application (client) ID",
        ),
    }
}

/// A cloud's name in site files.
pub(super) fn name(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "public",
        Cloud::UsGovernment => "us-government",
        Cloud::China => "china",
    }
}

fn by_instance_name(instance: String) -> String {
    let clouds = [Cloud::Public, Cloud::UsGovernment, Cloud::China];
    let known = clouds.into_iter().find(|cloud| cloud.instance_name() == instance);
    known.map_or(instance, |cloud| name(cloud).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{
        judge::testing::{observed, ok, site, unknown_tenant},
        observed::NoAnswer,
        report::State,
    };

    type Change = Box<dyn FnOnce(&mut Observed)>;

    fn judged(change: impl FnOnce(&mut Observed)) -> (Vec<State>, String) {
        let mut observed = observed();
        change(&mut observed);
        let tenancy = tenancy(&site(), &observed.entra);
        let found = judge(&site(), &observed, &tenancy);
        let texts: Vec<_> = found.iter().map(|one| format!("{} {:?}\n", one.finding, one.fix)).collect();
        (found.iter().map(|one| one.state).collect(), texts.concat())
    }

    #[test]
    fn a_tenant_that_answers_for_the_sites_cloud_is_right() {
        let (states, text) = judged(|_| ());
        assert_eq!(states, [State::Ok, State::Ok], "{text}");
        assert!(text.contains("exists in the cloud `public`, region EU"), "{text}");
    }

    #[test]
    fn names_what_is_wrong_with_the_tenant() {
        let changes: Vec<(Change, &str)> = vec![
            (Box::new(|seen| seen.entra.v2 = unknown_tenant()), "Entra knows no tenant"),
            (
                Box::new(|seen| {
                    seen.entra.v2 = unknown_tenant();
                    seen.entra.elsewhere = vec![Cloud::UsGovernment];
                }),
                "set `cloud = \\\"us-government\\\"`",
            ),
            (
                Box::new(|seen| {
                    seen.entra.v2 =
                        ok(r#"{"issuer":"x","cloud_instance_name":"partner.microsoftonline.cn"}"#);
                }),
                "but in `china`",
            ),
            (Box::new(|seen| seen.entra.v2 = ok(r#"{"issuer":"x"}"#)), "Entra answers for the issuer x"),
            (Box::new(|seen| seen.entra.v2 = ok("<html>")), "something else than an OpenID configuration"),
            (Box::new(|seen| seen.entra.v2 = Err(NoAnswer::Refused)), "the connection is refused"),
        ];
        for (change, says) in changes {
            let (states, text) = judged(change);
            assert_eq!(states, [State::Wrong, State::Ok], "{text}");
            assert!(text.contains(says), "{says}: {text}");
        }
    }

    #[test]
    fn names_ids_in_the_wrong_place() {
        let swapped = |seen: &mut Observed| {
            seen.entra.client_as_tenant = seen.entra.v2.clone();
            seen.entra.v2 = unknown_tenant();
        };
        let (states, text) = judged(swapped);
        assert_eq!(states, [State::Unknown, State::Wrong]);
        assert!(text.contains("are swapped") && text.contains("exchange client_id and tenant_id"), "{text}");

        let (states, text) = judged(|seen| seen.entra.client_as_tenant = seen.entra.v2.clone());
        assert_eq!(states, [State::Ok, State::Wrong]);
        assert!(text.contains("is the id of a directory"), "{text}");
    }

    #[test]
    fn whether_the_client_exists_is_known_only_from_application_proxy() {
        let (states, text) = judged(|seen| seen.external = Err(NoAnswer::Refused));
        assert_eq!(states, [State::Ok, State::Unknown], "{text}");
    }
}
