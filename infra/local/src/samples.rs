//! The sample councils, and the app registrations of sites in the emulated Entra.

use pozi_auth::sites::{Catalogue, Site, SiteFile, Who};

use entra_emulator::Registration;

/// The site files of the sample councils.
pub fn site_files() -> Vec<SiteFile> {
    let file = |name: &str, text: &str| SiteFile { name: name.to_owned(), text: text.to_owned() };
    vec![
        file("riverbend.toml", include_str!("../sites/riverbend.toml")),
        file("saltmarsh.toml", include_str!("../sites/saltmarsh.toml")),
    ]
}

/// The registration of `site` in the emulated Entra. Its reader is in the first group that may read a catalogue, its
/// editor also in the first that may write one.
pub fn registration(site: &Site) -> Registration {
    let first = |who: fn(&Catalogue) -> &Who| {
        let groups = site.catalogues.iter().filter_map(|catalogue| match who(catalogue) {
            Who::Groups(groups) => groups.first().map(|group| group.uuid()),
            Who::Everyone(_) => None,
        });
        groups.take(1).collect::<Vec<_>>()
    };
    Registration {
        site: site.name.to_string(),
        tenant_id: site.tenant().uuid(),
        client_id: site.expected.client.uuid(),
        app_id_uri: site.external_url.application_id_uri().to_owned(),
        redirect_uris: redirect_uris(site),
        reader_groups: first(|catalogue| &catalogue.readers),
        editor_groups: first(|catalogue| &catalogue.writers),
    }
}

/// Each origin, and the page there that receives MSAL.js's responses.
fn redirect_uris(site: &Site) -> Vec<String> {
    site.origins.iter().flat_map(|origin| [format!("{origin}/"), format!("{origin}/redirect.html")]).collect()
}

#[cfg(test)]
mod tests {
    use pozi_auth::sites::register;

    use super::*;

    #[test]
    fn the_pages_of_each_origin_are_registered() {
        let sites = register(&site_files()).unwrap();
        for site in sites.values().flatten() {
            let registered = registration(site).redirect_uris;
            for uri in ["http://localhost/", "http://localhost/redirect.html"] {
                assert!(registered.iter().any(|one| one == uri), "{registered:?}");
            }
        }
    }
}
