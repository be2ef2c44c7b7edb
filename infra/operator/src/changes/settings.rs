//! What changes besides the rules: settings that decide who can get a session, what it opens, and titles.

use std::{collections::BTreeSet, time::Duration};

use pozi_auth::{
    entra::{Cloud, Expected},
    identifiers::GroupId,
    revision::Revision,
    sites::{Catalogue, CatalogueId, Download, Enforcement, GraphPermissions, PastRevocationLimit, Site},
};

use super::setting::{Direction, Setting, entries};

/// Returns the settings that differ.
pub(super) fn settings(before: &Site, after: &Site) -> Vec<Setting> {
    let mut found = changed(None, values(before), values(after));
    found.extend(origins(before, after));
    let further = |site: &Site| site.expected.further_clients.iter().map(ToString::to_string).collect();
    found.extend(entries(None, "further_client_ids", &further(before), &further(after)));
    found.extend(catalogues(&before.catalogues, &after.catalogues));
    found
}

/// A value that can be compared.
struct Value {
    key: &'static str,
    text: String,
    sense: Sense,
}

/// What a difference of a value means.
enum Sense {
    /// The greater, the wider.
    Amount(u64),
    /// The greater, the narrower.
    Bar(u64),
    /// Other people, tokens or maps, as the text says.
    Other(&'static str),
    /// Nothing for access.
    Label,
}

/// Takes a site apart, so that none can get a further setting without a decision here.
fn values(site: &Site) -> [Value; 14] {
    let Site {
        name,
        internal_url,
        external_url,
        expected,
        origins: _,
        session_life,
        revision: _, // counts the changes
        minimum_revision,
        enforcement,
        graph_permissions,
        revocation_limit,
        past_revocation_limit,
        catalogues: _,
    } = site;
    let Expected {
        cloud,
        tenant,
        application_id_uri: _, // follows from the external URL
        client,
        further_clients: _,
        max_token_age,
        groups_as_roles,
    } = expected;
    [
        other("name", name, "requests that name the site must use the new name"),
        other("internal_url", internal_url, "Application Proxy must lead there"),
        other("external_url", external_url, "sessions get another audience, which the gate must expect"),
        other("client_id", client, "another registration's tokens are accepted"),
        other("tenant_id", tenant, "other people, and other groups"),
        other("cloud", &cloud_key(*cloud), "other people, and other groups"),
        minutes("session_minutes", *session_life),
        minutes("max_token_age_minutes", *max_token_age),
        switch("groups_as_roles", *groups_as_roles),
        enforced(*enforcement),
        oldest(*minimum_revision),
        graph(*graph_permissions),
        minutes("revocation_limit_minutes", *revocation_limit),
        past_limit(*past_revocation_limit),
    ]
}

/// While a site is observed, it is open.
fn enforced(enforcement: Enforcement) -> Value {
    let end = match enforcement {
        Enforcement::Enforced => 0,
        Enforcement::ObservedUntil(day) => day.end().unix_seconds(),
    };
    Value { key: "enforcement", text: enforcement.to_string(), sense: Sense::Amount(end) }
}

fn oldest(minimum: Option<Revision>) -> Value {
    let text = minimum.map_or_else(|| "none".to_owned(), |minimum| minimum.to_string());
    Value { key: "minimum_revision", text, sense: Sense::Bar(minimum.map_or(0, |Revision(count)| count)) }
}

fn graph(permissions: GraphPermissions) -> Value {
    let text = match permissions {
        GraphPermissions::Delegated => "delegated",
        GraphPermissions::Application => "application",
    };
    let meaning = "Microsoft Graph is asked in another way about people in many groups";
    other("graph_permissions", &text, meaning)
}

fn past_limit(past: PastRevocationLimit) -> Value {
    let (text, width) = match past {
        PastRevocationLimit::Close => ("close", 0),
        PastRevocationLimit::Serve => ("serve", 1),
    };
    Value { key: "past_revocation_limit", text: text.to_owned(), sense: Sense::Amount(width) }
}

fn other(key: &'static str, text: &impl ToString, meaning: &'static str) -> Value {
    Value { key, text: text.to_string(), sense: Sense::Other(meaning) }
}

fn minutes(key: &'static str, life: Duration) -> Value {
    let minutes = life.as_secs() / 60;
    Value { key, text: minutes.to_string(), sense: Sense::Amount(minutes) }
}

fn switch(key: &'static str, is_on: bool) -> Value {
    Value { key, text: is_on.to_string(), sense: Sense::Amount(is_on.into()) }
}

/// Returns the cloud as a site file names it.
fn cloud_key(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "public",
        Cloud::UsGovernment => "us-government",
        Cloud::China => "china",
    }
}

