//! What a token says about itself, unverified, beside what a site expects. No fact is a name, an address or the token.

use pozi_auth::{
    entra::{Expected, TokenVersion},
    identifiers::{ClientId, GroupId},
    json::Members,
    jws::CompactJws,
    timestamp::Timestamp,
};
use serde::Serialize;

/// The longest word of a claim that is shown: a longer one may be a token in the wrong place.
const MAX_WORD: usize = 120;

/// What a token says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    /// Its claims.
    pub claims: Vec<Fact>,
    /// The number of groups that it lists.
    pub groups: usize,
    /// Whether it says that the person is a guest in the tenant.
    pub is_guest: bool,
}

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Fact {
    /// The claim's name.
    pub claim: &'static str,
    /// What the token has.
    pub found: String,
    /// What the site expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Whether the two differ.
    pub differs: bool,
}

impl Facts {
    /// Reads `token`. `None` if it is not a token.
    pub(super) fn read(token: &str, expected: &Expected, now: Timestamp) -> Option<Self> {
        let jws = CompactJws::parse(token).ok()?;
        let payload = jws.payload().ok()?;
        let reader = Reader { payload: &payload, expected, now };
        let groups = payload.optional_strings("groups").ok().flatten().map_or(0, |groups| groups.len());
        let is_guest = payload.number("acct") == Ok(1);
        Some(Self { claims: reader.claims(groups), groups, is_guest })
    }
}

struct Reader<'a> {
    payload: &'a Members<'a>,
    expected: &'a Expected,
    now: Timestamp,
}

impl Reader<'_> {
    fn claims(&self, groups: usize) -> Vec<Fact> {
        let mut claims =
            vec![self.version(), self.tenant(), self.issuer(), self.audience(), self.client(), self.scope()];
        claims.extend([self.issued(), self.expires()]);
        claims.push(Fact { claim: "groups", found: self.groups(groups), expected: None, differs: false });
        if self.payload.number("acct") == Ok(1) {
            claims.push(Fact {
                claim: "acct",
                found: "1, a guest".to_owned(),
                expected: None,
                differs: false,
            });
        }
        claims
    }

    fn version(&self) -> Fact {
        let is_known = matches!(self.text("ver"), Some("1.0" | "2.0"));
        self.compared("ver", "1.0 or 2.0".to_owned(), is_known)
    }

    fn tenant(&self) -> Fact {
        let own = self.expected.tenant;
        self.compared("tid", own.to_string(), self.text("tid").is_some_and(|tid| tid.parse() == Ok(own)))
    }

    fn issuer(&self) -> Fact {
        let version = if self.text("ver") == Some("2.0") { TokenVersion::V2 } else { TokenVersion::V1 };
        let issuer = self.expected.cloud.issuer(version, self.expected.tenant);
        let is_own = self.text("iss") == Some(issuer.as_str());
        self.compared("iss", issuer, is_own)
    }

    fn audience(&self) -> Fact {
        let expected = format!("{} or {}", self.expected.application_id_uri, self.expected.client);
        let is_own = self.text("aud").is_some_and(|audience| self.expected.accepts_audience(audience));
        self.compared("aud", expected, is_own)
    }

    fn client(&self) -> Fact {
        let claim = if self.text("ver") == Some("2.0") { "azp" } else { "appid" };
        let clients: Vec<_> =
            [self.expected.client].into_iter().chain(self.expected.further_clients.iter().copied()).collect();
        let is_own = |found: &str| found.parse::<ClientId>().is_ok_and(|found| clients.contains(&found));
        let listed = clients.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
        self.compared(claim, listed, self.text(claim).is_some_and(is_own))
    }

    fn scope(&self) -> Fact {
        let has = self
            .text("scp")
            .is_some_and(|scopes| scopes.split(' ').any(|scope| scope == "user_impersonation"));
        self.compared("scp", "user_impersonation".to_owned(), has)
    }

    fn issued(&self) -> Fact {
        let limit = self.expected.max_token_age;
        let expected = format!("at most {} minutes ago", limit.as_secs() / 60);
        let fits = |issued: Timestamp| self.now.since(issued) <= limit;
        self.time("iat", expected, fits)
    }

    fn expires(&self) -> Fact {
        self.time("exp", "in the future".to_owned(), |expires| self.now < expires)
    }

    fn time(&self, claim: &'static str, expected: String, fits: impl Fn(Timestamp) -> bool) -> Fact {
        let time = self.payload.number(claim).ok().map(Timestamp::from_unix_seconds);
        let found = time.map_or_else(|| "missing".to_owned(), |time| relative(time, self.now));
        Fact { claim, found, expected: Some(expected), differs: !time.is_some_and(fits) }
    }

    fn groups(&self, listed: usize) -> String {
        let elsewhere = self.payload.optional_object("_claim_names").ok().flatten();
        let is_overage = self.payload.has("hasgroups") || elsewhere.is_some_and(|names| names.has("groups"));
        let in_roles = self.payload.optional_strings("roles").ok().flatten().unwrap_or_default();
        let ids_in_roles = in_roles.iter().filter(|role| role.parse::<GroupId>().is_ok()).count();
        match (self.payload.has("groups"), listed, ids_in_roles) {
            (_, 0, _) if is_overage => "too many to list (overage)".to_owned(),
            (false, _, 0) => "no such claim".to_owned(),
            (false, ..) => format!("no such claim, but {ids_in_roles} ids in roles"),
            (true, ..) => listed.to_string(),
        }
    }

    fn compared(&self, claim: &'static str, expected: String, fits: bool) -> Fact {
        let found = match (self.text(claim), self.payload.has(claim)) {
            (Some(text), _) => shown(text),
            (None, true) => "not a text".to_owned(),
            (None, false) => "missing".to_owned(),
        };
        Fact { claim, found, expected: Some(expected), differs: !fits }
    }

    fn text(&self, name: &'static str) -> Option<&str> {
        self.payload.optional_string(name).ok().flatten()
    }
}

/// Returns `text` without what moves a terminal's cursor, or only its length.
fn shown(text: &str) -> String {
    if text.split(' ').any(|word| word.len() > MAX_WORD) || text.len() > 3 * MAX_WORD {
        return format!("a text of {} characters", text.chars().count());
    }
    let printable = printable(text);
    if printable.is_empty() { "empty".to_owned() } else { printable }
}

/// Returns `text` with `?` in place of control characters.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, "?")
}

fn relative(time: Timestamp, now: Timestamp) -> String {
    let words = |seconds: u64| match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    };
    if time > now {
        format!("in {}", words(time.since(now).as_secs()))
    } else {
        format!("{} ago", words(now.since(time).as_secs()))
    }
}
