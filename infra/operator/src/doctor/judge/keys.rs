//! The tenant's keys, and what its tokens will say.

use pozi_auth::{
    entra::{EntraKeySet, TokenVersion},
    error::with_causes,
    sites::Site,
};

use super::directory::{Tenancy, configuration};
use crate::doctor::{
    observed::{Asked, Entra, document},
    report::Finding,
};

const OF_REGISTRATION: &str = "Signing key of the registration";
const TENANT_FIRST: &str = "see Directory (tenant) ID first";

/// Judges the key sets and predicts the claims.
pub(super) fn judge(site: &Site, entra: &Entra, tenancy: &Tenancy) -> Vec<Finding> {
    let is_here = matches!(tenancy, Tenancy::Here(_));
    let versions = [(TokenVersion::V1, &entra.keys_v1), (TokenVersion::V2, &entra.keys_v2)];
    let mut found: Vec<_> =
        versions.map(|(version, asked)| key_set(site, version, asked, is_here)).into_iter().collect();
    found.push(of_registration(site, entra, is_here));
    found.push(tokens(site, TokenVersion::V1, &entra.v1, is_here));
    found.push(tokens(site, TokenVersion::V2, &entra.v2, is_here));
    found
}

fn name(version: TokenVersion) -> &'static str {
    match version {
        TokenVersion::V1 => "1.0",
        TokenVersion::V2 => "2.0",
    }
}

/// Returns the usable keys of an answer, or what is wrong with it, as in "it …".
fn parsed(site: &Site, asked: &Asked) -> Result<EntraKeySet, String> {
    let document = document(asked)?;
    EntraKeySet::parse(document, site.cloud())
        .map_err(|error| format!("is not usable: {}", with_causes(&error)))
}

fn key_set(site: &Site, version: TokenVersion, asked: &Asked, is_here: bool) -> Finding {
    let check = format!("Keys for tokens of version {}", name(version));
    if !is_here {
        return Finding::unknown(check, "Entra does not confirm the tenant", TENANT_FIRST);
    }
    match parsed(site, asked) {
        Ok(set) => Finding::ok(check, format!("served; usable: {}", set.count())),
        Err(instead) => Finding::wrong(
            check,
            format!("the tenant's key set {instead}"),
            match asked {
                Err(error) => error.advice(),
                Ok(_) => {
                    "check this machine's network, and Microsoft's service status; the service goes on with the keys that it has for 24 hours"
                }
            },
        ),
    }
}

/// An application with claims mapping may have a signing key of its own, which the tenant's key sets lack.
/// Source: <https://learn.microsoft.com/entra/identity-platform/access-tokens>.
fn of_registration(site: &Site, entra: &Entra, is_here: bool) -> Finding {
    if !is_here {
        return Finding::unknown(OF_REGISTRATION, "Entra does not confirm the tenant", TENANT_FIRST);
    }
    let sets =
        (parsed(site, &entra.registration_keys), parsed(site, &entra.keys_v1), parsed(site, &entra.keys_v2));
    let (Ok(own), Ok(v1), Ok(v2)) = sets else {
        let look = "Entra admin centre → Enterprise applications → Pozi Server → Single sign-on: it must have no signing certificate and no claims mapping";
        return Finding::unknown(OF_REGISTRATION, "the key sets cannot be compared", look);
    };
    let ids = own.ids();
    let foreign: Vec<_> = ids.split(", ").filter(|id| v1.key(id).is_none() && v2.key(id).is_none()).collect();
    if foreign.is_empty() {
        return Finding::ok(OF_REGISTRATION, "it has none: its tokens are signed with the tenant's keys");
    }
    Finding::wrong(
        OF_REGISTRATION,
        format!(
            "it has one of its own ({}), so that its tokens are refused as `unknown_key`",
            foreign.join(", ")
        ),
        "remove the signing key and the claims-mapping policy from the service principal of Pozi Server, and set acceptMappedClaims to null in App registrations → Pozi Server → Manifest",
    )
}

/// Predicts `iss` and `aud`, and compares the first with Entra's own.
fn tokens(site: &Site, version: TokenVersion, asked: &Asked, is_here: bool) -> Finding {
    let check = format!("Tokens of version {}", name(version));
    let issuer = site.cloud().issuer(version, site.tenant());
    let (uri, client) = (&site.expected.application_id_uri, site.expected.client);
    let audience = match version {
        TokenVersion::V1 => format!("{uri}, the same with a slash, or {client}"),
        TokenVersion::V2 => client.to_string(),
    };
    let predicted = format!("iss {issuer}\naud {audience}");
    match configuration(asked) {
        Some(found) if found.issuer == issuer => Finding::ok(check, predicted),
        Some(found) if is_here => Finding::wrong(
            check,
            format!("Entra's issuer is {}, and a token must have\n{predicted}", found.issuer),
            "compare tenant_id and cloud in the site file with Entra admin centre → Overview",
        ),
        _ => Finding::unknown(
            check,
            format!("Entra does not confirm\n{predicted}"),
            "see Directory (tenant) ID first, or compare with the claims of a token",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{
        judge::testing::{key_set_of, observed, ok, site},
        observed::{NoAnswer, Observed},
        report::State,
    };

    fn judged(change: impl FnOnce(&mut Observed)) -> Vec<Finding> {
        let mut observed = observed();
        change(&mut observed);
        judge(&site(), &observed.entra, &Tenancy::Here(None))
    }

    fn wrong(found: &[Finding]) -> Vec<(String, String)> {
        let wrong = found.iter().filter(|one| one.state == State::Wrong);
        wrong.map(|one| (one.check.clone(), one.finding.clone())).collect()
    }

    #[test]
    fn predicts_the_claims_of_both_versions() {
        let found = judged(|_| ());
        assert_eq!(wrong(&found), []);
        let text = |index: usize| found[index].finding.as_str();
        assert!(
            text(3).starts_with(
                "iss https://sts.windows.net/7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11/\naud https://"
            )
        );
        assert!(text(4).ends_with("/v2.0\naud 0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"), "{}", text(4));
    }

    #[test]
    fn names_a_key_set_that_cannot_be_used() {
        for (answer, says) in [
            (ok("<html>"), "is not usable: not a JWK Set"),
            (ok(r#"{"keys":[]}"#), "none of the 0 keys is usable"),
            (Err(NoAnswer::TimedOut), "no whole answer within 5 s"),
        ] {
            let found = wrong(&judged(|seen| seen.entra.keys_v1 = answer));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0.ends_with("1.0") && found[0].1.contains(says), "{found:?}");
        }
    }

    #[test]
    fn names_a_signing_key_of_the_registrations_own() {
        let found = wrong(&judged(|seen| seen.entra.registration_keys = ok(&key_set_of("own"))));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].0 == OF_REGISTRATION && found[0].1.contains("(own)"), "{found:?}");
        let unreachable = judged(|seen| seen.entra.registration_keys = Err(NoAnswer::Refused));
        assert_eq!(unreachable[2].state, State::Unknown);
    }

    #[test]
    fn names_another_issuer_of_one_version() {
        let found = wrong(&judged(|seen| seen.entra.v1 = ok(r#"{"issuer":"https://sts.example/"}"#)));
        assert!(found.len() == 1 && found[0].1.contains("https://sts.example/"), "{found:?}");
    }

    #[test]
    fn without_the_tenant_nothing_else_is_wrong() {
        let mut observed = observed();
        observed.entra.keys_v1 = Err(NoAnswer::Refused);
        let found = judge(&site(), &observed.entra, &Tenancy::Missing);
        assert_eq!(wrong(&found), []);
    }
}
