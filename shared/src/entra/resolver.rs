//! The groups of a person whose token lists none because they are too many. Microsoft Graph is asked about those that a site
//! names, with the person's own token or in the name of the app registration, and the answer is remembered for a short time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use quick_cache::sync::Cache;

use super::{
    AppRegistration, ApplicationError, ApplicationTokens, Cloud, GraphCredential, GraphToken, GroupsFrom,
    MembershipError, MembershipQuestion, MembershipSource, NoApplications, VerifiedSubject,
    memberships::MAX_GROUPS,
};
use crate::{
    identifiers::{ClientId, GroupId, ObjectId, TenantId},
    timestamp::Timestamp,
};

/// How long an answer of Graph is used.
const FRESH: Duration = Duration::from_mins(5);

/// How many people's answers are remembered. At a site that names 1,000 groups, one takes about 50 KiB.
const MAX_PEOPLE: usize = 1_000;

/// How long it may take to ask in the name of an app registration, its token included: a person waits for the answer.
const LIMIT: Duration = Duration::from_secs(8);

/// Resolves an overage by asking `S`, for some sites with the tokens of `A`.
#[derive(Debug)]
pub struct GroupResolver<S, A = NoApplications> {
    source: S,
    applications: A,
    memory: Cache<Person, Arc<Answer>>,
}

/// How a site lets Graph be asked.
#[derive(Debug, Clone, Copy)]
pub enum GraphAccess<'a> {
    /// With the person's own token, if there is one.
    Delegated(Option<&'a GraphToken>),
    /// In the name of the app registration with this client id, whatever the person has.
    Application(ClientId),
}

/// The last is the app registration in whose name Graph was asked: a site that does not ask so uses no such answer, nor the
/// other way round.
type Person = (Cloud, TenantId, ObjectId, Option<ClientId>);

/// Which groups were asked about, which of them the person is in, and when.
#[derive(Debug)]
struct Answer {
    asked: BTreeSet<GroupId>,
    member_of: BTreeSet<GroupId>,
    at: Timestamp,
}

impl<S: MembershipSource> GroupResolver<S> {
    /// Creates a resolver that remembers nothing yet, and asks in no app registration's name.
    pub fn new(source: S) -> Self {
        Self::with_applications(source, NoApplications)
    }
}

impl<S: MembershipSource, A: ApplicationTokens> GroupResolver<S, A> {
    /// As [`GroupResolver::new`], with the tokens of `applications`.
    pub fn with_applications(source: S, applications: A) -> Self {
        Self { source, applications, memory: Cache::new(MAX_PEOPLE) }
    }

    /// Returns `subject` with those of `groups` that the person is in. Uses an answer of the last five minutes, or asks by
    /// `access`. Without a token for that, or if there is no group to ask about, the subject stays as it is.
    ///
    /// Callers at the same time each ask: each has a token of its own, and what one of them may learn says nothing about the
    /// token of another.
    pub async fn resolve(
        &self,
        subject: VerifiedSubject,
        cloud: Cloud,
        groups: BTreeSet<GroupId>,
        access: GraphAccess<'_>,
        now: Timestamp,
    ) -> Result<VerifiedSubject, MembershipError> {
        let person = (cloud, subject.tenant(), subject.object(), access.application());
        if groups.is_empty() {
            return Ok(subject);
        }
        if let Some(groups) = self.recall(person, &groups, now) {
            return Ok(subject.with_groups(groups, GroupsFrom::Memory));
        }
        let question = MembershipQuestion { cloud, tenant: person.1, person: person.2, groups: &groups };
        let member_of = match access {
            GraphAccess::Delegated(None) => return Ok(subject),
            GraphAccess::Delegated(Some(token)) => {
                check_client(token, &subject)?;
                self.ask(question, GraphCredential::Delegated(token)).await?
            }
            GraphAccess::Application(client) => self.ask_as(client, question, now).await?,
        };
        let resolved = subject.with_groups(member_of.clone(), GroupsFrom::Graph);
        self.memory.insert(person, Arc::new(Answer { asked: groups, member_of, at: now }));
        Ok(resolved)
    }

    async fn ask(
        &self,
        question: MembershipQuestion<'_>,
        credential: GraphCredential<'_>,
    ) -> Result<BTreeSet<GroupId>, MembershipError> {
        if question.groups.len() > MAX_GROUPS {
            return Err(MembershipError::TooManyGroups { found: question.groups.len() });
        }
        self.source.memberships(question, credential).await
    }

