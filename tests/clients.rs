//! The client module for the Web App: its own tests, by Node.js.

use std::process::{Command, Stdio};

use pozi_tests::node_with;

#[test]
fn the_browser_module_keeps_its_promises() {
    let Some(folder) = node_with("clients/web", "the tests of clients/web") else { return };
    // A limit for what hangs, and for nothing else: a busy machine takes a minute for what takes a second.
    let node = ["--test", "--test-reporter=spec", "--test-timeout=600000"];
    let output = Command::new("node").args(node).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let skipped = told.lines().find_map(|line| line.strip_prefix("ℹ skipped "));
    assert_eq!(skipped, Some("0"), "{told}");
    println!("{told}");
}
