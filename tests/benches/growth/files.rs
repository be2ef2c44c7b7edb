//! Any number of sites, each of a tenant of its own.

use std::fmt::Write as _;

use pozi_auth::sites::SiteFile;
use uuid::Uuid;

/// The name of the site `number`.
pub(crate) fn name(number: usize) -> String {
    format!("site-{number}")
}

/// The group that may read the catalogue `number` of a site.
pub(crate) fn readers(number: usize) -> Uuid {
    id(1, number)
}

/// The site `number`, whose catalogues each have a group of readers of their own.
pub(crate) fn site(number: usize, catalogues: usize) -> SiteFile {
    let mut text = format!(
        "name = \"{0}\"\ninternal_url = \"http://gis.{0}.internal/pozi/\"\nexternal_url = \"https://{0}.example/pozi/\"\nclient_id = \"{1}\"\ntenant_id = \"{2}\"\norigins = [\"https://{0}.enterprise.example\"]\n",
        name(number),
        id(3, number),
        tenant(number)
    );
    for catalogue in 0..catalogues {
        let group = readers(catalogue);
        // Short ids, so that a session of 200 catalogues is within the limit of 7 KiB.
        write!(
            text,
            "[[catalogue]]\nid = \"c{catalogue}\"\ntitle = \"Catalogue {catalogue}\"\nproject = \"C:/Pozi/{catalogue}.qgz\"\nread = [\"{group}\"]\n"
        )
        .expect("text can be written");
    }
    SiteFile { name: format!("{}.toml", name(number)), text }
}

fn tenant(number: usize) -> Uuid {
    id(2, number)
}

/// A version 4 UUID, which ends with `number`.
fn id(kind: u32, number: usize) -> Uuid {
    format!("{kind:08x}-0000-4000-8000-{number:012x}").parse().expect("a UUID")
}
