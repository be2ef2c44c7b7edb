//! How an exchange grows with the number of registered sites, of the person's groups, and of the site's catalogues.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "growth/files.rs"]
mod files;
#[path = "growth/fit.rs"]
mod fit;
#[path = "growth/groups.rs"]
mod groups;
#[path = "growth/sites.rs"]
mod sites;

use std::time::Duration;

use axum::Router;
use http::StatusCode;
use pozi_tests::{exchange_form, figures::hand_in, repeated, turns::Side};
use tokio::runtime::Runtime;

/// How often each side is measured.
const ROUNDS: usize = 40;
/// For how long each time.
const SLICE: Duration = Duration::from_millis(25);

fn main() {
    // `cargo test --benches` also runs this program.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let mut figures = sites::measure(&runtime);
    figures.extend(groups::measure(&runtime));
    hand_in("growth", &figures);
}

/// Returns an exchange of `token` through `router`.
fn exchange<'a>(runtime: &'a Runtime, router: Router, token: &str) -> Side<'a> {
    Side::whole(repeated(runtime, router, exchange_form(token, &[]), StatusCode::OK))
}
