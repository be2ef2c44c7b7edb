//! The parameters of a query or a form, parsed once, each key at most once.

use percent_encoding::percent_decode;

use super::RequestRefusal;

/// Maximum size in bytes of a query or a form. IIS sites allow queries of 32 KiB.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;
/// Most requests for maps have fewer parameters.
const CAPACITY: usize = 16;
/// Maximum number of parameters of one request. The largest recorded request has 45.
const MAX_PARAMETERS: usize = 200;

/// The kind of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// Those of OGC web services: case-insensitive, made of letters, digits, `_`, `-`, `.` and `:`.
    Ows,
    /// Those of OGC API Features: case-sensitive. They may be names of fields, with spaces.
    Features,
}

/// Key-value pairs in the order sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<Parameter>);

/// One key-value pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The key, in capitals for OGC web services.
    pub key: String,
    /// The value, decoded once.
    pub value: String,
}

impl Parameters {
    /// Parses a query or a form: `&` separates, empty parts (`&&`) are skipped, `+` is a space, percent-encoding is decoded
    /// once.
    ///
    /// Refuses a key without `=`, a key that occurs twice in any case, invalid percent-encoding, text that is not UTF-8, and
    /// control characters, except for tabs and line breaks in values: real clients send these in filters.
    pub fn read(text: &[u8], keys: Keys) -> Result<Self, RequestRefusal> {
        if text.len() > MAX_QUERY_BYTES {
            return Err(RequestRefusal::TooLong(MAX_QUERY_BYTES));
        }
        let mut parameters = Self(Vec::with_capacity(CAPACITY));
        for part in text.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
            let Some(at) = part.iter().position(|byte| *byte == b'=') else {
                return Err(RequestRefusal::KeyWithoutValue);
            };
            let key = checked_key(decode(&part[..at])?, keys)?;
            let value = decode(&part[at + 1..])?;
            if value.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
                return Err(RequestRefusal::ControlCharacter(key));
            }
            parameters.add(key, value)?;
        }
        Ok(parameters)
    }

    /// Adds the parameters of `other`. A key that is in both is refused.
    pub fn and(mut self, other: Self) -> Result<Self, RequestRefusal> {
        for Parameter { key, value } in other.0 {
            self.add(key, value)?;
        }
        Ok(self)
    }

    /// Removes the parameter `key`, in any case, and returns its value.
    pub fn take(&mut self, key: &str) -> Option<String> {
        let at = self.0.iter().position(|parameter| parameter.key.eq_ignore_ascii_case(key))?;
        Some(self.0.remove(at).value)
    }

    /// The value of `key`, in capitals for OGC web services.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|parameter| parameter.key == key).map(|parameter| parameter.value.as_str())
    }

    /// Adds a parameter.
    pub(super) fn add(&mut self, key: String, value: String) -> Result<(), RequestRefusal> {
        // QGIS takes the last of two in OGC web services, and the first in OGC API Features.
        if self.0.iter().any(|parameter| parameter.key.eq_ignore_ascii_case(&key)) {
            return Err(RequestRefusal::Repeated(key));
        }
        if self.0.len() == MAX_PARAMETERS {
            return Err(RequestRefusal::TooMany(MAX_PARAMETERS));
        }
        self.0.push(Parameter { key, value });
        Ok(())
    }
}

impl IntoIterator for Parameters {
    type Item = Parameter;
    type IntoIter = std::vec::IntoIter<Parameter>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn checked_key(mut key: String, keys: Keys) -> Result<String, RequestRefusal> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    match keys {
        // QGIS folds case by Unicode's rules and cuts keys at NUL: only ASCII is safe.
        Keys::Ows if (1..=64).contains(&key.len()) && key.chars().all(fits) => {
            key.make_ascii_uppercase();
            Ok(key)
        }
        Keys::Features if (1..=255).contains(&key.len()) && !key.chars().any(char::is_control) => Ok(key),
        Keys::Ows | Keys::Features => Err(RequestRefusal::InvalidKey),
    }
}

