//! The token exchange request (RFC 8693 §2.1). Its limits are checked before any costly work.

use std::{borrow::Cow, fmt};

use super::{
    IssuedTokenType, RequestRefusal,
    urn::{ACCESS_TOKEN_TYPE, GRANT_TYPE, JWT_TYPE},
};
use crate::{
    address::is_absolute_uri, entra::GraphToken, error::Received, jws::MAX_TOKEN_BYTES, sites::Scope,
    tenants::Target,
};

/// The largest request body, in bytes: four times the largest token.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// The largest number of parameters in a request.
pub const MAX_PARAMETERS: usize = 100;

/// The scopes of OpenID Connect that client libraries add by themselves. They are ignored, as RFC 6749 §3.3 allows; the
/// answer says which scope was granted.
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "offline_access", "email"];

/// A well-formed request, with nothing in it verified yet.
#[derive(Debug)]
pub struct ExchangeRequest<'a> {
    /// The Entra token of the person.
    pub subject_token: SubjectToken<'a>,
    /// The person's token for Microsoft Graph, an extension: for a person in more groups than a token can list.
    pub graph_token: Option<GraphToken>,
    /// The names of the site that the session is for; empty when left out.
    pub targets: Vec<Target>,
    /// The scope requested; `None` means all that is allowed.
    pub scope: Option<Scope>,
    /// The token type that the answer names.
    pub issued_token_type: IssuedTokenType,
}

/// A subject token as received. `Debug` does not show it.
pub struct SubjectToken<'a>(Cow<'a, str>);

/// The tokens of a request for an explanation of access.
#[derive(Debug)]
pub struct ExplanationRequest<'a> {
    /// As in [`ExchangeRequest`].
    pub subject_token: SubjectToken<'a>,
    /// As in [`ExchangeRequest`].
    pub graph_token: Option<GraphToken>,
}

impl<'a> ExplanationRequest<'a> {
    /// Parses a form for its tokens alone. Other parameters are ignored, within the same limits as an exchange's.
    pub fn parse(form: &'a [u8]) -> Result<Self, RequestRefusal> {
        let (mut single, _) = collect(form)?;
        Ok(Self {
            subject_token: SubjectToken::take(&mut single)?,
            graph_token: take_graph_token(&mut single)?,
        })
    }
}

impl<'a> SubjectToken<'a> {
    /// Returns the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn take(single: &mut Single<'a>) -> Result<Self, RequestRefusal> {
        let token = single.remove("subject_token").ok_or(RequestRefusal::Missing("subject_token"))?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(RequestRefusal::TokenTooLarge { bytes: token.len() });
        }
        Ok(Self(token))
    }
}

impl fmt::Debug for SubjectToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectToken(…)")
    }
}

impl<'a> ExchangeRequest<'a> {
    /// Parses a form (`application/x-www-form-urlencoded`).
    ///
    /// A parameter without a value counts as absent, an unknown one is ignored (RFC 6749 §3.2), and only `resource`
    /// and `audience` may be repeated.
    pub fn parse(form: &'a [u8]) -> Result<Self, RequestRefusal> {
        let (mut single, targets) = collect(form)?;
        match single.remove("grant_type").as_deref() {
            Some(GRANT_TYPE) => (),
            Some(other) => return Err(RequestRefusal::UnsupportedGrantType(Received::of(other))),
            None => return Err(RequestRefusal::Missing("grant_type")),
        }
        if single.has("actor_token") || single.has("actor_token_type") {
            return Err(RequestRefusal::ActorToken);
        }
        let subject_token = SubjectToken::take(&mut single)?;
        match single.remove("subject_token_type").as_deref() {
            Some(ACCESS_TOKEN_TYPE | JWT_TYPE) => (),
            Some(other) => return Err(RequestRefusal::UnsupportedSubjectTokenType(Received::of(other))),
            None => return Err(RequestRefusal::Missing("subject_token_type")),
        }
        let issued_token_type = match single.remove("requested_token_type").as_deref() {
            None | Some(ACCESS_TOKEN_TYPE) => IssuedTokenType::AccessToken,
            Some(JWT_TYPE) => IssuedTokenType::Jwt,
            Some(other) => return Err(RequestRefusal::UnsupportedRequestedTokenType(Received::of(other))),
        };
        let graph_token = take_graph_token(&mut single)?;
        let scope = single.remove("scope").map(|text| parse_scope(&text)).transpose()?;
        Ok(Self { subject_token, graph_token, targets, scope, issued_token_type })
    }
}

/// The parameters that may come once, with their values: at most [`MAX_PARAMETERS`].
#[derive(Default)]
struct Single<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Single<'a> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    fn remove(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let index = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.swap_remove(index).1)
    }
}

fn take_graph_token(single: &mut Single<'_>) -> Result<Option<GraphToken>, RequestRefusal> {
    Ok(single.remove("graph_token").map(|text| text.parse()).transpose()?)
}

