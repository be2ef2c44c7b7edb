//! The tokens of app registrations, each kept until it is about to end. Nobody requests one twice at once.
//!
//! | held | answer | next |
//! | --- | --- | --- |
//! | a token that is valid for more than 5 min | the token | as before |
//! | a failure of the last 5 s, or of the time that Entra asks to wait | the failure | as before |
//! | neither | what Entra answers now; others wait for it | that is held |
//!
//! A token that Graph refuses is replaced, at most once a minute. The credential is read again after 5 min, and an older one
//! is used for 12 h while it cannot be.

use std::{sync::Arc, time::Duration};

use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use super::{
    super::GraphToken, AppRegistration, ApplicationCredential, ApplicationCredentials, ApplicationError,
    ApplicationTokens, CredentialError, CredentialFormError, IssuedToken, TokenEndpoint,
};
use crate::{
    last_good::{Cooldown, LastGood, Lifetimes},
    timestamp::Timestamp,
};

/// How long before its end a token is used no more: a question takes seconds, and clocks differ.
const MARGIN: Duration = Duration::from_mins(5);
/// The longest time that a token is kept, whatever Entra says.
const MAX_LIFETIME: Duration = Duration::from_hours(24);
/// How long a failure is held, so that many people at once are one request.
const PAUSE: Duration = Duration::from_secs(5);
/// The longest time that Entra's wish to wait is respected.
const MAX_PAUSE: Duration = Duration::from_mins(5);
/// The least age at which a token that Graph refuses is replaced.
const LEAST_AGE: Duration = Duration::from_mins(1);
/// How many registrations are held.
const MAX_REGISTRATIONS: usize = 1_000;
/// How long credentials are kept.
const CREDENTIAL_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(5),
    background: Duration::ZERO,
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(30),
};

/// Gets tokens with the credentials in `C` from `T`. Ask for registered sites only.
#[derive(Debug)]
pub struct ApplicationTokenCache<C, T> {
    credentials: Arc<C>,
    endpoint: T,
    slots: Cache<AppRegistration, Arc<Slot>>,
}

type Stored = Result<Option<ApplicationCredential>, CredentialFormError>;
type Outcome = Result<Arc<GraphToken>, Arc<ApplicationError>>;

#[derive(Debug)]
struct Slot {
    credential: Arc<LastGood<Stored>>,
    /// Locked while a token is requested.
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    outcome: Outcome,
    since: Timestamp,
    lifetime: Duration,
}

impl<C: ApplicationCredentials, T: TokenEndpoint> ApplicationTokens for ApplicationTokenCache<C, T> {
    async fn token(&self, registration: AppRegistration, now: Timestamp) -> Outcome {
        let slot = self.slot(registration);
        let mut held = slot.held.lock().await;
        match held.as_ref().filter(|held| held.holds(now)) {
            Some(held) => held.outcome.clone(),
            None => self.obtain(registration, &slot, &mut held, now).await,
        }
    }

    async fn replace(
        &self,
        registration: AppRegistration,
        refused: &Arc<GraphToken>,
        now: Timestamp,
    ) -> Outcome {
        let slot = self.slot(registration);
        let mut held = slot.held.lock().await;
        match held.as_ref().filter(|held| held.holds(now)) {
            Some(other) if !other.is_of(refused) => other.outcome.clone(),
            Some(own) if now.since(own.since) < LEAST_AGE => Err(ApplicationError::TokenRefused.into()),
            _ => self.obtain(registration, &slot, &mut held, now).await,
        }
    }
}

impl<C: ApplicationCredentials, T: TokenEndpoint> ApplicationTokenCache<C, T> {
    /// Creates an empty cache.
    pub fn new(credentials: C, endpoint: T) -> Self {
        Self { credentials: Arc::new(credentials), endpoint, slots: Cache::new(MAX_REGISTRATIONS) }
    }

    fn slot(&self, registration: AppRegistration) -> Arc<Slot> {
        let made = self.slots.get_or_insert_with(&registration, || {
            let AppRegistration { tenant, client, .. } = registration;
            let name = format!("the credential of client {client} of tenant {tenant}");
            let credential = LastGood::counted(
                "graph_credentials",
                name,
                CREDENTIAL_LIFETIMES,
                Arc::new(Cooldown::default()),
            );
            Ok::<_, std::convert::Infallible>(Arc::new(Slot { credential, held: Mutex::default() }))
        });
        let Ok(slot) = made;
        slot
    }

    async fn obtain(
        &self,
        registration: AppRegistration,
        slot: &Slot,
        held: &mut Option<Held>,
        now: Timestamp,
    ) -> Outcome {
        let issued = self.request(registration, slot, now).await;
        let found = Held::of(issued, now);
        let outcome = found.outcome.clone();
        *held = Some(found);
        outcome
    }

    async fn request(
        &self,
        registration: AppRegistration,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<IssuedToken, ApplicationError> {
        let credentials = Arc::clone(&self.credentials);
        let read = || async move { read(&*credentials, registration).await.map(|stored| (stored, now)) };
        let stored = slot.credential.find(now, |_| true, read).await;
        match &*stored.map_err(|error| ApplicationError::Store(error.into()))? {
            Ok(Some(credential)) => self.endpoint.request(registration, credential, now).await,
            Ok(None) => Err(ApplicationError::no_credential(registration)),
            Err(error) => Err((*error).into()),
        }
    }
}

/// What is stored replaces what is held even if it is no credential, so that its author learns so at once.
async fn read(
    credentials: &impl ApplicationCredentials,
    registration: AppRegistration,
) -> Result<Stored, CredentialError> {
    match credentials.read(registration).await {
        Ok(credential) => Ok(Ok(credential)),
        Err(CredentialError::Form(error)) => Ok(Err(error)),
        Err(error @ CredentialError::Unavailable(_)) => Err(error),
    }
}

impl Held {
    fn of(issued: Result<IssuedToken, ApplicationError>, now: Timestamp) -> Self {
        let (outcome, lifetime) = match issued {
            Ok(IssuedToken { token, expires_in }) => {
                (Ok(Arc::new(token)), expires_in.min(MAX_LIFETIME).saturating_sub(MARGIN))
            }
            Err(error) => {
                let pause = match &error {
                    ApplicationError::Throttled { retry_after: Some(wait) } => (*wait).min(MAX_PAUSE),
                    _ => PAUSE,
                };
                (Err(Arc::new(error)), pause)
            }
        };
        Self { outcome, since: now, lifetime }
    }

    fn holds(&self, now: Timestamp) -> bool {
        now.age_of(self.since).is_some_and(|age| age < self.lifetime)
    }

    fn is_of(&self, token: &Arc<GraphToken>) -> bool {
        self.outcome.as_ref().is_ok_and(|own| Arc::ptr_eq(own, token))
    }
}

#[cfg(test)]
mod tests;
