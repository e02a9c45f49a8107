//! The state of a node at a step, computed again from the node's own inputs, by the same core.
//!
//! Nodes know of each other only what messages say, and the history keeps the messages. So a node is run
//! again alone, from the last copy that was taken of it before that step.

use std::convert::Infallible;
use std::ops::Deref;
use std::rc::Rc;

use super::{History, MadeStep};
use crate::raft::{Input, LogIndex, NodeId, RaftNode, Storage, Write};
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
    pub(super) copies: Vec<(usize, Server)>,
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
    pub node: StoodNode<'a>,
    /// The index of the last entry that it had applied (Figure 2, `lastApplied`).
    pub applied: LogIndex,
}

/// A node as it stood at a moment.
#[derive(Clone, Debug)]
pub enum StoodNode<'a> {
    /// The node of a rerun, which will go on from there.
    Passing(&'a RaftNode),
    /// A node that is kept as it stood. Whoever needs it more than once clones only the reference.
    Kept(Rc<RaftNode>),
}

impl Deref for StoodNode<'_> {
    type Target = RaftNode;

    fn deref(&self) -> &RaftNode {
        match self {
            Self::Passing(node) => node,
            Self::Kept(node) => node,
        }
    }
}

impl PartialEq for StoodNode<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for StoodNode<'_> {}

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

/// The same state, which keeps its node.
pub(super) fn kept(stood: NodeState<'_>) -> NodeState<'static> {
    let node = match stood.node {
        StoodNode::Passing(node) => Rc::new(node.clone()),
        StoodNode::Kept(node) => node,
    };
    NodeState { node: StoodNode::Kept(node), ..stood }
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

    /// How many items of `taken` came before the last copy that is not past the first `until` of them.
    pub(super) fn last_copy(&self, until: usize) -> usize {
        self.copies[self.copy_before(until)].0
    }

    /// The number of that copy.
    fn copy_before(&self, until: usize) -> usize {
        self.copies.partition_point(|(at, _)| *at <= until) - 1
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
    /// The node in the middle of the batch that comes next, if its state there was asked for, and how many items of
    /// `taken` it has processed.
    within: Option<(usize, RaftNode)>,
    paused: bool,
    made: usize,
}

/// The storage of a node in the middle of a batch: it saves nothing, because a batch is saved as a whole.
struct Unsaving;

impl Storage for Unsaving {
    type Error = Infallible;

    fn save(&mut self, _: Write<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'h> Rerun<'h> {
    /// A rerun that starts from this copy of a node.
    pub(super) fn from(history: &'h History, id: NodeId, copy: usize) -> Self {
        let own = &history.nodes[id.index()];
        let (at, ref server) = own.copies[copy];
        let replica = Replica::Up(server.clone());
        Self { history, own, id, at, replica, within: None, paused: false, made: 0 }
    }

    /// How many steps it has made again so far: what it costs.
    pub const fn steps_made(&self) -> usize {
        self.made
    }

    /// How many items of `taken` it has processed. It can be asked for no earlier state.
    pub(super) fn place(&self) -> usize {
        self.within.as_ref().map_or(self.at, |(made, _)| *made)
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
    pub(super) fn up_to<T>(&mut self, until: usize, see: impl FnOnce(NodeState<'_>) -> T) -> T {
        while self.at < until {
            let end = self.end_of_next();
            if end > until {
                return see(self.within_batch(until));
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
                let within = |it: &Taken| matches!(it, Taken::Step(step) if *step <= batch_end);
                self.at + self.own.taken[self.at..].partition_point(within)
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
        self.within = None;
        match (batch[0], &mut self.replica) {
            (Taken::Step(step), Replica::Up(server)) => {
                self.made += batch.len();
                let lost = !self.history.steps[step as usize - 1].saved;
                self.history.make_again(server, batch, lost);
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

    /// The node's state after the steps of the next batch up to `until`, before any is saved. What a step does
    /// depends on the node alone, not on the steps that are to be saved with it, so each is made in a turn of its
    /// own. Whoever asks for the state after every step of a batch makes each step again only once with it.
    fn within_batch(&mut self, until: usize) -> NodeState<'_> {
        let Replica::Up(server) = &self.replica else {
            unreachable!("what is down makes no steps")
        };
        let (made, node) = self.within.get_or_insert_with(|| (self.at, server.node().clone()));
        for &taken in &self.own.taken[*made..until] {
            let Ok(_) = node.step(self.history.input_of(taken)).persist(&mut Unsaving);
        }
        self.made += until - *made;
        *made = until;
        NodeState {
            up: true,
            paused: false,
            starts: server.disk().starts(),
            node: StoodNode::Passing(node),
            applied: server.last_applied(),
        }
    }

    pub(super) fn stands(&self) -> NodeState<'_> {
        match &self.replica {
            Replica::Up(server) => NodeState {
                up: true,
                paused: self.paused,
                starts: server.disk().starts(),
                node: StoodNode::Passing(server.node()),
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
                    node: StoodNode::Kept(Rc::new(node)),
                    applied,
                }
            }
        }
    }
}

impl History {
    /// The moment to which an item of `taken` belongs.
    pub(super) fn moment_of(&self, taken: Taken) -> u64 {
        match taken {
            Taken::Step(step) => step,
            // What comes after the last step belongs to its moment.
            Taken::Crash(moment)
            | Taken::Restart(moment, _)
            | Taken::Wipe(moment)
            | Taken::Pause(moment, _) => moment.min(self.last()),
        }
    }

    /// The input of a step that is in `taken`.
    fn input_of(&self, taken: Taken) -> Input {
        self.step(self.moment_of(taken)).expect("a step that is taken is kept").input()
    }

    /// Makes the steps of one turn again, and saves or loses them.
    fn make_again(&self, server: &mut Server, batch: &[Taken], lost: bool) {
        let mut crash = lost.then_some(CrashPoint::BeforeSave);
        let make = |turn: &mut Steps<'_>| {
            for &taken in batch {
                _ = turn.make(self.input_of(taken), None);
            }
        };
        let enter = |_: crate::server::turn_order::JournalEntry<'_>| MessageId::default();
        _ = take_turn_of(server, Time::ZERO, Detail::Batches, &mut crash, make, enter);
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
        let (id, until) = self.place_after(step)?;
        Some(self.node_up_to(id, until))
    }

    /// The node that made `step`, and how much had happened to it right after.
    pub(super) fn place_after(&self, step: u64) -> Option<(NodeId, usize)> {
        let id = self.step(step)?.node;
        let taken = &self.nodes[id.index()].taken;
        let begin = taken.partition_point(|&taken| self.moment_of(taken) < step);
        let is_it = |taken: &Taken| matches!(taken, Taken::Step(made) if *made == step);
        let nth = taken[begin..].iter().position(is_it)?;
        Some((id, begin + nth + 1))
    }

    /// The moment of what happened to a node after the first `taken` things, and how much had happened to it by the
    /// end of that moment.
    pub(super) fn moment_after(&self, id: NodeId, taken: usize) -> (u64, usize) {
        let own = &self.nodes[id.index()];
        let moment = self.moment_of(own.taken[taken]);
        (moment, own.until(moment, self))
    }

    fn node_up_to(&self, id: NodeId, until: usize) -> NodeState<'static> {
        self.rerun_from(id, until).up_to(until, kept)
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
        Rerun::from(self, id, self.nodes[id.index()].copy_before(until))
    }
}
