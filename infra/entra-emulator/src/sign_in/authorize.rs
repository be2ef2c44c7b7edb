//! The authorization request (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2): what it asks, and what comes next.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    super::{Mistake, Person, Registration},
    problem::{self, Problem},
    scopes::Resource,
};

/// The parameters as they come; what Entra ignores is ignored. Serialised again into the forms of its pages.
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
    /// Chosen on the emulated page; no real client sends it.
    #[serde(skip_serializing)]
    picked_person: String,
    /// As above: `yes` or `no`.
    #[serde(skip_serializing)]
    picked_consent: String,
}

/// How the answer travels back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum ResponseMode {
    /// After `?`: the default of the code flow.
    #[default]
    Query,
    /// After `#`, where no server sees it.
    Fragment,
    /// As a form that a page posts.
    FormPost,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The person chooses who they are.
    Choose(Option<Person>),
    /// The person consents, or does not.
    Consent(Person),
    /// The client gets a code. A person who has just chosen is signed in from now on.
    Code { person: Person, resource: Resource, has_chosen: bool },
}

/// Why there is no next step, and who is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The person: where nobody vouches for the redirect URI, or where Entra keeps it to itself.
    OnThePage(Problem),
    /// The client.
    AtTheClient(Problem),
}

/// What the decision rests on besides the request.
pub(super) struct Known<'a> {
    pub(super) registration: &'a Registration,
    pub(super) mistake: Option<Mistake>,
    pub(super) signed_in: Option<Person>,
    pub(super) has_consented: &'a dyn Fn(Person) -> bool,
}

impl AuthorizeRequest {
    /// What comes next. First of all the redirect URI is checked: until then nothing may be sent there.
    pub(super) fn next(&self, known: &Known<'_>) -> Result<Step, Stop> {
        let Known { registration, mistake, .. } = *known;
        if !is_registered(&self.redirect_uri, registration) || mistake == Some(Mistake::RedirectMissing) {
            return Err(Stop::OnThePage(problem::redirect_mismatch(&self.redirect_uri, registration)));
        }
        let resource = self.resource(registration, mistake).map_err(Stop::AtTheClient)?;
        let (person, has_chosen) = match self.person(known)? {
            Found::Person(person) => (person, false),
            Found::Chosen(person) => (person, true),
            Found::MustChoose(hinted) => return Ok(Step::Choose(hinted)),
        };
        if mistake == Some(Mistake::AssignmentRequired) {
            let refused = problem::not_assigned(person, registration);
            return Err(if self.is_silent() { Stop::AtTheClient(refused) } else { Stop::OnThePage(refused) });
        }
        self.consented(person, known)?;
        if self.must_consent(person, known) {
            return Ok(Step::Consent(person));
        }
        Ok(Step::Code { person, resource, has_chosen })
    }

    /// How the answer travels back; [`next`](Self::next) has checked that there is such a way.
    pub(super) fn response_mode(&self) -> ResponseMode {
        match self.response_mode.as_str() {
            "fragment" => ResponseMode::Fragment,
            "form_post" => ResponseMode::FormPost,
            _ => ResponseMode::Query,
        }
    }

    /// The hash of the client's proof.
    pub(super) fn challenge(&self) -> Option<String> {
        not_empty(&self.code_challenge)
    }

    /// What the ID token must repeat.
    pub(super) fn nonce(&self) -> Option<String> {
        not_empty(&self.nonce)
    }

    /// Whether the client wants to be told who signed in beside the tokens.
    pub(super) fn wants_client_info(&self) -> bool {
        self.client_info == "1"
    }

    /// Whether the person said yes just now.
    pub(super) fn consents_now(&self) -> bool {
        self.picked_consent == "yes"
    }

    fn resource(&self, registration: &Registration, mistake: Option<Mistake>) -> Result<Resource, Problem> {
        if self.response_type.is_empty() {
            return Err(problem::missing("response_type"));
        }
        if self.response_type != "code" {
            return Err(problem::response_type(&self.response_type, registration));
        }
        for (name, value, known) in [
            ("response_mode", &self.response_mode, ["", "query", "fragment", "form_post"].as_slice()),
            ("prompt", &self.prompt, &["", "none", "login", "select_account", "consent", "create"]),
            ("code_challenge_method", &self.code_challenge_method, &["", "S256"]),
        ] {
            if !known.contains(&value.as_str()) {
                return Err(problem::no_such_value(name, value));
            }
        }
        if self.code_challenge.is_empty() && mistake != Some(Mistake::RedirectNotSpa) {
            return Err(problem::proof_missing());
        }
        Resource::asked(&self.scope, registration, mistake)
    }

    fn person(&self, known: &Known<'_>) -> Result<Found, Stop> {
        let picked: Option<Person> = self.picked_person.parse().ok();
        if let Some(person) = picked.filter(|person| person.can_sign_in()) {
            return Ok(Found::Chosen(person));
        }
        let hinted = Person::with_address(&self.login_hint);
        let fits = known.signed_in.filter(|person| hinted.is_none_or(|hinted| hinted == *person));
        match (self.prompt.as_str(), fits) {
            ("none", None) => Err(Stop::AtTheClient(problem::nobody_signed_in())),
            ("none" | "" | "consent", Some(person)) => Ok(Found::Person(person)),
            _ => Ok(Found::MustChoose(hinted)),
        }
    }

