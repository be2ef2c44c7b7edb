//! Geometries with labels that QWC2 has drawn on a map. It sends most of these parameters empty.

use super::is;
use crate::request::{
    kind::{
        Highlight,
        Kind::{Highlight as Drawn, Ignored},
    },
    operation::Parameter,
};

/// Defines the parameters with a prefix: those of a layout's maps have one.
macro_rules! highlight {
    ($name:ident, $prefix:literal) => {
        pub(super) const $name: &[Parameter] = &[
            is(concat!($prefix, "HIGHLIGHT_GEOM"), Drawn(Highlight::Geometry)),
            is(concat!($prefix, "HIGHLIGHT_SYMBOL"), Drawn(Highlight::Symbol)),
            is(concat!($prefix, "HIGHLIGHT_LABELSTRING"), Drawn(Highlight::Text)),
            is(concat!($prefix, "HIGHLIGHT_LABELFONT"), Drawn(Highlight::Font)),
            is(concat!($prefix, "HIGHLIGHT_LABELSIZE"), Drawn(Highlight::Number)),
            is(concat!($prefix, "HIGHLIGHT_LABELWEIGHT"), Drawn(Highlight::Number)),
            is(concat!($prefix, "HIGHLIGHT_LABELCOLOR"), Drawn(Highlight::Colour)),
            is(concat!($prefix, "HIGHLIGHT_LABELBUFFERCOLOR"), Drawn(Highlight::Colour)),
            is(concat!($prefix, "HIGHLIGHT_LABELBUFFERSIZE"), Drawn(Highlight::Number)),
            is(concat!($prefix, "HIGHLIGHT_LABEL_ROTATION"), Drawn(Highlight::Number)),
            is(concat!($prefix, "HIGHLIGHT_LABEL_DISTANCE"), Drawn(Highlight::Number)),
            is(concat!($prefix, "HIGHLIGHT_LABELFRAMEBACKGROUNDCOLOR"), Ignored),
            is(concat!($prefix, "HIGHLIGHT_LABELFRAMEOUTLINECOLOR"), Ignored),
            is(concat!($prefix, "HIGHLIGHT_LABELFRAMEOUTLINEWIDTH"), Ignored),
            is(concat!($prefix, "HIGHLIGHT_LABELFRAMESIZE"), Ignored),
        ];
    };
}

highlight!(HIGHLIGHT, "");
highlight!(PRINT_HIGHLIGHT, "MAPn:");
