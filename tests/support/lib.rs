//! The whole service in a box, for tests: both functions as routers, an emulated Entra behind the port that fetches
//! keys, sites from text, a ring in memory and a clock that is set by hand.

mod memory;
mod world;

pub use self::{
    memory::{EmulatedKeySets, MemoryRing, SetClock},
    world::{Answer, NOW, World, exchange_form},
};
