//! JSON objects read strictly: a member that comes twice, at any depth, is an error, because two readers that each
//! keep another one of the two can be played against each other (RFC 8725 §2.4; RFC 7519 §4 allows the refusal).

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// A JSON object without duplicate members. What it does not hold, and what has another type than asked for, is
/// told apart by [`ClaimError`], which names the member and never its value: values may be personal.
#[derive(Debug, Default)]
pub struct Members(Map<String, Value>);

/// Why a member cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The member is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The member is there with a type or form that it must not have.
    #[error("`{0}` does not have the form it must have")]
    WrongForm(&'static str),
}

/// Bytes that are not one JSON object without duplicate members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object with every member at most once")]
pub struct NotAnObject;

impl Members {
    /// Reads one JSON object. Nesting is bounded by the parser (128 levels); the caller bounds the size.
    pub fn parse(json: &[u8]) -> Result<Self, NotAnObject> {
        match serde_json::from_slice(json) {
            Ok(Strict(Value::Object(members))) => Ok(Self(members)),
            _ => Err(NotAnObject),
        }
    }

    /// Whether the member is there, with whatever value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The member as a string that must be there.
    pub fn string(&self, name: &'static str) -> Result<&str, ClaimError> {
        self.optional_string(name)?.ok_or(ClaimError::Missing(name))
    }

    /// The member as a string, if it is there.
    pub fn optional_string(&self, name: &'static str) -> Result<Option<&str>, ClaimError> {
        self.read(name, Value::as_str)
    }

    /// The member as a whole number of at least zero that must be there.
    pub fn number(&self, name: &'static str) -> Result<u64, ClaimError> {
        self.read(name, Value::as_u64)?.ok_or(ClaimError::Missing(name))
    }

    /// The member as an object, if it is there.
    pub fn optional_object(&self, name: &'static str) -> Result<Option<&Map<String, Value>>, ClaimError> {
        self.read(name, Value::as_object)
    }

    /// The member as a list of strings, if it is there.
    pub fn optional_strings(&self, name: &'static str) -> Result<Option<Vec<&str>>, ClaimError> {
        self.read(name, |value| value.as_array()?.iter().map(Value::as_str).collect())
    }

    /// The member parsed from a string that must be there.
    pub fn parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, ClaimError> {
        self.string(name)?.parse().map_err(|_| ClaimError::WrongForm(name))
    }

    /// The member parsed from a string, if it is there.
    pub fn optional_parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, ClaimError> {
        self.optional_string(name)?
            .map(|text| text.parse().map_err(|_| ClaimError::WrongForm(name)))
            .transpose()
    }

    fn read<'a, T>(
        &'a self,
        name: &'static str,
        as_type: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, ClaimError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => as_type(value).map(Some).ok_or(ClaimError::WrongForm(name)),
        }
    }
}

/// A JSON value whose objects, at every depth, name each member once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(entry)) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = entries.next_entry::<String, _>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_a_member_that_comes_twice_at_any_depth() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(Members::parse(json.as_bytes()).unwrap_err(), NotAnObject, "{json}");
        }
    }

    #[test]
    fn refuses_what_is_not_one_object() {
        for json in ["", "[]", "1", "{", "{} {}", "{}x", "null", "\u{feff}{}"] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
        assert!(Members::parse(deep.as_bytes()).is_err());
    }

    #[test]
    fn tells_a_missing_member_from_one_of_another_form() {
        let members = Members::parse(br#"{"n":-1,"f":1.5,"s":"x","l":["a",1],"null":null}"#).unwrap();
        assert_eq!(members.number("absent"), Err(ClaimError::Missing("absent")));
        for name in ["n", "f", "s", "l", "null"] {
            assert_eq!(members.number(name), Err(ClaimError::WrongForm(name)));
        }
        assert_eq!(members.optional_strings("l"), Err(ClaimError::WrongForm("l")));
        assert_eq!(members.optional_string("absent"), Ok(None));
    }

    proptest! {
        #[test]
        fn reads_without_duplicates_what_serde_json_reads(json in "[\\[\\]{}:,\"a-c0-9.eE \\\\-]{0,40}") {
            if let Ok(Members(members)) = Members::parse(json.as_bytes()) {
                prop_assert_eq!(Value::Object(members), serde_json::from_str::<Value>(&json).unwrap());
            }
        }
    }
}
