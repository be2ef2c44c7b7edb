//! How many exchanges one person and one tenant may make at this instance, so that one client in a loop, or all of one council's,
//! do not take the place of the others.
//!
//! Only tokens with a valid signature count, and so only those of registered tenants: anyone can write a tenant's id into a
//! token, and could otherwise use up what its people may do. Each instance counts by itself.

use std::{
    fmt,
    hash::Hash,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{Quota, RateLimiter, clock, middleware::NoOpMiddleware, state::keyed::HashMapStateStore};
use pozi_auth::{
    entra::VerifiedSubject,
    identifiers::{ObjectId, TenantId},
    oauth::{ExchangeError, Limited},
    timestamp::{CLOCK_TOLERANCE, Timestamp},
};

/// A rate of exchanges.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// How many may be made at once.
    pub burst: NonZeroU32,
    /// How many more each second.
    pub per_second: NonZeroU32,
}

/// The rates at one instance.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Of each person.
    pub person: Rate,
    /// Of each tenant.
    pub tenant: Rate,
}

/// The rates of the service. A person's leaves room for an account that a whole counter shares, and for reloading a page; a
/// tenant's for a council of 2,000 people that all sign in at one instance within a few minutes, in three times the average rate.
pub const EXCHANGE_RATES: Rates = Rates { person: rate(60, 1), tenant: rate(600, 50) };

/// Rates that nobody reaches, for load tests and for tests whose clock stands still.
pub const UNLIMITED: Rates = Rates { person: rate(u32::MAX, 1_000_000), tenant: rate(u32::MAX, 1_000_000) };

/// How many people are remembered before those who have not come for a while are forgotten.
const MANY_PEOPLE: usize = 10_000;

/// What was exchanged of late.
#[derive(Debug)]
pub struct Limits {
    people: Limit<(TenantId, ObjectId)>,
    tenants: Limit<TenantId>,
}

impl Limits {
    /// Nothing was exchanged yet.
    pub fn new(rates: Rates) -> Self {
        Self { people: Limit::new(rates.person), tenants: Limit::new(rates.tenant) }
    }

    /// Counts an exchange of `subject` at `now`, or refuses it. What a person's limit refuses does not count for the tenant.
    pub(crate) fn admit(&self, subject: &VerifiedSubject, now: Timestamp) -> Result<(), ExchangeError> {
        let person = (subject.tenant(), subject.object());
        let refused = |limited| move |retry_after| ExchangeError::RateLimited { limited, retry_after };
        self.people.admit(&person, now).map_err(refused(Limited::Person))?;
        self.people.forget_idle(MANY_PEOPLE);
        self.tenants.admit(&person.0, now).map_err(refused(Limited::Tenant))
    }
}

/// A limit for each `K`.
struct Limit<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, SetClock, NoOpMiddleware<Duration>>,
    clock: SetClock,
    /// The longest time until the next one is allowed.
    longest_wait: Duration,
}

impl<K: Hash + Eq + Clone> Limit<K> {
    fn new(Rate { burst, per_second }: Rate) -> Self {
        let clock = SetClock::default();
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let longest_wait = quota.replenish_interval();
        Self { limiter: RateLimiter::hashmap_with_clock(quota, clock.clone()), clock, longest_wait }
    }

    /// Counts one for `key`, or returns the time until one is allowed.
    fn admit(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        self.clock.set(now);
        let Err(refused) = self.limiter.check_key(key) else { return Ok(()) };
        let wait = refused.wait_time_from(clock::Clock::now(&self.clock));
        // A longer one was counted while the clock was ahead: rather none is refused until then than all.
        if wait > self.longest_wait + CLOCK_TOLERANCE { Ok(()) } else { Err(wait) }
    }

    /// Forgets those who may make all at once again, if there are more than `many`.
    fn forget_idle(&self, many: usize) {
        if self.limiter.len() > many {
            self.limiter.retain_recent();
        }
    }
}

impl<K: Hash + Eq + Clone> fmt::Debug for Limit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limit").field("remembered", &self.limiter.len()).finish_non_exhaustive()
    }
}

