//! The pages of the sign-in. They need no script, and everything from the request is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    super::{Mistake, Person, Registration},
    error::EntraError,
};

const STYLE: &str = include_str!("pages.css");

/// Names and values of a form or a response.
pub(super) type Parameters = Vec<(String, String)>;

/// The choice of a sample person; only the hinted one is visible at first.
pub(super) fn choose(
    registration: &Registration,
    path: &str,
    parameters: &Parameters,
    hinted: Option<Person>,
) -> Markup {
    let others = Person::ALL.into_iter().filter(|person| person.can_sign_in() && Some(*person) != hinted);
    page(
        "Sign in",
        &html! {
            p { "This is the emulated tenant of " strong { (registration.site) } ". Choose a person; there is no password." }
            form method="post" action=(path) {
                (hidden(parameters))
                @match hinted {
                    Some(person) => {
                        (choice(person))
                        details {
                            summary { "Use another account" }
                            @for person in others { (choice(person)) }
                        }
                    }
                    None => @for person in others { (choice(person)) }
                }
            }
        },
    )
}

/// The request for consent.
pub(super) fn consent(
    registration: &Registration,
    path: &str,
    parameters: &Parameters,
    person: Person,
) -> Markup {
    page(
        "Permissions requested",
        &html! {
            p { (person.address()) }
            p { strong { "Pozi Server" } " (" (registration.client_id) ") would like to:" }
            ul {
                li { "Access Pozi Server on your behalf" }
                li { "Sign you in and read your profile" }
            }
            form method="post" action=(path) {
                (hidden(parameters))
                input type="hidden" name="picked_person" value=(person);
                div class="row" {
                    button type="submit" name="picked_consent" value="no" { "Cancel" }
                    button type="submit" name="picked_consent" value="yes" class="main" { "Accept" }
                }
            }
        },
    )
}

/// An error that is not sent to the client.
pub(super) fn error(error: &EntraError) -> Markup {
    page(
        "Sorry, but we’re having trouble signing you in.",
        &html! {
            p role="alert" { (error.text()) }
            @if let Some(mistake) = Mistake::of_code(error.code) {
                p { strong { "To correct it in Entra: " } (mistake.setting()) " (The real Entra does not say this.)" }
            }
            p { "The application does not receive this error. Close this window, or go back." }
        },
    )
}

/// The root, which a person opens to accept the certificate.
pub(super) fn welcome() -> Markup {
    page(
        "This browser trusts the emulated tenant",
        &html! { p { "You accepted its certificate, which it keeps for a year. Go back to the page and sign in." } },
    )
}

/// The end of a sign-out without a registered redirect URI.
pub(super) fn signed_out() -> Markup {
    page("You signed out of your account", &html! { p { "It’s a good idea to close all browser windows." } })
}

/// A form that posts the response to the client. Without a script, the person submits it.
pub(super) fn form_post(redirect: &str, response: &Parameters) -> Markup {
    page(
        "Signing in",
        &html! {
            form method="post" action=(redirect) {
                (hidden(response))
                button type="submit" class="main" { "Continue" }
            }
        },
    )
}

fn page(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · emulated Entra ID" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p class="source" { "Emulated Entra ID" }
                    h1 { (title) }
                    (content)
                }
            }
        }
    }
}

fn choice(person: Person) -> Markup {
    html! {
        button type="submit" name="picked_person" value=(person) class="person" {
            strong { (person.full_name()) }
            span { (person.address()) }
            span class="what" { (person.what()) }
        }
    }
}

fn hidden(parameters: &Parameters) -> Markup {
    html! {
        @for (name, value) in parameters {
            input type="hidden" name=(name) value=(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    #[test]
    fn the_requests_parameters_are_escaped() {
        let parameters = vec![("state".to_owned(), "\"><script>alert(1)</script>".to_owned())];
        let text = choose(&riverbend(), "/authorize", &parameters, None).into_string();
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
    }

    #[test]
    fn all_people_are_offered_and_the_hinted_one_first() {
        let text = choose(&riverbend(), "/authorize", &Vec::new(), Some(Person::Guest)).into_string();
        let at = |person: Person| text.find(&format!("value=\"{person}\""));
        for person in Person::ALL {
            assert_eq!(at(person).is_some(), person != Person::AppOnly, "{person}");
        }
        assert!(at(Person::Guest) < text.find("<details>") && text.find("<details>") < at(Person::Reader));
    }
}
