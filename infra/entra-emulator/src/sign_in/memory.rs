//! What the directory remembers of sign-ins: who is signed in in which browser, who consented, and what codes and
//! refresh tokens are worth.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::{super::Person, scopes::Resource};

/// Of each kind so many are remembered; the oldest goes first.
const MOST: usize = 1_000;
/// How long a code may be redeemed, in seconds.
const CODE_LIVES: u64 = 600;
/// How long a single-page application's refresh token lives, from the sign-in on, in seconds.
pub(super) const REFRESH_LIVES: u64 = 86_400;

/// Everything remembered.
#[derive(Debug, Default)]
pub(in super::super) struct Memory {
    signed_in: Few<Uuid, (Uuid, Person)>,
    consents: Few<(Uuid, Person), ()>,
    codes: Few<String, (CodeGrant, u64)>,
    refresh_tokens: Few<String, (Sitting, u64)>,
}

/// A person at a client: what tokens are issued for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sitting {
    pub(super) client: Uuid,
    pub(super) tenant: Uuid,
    pub(super) person: Person,
    pub(super) resource: Resource,
}

/// What a code is worth, and what must come with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeGrant {
    pub(super) sitting: Sitting,
    pub(super) redirect: String,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
}

impl Memory {
    /// Remembers that `person` is signed in to `tenant`; returns the name of the sign-in, for a cookie. Nobody can
    /// guess it.
    pub(super) fn sign_in(&mut self, tenant: Uuid, person: Person) -> Uuid {
        let name = Uuid::new_v4();
        self.signed_in.put(name, (tenant, person));
        name
    }

    /// Who is signed in to `tenant` by this name.
    pub(super) fn signed_in(&self, name: Option<Uuid>, tenant: Uuid) -> Option<Person> {
        let (signed_in_to, person) = self.signed_in.look(&name?)?;
        (*signed_in_to == tenant).then_some(*person)
    }

    /// Forgets a sign-in.
    pub(super) fn sign_out(&mut self, name: Uuid) {
        self.signed_in.take(&name);
    }

    /// Remembers that `person` lets `client` act for them.
    pub(super) fn consents(&mut self, client: Uuid, person: Person) {
        self.consents.put((client, person), ());
    }

    /// Whether `person` did.
    pub(super) fn has_consented(&self, client: Uuid, person: Person) -> bool {
        self.consents.look(&(client, person)).is_some()
    }

    /// A code, to be redeemed once and soon.
    pub(super) fn code_for(&mut self, grant: CodeGrant, now: u64) -> String {
        let code = secret("1.");
        self.codes.put(code.clone(), (grant, now + CODE_LIVES));
        code
    }

    /// What a code is worth; from then on nothing.
    pub(super) fn redeem(&mut self, code: &str, now: u64) -> Option<CodeGrant> {
        let (grant, until) = self.codes.take(code)?;
        (now < until).then_some(grant)
    }

    /// A refresh token that is good until then (Unix seconds).
    pub(super) fn refresh_token_for(&mut self, sitting: Sitting, until: u64) -> String {
        let token = secret("1.r");
        self.refresh_tokens.put(token.clone(), (sitting, until));
        token
    }

    /// What a refresh token is worth, and until when. It stays good when another is issued, as Entra's do.
    pub(super) fn refresh(&self, token: &str, now: u64) -> Option<(Sitting, u64)> {
        let (sitting, until) = self.refresh_tokens.look(token)?;
        (now < *until).then(|| (sitting.clone(), *until))
    }
}

fn secret(prefix: &str) -> String {
    format!("{prefix}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A map that forgets.
#[derive(Debug)]
struct Few<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> Few<K, V> {
    fn put(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }

    fn look<Q: ?Sized + Eq + std::hash::Hash>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.values.get(key)
    }

    fn take<Q: ?Sized + Eq + std::hash::Hash>(&mut self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.values.remove(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> CodeGrant {
        let sitting = Sitting {
            client: Uuid::from_u128(1),
            tenant: Uuid::from_u128(2),
            person: Person::Reader,
            resource: Resource::Api,
        };
        CodeGrant { sitting, redirect: String::new(), challenge: None, nonce: None }
    }

    #[test]
    fn a_code_is_good_once_and_for_ten_minutes() {
        let mut memory = Memory::default();
        let code = memory.code_for(grant(), 100);
        assert_eq!(memory.redeem(&code, 699), Some(grant()));
        assert_eq!(memory.redeem(&code, 699), None);
        let code = memory.code_for(grant(), 100);
        assert_eq!(memory.redeem(&code, 700), None);
    }

    #[test]
    fn a_refresh_token_stays_good_until_its_end() {
        let mut memory = Memory::default();
        let token = memory.refresh_token_for(grant().sitting, 200);
        for _ in 0..2 {
            assert_eq!(memory.refresh(&token, 199), Some((grant().sitting, 200)));
        }
        assert_eq!(memory.refresh(&token, 200), None);
    }

    #[test]
    fn a_sign_in_is_for_its_own_tenant() {
        let mut memory = Memory::default();
        let (here, there) = (Uuid::from_u128(2), Uuid::from_u128(3));
        let name = memory.sign_in(here, Person::Editor);
        assert_eq!(memory.signed_in(Some(name), here), Some(Person::Editor));
        assert_eq!(memory.signed_in(Some(name), there), None);
        memory.sign_out(name);
        assert_eq!(memory.signed_in(Some(name), here), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut memory = Memory::default();
        let first = memory.sign_in(Uuid::nil(), Person::Reader);
        let mut last = first;
        for _ in 0..MOST {
            last = memory.sign_in(Uuid::nil(), Person::Reader);
        }
        assert_eq!(memory.signed_in(Some(first), Uuid::nil()), None);
        assert_eq!(memory.signed_in(Some(last), Uuid::nil()), Some(Person::Reader));
        assert_eq!(memory.signed_in.values.len(), MOST);
    }
}
