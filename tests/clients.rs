//! The tests of the Web App's client module, run by Node.js.

use std::process::{Command, Stdio};

use pozi_tests::node_with;

#[test]
fn the_browser_modules_own_tests_pass() {
    let Some(folder) = node_with("clients/web", "the tests of clients/web") else { return };
    // The timeout is for tests that hang: a busy machine may take a minute for what takes a second.
    let node = ["--test", "--test-reporter=spec", "--test-timeout=600000"];
    let output = Command::new("node").args(node).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    let skipped = report.lines().find_map(|line| line.strip_prefix("ℹ skipped "));
    assert_eq!(skipped, Some("0"), "{report}");
    println!("{report}");
}
