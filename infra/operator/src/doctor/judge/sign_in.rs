//! Where the external URL sends people to sign in.

use pozi_auth::{
    entra::Cloud,
    identifiers::{ClientId, TenantId},
    sites::Site,
};
use reqwest::Url;

use crate::doctor::observed::Observed;

/// A redirect to the sign-in of Entra: `https://{login}/{tenant}/oauth2/authorize?client_id=…`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignIn {
    /// The cloud whose login host it is; `None` for the emulated Entra.
    pub(super) cloud: Option<Cloud>,
    /// The tenant, if the path names it by its id.
    pub(super) tenant: Option<TenantId>,
    /// The registration that people sign in for.
    pub(super) client: Option<ClientId>,
    /// The audience of the token that is asked for.
    pub(super) resource: Option<String>,
}

/// Returns where the external URL redirects to, if that is a sign-in.
pub(super) fn sign_in(site: &Site, observed: &Observed) -> Option<SignIn> {
    let answer = observed.external.as_ref().ok().filter(|answer| answer.status.is_redirection())?;
    let base = Url::parse(site.external_url.as_str()).ok()?;
    let target = base.join(answer.location()?).ok()?;
    let clouds = [Cloud::Public, Cloud::UsGovernment, Cloud::China];
    let cloud = clouds.into_iter().find(|cloud| path_below(&target, cloud.login()).is_some());
    let path = match cloud {
        Some(cloud) => path_below(&target, cloud.login())?,
        None => path_below(&target, &observed.entra.login)?,
    };
    let parameter = |name: &str| {
        target.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    Some(SignIn {
        cloud,
        tenant: path.split('/').next().and_then(|tenant| tenant.parse().ok()),
        client: parameter("client_id").and_then(|client| client.parse().ok()),
        resource: parameter("resource"),
    })
}

/// Returns the path of `url` below `base`, if it is there.
fn path_below<'a>(url: &'a Url, base: &str) -> Option<&'a str> {
    url.as_str().strip_prefix(base)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::judge::testing::{CLIENT, TENANT, observed, redirect, site};

    fn found(location: &str) -> Option<SignIn> {
        sign_in(&site(), &Observed { external: redirect(location), ..observed() })
    }

    #[test]
    fn reads_tenant_and_client_from_the_redirect() {
        let login = "https://login.microsoftonline.com";
        let query = format!("client_id={CLIENT}&resource=a%20b");
        assert_eq!(
            found(&format!("{login}/{TENANT}/oauth2/authorize?{query}")),
            Some(SignIn {
                cloud: Some(Cloud::Public),
                tenant: TENANT.parse().ok(),
                client: CLIENT.parse().ok(),
                resource: Some("a b".into()),
            })
        );
        let of_china = found("https://login.partner.microsoftonline.cn/common/oauth2/authorize").unwrap();
        assert_eq!((of_china.cloud, of_china.tenant), (Some(Cloud::China), None));
    }

    #[test]
    fn another_host_is_no_sign_in() {
        for location in [
            "",
            "/pozi/",
            "https://login.microsoftonline.com.evil.example/x",
            "https://login.microsoftonline.com@evil.example/x",
            "https://sso.example/?client_id=x",
        ] {
            assert_eq!(found(location), None, "{location}");
        }
    }
}
