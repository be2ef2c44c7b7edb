//! The items that a line states: a label, and a URL, a GUID or a name.

use std::ops::Range;

use pozi_auth::identifiers::{ClientId, GroupId, TenantId};

use super::{
    facts::{Fact, Value},
    labels::{self, Item},
    text::{guids, mentions_value, urls},
    words,
};

/// What a line is, as far as items are concerned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ItemLine {
    /// It states these facts.
    Stated(Vec<Fact>),
    /// It is the label of an item, whose value is in the next line.
    Label(Item),
    /// It is about something else.
    Other,
}

const NO_VALUE: &str = "there is no whole id or address after the label";
const SEVERAL: &str = "it is not clear which value is which item";

/// A URL, or a GUID outside of one.
enum Found<'t> {
    Url(&'t str),
    Guid(GroupId),
}

/// Reads the line `text`.
pub(crate) fn read(text: &str) -> ItemLine {
    let values = values(text);
    let Some((first, _)) = values.first() else { return without_value(text) };
    let unclear = |reason| ItemLine::Stated(vec![Fact::Unclear(text.to_owned(), reason)]);
    if labels::item(&text[..first.start]).is_none() {
        let hints: Option<Vec<_>> = values.iter().map(|(_, found)| hint(found, text)).collect();
        return hints.map_or(ItemLine::Other, ItemLine::Stated);
    }
    match labelled(text, &values) {
        Ok(facts) => ItemLine::Stated(facts),
        Err(reason) => unclear(reason),
    }
}

/// Returns the value of `item` if `text` is nothing else.
pub(crate) fn bare(text: &str, item: Item) -> Option<Result<Value, &'static str>> {
    let values = values(text);
    match (&values[..], item) {
        ([], Item::Name) => Some(name(text)),
        ([(at, found)], _) => {
            let around = format!("{} {}", &text[..at.start], &text[at.end..]);
            words::is_harmless(&around).then(|| value(item, found))
        }
        _ => None,
    }
}

fn without_value(text: &str) -> ItemLine {
    let (label, rest) = text.split_once([':', '=', '\t', '|']).unwrap_or((text, ""));
    let rest = rest.trim_matches(|found: char| found.is_whitespace() || found == '|');
    let Some(item) = labels::item(label) else { return ItemLine::Other };
    if rest.is_empty() {
        return ItemLine::Label(item);
    }
    let fact = match item {
        Item::Name => name(rest).map(Fact::Item),
        _ if labels::column(rest).is_some() && !mentions_value(rest) => return ItemLine::Other,
        _ => Err(NO_VALUE),
    };
    ItemLine::Stated(vec![fact.unwrap_or_else(|reason| Fact::Unclear(text.to_owned(), reason))])
}

/// Reads values with a label before each.
fn labelled(text: &str, values: &[(Range<usize>, Found<'_>)]) -> Result<Vec<Fact>, &'static str> {
    let mut facts: Vec<Fact> = Vec::new();
    let (mut end, mut item) = (0, None);
    for (at, found) in values {
        let label = &text[end..at.start];
        // Mail programs write the address of a link after its text.
        let is_link = words::words(label).is_empty() && end > 0;
        item = if is_link { item } else { labels::item(label) };
        let fact = Fact::Item(value(item.ok_or(SEVERAL)?, found)?);
        if is_link && facts.last() != Some(&fact) {
            return Err(SEVERAL);
        }
        if !is_link {
            facts.push(fact);
        }
        end = at.end;
    }
    if words::is_harmless(&text[end..]) {
        Ok(facts)
    } else {
        Err("there is more after the value than is understood")
    }
}

fn values(text: &str) -> Vec<(Range<usize>, Found<'_>)> {
    let urls = urls(text);
    let is_outside = |at: &Range<usize>| !urls.iter().any(|(url, _)| url.contains(&at.start));
    let mut values: Vec<_> = guids(text)
        .into_iter()
        .filter(|(at, _)| is_outside(at))
        .map(|(at, id)| (at, Found::Guid(id)))
        .collect();
    values.extend(urls.iter().map(|(at, url)| (at.clone(), Found::Url(url))));
    values.sort_by_key(|(at, _)| at.start);
    values
}

fn value(item: Item, found: &Found<'_>) -> Result<Value, &'static str> {
    match (item, found) {
        (Item::InternalUrl, Found::Url(url)) => url.parse().map(Value::InternalUrl),
        (Item::ExternalUrl, Found::Url(url)) => url.parse().map(Value::ExternalUrl),
        (Item::Origin, Found::Url(url)) => {
            origin(url).ok_or("the address of the Web App has no valid origin")
        }
        (Item::ClientId, Found::Guid(id)) => Ok(Value::ClientId(ClientId::new(id.uuid()))),
        (Item::TenantId, Found::Guid(id)) => Ok(Value::TenantId(TenantId::new(id.uuid()))),
        (Item::Name, _) => Err("a site's short name is a word, not an id or an address"),
        (_, Found::Url(_)) => Err("this item is a GUID, not an address"),
        (_, Found::Guid(_)) => Err("this item is an address, not a GUID"),
    }
}

fn name(text: &str) -> Result<Value, &'static str> {
    text.trim_matches(['"', '\'', '.', ' '])
        .to_lowercase()
        .parse()
        .map(Value::Name)
        .map_err(|_| "a site's short name has 1 to 63 characters from a-z, 0-9 and -")
}

/// Returns the origin of `url`: what is before its path.
fn origin(url: &str) -> Option<Value> {
    let host = url.find("://")? + "://".len();
    let end = url[host..].find(['/', '?', '#']).map_or(url.len(), |length| host + length);
    url[..end].parse().ok().map(Value::Origin)
}

/// Returns what an address of Microsoft's says of the id in it.
///
/// Sources: <https://learn.microsoft.com/entra/identity-platform/v2-protocols#endpoints> (the tenant is the first part of the
/// path), and the addresses of app registrations in the Entra admin center (`appId/…`).
fn hint(found: &Found<'_>, line: &str) -> Option<Fact> {
    let Found::Url(url) = found else { return None };
    let fact = |item, id: &str| Some(Fact::Hint(item, id.get(..36)?.parse().ok()?, line.to_owned()));
    let after = |mark: &str| url.split_once(mark).map(|(_, rest)| rest);
    let sign_in = [
        "https://login.microsoftonline.com/",
        "https://login.microsoftonline.us/",
        "https://login.partner.microsoftonline.cn/",
        "https://sts.windows.net/",
    ];
    if let Some(rest) = sign_in.iter().find_map(|start| url.strip_prefix(start)) {
        return fact(Item::TenantId, rest);
    }
    ["/appId/", "client_id=", "api://"].iter().find_map(|mark| fact(Item::ClientId, after(mark)?))
}
