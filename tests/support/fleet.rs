//! The service as on AWS, with DynamoDB, KMS and Entra emulated, each behind a [`FaultProxy`].

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::Router;
use entra_emulator::{EmulatedEntra, TokenSpec};
use pozi_auth::{
    adapters::{
        SystemClock,
        aws::{Table, connection},
    },
    config::{
        AwsConfig, CallLimits, JwksConfig, RotateKeysConfig, SecretPrefix, Signing, TokenExchangeConfig,
    },
    identifiers::TenantId,
    keyring::{RotationRequest, SigningAlgorithm},
    sites::Site,
    tenants::SiteStore,
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_rotate_keys::{RotateKeys, RunError, RunReport};
use uuid::uuid;

use crate::{
    Answer, EmulatedAws, Fate, FaultProxy, PATIENT_LIMITS, aws::CREDENTIALS, aws_at, edit, exchange_form,
    form_request, send, tenants,
};

/// The issuer of sessions.
pub const ISSUER: &str = "https://auth.example";

/// The tenant of the prober: like the id of a stack, a GUID by time.
pub const PROBE_TENANT: TenantId = TenantId::new(uuid!("5f8c1a70-ca3e-11f1-8d4e-0a1b2c3d4e5f"));

/// The namespace of the service's metrics.
pub const METRICS: &str = "Pozi";

/// Everything that the instances of the functions share.
#[derive(Clone)]
pub struct Fleet {
    /// The proxy in front of AWS.
    pub aws: FaultProxy,
    /// The proxy in front of Entra.
    pub entra: FaultProxy,
    /// The emulated Entra.
    pub directory: EmulatedEntra,
    /// The table's name.
    pub table: String,
    /// How private keys are kept.
    pub signing: Signing,
    /// The algorithm of the signing keys.
    pub algorithm: SigningAlgorithm,
    /// Timeouts for calls to AWS and Entra, for instances that are started from now on.
    pub limits: CallLimits,
    /// Where instances that are started from now on read credentials of app registrations, if they do.
    pub graph_secrets: Option<SecretPrefix>,
    store: Table,
}

impl Fleet {
    /// A fleet whose keys KMS seals, with the sample sites, a first key ring and every tenant's key set. `None` without an
    /// emulated AWS.
    pub async fn sealed() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        Self::with(Signing::Sealed { kms_key }, SigningAlgorithm::Es256, Fate::Passes).await
    }

    /// The same, but without stored key sets.
    pub async fn without_key_sets() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        Self::with(Signing::Sealed { kms_key }, SigningAlgorithm::Es256, Fate::Fails).await
    }

    /// The same, but without sites.
    pub async fn without_sites() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        let fleet = Self::bare(Signing::Sealed { kms_key }, SigningAlgorithm::Es256).await?;
        fleet.rotate(&RotationRequest::Establish).await.expect("the first key ring is made");
        Some(fleet)
    }

    /// The same as [`Fleet::without_sites`], but also without a key ring.
    pub async fn without_ring() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        Self::bare(Signing::Sealed { kms_key }, SigningAlgorithm::Es256).await
    }

    /// The same as [`Fleet::sealed`], but the keys stay in KMS.
    pub async fn in_kms(algorithm: SigningAlgorithm) -> Option<Self> {
        let tag = Some(format!("pozi-{algorithm:?}"));
        Self::with(Signing::Kms { tag }, algorithm, Fate::Passes).await
    }

    async fn with(signing: Signing, algorithm: SigningAlgorithm, entra: Fate) -> Option<Self> {
        Some(Self::bare(signing, algorithm).await?.set_up(entra).await)
    }

    /// A fleet with the same tenants and a new table, which is cheaper than a new fleet.
    pub async fn with_new_table(&self) -> Self {
        let emulated = EmulatedAws::running().expect("a fleet has an emulated AWS");
        let table = emulated.table().await;
        let store = Table::new(&connection(&aws_at(emulated.url())), &table);
        Self { table, store, ..self.behind_new_proxy().await }.set_up(Fate::Passes).await
    }

    /// A new table without items.
    pub async fn with_empty_table(&self) -> Table {
        let emulated = EmulatedAws::running().expect("a fleet has an emulated AWS");
        Table::new(&connection(&aws_at(emulated.url())), &emulated.table().await)
    }

    /// The same fleet, with another proxy in front of AWS.
    pub async fn behind_new_proxy(&self) -> Self {
        let emulated = EmulatedAws::running().expect("a fleet has an emulated AWS");
        Self { aws: FaultProxy::in_front_of(emulated.url()).await, ..self.clone() }
    }

    async fn set_up(self, entra: Fate) -> Self {
        let fleet = self;
        for file in samples::site_files() {
            let site = Site::parse(&file.text).expect("the sample sites are valid");
            fleet.store().put(&site, &file.text, None, &edit()).await.expect("the site is stored");
        }
        fleet.entra.set_fate(entra);
        let done = fleet.rotate(&RotationRequest::Establish).await.expect("the first key ring is made");
        assert_eq!(done.key_sets.failed == 0, entra == Fate::Passes, "the key sets: {:?}", done.key_sets);
        fleet.entra.set_fate(Fate::Passes);
        fleet.aws.take_seen();
        fleet.entra.take_seen();
        fleet
    }

    /// A fleet whose table is empty. `None` without an emulated AWS.
    pub async fn bare(signing: Signing, algorithm: SigningAlgorithm) -> Option<Self> {
        let emulated = EmulatedAws::running()?;
        let (directory, url) = tenants::serve().await;
        let table = emulated.table().await;
        Some(Self {
            aws: FaultProxy::in_front_of(emulated.url()).await,
            entra: FaultProxy::in_front_of(&url).await,
            directory,
            store: Table::new(&connection(&aws_at(emulated.url())), &table),
            table,
            signing,
            algorithm,
            limits: PATIENT_LIMITS,
            graph_secrets: None,
        })
    }

    /// The table, not through the proxy.
    pub fn store(&self) -> Table {
        self.store.clone()
    }

    /// The table, through the proxy.
    pub fn store_behind_proxy(&self) -> Table {
        Table::new(&connection(&self.aws()), &self.table)
    }

    /// Deletes the item of a claim, by its key.
    pub async fn delete_claim(&self, key: &str) {
        self.delete(key, "claim").await;
    }

    /// Deletes the key ring.
    pub async fn delete_ring(&self) {
        self.delete("ring", "ring").await;
    }

    async fn delete(&self, partition: &str, item: &str) {
        let delete = dynamodb().delete_item().table_name(&self.table);
        let delete =
            delete.key("pk", AttributeValue::S(partition.into())).key("sk", AttributeValue::S(item.into()));
        delete.send().await.expect("the item is deleted");
    }

    /// Writes a site's item without the store's checks, as somebody with the right to write it could.
    pub async fn overwrite_site(&self, tenant: TenantId, name: &str, document: &str, external_url: &str) {
        let item = [
            ("pk", format!("tenant#{tenant}")),
            ("sk", format!("site#{name}")),
            ("document", document.to_owned()),
            ("external_url", external_url.to_owned()),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let put = dynamodb().put_item().table_name(&self.table).set_item(Some(item.into()));
        put.item("revision", AttributeValue::N("2".to_owned())).send().await.expect("the item is written");
    }

    /// Gives a claim to a site, by the claim's key.
    pub async fn set_claim(&self, key: &str, tenant: TenantId, site: &str) {
        let put = dynamodb().put_item().table_name(&self.table);
        let item = [("pk", key), ("sk", "claim"), ("tenant", &tenant.to_string()), ("site", site)]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
        put.set_item(Some(item.into())).send().await.expect("the claim is written");
    }

    fn aws(&self) -> AwsConfig {
        AwsConfig { limits: self.limits, ..aws_at(self.aws.url()) }
    }

    /// Starts another instance of token-exchange.
    pub fn exchange(&self) -> Router {
        let config = TokenExchangeConfig {
            origin_secret: None,
            issuer: ISSUER.parse().expect("ISSUER is valid"),
            table: self.table.clone(),
            signing: self.signing.clone(),
            graph_secrets: self.graph_secrets.clone(),
            probe_tenant: Some(PROBE_TENANT),
            entra_login: Some(self.entra.url().parse().expect("the proxy's URL is valid")),
            aws: self.aws(),
        };
        pozi_token_exchange::aws::service(config).expect("the function starts")
    }

    /// Starts another instance of jwks.
    pub fn jwks(&self) -> Router {
        let config = JwksConfig {
            origin_secret: None,
            issuer: ISSUER.parse().expect("ISSUER is valid"),
            table: self.table.clone(),
            aws: self.aws(),
        };
        pozi_jwks::aws::service(config).expect("the function starts")
    }

    /// Starts another instance of rotate-keys.
    pub fn rotator(&self) -> RotateKeys<pozi_rotate_keys::aws::OnAws> {
        let config = RotateKeysConfig {
            issuer: ISSUER.parse().expect("ISSUER is valid"),
            table: self.table.clone(),
            signing: self.signing.clone(),
            algorithm: self.algorithm,
            sign_for: Duration::from_hours(24),
            entra_login: Some(self.entra.url().parse().expect("the proxy's URL is valid")),
            probe_tenant: Some(PROBE_TENANT),
            aws: self.aws(),
        };
        pozi_rotate_keys::aws::service(config).expect("the function starts")
    }

    /// Returns the environment variables of all functions together.
    pub fn environment(&self) -> Vec<(String, String)> {
        let signing: &[(&str, &str)] = match &self.signing {
            Signing::Sealed { kms_key } => &[("POZI_KMS_KEY", kms_key)],
            Signing::Kms { tag: None } => &[("POZI_SIGNING", "kms")],
            Signing::Kms { tag: Some(tag) } => &[("POZI_SIGNING", "kms"), ("POZI_KEY_TAG", tag)],
        };
        let own = [
            ("POZI_ISSUER", ISSUER),
            ("POZI_TABLE", &self.table),
            ("POZI_ALGORITHM", self.algorithm.name()),
            ("POZI_ENTRA_LOGIN_URL", self.entra.url()),
            ("POZI_METRICS", METRICS),
            ("POZI_PROBE_TENANT", &PROBE_TENANT.to_string()),
            ("POZI_PROBE_KEY", "arn:aws:kms:eu-central-1:000000000000:key/probe"),
            ("POZI_EXCHANGE_VERSION", "arn:aws:lambda:eu-central-1:000000000000:function:exchange:2"),
            ("POZI_JWKS_VERSION", "arn:aws:lambda:eu-central-1:000000000000:function:jwks:2"),
            ("AWS_ENDPOINT_URL", self.aws.url()),
        ];
        let all = own.iter().chain(&CREDENTIALS).chain(signing);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Runs rotate-keys once, now.
    pub async fn rotate(&self, request: &RotationRequest) -> Result<RunReport, RunError> {
        self.rotator().run(request, SystemClock.now()).await
    }

    /// A reader's token, as Entra issues it now.
    pub fn token(&self) -> String {
        self.directory
            .token(&TokenSpec::default(), SystemClock.now().unix_seconds())
            .expect("the sample sites have a reader")
    }
}

/// A client of the emulated AWS.
fn dynamodb() -> aws_sdk_dynamodb::Client {
    let emulated = EmulatedAws::running().expect("a fleet has an emulated AWS");
    aws_sdk_dynamodb::Client::new(&connection(&aws_at(emulated.url())))
}

/// Exchanges `token` at `instance`.
pub async fn exchanged(instance: &Router, token: &str) -> Answer {
    send(instance.clone(), form_request(&exchange_form(token, &[]), &[])).await
}
