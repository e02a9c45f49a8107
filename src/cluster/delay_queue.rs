//! The thread that holds messages which take their time, and lets each arrive when it is due.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::shared::Shared;
use crate::record::journal::Flight;

/// What the delay queue is told.
pub(super) enum Delay {
    /// Hold a message until it is due.
    Hold(Delayed),
    /// Stop. What is still in flight never arrives.
    Stop,
}

/// A message in flight. The one due first is the greatest, and comes out of a heap first.
#[derive(PartialEq, Eq)]
pub(super) struct Delayed {
    pub(super) due: Instant,
    pub(super) flight: Flight,
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |delayed: &Self| Reverse((delayed.due, delayed.flight.id));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Starts the thread.
pub(super) fn start(shared: Arc<Shared>, told: Receiver<Delay>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("delay-queue".to_owned()).spawn(move || run(&shared, &told))
}

/// Waits for a message to come in or to be due, whichever is first.
fn run(shared: &Shared, told: &Receiver<Delay>) {
    let mut queue = BinaryHeap::<Delayed>::new();
    loop {
        let next = match queue.peek() {
            Some(first) => told.recv_deadline(first.due),
            None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(Delay::Hold(delayed)) => queue.push(delayed),
            Ok(Delay::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = Instant::now();
        while queue.peek().is_some_and(|first| first.due <= now) {
            let Some(first) = queue.pop() else { break };
            shared.arrive(first.flight);
        }
    }
}
