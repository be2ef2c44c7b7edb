//! A client in a loop with one valid token, at an instance as on AWS.

use http::StatusCode;
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{Fleet, exchanged};

/// KMS takes money for each signature, and signs a limited number a second for the whole account.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_with_one_token_is_refused_without_a_signature() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Es256).await else { return };
    let (instance, token) = (fleet.exchange(), fleet.token());
    let mut granted = 0;
    loop {
        let answer = exchanged(&instance, &token).await;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(answer.refusal(), ("temporarily_unavailable", "rate_limited"));
            assert_eq!(answer.header("retry-after"), "1");
            break;
        }
        assert_eq!(answer.status, StatusCode::OK);
        granted += 1;
        assert!(granted < 10_000, "one person is never refused");
    }
    assert!(granted >= 60, "a person may exchange {granted} tokens at once");
    let signed = fleet.aws.take_seen().iter().filter(|seen| seen.what == "Sign").count();
    assert_eq!(signed, granted);
}
