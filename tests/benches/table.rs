//! The table of `docs/performance.md`: what all other benchmarks handed in last.

#[path = "cost.rs"]
mod cost;

use pozi_tests::figures::{handed_in, print_table};

/// The benchmarks, in the table's order.
const PARTS: [&str; 8] =
    ["exchange", "http", "lambda", "cold_exchange", "growth", "gate", "gate_and_nginx", "first_map"];

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let figures: Vec<_> = PARTS.into_iter().map(|part| (part, handed_in(part))).collect();
    for (part, _) in figures.iter().filter(|(_, figures)| figures.is_empty()) {
        println!("not measured: {part}");
    }
    // Computed from what was measured.
    let costs = cost::figures(&handed_in("lambda"));
    print_table(figures.iter().flat_map(|(_, figures)| figures).chain(&costs));
}
