//! Runs the tests of the browser module in `clients/web` with Node.js.

use std::process::{Command, Stdio};

use pozi_tests::node_with;

/// RFC 6750 §2, §2.1, §5.3; RFC 9068 §6; RFC 9700 §4.3.2; RFC 10017 §8.1.
#[test]
fn the_browser_module_passes_its_tests() {
    let Some(folder) = node_with("clients/web", "the tests of clients/web") else { return };
    // Only to stop tests that hang: on a busy machine a test may take a minute instead of a second.
    let node = ["--test", "--test-reporter=spec", "--test-timeout=600000"];
    let output = Command::new("node").args(node).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{log}\n{}", String::from_utf8_lossy(&output.stderr));
    let skipped = log.lines().find_map(|line| line.strip_prefix("ℹ skipped "));
    assert_eq!(skipped, Some("0"), "{log}");
    println!("{log}");
}
