//! The authorization request (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2) and the next step of the sign-in.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    super::{Mistake, Person, Registration},
    error::{self, EntraError},
    scopes::Resource,
};

/// The parameters; those that Entra ignores are ignored. The forms of the sign-in pages carry them on.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct AuthorizeRequest {
    pub(super) client_id: String,
    response_type: String,
    pub(super) redirect_uri: String,
    scope: String,
    response_mode: String,
    pub(super) state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    prompt: String,
    login_hint: String,
    client_info: String,
    /// The choice on the emulated page. No real client sends it.
    #[serde(skip_serializing)]
    picked_person: String,
    /// The consent on the emulated page: `yes` or `no`.
    #[serde(skip_serializing)]
    picked_consent: String,
}

/// How the response gets to the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ResponseMode {
    /// In the query, the default of the code flow.
    #[default]
    Query,
    /// In the fragment, which browsers do not send to servers.
    Fragment,
    /// As a form that is posted.
    FormPost,
}

/// The next step of a sign-in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The person chooses an account; the hinted one comes first.
    Choose(Option<Person>),
    /// The person consents or declines.
    Consent(Person),
    /// The client gets a code. A person who has just chosen an account is signed in from now on.
    Code { person: Person, resource: Resource, has_chosen: bool },
}

/// An error of the request, and who gets it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AuthorizeError {
    /// Shown to the person: the redirect URI is not registered, or Entra does not tell the client.
    Shown(EntraError),
    /// Sent to the client.
    Sent(EntraError),
}

/// What the next step depends on besides the request.
pub(super) struct Context<'a> {
    pub(super) registration: &'a Registration,
    pub(super) mistake: Option<Mistake>,
    pub(super) signed_in: Option<Person>,
    pub(super) has_consented: &'a dyn Fn(Person) -> bool,
}

impl AuthorizeRequest {
    /// Decides the next step. The redirect URI is checked first, since nothing may be sent to an unregistered one.
    pub(super) fn next(&self, context: &Context<'_>) -> Result<Step, AuthorizeError> {
        let Context { registration, mistake, .. } = *context;
        if !is_registered(&self.redirect_uri, registration) || mistake == Some(Mistake::RedirectMissing) {
            return Err(AuthorizeError::Shown(error::redirect_mismatch(&self.redirect_uri, registration)));
        }
        let resource = self.resource(registration, mistake).map_err(AuthorizeError::Sent)?;
        let (person, has_chosen) = match self.person(context)? {
            PersonChoice::SignedIn(person) => (person, false),
            PersonChoice::Chosen(person) => (person, true),
            PersonChoice::MustChoose(hinted) => return Ok(Step::Choose(hinted)),
        };
        if mistake == Some(Mistake::AssignmentRequired) {
            let refused = error::not_assigned(person, registration);
            return Err(if self.is_silent() {
                AuthorizeError::Sent(refused)
            } else {
                AuthorizeError::Shown(refused)
            });
        }
        self.check_consent(person, context)?;
        if self.must_consent(person, context) {
            return Ok(Step::Consent(person));
        }
        Ok(Step::Code { person, resource, has_chosen })
    }

    /// How the response gets to the client. [`next`](Self::next) checks the parameter.
    pub(super) fn response_mode(&self) -> ResponseMode {
        match self.response_mode.as_str() {
            "fragment" => ResponseMode::Fragment,
            "form_post" => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        }
    }

    /// The code challenge (RFC 7636).
    pub(super) fn challenge(&self) -> Option<String> {
        not_empty(&self.code_challenge)
    }

    /// The nonce for the ID token.
    pub(super) fn nonce(&self) -> Option<String> {
        not_empty(&self.nonce)
    }

    /// Whether the client requests `client_info`.
    pub(super) fn wants_client_info(&self) -> bool {
        self.client_info == "1"
    }

    /// Whether the person has just consented.
    pub(super) fn consents_now(&self) -> bool {
        self.picked_consent == "yes"
    }

    fn resource(
        &self,
        registration: &Registration,
        mistake: Option<Mistake>,
    ) -> Result<Resource, EntraError> {
        if self.response_type.is_empty() {
            return Err(error::missing("response_type"));
        }
        if self.response_type != "code" {
            return Err(error::response_type(&self.response_type, registration));
        }
        for (name, value, known) in [
            ("response_mode", &self.response_mode, ["", "query", "fragment", "form_post"].as_slice()),
            ("prompt", &self.prompt, &["", "none", "login", "select_account", "consent", "create"]),
            ("code_challenge_method", &self.code_challenge_method, &["", "S256"]),
        ] {
            if !known.contains(&value.as_str()) {
                return Err(error::invalid_value(name, value));
            }
        }
        if self.code_challenge.is_empty() && mistake != Some(Mistake::RedirectNotSpa) {
            return Err(error::challenge_missing());
        }
        Resource::of_scopes(&self.scope, registration, mistake)
    }

