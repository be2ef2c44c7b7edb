//! The audit event of an exchange that a limit refuses: an operator must find who asks in a loop.

use entra_emulator::TokenSpec;
use pozi_tests::{World, exchange_form, form_request, part, send};
use pozi_token_exchange::{EXCHANGE_RATES, Rate, Rates};
use serde_json::json;

use super::{Lines, audit::hash_of, audits};

#[tokio::test]
async fn it_names_the_site_the_limit_and_the_person_by_the_usual_hash() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let session = world.exchange(&token, &[]).await;
    let subject = part(session.session(), 1)["sub"].as_str().unwrap().to_owned();
    let one = Rate { burst: 1.try_into().unwrap(), ..EXCHANGE_RATES.person };
    for (rates, limit) in [
        (Rates { person: one, ..EXCHANGE_RATES }, "the person"),
        (Rates { tenant: one, ..EXCHANGE_RATES }, "the tenant"),
    ] {
        let router = world.exchange_limited(rates);
        let exchange = || send(router.clone(), form_request(&exchange_form(&token, &[]), &[]));
        assert_eq!(exchange().await.status, 200);
        let (lines, _guard) = Lines::capture();
        assert_eq!(exchange().await.status, 429);
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        for (name, value) in [
            ("decision", json!("refused")),
            ("reason", json!("rate_limited")),
            ("status", json!(429)),
            ("site", json!("riverbend")),
            ("subject_sha256", json!(hash_of(&subject))),
        ] {
            assert_eq!(audit[name], value, "{name}");
        }
        let detail = audit["detail"].as_str().unwrap();
        assert!(detail.contains(limit) && !detail.contains(&subject), "{detail}");
    }
}
