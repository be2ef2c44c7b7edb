//! Instructions and allocations as valgrind's callgrind counts them.
//!
//! Source: the manual of valgrind, "Callgrind Format Specification".

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What a piece of work costs.
pub(crate) struct Cost {
    /// How many instructions it takes.
    pub(crate) instructions: u64,
    /// How often it asks for memory.
    pub(crate) allocations: u64,
}

/// How often a piece of work is done.
const TIMES: u64 = 50;

/// The functions that give memory to Rust. How much the cryptography in C asks for depends on the numbers.
const ALLOCATORS: [&str; 3] =
    ["__rustc::__rust_alloc", "__rustc::__rust_alloc_zeroed", "__rustc::__rust_realloc"];

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Compiles the workloads, and returns their program.
pub(crate) fn workloads() -> PathBuf {
    let built = Command::new(Path::new(ROOT).join("tests/workloads/build")).status().unwrap();
    assert!(built.success(), "the workloads cannot be compiled");
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.unwrap_or_else(|| Path::new(ROOT).join("target"));
    target.join("workloads")
}

/// Returns what `workload` costs once, when it is warm.
pub(crate) fn counted(program: &Path, workload: &str) -> Cost {
    let folder = tempfile::tempdir().unwrap();
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--toggle-collect=*workloads*counted*"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(program)
        .args([workload, &TIMES.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let counts = fs::read_to_string(counts).unwrap();
    Cost { instructions: instructions(&counts) / TIMES, allocations: allocations(&counts) / TIMES }
}

fn instructions(counts: &str) -> u64 {
    let totals = counts.lines().find_map(|line| line.strip_prefix("totals: "));
    let instructions = totals.unwrap().parse().unwrap();
    assert!(instructions > 0, "nothing was counted");
    instructions
}

/// A function is named where it is first met, as in `cfn=(7) free`, and then has its number only; the next line says how often
/// it is called from there.
fn allocations(counts: &str) -> u64 {
    let mut names = HashMap::new();
    let mut called = "";
    let mut count = 0;
    for line in counts.lines() {
        if let Some(function) = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn=")) {
            let (number, name) = function.split_once(' ').unwrap_or((function, ""));
            if !name.is_empty() {
                names.insert(number, name);
            }
            called = names.get(number).copied().unwrap_or_default();
        } else if let Some(calls) = line.strip_prefix("calls=")
            && ALLOCATORS.contains(&called)
        {
            count += calls.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
    }
    assert!(count > 0, "no allocation was counted");
    count
}

#[test]
fn counts_the_calls_of_allocators_alone() {
    let counts = "\
fn=(1) main
16 400
cfn=(2) __rustc::__rust_alloc
calls=3 0
16 90
cfn=(3) free
calls=5 0
16 10
fn=(4) grow
cfn=(2)
calls=2 0
20 60
totals: 560
";
    assert_eq!((instructions(counts), allocations(counts)), (560, 5));
}
