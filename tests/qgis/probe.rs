//! Probes: requests whose hostile parameters are written in many spellings.

use super::{
    attack::{Attack, Holder},
    fixture::encoded,
    spellings::Spelling,
};

/// Decoded names and values.
pub(crate) type Parameters = Vec<(String, String)>;

/// A request by its parameters: the usual ones, and the hostile ones that are written in different spellings.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    pub(crate) family: &'static str,
    pub(crate) what: String,
    /// Below the base path, including the `?` of a query.
    pub(crate) path: String,
    pub(crate) usual: Parameters,
    pub(crate) hostile: Parameters,
    /// For an oracle, the hostile parameters whose condition is false.
    pub(crate) other: Option<Parameters>,
    pub(crate) holder: Holder,
}

/// How many spellings of a probe are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Coverage {
    /// All of them.
    All,
    /// The plain one and this many others, which depend on the probe's position in its list.
    Sample(usize),
}

/// Parses the parameters of a query.
pub(crate) fn parameters(query: &str) -> Parameters {
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect()
}

impl Probe {
    /// Creates a reader's probe at alpha's address.
    pub(crate) fn new(
        family: &'static str,
        what: impl Into<String>,
        usual: &str,
        hostile: Parameters,
    ) -> Self {
        Self {
            family,
            what: what.into(),
            path: "/ows/alpha/?".into(),
            usual: parameters(usual),
            hostile,
            other: None,
            holder: Holder::Reader,
        }
    }

    /// Makes it an oracle, with the parameters whose condition is false.
    pub(crate) fn against(mut self, other: Parameters) -> Self {
        self.other = Some(other);
        self
    }

    /// Returns the attack in one spelling.
    fn spelled(&self, name: &str, spelling: &Spelling) -> Attack {
        let request = |hostile: &Parameters| spelling.request(&self.path, &self.usual, hostile);
        Attack {
            family: self.family,
            what: self.what.clone(),
            spelling: name.to_owned(),
            holder: self.holder,
            request: request(&self.hostile),
            other: self.other.as_ref().map(request),
        }
    }
}

/// Returns `probes` in as many spellings as `coverage` says, at each of alpha's three addresses in turn.
pub(crate) fn spelled(probes: &[Probe], alpha: &str, coverage: Coverage) -> Vec<Attack> {
    let addresses =
        ["/ows/alpha/?".to_owned(), "/ows/alpha?".into(), format!("/qgisserver?MAP={}&", encoded(alpha))];
    let all = Spelling::all();
    let mut attacks = Vec::new();
    for (at, probe) in probes.iter().enumerate() {
        let chosen: Vec<usize> = match coverage {
            Coverage::All => (0..all.len()).collect(),
            Coverage::Sample(more) => {
                let others = (0..more).map(|turn| 1 + (at * 7 + turn * 13) % (all.len() - 1));
                std::iter::once(0).chain(others).collect()
            }
        };
        for (turn, chosen) in chosen.into_iter().enumerate() {
            let (name, spelling) = &all[chosen];
            let mut probe = probe.clone();
            if probe.path == addresses[0] {
                probe.path.clone_from(&addresses[(at + turn) % 3]);
            }
            attacks.push(probe.spelled(name, spelling));
        }
    }
    attacks
}
