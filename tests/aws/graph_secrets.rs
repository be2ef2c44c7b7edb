//! Credentials of app registrations in Secrets Manager, as the function reads them.

use aws_sdk_secretsmanager::Client;
use entra_emulator::{AppCredential, Person, TokenSpec};
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    revision::Revision,
    sites::Site,
    tenants::SiteStore,
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_tests::{EmulatedAws, Fate, Fleet, aws_at, edit, exchanged};

const READ: &str = "GetSecretValue";

fn token_of(fleet: &Fleet, site: &str) -> String {
    let ask = TokenSpec { site: site.to_owned(), person: Person::Overage, ..TokenSpec::default() };
    fleet.directory.token(&ask, SystemClock.now().unix_seconds()).unwrap()
}

/// Has riverbend ask Graph in the name of its registration, whose secret is stored.
async fn set_up(fleet: &Fleet) {
    let file = samples::site_files().remove(0);
    let text = file.text.replace("origins = [", "graph_permissions = \"application\"\norigins = [");
    let site = Site::parse(&text).unwrap();
    fleet.store().put(&site, &text, Some(Revision(1)), &edit()).await.unwrap();
    let secret = AppCredential::Secret { value: "own".to_owned(), is_expired: false };
    fleet.directory.set_credentials("riverbend", vec![secret]);
    let client = Client::new(&connection(&aws_at(EmulatedAws::running().unwrap().url())));
    let name = format!("pozi/graph/{}/{}", site.tenant(), site.expected.client);
    client.create_secret().name(name).secret_string(r#"{"client_secret":"own"}"#).send().await.unwrap();
}

fn reads(fleet: &Fleet) -> usize {
    fleet.aws.take_seen().iter().filter(|seen| seen.what.ends_with(READ)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_reads_the_secret_of_a_site_that_asks_so_once_and_of_no_other_site() {
    let Some(mut fleet) = Fleet::sealed().await else { return };
    set_up(&fleet).await;

    let without = exchanged(&fleet.exchange(), &token_of(&fleet, "riverbend")).await;
    assert_eq!(without.refusal().1, "graph_credentials", "{}", without.json);
    assert_eq!(reads(&fleet), 0, "it is not told where");

    fleet.graph_secrets = Some("pozi/graph".parse().unwrap());
    let instance = fleet.exchange();
    for _ in 0..3 {
        let answer = exchanged(&instance, &token_of(&fleet, "riverbend")).await;
        assert_eq!(answer.scope(), "heritage:read planning:read", "{}", answer.json);
    }
    assert_eq!(reads(&fleet), 1);

    let instance = fleet.exchange();
    let delegated = exchanged(&instance, &token_of(&fleet, "saltmarsh")).await;
    assert_eq!((delegated.refusal().1, reads(&fleet)), ("groups_overage", 0));

    fleet.aws.set_fates(|_, what| if what.ends_with(READ) { Fate::Fails } else { Fate::Passes });
    let down = exchanged(&instance, &token_of(&fleet, "riverbend")).await;
    assert_eq!(down.refusal().1, "graph_unavailable", "{}", down.json);
}
