//! Revoked sessions, outdated policies, and an authorizer without a revocation document.

use std::sync::Arc;

use entra_emulator::Person;
use pozi_auth::{
    config::ResponseKind,
    revocation::Revoked,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, IssuerRevocations},
    timestamp::Timestamp,
};
use pozi_authorizer::AuthorizerError;
use pozi_tests::{Outage, part};

use super::{ALL, Api, HTTP_2, REQUEST, TOKEN};

const CLOSES: (&str, &str) = ("POZI_REVOCATION_LIMIT_MINUTES", "5");
const SERVES: (&str, &str) = ("POZI_PAST_REVOCATION_LIMIT", "serve");

#[tokio::test]
async fn a_revoked_session_is_refused_within_30_seconds_and_no_other() {
    let api = Api::with(ResponseKind::Simple).await;
    let (revoked, other) =
        (api.session("riverbend", Person::Reader).await, api.session("riverbend", Person::Reader).await);
    assert_eq!(api.answer(HTTP_2.1, &revoked).await.unwrap()["isAuthorized"], true);
    let id = part(&revoked, 1)["jti"].as_str().unwrap().parse().unwrap();
    api.world.revoke(Revoked::Session { id });
    api.world.clock.advance(30);
    assert_eq!(api.answer(HTTP_2.1, &revoked).await.unwrap()["isAuthorized"], false);
    for (name, event) in [REQUEST, TOKEN] {
        assert_eq!(api.answer(event, &revoked).await, Err(AuthorizerError::Unauthorized), "{name}");
    }
    assert_eq!(api.answer(HTTP_2.1, &other).await.unwrap()["isAuthorized"], true);
}

#[tokio::test]
async fn asks_for_the_document_once_in_30_seconds() {
    let api = Api::with(ResponseKind::Simple).await;
    let session = api.session("riverbend", Person::Reader).await;
    for second in 0..300 {
        assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true, "{second}");
        api.world.clock.advance(1);
    }
    assert_eq!(api.published.revocations.calls(), 10);
}

#[tokio::test]
async fn a_document_past_the_limit_is_an_error_which_is_not_cached_unless_the_site_is_served() {
    for (variables, is_open) in [(&[CLOSES][..], false), (&[CLOSES, SERVES], true)] {
        let api = Api::with_variables(ResponseKind::Simple, variables).await;
        let session = api.session("riverbend", Person::Reader).await;
        assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
        api.published.revocations.fail_with(Outage::Unavailable);
        api.world.clock.advance(300);
        assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
        api.world.clock.advance(1);
        for (name, event) in ALL {
            let answer = api.answer(event, &session).await;
            assert_eq!(answer.is_ok(), is_open, "{name}");
            assert!(is_open || answer == Err(AuthorizerError::RevocationsUnavailable), "{name}");
        }
        api.published.revocations.recover();
        api.world.clock.advance(10);
        assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
    }
}

/// An instance cannot know for how long there has been no document.
#[tokio::test]
async fn an_instance_without_a_document_is_closed_until_there_is_one_unless_the_site_is_served() {
    for (variables, is_open) in [(&[][..], false), (&[SERVES], true)] {
        let mut api = Api::with_variables(ResponseKind::Simple, variables).await;
        let keys = Arc::new(IssuerKeys::new(api.published.keys.clone(), ISSUER_KEY_LIFETIMES));
        let revocations = api.published.revocations.clone();
        let issuer = api.world.issuer.clone();
        let keys = IssuerRevocations::new(issuer, keys, revocations, Timestamp::default());
        api.authorizer = Api::authorizer(&api.world, ResponseKind::Simple, variables, Arc::new(keys));
        api.published.revocations.fail_with(Outage::Unavailable);
        let session = api.session("riverbend", Person::Reader).await;
        let answer = api.answer(HTTP_2.1, &session).await;
        assert_eq!(answer.as_ref().err(), (!is_open).then_some(&AuthorizerError::RevocationsUnavailable));
        api.published.revocations.recover();
        api.world.clock.advance(60);
        assert_eq!(api.answer(HTTP_2.1, &session).await.unwrap()["isAuthorized"], true);
    }
}

#[tokio::test]
async fn a_session_of_an_older_policy_than_required_is_refused() {
    for (minimum, is_allowed) in [("1", true), ("2", false)] {
        let variables = [("POZI_MINIMUM_REVISION", minimum)];
        let api = Api::with_variables(ResponseKind::Simple, &variables).await;
        let session = api.session("riverbend", Person::Reader).await;
        let answer = api.answer(HTTP_2.1, &session).await.unwrap();
        assert_eq!(answer["isAuthorized"], is_allowed);
    }
}
