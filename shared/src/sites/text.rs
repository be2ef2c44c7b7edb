//! Text in a site file that only a parser can accept: names, ids and addresses.

/// Implements `Display`, `Deserialize` and `JsonSchema` for a type that wraps text and has a parser. The parser's error
/// says what is required, as in "must be …".
macro_rules! parsed_text {
    ($name:ident, $what:literal, $pattern:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|rule| {
                    let message = format_args!(concat!("`{}` is not a valid ", $what, ": it {}"), text, rule);
                    serde::de::Error::custom(message)
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

pub(super) use parsed_text;
