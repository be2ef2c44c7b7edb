//! What an operation is: its service, its name, what access it needs, and the closed list of its parameters.

use std::fmt::Write as _;

use pozi_auth::sites::Access;

use super::{kind::Kind, table::OPERATIONS};
use crate::expression::FUNCTIONS;

/// A service that QGIS Server offers by query and form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Web Map Service 1.1.1 and 1.3.0.
    Wms,
    /// Web Feature Service 1.0.0 and 1.1.0.
    Wfs,
    /// Web Map Tile Service 1.0.0.
    Wmts,
    /// Web Coverage Service 1.0.0.
    Wcs,
    /// OGC API Features, which has paths in place of `SERVICE` and `REQUEST`.
    Features,
}

/// One operation of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its service.
    pub service: Service,
    /// Its name, as it is written for QGIS.
    pub name: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// What a session must allow.
    pub access: Access,
    /// Its parameters, in groups that operations share.
    pub parameters: &'static [&'static [Parameter]],
}

/// One parameter of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, in capitals, as it is written for QGIS. `MAPn:` stands for the maps of a print layout.
    pub name: &'static str,
    /// Other names for it.
    pub also: &'static [&'static str],
    /// What its value may be.
    pub kind: Kind,
}

/// The table of operations as a page for a terminal.
pub fn print_operations() -> String {
    let mut page = String::new();
    for operation in OPERATIONS {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "{} {} ({})", operation.service.name(), operation.name, operation.access);
        for parameter in operation.parameters() {
            let names: Vec<_> =
                std::iter::once(parameter.name).chain(parameter.also.iter().copied()).collect();
            let _ = writeln!(page, "  {:<28} {}", names.join(", "), parameter.kind);
        }
        page.push('\n');
    }
    page.push_str("Functions of EXP_FILTER\n");
    for function in FUNCTIONS {
        let names: Vec<_> = std::iter::once(function.name).chain(function.aliases.iter().copied()).collect();
        let _ = writeln!(page, "  {:<28} {}", names.join(", "), function.bound.rule());
    }
    page
}

impl Service {
    /// The service that the value of `SERVICE` names, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Wms, Self::Wfs, Self::Wmts, Self::Wcs]
            .into_iter()
            .find(|service| service.name().eq_ignore_ascii_case(name))
    }

    /// Its name, as QGIS wants it: in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wms => "WMS",
            Self::Wfs => "WFS",
            Self::Wmts => "WMTS",
            Self::Wcs => "WCS",
            Self::Features => "OGC API Features",
        }
    }
}

impl Operation {
    /// The operation of `service` that `request` names, in any case.
    pub fn named(service: Service, request: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| {
            let names = || std::iter::once(&operation.name).chain(operation.also);
            operation.service == service && names().any(|name| name.eq_ignore_ascii_case(request))
        })
    }

    /// All its parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().copied().flatten()
    }

    /// The parameter that `key`, in capitals, names.
    pub fn parameter(&self, key: &str) -> Option<&'static Parameter> {
        self.parameters().find(|parameter| parameter.name == key || parameter.also.contains(&key))
    }
}
