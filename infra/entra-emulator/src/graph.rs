//! One call of Microsoft Graph, below `/graph`: which of the groups asked about a person is in.
//!
//! Source: <https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups>.

use super::{
    EmulatedEntra, Person,
    claims::{groups_of, object_id},
    outage::{OutageError, apply_behaviour},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// The most groups that one call may ask about.
const MAX_GROUPS: usize = 20;

pub(super) fn router() -> Router<EmulatedEntra> {
    Router::new().route("/graph/v1.0/users/{person}/checkMemberGroups", post(check_member_groups))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Question {
    group_ids: Vec<String>,
}

/// Any token is accepted, since only real ones would have to be kept secret.
async fn check_member_groups(
    State(entra): State<EmulatedEntra>,
    Path(person): Path<String>,
    headers: HeaderMap,
    Json(question): Json<Question>,
) -> Result<Response, OutageError> {
    apply_behaviour(&entra).await?;
    if !headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"Bearer ")) {
        return Ok(error(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", "Access token is empty."));
    }
    if question.group_ids.len() > MAX_GROUPS {
        return Ok(error(
            StatusCode::BAD_REQUEST,
            "Request_BadRequest",
            "At most 20 groups can be checked at a time.",
        ));
    }
    let people = entra.registrations().iter().flat_map(|own| Person::ALL.map(|person| (own, person)));
    let mut known = people.filter(|(_, person)| person.can_sign_in());
    let Some((registration, person)) = known.find(|(own, one)| person.parse() == Ok(object_id(own, *one)))
    else {
        return Ok(error(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "The person does not exist."));
    };
    let own = groups_of(registration, person);
    let value: Vec<_> = question
        .group_ids
        .into_iter()
        .filter(|group| group.parse().is_ok_and(|group| own.contains(&group)))
        .collect();
    Ok(Json(json!({ "value": value })).into_response())
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body: Value = json!({ "error": { "code": code, "message": message } });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::{Request, header::CONTENT_TYPE},
    };
    use tower::ServiceExt as _;
    use uuid::Uuid;

    use super::{
        super::tests::{emulated, riverbend},
        *,
    };

    fn ids(groups: &[Uuid]) -> Vec<String> {
        groups.iter().map(Uuid::to_string).collect()
    }

    async fn asked(person: Uuid, groups: &[Uuid], token: Option<&str>) -> (StatusCode, Value) {
        let mut request = Request::post(format!("/graph/v1.0/users/{person}/checkMemberGroups"));
        request = request.header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(json!({ "groupIds": ids(groups) }).to_string())).unwrap();
        let response = emulated().router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn says_which_of_the_groups_a_person_is_in() {
        let registration = riverbend();
        let (reader, editor) = (registration.reader_groups[0], registration.editor_groups[0]);
        let asked_about = [Uuid::from_u128(1), editor, reader];
        for (person, value) in [
            (Person::Reader, vec![reader]),
            (Person::Editor, vec![editor, reader]),
            (Person::Overage, vec![reader]),
            (Person::NoGroups, vec![]),
        ] {
            let found = asked(object_id(&registration, person), &asked_about, Some("t")).await;
            assert_eq!(found, (StatusCode::OK, json!({ "value": ids(&value) })), "{person}");
        }
    }

    #[tokio::test]
    async fn refuses_a_call_without_a_token_of_too_many_groups_and_about_nobody() {
        let reader = object_id(&riverbend(), Person::Reader);
        let many = [Uuid::from_u128(1); MAX_GROUPS + 1];
        for (person, groups, token, status) in [
            (reader, &many[..1], None, StatusCode::UNAUTHORIZED),
            (reader, &many, Some("t"), StatusCode::BAD_REQUEST),
            (Uuid::from_u128(7), &many[..1], Some("t"), StatusCode::NOT_FOUND),
            (object_id(&riverbend(), Person::AppOnly), &many[..1], Some("t"), StatusCode::NOT_FOUND),
        ] {
            assert_eq!(asked(person, groups, token).await.0, status);
        }
    }
}
