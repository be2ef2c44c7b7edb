//! Does a piece of work a number of times, warm and on one thread, so that valgrind can count what once costs:
//! `workloads exchange 20`.

#![expect(clippy::expect_used, reason = "a measurement that cannot be set up fails")]

mod authorizer;
mod decision;
mod exchange;

use std::process::ExitCode;

use pozi_tests::World;

/// Runs `work` to its end.
type Work = Box<dyn Fn()>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [name, times] = &arguments[..] else { return usage() };
    let Ok(times) = times.parse() else { return usage() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = runtime.block_on(World::new());
    let work = match name.as_str() {
        "exchange" => exchange::work(runtime, &world),
        "decision" => decision::work(runtime, &world),
        "authorizer" => authorizer::work(runtime, &world),
        _ => return usage(),
    };
    (0..=times).for_each(|_| work()); // Once more than asked for: the first fills the caches.
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: workloads exchange|decision|authorizer TIMES");
    ExitCode::FAILURE
}
