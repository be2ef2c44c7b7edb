//! The sessions that the tests hold: minted by the exchange, of a site whose catalogues are the sample ones.

use entra_emulator::{Person, TokenAsk};
use pozi_auth::sites::SiteFile;
use pozi_local::samples;
use pozi_tests::World;

/// riverbend with the catalogues alpha (everybody of the tenant's readers reads, editors write) and beta (editors alone),
/// of these projects; saltmarsh as it is.
pub(crate) fn site_files(alpha: &str, beta: &str) -> Vec<SiteFile> {
    let mut files = samples::site_files();
    let head = files[0].text.split("[[catalogue]]").next().unwrap_or_default().to_owned();
    files[0].text = head
        + &format!(
            r#"
[[catalogue]]
id = "alpha"
title = "Alpha"
project = '{alpha}'
read = ["02f1ea5a-8a90-454c-9ecb-df4562c6afd7"]
write = ["1f0ac082-247d-44fa-bcb6-667230cbf808"]
print = ["A4"]
print_texts = ["label", "weblabel"]
highlight = true

[[catalogue]]
id = "beta"
title = "Beta"
project = '{beta}'
read = ["1f0ac082-247d-44fa-bcb6-667230cbf808"]
"#
        );
    files
}

/// One of each kind.
pub(crate) struct Sessions {
    /// For reading alpha.
    pub(crate) reader: String,
    /// For writing alpha.
    pub(crate) writer: String,
    /// For reading beta.
    pub(crate) of_beta: String,
    /// Past its end.
    pub(crate) expired: String,
    /// Of another site.
    pub(crate) of_another_site: String,
    /// No session: the token of Entra's.
    pub(crate) entra: String,
}

impl Sessions {
    pub(crate) async fn mint(world: &World) -> Self {
        let ask = |site: &str, person| TokenAsk { site: site.into(), person, ..TokenAsk::default() };
        let session = async |site: &str, person, scope: &[(&str, &str)]| {
            let answer = world.exchange(&world.token(&ask(site, person)), scope).await;
            assert!(!answer.session().is_empty(), "{:?}", answer.json);
            answer.session().to_owned()
        };
        let expired = session("riverbend", Person::Reader, &[]).await;
        world.clock.advance(700);
        Self {
            reader: session("riverbend", Person::Reader, &[]).await,
            writer: session("riverbend", Person::Editor, &[("scope", "alpha:read alpha:write")]).await,
            of_beta: session("riverbend", Person::Editor, &[("scope", "beta:read")]).await,
            expired,
            of_another_site: session("saltmarsh", Person::Reader, &[]).await,
            entra: world.token(&ask("riverbend", Person::Reader)),
        }
    }
}
