//! The table of operations, looked up and printed.

use std::fmt::Write as _;

use super::{
    operation::{Operation, Service},
    table::OPERATIONS,
};
use crate::expression::FUNCTIONS;

impl Operation {
    /// The operation of `service` that `request` names, in any case.
    pub fn named(service: Service, request: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| {
            let names = || std::iter::once(&operation.name).chain(operation.also);
            operation.service == service && names().any(|name| name.eq_ignore_ascii_case(request))
        })
    }
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
