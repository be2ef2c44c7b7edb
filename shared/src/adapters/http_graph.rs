//! Memberships at Microsoft Graph over https: every call is bounded in size, all together in time, and no redirect is
//! followed.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    Microsoft,
    graph_call::{Asker, Call},
};
use crate::{
    entra::{GraphCredential, MembershipError, MembershipQuestion, MembershipSource},
    identifiers::GroupId,
};

/// How long all calls of a question may take together: a person waits for the answer.
const LIMIT: Duration = Duration::from_secs(5);
/// The most groups that Graph takes in one call.
const GROUPS_PER_CALL: usize = 20;
/// The most calls side by side.
const CALLS: usize = 4;

/// Asks Microsoft Graph of each cloud. Addresses in tokens are never followed.
#[derive(Debug, Clone)]
pub struct HttpGraph {
    microsoft: Microsoft,
    limit: Duration,
}

impl HttpGraph {
    /// Asks through `microsoft`.
    pub fn new(microsoft: Microsoft) -> Self {
        Self { microsoft, limit: LIMIT }
    }

    /// Sets how long all calls of a question may take together; five seconds by default.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

impl MembershipSource for HttpGraph {
    async fn memberships(
        &self,
        question: MembershipQuestion<'_>,
        credential: GraphCredential<'_>,
    ) -> Result<BTreeSet<GroupId>, MembershipError> {
        let (client, base) = (self.microsoft.client.clone(), self.microsoft.graph(question.cloud));
        let asker = Asker::new(client, &base, question, credential)?;
        let answers = ask(Arc::new(asker), calls(question, credential));
        let found = tokio::time::timeout(self.limit, answers).await;
        let found = found.unwrap_or(Err(MembershipError::TimedOut { limit: self.limit }))?;
        Ok(found.intersection(question.groups).copied().collect())
    }
}

/// Returns the calls of a question: first those that prove who the token speaks of.
fn calls(question: MembershipQuestion<'_>, credential: GraphCredential<'_>) -> Vec<Call> {
    let proof = match credential {
        GraphCredential::Delegated(_) => vec![Call::ProvePerson, Call::ProveTenant],
        GraphCredential::Directory(_) => Vec::new(),
    };
    let groups: Vec<_> = question.groups.iter().copied().collect();
    proof.into_iter().chain(groups.chunks(GROUPS_PER_CALL).map(|some| Call::Check(some.to_vec()))).collect()
}

/// Makes `calls`, some side by side. Their answers count only together: one that fails, as the proof for another person's token
/// does, ends the others.
async fn ask(asker: Arc<Asker>, calls: Vec<Call>) -> Result<BTreeSet<GroupId>, MembershipError> {
    let mut calls = calls.into_iter().map(|call| Arc::clone(&asker).make(call));
    let mut running: JoinSet<_> = calls.by_ref().take(CALLS).collect();
    let mut found = BTreeSet::new();
    while let Some(ended) = running.join_next().await {
        found.extend(ended.map_err(|error| MembershipError::Form(error.into()))??);
        if let Some(next) = calls.next() {
            running.spawn(next);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{
        entra::Cloud,
        identifiers::{ObjectId, TenantId},
    };

    /// Every real address starts with https. If one ever did not, no token would be sent to it.
    #[tokio::test]
    async fn refuses_plain_http_without_opening_a_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let plain = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let graph = HttpGraph::new(Microsoft { emulated: Some(plain), ..Microsoft::new(None).unwrap() });
        let groups = [GroupId::new(uuid::Uuid::nil())].into();
        let question = MembershipQuestion {
            cloud: Cloud::Public,
            tenant: TenantId::new(uuid::Uuid::nil()),
            person: ObjectId::new(uuid::Uuid::nil()),
            groups: &groups,
        };
        let token = "a".parse().unwrap();
        let found = graph.memberships(question, GraphCredential::Delegated(&token)).await;
        assert!(matches!(found, Err(MembershipError::NoAnswer(_))), "{found:?}");
        assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}
