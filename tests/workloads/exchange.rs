//! An exchange, from the bytes of the form through the router to the bytes of the answer, with its audit event.

use entra_emulator::TokenSpec;
use http::StatusCode;
use pozi_auth::telemetry;
use pozi_local::samples;
use pozi_tests::{World, cached_sites, exchange_form, repeated};
use tokio::runtime::Runtime;
use tracing::Level;

use crate::work::Work;

pub(crate) fn work(runtime: Runtime, world: &World) -> Work {
    telemetry::init_into(Level::INFO, std::io::sink);
    let router = world.exchange_with(cached_sites(&samples::site_files()), world.key_sets.clone());
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    Box::new(repeated(runtime, router, form, StatusCode::OK))
}
