//! The name of a site.

use std::str::FromStr;

use super::text::parsed_text;

/// A site's short name, a DNS label: 1 to 63 of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SiteName(String);

impl SiteName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SiteName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=63).contains(&text.len())
            && text.bytes().all(fits)
            && !text.starts_with('-')
            && !text.ends_with('-')
        {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be 1 to 63 characters from a-z, 0-9 and -, without - at either end")
        }
    }
}

parsed_text!(SiteName, "site name", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_like_a_host() {
        let longest = "a".repeat(63);
        for name in ["riverbend", "riverbend-2", "2", "a--b", &longest] {
            assert_eq!(name.parse::<SiteName>().unwrap().as_str(), name);
        }
        let too_long = "a".repeat(64);
        for name in ["", "-a", "a-", "-", "Riverbend", "a_b", "a.b", "a b", "\u{e4}", &too_long] {
            assert!(name.parse::<SiteName>().is_err(), "{name}");
        }
    }
}
