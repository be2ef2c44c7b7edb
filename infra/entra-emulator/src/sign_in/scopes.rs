//! The scopes that a client requests: those of one resource, and OpenID Connect's.

use super::{
    super::{Mistake, Registration, claims::GRAPH_SCOPE},
    error::{self, EntraError},
};

/// Scopes that belong to no resource (OpenID Connect Core §3.1.2.1 and §11).
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const API_SCOPE: &str = "user_impersonation";
const GRAPH_SCOPES: [&str; 2] = ["user.read", "https://graph.microsoft.com/user.read"];

/// What the access token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// The registration's own API.
    Api,
    /// Microsoft Graph, also if the scopes name no resource.
    Graph,
}

impl Resource {
    /// The resource of the requested scopes, for a client of `registration` with this `mistake`.
    pub(super) fn of_scopes(
        scope: &str,
        registration: &Registration,
        mistake: Option<Mistake>,
    ) -> Result<Self, EntraError> {
        if scope.trim().is_empty() {
            return Err(error::missing("scope"));
        }
        let named = scope.split_whitespace().filter(|word| !OPENID_SCOPES.contains(word));
        let mut found = None;
        for word in named {
            let resource = of_word(word, registration, mistake)?;
            if found.is_some_and(|found| found != resource) {
                return Err(error::two_resources(scope));
            }
            found = Some(resource);
        }
        Ok(found.unwrap_or(Self::Graph))
    }

    /// The scope of the token response.
    pub(super) fn scope(self, registration: &Registration) -> String {
        match self {
            Self::Api => format!("{}/{API_SCOPE}", registration.app_id_uri),
            Self::Graph => GRAPH_SCOPE.to_owned(),
        }
    }
}

fn of_word(
    word: &str,
    registration: &Registration,
    mistake: Option<Mistake>,
) -> Result<Resource, EntraError> {
    if GRAPH_SCOPES.contains(&word.to_ascii_lowercase().as_str()) {
        return Ok(Resource::Graph);
    }
    let Some((resource, scope)) = word.rsplit_once('/') else {
        // A scope without a resource is one of Graph's, which has no such scope.
        return Err(error::no_such_scope(word, registration));
    };
    // After a site's external URL, which ends in a slash, there are two.
    let resource = resource.strip_suffix('/').unwrap_or(resource);
    let is_own = resource == registration.app_id_uri || resource == registration.client_id.to_string();
    if !is_own || mistake == Some(Mistake::ResourceElsewhere) {
        return Err(error::no_such_resource(resource, registration));
    }
    let is_exposed = scope == ".default" || scope == API_SCOPE;
    if !is_exposed || mistake == Some(Mistake::ScopeMissing) {
        return Err(error::no_such_scope(scope, registration));
    }
    Ok(Resource::Api)
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    #[test]
    fn a_scope_gives_its_resource_or_entras_error() {
        let own = "https://poziserver-riverbend.example/pozi/user_impersonation";
        for (scope, expected) in [
            (own, Ok(Resource::Api)),
            (&format!("openid {own} profile offline_access"), Ok(Resource::Api)),
            ("https://poziserver-riverbend.example/pozi//user_impersonation", Ok(Resource::Api)),
            ("https://poziserver-riverbend.example/pozi/.default", Ok(Resource::Api)),
            (&format!("{}/user_impersonation", riverbend().client_id), Ok(Resource::Api)),
            ("openid profile", Ok(Resource::Graph)),
            ("User.Read", Ok(Resource::Graph)),
            ("", Err(900_144)),
            ("user_impersonation", Err(65_005)),
            ("https://poziserver-riverbend.example/pozi/read", Err(65_005)),
            ("https://poziserver-saltmarsh.example/pozi/user_impersonation", Err(500_011)),
            (&format!("{own} User.Read"), Err(28_000)),
        ] {
            let resource = Resource::of_scopes(scope, &riverbend(), None).map_err(|error| error.code);
            assert_eq!(resource, expected, "{scope}");
        }
    }

    #[test]
    fn a_mistake_in_the_registration_gives_its_error() {
        let own = "https://poziserver-riverbend.example/pozi/user_impersonation";
        for mistake in [Mistake::ScopeMissing, Mistake::ResourceElsewhere] {
            let error = Resource::of_scopes(own, &riverbend(), Some(mistake)).unwrap_err();
            assert_eq!(error.code, mistake.code());
        }
        assert_eq!(
            Resource::of_scopes("openid", &riverbend(), Some(Mistake::ScopeMissing)),
            Ok(Resource::Graph)
        );
    }
}
