//! A store of credentials and a token endpoint that count and are set, and a time that is chosen.

use std::sync::{
    Mutex as StdMutex,
    atomic::{AtomicUsize, Ordering},
};

use uuid::Uuid;

use super::*;
use crate::{
    entra::Cloud,
    identifiers::{ClientId, TenantId},
};

const NOW: u64 = 1_800_000_000;

/// Reads and requests, counted, with answers that are set.
#[derive(Default)]
struct Entra {
    stored: StdMutex<Option<&'static str>>,
    is_store_down: StdMutex<bool>,
    reads: AtomicUsize,
    answer: StdMutex<Option<ApplicationError>>,
    lifetime: StdMutex<u64>,
    requests: StdMutex<Vec<(AppRegistration, String)>>,
    /// Requests at the same time.
    running: AtomicUsize,
}

impl ApplicationCredentials for Arc<Entra> {
    async fn read(&self, _: AppRegistration) -> Result<Option<ApplicationCredential>, CredentialError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if *self.is_store_down.lock().unwrap() {
            return Err(CredentialError::Unavailable("down".into()));
        }
        let stored = *self.stored.lock().unwrap();
        Ok(stored.map(str::parse).transpose()?)
    }
}

impl TokenEndpoint for Arc<Entra> {
    async fn request(
        &self,
        registration: AppRegistration,
        credential: &ApplicationCredential,
        _: Timestamp,
    ) -> Result<IssuedToken, ApplicationError> {
        let ApplicationCredential::Secret(secret) = credential else { panic!("a secret") };
        assert_eq!(self.running.fetch_add(1, Ordering::SeqCst), 0, "two requests at once");
        tokio::task::yield_now().await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        let count = {
            let mut requests = self.requests.lock().unwrap();
            requests.push((registration, secret.expose().to_owned()));
            requests.len()
        };
        if let Some(error) = self.answer.lock().unwrap().take() {
            return Err(error);
        }
        let token = format!("token-{count}").parse().unwrap();
        Ok(IssuedToken { token, expires_in: Duration::from_secs(*self.lifetime.lock().unwrap()) })
    }
}

struct Desk {
    entra: Arc<Entra>,
    cache: ApplicationTokenCache<Arc<Entra>, Arc<Entra>>,
}