    fn person(&self, context: &Context<'_>) -> Result<PersonChoice, AuthorizeError> {
        let picked: Option<Person> = self.picked_person.parse().ok();
        if let Some(person) = picked.filter(|person| person.can_sign_in()) {
            return Ok(PersonChoice::Chosen(person));
        }
        let hinted = Person::with_address(&self.login_hint);
        let fits = context.signed_in.filter(|person| hinted.is_none_or(|hinted| hinted == *person));
        match (self.prompt.as_str(), fits) {
            ("none", None) => Err(AuthorizeError::Sent(error::login_required())),
            ("none" | "" | "consent", Some(person)) => Ok(PersonChoice::SignedIn(person)),
            _ => Ok(PersonChoice::MustChoose(hinted)),
        }
    }

    fn check_consent(&self, person: Person, context: &Context<'_>) -> Result<(), AuthorizeError> {
        match self.picked_consent.as_str() {
            "no" => Err(AuthorizeError::Sent(error::consent_declined())),
            "" if self.is_silent() && self.must_consent(person, context) => {
                Err(AuthorizeError::Sent(error::consent_required(context.registration)))
            }
            _ => Ok(()),
        }
    }

    fn must_consent(&self, person: Person, context: &Context<'_>) -> bool {
        let is_needed = context.mistake == Some(Mistake::ConsentMissing);
        !self.consents_now() && (self.prompt == "consent" || is_needed && !(context.has_consented)(person))
    }

    fn is_silent(&self) -> bool {
        self.prompt == "none"
    }
}

enum PersonChoice {
    SignedIn(Person),
    Chosen(Person),
    MustChoose(Option<Person>),
}

