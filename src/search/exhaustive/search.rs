//! A breadth-first search, depth by depth, so that the first violation is one of the shortest.
//!
//! Each depth is processed in blocks, and each block in two rounds. In the first the threads divide the
//! block's states among them and compute the successors; they read the books, but do not write them. In
//! the second they divide the books by shards, and enter what is new in the order in which one thread
//! would have found it. So nothing is locked, and the result does not depend on the number of threads.

use std::iter;
use std::ops::{ControlFlow, Range};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::Reach;
use super::actions::Action;
use super::bounds::Bounds;
use super::frontier::Frontier;
use super::state::{Catalogue, ClusterState, Model};
use crate::raft::{Property, RuleSet};
use crate::search::share_out::share_out;

/// How many shards the books have. A state's fingerprint determines its shard.
const SHARDS: usize = 16;
/// How many states are processed between two checks of the memory.
const BLOCK: usize = 1 << 14;
/// With fewer states than this, more than one thread is not worth it.
const WORTH_THREADS: usize = 256;

/// What a search has done so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Stats {
    /// Different states found.
    pub states: u64,
    /// Steps taken, including those that lead to a state that was known already.
    pub transitions: u64,
    /// The number of steps to the newest complete depth: the longest of all shortest ways to a state.
    pub depth: u32,
    /// States at the last depth.
    pub newest: u64,
    /// Different servers, and different messages, of which all states are made.
    pub parts: (u64, u64),
    /// The most memory that the books and the states took, in bytes.
    #[serde(rename = "memory_bytes")]
    pub memory: u64,
    /// How long it took.
    #[serde(rename = "elapsed_us", with = "crate::network::micros")]
    pub elapsed: Duration,
}

/// The moments at which a search reports its progress.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// A depth is complete.
    Depth,
    /// A block is complete, in the middle of a depth.
    Block,
}

/// A step, the state that it leads to, and the property that is violated with it.
pub(super) struct Successor<'a> {
    pub(super) step: Action,
    pub(super) state: &'a ClusterState,
    pub(super) violated: Option<Property>,
}

impl Model<'_> {
    /// Calls `visit` with every successor of `state`, in a fixed order, until `visit` breaks off.
    pub(super) fn expand(
        &mut self,
        state: &ClusterState,
        scratch: &mut Scratch,
        visit: &mut dyn FnMut(&Self, &Successor<'_>) -> ControlFlow<()>,
    ) {
        self.actions(state, &mut scratch.actions);
        for &step in &scratch.actions {
            let next = &mut scratch.next;
            let violated = match self.apply(state, step, next) {
                Ok(false) => continue,
                Ok(true) => None,
                Err(property) => Some(property),
            };
            if visit(self, &Successor { step, state: next, violated }).is_break() {
                return;
            }
        }
    }
}

/// Buffers that are reused for every state.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    actions: Vec<Action>,
    next: ClusterState,
}

/// The books: every fingerprint that was seen, with that of the state from which it was first reached.
#[derive(Debug, Default)]
struct Books {
    shards: Vec<FxHashMap<u64, u64>>,
}

const fn shard_of(print: u64) -> usize {
    (print >> 60) as usize % SHARDS
}

impl Books {
    fn new() -> Self {
        Self { shards: vec![FxHashMap::default(); SHARDS] }
    }

    fn contains(&self, print: u64) -> bool {
        self.shards[shard_of(print)].contains_key(&print)
    }

    fn parent(&self, print: u64) -> Option<u64> {
        self.shards[shard_of(print)].get(&print).copied().filter(|&parent| parent != 0)
    }

    /// Returns the memory that the tables take: 16 bytes for each slot, and one byte beside it. An eighth of
    /// the slots stays empty.
    fn bytes(&self) -> u64 {
        let slots = self.shards.iter().map(|shard| shard.capacity() / 7 * 8);
        slots.map(|slots| slots as u64 * 17).sum()
    }
}

/// One thread of a search.
struct Worker<'s> {
    model: Model<'s>,
    scratch: Scratch,
    state: ClusterState,
    /// What it found in this block, by shard.
    found: Vec<Frontier>,
    fresh: FxHashSet<u64>,
    transitions: u64,
    violated: Option<(u64, Property)>,
}

