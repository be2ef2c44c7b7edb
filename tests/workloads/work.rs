//! The pieces of work by their names.

use pozi_tests::World;
use tokio::runtime::Runtime;

use crate::{authorizer, decision, exchange};

/// Does a piece of work once.
pub(crate) type Work = Box<dyn Fn()>;

/// Returns the piece of work `name`, with what it needs made ready. `None` if there is none of this name.
pub(crate) fn workload(name: &str) -> Option<Work> {
    let prepare: fn(Runtime, &World) -> Work = match name {
        "exchange" => exchange::work,
        "decision" => decision::work,
        "authorizer" => authorizer::work,
        _ => return None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = runtime.block_on(World::new());
    Some(prepare(runtime, &world))
}

/// What valgrind counts: the rest, such as making RSA keys, costs something else each time. Not inlined, so that it can be told
/// apart by its name.
#[inline(never)]
pub(crate) fn counted(times: usize, work: &Work) {
    (0..times).for_each(|_| work());
}
