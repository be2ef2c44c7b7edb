//! What the lines of a mail, or the rows of a table, state.

use std::fmt;

use pozi_auth::{
    identifiers::{ClientId, GroupId, GuidError, TenantId},
    sites::{Access, ExternalUrl, InternalUrl, Origin, OriginError, SiteName},
};

use super::labels::Item;

/// A fact and the line that states it.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    /// The number of the line, and of the file if it is not the mail's.
    pub line: Place,
    /// What it states.
    pub fact: Fact,
}

/// Where something is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// In the groups' file, in this line.
    Groups(usize),
    /// In the mail, in this line.
    Mail(usize),
}

/// What a line states.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    /// The value of an item.
    Item(Value),
    /// A GUID that an address calls the tenant's or the client's, which confirms an item or casts doubt on it; and the line.
    Hint(Item, GroupId, String),
    /// There is a group with this name.
    Group(GroupId, String),
    /// There is a catalogue.
    Catalogue(Title),
    /// The QGIS project of the catalogue with this title.
    Project(Title, String),
    /// Someone may open a catalogue.
    Permit(Who, Title, Access),
    /// The line has a value and was not understood: what it says, and why.
    Unclear(String, &'static str),
}

/// Someone, and the access that is written beside them.
pub(crate) type Someone = (Who, Option<Access>);

/// A catalogue, and the access that is written beside it.
pub(crate) type Opened = (Title, Option<Access>);

/// Everyone of `who` may open every one of `catalogues`, in the way that is written beside either, or of `otherwise`.
pub(crate) fn permits(who: &[Someone], catalogues: &[Opened], otherwise: Access) -> Vec<Fact> {
    let pairs = who.iter().flat_map(|someone| catalogues.iter().map(move |opened| (someone, opened)));
    pairs
        .map(|((who, beside), (title, own))| {
            Fact::Permit(*who, title.clone(), own.or(*beside).unwrap_or(otherwise))
        })
        .collect()
}

impl Fact {
    /// Whether it is about `id`, or says that it was not understood.
    pub(crate) fn accounts_for(&self, id: GroupId) -> bool {
        match self {
            Self::Item(Value::ClientId(own)) => own.uuid() == id.uuid(),
            Self::Item(Value::TenantId(own)) => own.uuid() == id.uuid(),
            Self::Hint(_, own, _) | Self::Group(own, _) | Self::Permit(Who::Group(own), ..) => *own == id,
            Self::Unclear(..) => true,
            Self::Item(_) | Self::Catalogue(_) | Self::Project(..) | Self::Permit(Who::Everyone, ..) => false,
        }
    }
}

/// The value of an item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    InternalUrl(InternalUrl),
    ExternalUrl(ExternalUrl),
    ClientId(ClientId),
    TenantId(TenantId),
    Name(SiteName),
    Origin(Origin),
}

/// Who may open a catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// The members of a group.
    Group(GroupId),
    /// Everyone who signs in.
    Everyone,
}

/// A catalogue's title as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Title {
    /// The text.
    pub text: String,
    /// Whether it is certainly one title, and not two with "and" between them.
    pub is_one: bool,
}

impl Title {
    /// A title that stands where only one can stand.
    pub(crate) fn one(text: String) -> Self {
        Self { text, is_one: true }
    }

    /// A title from a list.
    pub(crate) fn listed(text: String) -> Self {
        let is_one = Self { text: text.clone(), is_one: false }.halves().is_none();
        Self { text, is_one }
    }

    /// Returns the two titles that it may be.
    pub(crate) fn halves(&self) -> Option<[&str; 2]> {
        if self.is_one {
            return None;
        }
        [" and ", " & ", " + "]
            .iter()
            .find_map(|joint| self.text.split_once(joint))
            .map(|(one, other)| [one, other])
    }
}

impl Value {
    /// Returns which item it is.
    pub(crate) fn item(&self) -> Item {
        match self {
            Self::InternalUrl(_) => Item::InternalUrl,
            Self::ExternalUrl(_) => Item::ExternalUrl,
            Self::ClientId(_) => Item::ClientId,
            Self::TenantId(_) => Item::TenantId,
            Self::Name(_) => Item::Name,
            Self::Origin(_) => Item::Origin,
        }
    }

    /// Reads the value of `item`. The error says what is required, as in "must be …".
    pub(crate) fn parse(item: Item, text: &str) -> Result<Self, String> {
        match item {
            Item::InternalUrl => text.parse().map(Self::InternalUrl).map_err(str::to_owned),
            Item::ExternalUrl => text.parse().map(Self::ExternalUrl).map_err(str::to_owned),
            Item::ClientId => text.parse().map(Self::ClientId).map_err(must_be_a_guid),
            Item::TenantId => text.parse().map(Self::TenantId).map_err(must_be_a_guid),
            Item::Name => text.parse().map(Self::Name).map_err(str::to_owned),
            Item::Origin => text.parse().map(Self::Origin).map_err(|error: OriginError| error.to_string()),
        }
    }

    /// Whether the two are one value: a slash at the end makes no difference.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::InternalUrl(one), Self::InternalUrl(other)) => {
                one.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
            }
            _ => self == other,
        }
    }
}

/// Words an error like those of the other items.
pub(crate) fn must_be_a_guid(_: GuidError) -> String {
    "must be a GUID of the form 00000000-0000-0000-0000-000000000000".to_owned()
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InternalUrl(url) => url.fmt(f),
            Self::ExternalUrl(url) => url.fmt(f),
            Self::ClientId(id) => id.fmt(f),
            Self::TenantId(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
            Self::Origin(origin) => origin.fmt(f),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mail(line) => write!(f, "line {line}"),
            Self::Groups(line) => write!(f, "groups' file, line {line}"),
        }
    }
}
