//! What a run of rotation is asked for.

use serde::{Deserialize, Serialize};

use super::KeyId;

/// What a run of rotation is asked for, beyond what is due. Read from and written as an event: the schedule's event sets nothing,
/// and an operator's exactly one of `"establish": true`, `"rotate": true` and `"revoke": "<key id>"`. Other members of an event
/// are ignored, since AWS adds its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Event", into = "Event")]
pub enum RotationRequest {
    /// Nothing more.
    #[default]
    Due,
    /// Create the first ring if there is none. Only for setting up a service.
    Establish,
    /// Make the next key now, which signs once consumers have it.
    Rotate,
    /// End the use of this key at once.
    Revoke(KeyId),
}

/// An event asks for more than one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ask for only one of `establish`, `rotate` and `revoke`")]
pub struct ContradictoryRequestError;

impl RotationRequest {
    /// Returns the key to revoke, if that is the request.
    pub fn revoked(&self) -> Option<&KeyId> {
        if let Self::Revoke(key) = self { Some(key) } else { None }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Event {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    establish: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    rotate: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revoke: Option<KeyId>,
}

impl TryFrom<Event> for RotationRequest {
    type Error = ContradictoryRequestError;

    fn try_from(event: Event) -> Result<Self, ContradictoryRequestError> {
        match event {
            Event { establish: false, rotate: false, revoke: None } => Ok(Self::Due),
            Event { establish: true, rotate: false, revoke: None } => Ok(Self::Establish),
            Event { establish: false, rotate: true, revoke: None } => Ok(Self::Rotate),
            Event { establish: false, rotate: false, revoke: Some(key) } => Ok(Self::Revoke(key)),
            _ => Err(ContradictoryRequestError),
        }
    }
}

impl From<RotationRequest> for Event {
    fn from(request: RotationRequest) -> Self {
        match request {
            RotationRequest::Due => Self::default(),
            RotationRequest::Establish => Self { establish: true, ..Self::default() },
            RotationRequest::Rotate => Self { rotate: true, ..Self::default() },
            RotationRequest::Revoke(key) => Self { revoke: Some(key), ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(event: Value) -> Result<RotationRequest, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    fn key() -> KeyId {
        serde_json::from_value(json!("a-key")).unwrap()
    }

    #[test]
    fn reads_what_it_writes() {
        for (request, event) in [
            (RotationRequest::Due, json!({})),
            (RotationRequest::Establish, json!({ "establish": true })),
            (RotationRequest::Rotate, json!({ "rotate": true })),
            (RotationRequest::Revoke(key()), json!({ "revoke": "a-key" })),
        ] {
            assert_eq!(serde_json::to_value(&request).unwrap(), event);
            assert_eq!(read(event), Ok(request));
        }
    }

    /// Source: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>.
    #[test]
    fn an_event_of_the_schedule_asks_for_nothing() {
        let event = json!({
            "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.scheduler",
            "account": "123456789012", "time": "2027-01-15T08:00:00Z", "region": "eu-central-1",
            "resources": [], "detail": "{}",
        });
        assert_eq!(read(event), Ok(RotationRequest::Due));
        assert_eq!(read(json!({ "establish": false, "revoke": null })), Ok(RotationRequest::Due));
    }

    #[test]
    fn refuses_contradictions_and_other_types() {
        for event in [
            json!({ "establish": true, "rotate": true }),
            json!({ "rotate": true, "revoke": "a-key" }),
            json!({ "establish": true, "revoke": "a-key" }),
        ] {
            assert_eq!(read(event), Err(ContradictoryRequestError.to_string()));
        }
        for event in [json!({ "rotate": "yes" }), json!({ "revoke": true }), json!("rotate")] {
            assert!(read(event).is_err());
        }
    }
}