impl<'s> Worker<'s> {
    fn new(bounds: &Bounds, rules: RuleSet, catalogue: &'s Catalogue) -> Self {
        Self {
            model: Model::new(bounds, rules, catalogue),
            scratch: Scratch::default(),
            state: ClusterState::default(),
            found: vec![Frontier::default(); SHARDS],
            fresh: FxHashSet::default(),
            transitions: 0,
            violated: None,
        }
    }

    /// Computes the successors of some states of `frontier`.
    fn work(&mut self, frontier: &Frontier, share: Range<usize>, books: &Books) {
        self.model.refresh();
        self.fresh.clear();
        self.found.iter_mut().for_each(Frontier::clear);
        let nodes = self.model.settings.nodes;
        for at in share {
            frontier.read(at, nodes, &mut self.state);
            let parent = frontier.prints[at];
            let Self { model, scratch, state, found, fresh, transitions, violated } = self;
            model.expand(state, scratch, &mut |model, next| {
                *transitions += 1;
                if let Some(property) = next.violated {
                    *violated = Some((parent, property));
                    return ControlFlow::Break(());
                }
                let print = model.fingerprint(next.state);
                if !books.contains(print) && fresh.insert(print) {
                    found[shard_of(print)].push(next.state, print, parent);
                }
                ControlFlow::Continue(())
            });
            if self.violated.is_some() {
                return;
            }
        }
    }
}

/// Enters in one shard what the workers found for it; new states go to the next depth.
fn enter(
    shard: &mut FxHashMap<u64, u64>,
    next: &mut Frontier,
    found: &mut dyn Iterator<Item = &Frontier>,
) {
    for found in found {
        for at in 0..found.len() {
            if let std::collections::hash_map::Entry::Vacant(place) = shard.entry(found.prints[at])
            {
                place.insert(found.parents[at]);
                next.copy(found, at);
            }
        }
    }
}

/// A search in progress.
pub(super) struct Search<'s> {
    workers: Vec<Worker<'s>>,
    books: Books,
    /// The states of the newest complete depth, by shard.
    depth: Vec<Frontier>,
    pub(super) stats: Stats,
    began: Instant,
    limit: u64,
}

impl<'s> Search<'s> {
    pub(super) fn new(bounds: &Bounds, rules: RuleSet, catalogue: &'s Catalogue) -> Self {
        let mut workers: Vec<_> =
            (0..bounds.jobs.max(1)).map(|_| Worker::new(bounds, rules, catalogue)).collect();
        let mut books = Books::new();
        let mut depth = vec![Frontier::default(); SHARDS];
        let model = &mut workers[0].model;
        let state = model.initial();
        let print = model.fingerprint(&state);
        books.shards[shard_of(print)].insert(print, 0);
        depth[shard_of(print)].push(&state, print, 0);
        Self {
            workers,
            books,
            depth,
            stats: Stats { states: 1, newest: 1, ..Stats::default() },
            began: Instant::now(),
            limit: bounds.memory,
        }
    }

    /// Searches until it is done, or until `progress` stops it. Calls `progress` for every depth and block. If a
    /// property is violated, returns it with the steps that lead to its violation from the initial state.
    pub(super) fn run(
        &mut self,
        progress: &mut dyn FnMut(&Stats, Pause) -> ControlFlow<()>,
    ) -> (Reach, Option<(Property, Vec<Action>)>) {
        loop {
            let depth = std::mem::take(&mut self.depth);
            let mut next = vec![Frontier::default(); SHARDS];
            self.take_stock([&depth, &next]);
            if progress(&self.stats, Pause::Depth).is_break() {
                return (Reach::Stopped, None);
            }
            for part in &depth {
                for start in (0..part.len()).step_by(BLOCK) {
                    let block = start..part.len().min(start + BLOCK);
                    self.explore(part, block);
                    if let Some((parent, property)) = self.workers.iter().find_map(|w| w.violated) {
                        self.take_stock([&depth, &next]);
                        let way = self.way_to(parent);
                        return (Reach::Violated, Some((property, way)));
                    }
                    self.enter(&mut next);
                    self.take_stock([&depth, &next]);
                    if self.stats.memory > self.limit {
                        return (Reach::OutOfMemory, None);
                    }
                    if progress(&self.stats, Pause::Block).is_break() {
                        return (Reach::Stopped, None);
                    }
                }
            }
            let newest = next.iter().map(Frontier::len).sum::<usize>() as u64;
            self.depth = next;
            if newest == 0 {
                return (Reach::Exhausted, None);
            }
            self.stats.depth += 1;
            self.stats.newest = newest;
        }
    }

