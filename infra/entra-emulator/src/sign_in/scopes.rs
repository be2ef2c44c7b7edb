//! What a client asks to have access to: scopes of one resource, and those that speak of the sign-in itself.

use super::{
    super::{Mistake, Registration},
    problem::{self, Problem},
};

/// Scopes that belong to no resource (OpenID Connect Core §3.1.2.1 and §11).
const OF_THE_SIGN_IN: [&str; 4] = ["openid", "profile", "email", "offline_access"];
const OF_THE_API: &str = "user_impersonation";
const OF_GRAPH: [&str; 2] = ["user.read", "https://graph.microsoft.com/user.read"];

/// What the access token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    /// The registration's own API.
    Api,
    /// Microsoft Graph: also when no resource is named.
    Graph,
}

impl Resource {
    /// The resource of these scopes, for a client of `registration`, in which `mistake` was made.
    pub(super) fn asked(
        scope: &str,
        registration: &Registration,
        mistake: Option<Mistake>,
    ) -> Result<Self, Problem> {
        if scope.trim().is_empty() {
            return Err(problem::missing("scope"));
        }
        let named = scope.split_whitespace().filter(|word| !OF_THE_SIGN_IN.contains(word));
        let mut found = None;
        for word in named {
            let resource = of_word(word, registration, mistake)?;
            if found.is_some_and(|found| found != resource) {
                return Err(problem::two_resources(scope));
            }
            found = Some(resource);
        }
        Ok(found.unwrap_or(Self::Graph))
    }

    /// The scopes as the answer names them.
    pub(super) fn scope(self, registration: &Registration) -> String {
        match self {
            Self::Api => format!("{}/{OF_THE_API}", registration.app_id_uri),
            Self::Graph => "email openid profile User.Read".to_owned(),
        }
    }
}

fn of_word(word: &str, registration: &Registration, mistake: Option<Mistake>) -> Result<Resource, Problem> {
    if OF_GRAPH.contains(&word.to_ascii_lowercase().as_str()) {
        return Ok(Resource::Graph);
    }
    let Some((resource, scope)) = word.rsplit_once('/') else {
        // A bare word is one of Graph's, which has no such scope.
        return Err(problem::no_such_scope(word, registration));
    };
    // With the slash that a site's own URL ends with, two come together.
    let resource = resource.strip_suffix('/').unwrap_or(resource);
    let is_own = resource == registration.app_id_uri || resource == registration.client_id.to_string();
    if !is_own || mistake == Some(Mistake::ResourceElsewhere) {
        return Err(problem::no_such_resource(resource, registration));
    }
    let is_exposed = scope == ".default" || scope == OF_THE_API;
    if !is_exposed || mistake == Some(Mistake::ScopeMissing) {
        return Err(problem::no_such_scope(scope, registration));
    }
    Ok(Resource::Api)
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    #[test]
    fn a_scope_leads_to_its_resource_or_to_entras_error() {
        let own = "https://poziserver-riverbend.example/pozi/user_impersonation";
        for (scope, found) in [
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
            let answer = Resource::asked(scope, &riverbend(), None).map_err(|problem| problem.code);
            assert_eq!(answer, found, "{scope}");
        }
    }

    #[test]
    fn a_mistake_in_the_registration_shows() {
        let own = "https://poziserver-riverbend.example/pozi/user_impersonation";
        for mistake in [Mistake::ScopeMissing, Mistake::ResourceElsewhere] {
            let problem = Resource::asked(own, &riverbend(), Some(mistake)).unwrap_err();
            assert_eq!(problem.code, mistake.code());
        }
        assert_eq!(Resource::asked("openid", &riverbend(), Some(Mistake::ScopeMissing)), Ok(Resource::Graph));
    }
}
