//! The service as it is on AWS, with everything around it emulated: state in DynamoDB and KMS, a tenant over HTTP, and
//! something between it and each of the two that can fail.

use std::time::Duration;

use axum::Router;
use entra_emulator::{EmulatedEntra, TokenAsk};
use pozi_auth::{
    adapters::{
        SystemClock,
        aws::{Table, connection},
    },
    config::{AwsConfig, CallLimits, JwksConfig, RotateKeysConfig, Signing, TokenExchangeConfig},
    keyring::SigningAlgorithm,
    sites::Site,
    tenants::SiteStore,
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_rotate_keys::{RotateKeys, RunError, RunReport, RunRequest};

use crate::{
    Answer, CREDENTIALS, EmulatedAws, Fate, FaultProxy, PATIENT, aws_at, exchange_form, form_request, send,
    tenants,
};

/// The service's own URL, as its sessions have it.
pub const ISSUER: &str = "https://auth.example";

/// The namespace of its metrics.
pub const METRICS: &str = "Pozi";

/// All that a fleet shares.
#[derive(Clone)]
pub struct Fleet {
    /// Stands between the service and AWS.
    pub aws: FaultProxy,
    /// Stands between the service and Entra.
    pub entra: FaultProxy,
    /// The tenants.
    pub directory: EmulatedEntra,
    /// The table's name.
    pub table: String,
    /// How private keys are kept.
    pub signing: Signing,
    /// What they are.
    pub algorithm: SigningAlgorithm,
    /// For how long instances that are made from now on wait for AWS, and for Entra.
    pub limits: CallLimits,
    store: Table,
}

impl Fleet {
    /// A fleet whose keys KMS seals, with the sample sites, a first ring and every key set. `None` where there is no
    /// emulated AWS.
    pub async fn sealed() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        Self::with(Signing::Sealed { kms_key }, SigningAlgorithm::Es256, Fate::Passes).await
    }

    /// The same, but no key set was ever kept. `None` as above.
    pub async fn without_key_sets() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        Self::with(Signing::Sealed { kms_key }, SigningAlgorithm::Es256, Fate::Fails).await
    }

    /// A fleet whose keys KMS seals, with a first ring and no site. `None` as above.
    ///
    /// # Panics
    /// When the ring cannot be made.
    #[expect(clippy::expect_used, reason = "as below")]
    pub async fn without_sites() -> Option<Self> {
        let kms_key = EmulatedAws::running()?.sealing_key().await;
        let fleet = Self::bare(Signing::Sealed { kms_key }, SigningAlgorithm::Es256).await?;
        fleet.rotate(RunRequest { establish: true }).await.expect("a first ring can be made");
        Some(fleet)
    }

    /// A fleet whose keys never leave KMS, with the sample sites, a first ring and every key set. `None` as above.
    pub async fn in_kms(algorithm: SigningAlgorithm) -> Option<Self> {
        let tag = Some(format!("pozi-{algorithm:?}"));
        Self::with(Signing::Kms { tag }, algorithm, Fate::Passes).await
    }

    async fn with(signing: Signing, algorithm: SigningAlgorithm, entra: Fate) -> Option<Self> {
        Some(Self::bare(signing, algorithm).await?.set_up(entra).await)
    }

    /// The same tenants and a table that only the set-up has written to, which is cheaper than another fleet.
    ///
    /// # Panics
    /// Never: there is an emulated AWS, or no fleet.
    #[expect(clippy::expect_used, reason = "there is an emulated AWS, or no fleet")]
    pub async fn afresh(&self) -> Self {
        let emulated = EmulatedAws::running().expect("it runs");
        let table = emulated.table().await;
        let store = Table::new(&connection(&aws_at(emulated.url())), &table);
        Self { table, store, ..self.behind_another().await }.set_up(Fate::Passes).await
    }

    /// The same fleet, with another between it and AWS.
    ///
    /// # Panics
    /// As above.
    #[expect(clippy::expect_used, reason = "as above")]
    pub async fn behind_another(&self) -> Self {
        let emulated = EmulatedAws::running().expect("it runs");
        Self { aws: FaultProxy::and(emulated.url()).await, ..self.clone() }
    }

    #[expect(
        clippy::expect_used,
        reason = "a fleet that cannot be set up fails its test, which is what panics are for"
    )]
    async fn set_up(self, entra: Fate) -> Self {
        let fleet = self;
        for file in samples::site_files() {
            let site = Site::parse(&file.text).expect("a sample is without fault");
            fleet.store().put(&site, &file.text, None).await.expect("the table takes it");
        }
        fleet.entra.always(entra);
        let done = fleet.rotate(RunRequest { establish: true }).await.expect("a first ring can be made");
        assert_eq!(done.key_sets.failed == 0, entra == Fate::Passes, "the key sets: {:?}", done.key_sets);
        fleet.entra.always(Fate::Passes);
        fleet.aws.seen();
        fleet.entra.seen();
        fleet
    }

    /// A fleet whose table is empty. `None` as above.
    pub async fn bare(signing: Signing, algorithm: SigningAlgorithm) -> Option<Self> {
        let emulated = EmulatedAws::running()?;
        let (directory, at) = tenants::served().await;
        let table = emulated.table().await;
        Some(Self {
            aws: FaultProxy::and(emulated.url()).await,
            entra: FaultProxy::and(&at).await,
            directory,
            store: Table::new(&connection(&aws_at(emulated.url())), &table),
            table,
            signing,
            algorithm,
            limits: PATIENT,
        })
    }

    /// The table, as an operator sees it: with nothing between.
    pub fn store(&self) -> Table {
        self.store.clone()
    }

    fn aws(&self) -> AwsConfig {
        AwsConfig { limits: self.limits, ..aws_at(self.aws.url()) }
    }

    /// Another instance of token-exchange, cold.
    ///
    /// # Panics
    /// When it does not start.
    #[expect(clippy::expect_used, reason = "a function that does not start fails its test")]
    pub fn exchange(&self) -> Router {
        let config = TokenExchangeConfig {
            issuer: ISSUER.parse().expect("it is one"),
            table: self.table.clone(),
            signing: self.signing.clone(),
            entra_login: Some(self.entra.url().parse().expect("it is on this machine")),
            aws: self.aws(),
        };
        pozi_token_exchange::aws::service(config).expect("it starts")
    }

    /// Another instance of jwks, cold.
    ///
    /// # Panics
    /// When it does not start.
    #[expect(clippy::expect_used, reason = "as above")]
    pub fn jwks(&self) -> Router {
        let config = JwksConfig {
            issuer: ISSUER.parse().expect("it is one"),
            table: self.table.clone(),
            aws: self.aws(),
        };
        pozi_jwks::aws::service(config).expect("it starts")
    }

    /// Another instance of rotate-keys.
    ///
    /// # Panics
    /// When it does not start.
    #[expect(clippy::expect_used, reason = "as above")]
    pub fn rotator(&self) -> RotateKeys<pozi_rotate_keys::aws::OnAws> {
        let config = RotateKeysConfig {
            issuer: ISSUER.parse().expect("it is one"),
            table: self.table.clone(),
            signing: self.signing.clone(),
            algorithm: self.algorithm,
            sign_for: Duration::from_hours(24),
            entra_login: Some(self.entra.url().parse().expect("it is on this machine")),
            aws: self.aws(),
        };
        pozi_rotate_keys::aws::service(config).expect("it starts")
    }

    /// What the functions are told, each of them all of it.
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
            ("AWS_ENDPOINT_URL", self.aws.url()),
        ];
        let all = own.iter().chain(&CREDENTIALS).chain(signing);
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// One run of rotate-keys, now.
    pub async fn rotate(&self, request: RunRequest) -> Result<RunReport, RunError> {
        self.rotator().run(request, SystemClock.now()).await
    }

    /// A reader's token, as Entra issues it now.
    ///
    /// # Panics
    /// Never: there is a reader.
    #[expect(clippy::expect_used, reason = "there is a reader")]
    pub fn token(&self) -> String {
        self.directory
            .token(&TokenAsk::default(), SystemClock.now().unix_seconds())
            .expect("there is a reader")
    }
}

/// Exchanges `token` at an instance.
pub async fn exchanged(instance: &Router, token: &str) -> Answer {
    send(instance.clone(), form_request(&exchange_form(token, &[]), &[])).await
}
