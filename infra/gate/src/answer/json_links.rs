//! Rewrites links in the JSON of OGC API Features. Everything else passes byte for byte, numbers and features included.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::links::Links;

/// Members of the root that contain data, which passes unchanged (RFC 7946).
const DATA: [&str; 3] = ["features", "geometry", "properties"];

pub(super) fn rewrite(document: &str, links: &Links) -> serde_json::Result<String> {
    // The steps below rely on valid JSON that is not nested too deeply.
    serde_json::from_str::<IgnoredAny>(document)?;
    let mut rewriter =
        Rewriter { rest: document, links, written: String::new(), open: Vec::new(), key: None };
    while rewriter.step()? {}
    Ok(rewriter.written)
}

/// An open object or array, and the key that it is the value of.
struct Open {
    is_object: bool,
    name: String,
}

struct Rewriter<'d> {
    rest: &'d str,
    links: &'d Links,
    written: String,
    open: Vec<Open>,
    /// The key whose value comes next.
    key: Option<String>,
}

impl Rewriter<'_> {
    /// Handles the next token; returns false at the end of the document.
    fn step(&mut self) -> serde_json::Result<bool> {
        let Some(next) = self.rest.chars().next() else { return Ok(false) };
        match next {
            '"' => self.string()?,
            '{' | '[' => {
                let name = self.key.take().unwrap_or_default();
                self.open.push(Open { is_object: next == '{', name });
                self.copy(1);
            }
            '}' | ']' | ',' => {
                if next != ',' {
                    self.open.pop();
                }
                self.key = None;
                self.copy(1);
            }
            _ => self.copy(self.rest.find(['"', '{', '[', '}', ']', ',']).unwrap_or(self.rest.len())),
        }
        Ok(true)
    }

    fn string(&mut self) -> serde_json::Result<()> {
        let length = string_length(self.rest);
        let raw = self.rest.get(..length).unwrap_or(self.rest);
        let text: String = serde_json::from_str(raw)?;
        let is_key = self.key.is_none() && self.open.last().is_some_and(|open| open.is_object);
        let rewritten = self.rewritten(&text, is_key);
        let written = if rewritten == text { raw.to_owned() } else { serde_json::to_string(&rewritten)? };
        self.written.push_str(&written);
        self.rest = self.rest.get(length..).unwrap_or_default();
        if is_key {
            self.key = Some(text);
        }
        Ok(())
    }

    fn rewritten<'t>(&self, text: &'t str, is_key: bool) -> Cow<'t, str> {
        if self.is_data() {
            return Cow::Borrowed(text);
        }
        let ours = match (is_key, self.key.as_deref()) {
            (false, Some("url")) if self.open.get(1).is_some_and(|open| open.name == "servers") => {
                Some(self.links.api_root().to_owned())
            }
            (false, Some("href" | "url")) => self.links.link(text),
            _ => None,
        };
        match ours {
            Some(ours) => Cow::Owned(ours),
            None if self.is_message() => self.links.message(text),
            None => self.links.text(text),
        }
    }

    /// Whether the string is part of data.
    fn is_data(&self) -> bool {
        let below_root = self.open.get(1).map_or(self.key.as_deref(), |open| Some(open.name.as_str()));
        self.open.first().is_some_and(|root| root.is_object)
            && below_root.is_some_and(|name| DATA.contains(&name))
    }

    /// QGIS Server's refusals are arrays; its documents are objects.
    fn is_message(&self) -> bool {
        self.open.first().is_some_and(|root| !root.is_object)
    }

    fn copy(&mut self, length: usize) {
        let (copied, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.written.push_str(copied);
        self.rest = rest;
    }
}

