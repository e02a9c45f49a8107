//! How many threads a search gets under a limit on addresses (`ulimit -v`). A search that ran out of
//! addresses halfway would end the program without a message.

use std::{env, thread};

use super::error::Error;
use crate::search::exhaustive::memory_limit::spare_addresses;

const MB: u64 = 1 << 20;

/// The bytes that a search needs besides its threads and its tables.
const BASE: u64 = 32 * MB;

/// The number of threads: one for each processor, or fewer if `jobs` says so or there is no room for more.
/// More threads would only cost memory: what a search finds does not depend on their number.
pub(super) fn jobs_or_all(jobs: Option<usize>) -> usize {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let wanted = jobs.map_or(processors, |jobs| jobs.min(processors));
    (1..=wanted).rev().find(|&jobs| needed(jobs) <= room()).unwrap_or(1)
}

/// Checks that there is room for a search on one thread.
pub(super) fn check() -> Result<(), Error> {
    let (needs, has) = (needed(1), room());
    if needs <= has { Ok(()) } else { Err(Error::NoRoom { needs: needs / MB, has: has / MB }) }
}

/// The bytes that `jobs` threads leave for the tables of a search.
pub(super) fn beside(jobs: usize) -> u64 {
    room().saturating_sub(needed(jobs))
}

fn room() -> u64 {
    spare_addresses().unwrap_or(u64::MAX)
}

/// The bytes that `jobs` threads need, and the two that listen for signals and write: a stack each, and the
/// arena that the C library reserves for each thread that allocates, unless `MALLOC_ARENA_MAX` is lower.
fn needed(jobs: usize) -> u64 {
    let threads = jobs as u64 + 2;
    let told = env::var("MALLOC_ARENA_MAX").ok().and_then(|number| number.parse::<u64>().ok());
    let arenas = told.map_or(threads, |most| threads.min(most.saturating_sub(1)));
    BASE + threads * 2 * MB + arenas * 64 * MB
}
