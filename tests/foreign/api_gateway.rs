//! The documented rules of API Gateway's JWT authorizer for a token and its issuer, checked with a ring of RSA keys. The
//! authorizer itself cannot run here.
//! Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>.

use entra_emulator::{Person, TokenSpec};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::{World, part, verified_by};

#[tokio::test]
async fn a_session_of_an_rsa_ring_meets_every_rule_of_api_gateways_authorizer() {
    let world = World::with(&samples::site_files(), SigningAlgorithm::Rs256).await;
    let ask = TokenSpec { site: "riverbend".into(), person: Person::Editor, ..TokenSpec::default() };
    let session = world.exchange(&world.token(&ask), &[]).await.session().to_owned();
    let (header, claims) = (part(&session, 0), part(&session, 1));
    let issuer = world.issuer.as_str();

    // The key set is found through the issuer's OpenID configuration, over https.
    let metadata = world.get("/.well-known/openid-configuration", &[]).await.json;
    assert_eq!(metadata["issuer"], issuer);
    let jwks_uri = metadata["jwks_uri"].as_str().unwrap();
    assert!(jwks_uri.starts_with("https://") && jwks_uri.starts_with(issuer));
    let key_set = world.get(jwks_uri.strip_prefix(issuer).unwrap(), &[]).await.json;

    // `kid` names a key of the set; only RSA-based algorithms are supported.
    let key = verified_by(&session, &key_set).expect("the key set has the signing key");
    assert_eq!((&key["kty"], &key["alg"], &header["alg"]), (&"RSA".into(), &"RS256".into(), &"RS256".into()));
    assert_eq!(key["kid"], header["kid"]);

    // `iss` is the configured one, `aud` (or `client_id`) one of the configured entries.
    assert_eq!(claims["iss"], issuer);
    assert_eq!(claims["aud"], "https://poziserver-riverbend.example/pozi/");

    // `exp` is in the future; `iat`, and `nbf` if there is one, are not.
    let now = world.clock.unix_seconds();
    assert!(claims["exp"].as_u64().unwrap() > now && claims["iat"].as_u64().unwrap() <= now);
    assert!(claims.get("nbf").is_none_or(|nbf| nbf.as_u64().unwrap() <= now));

    // `scope` contains one of the route's scopes as a whole word, so a writer must also have `:read`.
    let scopes: Vec<_> = claims["scope"].as_str().unwrap().split(' ').collect();
    for of_route in ["planning:read", "assets:read", "assets:write"] {
        assert!(scopes.contains(&of_route), "{of_route}");
    }
    assert!(!scopes.contains(&"planning:write"));
}
