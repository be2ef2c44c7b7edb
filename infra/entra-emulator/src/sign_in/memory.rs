//! The directory's memory: who is signed in, who has consented, and the issued codes and refresh tokens.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;

use super::{super::Person, scopes::Resource};

/// The maximum number of entries of each kind. The oldest is dropped first.
const MAX_ENTRIES: usize = 1_000;
/// Lifetime of a code, in seconds.
const CODE_LIFETIME: u64 = 600;
/// Lifetime of a single-page application's refresh tokens, counted from the sign-in, in seconds.
pub(super) const REFRESH_TOKEN_LIFETIME: u64 = 86_400;

/// Everything that the directory remembers.
#[derive(Debug, Default)]
pub(in super::super) struct Memory {
    signed_in: BoundedMap<Uuid, (Uuid, Person)>,
    consents: BoundedMap<(Uuid, Person), ()>,
    codes: BoundedMap<String, (CodeGrant, u64)>,
    refresh_tokens: BoundedMap<String, (Authorization, u64)>,
}

/// What tokens are issued for: a person, a client and a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authorization {
    pub(super) client: Uuid,
    pub(super) tenant: Uuid,
    pub(super) person: Person,
    pub(super) resource: Resource,
}

/// What a code stands for, and what its redemption must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CodeGrant {
    pub(super) authorization: Authorization,
    pub(super) redirect: String,
    pub(super) challenge: Option<String>,
    pub(super) nonce: Option<String>,
}

impl Memory {
    /// Signs `person` in to `tenant`. Returns the id of the sign-in, for a cookie; it cannot be guessed.
    pub(super) fn sign_in(&mut self, tenant: Uuid, person: Person) -> Uuid {
        let id = Uuid::new_v4();
        self.signed_in.insert(id, (tenant, person));
        id
    }

    /// Who is signed in to `tenant` by the sign-in `id`.
    pub(super) fn signed_in(&self, id: Option<Uuid>, tenant: Uuid) -> Option<Person> {
        let (signed_in_to, person) = self.signed_in.values.get(&id?)?;
        (*signed_in_to == tenant).then_some(*person)
    }

    /// Ends the sign-in `id`.
    pub(super) fn sign_out(&mut self, id: Uuid) {
        self.signed_in.values.remove(&id);
    }

    /// Remembers that `person` has consented to `client`.
    pub(super) fn record_consent(&mut self, client: Uuid, person: Person) {
        self.consents.insert((client, person), ());
    }

    /// Whether `person` has consented to `client`.
    pub(super) fn has_consented(&self, client: Uuid, person: Person) -> bool {
        self.consents.values.contains_key(&(client, person))
    }

    /// Issues a code for `grant`, valid once and for ten minutes.
    pub(super) fn code_for(&mut self, grant: CodeGrant, now: u64) -> String {
        let code = secret("1.");
        self.codes.insert(code.clone(), (grant, now + CODE_LIFETIME));
        code
    }

    /// Redeems a code, which is then no longer valid.
    pub(super) fn redeem(&mut self, code: &str, now: u64) -> Option<CodeGrant> {
        let (grant, until) = self.codes.values.remove(code)?;
        (now < until).then_some(grant)
    }

    /// Issues a refresh token that is valid until `until` (Unix seconds).
    pub(super) fn refresh_token_for(&mut self, authorization: Authorization, until: u64) -> String {
        let token = secret("1.r");
        self.refresh_tokens.insert(token.clone(), (authorization, until));
        token
    }

    /// What a refresh token stands for, and until when. As in Entra, it stays valid after use.
    pub(super) fn refresh(&self, token: &str, now: u64) -> Option<(Authorization, u64)> {
        let (authorization, until) = self.refresh_tokens.values.get(token)?;
        (now < *until).then(|| (authorization.clone(), *until))
    }
}

fn secret(prefix: &str) -> String {
    format!("{prefix}{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// A map of at most [`MAX_ENTRIES`].
#[derive(Debug)]
struct BoundedMap<K, V> {
    values: HashMap<K, V>,
    order: VecDeque<K>,
}

impl<K, V> Default for BoundedMap<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash, V> BoundedMap<K, V> {
    fn insert(&mut self, key: K, value: V) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MAX_ENTRIES
            && let Some(oldest) = self.order.pop_front()
        {
            self.values.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant() -> CodeGrant {
        let authorization = Authorization {
            client: Uuid::from_u128(1),
            tenant: Uuid::from_u128(2),
            person: Person::Reader,
            resource: Resource::Api,
        };
        CodeGrant { authorization, redirect: String::new(), challenge: None, nonce: None }
    }

    #[test]
    fn a_code_is_valid_once_and_for_ten_minutes() {
        let mut memory = Memory::default();
        let code = memory.code_for(grant(), 100);
        assert_eq!(memory.redeem(&code, 699), Some(grant()));
        assert_eq!(memory.redeem(&code, 699), None);
        let code = memory.code_for(grant(), 100);
        assert_eq!(memory.redeem(&code, 700), None);
    }

    #[test]
    fn a_refresh_token_stays_valid_until_it_expires() {
        let mut memory = Memory::default();
        let token = memory.refresh_token_for(grant().authorization, 200);
        for _ in 0..2 {
            assert_eq!(memory.refresh(&token, 199), Some((grant().authorization, 200)));
        }
        assert_eq!(memory.refresh(&token, 200), None);
    }

    #[test]
    fn a_sign_in_is_only_for_its_tenant() {
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
        for _ in 0..MAX_ENTRIES {
            last = memory.sign_in(Uuid::nil(), Person::Reader);
        }
        assert_eq!(memory.signed_in(Some(first), Uuid::nil()), None);
        assert_eq!(memory.signed_in(Some(last), Uuid::nil()), Some(Person::Reader));
        assert_eq!(memory.signed_in.values.len(), MAX_ENTRIES);
    }
}
