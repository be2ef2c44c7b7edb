//! Nothing of an app registration's credential, assertion or token is logged, and of Entra's refusal only its number.

use entra_emulator::{AppCredential, Person, TokenSpec};
use pozi_auth::{keyring::SigningAlgorithm, sites::Site};
use pozi_local::samples;
use pozi_tests::{World, new_certificate};
use serde_json::{Value, json};

use super::{Lines, audits};

/// Entra's text, which may quote what was sent.
const ENTRAS_TEXT: [&str; 3] = ["Invalid client secret", "Client assertion failed", "are expired"];

#[tokio::test]
async fn of_a_credential_and_of_entras_refusal_only_the_number_is_logged() {
    const SECRET: &str = "Zq8~hidden-secret-of-the-registration";
    let mut file = samples::site_files().remove(0);
    file.text = file.text.replace("origins = [", "graph_permissions = \"application\"\norigins = [");
    let site = Site::parse(&file.text).unwrap();
    let stored = json!({ "client_secret": SECRET }).to_string();
    let secret = |value: &str, is_expired| AppCredential::Secret { value: value.to_owned(), is_expired };
    let (certificate, registered) = new_certificate();
    let key =
        serde_json::from_str::<Value>(&certificate).unwrap()["private_key"].as_str().unwrap().to_owned();
    for (stored, registered, number) in [
        (&stored, secret(SECRET, false), None),
        (&stored, secret("another", false), Some("AADSTS7000215")),
        (&stored, secret(SECRET, true), Some("AADSTS7000222")),
        (&certificate, registered, None),
        (&certificate, new_certificate().1, Some("AADSTS700027")),
        (&format!("{stored}{stored}"), secret(SECRET, false), Some("either `client_secret`, or")),
    ] {
        let world = World::with(&[file.clone()], SigningAlgorithm::Es256).await;
        world.entra.set_credentials(site.name.as_str(), vec![registered]);
        world.credentials.set(&site, Some(stored));
        let token = world.token(&TokenSpec { person: Person::Overage, ..TokenSpec::default() });
        let (lines, guard) = Lines::capture();
        let answer = world.exchange(&token, &[]).await;
        drop(guard);
        let lines = lines.take();
        let text = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        assert!(!text.contains("hidden") && !text.contains("eyJ"), "{text}");
        assert!(key.lines().skip(1).all(|line| line.len() < 60 || !text.contains(line)));
        assert!(ENTRAS_TEXT.iter().all(|words| !text.contains(words)), "{text}");
        let [audit] = audits(&lines)[..] else { panic!("one audit event") };
        match number {
            None => assert_eq!(answer.status, 200, "{}", answer.json),
            Some(number) => {
                assert_eq!(audit["reason"], "graph_credentials");
                assert!(text.contains(number), "{number}: {text}");
            }
        }
    }
}
