//! The arguments of `pozi explain`.

use std::{collections::BTreeSet, path::PathBuf, str::FromStr};

use clap::ArgGroup;
use pozi_auth::{
    identifiers::{GroupId, ObjectId},
    sites::SiteName,
};

/// The arguments of `pozi explain`.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("who").required(true).args(["groups", "token", "person"])))]
pub struct ExplainArgs {
    /// The stored site
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub site: Option<SiteName>,
    /// A site file instead of a stored site
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// A person in these groups (object ids, separated by commas), or `none`; `overage`: in more groups than a token can list;
    /// `roles`: whose token lists groups only as roles
    #[arg(long, value_name = "ID,…")]
    pub groups: Option<ClaimedGroups>,
    /// The person of this Entra access token: a file with it, or - for standard input. It is verified as the service would,
    /// and neither stored nor printed
    #[arg(long, value_name = "FILE")]
    pub token: Option<PathBuf>,
    /// The person with this object id, whose groups Microsoft Graph is asked about: only those that the site names
    #[arg(long, value_name = "OBJECT-ID", requires = "graph")]
    pub person: Option<ObjectId>,
    /// Ask Microsoft Graph, with the token in the environment variable `POZI_GRAPH_TOKEN`. An administrator of the tenant gets
    /// one with: az login --tenant TENANT-ID, then
    /// az account get-access-token --resource-type ms-graph --query accessToken --output tsv
    #[arg(long, requires = "person")]
    pub graph: bool,
}

/// The groups that the command line says a token lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimedGroups {
    /// These.
    Listed(BTreeSet<GroupId>),
    /// None, since there are too many.
    Overage,
    /// Groups in `roles` only.
    InRoles,
}

impl FromStr for ClaimedGroups {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "none" | "" => Ok(Self::Listed(BTreeSet::new())),
            "overage" => Ok(Self::Overage),
            "roles" => Ok(Self::InRoles),
            ids => ids.split(',').map(group).collect::<Result<_, _>>().map(Self::Listed),
        }
    }
}

fn group(text: &str) -> Result<GroupId, String> {
    text.trim().parse().map_err(|error| {
        format!("`{}` is {error}; give a group's object id, `none`, `overage` or `roles`", text.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";
    const TWO: &str = "E098ABCD-8f18-43ca-b18e-0ef34b3eae31";

    #[test]
    fn reads_ids_and_the_three_words() {
        let listed =
            |ids: &[&str]| Ok(ClaimedGroups::Listed(ids.iter().map(|id| id.parse().unwrap()).collect()));
        for (text, expected) in [
            ("none", listed(&[])),
            ("", listed(&[])),
            ("overage", Ok(ClaimedGroups::Overage)),
            ("roles", Ok(ClaimedGroups::InRoles)),
            (ONE, listed(&[ONE])),
            (&format!(" {ONE} , {TWO}"), listed(&[ONE, TWO])),
        ] {
            assert_eq!(text.parse::<ClaimedGroups>(), expected, "{text}");
        }
        for text in ["planners", &format!("{ONE},"), &format!("{ONE} {TWO}"), "Overage"] {
            assert!(text.parse::<ClaimedGroups>().unwrap_err().contains("object id"), "{text}");
        }
    }
}
