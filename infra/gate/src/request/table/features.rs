//! OGC API Features. Names of parameters are case-sensitive.

use super::{is, read, write};
use crate::request::{
    kind::Kind::{Boolean, BoundingBox, Choice, Crs, Ignored, Integer, Properties, SortBy, Time},
    operation::{Gives, Operation, Parameter, Service::Features},
};

pub(super) const OPERATIONS: &[Operation] = &[PAGE_READ, ITEMS_READ, ITEM_READ, ITEM_WRITE];

pub(in crate::request) const PAGE_READ: Operation = read(
    Features,
    ("landing page, conformance, api, collections, collection", &[]),
    Gives::Nothing,
    &[ANY_API],
);
/// A collection's fields are also parameters of its items.
pub(in crate::request) const ITEMS_READ: Operation =
    read(Features, ("items", &[]), Gives::Features, &[ITEMS, ANY_API]);
pub(in crate::request) const ITEM_READ: Operation =
    read(Features, ("item", &[]), Gives::Features, &[ITEM, ANY_API]);
pub(in crate::request) const ITEM_WRITE: Operation =
    write(Features, "POST, PUT, DELETE of an item", &[ANY_API]);

const ITEMS: &[Parameter] = &[
    is("limit", Integer(0, 10_000)),
    is("offset", Integer(0, 1_000_000_000)),
    is("bbox", BoundingBox),
    is("bbox-crs", Crs),
    is("crs", Crs),
    is("datetime", Time),
    is("resultType", Choice(&[("results", "results"), ("hits", "hits")])),
    is("properties", Properties),
    is("sortby", SortBy),
    is("sortdesc", Boolean),
];

/// QGIS's HTML pages link to an item with the `limit` and `offset` of the list.
const ITEM: &[Parameter] =
    &[is("crs", Crs), is("properties", Properties), is("limit", Ignored), is("offset", Ignored)];

/// QGIS ignores these.
const ANY_API: &[Parameter] = &[
    is("f", Ignored),
    is("filter", Ignored),
    is("filter-lang", Ignored),
    is("q", Ignored),
    is("datetime_", Ignored),
    is("_", Ignored),
];
