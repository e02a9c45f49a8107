//! Distributes work over as many threads as asked for, or as the machine can start.

use std::panic;
use std::sync::Mutex;
use std::thread;

use crate::panics::lock;

/// Does `work` on each item, on this thread and on others: on `threads` in all, or as many as the machine
/// can start. Each thread takes the next item when it is done with one.
pub(super) fn share_out<T: Send>(
    threads: usize,
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) + Sync,
) {
    let items = Mutex::new(items);
    let next = || lock(&items).next();
    let work = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let others: Vec<_> = (1..threads).map_while(spawn).collect();
        work();
        for other in others {
            other.join().unwrap_or_else(|panic| panic::resume_unwind(panic));
        }
    });
}
