//! What the service may cost: instructions and allocations of its warm work, compiled as the functions are, and the sizes of the
//! functions. Counted, never timed, so that a busy machine changes nothing.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "performance/callgrind.rs"]
mod callgrind;
#[path = "performance/stored.rs"]
mod stored;

use std::fs;

use pozi_tests::{bootstrap, install, not_run};

use self::{
    callgrind::{Cost, counted, workloads},
    stored::Budgets,
};

/// valgrind counts the instructions of this processor alone.
const IS_COUNTABLE: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

#[test]
fn warm_work_costs_no_more_than_its_budget() {
    if !IS_COUNTABLE {
        return not_run("the budgets of instructions are those of Linux on x86_64");
    }
    if !install("workloads", "the budgets of instructions need the Debian package valgrind") {
        return;
    }
    let program = workloads();
    let mut budgets = Budgets::of("instructions");
    let mut allocations = Budgets::of("allocations");
    for workload in ["authorizer", "decision", "exchange"] {
        let Cost { instructions, allocations: allocated } = counted(&program, workload);
        budgets.check(workload, instructions);
        allocations.check(workload, allocated);
    }
    budgets.finish();
    allocations.finish();
}

#[test]
fn a_function_is_no_larger_than_its_budget() {
    if !IS_COUNTABLE {
        return not_run("the budgets of sizes are those of Linux on x86_64");
    }
    let mut budgets = Budgets::of("bytes");
    for function in ["authorizer", "jwks", "prober", "rotate-keys", "token-exchange"] {
        let Some(bootstrap) = bootstrap(function) else { return };
        budgets.check(function, fs::metadata(bootstrap).unwrap().len());
    }
    budgets.finish();
}