fn changed<const N: usize>(
    catalogue: Option<&CatalogueId>,
    before: [Value; N],
    after: [Value; N],
) -> Vec<Setting> {
    let pairs = before.into_iter().zip(after).filter(|(before, after)| before.text != after.text);
    let setting = |(before, after): (Value, Value)| {
        let (direction, meaning) = match (before.sense, after.sense) {
            (Sense::Amount(before), Sense::Amount(after)) if after < before => (Direction::Narrower, ""),
            (Sense::Bar(before), Sense::Bar(after)) if after > before => (Direction::Narrower, ""),
            (Sense::Amount(_) | Sense::Bar(_), _) => (Direction::Wider, ""),
            (Sense::Other(meaning), _) => (Direction::Other, meaning),
            (Sense::Label, _) => (Direction::None, ""),
        };
        Setting {
            catalogue: catalogue.cloned(),
            key: after.key,
            before: Some(before.text),
            after: Some(after.text),
            direction,
            meaning,
        }
    };
    pairs.map(setting).collect()
}

/// An origin that the others cover, as `http://localhost` covers all of its ports, changes nothing.
fn origins(before: &Site, after: &Site) -> Vec<Setting> {
    let texts = |site: &Site| site.origins.iter().map(ToString::to_string).collect();
    let mut found = entries(None, "origins", &texts(before), &texts(after));
    for setting in &mut found {
        let is_covered = match (&setting.before, &setting.after) {
            (None, Some(added)) => before.is_served_from(added),
            (Some(removed), None) => after.is_served_from(removed),
            _ => false,
        };
        if is_covered {
            (setting.direction, setting.meaning) = (Direction::None, "another one covers it");
        }
    }
    found
}

/// Returns what changes in catalogues. That one is added or removed means nothing by itself: the rules say whom it is open to.
fn catalogues(before: &[Catalogue], after: &[Catalogue]) -> Vec<Setting> {
    let same_in = |list: &'_ [Catalogue], id: &CatalogueId| list.iter().position(|other| other.id == *id);
    let whole = |catalogue: &Catalogue, before: Option<&String>, after: Option<&String>| Setting {
        catalogue: Some(catalogue.id.clone()),
        key: "catalogue",
        before: before.cloned(),
        after: after.cloned(),
        direction: Direction::None,
        meaning: "",
    };
    let mut found = Vec::new();
    for catalogue in after {
        match same_in(before, &catalogue.id) {
            Some(earlier) => found.extend(of_catalogue(&before[earlier], catalogue)),
            None => found.push(whole(catalogue, None, Some(&catalogue.project))),
        }
    }
    let removed = before.iter().filter(|catalogue| same_in(after, &catalogue.id).is_none());
    found.extend(removed.map(|catalogue| whole(catalogue, Some(&catalogue.project), None)));
    found
}

fn of_catalogue(before: &Catalogue, after: &Catalogue) -> Vec<Setting> {
    let (id, earlier, [print_before, texts_before]) = parts(before);
    let (_, later, [print, texts]) = parts(after);
    let mut found = changed(Some(id), earlier, later);
    found.extend(entries(Some(id), "print", &print_before, &print));
    found.extend(entries(Some(id), "print_texts", &texts_before, &texts));
    found.extend(downloads(id, &before.download, &after.download));
    found
}

/// A download also needs reading, so that the groups of its rule say nothing alone.
fn downloads(id: &CatalogueId, before: &Download, after: &Download) -> Vec<Setting> {
    const KEY: &str = "download";
    let texts = |groups: &[GroupId]| groups.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    if let (Download::Groups(before), Download::Groups(after)) = (before, after) {
        return entries(Some(id), KEY, &texts(before), &texts(after));
    }
    let value = |rule: &Download| {
        let (text, width) = match rule {
            Download::Readers => ("everyone-who-may-read".to_owned(), 1),
            Download::Groups(groups) => (texts(groups).into_iter().collect::<Vec<_>>().join(", "), 0),
        };
        Value { key: KEY, text, sense: Sense::Amount(width) }
    };
    changed(Some(id), [value(before)], [value(after)])
}

/// Takes a catalogue apart, like [`values`]. [`downloads`] compares its rule for downloads.
fn parts(catalogue: &Catalogue) -> (&CatalogueId, [Value; 3], [BTreeSet<String>; 2]) {
    let Catalogue { id, title, project, readers: _, writers: _, download: _, print, print_texts, highlight } =
        catalogue;
    let values = [
        Value { key: "title", text: title.clone(), sense: Sense::Label },
        other("project", project, "the catalogue opens another map"),
        switch("highlight", *highlight),
    ];
    (id, values, [print, print_texts].map(|list| list.iter().cloned().collect()))
}