/// Whether `redirect` is a redirect URI of the registration. Only the port of localhost may differ (Microsoft: "Redirect
/// URI restrictions", localhost exceptions).
pub(super) fn is_registered(redirect: &str, registration: &Registration) -> bool {
    let Ok(redirect) = Url::parse(redirect) else { return false };
    registration.redirect_uris.iter().filter_map(|own| Url::parse(own).ok()).any(|mut own| {
        if own.host() == Some(Host::Domain("localhost")) && own.scheme() == "http" {
            // A URL with a host can have a port.
            let _ = own.set_port(redirect.port());
        }
        own == redirect
    })
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn request(spoiled: impl FnOnce(&mut AuthorizeRequest)) -> AuthorizeRequest {
        let mut request = AuthorizeRequest {
            client_id: riverbend().client_id.to_string(),
            response_type: "code".into(),
            redirect_uri: "http://localhost:8080/".into(),
            scope: "openid https://poziserver-riverbend.example/pozi/user_impersonation".into(),
            code_challenge: CHALLENGE.into(),
            code_challenge_method: "S256".into(),
            ..AuthorizeRequest::default()
        };
        spoiled(&mut request);
        request
    }

    fn next(
        signed_in: Option<Person>,
        mistake: Option<Mistake>,
        spoiled: impl FnOnce(&mut AuthorizeRequest),
    ) -> Result<Step, AuthorizeError> {
        let registration = riverbend();
        let has_consented = |_| false;
        request(spoiled).next(&Context {
            registration: &registration,
            mistake,
            signed_in,
            has_consented: &has_consented,
        })
    }

    fn code(person: Person, has_chosen: bool) -> Step {
        Step::Code { person, resource: Resource::Api, has_chosen }
    }

    /// Who gets the error, and its number.
    fn error(step: Result<Step, AuthorizeError>) -> (&'static str, u32) {
        match step.unwrap_err() {
            AuthorizeError::Shown(error) => ("person", error.code),
            AuthorizeError::Sent(error) => ("client", error.code),
        }
    }

    #[test]
    fn a_signed_in_person_is_not_asked_again_unless_the_client_wants_it() {
        let reader = Some(Person::Reader);
        assert_eq!(next(None, None, |_| ()), Ok(Step::Choose(None)));
        assert_eq!(next(reader, None, |_| ()), Ok(code(Person::Reader, false)));
        for prompt in ["login", "select_account"] {
            assert_eq!(next(reader, None, |request| request.prompt = prompt.into()), Ok(Step::Choose(None)));
        }
        let picked = next(None, None, |request| request.picked_person = "editor".into());
        assert_eq!(picked, Ok(code(Person::Editor, true)));
    }

    #[test]
    fn a_login_hint_preselects_the_person() {
        let hint = |request: &mut AuthorizeRequest| request.login_hint = "Rhea.Reader@example.com".into();
        assert_eq!(next(None, None, hint), Ok(Step::Choose(Some(Person::Reader))));
        assert_eq!(next(Some(Person::Reader), None, hint), Ok(code(Person::Reader, false)));
        assert_eq!(next(Some(Person::Editor), None, hint), Ok(Step::Choose(Some(Person::Reader))));
        let unknown = |request: &mut AuthorizeRequest| request.login_hint = "nobody@example.com".into();
        assert_eq!(next(None, None, unknown), Ok(Step::Choose(None)));
    }

    #[test]
    fn prompt_none_never_asks() {
        let silent = |request: &mut AuthorizeRequest| request.prompt = "none".into();
        assert_eq!(next(Some(Person::Reader), None, silent), Ok(code(Person::Reader, false)));
        assert_eq!(error(next(None, None, silent)), ("client", 50_058));
        let another = |request: &mut AuthorizeRequest| {
            silent(request);
            request.login_hint = "edgar.editor@example.com".into();
        };
        assert_eq!(error(next(Some(Person::Reader), None, another)), ("client", 50_058));
        for (mistake, number) in [(Mistake::AssignmentRequired, 50_105), (Mistake::ConsentMissing, 65_001)] {
            assert_eq!(error(next(Some(Person::Reader), Some(mistake), silent)), ("client", number));
        }
    }

    #[test]
    fn consent_is_requested_if_missing_or_wanted() {
        let reader = Some(Person::Reader);
        let consent = Some(Mistake::ConsentMissing);
        assert_eq!(next(reader, consent, |_| ()), Ok(Step::Consent(Person::Reader)));
        assert_eq!(
            next(reader, consent, |request| request.picked_consent = "yes".into()),
            Ok(code(Person::Reader, false))
        );
        let no = next(reader, consent, |request| request.picked_consent = "no".into());
        assert_eq!(error(no), ("client", 65_004));
        let wanted = next(reader, None, |request| request.prompt = "consent".into());
        assert_eq!(wanted, Ok(Step::Consent(Person::Reader)));
    }

    #[test]
    fn nothing_is_sent_to_an_unregistered_redirect_uri() {
        for redirect in [
            "",
            "http://localhost:8080/elsewhere",
            "http://localhost.example/",
            "https://localhost/",
            "https://evil.example/",
            "https://riverbend.enterprise.example:444/",
            "https://riverbend.enterprise.example/?a=1",
            "http://localhost:8080/#",
        ] {
            // Also if more is wrong: the redirect URI is checked first.
            let step = next(None, None, |request| {
                request.redirect_uri = redirect.into();
                request.response_type = String::new();
            });
            assert_eq!(error(step), ("person", 50_011), "{redirect}");
        }
        for redirect in [
            "http://localhost/",
            "http://localhost:1",
            "https://riverbend.enterprise.example",
            "http://localhost/redirect.html",
        ] {
            let step = next(None, None, |request| request.redirect_uri = redirect.into());
            assert_eq!(step, Ok(Step::Choose(None)), "{redirect}");
        }
        assert_eq!(error(next(None, Some(Mistake::RedirectMissing), |_| ())), ("person", 50_011));
    }

    #[test]
    fn errors_in_the_request_are_sent_to_the_client() {
        type Spoil = fn(&mut AuthorizeRequest);
        let spoiled: [(Spoil, u32); 7] = [
            (|request| request.response_type = String::new(), 900_144),
            (|request| request.response_type = "token".into(), 700_054),
            (|request| request.response_mode = "pigeon".into(), 90_023),
            (|request| request.prompt = "maybe".into(), 90_023),
            (|request| request.code_challenge_method = "plain".into(), 90_023),
            (|request| request.code_challenge = String::new(), 9_002_325),
            (|request| request.scope = String::new(), 900_144),
        ];
        for (spoil, number) in spoiled {
            assert_eq!(error(next(None, None, spoil)), ("client", number));
        }
    }

    #[test]
    fn an_unassigned_person_sees_the_error() {
        let step = next(Some(Person::Reader), Some(Mistake::AssignmentRequired), |_| ());
        assert_eq!(error(step), ("person", 50_105));
    }
}