    fn consented(&self, person: Person, known: &Known<'_>) -> Result<(), Stop> {
        match self.picked_consent.as_str() {
            "no" => Err(Stop::AtTheClient(problem::consent_declined())),
            "" if self.is_silent() && self.must_consent(person, known) => {
                Err(Stop::AtTheClient(problem::no_consent(known.registration)))
            }
            _ => Ok(()),
        }
    }

    fn must_consent(&self, person: Person, known: &Known<'_>) -> bool {
        let by_everybody = known.mistake == Some(Mistake::ConsentMissing);
        !self.consents_now() && (self.prompt == "consent" || by_everybody && !(known.has_consented)(person))
    }

    fn is_silent(&self) -> bool {
        self.prompt == "none"
    }
}

enum Found {
    Person(Person),
    Chosen(Person),
    MustChoose(Option<Person>),
}

/// Whether `redirect` is one of the registration's. As in Entra the port of localhost does not matter, and everything
/// else does (Microsoft: "Redirect URI restrictions", localhost exceptions).
pub(super) fn is_registered(redirect: &str, registration: &Registration) -> bool {
    let Ok(asked) = Url::parse(redirect) else { return false };
    registration.redirect_uris.iter().filter_map(|own| Url::parse(own).ok()).any(|mut own| {
        if own.host() == Some(Host::Domain("localhost")) && own.scheme() == "http" {
            // A URL with a host can have a port.
            let _ = own.set_port(asked.port());
        }
        own == asked
    })
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn asked(spoiled: impl FnOnce(&mut AuthorizeRequest)) -> AuthorizeRequest {
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
    ) -> Result<Step, Stop> {
        let registration = riverbend();
        let has_consented = |_| false;
        asked(spoiled).next(&Known {
            registration: &registration,
            mistake,
            signed_in,
            has_consented: &has_consented,
        })
    }

    fn code(person: Person, has_chosen: bool) -> Step {
        Step::Code { person, resource: Resource::Api, has_chosen }
    }

    /// Where it ends, and with which number.
    fn ends(step: Result<Step, Stop>) -> (&'static str, u32) {
        match step.unwrap_err() {
            Stop::OnThePage(problem) => ("page", problem.code),
            Stop::AtTheClient(problem) => ("client", problem.code),
        }
    }

    #[test]
    fn who_is_signed_in_is_not_asked_again_unless_the_client_wants_it() {
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
    fn a_hint_names_whom_to_ask_for() {
        let hint = |request: &mut AuthorizeRequest| request.login_hint = "Rhea.Reader@example.com".into();
        assert_eq!(next(None, None, hint), Ok(Step::Choose(Some(Person::Reader))));
        assert_eq!(next(Some(Person::Reader), None, hint), Ok(code(Person::Reader, false)));
        assert_eq!(next(Some(Person::Editor), None, hint), Ok(Step::Choose(Some(Person::Reader))));
        let unknown = |request: &mut AuthorizeRequest| request.login_hint = "nobody@example.com".into();
        assert_eq!(next(None, None, unknown), Ok(Step::Choose(None)));
    }

    #[test]
    fn silence_is_kept_or_an_error() {
        let silent = |request: &mut AuthorizeRequest| request.prompt = "none".into();
        assert_eq!(next(Some(Person::Reader), None, silent), Ok(code(Person::Reader, false)));
        assert_eq!(ends(next(None, None, silent)), ("client", 50_058));
        let another = |request: &mut AuthorizeRequest| {
            silent(request);
            request.login_hint = "edgar.editor@example.com".into();
        };
        assert_eq!(ends(next(Some(Person::Reader), None, another)), ("client", 50_058));
        for (mistake, number) in [(Mistake::AssignmentRequired, 50_105), (Mistake::ConsentMissing, 65_001)] {
            assert_eq!(ends(next(Some(Person::Reader), Some(mistake), silent)), ("client", number));
        }
    }

    #[test]
    fn consent_is_asked_for_when_it_is_missing_or_wanted() {
        let reader = Some(Person::Reader);
        let consent = Some(Mistake::ConsentMissing);
        assert_eq!(next(reader, consent, |_| ()), Ok(Step::Consent(Person::Reader)));
        assert_eq!(
            next(reader, consent, |request| request.picked_consent = "yes".into()),
            Ok(code(Person::Reader, false))
        );
        let no = next(reader, consent, |request| request.picked_consent = "no".into());
        assert_eq!(ends(no), ("client", 65_004));
        let wanted = next(reader, None, |request| request.prompt = "consent".into());
        assert_eq!(wanted, Ok(Step::Consent(Person::Reader)));
    }

    #[test]
    fn nothing_is_sent_to_an_address_that_is_not_registered() {
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
            // Also when more is wrong: the address comes first.
            let step = next(None, None, |request| {
                request.redirect_uri = redirect.into();
                request.response_type = String::new();
            });
            assert_eq!(ends(step), ("page", 50_011), "{redirect}");
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
        assert_eq!(ends(next(None, Some(Mistake::RedirectMissing), |_| ())), ("page", 50_011));
    }

    #[test]
    fn what_is_wrong_with_the_request_is_told_to_the_client() {
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
            assert_eq!(ends(next(None, None, spoil)), ("client", number));
        }
    }

    #[test]
    fn who_is_not_assigned_reads_it_on_the_page() {
        let step = next(Some(Person::Reader), Some(Mistake::AssignmentRequired), |_| ());
        assert_eq!(ends(step), ("page", 50_105));
    }
}