fn decode(part: &[u8]) -> Result<String, RequestRefusal> {
    if !is_well_encoded(part) {
        return Err(RequestRefusal::InvalidEncoding);
    }
    let mut bytes = Vec::with_capacity(part.len());
    for piece in part.split_inclusive(|byte| *byte == b'+') {
        match piece.split_last() {
            Some((b'+', before)) => {
                bytes.extend(percent_decode(before));
                bytes.push(b' ');
            }
            _ => bytes.extend(percent_decode(piece)),
        }
    }
    String::from_utf8(bytes).map_err(|_| RequestRefusal::NotUtf8)
}

/// Whether every `%` is followed by two hexadecimal digits.
pub(super) fn is_well_encoded(part: &[u8]) -> bool {
    let mut pieces = part.split(|byte| *byte == b'%');
    pieces.next();
    pieces.all(|piece| piece.len() >= 2 && piece[..2].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ows(text: &str) -> Result<Vec<(String, String)>, RequestRefusal> {
        let parameters = Parameters::read(text.as_bytes(), Keys::Ows)?;
        Ok(parameters.into_iter().map(|parameter| (parameter.key, parameter.value)).collect())
    }

    fn one(key: &str, value: &str) -> Vec<(String, String)> {
        vec![(key.into(), value.into())]
    }

    #[test]
    fn reads_the_spellings_of_real_clients() {
        for (text, key, value) in [
            ("layers=zones", "LAYERS", "zones"),
            ("&&Layers=zones&", "LAYERS", "zones"),
            ("LAYERS=Road+Centrelines", "LAYERS", "Road Centrelines"),
            ("LAYERS=Road%20Centrelines", "LAYERS", "Road Centrelines"),
            ("LAYERS=B%c3%a4ume", "LAYERS", "Bäume"),
            ("LAYERS=Bäume", "LAYERS", "Bäume"),
            ("STYLES=", "STYLES", ""),
            ("map0%3Aextent=1", "MAP0:EXTENT", "1"),
            ("FILTER=a%0Ab", "FILTER", "a\nb"),
            ("X=%252B", "X", "%2B"),
            ("X=a=b;c", "X", "a=b;c"),
        ] {
            assert_eq!(ows(text), Ok(one(key, value)), "{text}");
        }
        assert_eq!(ows(""), Ok(vec![]));
    }

    #[test]
    fn refuses_ambiguous_spellings() {
        for (text, refusal) in [
            ("MAP=a&map=b", RequestRefusal::Repeated("MAP".into())),
            ("MAP=a&%4DAP=b", RequestRefusal::Repeated("MAP".into())),
            ("reque%C5%BFt=GetMap", RequestRefusal::InvalidKey),
            ("MAP%00=a", RequestRefusal::InvalidKey),
            ("a%20b=c", RequestRefusal::InvalidKey),
            ("=a", RequestRefusal::InvalidKey),
            ("wsdl", RequestRefusal::KeyWithoutValue),
            ("A=%zz", RequestRefusal::InvalidEncoding),
            ("A=%4", RequestRefusal::InvalidEncoding),
            ("A=%ff", RequestRefusal::NotUtf8),
            ("A=%00", RequestRefusal::ControlCharacter("A".into())),
        ] {
            assert_eq!(ows(text), Err(refusal), "{text}");
        }
        let many: Vec<_> = (0..=MAX_PARAMETERS).map(|n| format!("A{n}=1")).collect();
        assert!(matches!(ows(&many.join("&")), Err(RequestRefusal::TooMany { .. })));
        assert!(matches!(ows(&"a".repeat(MAX_QUERY_BYTES + 1)), Err(RequestRefusal::TooLong { .. })));
    }

    #[test]
    fn keys_of_ogc_api_features_may_be_names_of_fields() {
        let read = |text: &str| Parameters::read(text.as_bytes(), Keys::Features);
        assert_eq!(read("Property%20Number=12").unwrap().value("Property Number"), Some("12"));
        assert_eq!(read("poblaci%C3%B3n=1").unwrap().value("población"), Some("1"));
        assert!(read("Name=1&name=2").is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_never_returns_a_key_twice(bytes: Vec<u8>) {
            for keys in [Keys::Ows, Keys::Features] {
                if let Ok(parameters) = Parameters::read(&bytes, keys) {
                    let mut names: Vec<_> =
                        parameters.0.iter().map(|parameter| parameter.key.to_ascii_uppercase()).collect();
                    let count = names.len();
                    names.sort();
                    names.dedup();
                    prop_assert_eq!(names.len(), count);
                }
            }
        }
    }
}
