//! Finds operations in the table, and prints the table.

use std::fmt::Write as _;

use super::{
    operation::{Operation, Service},
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
        let _ = writeln!(page, "{} {} ({})", operation.service.name(), operation.name, operation.access);
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

fn add_row(page: &mut String, name: &str, aliases: &[&str], rule: &dyn std::fmt::Display) {
    let names: Vec<_> = std::iter::once(name).chain(aliases.iter().copied()).collect();
    let _ = writeln!(page, "  {:<28} {rule}", names.join(", "));
}