fn collect(form: &[u8]) -> Result<(Single<'_>, Vec<Target>), RequestRefusal> {
    let mut single = Single::default();
    let mut targets = Vec::new();
    for (index, (name, value)) in pairs(form).enumerate() {
        if index == MAX_PARAMETERS {
            return Err(RequestRefusal::TooManyParameters);
        }
        match name.as_ref() {
            _ if value.is_empty() => (),
            "resource" => targets.push(resource(&value)?),
            "audience" => targets.push(Target(value.into_owned())),
            _ => {
                if single.has(&name) {
                    return Err(RequestRefusal::Repeated(Received::of(&name)));
                }
                single.0.push((name, value));
            }
        }
    }
    Ok((single, targets))
}

/// Returns the form's pairs. One that needs no decoding is borrowed as it is, which saves several passes over each byte of
/// the token, the bulk of every form.
fn pairs(form: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let (text, not_text) = str::from_utf8(form).map_or(("", form), |text| (text, &[]));
    text.split('&').filter_map(pair).chain(form_urlencoded::parse(not_text))
}

fn pair(text: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let is_encoded = [b'%', b'+'].iter().any(|special| text.as_bytes().contains(special));
    if is_encoded || text.is_empty() {
        return form_urlencoded::parse(text.as_bytes()).next();
    }
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Some((name.into(), value.into()))
}

/// Parses an absolute URI without a fragment (RFC 8707 §2).
fn resource(value: &str) -> Result<Target, RequestRefusal> {
    if is_absolute_uri(value) {
        Ok(Target(value.to_owned()))
    } else {
        Err(RequestRefusal::InvalidResource(Received::of(value)))
    }
}

