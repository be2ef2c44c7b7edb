//! The contract of stored credentials of app registrations, and where AWS can fail it.

use aws_sdk_secretsmanager::{Client, primitives::Blob};
use pozi_auth::{
    adapters::aws::{Secrets, connection},
    entra::{
        AppRegistration, ApplicationCredential, ApplicationCredentials, Cloud, CredentialError,
        CredentialFormError,
    },
    identifiers::{ClientId, TenantId},
    sites::Site,
};
use pozi_local::samples;
use pozi_tests::{EmulatedAws, Fate, FaultProxy, MemoryCredentials, aws_at, new_certificate, registration};
use uuid::Uuid;

fn new_registration() -> AppRegistration {
    let (tenant, client) = (TenantId::new(Uuid::new_v4()), ClientId::new(Uuid::new_v4()));
    AppRegistration { cloud: Cloud::Public, tenant, client }
}

fn name(of: AppRegistration) -> String {
    format!("pozi/contracts/{}/{}", of.tenant, of.client)
}

/// `own` has the secret `first`, and nobody else has one.
async fn contract(credentials: impl ApplicationCredentials, own: AppRegistration) {
    let found = credentials.read(own).await.unwrap().unwrap();
    assert!(matches!(found, ApplicationCredential::Secret(secret) if secret.expose() == "first"));
    for other in [
        AppRegistration { tenant: new_registration().tenant, ..own },
        AppRegistration { client: new_registration().client, ..own },
    ] {
        assert!(credentials.read(other).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn credentials_in_memory() {
    let credentials = MemoryCredentials::default();
    let site = Site::parse(&samples::site_files()[0].text).unwrap();
    credentials.set(&site, Some(r#"{"client_secret":"first"}"#));
    contract(credentials, registration(&site)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_in_secrets_manager() {
    let Some(aws) = EmulatedAws::running() else { return };
    let connection = connection(&aws_at(aws.url()));
    let client = Client::new(&connection);
    let secrets = Secrets::new(&connection, "pozi/contracts".parse().unwrap());
    let own = new_registration();
    let create = |name: String| client.create_secret().name(name);
    create(name(own)).secret_string(r#"{"client_secret":"first"}"#).send().await.unwrap();
    contract(secrets.clone(), own).await;

    let (text, _) = new_certificate();
    client.put_secret_value().secret_id(name(own)).secret_string(text).send().await.unwrap();
    let found = secrets.read(own).await.unwrap();
    assert!(matches!(found, Some(ApplicationCredential::Certificate(_))));

    let spoilt = new_registration();
    create(name(spoilt)).secret_string("hidden").send().await.unwrap();
    let binary = new_registration();
    create(name(binary)).secret_binary(Blob::new(b"hidden")).send().await.unwrap();
    for registration in [spoilt, binary] {
        let error = secrets.read(registration).await.unwrap_err();
        assert!(matches!(error, CredentialError::Form(CredentialFormError::Members)));
        assert!(!format!("{error} {error:?}").contains("hidden"));
    }

    client.delete_secret().secret_id(name(own)).send().await.unwrap();
    assert!(secrets.read(own).await.unwrap().is_none(), "it is about to be deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_secrets_manager_is_not_a_missing_secret() {
    let Some(aws) = EmulatedAws::running() else { return };
    let proxy = FaultProxy::in_front_of(aws.url()).await;
    let secrets = Secrets::new(&connection(&aws_at(proxy.url())), "pozi/contracts".parse().unwrap());
    proxy.set_fate(Fate::Fails);
    let error = secrets.read(new_registration()).await.unwrap_err();
    assert!(matches!(error, CredentialError::Unavailable(_)), "{error}");
}