    /// Asks in the name of `client`: there is nothing to prove, since the question names the person, and the token is of the
    /// person's tenant.
    async fn ask_as(
        &self,
        client: ClientId,
        question: MembershipQuestion<'_>,
        now: Timestamp,
    ) -> Result<BTreeSet<GroupId>, MembershipError> {
        let registration = AppRegistration { cloud: question.cloud, tenant: question.tenant, client };
        let asked = async {
            let token = self.applications.token(registration, now).await?;
            match self.ask(question, GraphCredential::Directory(&token)).await {
                Err(MembershipError::TokenRefused) => {
                    let token = self.applications.replace(registration, &token, now).await?;
                    self.ask(question, GraphCredential::Directory(&token)).await
                }
                answer => answer,
            }
        };
        let asked = tokio::time::timeout(LIMIT, asked).await;
        asked.unwrap_or(Err(MembershipError::TimedOut { limit: LIMIT })).map_err(of_application)
    }

    /// Returns which of `groups` the person is in, if all of them were asked about recently.
    fn recall(
        &self,
        person: Person,
        groups: &BTreeSet<GroupId>,
        now: Timestamp,
    ) -> Option<BTreeSet<GroupId>> {
        let answer = self.memory.get(&person)?;
        let is_fresh = now.age_of(answer.at).is_some_and(|age| age < FRESH);
        (is_fresh && groups.is_subset(&answer.asked))
            .then(|| groups.intersection(&answer.member_of).copied().collect())
    }
}

/// The Web App gets both tokens as the same client. Graph does not say which client a token was issued to, so this is read
/// from the token before Graph verifies it; a token that cannot be read is left to Graph.
fn check_client(token: &GraphToken, subject: &VerifiedSubject) -> Result<(), MembershipError> {
    match token.client() {
        Some(found) if found != subject.client() => {
            Err(MembershipError::AnotherClient { found, expected: subject.client() })
        }
        _ => Ok(()),
    }
}

/// The person can do nothing about what Graph refuses to the app registration.
fn of_application(error: MembershipError) -> MembershipError {
    let error = match error {
        MembershipError::TokenRefused => ApplicationError::TokenRefused,
        MembershipError::Permissions => ApplicationError::Permissions,
        MembershipError::NoPerson => ApplicationError::NoPerson,
        other => return other,
    };
    MembershipError::Application(Arc::new(error))
}

