//! Tests of changes: against brute force, by every mutation of rules, by every setting, and what people see.

mod brute_force;
mod golden;
mod mutations;
mod rules;
mod settings;

use pozi_auth::sites::Site;

use super::people::{Difference, Part, People};

/// A site file: planners read `planning`, editors write it; planners and rangers read `parks`; rangers read `roads`.
const DOCUMENT: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee" # Pozi Server
tenant_id = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00"
origins = ["https://riverbend.enterprise.example", "https://old.riverbend.example"]

[[catalogue]]
id = "planning"
title = "Planning and zoning"
project = "C:/Pozi/planning.qgz"
read = ["02f1ea5a-8a90-454c-9ecb-df4562c6afd7"] # Planners
write = ["1f0ac082-247d-44fa-bcb6-667230cbf808"] # Editors

[[catalogue]]
id = "parks"
title = "Parks"
project = "C:/Pozi/parks.qgz"
read = [
    "02f1ea5a-8a90-454c-9ecb-df4562c6afd7", # Planners
    "e098abcd-8f18-43ca-b18e-0ef34b3eae31", # Rangers
]

[[catalogue]]
id = "roads"
title = "Roads and drains"
project = "C:/Pozi/roads.qgz"
read = ["e098abcd-8f18-43ca-b18e-0ef34b3eae31"] # Rangers
"#;

/// Returns [`DOCUMENT`] with `from` replaced by `to`, once, for each of `edits`.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(DOCUMENT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nothing was edited: {from}");
        text.replacen(from, to, 1)
    })
}

fn site(document: &str) -> Site {
    Site::parse(document).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// What is said of everyone must not be repeated for groups, and what is said of a group not for the same group.
fn assert_says_nothing_twice(differences: &[Difference]) {
    let mut known = Vec::new();
    for Difference { people, permissions } in differences {
        assert!(!permissions.is_empty());
        for Part { permission, .. } in permissions {
            let subjects = match people {
                People::Everyone { .. } | People::Overage => vec![None],
                People::OnlyIn { groups } | People::OnlyInByRole { groups } => {
                    assert!(!known.contains(&(permission, None)), "everyone has {permission} already");
                    groups.iter().map(|group| Some(group.id)).collect()
                }
            };
            for subject in subjects {
                assert!(!known.contains(&(permission, subject)), "{permission} is said twice");
                known.push((permission, subject));
            }
        }
    }
}
