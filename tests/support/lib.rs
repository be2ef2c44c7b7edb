//! The whole service in a box, for tests: both functions as routers, an emulated Entra behind the port that fetches
//! keys, sites from text, a ring in memory and a clock that is set by hand.

mod jwt;
mod memory;
mod published;
mod spoilt;
mod world;

pub use self::{
    jwt::{part, verified_by},
    memory::{EmulatedKeySets, MemoryRing, SetClock},
    published::{PublishedDocument, Trouble},
    spoilt::{Spoilt, spoilt_tokens},
    world::{Answer, NOW, World, exchange_form, form_request, send},
};
