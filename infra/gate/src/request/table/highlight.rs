//! Geometries with labels that QWC2 has drawn on a map. It sends most of these parameters empty.

use super::is;
use crate::request::{
    kind::{
        Highlight,
        Kind::{Highlight as Drawn, Ignored},
    },
    operation::Parameter,
};

pub(super) const HIGHLIGHT: &[Parameter] = &[
    is("HIGHLIGHT_GEOM", Drawn(Highlight::Geometry)),
    is("HIGHLIGHT_SYMBOL", Drawn(Highlight::Symbol)),
    is("HIGHLIGHT_LABELSTRING", Drawn(Highlight::Text)),
    is("HIGHLIGHT_LABELFONT", Drawn(Highlight::Font)),
    is("HIGHLIGHT_LABELSIZE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELWEIGHT", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELCOLOR", Drawn(Highlight::Colour)),
    is("HIGHLIGHT_LABELBUFFERCOLOR", Drawn(Highlight::Colour)),
    is("HIGHLIGHT_LABELBUFFERSIZE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABEL_ROTATION", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABEL_DISTANCE", Drawn(Highlight::Number)),
    is("HIGHLIGHT_LABELFRAMEBACKGROUNDCOLOR", Ignored),
    is("HIGHLIGHT_LABELFRAMEOUTLINECOLOR", Ignored),
    is("HIGHLIGHT_LABELFRAMEOUTLINEWIDTH", Ignored),
    is("HIGHLIGHT_LABELFRAMESIZE", Ignored),
];

pub(super) const PRINT_HIGHLIGHT: &[Parameter] = &[
    is("MAPn:HIGHLIGHT_GEOM", Drawn(Highlight::Geometry)),
    is("MAPn:HIGHLIGHT_SYMBOL", Drawn(Highlight::Symbol)),
    is("MAPn:HIGHLIGHT_LABELSTRING", Drawn(Highlight::Text)),
    is("MAPn:HIGHLIGHT_LABELFONT", Drawn(Highlight::Font)),
    is("MAPn:HIGHLIGHT_LABELSIZE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELWEIGHT", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELCOLOR", Drawn(Highlight::Colour)),
    is("MAPn:HIGHLIGHT_LABELBUFFERCOLOR", Drawn(Highlight::Colour)),
    is("MAPn:HIGHLIGHT_LABELBUFFERSIZE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABEL_ROTATION", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABEL_DISTANCE", Drawn(Highlight::Number)),
    is("MAPn:HIGHLIGHT_LABELFRAMEBACKGROUNDCOLOR", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMEOUTLINECOLOR", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMEOUTLINEWIDTH", Ignored),
    is("MAPn:HIGHLIGHT_LABELFRAMESIZE", Ignored),
];
