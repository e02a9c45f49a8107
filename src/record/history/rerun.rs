//! The state of a node at a step, computed again from the node's own inputs, by the same core.
//!
//! Nodes know of each other only what messages say, and the history keeps the messages. So a node is run
//! again alone, from the last copy that was taken of it before that step.

use std::borrow::Cow;

use super::{History, MadeStep};
use crate::raft::{LogIndex, NodeId, RaftNode};
use crate::record::format::Header;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail, MessageId, Steps, take_turn_of};
use crate::server::{Disk, Server};

/// A node is copied after this many of the things that happened to it (`Own::taken`).
pub(super) const COPY_EVERY: usize = 256;

/// Something that happened to a node: a step that it made, or a deed of the world, with the moment to which that
/// belongs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Taken {
    /// It made the step of this number.
    Step(u64),
    /// It crashed.
    Crash(u64),
    /// It started again, at this time.
    Restart(u64, Time),
    /// It lost its disk while it was down.
    Wipe(u64),
    /// It was paused (`true`) or resumed.
    Pause(u64, bool),
}

/// All that happened to a node, in order, with copies of the node in between.
#[derive(Clone, Debug)]
pub(super) struct Own {
    pub(super) taken: Vec<Taken>,
    /// Each copy, with how many items of `taken` came before it. The first is the node at the beginning.
    copies: Vec<(usize, Server)>,
}

/// The state of a node at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeState<'a> {
    /// Whether it was up. If not, `node` is what would start again from its disk.
    pub up: bool,
    /// Whether it was paused.
    pub paused: bool,
    /// How often it had started, the first start included: the number of its incarnation.
    pub starts: u64,
    /// The node, with the state of Figure 2.
    pub node: Cow<'a, RaftNode>,
    /// The index of the last entry that it had applied (Figure 2, `lastApplied`).
    pub applied: LogIndex,
}

impl NodeState<'_> {
    /// A summary of this state.
    pub fn status(&self) -> NodeStatus {
        NodeStatus {
            up: self.up,
            paused: self.paused,
            ..NodeStatus::of_node(&self.node, self.applied)
        }
    }
}

/// The same state, which owns its node.
fn owned(stood: NodeState<'_>) -> NodeState<'static> {
    NodeState { node: Cow::Owned(stood.node.into_owned()), ..stood }
}

impl Own {
    /// A node at the beginning of a run.
    pub(super) fn new(id: NodeId, header: &Header) -> Self {
        let server = Server::start(id, header.server(), Disk::default(), Time::ZERO);
        Self { taken: Vec::new(), copies: vec![(0, server)] }
    }

    /// How many items of `taken` came before the last copy.
    pub(super) fn copied(&self) -> usize {
        self.copies.last().map_or(0, |(at, _)| *at)
    }

    /// Whether it is down, after all that has happened so far.
    pub(super) fn is_down(&self) -> bool {
        let mut lives = self.taken.iter().rev();
        let last = lives.find(|taken| matches!(taken, Taken::Crash(_) | Taken::Restart(..)));
        matches!(last, Some(Taken::Crash(_)))
    }

    /// Copies the node. Returns how many entries the copy holds.
    pub(super) fn copy(&mut self, server: &Server) -> usize {
        self.copies.push((self.taken.len(), server.clone()));
        entries(server)
    }

    /// Gives up every other copy. Returns how many entries the remaining copies hold.
    pub(super) fn thin(&mut self) -> usize {
        let mut keeps = false;
        self.copies.retain(|_| {
            keeps = !keeps;
            keeps
        });
        self.copies.iter().map(|(_, server)| entries(server)).sum()
    }

    /// How many items of `taken` belong to the moment of `step` and those before.
    pub(super) fn until(&self, step: u64, history: &History) -> usize {
        self.taken.partition_point(|&taken| history.moment_of(taken) <= step)
    }
}

/// How many entries a server holds, in memory and on its disk.
fn entries(server: &Server) -> usize {
    2 * server.node().last().index.count()
}

/// A server that runs again, or what a crash left of it.
#[expect(clippy::large_enum_variant, reason = "one a node")]
enum Replica {
    Up(Server),
    Down(Disk),
}

/// The rerun of one node through a history, forwards only. Whoever asks for the state at many steps, one after the
/// other, makes each step again only once with it.
pub struct Rerun<'h> {
    history: &'h History,
    own: &'h Own,
    id: NodeId,
    /// How many items of `taken` it has processed: always whole batches.
    at: usize,
    replica: Replica,
    paused: bool,
}

impl<'h> Rerun<'h> {
    /// A rerun that starts from this copy of a node.
    fn from(history: &'h History, id: NodeId, copy: usize) -> Self {
        let own = &history.nodes[id.index()];
        let (at, ref server) = own.copies[copy];
        Self { history, own, id, at, replica: Replica::Up(server.clone()), paused: false }
    }