impl GraphAccess<'_> {
    fn application(self) -> Option<ClientId> {
        match self {
            Self::Delegated(_) => None,
            Self::Application(client) => Some(client),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use uuid::Uuid;

    use super::*;
    use crate::entra::{
        Groups,
        testing::{subject, subject_of},
    };

    const NOW: u64 = 1_800_000_000;

    /// A Graph that knows that everyone is in the groups with an even number, and counts what it is asked.
    #[derive(Default)]
    struct EvenGroups {
        questions: AtomicUsize,
        fails: AtomicUsize,
        asked: Mutex<Vec<(TenantId, ObjectId, usize)>>,
        app_tokens: Mutex<Vec<String>>,
    }

    /// Has a first token of each client, and another one once that is refused.
    struct TwoTokens;

    impl ApplicationTokens for TwoTokens {
        async fn token(
            &self,
            registration: AppRegistration,
            _: Timestamp,
        ) -> Result<Arc<GraphToken>, Arc<ApplicationError>> {
            let text = format!("{}.{}", registration.tenant, registration.client);
            Ok(Arc::new(text.parse().unwrap()))
        }

        async fn replace(
            &self,
            _: AppRegistration,
            refused: &Arc<GraphToken>,
            _: Timestamp,
        ) -> Result<Arc<GraphToken>, Arc<ApplicationError>> {
            Ok(Arc::new(format!("{}.new", refused.as_str()).parse().unwrap()))
        }
    }

    impl MembershipSource for Arc<EvenGroups> {
        async fn memberships(
            &self,
            question: MembershipQuestion<'_>,
            credential: GraphCredential<'_>,
        ) -> Result<BTreeSet<GroupId>, MembershipError> {
            if let GraphCredential::Directory(token) = credential {
                self.app_tokens.lock().unwrap().push(token.as_str().to_owned());
            }
            self.questions.fetch_add(1, Ordering::SeqCst);
            self.asked.lock().unwrap().push((question.tenant, question.person, question.groups.len()));
            if self.fails.load(Ordering::SeqCst) > 0 {
                return Err(MembershipError::TokenRefused);
            }
            let is_even = |group: &&GroupId| group.uuid().as_u128().is_multiple_of(2);
            Ok(question.groups.iter().filter(is_even).copied().collect())
        }
    }

    fn groups(numbers: impl IntoIterator<Item = u128>) -> BTreeSet<GroupId> {
        numbers.into_iter().map(|number| GroupId::new(Uuid::from_u128(number))).collect()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(NOW + seconds)
    }

    fn overage(tenant: u128, person: u128) -> VerifiedSubject {
        subject_of(
            TenantId::new(Uuid::from_u128(tenant)),
            ObjectId::new(Uuid::from_u128(person)),
            Groups::Overage,
        )
    }

    struct Desk {
        graph: Arc<EvenGroups>,
        resolver: GroupResolver<Arc<EvenGroups>>,
    }

    impl Desk {
        fn new() -> Self {
            let graph = Arc::new(EvenGroups::default());
            Self { resolver: GroupResolver::new(Arc::clone(&graph)), graph }
        }

        async fn ask(
            &self,
            subject: VerifiedSubject,
            asked: BTreeSet<GroupId>,
            token: Option<&str>,
            now: Timestamp,
        ) -> Result<(Groups, GroupsFrom), MembershipError> {
            let token = token.map(|text| text.parse().unwrap());
            let access = GraphAccess::Delegated(token.as_ref());
            let resolved = self.resolver.resolve(subject, Cloud::Public, asked, access, now).await?;
            Ok((resolved.groups().clone(), resolved.groups_from()))
        }

        fn questions(&self) -> usize {
            self.graph.questions.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn an_answer_is_used_for_five_minutes_and_for_the_groups_that_it_is_about() {
        let desk = Desk::new();
        let even = |numbers: &[u128]| Groups::Listed(groups(numbers.iter().copied()));
        let (token, none) = (Some("t"), None);
        for (asked, token, seconds, expected, questions) in [
            (groups([1, 2, 4]), none, 0, (Groups::Overage, GroupsFrom::Token), 0),
            (groups([1, 2, 4]), token, 0, (even(&[2, 4]), GroupsFrom::Graph), 1),
            (groups([1, 2, 4]), none, 299, (even(&[2, 4]), GroupsFrom::Memory), 1),
            (groups([1, 2]), none, 299, (even(&[2]), GroupsFrom::Memory), 1),
            (groups([1, 2, 6]), none, 299, (Groups::Overage, GroupsFrom::Token), 1),
            (groups([1, 2, 4]), none, 300, (Groups::Overage, GroupsFrom::Token), 1),
            (groups([1, 2, 4]), token, 300, (even(&[2, 4]), GroupsFrom::Graph), 2),
            // The time of the answer is now ahead by 300 s: nobody knows its age.
            (groups([1, 2, 4]), none, 0, (Groups::Overage, GroupsFrom::Token), 2),
            (groups([1, 2, 4]), token, 0, (even(&[2, 4]), GroupsFrom::Graph), 3),
            (groups([]), token, 0, (Groups::Overage, GroupsFrom::Token), 3),
        ] {
            let found = desk.ask(overage(1, 1), asked, token, at(seconds)).await.unwrap();
            assert_eq!((found, desk.questions()), (expected, questions), "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn an_answer_counts_for_no_other_person_tenant_or_cloud() {
        let desk = Desk::new();
        desk.ask(overage(1, 1), groups([2]), Some("t"), at(0)).await.unwrap();
        for other in [overage(1, 2), overage(2, 1)] {
            let found = desk.ask(other, groups([2]), None, at(0)).await.unwrap();
            assert_eq!(found, (Groups::Overage, GroupsFrom::Token));
        }
        let access = GraphAccess::Delegated(None);
        let china =
            desk.resolver.resolve(overage(1, 1), Cloud::China, groups([2]), access, at(0)).await.unwrap();
        assert_eq!(china.groups(), &Groups::Overage);
    }

    #[tokio::test]
    async fn an_error_is_not_remembered_and_leaves_an_answer_as_it_was() {
        let desk = Desk::new();
        desk.graph.fails.store(1, Ordering::SeqCst);
        let refused = desk.ask(overage(1, 1), groups([2]), Some("t"), at(0)).await;
        assert!(matches!(refused, Err(MembershipError::TokenRefused)));
        assert_eq!(desk.ask(overage(1, 1), groups([2]), None, at(0)).await.unwrap().0, Groups::Overage);
        desk.graph.fails.store(0, Ordering::SeqCst);
        desk.ask(overage(1, 1), groups([2]), Some("t"), at(0)).await.unwrap();
        desk.graph.fails.store(1, Ordering::SeqCst);
        desk.ask(overage(1, 1), groups([4]), Some("t"), at(1)).await.unwrap_err();
        let found = desk.ask(overage(1, 1), groups([2]), Some("t"), at(2)).await.unwrap();
        assert_eq!(found.1, GroupsFrom::Memory);
    }

    #[tokio::test]
    async fn people_beyond_the_bound_displace_others_and_are_asked_about_again() {
        let desk = Desk::new();
        for person in 0..3 * MAX_PEOPLE as u128 {
            desk.ask(overage(1, person), groups([1, 2]), Some("t"), at(0)).await.unwrap();
        }
        assert!(desk.resolver.memory.len() <= MAX_PEOPLE, "{}", desk.resolver.memory.len());
        for person in 0..3 * MAX_PEOPLE as u128 {
            let found = desk.ask(overage(1, person), groups([1, 2]), Some("t"), at(0)).await.unwrap();
            assert_eq!(found.0, Groups::Listed(groups([2])));
        }
        let asked = desk.graph.asked.lock().unwrap();
        assert!(asked.iter().all(|(tenant, _, count)| (tenant.uuid().as_u128(), *count) == (1, 2)));
    }

    #[tokio::test]
    async fn more_groups_than_the_bound_are_not_asked_about() {
        let desk = Desk::new();
        let many = 1..=MAX_GROUPS as u128;
        desk.ask(overage(1, 1), groups(many.clone()), Some("t"), at(0)).await.unwrap();
        let error = desk.ask(overage(1, 1), groups(0..=*many.end()), Some("t"), at(0)).await.unwrap_err();
        assert!(matches!(error, MembershipError::TooManyGroups { found } if found == MAX_GROUPS + 1));
        assert_eq!(desk.questions(), 1);
    }

    #[tokio::test]
    async fn a_token_of_another_client_is_not_sent() {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let desk = Desk::new();
        let own = subject(Groups::Overage, at(0)).client().to_string();
        let other = Uuid::from_u128(77).to_string();
        for (name, client, is_own) in
            [("appid", &own, true), ("azp", &own, true), ("appid", &other, false), ("azp", &other, false)]
        {
            let payload = URL_SAFE_NO_PAD.encode(format!(r#"{{"{name}":"{client}"}}"#));
            let found = desk.ask(overage(1, 1), groups([2]), Some(&format!("e30.{payload}.s")), at(0)).await;
            assert_eq!(found.is_ok(), is_own, "{name} {client}");
            assert!(is_own || matches!(found, Err(MembershipError::AnotherClient { .. })));
            desk.resolver.memory.clear();
        }
        assert_eq!(desk.questions(), 2);
    }

    fn client(number: u128) -> ClientId {
        ClientId::new(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn an_answer_counts_for_the_way_of_asking_alone() {
        let graph = Arc::new(EvenGroups::default());
        let resolver = GroupResolver::with_applications(Arc::clone(&graph), TwoTokens);
        let own: GraphToken = "t".parse().unwrap();
        let (first, second) = (GraphAccess::Application(client(1)), GraphAccess::Application(client(2)));
        for (access, tenant, from, questions) in [
            (first, 1, GroupsFrom::Graph, 1),
            (first, 1, GroupsFrom::Memory, 1),
            (GraphAccess::Delegated(None), 1, GroupsFrom::Token, 1),
            (second, 1, GroupsFrom::Graph, 2),
            (first, 2, GroupsFrom::Graph, 3),
            (GraphAccess::Delegated(Some(&own)), 1, GroupsFrom::Graph, 4),
            (GraphAccess::Delegated(None), 1, GroupsFrom::Memory, 4),
            (second, 1, GroupsFrom::Memory, 4),
        ] {
            let subject = overage(tenant, 1);
            let found =
                resolver.resolve(subject, Cloud::Public, groups([1, 2]), access, at(0)).await.unwrap();
            let asked = graph.questions.load(Ordering::SeqCst);
            assert_eq!((found.groups_from(), asked), (from, questions), "{access:?}");
        }
        let tenant = |number| TenantId::new(Uuid::from_u128(number));
        let expected =
            [(1, 1), (1, 2), (2, 1)].map(|(of, number)| format!("{}.{}", tenant(of), client(number)));
        assert_eq!(*graph.app_tokens.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_token_of_an_app_registration_that_graph_refuses_is_replaced_once() {
        let graph = Arc::new(EvenGroups::default());
        graph.fails.store(1, Ordering::SeqCst);
        let resolver = GroupResolver::with_applications(Arc::clone(&graph), TwoTokens);
        let access = GraphAccess::Application(client(1));
        let refused = resolver.resolve(overage(1, 1), Cloud::Public, groups([2]), access, at(0)).await;
        let Err(MembershipError::Application(error)) = refused else { panic!("{refused:?}") };
        assert!(matches!(*error, ApplicationError::TokenRefused));
        let tokens = graph.app_tokens.lock().unwrap().clone();
        assert_eq!(tokens.len(), 2);
        assert_eq!(tokens[1], format!("{}.new", tokens[0]));
    }

    #[tokio::test]
    async fn without_credentials_a_site_that_asks_by_itself_gets_no_answer() {
        let desk = Desk::new();
        let access = GraphAccess::Application(client(1));
        let found = desk.resolver.resolve(overage(1, 1), Cloud::Public, groups([2]), access, at(0)).await;
        let Err(MembershipError::Application(error)) = found else { panic!("{found:?}") };
        assert!(matches!(*error, ApplicationError::NoCredential { .. }));
        assert_eq!(desk.questions(), 0);
    }
}
