//! Strict reading of JSON objects: a repeated member, at any depth, is an error, because two readers may each see another
//! one of the two values, which an attacker can exploit (RFC 7515 §4, §10.12; RFC 7519 §4).

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// A JSON object without duplicate members, borrowed from its text. Its errors name the member and never its value, which
/// may be personal.
#[derive(Debug, Default)]
pub struct Members<'a>(
    /// Sorted by name.
    Vec<(Cow<'a, str>, Value<'a>)>,
);

/// Why a member cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The member is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The member has the wrong type or format.
    #[error("`{0}` has the wrong type or format")]
    WrongForm(&'static str),
}

/// The text is not one JSON object without duplicate members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object without duplicate members")]
pub struct ObjectError;

impl<'a> Members<'a> {
    /// Parses one JSON object. The parser limits nesting (128 levels); the caller must limit the size.
    pub fn parse(json: &'a [u8]) -> Result<Self, ObjectError> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Ok(members),
            _ => Err(ObjectError),
        }
    }

    /// Whether the member is present, with any value.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Returns the names of all members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// Returns a required string.
    pub fn string(&self, name: &'static str) -> Result<&str, ClaimError> {
        self.optional_string(name)?.ok_or(ClaimError::Missing(name))
    }

    /// Returns a string, if the member is present.
    pub fn optional_string(&self, name: &'static str) -> Result<Option<&str>, ClaimError> {
        self.read(name, Value::as_text)
    }

    /// Returns a required non-negative integer.
    pub fn number(&self, name: &'static str) -> Result<u64, ClaimError> {
        self.read(name, |value| if let Value::Number(number) = value { Some(*number) } else { None })?
            .ok_or(ClaimError::Missing(name))
    }

    /// Returns an object, if the member is present.
    pub fn optional_object(&self, name: &'static str) -> Result<Option<&Self>, ClaimError> {
        self.read(name, |value| if let Value::Object(members) = value { Some(members) } else { None })
    }

    /// Returns a list of strings, if the member is present.
    pub fn optional_strings(&self, name: &'static str) -> Result<Option<Vec<&str>>, ClaimError> {
        self.read(name, |value| match value {
            Value::List(entries) => entries.iter().map(Value::as_text).collect(),
            _ => None,
        })
    }

    /// Returns a value parsed from a required string.
    pub fn parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, ClaimError> {
        self.string(name)?.parse().map_err(|_| ClaimError::WrongForm(name))
    }

    /// Returns a value parsed from a string, if the member is present.
    pub fn optional_parsed<T: std::str::FromStr>(&self, name: &'static str) -> Result<Option<T>, ClaimError> {
        self.optional_string(name)?
            .map(|text| text.parse().map_err(|_| ClaimError::WrongForm(name)))
            .transpose()
    }

    fn read<'s, T>(
        &'s self,
        name: &'static str,
        as_type: impl FnOnce(&'s Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, ClaimError> {
        match self.value(name) {
            None => Ok(None),
            Some(value) => as_type(value).map(Some).ok_or(ClaimError::WrongForm(name)),
        }
    }

    fn value(&self, name: &str) -> Option<&Value<'a>> {
        let index = self.0.binary_search_by(|(other, _)| other.as_ref().cmp(name)).ok()?;
        Some(&self.0[index].1)
    }
}

/// A JSON value, as far as it is needed.
#[derive(Debug)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    List(Vec<Value<'a>>),
    Object(Members<'a>),
    /// Null, a Boolean, or a number that is negative or not an integer.
    Other,
}

impl Value<'_> {
    fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

/// A member's name, borrowed if it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(u64::try_from(value).map_or(Value::Other, Value::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Value::List(list))
    }

    /// Sorts the members so that duplicates are neighbours: a hostile token with thousands costs no more than sorting.
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<'de>, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some((Name(name), value)) = entries.next_entry()? {
            members.push((name, value));
        }
        members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(A::Error::custom("duplicate member"));
        }
        Ok(Value::Object(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7515 §4; RFC 7519 §4.
    #[test]
    fn refuses_a_member_that_comes_twice_at_any_depth() {
        for json in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(Members::parse(json.as_bytes()).unwrap_err(), ObjectError, "{json}");
        }
    }

    /// RFC 7515 §5.2, §10.12.
    #[test]
    fn refuses_anything_but_one_object() {
        for json in ["", "[]", "1", "{", "{} {}", "{}x", "null", "\u{feff}{}"] {
            assert!(Members::parse(json.as_bytes()).is_err(), "{json}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(2_000), "]".repeat(2_000));
        assert!(Members::parse(deep.as_bytes()).is_err());
    }

    /// RFC 7515 §5.2; RFC 8725 §3.7.
    #[test]
    fn refuses_every_encoding_but_utf_8() {
        let text = r#"{"a":"é"}"#;
        let wide: Vec<u16> = text.encode_utf16().collect();
        let wider: Vec<u32> = text.chars().map(u32::from).collect();
        for bytes in [
            wide.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            wider.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            wider.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            b"{\"a\":\"\xe9\"}".to_vec(),
            b"{\"\xe9\":1}".to_vec(),
            b"{\"a\":\"\xc0\xaf\"}".to_vec(),
        ] {
            assert_eq!(Members::parse(&bytes).unwrap_err(), ObjectError, "{bytes:02x?}");
        }
        assert_eq!(Members::parse(text.as_bytes()).unwrap().string("a"), Ok("é"));
    }

    /// RFC 7519 §2.
    #[test]
    fn distinguishes_a_missing_member_from_one_of_the_wrong_type() {
        let members = Members::parse(br#"{"n":-1,"f":1.5,"s":"x","l":["a",1],"null":null}"#).unwrap();
        assert_eq!(members.number("absent"), Err(ClaimError::Missing("absent")));
        for name in ["n", "f", "s", "l", "null"] {
            assert_eq!(members.number(name), Err(ClaimError::WrongForm(name)));
        }
        assert_eq!(members.optional_strings("l"), Err(ClaimError::WrongForm("l")));
        assert_eq!(members.optional_string("absent"), Ok(None));
    }

    fn is_same(value: &Value<'_>, witness: &serde_json::Value) -> bool {
        match value {
            Value::Text(text) => witness == text.as_ref(),
            Value::Number(number) => witness == number,
            Value::List(entries) => {
                let others = witness.as_array().unwrap();
                entries.len() == others.len()
                    && entries.iter().zip(others).all(|(one, other)| is_same(one, other))
            }
            Value::Object(Members(members)) => {
                let others = witness.as_object().unwrap();
                members.len() == others.len()
                    && members.iter().all(|(name, one)| is_same(one, &others[name.as_ref()]))
            }
            Value::Other => {
                !(witness.is_string() || witness.is_u64() || witness.is_array() || witness.is_object())
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_serde_json_without_duplicates(json in "[\\[\\]{}:,\"a-c0-9.eE \\\\-]{0,40}") {
            if let Ok(members) = Members::parse(json.as_bytes()) {
                prop_assert!(is_same(&Value::Object(members), &serde_json::from_str(&json).unwrap()));
            }
        }
    }
}