    /// Calls `see` with the node's state at the moment of `step`. The rerun must not be past that moment.
    pub fn at<T>(&mut self, step: u64, see: impl FnOnce(NodeState<'_>) -> T) -> T {
        self.up_to(self.own.until(step, self.history), see)
    }

    /// Calls `see` with the node's state right after it made `step`, before anything else happened to it. `taken` is
    /// how much had happened to it before, and then how much has by now; the rerun must not be past that.
    pub fn after_step<T>(
        &mut self,
        taken: &mut usize,
        step: u64,
        see: impl FnOnce(NodeState<'_>) -> T,
    ) -> T {
        self.after(taken, |it| matches!(it, Taken::Step(made) if *made == step), see)
    }

    /// The same right after the next crash, restart, pause or loss of its disk.
    pub fn after_deed<T>(&mut self, taken: &mut usize, see: impl FnOnce(NodeState<'_>) -> T) -> T {
        self.after(taken, |it| !matches!(it, Taken::Step(_)), see)
    }

    fn after<T>(
        &mut self,
        taken: &mut usize,
        is_it: impl Fn(&Taken) -> bool,
        see: impl FnOnce(NodeState<'_>) -> T,
    ) -> T {
        let next = self.own.taken[*taken..].iter().position(is_it);
        *taken += next.expect("what happened to a node is kept") + 1;
        self.up_to(*taken, see)
    }

    /// Calls `see` with the node's state after the first `until` items of `taken`.
    fn up_to<T>(&mut self, until: usize, see: impl FnOnce(NodeState<'_>) -> T) -> T {
        while self.at < until {
            let end = self.end_of_next();
            if end > until {
                return self.within_batch(until, see);
            }
            self.take(end);
        }
        see(self.stands())
    }

    /// Where in `taken` the batch or deed that comes next ends.
    fn end_of_next(&self) -> usize {
        match self.own.taken[self.at] {
            Taken::Step(step) => {
                let batch_end = self.made(step).batch_end;
                let steps = self.own.taken[self.at..].iter();
                let within = |it: &&Taken| matches!(it, Taken::Step(step) if *step <= batch_end);
                self.at + steps.take_while(within).count()
            }
            _ => self.at + 1,
        }
    }

    fn made(&self, step: u64) -> &'h MadeStep {
        &self.history.steps[step as usize - 1]
    }

    /// Processes the batch or deed that ends at `end`.
    fn take(&mut self, end: usize) {
        let batch = &self.own.taken[self.at..end];
        self.at = end;
        match (batch[0], &mut self.replica) {
            (Taken::Step(step), Replica::Up(server)) => {
                let lost = !self.history.steps[step as usize - 1].saved;
                self.history.make_again(server, batch, lost, |_| ());
            }
            (Taken::Crash(_), Replica::Up(server)) => {
                self.replica = Replica::Down(server.clone().crash());
                self.paused = false;
            }
            (Taken::Restart(_, time), Replica::Down(disk)) => {
                let (config, disk) = (self.history.header.server(), std::mem::take(disk));
                self.replica = Replica::Up(Server::start(self.id, config, disk, time));
            }
            (Taken::Wipe(_), Replica::Down(disk)) => disk.wipe(),
            (Taken::Pause(_, pauses), _) => self.paused = pauses,
            _ => unreachable!("a node that is up makes steps and crashes, one that is down starts"),
        }
    }

    /// Calls `see` with the node's state after the steps of the next batch up to `until`, before any is
    /// saved.
    fn within_batch<T>(&self, until: usize, see: impl FnOnce(NodeState<'_>) -> T) -> T {
        let Replica::Up(server) = &self.replica else {
            unreachable!("what is down makes no steps")
        };
        let mut server = server.clone();
        self.history.make_again(&mut server, &self.own.taken[self.at..until], true, see)
    }

    fn stands(&self) -> NodeState<'_> {
        match &self.replica {
            Replica::Up(server) => NodeState {
                up: true,
                paused: self.paused,
                starts: server.disk().starts(),
                node: Cow::Borrowed(server.node()),
                applied: server.last_applied(),
            },
            Replica::Down(disk) => {
                let settings = self.history.header.settings();
                let node = RaftNode::new(self.id, settings, disk.state().clone());
                let applied = LogIndex::ZERO;
                NodeState {
                    up: false,
                    paused: false,
                    starts: disk.starts(),
                    node: Cow::Owned(node),
                    applied,
                }
            }
        }
    }
}

impl History {
    /// The moment to which an item of `taken` belongs.
    fn moment_of(&self, taken: Taken) -> u64 {
        match taken {
            Taken::Step(step) => step,
            // What comes after the last step belongs to its moment.
            Taken::Crash(moment)
            | Taken::Restart(moment, _)
            | Taken::Wipe(moment)
            | Taken::Pause(moment, _) => moment.min(self.last()),
        }
    }

    /// Makes the steps of one turn again. Calls `see` with the node's state before they are saved or lost.
    fn make_again<T>(
        &self,
        server: &mut Server,
        batch: &[Taken],
        lost: bool,
        see: impl FnOnce(NodeState<'_>) -> T,
    ) -> T {
        let (applied, starts) = (server.last_applied(), server.disk().starts());
        let mut seen = None;
        let mut crash = lost.then_some(CrashPoint::BeforeSave);
        let make = |turn: &mut Steps<'_>| {
            for &taken in batch {
                let step = self.step(self.moment_of(taken)).expect("a step that is taken is kept");
                _ = turn.make(step.input(), step.received);
            }
            let node = Cow::Borrowed(turn.node());
            seen = Some(see(NodeState { up: true, paused: false, starts, node, applied }));
        };
        let enter = |_: crate::server::turn_order::JournalEntry<'_>| MessageId::default();
        _ = take_turn_of(server, Time::ZERO, Detail::Batches, &mut crash, make, enter);
        seen.expect("a turn is made")
    }

    /// The state of a node at the moment of `step`, or before the first step if that is 0. `None` if there
    /// is no such node or step.
    pub fn node_at(&self, id: NodeId, step: u64) -> Option<NodeState<'static>> {
        let own = self.nodes.get(id.index())?;
        let until = (step <= self.last()).then(|| own.until(step, self))?;
        Some(self.node_up_to(id, until))
    }

    /// The state of the node that made `step`, right after it. What befalls it after the last step has not
    /// happened yet, although it belongs to the moment of that step.
    pub fn node_after(&self, step: u64) -> Option<NodeState<'static>> {
        let id = self.step(step)?.node;
        let taken = &self.nodes[id.index()].taken;
        let begin = taken.partition_point(|&taken| self.moment_of(taken) < step);
        let is_it = |taken: &Taken| matches!(taken, Taken::Step(made) if *made == step);
        let nth = taken[begin..].iter().position(is_it)?;
        Some(self.node_up_to(id, begin + nth + 1))
    }

    fn node_up_to(&self, id: NodeId, until: usize) -> NodeState<'static> {
        self.rerun_from(id, until).up_to(until, owned)
    }

    /// The rerun of a node that can be asked for its state at the moment of `step` and at later ones.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn rerun(&self, id: NodeId, step: u64) -> Rerun<'_> {
        self.rerun_from(id, self.nodes[id.index()].until(step, self))
    }