/// The time of the exchange that is counted, in seconds since the Unix epoch. It begins there, so that a clock that is set back
/// after the start does not stand still.
#[derive(Debug, Clone, Default)]
struct SetClock(Arc<AtomicU64>);

impl SetClock {
    fn set(&self, now: Timestamp) {
        self.0.store(now.unix_seconds(), Ordering::Relaxed);
    }
}

impl clock::Clock for SetClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

const fn rate(burst: u32, per_second: u32) -> Rate {
    Rate { burst: at_least_one(burst), per_second: at_least_one(per_second) }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000;

    fn limit(burst: u32, per_second: u32) -> Limit<&'static str> {
        Limit::new(rate(burst, per_second))
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(START + seconds)
    }

    /// Returns how many of `tries` at `now` are allowed.
    fn allowed(limit: &Limit<&'static str>, key: &'static str, tries: u32, now: Timestamp) -> usize {
        (0..tries).filter(|_| limit.admit(&key, now).is_ok()).count()
    }

    #[test]
    fn allows_a_burst_and_then_the_rate() {
        let limit = limit(60, 1);
        assert_eq!(allowed(&limit, "a", 100, at(0)), 60);
        assert_eq!(limit.admit(&"a", at(0)), Err(Duration::from_secs(1)));
        assert_eq!(allowed(&limit, "b", 100, at(0)), 60, "another is not affected");
        for seconds in 1..10 {
            assert_eq!(allowed(&limit, "a", 20, at(seconds)), 1, "a loop for {seconds} s");
        }
        assert_eq!(allowed(&limit, "a", 100, at(9 + 30)), 30);
        assert_eq!(allowed(&limit, "a", 100, at(3_600)), 60, "what is not used is not saved up");
    }

    #[test]
    fn allows_several_in_a_second() {
        let limit = limit(600, 50);
        assert_eq!(allowed(&limit, "a", 1_000, at(0)), 600);
        assert_eq!(limit.admit(&"a", at(0)), Err(Duration::from_millis(20)));
        assert_eq!(allowed(&limit, "a", 1_000, at(1)), 50);
    }

    /// 2,000 people within three minutes, a third of them in half a minute.
    #[test]
    fn a_council_signs_in_at_one_instance() {
        let limits: Limit<TenantId> = Limit::new(EXCHANGE_RATES.tenant);
        let tenant = TenantId::new(uuid::Uuid::nil());
        for second in 0..180 {
            let arrivals = if (60..90).contains(&second) { 33 } else { 7 };
            assert!((0..arrivals).all(|_| limits.admit(&tenant, at(second)).is_ok()), "second {second}");
        }
    }

    #[test]
    fn a_clock_that_was_wrong_refuses_nobody_for_longer_than_the_limit() {
        const YEAR: u64 = 365 * 86_400;
        let ahead = limit(2, 1);
        allowed(&ahead, "a", 10, at(YEAR));
        assert_eq!(allowed(&ahead, "a", 10, at(0)), 10, "rather none is refused than all");
        assert_eq!(allowed(&ahead, "b", 10, at(0)), 2, "others are limited as ever");
        let back = limit(2, 1);
        allowed(&back, "a", 10, at(60));
        assert_eq!(back.admit(&"a", at(0)), Err(Duration::from_secs(61)), "clocks may be a minute apart");
        assert_eq!(allowed(&back, "a", 10, at(61)), 1);
    }

    #[test]
    fn who_has_not_come_for_a_while_is_forgotten_and_who_is_limited_is_not() {
        let limit: Limit<u64> = Limit::new(rate(5, 1));
        let now = Timestamp::from_unix_seconds;
        for person in 0..200 {
            assert!(limit.admit(&person, now(START + person)).is_ok());
            limit.forget_idle(10);
            assert!(limit.limiter.len() <= 11, "{} are remembered", limit.limiter.len());
        }
        let busy = 0;
        while limit.admit(&busy, now(START + 300)).is_ok() {}
        (1..20).for_each(|person| assert!(limit.admit(&person, now(START + 303)).is_ok()));
        limit.forget_idle(10);
        let left = (0..10).filter(|_| limit.admit(&busy, now(START + 303)).is_ok()).count();
        assert_eq!(left, 3, "what it has used is not forgotten");
    }
}
