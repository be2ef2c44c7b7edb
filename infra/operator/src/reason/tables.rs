//! All entries, by origin.

use super::{
    application_proxy, authorizer, entra,
    entry::{Entry, Origin},
    exchange, gate, session, site_document, verdict, web,
};

/// The origins in the order in which they are listed, each with its entries.
const TABLES: [(Origin, &[&[Entry]]); 9] = [
    (Origin::Exchange, exchange::ENTRIES),
    (Origin::Verdict, &[verdict::ENTRIES]),
    (Origin::SiteDocument, &[site_document::ENTRIES]),
    (Origin::Gate, gate::ENTRIES),
    (Origin::Authorizer, &[authorizer::ENTRIES]),
    (Origin::Session, &[session::ENTRIES]),
    (Origin::Web, &[web::ENTRIES]),
    (Origin::Entra, entra::ENTRIES),
    (Origin::ApplicationProxy, &[application_proxy::ENTRIES]),
];

/// Returns all entries with their origin.
pub(super) fn all() -> impl Iterator<Item = (Origin, &'static Entry)> {
    TABLES
        .into_iter()
        .flat_map(|(origin, parts)| parts.iter().copied().flatten().map(move |entry| (origin, entry)))
}