    /// How much had happened to a node by the moment of `step`.
    pub fn taken_until(&self, id: NodeId, step: u64) -> usize {
        self.nodes[id.index()].until(step, self)
    }

    /// A rerun from the last copy of a node that is not past the first `until` items of its `taken`.
    pub fn rerun_from(&self, id: NodeId, until: usize) -> Rerun<'_> {
        let copies = &self.nodes[id.index()].copies;
        Rerun::from(self, id, copies.partition_point(|(at, _)| *at <= until) - 1)
    }

    /// Returns the moment since which something about a node has been as it was at the moment of `step`; 0
    /// if it was so from the beginning. The step of this number made it so, or something that happened to
    /// the node just before.
    pub fn since<T: PartialEq>(
        &self,
        id: NodeId,
        step: u64,
        mut what: impl FnMut(NodeState<'_>) -> T,
    ) -> Option<u64> {
        let now = what(self.node_at(id, step)?);
        let own = &self.nodes[id.index()];
        let (mut end, mut since) = (own.until(step, self), step);
        // Starts at the last copy and goes back, because most things have been so for a short time.
        for copy in (0..own.copies.len()).rev() {
            let begin = own.copies[copy].0;
            if begin > end {
                continue;
            }
            let mut rerun = Rerun::from(self, id, copy);
            let mut other = (begin == 0 && what(rerun.stands()) != now).then_some(0);
            let mut moments: Vec<u64> =
                own.taken[begin..end].iter().map(|&taken| self.moment_of(taken)).collect();
            moments.dedup();
            for (nth, &moment) in moments.iter().enumerate() {
                if rerun.at(moment, &mut what) != now {
                    other = Some(nth + 1);
                }
            }
            if let Some(other) = other {
                return Some(moments.get(other).copied().unwrap_or(since));
            }
            since = moments.first().copied().unwrap_or(since);
            end = begin;
        }
        Some(0)
    }
}
