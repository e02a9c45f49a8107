//! The number of seconds that can be simulated in one real second with the production core `raft` 0.7. The
//! world is that of `benches/simulation.rs`, with as little code around the core as possible.
//!
//! Five nodes, 10 % loss, 1 to 10 ms latency, a tick each 10 ms, heartbeat 50 ms, election timeout 150
//! to 300 ms, a command each 20 ms, a small key-value store on each node. What is checked is less than
//! in the lab: one leader a term, and no two different entries applied at one index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Instant;

use raft::StateRole;
use raft::prelude::{Config, Entry, Message, RawNode};
use raft::storage::MemStorage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const NODES: usize = 5;
const TICK: u64 = 10_000;

enum Event {
    Arrive(Message),
    Tick(usize),
}

/// An event: its time in microseconds, a number that keeps the order of events at the same time, and the event.
struct Due(u64, u64, Event);

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

struct World {
    nodes: Vec<RawNode<MemStorage>>,
    machines: Vec<BTreeMap<String, String>>,
    applied: Vec<u64>,
    queue: BinaryHeap<Reverse<Due>>,
    entered: u64,
    handled: u64,
    now: u64,
    rng: ChaCha8Rng,
    committed: Vec<(u64, Vec<u8>)>,
    leaders: BTreeMap<u64, u64>,
}

impl World {
    fn new() -> Self {
        let ids: Vec<u64> = (1..=NODES as u64).collect();
        let log = slog::Logger::root(slog::Discard, slog::o!());
        let node = |&id: &u64| {
            let storage = MemStorage::new_with_conf_state((ids.clone(), vec![]));
            let config = Config {
                id,
                election_tick: 15,
                heartbeat_tick: 5,
                max_size_per_msg: 1 << 20,
                ..Config::default()
            };
            RawNode::new(&config, storage, &log).expect("the configuration is sound")
        };
        let mut world = Self {
            nodes: ids.iter().map(node).collect(),
            machines: vec![BTreeMap::new(); NODES],
            applied: vec![0; NODES],
            queue: BinaryHeap::new(),
            entered: 0,
            handled: 0,
            now: 0,
            rng: ChaCha8Rng::seed_from_u64(1),
            committed: Vec::new(),
            leaders: BTreeMap::new(),
        };
        for node in 0..NODES {
            let first = world.rng.random_range(0..TICK);
            world.push(first, Event::Tick(node));
        }
        world
    }

    fn push(&mut self, at: u64, event: Event) {
        self.entered += 1;
        self.queue.push(Reverse(Due(at, self.entered, event)));
    }

    fn send(&mut self, message: Message) {
        if !self.rng.random_bool(0.1) {
            let latency = self.rng.random_range(1_000..=10_000);
            self.push(self.now + latency, Event::Arrive(message));
        }
    }

    fn apply(&mut self, node: usize, entries: Vec<Entry>) {
        for entry in entries {
            assert_eq!(entry.index, self.applied[node] + 1, "entries are applied in order");
            self.applied[node] = entry.index;
            match self.committed.get(entry.index as usize - 1) {
                None => self.committed.push((entry.term, entry.data.to_vec())),
                Some(first) => assert!(first.0 == entry.term && first.1 == entry.data[..]),
            }
            let text = std::str::from_utf8(&entry.data).unwrap_or_default();
            if let Some((key, value)) = text.strip_prefix("SET ").and_then(|t| t.split_once('=')) {
                self.machines[node].insert(key.to_owned(), value.to_owned());
            }
        }
    }

    /// Saves, sends and applies what a node has ready, as the guide of the crate prescribes.
    fn work_off(&mut self, at: usize) {
        while self.nodes[at].has_ready() {
            let mut ready = self.nodes[at].ready();
            if ready.ss().is_some_and(|state| state.raft_state == StateRole::Leader) {
                let (term, id) = (self.nodes[at].raft.term, at as u64 + 1);
                assert_eq!(*self.leaders.entry(term).or_insert(id), id, "one leader a term");
            }
            for message in ready.take_messages() {
                self.send(message);
            }
            self.apply(at, ready.take_committed_entries());
            {
                let mut storage = self.nodes[at].mut_store().wl();
                storage.append(ready.entries()).expect("memory takes everything");
                if let Some(state) = ready.hs() {
                    storage.set_hardstate(state.clone());
                }
            }
            for message in ready.take_persisted_messages() {
                self.send(message);
            }
            let mut light = self.nodes[at].advance(ready);
            if let Some(commit) = light.commit_index() {
                self.nodes[at].mut_store().wl().mut_hard_state().set_commit(commit);
            }
            for message in light.take_messages() {
                self.send(message);
            }
            self.apply(at, light.take_committed_entries());
            self.nodes[at].advance_apply();
        }
    }

    fn run_to(&mut self, until: u64) {
        while self.queue.peek().is_some_and(|Reverse(due)| due.0 <= until) {
            let Some(Reverse(Due(at, _, event))) = self.queue.pop() else { break };
            self.now = at;
            self.handled += 1;
            match event {
                Event::Tick(node) => {
                    self.push(at + TICK, Event::Tick(node));
                    if self.nodes[node].tick() {
                        self.work_off(node);
                    }
                }
                Event::Arrive(message) => {
                    let node = message.to as usize - 1;
                    // The core may refuse a message that came too late, which is no failure.
                    let _ = self.nodes[node].step(message);
                    self.work_off(node);
                }
            }
        }
        self.now = until;
    }

    fn leads(&self, node: usize) -> bool {
        self.nodes[node].raft.state == StateRole::Leader
    }
}

fn main() {
    let seconds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(600_u64);
    let began = Instant::now();
    let mut world = World::new();
    let mut leader = 0;
    for tick in 1..=seconds * 50 {
        world.run_to(tick * 20_000);
        if !world.leads(leader) {
            let term = |&node: &usize| world.nodes[node].raft.term;
            let leaders = (0..NODES).filter(|&node| world.leads(node));
            leader = leaders.max_by_key(term).unwrap_or(leader);
        }
        let command = format!("SET key{}={tick}", tick % 100).into_bytes();
        if world.nodes[leader].propose(vec![], command).is_ok() {
            world.work_off(leader);
        }
    }
    world.run_to((seconds + 5) * 1_000_000);
    let took = began.elapsed().as_secs_f64();
    println!("simulated seconds            {seconds}");
    println!("wall seconds                 {took:.3}");
    println!("simulated s per wall s       {:.0}", seconds as f64 / took);
    println!("events                       {}", world.handled);
    println!("committed                    {}", world.committed.len());
    println!("terms with a leader          {}", world.leaders.len());
}
