//! Does a piece of work a number of times, warm and on one thread, so that valgrind can count what once costs:
//! `workloads exchange 20`.

#![expect(clippy::expect_used, reason = "a measurement that cannot be set up fails")]

mod authorizer;
mod decision;
mod exchange;
mod work;

use std::process::ExitCode;

use self::work::{counted, workload};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, times] = &arguments[..] else { return usage() };
    let (Some(work), Ok(times)) = (workload(name), times.parse()) else { return usage() };
    work(); // Fills the caches.
    counted(times, &work);
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: workloads exchange|decision|authorizer TIMES");
    ExitCode::FAILURE
}