/// Parses a scope without the words of OpenID Connect. Refuses one that names no catalogue: it asks for nothing, unlike a
/// scope that is left out, and a session never allows more than was requested.
fn parse_scope(text: &str) -> Result<Scope, RequestRefusal> {
    let words: Vec<_> = text.split(' ').filter(|word| !OPENID_SCOPES.contains(word)).collect();
    let scope: Scope =
        words.join(" ").parse().map_err(|_| RequestRefusal::InvalidScope(Received::of(text)))?;
    if scope.is_empty() { Err(RequestRefusal::EmptyScope(Received::of(text))) } else { Ok(scope) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entra::GraphTokenError;

    const ACCESS_TOKEN: &str = ACCESS_TOKEN_TYPE;

    fn valid() -> Vec<(&'static str, &'static str)> {
        vec![("grant_type", GRANT_TYPE), ("subject_token", "a.b.c"), ("subject_token_type", ACCESS_TOKEN)]
    }

    fn with(more: &[(&str, &str)]) -> Result<ExchangeRequest<'static>, RequestRefusal> {
        encoded(&[valid(), more.to_vec()].concat())
    }

    fn replaced(name: &str, value: &str) -> Result<ExchangeRequest<'static>, RequestRefusal> {
        encoded(
            &valid()
                .into_iter()
                .map(|pair| if pair.0 == name { (name, value) } else { pair })
                .collect::<Vec<_>>(),
        )
    }

    fn encoded(pairs: &[(&str, &str)]) -> Result<ExchangeRequest<'static>, RequestRefusal> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        ExchangeRequest::parse(form.leak().as_bytes())
    }

    /// RFC 6749 §3.2.
    #[test]
    fn reads_a_full_request() {
        let request = with(&[
            ("scope", "roads:read  planning:write"),
            ("resource", "https://riverbend.example/pozi/"),
            ("audience", "riverbend"),
            ("audience", "https://riverbend.example/pozi/"),
            ("requested_token_type", JWT_TYPE),
            ("client_id", "ignored"),
            ("graph_token", "d.e.f"),
        ])
        .unwrap();
        assert_eq!(request.subject_token.as_str(), "a.b.c");
        assert_eq!(request.graph_token.as_ref().map(GraphToken::as_str), Some("d.e.f"));
        assert!(!format!("{request:?}").contains("d.e.f"));
        assert_eq!(request.targets.len(), 3);
        assert_eq!(request.scope.unwrap().to_string(), "planning:write roads:read");
        assert_eq!(request.issued_token_type, IssuedTokenType::Jwt);
        assert_eq!(format!("{:?}", request.subject_token), "SubjectToken(…)");
    }

    /// RFC 6749 §3.2; RFC 8693 §2.1.
    #[test]
    fn every_fault_has_its_own_reason() {
        use RequestRefusal as R;
        let received = Received::of;
        for (request, reason) in [
            (replaced("grant_type", ""), R::Missing("grant_type")),
            (
                replaced("grant_type", "authorization_code"),
                R::UnsupportedGrantType(received("authorization_code")),
            ),
            (replaced("subject_token", ""), R::Missing("subject_token")),
            (replaced("subject_token_type", ""), R::Missing("subject_token_type")),
            (
                replaced("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
                R::UnsupportedSubjectTokenType(received("urn:ietf:params:oauth:token-type:id_token")),
            ),
            (
                with(&[("requested_token_type", "urn:ietf:params:oauth:token-type:saml2")]),
                R::UnsupportedRequestedTokenType(received("urn:ietf:params:oauth:token-type:saml2")),
            ),
            (with(&[("actor_token", "x")]), R::ActorToken),
            (with(&[("actor_token_type", JWT_TYPE)]), R::ActorToken),
            (with(&[("subject_token", "x")]), R::Repeated(received("subject_token"))),
            (with(&[("unknown", "1"), ("unknown", "2")]), R::Repeated(received("unknown"))),
            (with(&[("graph_token", "a b")]), R::InvalidGraphToken(GraphTokenError::Characters)),
            (with(&[("graph_token", "a"), ("graph_token", "a")]), R::Repeated(received("graph_token"))),
            (with(&[("scope", "roads")]), R::InvalidScope(received("roads"))),
            (with(&[("scope", "roads:read OpenID")]), R::InvalidScope(received("roads:read OpenID"))),
            (with(&[("scope", "   ")]), R::EmptyScope(received("   "))),
            (with(&[("scope", "openid profile")]), R::EmptyScope(received("openid profile"))),
        ] {
            assert_eq!(request.unwrap_err(), reason);
        }
        assert_eq!(with(&[("a", ""); 97]).map(|_| ()), Ok(()));
        assert_eq!(with(&[("a", ""); 98]).unwrap_err(), R::TooManyParameters);
    }

    /// RFC 8707 §2 and RFC 3986 §4.3: an absolute URI without a fragment, and be it an empty one.
    #[test]
    fn a_resource_is_an_absolute_uri_to_the_letter() {
        for wrong in [
            "riverbend",
            "https://riverbend.example/#x",
            "https://riverbend.example/#",
            " https://riverbend.example/",
            "https:riverbend.example/",
            "https:\\\\riverbend.example\\",
            "https://ｒiverbend.example/",
        ] {
            let refusal = with(&[("resource", wrong)]).unwrap_err();
            assert_eq!(refusal, RequestRefusal::InvalidResource(Received::of(wrong)));
        }
    }

    /// RFC 8693 §2.1 gives the values, and RFC 6749 §1.9 says that values are compared with their case.
    #[test]
    fn a_grant_or_token_type_in_another_case_is_another_one() {
        for name in ["grant_type", "subject_token_type"] {
            let own = if name == "grant_type" { GRANT_TYPE } else { ACCESS_TOKEN_TYPE };
            for other in
                [own.to_uppercase(), own.replace("urn:ietf", "URN:ietf"), own.replace("token", "Token")]
            {
                let refusal = replaced(name, &other).unwrap_err();
                let is_expected = matches!(
                    refusal,
                    RequestRefusal::UnsupportedGrantType(_) | RequestRefusal::UnsupportedSubjectTokenType(_)
                );
                assert!(is_expected, "{other}: {refusal:?}");
            }
        }
        let shouted = JWT_TYPE.to_uppercase();
        let refusal = with(&[("requested_token_type", &shouted)]).unwrap_err();
        assert_eq!(refusal, RequestRefusal::UnsupportedRequestedTokenType(Received::of(&shouted)));
    }

    /// RFC 6749 §3.2.
    #[test]
    fn a_parameter_without_a_value_counts_as_absent() {
        let request = with(&[
            ("scope", ""),
            ("resource", ""),
            ("actor_token", ""),
            ("subject_token", ""),
            ("graph_token", ""),
        ])
        .unwrap();
        assert!(request.scope.is_none() && request.targets.is_empty() && request.graph_token.is_none());
    }

    /// RFC 6749 §3.3.
    #[test]
    fn ignores_the_scopes_of_openid_connect_beside_catalogues() {
        let scope = |text| with(&[("scope", text)]).unwrap().scope.unwrap().to_string();
        assert_eq!(scope("openid profile roads:read offline_access email"), "roads:read");
        assert_eq!(scope("roads:read openid  openid roads:write"), "roads:read roads:write");
    }

    #[test]
    fn refuses_a_token_over_the_limit() {
        let sized = |length| {
            let token = "x".repeat(length);
            encoded(&[
                ("grant_type", GRANT_TYPE),
                ("subject_token_type", ACCESS_TOKEN),
                ("subject_token", &token),
            ])
        };
        assert!(sized(MAX_TOKEN_BYTES).is_ok());
        let bytes = MAX_TOKEN_BYTES + 1;
        assert_eq!(sized(bytes).unwrap_err(), RequestRefusal::TokenTooLarge { bytes });
        let graph = with(&[("graph_token", &"x".repeat(bytes))]).unwrap_err();
        assert_eq!(graph, GraphTokenError::TooLarge { bytes }.into());
    }

    proptest! {
        #[test]
        fn pairs_agree_with_form_urlencoded(form in "([a-c%+=&é]|%[0-9a-f]{2}){0,24}", tail in prop::collection::vec(any::<u8>(), 0..8)) {
            let form = [form.as_bytes(), &tail].concat();
            prop_assert!(pairs(&form).eq(form_urlencoded::parse(&form)));
        }

        #[test]
        fn never_panics(form in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = ExchangeRequest::parse(&form);
        }
    }
}
