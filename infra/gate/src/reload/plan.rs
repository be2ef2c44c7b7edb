//! What a new configuration changes, and what of it only a restart takes.

use crate::config::GateConfig;

/// What is to be done with a new configuration, by the names of its keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What is taken now.
    pub(super) taken: Vec<&'static str>,
    /// What a restart takes: addresses that are listened at, and what is kept on disk or in memory of one issuer.
    pub(super) needs_restart: Vec<&'static str>,
    /// Whether the issuer is asked at another address, or believed by other authorities.
    pub(super) asks_issuer_anew: bool,
}

impl Plan {
    /// From `old`, which holds, to `new`.
    pub(super) fn of(old: &GateConfig, new: &GateConfig) -> Self {
        let names = |changes: &[(&'static str, bool)]| {
            changes.iter().filter(|(_, is_new)| *is_new).map(|(key, _)| *key).collect()
        };
        let (was, is) = (&old.settings, &new.settings);
        // An issuer's keys are at the issuer: while the old one holds, its keys are asked for.
        let (same_issuer, other_keys) = (old.issuer == new.issuer, old.jwks_url != new.jwks_url);
        Self {
            taken: names(&[
                ("site", was.site != is.site),
                ("base", was.base != is.base),
                ("project_paths", was.project_paths != is.project_paths),
                ("limits", was.limits != is.limits),
                ("upstream", old.upstreams != new.upstreams),
                ("jwks_url", same_issuer && other_keys),
                ("ca_file", old.authorities != new.authorities),
            ]),
            needs_restart: names(&[
                ("issuer", !same_issuer),
                ("listen", !old.is_listen_given && old.listen != new.listen),
                ("status_listen", old.status_listen != new.status_listen),
                ("state_dir", old.state_dir != new.state_dir),
                ("log", old.log != new.log),
            ]),
            asks_issuer_anew: (same_issuer && other_keys) || old.authorities != new.authorities,
        }
    }

    /// `new`, with what only a restart takes still as in `old`.
    pub(super) fn in_force(old: &GateConfig, new: GateConfig) -> GateConfig {
        let same_issuer = old.issuer == new.issuer;
        GateConfig {
            issuer: old.issuer.clone(),
            jwks_url: if same_issuer { new.jwks_url } else { old.jwks_url.clone() },
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
    fn what_did_not_change_is_neither_taken_nor_restarted() {
        let (old, new) = (config(""), config(""));
        assert_eq!(Plan::of(&old, &new), Plan::default());
        assert_eq!(Plan::in_force(&old, new), old);
    }

    type Change = fn(&mut GateConfig);

    #[test]
    fn each_change_is_named_and_addresses_wait_for_a_restart() {
        let changes: [(Change, &[&str], &[&str], bool); 10] = [
            (|new| new.settings.site.catalogues[0].highlight = true, &["site"], &[], false),
            (|new| new.settings.base = "/other".into(), &["base"], &[], false),
            (|new| new.settings.limits.upstream = Duration::from_secs(1), &["limits"], &[], false),
            (|new| new.jwks_url = "https://keys.example/a".parse().unwrap(), &["jwks_url"], &[], true),
            (|new| new.listen.set_port(1), &[], &["listen"], false),
            (|new| new.status_listen.set_port(1), &[], &["status_listen"], false),
            (|new| new.state_dir = "other".into(), &[], &["state_dir"], false),
            (|new| new.log.days = 99, &[], &["log"], false),
            (|new| new.issuer = "https://other.example".parse().unwrap(), &[], &["issuer"], false),
            (
                |new| {
                    new.issuer = "https://other.example".parse().unwrap();
                    new.jwks_url = "https://other.example/.well-known/jwks.json".parse().unwrap();
                },
                &[],
                &["issuer"],
                false,
            ),
        ];
        let old = config("");
        for (index, (change, taken, needs_restart, asks_issuer_anew)) in changes.into_iter().enumerate() {
            let mut new = old.clone();
            change(&mut new);
            let plan = Plan::of(&old, &new);
            assert_eq!(plan.taken, taken, "{index}");
            assert_eq!(plan.needs_restart, needs_restart, "{index}");
            assert_eq!(plan.asks_issuer_anew, asks_issuer_anew, "{index}");
            let in_force = Plan::in_force(&old, new.clone());
            let expected = if needs_restart.is_empty() { new } else { old.clone() };
            assert_eq!(in_force, expected, "{index}");
        }
    }

    #[test]
    fn an_address_of_the_command_line_is_never_asked_of_the_file() {
        let old = config("").listening_at("127.0.0.1:5".parse().ok());
        let new = config("listen = \"127.0.0.1:6\"\n");
        assert_eq!(Plan::of(&old, &new), Plan::default());
        assert_eq!(Plan::in_force(&old, new), old);
    }

    #[test]
    fn another_qgis_server_is_taken_at_once() {
        let files = Files::new();
        let old = files.load("").unwrap();
        files.write_gate("[upstream]\nhttp = \"http://127.0.0.1:8090/qgis\"\n");
        assert_eq!(Plan::of(&old, &files.read().unwrap()).taken, ["upstream"]);
    }
}
