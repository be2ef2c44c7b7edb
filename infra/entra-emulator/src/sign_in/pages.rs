//! What a person sees at sign-in. Plain pages that need no script; whatever came with the request is escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    super::{Person, Registration},
    problem::Problem,
};

const STYLE: &str = include_str!("pages.css");

/// Parameters that go on with the next request.
pub(super) type Carried = Vec<(String, String)>;

/// The sample people to choose from; only the hinted one at first.
pub(super) fn choose(
    registration: &Registration,
    path: &str,
    carried: &Carried,
    hinted: Option<Person>,
) -> Markup {
    let others = Person::ALL.into_iter().filter(|person| person.can_sign_in() && Some(*person) != hinted);
    page(
        "Sign in",
        &html! {
            p { "The emulated tenant of " strong { (registration.site) } ". Choosing stands for the password." }
            form method="post" action=(path) {
                (hidden(carried))
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

/// What the application wants.
pub(super) fn consent(registration: &Registration, path: &str, carried: &Carried, person: Person) -> Markup {
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
                (hidden(carried))
                input type="hidden" name="picked_person" value=(person);
                div class="row" {
                    button type="submit" name="picked_consent" value="no" { "Cancel" }
                    button type="submit" name="picked_consent" value="yes" class="main" { "Accept" }
                }
            }
        },
    )
}

/// An error that the client is not told of.
pub(super) fn trouble(problem: &Problem) -> Markup {
    page(
        "Sorry, but we’re having trouble signing you in.",
        &html! {
            p role="alert" { (problem.text()) }
            p { "The application is not told of this. Close this window, or go back." }
        },
    )
}

/// The root: where a person comes to accept the certificate.
pub(super) fn welcome() -> Markup {
    page(
        "This browser talks to the emulated tenant.",
        &html! { p { "Its certificate was made when it started, and is trusted until you close the browser. Go back to the page and sign in." } },
    )
}

/// After a sign-out that leads nowhere else.
pub(super) fn signed_out() -> Markup {
    page("You signed out of your account", &html! { p { "It’s a good idea to close all browser windows." } })
}

/// A form that posts the answer to the client; without scripts a person sends it off.
pub(super) fn posting(redirect: &str, answer: &Carried) -> Markup {
    page(
        "Going on",
        &html! {
            form method="post" action=(redirect) {
                (hidden(answer))
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
                    p class="whose" { "Emulated Entra ID" }
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

fn hidden(carried: &Carried) -> Markup {
    html! {
        @for (name, value) in carried {
            input type="hidden" name=(name) value=(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::super::tests::riverbend, *};

    #[test]
    fn what_came_with_the_request_is_text_on_the_page() {
        let carried = vec![("state".to_owned(), "\"><script>alert(1)</script>".to_owned())];
        let text = choose(&riverbend(), "/authorize", &carried, None).into_string();
        assert!(!text.contains("<script>"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
    }

    #[test]
    fn everybody_who_can_sign_in_is_offered_and_the_hinted_one_first() {
        let text = choose(&riverbend(), "/authorize", &Vec::new(), Some(Person::Guest)).into_string();
        let at = |person: Person| text.find(&format!("value=\"{person}\""));
        for person in Person::ALL {
            assert_eq!(at(person).is_some(), person != Person::AppOnly, "{person}");
        }
        assert!(at(Person::Guest) < text.find("<details>") && text.find("<details>") < at(Person::Reader));
    }
}
