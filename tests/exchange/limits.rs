//! One person in a loop, or one council, is limited before anything expensive is done for them, and nobody else is.

use std::num::NonZeroU32;

use axum::Router;
use entra_emulator::{
    Person::{Editor, Overage, Reader},
    TokenSpec,
    Version::V2,
};
use pozi_tests::{Answer, World, exchange_form, form_request, send};
use pozi_token_exchange::{EXCHANGE_RATES, Rate, Rates};

use super::{ask, assert_common_headers, assert_refused};

const RATE_LIMITED: (u16, &str, &str) = (429, "temporarily_unavailable", "rate_limited");

async fn exchange(router: &Router, token: &str) -> Answer {
    send(router.clone(), form_request(&exchange_form(token, &[]), &[])).await
}

/// One exchange a second for all of a tenant's people.
fn one_of_each_tenant() -> Rates {
    Rates { tenant: Rate { burst: NonZeroU32::MIN, per_second: NonZeroU32::MIN }, ..EXCHANGE_RATES }
}

/// RFC 6585 §4.
#[tokio::test]
async fn a_person_in_a_loop_is_told_when_to_come_back_and_nobody_else_is_refused() {
    let world = World::new().await;
    let router = world.exchange_limited(EXCHANGE_RATES);
    let token = world.token(&TokenSpec::default());
    for turn in 0..EXCHANGE_RATES.person.burst.get() {
        assert_eq!(exchange(&router, &token).await.status, 200, "turn {turn}");
    }
    let others =
        [ask("riverbend", Editor, V2), ask("saltmarsh", Reader, V2)].map(|other| world.token(&other));
    for _ in 0..1_000 {
        let refused = exchange(&router, &token).await;
        assert_refused(&refused, RATE_LIMITED);
        assert_eq!(refused.header("retry-after"), "1");
        assert_common_headers(&refused);
    }
    for other in &others {
        assert_eq!(exchange(&router, other).await.status, 200);
    }
    world.clock.advance(1);
    assert_eq!(exchange(&router, &token).await.status, 200);
    assert_refused(&exchange(&router, &token).await, RATE_LIMITED);
}

/// A person whom Graph would be asked about costs a call, and a refused one none.
#[tokio::test]
async fn graph_is_not_asked_about_a_person_who_is_limited() {
    let world = World::new().await;
    let router = world.exchange_limited(one_of_each_tenant());
    assert_eq!(exchange(&router, &world.token(&ask("riverbend", Reader, V2))).await.status, 200);
    let overage = ask("riverbend", Overage, V2);
    let (token, graph_token) = (world.token(&overage), world.graph_token(&overage));
    let form = exchange_form(&token, &[("graph_token", &graph_token)]);
    for (asked, status) in [(0, 429), (1, 200)] {
        assert_eq!(send(router.clone(), form_request(&form, &[])).await.status, status);
        assert_eq!(world.graph.questions(), asked);
        world.clock.advance(1);
    }
}

#[tokio::test]
async fn a_council_is_limited_and_another_is_not() {
    let world = World::new().await;
    let mut rates = one_of_each_tenant();
    rates.tenant.burst = 3.try_into().unwrap();
    let router = world.exchange_limited(rates);
    let people = [Reader, Editor].map(|person| world.token(&ask("riverbend", person, V2)));
    for person in [0, 1, 0] {
        assert_eq!(exchange(&router, &people[person]).await.status, 200);
    }
    for person in &people {
        assert_refused(&exchange(&router, person).await, RATE_LIMITED);
    }
    assert_eq!(exchange(&router, &world.token(&ask("saltmarsh", Reader, V2))).await.status, 200);
}

/// Anyone can write a council's id into a token: that must not use up what its people may do.
#[tokio::test]
async fn forged_tokens_count_for_nobody() {
    let world = World::new().await;
    let router = world.exchange_limited(one_of_each_tenant());
    let token = world.token(&TokenSpec::default());
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", signature.chars().rev().collect::<String>());
    for _ in 0..100 {
        assert_eq!(exchange(&router, &forged).await.refusal().1, "bad_signature");
    }
    assert_eq!(exchange(&router, &token).await.status, 200, "nothing was counted");
    assert_refused(&exchange(&router, &token).await, RATE_LIMITED);
}
