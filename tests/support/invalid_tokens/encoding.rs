//! Invalid tokens: the encoding or the signature is wrong.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{CONSUMER_TENANT, TokenSpec, Version};
use serde_json::json;

use super::{InvalidToken, Tokens, case, merged};

impl Tokens<'_> {
    /// Repeated members, as text, since a `Value` cannot hold them. The last one is valid: a parser that keeps the last one
    /// would accept the token.
    pub(super) fn with_doubled_members(&self) -> Vec<InvalidToken> {
        let header = self.world.entra.header(Version::V1).to_string();
        let claims = self.claims(Version::V1).to_string();
        let tenant = CONSUMER_TENANT;
        let before = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
        [
            ("tid twice", header.clone(), before(&claims, &format!(r#""tid":"{tenant}""#))),
            ("TID beside tid", header.clone(), before(&claims, &format!(r#""TID":"{tenant}""#))),
            (
                "tid twice, once escaped",
                header.clone(),
                before(&claims, &format!(r#""\u0074id":"{tenant}""#)),
            ),
            ("exp twice", header.clone(), before(&claims, r#""exp":1"#)),
            ("a nested member twice", header.clone(), before(&claims, r#""x":{"y":1,"y":2}"#)),
            ("alg twice", before(&header, r#""alg":"none""#), claims),
        ]
        .into_iter()
        .map(|(what, header, claims)| case(what, self.world.entra.sign_text(&header, &claims), "malformed"))
        .collect()
    }

    pub(super) fn in_other_shapes(&self) -> Vec<InvalidToken> {
        let good = self.world.token(&TokenSpec::default());
        let header = self.world.entra.header(Version::V1).to_string();
        let sign = |claims: &str| self.world.entra.sign_text(&header, claims);
        [
            ("not a JWT", "opaque".to_owned()),
            ("three parts that are not JSON", "a.b.c".to_owned()),
            ("two parts", good.rsplit_once('.').map_or(String::new(), |(signed, _)| signed.to_owned())),
            ("four parts", format!("{good}.e30")),
            ("five parts, as a JWE has", format!("{good}.e30.e30")),
            ("padding", good.replacen('.', "=.", 1)),
            ("a payload that is an array", sign("[]")),
            ("a payload that is not JSON", sign("{")),
            ("a payload with trailing data", sign(&format!("{}{{}}", self.claims(Version::V1)))),
            ("an empty payload", sign("")),
            ("a deeply nested payload", sign(&format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500)))),
        ]
        .into_iter()
        .map(|(what, token)| case(what, token, "malformed"))
        .collect()
    }

    pub(super) fn with_whitespace(&self) -> Vec<InvalidToken> {
        let good = self.world.token(&TokenSpec::default());
        let (start, end) = good.split_at(76);
        [
            ("a leading blank", format!(" {good}")),
            ("a trailing blank", format!("{good} ")),
            ("a trailing newline", format!("{good}\n")),
            ("a trailing newline of Windows", format!("{good}\r\n")),
            ("a leading tab", format!("\t{good}")),
            ("a trailing no-break space", format!("{good}\u{a0}")),
            ("a byte order mark", format!("\u{feff}{good}")),
            ("a zero-width space", format!("{good}\u{200b}")),
            ("broken into lines", format!("{start}\n{end}")),
            ("with the Bearer prefix", format!("Bearer {good}")),
            ("a blank line alone", "\n".to_owned()),
        ]
        .into_iter()
        .map(|(what, token)| case(what, token, "whitespace_in_token"))
        .collect()
    }

    pub(super) fn with_other_signatures(&self) -> Vec<InvalidToken> {
        let entra = &self.world.entra;
        let good = self.world.token(&TokenSpec::default());
        let another = self.changed(Version::V1, &json!({"name": "Another"}));
        let (signed, signature) = good.rsplit_once('.').unwrap_or_default();
        let (_, other_signature) = another.rsplit_once('.').unwrap_or_default();
        // Algorithm confusion (RFC 8725 §2.1): the public key as a shared secret.
        let key_set = entra.key_set(Version::V1);
        let secret = URL_SAFE_NO_PAD.decode(key_set["keys"][0]["n"].as_str().unwrap_or_default());
        let hmac_signed = {
            let header = merged(entra.header(Version::V1), &json!({"alg": "HS256"})).to_string();
            let claims = self.claims(Version::V1).to_string();
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.unwrap_or_default());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
        };
        let unsigned = self.headed(Version::V1, &json!({"alg": "none"}));
        let unsigned = unsigned.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap_or_default();
        [
            // A change of any header member but `x5t` would be refused for another reason.
            ("one bit of the header", flipped(&good, 0, r#""x5t":""#), "bad_signature"),
            ("one bit of the payload", flipped(&good, 1, r#""name":""#), "bad_signature"),
            ("one bit of the signature", flipped(&good, 2, ""), "bad_signature"),
            ("no signature", format!("{signed}."), "bad_signature"),
            ("half a signature", format!("{signed}.{}", &signature[..signature.len() / 2]), "bad_signature"),
            ("another token's signature", format!("{signed}.{other_signature}"), "bad_signature"),
            ("a signature that is not base64url", format!("{signed}.!"), "bad_signature"),
            ("signed with the public key as a secret", hmac_signed, "unsupported_algorithm"),
            ("alg is none and no signature", unsigned, "unsupported_algorithm"),
        ]
        .into_iter()
        .map(|(what, token, reason)| case(what, token, reason))
        .collect()
    }
}

/// Flips the lowest bit of the byte after `place` in part `index` of `token`.
fn flipped(token: &str, index: usize, place: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut bytes = URL_SAFE_NO_PAD.decode(&parts[index]).unwrap_or_default();
    let start = bytes.windows(place.len().max(1)).position(|window| window == place.as_bytes());
    bytes[start.map_or(0, |start| start + place.len())] ^= 1;
    parts[index] = URL_SAFE_NO_PAD.encode(bytes);
    parts.join(".")
}