/// Returns the length in bytes of the string that `text` starts with, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{super::links::tests::links, *};

    #[test]
    fn rewrites_links_and_passes_features_byte_for_byte() {
        let features = r#""features":[{"id":"1","properties":{"n":1.50,"href":"http://localhost/?MAP=C:/Pozi/Demo Maps.qgs","e":1e400}}]"#;
        let document = format!(
            r#"{{{features}, "links" : [{{"href":"http://localhost/wfs3/collections/a/items?MAP=C:/Pozi/Demo Maps.qgs&offset=4\u0026limit=2","rel":"next"}},
            {{"href":"https://licence.example/?a=\u00e9"}}],"numberMatched":59}}"#
        );
        let written = format!(
            r#"{{{features}, "links" : [{{"href":"https://council.example/pozi/ows/roads/wfs3/collections/a/items?offset=4&limit=2","rel":"next"}},
            {{"href":"https://licence.example/?a=\u00e9"}}],"numberMatched":59}}"#
        );
        assert_eq!(rewrite(&document, &links()).unwrap(), written);
    }

    #[test]
    fn a_single_feature_keeps_its_properties() {
        let document = r#"{"properties":{"a":{"href":"http://localhost/"}},"links":[{"href":"http://localhost/wfs3?MAP=x"}]}"#;
        let written = rewrite(document, &links()).unwrap();
        assert!(written.contains(r#"{"a":{"href":"http://localhost/"}}"#), "{written}");
        assert!(written.contains(r#"[{"href":"https://council.example/pozi/ows/roads/wfs3"}]"#), "{written}");
    }

    #[test]
    fn an_openapi_document_is_relative_to_the_catalogue() {
        let document = json!({
            "servers": [{"url": "http://localhost/wfs3/?MAP=C:/Pozi/Demo Maps.qgs"}],
            "paths": {"/wfs3/api?MAP=C:/Pozi/Demo Maps.qgs": {"get": {"properties": "C:/Pozi/Demo Maps.qgs"}}},
        });
        let written: Value =
            serde_json::from_str(&rewrite(&document.to_string(), &links()).unwrap()).unwrap();
        assert_eq!(
            written,
            json!({
                "servers": [{"url": "https://council.example/pozi/ows/roads"}],
                "paths": {"/wfs3/api": {"get": {"properties": "roads"}}},
            })
        );
    }

    #[test]
    fn a_refusal_names_no_file() {
        let document =
            r#"[{"code":"x","description":"cannot write C:/Pozi/data.gpkg of C:\\Pozi\\Demo Maps.qgs"}]"#;
        assert_eq!(
            rewrite(document, &links()).unwrap(),
            r#"[{"code":"x","description":"cannot write data.gpkg of roads"}]"#
        );
    }

    #[test]
    fn refuses_malformed_json() {
        let deep = "[".repeat(100_000);
        for document in ["", "{", r#"{"a":}"#, "[1,]", "<html>", &deep] {
            assert!(rewrite(document, &links()).is_err());
        }
    }

    fn documents() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            r"\PC{0,8}",
            Just("http://localhost/wfs3/x?MAP=C:/Pozi/Demo Maps.qgs&a=b".to_owned()),
            Just("C:/Pozi/Demo Maps.qgs".to_owned()),
        ];
        let key = prop_oneof![
            r"[a-z\\\x22é]{1,4}",
            Just("href".to_owned()),
            Just("features".to_owned()),
            Just("servers".to_owned())
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from)
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn shape(value: &Value) -> Value {
        match value {
            Value::String(_) => Value::Null,
            Value::Array(items) => items.iter().map(shape).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, value)| (key.clone(), shape(value))).collect()
            }
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn only_strings_change(document in documents()) {
            let written = rewrite(&document.to_string(), &links()).unwrap();
            let read: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(shape(&read), shape(&document));
            prop_assert_eq!(rewrite(&written, &links()).unwrap(), written);
        }

        #[test]
        fn accepts_exactly_valid_json(document in r#"[\[\]{},:"\\a1 ]{0,20}"#) {
            let is_json = serde_json::from_str::<Value>(&document).is_ok();
            prop_assert_eq!(rewrite(&document, &links()).is_ok(), is_json);
        }
    }
}
