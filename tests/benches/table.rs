//! The table of `docs/performance.md`: what all other benchmarks handed in last.

use pozi_tests::figures::{handed_in, print_table};

/// The benchmarks, in the table's order.
const PARTS: [&str; 9] =
    ["exchange", "http", "lambda", "cold_exchange", "growth", "gate", "gate_and_nginx", "first_map", "cost"];

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let figures: Vec<_> = PARTS.into_iter().map(|part| (part, handed_in(part))).collect();
    for (part, _) in figures.iter().filter(|(_, figures)| figures.is_empty()) {
        println!("not measured: {part}");
    }
    print_table(figures.iter().flat_map(|(_, figures)| figures));
}
