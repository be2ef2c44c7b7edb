//! An answer of the authorizer, from the bytes of an HTTP API's event to the bytes of the policy.

use std::hint::black_box;

use entra_emulator::TokenSpec;
use pozi_auth::config::AuthorizerConfig;
use pozi_authorizer::{Authorizer, Event};
use pozi_tests::{Published, World, riverbend_tenant};
use tokio::runtime::Runtime;

use crate::{decision::SITE, work::Work};

pub(crate) fn work(runtime: Runtime, world: &World) -> Work {
    let token = world.token(&TokenSpec::default());
    let session = runtime.block_on(world.exchange(&token, &[])).session().to_owned();
    let config = AuthorizerConfig::read(|name| match name {
        "POZI_ISSUER" => Some(world.issuer.to_string()),
        "POZI_AUDIENCE" => Some(SITE.to_owned()),
        "POZI_TENANT" => Some(riverbend_tenant().to_string()),
        "POZI_ROUTE_PREFIX" => Some("/ows/".to_owned()),
        _ => None,
    });
    let keys = Published::of(world).cached();
    let authorizer = Authorizer::new(config.expect("a configuration"), world.clock.clone(), keys);
    let event = include_str!("../events/authorizer-http-api-2.json").replace("@SESSION@", &session);
    Box::new(move || {
        let event: Event = serde_json::from_str(black_box(&event)).expect("an event");
        let answer = runtime.block_on(authorizer.answer(&event)).expect("an answer");
        black_box(serde_json::to_vec(&answer).expect("the answer is JSON"));
    })
}
