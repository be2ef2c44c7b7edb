//! The sessions of the tests, which the exchange mints for a site with the sample catalogues.

use entra_emulator::{Person, TokenSpec};
use pozi_auth::sites::SiteFile;
use pozi_local::samples;
use pozi_tests::World;

/// Riverbend with the catalogues alpha (readers read, editors write) and beta (only editors read), of these projects; and
/// the unchanged saltmarsh.
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

/// One session of each kind.
pub(crate) struct Sessions {
    /// Reads alpha.
    pub(crate) reader: String,
    /// Writes alpha.
    pub(crate) writer: String,
    /// Reads beta.
    pub(crate) of_beta: String,
    /// Expired.
    pub(crate) expired: String,
    /// Of another site.
    pub(crate) of_another_site: String,
    /// Not a session but an Entra token.
    pub(crate) entra: String,
}

impl Sessions {
    pub(crate) async fn mint(world: &World) -> Self {
        let ask = |site: &str, person| TokenSpec { site: site.into(), person, ..TokenSpec::default() };
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