    /// First round: computes the successors of a block.
    fn explore(&mut self, part: &Frontier, block: Range<usize>) {
        let books = &self.books;
        let threads = if block.len() < WORTH_THREADS { 1 } else { self.workers.len() };
        let share = block.len().div_ceil(threads);
        let shares = self.workers.iter_mut().enumerate().map(|(nth, worker)| {
            let start = (block.start + nth * share).min(block.end);
            (worker, start..(start + share).min(block.end))
        });
        share_out(threads, shares, |(worker, share)| worker.work(part, share, books));
    }

    /// Second round: enters new states in the books and in the next depth.
    fn enter(&mut self, next: &mut [Frontier]) {
        let before: usize = next.iter().map(Frontier::len).sum();
        let workers = &self.workers;
        let found = |shard: usize| workers.iter().map(move |worker| &worker.found[shard]);
        let amount: usize = (0..SHARDS).flat_map(found).map(Frontier::len).sum();
        let shards = self.books.shards.iter_mut().zip(next.iter_mut()).enumerate();
        let threads = if amount < WORTH_THREADS { 1 } else { workers.len() };
        share_out(threads, shards, |(nth, (shard, next))| enter(shard, next, &mut found(nth)));
        let after: usize = next.iter().map(Frontier::len).sum();
        self.stats.states += (after - before) as u64;
    }

    /// Brings the statistics up to date.
    fn take_stock(&mut self, depths: [&[Frontier]; 2]) {
        let frontiers = depths.into_iter().flatten().map(Frontier::bytes).sum::<u64>();
        let found = self.workers.iter().flat_map(|worker| &worker.found);
        let found = found.map(Frontier::bytes).sum::<u64>();
        let remembered: u64 = self.workers.iter().map(|worker| worker.model.bytes()).sum();
        let memory = self.books.bytes() + frontiers + found + remembered;
        self.stats.memory = self.stats.memory.max(memory);
        self.stats.transitions = self.workers.iter().map(|worker| worker.transitions).sum();
        self.stats.elapsed = self.began.elapsed();
        let model = &mut self.workers[0].model;
        model.refresh();
        self.stats.parts = (model.servers.len() as u64, model.in_flight.len() as u64);
    }

    /// Returns the steps from the initial state to the state with this fingerprint, and one more step, with
    /// which a property is violated. Only fingerprints were kept, so the steps are taken again.
    fn way_to(&mut self, print: u64) -> Vec<Action> {
        let parents = iter::successors(Some(print), |&print| self.books.parent(print));
        let mut prints: Vec<u64> = parents.collect();
        prints.pop();
        let Worker { model, scratch, .. } = &mut self.workers[0];
        model.refresh();
        let mut state = model.initial();
        let mut way = Vec::new();
        let mut walk = |model: &mut Model<'_>, state: &mut ClusterState, wanted: Option<u64>| {
            let mut found = None;
            model.expand(&state.clone(), scratch, &mut |model, next| {
                let it = match wanted {
                    None => next.violated.is_some(),
                    Some(print) => {
                        next.violated.is_none() && model.fingerprint(next.state) == print
                    }
                };
                if !it {
                    return ControlFlow::Continue(());
                }
                found = Some(next.step);
                state.become_like(next.state);
                ControlFlow::Break(())
            });
            way.extend(found);
        };
        for &print in prints.iter().rev() {
            walk(model, &mut state, Some(print));
        }
        walk(model, &mut state, None);
        way
    }

    /// Returns the model of the first thread, to look numbers up in.
    pub(super) fn model(&self) -> &Model<'s> {
        &self.workers[0].model
    }
}
