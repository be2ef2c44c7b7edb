//! Finds operations in the table, and prints the table.

use std::fmt::Write as _;

use super::{
    download::AT_A_PLACE,
    operation::{Gives, Operation, Service},
    table::operations,
};
use crate::expression::FUNCTIONS;

impl Operation {
    /// The operation of `service` that `request` names, in any case.
    pub fn named(service: Service, request: &str) -> Option<&'static Self> {
        operations().find(|operation| {
            let names = || std::iter::once(&operation.name).chain(operation.also);
            operation.service == service && names().any(|name| name.eq_ignore_ascii_case(request))
        })
    }
}

/// The table of operations as text for a terminal.
pub fn print_operations() -> String {
    let mut page = String::new();
    for operation in operations() {
        // Writing to a string cannot fail.
        let Operation { service, name, access, gives, .. } = operation;
        let _ = writeln!(page, "{} {name} ({access}{})", service.name(), download_note(*gives));
        for parameter in operation.parameters() {
            add_row(&mut page, parameter.name, parameter.also, &parameter.kind);
        }
        page.push('\n');
    }
    page.push_str("Functions of EXP_FILTER\n");
    for function in FUNCTIONS {
        add_row(&mut page, function.name, function.aliases, &function.bound.rule());
    }
    page
}

/// When the operation is a download, for catalogues that have a rule for that.
fn download_note(gives: Gives) -> String {
    match gives {
        Gives::Nothing => String::new(),
        Gives::Map => "; download if it is neither a picture nor a PDF".to_owned(),
        Gives::Place => format!("; download above FEATURE_COUNT={AT_A_PLACE}"),
        Gives::Features => "; download above max_features_without_download".to_owned(),
        Gives::File => "; download".to_owned(),
    }
}

fn add_row(page: &mut String, name: &str, aliases: &[&str], rule: &dyn std::fmt::Display) {
    let names: Vec<_> = std::iter::once(name).chain(aliases.iter().copied()).collect();
    let _ = writeln!(page, "  {:<28} {rule}", names.join(", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_an_operation_by_each_of_its_names_and_only_in_its_service() {
        let found = |service, name| Operation::named(service, name).map(|found| (found.service, found.name));
        for (name, operation) in [
            ("GetMap", "GetMap"),
            ("getmap", "GetMap"),
            ("GetLegendGraphics", "GetLegendGraphic"),
            ("capabilities", "GetCapabilities"),
        ] {
            assert_eq!(found(Service::Wms, name), Some((Service::Wms, operation)), "{name}");
        }
        assert_eq!(found(Service::Wfs, "GetCapabilities"), Some((Service::Wfs, "GetCapabilities")));
        for (service, name) in [(Service::Wfs, "GetMap"), (Service::Wms, "GetMaps"), (Service::Wms, "")] {
            assert_eq!(found(service, name), None, "{name}");
        }
    }

    #[test]
    fn prints_every_operation_with_its_parameters_and_every_function() {
        let page = print_operations();
        for operation in operations() {
            let head = format!("{} {} ({}", operation.service.name(), operation.name, operation.access);
            let (_, rows) = page.split_once(&head).unwrap_or_else(|| panic!("{head}"));
            let rows = rows.split("\n\n").next().unwrap();
            for parameter in operation.parameters() {
                let is_row = |row: &str| row.trim_start().starts_with(parameter.name);
                assert!(rows.lines().any(is_row), "{head}{}", parameter.name);
            }
        }
        for head in [
            "WMS GetCapabilities (read)",
            "WMS GetMap (read; download if it is neither a picture nor a PDF)",
            "WMS GetFeatureInfo (read; download above FEATURE_COUNT=100)",
            "WFS GetFeature (read; download above max_features_without_download)",
            "WCS GetCoverage (read; download)",
        ] {
            assert!(page.lines().any(|line| line == head), "{head}");
        }
        let (_, functions) = page.split_once("\nFunctions of EXP_FILTER\n").unwrap();
        assert_eq!(functions.lines().count(), FUNCTIONS.len());
    }
}
