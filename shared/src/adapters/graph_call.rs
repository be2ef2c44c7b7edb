//! One call of Microsoft Graph, and what its answer means.

use std::sync::Arc;

use reqwest::{
    Client, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde::{Deserialize, de::DeserializeOwned, de::IgnoredAny};
use serde_json::json;

use super::bounded_http::{failed, read, retry_after};
use crate::{
    entra::{GraphCredential, MembershipError, MembershipQuestion},
    error::shortened,
    fetch::FetchError,
    identifiers::{GroupId, ObjectId, TenantId},
};

/// The largest answer that is read, in bytes: 20 ids have less than one KiB.
const MAX_ANSWER: usize = 64 * 1024;

/// A call of a question.
#[derive(Debug)]
pub(super) enum Call {
    /// Whose token it is: <https://learn.microsoft.com/graph/api/user-get>.
    ProvePerson,
    /// Of which tenant: <https://learn.microsoft.com/graph/api/organization-list>.
    ProveTenant,
    /// Which of these groups, at most 20, the person is in:
    /// <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>.
    Check(Vec<GroupId>),
}

/// Makes the calls of one question.
pub(super) struct Asker {
    client: Client,
    /// The base URL of Graph, and that of the person below it.
    base: String,
    person_url: String,
    authorization: HeaderValue,
    person: ObjectId,
    tenant: TenantId,
    is_delegated: bool,
}

#[derive(Deserialize)]
struct Identified<T> {
    id: T,
}

#[derive(Deserialize)]
struct List<T> {
    value: Vec<T>,
    /// There are more pages than this one.
    #[serde(rename = "@odata.nextLink")]
    next: Option<IgnoredAny>,
}

impl Asker {
    /// Creates one for the Graph at `base`.
    pub(super) fn new(
        client: Client,
        base: &str,
        question: MembershipQuestion<'_>,
        credential: GraphCredential<'_>,
    ) -> Result<Self, MembershipError> {
        let (token, path, is_delegated) = match credential {
            GraphCredential::Delegated(token) => (token, "me".to_owned(), true),
            GraphCredential::Directory(token) => (token, format!("users/{}", question.person), false),
        };
        let mut authorization: HeaderValue = format!("Bearer {}", token.as_str())
            .parse()
            .map_err(|error: reqwest::header::InvalidHeaderValue| MembershipError::Form(error.into()))?;
        authorization.set_sensitive(true);
        let base = format!("{base}/v1.0");
        let person_url = format!("{base}/{path}");
        let MembershipQuestion { person, tenant, .. } = question;
        Ok(Self { client, base, person_url, authorization, person, tenant, is_delegated })
    }

    /// Makes `call`. Returns the groups that its answer names: none for a proof that succeeds.
    pub(super) async fn make(self: Arc<Self>, call: Call) -> Result<Vec<GroupId>, MembershipError> {
        match call {
            Call::ProvePerson => self.prove_person().await.map(|()| Vec::new()),
            Call::ProveTenant => self.prove_tenant().await.map(|()| Vec::new()),
            Call::Check(groups) => self.check(&groups).await,
        }
    }

    async fn prove_person(&self) -> Result<(), MembershipError> {
        let found: Identified<ObjectId> = self.read_from(&format!("{}?$select=id", self.person_url)).await?;
        if found.id == self.person { Ok(()) } else { Err(MembershipError::AnotherPerson) }
    }

    async fn prove_tenant(&self) -> Result<(), MembershipError> {
        let answer: List<Identified<TenantId>> =
            self.read_from(&format!("{}/organization?$select=id", self.base)).await?;
        let tenants: Vec<_> = answer.complete()?.into_iter().map(|one| one.id).collect();
        if tenants == [self.tenant] {
            return Ok(());
        }
        let names: Vec<_> = tenants.iter().map(ToString::to_string).collect();
        let found = shortened(&names.join(", "));
        Err(MembershipError::AnotherTenant { found, expected: self.tenant })
    }

    async fn check(&self, groups: &[GroupId]) -> Result<Vec<GroupId>, MembershipError> {
        let request = self.client.post(format!("{}/checkMemberGroups", self.person_url));
        let request =
            request.header(CONTENT_TYPE, "application/json").body(json!({ "groupIds": groups }).to_string());
        self.send::<List<GroupId>>(request).await?.complete()
    }

    async fn read_from<T: DeserializeOwned>(&self, url: &str) -> Result<T, MembershipError> {
        self.send(self.client.get(url)).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<T, MembershipError> {
        let response = request.header(AUTHORIZATION, &self.authorization).send().await;
        let response = response.map_err(|error| unanswered(failed(error)))?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(&response));
        }
        let body = read(response, MAX_ANSWER).await.map_err(unanswered)?;
        serde_json::from_slice(&body).map_err(|error| MembershipError::Form(error.into()))
    }

    fn refused(&self, response: &Response) -> MembershipError {
        match response.status() {
            StatusCode::BAD_REQUEST if self.is_delegated => MembershipError::NotDelegated,
            StatusCode::UNAUTHORIZED => MembershipError::TokenRefused,
            StatusCode::FORBIDDEN => MembershipError::Permissions,
            StatusCode::NOT_FOUND => MembershipError::NoPerson,
            StatusCode::TOO_MANY_REQUESTS => {
                MembershipError::Throttled { retry_after: retry_after(response) }
            }
            status if status.is_server_error() => MembershipError::Outage { status: status.as_u16() },
            status => MembershipError::Status { status: status.as_u16() },
        }
    }
}

impl<T> List<T> {
    /// Returns the entries of a list that has no further page: a part of it would look like fewer memberships.
    fn complete(self) -> Result<Vec<T>, MembershipError> {
        if self.next.is_some() {
            return Err(MembershipError::Form("the list has another page".into()));
        }
        Ok(self.value)
    }
}

fn unanswered(error: FetchError) -> MembershipError {
    match error {
        FetchError::NoAnswer(_) | FetchError::TimedOut(_) => MembershipError::NoAnswer(error.into()),
        FetchError::TooLarge(_) | FetchError::Status(_) => MembershipError::Form(error.into()),
    }
}
