//! Who must act on a refusal: the part of the table that alarms go by.

use super::Refusal;

/// Who must act on a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// We: it concerns every site alike.
    Service,
    /// Microsoft: Entra's keys or Graph cannot be reached, for a tenant or for all.
    Microsoft,
    /// The site's administrator or an operator: a setting is wrong, for everybody at the site.
    Setup,
    /// The person who signed in, or whoever gives that person access.
    Person,
    /// The author of the program that made the request.
    Request,
}

impl Class {
    /// Returns its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Microsoft => "microsoft",
            Self::Setup => "setup",
            Self::Person => "person",
            Self::Request => "request",
        }
    }
}

impl Refusal {
    /// Returns who must act on it: we, on a reason that the table lacks.
    pub fn class(&self) -> Class {
        class_of(self.reason).unwrap_or(Class::Service)
    }
}

/// Returns who must act on a refusal's `reason`. `None` if it is not one of this service's.
#[expect(clippy::too_many_lines, reason = "a table: each reason once")]
pub fn class_of(reason: &str) -> Option<Class> {
    Some(match reason {
        "internal_error" | "registry_unavailable" | "revocations_unavailable" | "signing_unavailable" => {
            Class::Service
        }
        "graph_unavailable" | "keys_unavailable" => Class::Microsoft,
        // A bad signature is that of a token which a proxy at the site truncates, or a forged one.
        "audience_mismatch"
        | "bad_signature"
        | "client_not_allowed"
        | "graph_credentials"
        | "groups_in_roles"
        | "issuer_mismatch"
        | "key_issuer_mismatch"
        | "origin_not_allowed"
        | "repeated_origin"
        | "scope_missing"
        | "session_too_large"
        | "site_unreadable"
        | "unknown_key"
        | "unknown_target" => Class::Setup,
        "b2c_token"
        | "expired"
        | "graph_token_mismatch"
        | "graph_token_refused"
        | "groups_overage"
        | "no_catalogue"
        | "not_yet_valid"
        | "personal_account"
        | "rate_limited"
        | "revoked"
        | "scope_not_allowed"
        | "token_too_old"
        | "unknown_tenant" => Class::Person,
        "actor_token_not_supported"
        | "app_only_token"
        | "body_too_large"
        | "body_unreadable"
        | "empty_scope"
        | "graph_token"
        | "id_token"
        | "malformed"
        | "malformed_graph_token"
        | "malformed_resource"
        | "malformed_scope"
        | "method_not_allowed"
        | "missing_parameter"
        | "no_authorization_endpoint"
        | "not_found"
        | "pozi_token"
        | "proof_of_possession"
        | "repeated_parameter"
        | "several_targets"
        | "token_too_large"
        | "too_many_parameters"
        | "unsupported_algorithm"
        | "unsupported_critical_header"
        | "unsupported_grant_type"
        | "unsupported_media_type"
        | "unsupported_requested_token_type"
        | "unsupported_subject_token_type"
        | "whitespace_in_token" => Class::Request,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::oauth::{ExchangeError, every_refusal};

    #[test]
    fn every_reason_has_one_class_and_no_other_has_one() {
        let told: Vec<_> = every_refusal("").iter().map(ExchangeError::refusal).collect();
        for refusal in &told {
            assert!(class_of(refusal.reason).is_some(), "give `{}` a class", refusal.reason);
        }
        let reasons: BTreeSet<_> = told.iter().map(|refusal| refusal.reason).collect();
        let table = include_str!("class.rs").split("fn class_of").nth(1).unwrap();
        let table = table.split("_ => return None").next().unwrap();
        let listed: Vec<_> = table.split('"').skip(1).step_by(2).collect();
        assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), reasons);
        assert_eq!(listed.len(), reasons.len(), "a reason is listed twice");
    }

    /// A person can do nothing about an outage, and an outage is answered with 503 (RFC 9110 §15.6.4).
    #[test]
    fn what_is_ours_or_microsofts_is_answered_with_a_status_of_a_server() {
        for error in every_refusal("") {
            let refusal = error.refusal();
            let is_outage = matches!(refusal.class(), Class::Service | Class::Microsoft);
            let is_mended_by_an_operator = ["graph_credentials", "site_unreadable"].contains(&refusal.reason);
            assert_eq!(refusal.status >= 500, is_outage || is_mended_by_an_operator, "{}", refusal.reason);
        }
    }
}
