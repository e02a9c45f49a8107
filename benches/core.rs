//! The speed of the bare core: five `RaftNode`s on one thread, without timers, network or observers.
//!
//! Commands are proposed to the leader, 1 or 64 at a time, and every message is delivered before
//! the next proposal. In a step, one node handles one input and saves what it changed on its disk
//! before its messages leave. The disk is a second copy in memory. Each figure is the median of
//! several equal rounds, with the range, because the machine may be shared.
//!
//! `cargo bench --bench core [-- ROUNDS]`

use std::collections::VecDeque;
use std::time::Instant;

use raft_in_practice::raft::{
    Command, Envelope, Input, Log, LogEntry, LogIndex, NodeId, PersistentState, RaftNode, Settings,
    Term,
};

type Queue = VecDeque<Envelope>;
const NODES: usize = 5;
const LEADER: NodeId = NodeId::new(0);
/// Commands per proposal, and proposals per round. The second row needs about 400 MB of memory.
const ROWS: [(usize, usize); 2] = [(1, 250_000), (64, 25_000)];

fn main() {
    // `cargo bench` passes `--bench`; the first number is the number of rounds.
    let rounds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(7);
    println!("{NODES} nodes, 16-byte commands; median of {rounds} rounds [range]");
    for (batch, proposals) in ROWS {
        let results: Vec<_> = (0..rounds).map(|_| round(batch, proposals)).collect();
        let of = |pick: fn(&Round) -> f64| spread(results.iter().map(pick).collect());
        println!("{batch} a proposal, {} commands", batch * proposals);
        println!("  rate       {} commands/s", of(|round| round.rate));
        println!("  step       {} ns", of(|round| round.step));
    }
}

struct Round {
    rate: f64,
    step: f64,
}

fn round(batch: usize, proposals: usize) -> Round {
    let command = Command::new(format!("{:016}", 0));
    let commands = batch * proposals;
    // The log of each node begins with the leader's no-op, so it has one entry more than there are commands.
    let end = LogIndex::FIRST.plus(commands);
    let mut cluster = Cluster::new(end.count());
    cluster.run(LEADER, Input::ElectionTimeout);
    assert!(cluster.nodes[LEADER.index()].is_leader(), "n0 is elected");
    cluster.steps = 0;
    let start = Instant::now();
    for _ in 0..proposals {
        cluster.run(LEADER, Input::Propose(vec![command.clone(); batch]));
    }
    // This heartbeat tells the followers that the last commands are committed.
    cluster.run(LEADER, Input::HeartbeatDue);
    let took = start.elapsed().as_secs_f64();
    // The figures mean something only if every node did all the work.
    for (node, disk) in cluster.nodes.iter().zip(&cluster.disks) {
        assert_eq!(node.commit_index(), end, "{} committed everything", node.id());
        assert!(disk == node.persistent(), "{} saved everything", node.id());
    }
    Round { rate: commands as f64 / took, step: took * 1e9 / cluster.steps as f64 }
}

struct Cluster {
    nodes: Vec<RaftNode>,
    disks: Vec<PersistentState>,
    queue: Queue,
    steps: u64,
}

impl Cluster {
    fn new(entries: usize) -> Self {
        // The memory of the logs is reserved and written to before the clock starts. Otherwise
        // about half of the second row's time would be page faults and the growth of vectors.
        let empty = |_| {
            let mut log = vec![LogEntry::no_op(Term::ZERO); entries];
            log.clear();
            PersistentState::new(Term::ZERO, None, Log::new(log))
        };
        let node = |id| RaftNode::new(id, Settings::new(NODES), empty(id));
        let nodes = NodeId::all(NODES).map(node).collect();
        let disks = NodeId::all(NODES).map(empty).collect();
        Self { nodes, disks, queue: Queue::new(), steps: 0 }
    }

    /// Gives `input` to the node `to`, then delivers every message until none is left.
    fn run(&mut self, to: NodeId, input: Input) {
        let mut next = Some((to.index(), input));
        while let Some((at, input)) = next {
            handle(&mut self.nodes[at], &mut self.disks[at], input, &mut self.queue);
            self.steps += 1;
            next = self.queue.pop_front().map(|sent| (sent.to.index(), Input::Receive(sent)));
        }
    }
}

/// Steps a node, saves what changed, and only then queues its messages.
fn handle(node: &mut RaftNode, disk: &mut PersistentState, input: Input, queue: &mut Queue) {
    let Ok(mut sendable) = node.step(input).persist(disk);
    queue.extend(sendable.drain_messages());
}

fn spread(mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    let show = |figure: f64| format!("{figure:.*}", usize::from(figure < 1000.0));
    let middle = figures[figures.len() / 2];
    format!("{:>9} [{}–{}]", show(middle), show(figures[0]), show(figures[figures.len() - 1]))
}