impl Desk {
    fn new() -> Self {
        let entra = Arc::new(Entra::default());
        *entra.stored.lock().unwrap() = Some(r#"{"client_secret":"first"}"#);
        *entra.lifetime.lock().unwrap() = 3_600;
        Self { cache: ApplicationTokenCache::new(Arc::clone(&entra), Arc::clone(&entra)), entra }
    }

    async fn token(&self, seconds: u64) -> Result<String, Arc<ApplicationError>> {
        self.token_of(own(), seconds).await
    }

    async fn token_of(
        &self,
        registration: AppRegistration,
        seconds: u64,
    ) -> Result<String, Arc<ApplicationError>> {
        self.cache.token(registration, at(seconds)).await.map(|token| token.as_str().to_owned())
    }

    fn fail(&self, error: ApplicationError) {
        *self.entra.answer.lock().unwrap() = Some(error);
    }

    fn counts(&self) -> (usize, usize) {
        (self.entra.reads.load(Ordering::SeqCst), self.entra.requests.lock().unwrap().len())
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_seconds(NOW + seconds)
}

fn registration(tenant: u128, client: u128, cloud: Cloud) -> AppRegistration {
    let (tenant, client) = (Uuid::from_u128(tenant), Uuid::from_u128(client));
    AppRegistration { cloud, tenant: TenantId::new(tenant), client: ClientId::new(client) }
}

fn own() -> AppRegistration {
    registration(1, 1, Cloud::Public)
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_its_end() {
    let desk = Desk::new();
    for (seconds, token) in
        [(0, "token-1"), (3_299, "token-1"), (3_300, "token-2"), (6_599, "token-2"), (0, "token-3")]
    {
        assert_eq!(desk.token(seconds).await.unwrap(), token, "after {seconds} s");
    }
    *desk.entra.lifetime.lock().unwrap() = 299;
    desk.token(20_000).await.unwrap();
    desk.token(20_000).await.unwrap();
    assert_eq!(desk.counts().1, 5, "a token of a short life is used and not kept");
}

#[tokio::test]
async fn nobody_requests_a_token_twice_at_once_and_a_caller_who_leaves_stops_nobody() {
    let desk = Arc::new(Desk::new());
    let callers: Vec<_> = (0..100)
        .map(|number| {
            let desk = Arc::clone(&desk);
            let caller = tokio::spawn(async move { desk.token(0).await });
            if number % 3 == 0 {
                caller.abort();
            }
            caller
        })
        .collect();
    for caller in callers {
        if let Ok(token) = caller.await {
            assert_eq!(token.unwrap(), "token-1");
        }
    }
    assert_eq!(desk.counts(), (1, 1));
}

#[tokio::test]
async fn tokens_cross_no_tenant_client_or_cloud() {
    let desk = Desk::new();
    let all = [
        own(),
        registration(2, 1, Cloud::Public),
        registration(1, 2, Cloud::Public),
        registration(1, 1, Cloud::China),
    ];
    for round in 0..2 {
        for (index, registration) in all.into_iter().enumerate() {
            assert_eq!(desk.token_of(registration, round).await.unwrap(), format!("token-{}", index + 1));
        }
    }
    let asked: Vec<_> = desk.entra.requests.lock().unwrap().iter().map(|(one, _)| *one).collect();
    assert_eq!(asked, all);
}

#[tokio::test]
async fn a_failure_is_held_for_five_seconds_or_as_long_as_entra_asks() {
    for (retry_after, pause) in [(None, 5), (Some(17), 17), (Some(86_400), 300)] {
        let desk = Desk::new();
        desk.fail(ApplicationError::Throttled { retry_after: retry_after.map(Duration::from_secs) });
        for seconds in [0, pause - 1] {
            let error = desk.token(seconds).await.unwrap_err();
            assert!(matches!(*error, ApplicationError::Throttled { .. }));
        }
        assert_eq!(desk.counts().1, 1);
        assert_eq!(desk.token(pause).await.unwrap(), "token-2");
    }
    let desk = Desk::new();
    desk.fail(ApplicationError::Refused { code: Some(7_000_222) });
    let error = desk.token(0).await.unwrap_err();
    assert!(error.to_string().contains("(AADSTS7000222)"), "{error}");
    assert!(desk.token(4).await.is_err() && desk.token(5).await.is_ok());
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_a_minute() {
    let desk = Desk::new();
    let first = desk.cache.token(own(), at(0)).await.unwrap();
    let new = desk.cache.replace(own(), &first, at(59)).await.unwrap_err();
    assert!(matches!(*new, ApplicationError::TokenRefused));
    let second = desk.cache.replace(own(), &first, at(60)).await.unwrap();
    assert_eq!(second.as_str(), "token-2");
    let late = desk.cache.replace(own(), &first, at(60)).await.unwrap();
    assert!(Arc::ptr_eq(&late, &second), "another caller has replaced it");
    assert!(desk.cache.replace(own(), &second, at(61)).await.is_err());
    assert_eq!(desk.counts(), (1, 2));
}

#[tokio::test]
async fn the_credential_is_read_again_after_five_minutes_and_outlives_its_stores_outage() {
    let desk = Desk::new();
    *desk.entra.lifetime.lock().unwrap() = 0;
    let secret = || desk.entra.requests.lock().unwrap().last().unwrap().1.clone();
    desk.token(0).await.unwrap();
    *desk.entra.stored.lock().unwrap() = Some(r#"{"client_secret":"second"}"#);
    for (seconds, expected, reads) in [(299, "first", 1), (300, "second", 2), (360, "second", 2)] {
        desk.token(seconds).await.unwrap();
        assert_eq!((secret().as_str(), desk.counts().0), (expected, reads), "after {seconds} s");
    }
    *desk.entra.is_store_down.lock().unwrap() = true;
    desk.token(1_000).await.unwrap();
    assert_eq!((secret().as_str(), desk.counts().0), ("second", 3));
    *desk.entra.is_store_down.lock().unwrap() = false;
    *desk.entra.stored.lock().unwrap() = None;
    let removed = desk.token(2_000).await.unwrap_err();
    assert!(matches!(*removed, ApplicationError::NoCredential { .. }));
    *desk.entra.stored.lock().unwrap() = Some(r#"{"secret":"hidden"}"#);
    let spoilt = desk.token(3_000).await.unwrap_err();
    assert!(matches!(*spoilt, ApplicationError::Form(CredentialFormError::Members)));
    assert!(!spoilt.to_string().contains("hidden"));
}

#[tokio::test]
async fn without_a_store_or_a_secret_nothing_is_requested() {
    let desk = Desk::new();
    *desk.entra.is_store_down.lock().unwrap() = true;
    let error = desk.token(0).await.unwrap_err();
    assert!(matches!(*error, ApplicationError::Store(_)), "{error}");
    let none = ApplicationTokenCache::new(None::<Arc<Entra>>, Arc::clone(&desk.entra));
    let error = none.token(own(), at(0)).await.unwrap_err();
    assert!(matches!(*error, ApplicationError::NoCredential { .. }));
    assert_eq!(desk.counts().1, 0);
}
