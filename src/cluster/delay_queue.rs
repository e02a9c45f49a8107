//! The delay queue: a thread that holds delayed messages and delivers each when it is due.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::shared::Shared;
use crate::record::journal::Flight;

/// A command for the delay queue.
pub(super) enum Delay {
    /// Hold a message until it is due.
    Until(Instant, Flight),
    /// Stop. Messages that are still held never arrive.
    Stop,
}

/// Starts the thread.
pub(super) fn start(shared: Arc<Shared>, told: Receiver<Delay>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("delay-queue".to_owned()).spawn(move || run(&shared, &told))
}

/// Waits until a message comes in or is due, whichever is first.
fn run(shared: &Shared, told: &Receiver<Delay>) {
    // Ordered by the moment when a message is due, then by the order in which messages came in.
    let mut queue = BTreeMap::<(Instant, u64), Flight>::new();
    for entered in 0.. {
        let next = match queue.first_key_value() {
            Some((&(due, _), _)) => told.recv_deadline(due),
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(Delay::Until(due, flight)) => _ = queue.insert((due, entered), flight),
            Ok(Delay::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = Instant::now();
        while let Some(first) = queue.first_entry().filter(|first| first.key().0 <= now) {
            shared.arrive(first.remove());
        }
    }
}
