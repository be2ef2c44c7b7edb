//! Requests that the gate does not understand or allow.

use crate::reason::entry::{Entry, Mender::Pozi, entry};

/// Where all parameters are listed.
const COMPARE: &str = "Compare the request with `pozi-gate operations`; the answer names the parameter.";

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "too_large",
        Pozi,
        "The parameters or the body are larger than any usual request.",
        "Shorten the filter or the selection, or send several requests.",
    ),
    entry(
        "malformed_request",
        Pozi,
        "The query cannot be read: its encoding is wrong, or a name has no equals sign.",
        "Have the client write name=value, encoded as UTF-8.",
    ),
    entry(
        "control_character",
        Pozi,
        "A value holds a control character.",
        "Remove it; the answer names the parameter.",
    ),
    entry(
        "repeated_parameter",
        Pozi,
        "A parameter occurs more than once, and the gate and QGIS could each read another one.",
        "Send it once; the answer names it.",
    ),
    entry(
        "contradicting_parameters",
        Pozi,
        "Two parameters, or a parameter and the body, contradict each other.",
        "Leave one out, or make them agree; the answer names both.",
    ),
    entry("missing_parameter", Pozi, "A required parameter is missing.", "Add it; the answer names it."),
    entry("unknown_service", Pozi, "SERVICE is none of WMS, WFS, WMTS and WCS.", COMPARE),
    entry("unknown_operation", Pozi, "The gate does not allow this operation.", COMPARE),
    entry("unknown_parameter", Pozi, "The gate does not allow this parameter for this operation.", COMPARE),
    entry("invalid_parameter", Pozi, "A value is not of the kind that the gate allows.", COMPARE),
    entry(
        "parameters_do_not_combine",
        Pozi,
        "Parameters are given that cannot be used together.",
        "The answer says which; leave one out.",
    ),
    entry(
        "too_many_pixels",
        Pozi,
        "The picture would have more pixels than the gate allows.",
        "Ask for a smaller one, or raise max_pixels in gate.toml.",
    ),
    entry("invalid_xml", Pozi, "The XML body is refused.", "The answer says where and why."),
    entry("invalid_json", Pozi, "The JSON body is refused.", "The answer says why."),
    entry(
        "unknown_body",
        Pozi,
        "There is a body where none may be, or of another kind.",
        "Send a form or XML by POST, or GeoJSON to OGC API Features.",
    ),
    entry(
        "method_not_allowed",
        Pozi,
        "The path exists, but not for this method.",
        "Use a method of the header Allow.",
    ),
    entry(
        "body_incomplete",
        Pozi,
        "The body ended early, as when a connection breaks.",
        "Send the request again; if it happens often, look at the network.",
    ),
    entry(
        "request_unwritable",
        Pozi,
        "The request is too long for QGIS Server, or cannot be written for it.",
        "Shorten the filter or the selection.",
    ),
];
