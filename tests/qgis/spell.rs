//! The spellings of one request: the same parameters, written in every way that some reader takes for them.

use super::{
    attack::{Attack, Holder},
    spellings::Spelling,
    words::encoded,
};

/// Names with their values, decoded.
pub(crate) type Parameters = Vec<(String, String)>;

/// A request by its parameters: the honest ones, and the sharp ones that are spelled.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) family: &'static str,
    pub(crate) what: String,
    /// Below the base, a query's `?` included.
    pub(crate) path: String,
    pub(crate) honest: Parameters,
    pub(crate) sharp: Parameters,
    /// The sharp ones whose condition does not hold, of an oracle.
    pub(crate) other: Option<Parameters>,
    pub(crate) holder: Holder,
}

/// How many spellings of an ask are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Much {
    /// Every one.
    All,
    /// The plain one, and this many others: which ones goes by the ask's place in its list.
    Some(usize),
}

/// Parameters out of a query that encodes nothing but what it must.
pub(crate) fn parameters(query: &str) -> Parameters {
    form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect()
}

impl Ask {
    /// A reader's, at alpha's own address.
    pub(crate) fn new(
        family: &'static str,
        what: impl Into<String>,
        honest: &str,
        sharp: Parameters,
    ) -> Self {
        Self {
            family,
            what: what.into(),
            path: "/ows/alpha/?".into(),
            honest: parameters(honest),
            sharp,
            other: None,
            holder: Holder::Reader,
        }
    }

    /// An oracle: with the parameters whose condition does not hold.
    pub(crate) fn against(mut self, other: Parameters) -> Self {
        self.other = Some(other);
        self
    }

    /// The attack in one spelling.
    fn spelled(&self, name: &str, spelling: &Spelling) -> Attack {
        let request = |sharp: &Parameters| spelling.request(&self.path, &self.honest, sharp);
        Attack {
            family: self.family,
            what: self.what.clone(),
            spelling: name.to_owned(),
            holder: self.holder,
            request: request(&self.sharp),
            other: self.other.as_ref().map(request),
        }
    }
}

/// The attacks of `asks`, each in as many spellings; the three addresses of alpha take turns.
pub(crate) fn spelled(asks: &[Ask], alpha: &str, much: Much) -> Vec<Attack> {
    let addresses =
        ["/ows/alpha/?".to_owned(), "/ows/alpha?".into(), format!("/qgisserver?MAP={}&", encoded(alpha))];
    let all = Spelling::all();
    let mut attacks = Vec::new();
    for (at, ask) in asks.iter().enumerate() {
        let chosen: Vec<usize> = match much {
            Much::All => (0..all.len()).collect(),
            Much::Some(more) => {
                let others = (0..more).map(|turn| 1 + (at * 7 + turn * 13) % (all.len() - 1));
                std::iter::once(0).chain(others).collect()
            }
        };
        for (turn, chosen) in chosen.into_iter().enumerate() {
            let (name, spelling) = &all[chosen];
            let mut ask = ask.clone();
            if ask.path == addresses[0] {
                ask.path.clone_from(&addresses[(at + turn) % 3]);
            }
            attacks.push(ask.spelled(name, spelling));
        }
    }
    attacks
}
