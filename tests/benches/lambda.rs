//! The functions beside one that does nothing, of the same profile and on the same runtime: how long a start and a warm invocation
//! take, how large they are, and how much memory they use. With `POZI_BENCH_OIDC_AUTHORIZER`, the path of a bootstrap of
//! oidc-authorizer, the authorizer is also measured beside that.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up fails")]

#[path = "lambda/measured.rs"]
mod measured;
#[path = "lambda/subjects.rs"]
mod subjects;
#[path = "lambda/upstreams.rs"]
mod upstreams;

use std::{fs, path::Path};

use pozi_tests::{
    Core, bootstrap, empty_function,
    figures::{Aim, Figure, WARM_EXCHANGE, hand_in},
};

use self::{
    measured::{Measured, measure},
    subjects::{AUTHORIZER, EMPTY, JWKS, OIDC_AUTHORIZER, TOKEN_AUTHORIZER, TOKEN_EXCHANGE},
    upstreams::Upstreams,
};

fn main() {
    // `cargo test --benches` also runs this program, but not to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    // Built before this program is moved to one core.
    let (Some(_), Some(empty)) = (bootstrap(TOKEN_EXCHANGE), empty_function()) else {
        println!("not measured: the functions on Lambda need Python and its package index");
        return;
    };
    let Some(core) = Core::apart() else {
        println!("not measured: the functions on Lambda need two cores and taskset (Debian: util-linux)");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let Some(upstreams) = runtime.block_on(Upstreams::start()) else {
        println!("not measured: the functions on Lambda need an emulated AWS");
        return;
    };
    let subjects = subjects::all(&upstreams, &empty);
    let measured = measure(&core, &subjects);
    let mut figures = beside_the_empty_function(&measured);
    figures.extend(sizes());
    figures.extend(beside_oidc_authorizer(&measured));
    hand_in("lambda", &figures);
}

fn beside_the_empty_function(measured: &[Measured]) -> Vec<Figure> {
    let Some(empty) = measured.iter().find(|subject| subject.name == EMPTY) else { return Vec::new() };
    let mut figures = Vec::new();
    for subject in
        measured.iter().filter(|subject| [TOKEN_EXCHANGE, JWKS, AUTHORIZER].contains(&subject.name))
    {
        let most = if subject.name == TOKEN_EXCHANGE { 2.0 } else { 1.5 };
        figures.push(ratio("start", subject, empty, |measured| measured.start, most));
        figures.push(ratio("warm", subject, empty, |measured| measured.warm, 1.5));
        let resident =
            Figure::new(format!("{}: resident", subject.name), Aim::AtMost(24.0), subject.megabytes, "MB");
        figures.push(resident.beside(format!("an empty function: {:.1} MB", empty.megabytes)));
    }
    let exchange = measured.iter().find(|subject| subject.name == TOKEN_EXCHANGE);
    figures.extend(exchange.map(|exchange| Figure::new(WARM_EXCHANGE, Aim::Told, exchange.warm * 1e6, "µs")));
    figures
}

/// Compares seconds.
fn ratio(what: &str, own: &Measured, peer: &Measured, seconds: fn(&Measured) -> f64, most: f64) -> Figure {
    let (own_time, peer_time) = (seconds(own), seconds(peer));
    let figure = Figure::new(format!("{}: {what}", own.name), Aim::AtMost(most), own_time / peer_time, "×");
    let [own_time, peer_time] = [own_time, peer_time].map(|seconds| seconds * 1e3);
    figure.beside(format!("{own_time:.2} ms; {}: {peer_time:.2} ms", peer.name))
}

fn sizes() -> impl Iterator<Item = Figure> {
    let aims = [
        (TOKEN_EXCHANGE, Aim::AtMost(6.0)),
        (JWKS, Aim::AtMost(5.0)),
        (AUTHORIZER, Aim::Told),
        ("prober", Aim::Told),
        ("rotate-keys", Aim::Told),
    ];
    aims.into_iter().filter_map(|(name, aim)| {
        let megabytes = megabytes(&bootstrap(name)?)?;
        Some(Figure::new(format!("{name}: size"), aim, megabytes, "MB"))
    })
}

fn beside_oidc_authorizer(measured: &[Measured]) -> Vec<Figure> {
    let of = |name| measured.iter().find(|subject| subject.name == name);
    let (Some(own), Some(peer)) = (of(TOKEN_AUTHORIZER), of(OIDC_AUTHORIZER)) else {
        println!("not measured: the authorizer beside oidc-authorizer needs POZI_BENCH_OIDC_AUTHORIZER");
        return Vec::new();
    };
    let resident = Figure::new(format!("{}: resident", own.name), Aim::Told, own.megabytes, "MB");
    vec![
        ratio("start", own, peer, |measured| measured.start, 1.0),
        ratio("warm", own, peer, |measured| measured.warm, 0.5),
        resident.beside(format!("{}: {:.1} MB", peer.name, peer.megabytes)),
    ]
}

/// Returns the size of a file in MB (1,000,000 bytes).
fn megabytes(file: &Path) -> Option<f64> {
    let bytes = u32::try_from(fs::metadata(file).ok()?.len()).ok()?;
    Some(f64::from(bytes) / 1e6)
}
