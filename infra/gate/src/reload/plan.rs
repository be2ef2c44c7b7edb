//! What a new configuration changes, and which changes need a restart.

use crate::config::GateConfig;

/// The changes in a new configuration, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Changes that apply now.
    pub(super) applied: Vec<&'static str>,
    /// Changes that need a restart: listening addresses, and what is stored on disk or in memory for one issuer.
    pub(super) needs_restart: Vec<&'static str>,
    /// Whether keys or revocations are fetched from another address, or with other certificate authorities.
    pub(super) replaces_documents: bool,
}

impl Plan {
    /// Compares `new` with `old`, which is in force.
    pub(super) fn new(old: &GateConfig, new: &GateConfig) -> Self {
        let names = |changes: &[(&'static str, bool)]| {
            changes.iter().filter(|(_, is_new)| *is_new).map(|(key, _)| *key).collect()
        };
        let (was, is) = (&old.settings, &new.settings);
        // The addresses belong to the issuer: until a restart the old issuer's documents are fetched.
        let same_issuer = old.issuer == new.issuer;
        let other_keys = same_issuer && old.jwks_url != new.jwks_url;
        let other_revocations = same_issuer && old.revocations_url != new.revocations_url;
        let other_authorities = old.authorities != new.authorities;
        Self {
            applied: names(&[
                ("site", was.site != is.site),
                ("base", was.base != is.base),
                ("project_paths", was.project_paths != is.project_paths),
                ("limits", was.limits != is.limits),
                ("upstream", old.upstreams != new.upstreams),
                ("jwks_url", other_keys),
                ("revocations_url", other_revocations),
                ("ca_file", other_authorities),
            ]),
            needs_restart: names(&[
                ("issuer", !same_issuer),
                ("listen", !old.is_listen_given && old.listen != new.listen),
                ("status_listen", old.status_listen != new.status_listen),
                ("state_dir", old.state_dir != new.state_dir),
                ("log", old.log != new.log),
            ]),
            replaces_documents: other_keys || other_revocations || other_authorities,
        }
    }

    /// Returns `new` with the values of `old` for everything that needs a restart.
    pub(super) fn in_force(old: &GateConfig, new: GateConfig) -> GateConfig {
        let addresses = if old.issuer == new.issuer { &new } else { old };
        let (jwks_url, revocations_url) = (addresses.jwks_url.clone(), addresses.revocations_url.clone());
        GateConfig {
            issuer: old.issuer.clone(),
            jwks_url,
            revocations_url,
            listen: old.listen,
            is_listen_given: old.is_listen_given,
            status_listen: old.status_listen,
            state_dir: old.state_dir.clone(),
            log: old.log.clone(),
            ..new
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::testing::{Files, config};

    #[test]
    fn finds_nothing_to_do_without_changes() {
        let (old, new) = (config(""), config(""));
        assert_eq!(Plan::new(&old, &new), Plan::default());
        assert_eq!(Plan::in_force(&old, new), old);
    }

    type Change = fn(&mut GateConfig);

    #[test]
    fn names_each_change_and_those_that_need_a_restart() {
        let changes: [(Change, &[&str], &[&str], bool); 11] = [
            (|new| new.settings.site.catalogues[0].highlight = true, &["site"], &[], false),
            (|new| new.settings.base = "/other".into(), &["base"], &[], false),
            (|new| new.settings.limits.upstream = Duration::from_secs(1), &["limits"], &[], false),
            (|new| new.jwks_url = "https://keys.example/a".parse().unwrap(), &["jwks_url"], &[], true),
            (
                |new| new.revocations_url = "https://keys.example/b".parse().unwrap(),
                &["revocations_url"],
                &[],
                true,
            ),
            (|new| new.listen.set_port(1), &[], &["listen"], false),
            (|new| new.status_listen.set_port(1), &[], &["status_listen"], false),
            (|new| new.state_dir = "other".into(), &[], &["state_dir"], false),
            (|new| new.log.days = 99, &[], &["log"], false),
            (|new| new.issuer = "https://other.example".parse().unwrap(), &[], &["issuer"], false),
            (
                |new| {
                    new.issuer = "https://other.example".parse().unwrap();
                    new.jwks_url = new.issuer.key_set_url().parse().unwrap();
                    new.revocations_url = new.issuer.revocations_url().parse().unwrap();
                },
                &[],
                &["issuer"],
                false,
            ),
        ];
        let old = config("");
        for (index, (change, applied, needs_restart, replaces_documents)) in changes.into_iter().enumerate() {
            let mut new = old.clone();
            change(&mut new);
            let plan = Plan::new(&old, &new);
            assert_eq!(plan.applied, applied, "{index}");
            assert_eq!(plan.needs_restart, needs_restart, "{index}");
            assert_eq!(plan.replaces_documents, replaces_documents, "{index}");
            let in_force = Plan::in_force(&old, new.clone());
            let expected = if needs_restart.is_empty() { new } else { old.clone() };
            assert_eq!(in_force, expected, "{index}");
        }
    }

    #[test]
    fn keeps_an_address_from_the_command_line() {
        let old = config("").listening_at("127.0.0.1:5".parse().ok());
        let new = config("listen = \"127.0.0.1:6\"\n");
        assert_eq!(Plan::new(&old, &new), Plan::default());
        assert_eq!(Plan::in_force(&old, new), old);
    }

    #[test]
    fn applies_another_qgis_server_at_once() {
        let files = Files::new();
        let old = files.load("").unwrap();
        files.write_gate("[upstream]\nhttp = \"http://127.0.0.1:8090/qgis\"\n");
        assert_eq!(Plan::new(&old, &files.read().unwrap()).applied, ["upstream"]);
    }
}
