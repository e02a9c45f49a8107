//! What a script can do to a cluster, whether it runs on threads or in virtual time.

use std::time::Duration;

use crate::network::{Conditions, Network};
use crate::properties::linearizability::IsCommitted;
use crate::properties::report::SafetyReport;
use crate::properties::safety::Checker;
use crate::raft::{Envelope, Log, LogEntry, LogIndex, LogPosition, NodeId, NodeSet, Progress};
use crate::record::deed::{Deed, Loss};
use crate::record::message_name::MessageName;
use crate::server::state_machine::KeyValue;
use crate::server::status::{NodeStatus, leader_of};
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, MessageId};
use crate::server::{Proposal, Ticket};

/// Why something cannot be done to a cluster.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotDo {
    /// The node is up; it must be down for this.
    #[error("{0} is up")]
    IsUp(NodeId),
    /// The node is down; it must be up for this.
    #[error("{0} is down")]
    IsDown(NodeId),
    /// The process is paused; it must run for this.
    #[error("{0} is paused until 'resume {index}'", index = .0.index())]
    IsPaused(NodeId),
    /// The process is not paused.
    #[error("{0} is not paused")]
    IsNotPaused(NodeId),
    /// The node's thread panicked and left nothing to start from.
    #[error("{0} panicked and left no disk to start from")]
    LeftNoDisk(NodeId),
    /// The operating system could not start a thread for the node; the text says why.
    #[error("no thread could be started for {0}: {1}")]
    NoThread(NodeId, String),
    /// The node leads, and a leader's election timer does not run.
    #[error("{0} leads, and the election timer of a leader does not run")]
    Leads(NodeId),
    /// The node does not lead, and has no heartbeat to send.
    #[error("{0} does not lead, and sends no heartbeats")]
    DoesNotLead(NodeId),
    /// No such message is in flight.
    #[error("no such message is in flight")]
    NoSuchMessage(MessageName),
    /// The message is held back already, so it does not arrive by itself; it can be delivered by name any
    /// number of times.
    #[error("it is held back already: it arrives when 'deliver' names it, as often as it does")]
    WaitsForName(MessageName),
    /// No timer runs, and no message arrives by itself.
    #[error(
        "nothing comes by itself: no timer runs, and no message arrives unless it is delivered by name \
         ('automatic' gives timers and links back)"
    )]
    NoEvent,
}

/// What a script does to the network, or says about the run, stored as its deed. Only the methods of [`World`]
/// construct one, so the deed inside is always one of these.
#[derive(Clone, PartialEq, Debug)]
pub struct ScriptDeed(Deed);

impl From<ScriptDeed> for Deed {
    fn from(deed: ScriptDeed) -> Self {
        deed.0
    }
}

/// The next thing that happens in virtual time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NextEvent {
    /// A message arrives.
    Arrives(Envelope),
    /// A message that was in flight is lost.
    Lost(Envelope, Loss),
    /// A message arrives at a paused process, where it waits.
    Waits(Envelope),
    /// A node's election timer ends.
    ElectionTimeout(NodeId),
    /// A leader's heartbeat is due.
    HeartbeatDue(NodeId),
}

/// Campaigns since the cluster began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Campaigns {
    /// How many times a node has campaigned.
    pub held: u64,
    /// How many times a candidate has won.
    pub won: u64,
}

impl Campaigns {
    /// Returns the elections that the checker has seen.
    pub fn of(checker: &Checker) -> Self {
        let won = checker.leaders().len() + checker.second_leaders();
        Self { held: checker.campaigns(), won: won as u64 }
    }
}

/// A message in flight, as it is shown to a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InFlight {
    /// Its number in the journal.
    pub id: MessageId,
    /// The name to deliver it by, or to take it out by.
    pub name: MessageName,
    /// The message.
    pub envelope: Envelope,
    /// When it arrives; `None` if it waits to be delivered by name.
    pub due: Option<Time>,
    /// Whether it arrived before, and can arrive again.
    pub delivered: bool,
}

/// A cluster that a script can drive.
pub trait World {
    /// Returns how many nodes the cluster has.
    fn size(&self) -> usize;

    /// Returns the cluster's time.
    fn now(&self) -> Time;

    /// Returns the status of every node, in ascending order.
    fn status(&self) -> Vec<NodeStatus>;

    /// Looks at a node's log without copying it; if the node is down, at the log on its disk.
    fn look_at_log<T: Send + 'static>(
        &self,
        node: NodeId,
        look: impl Fn(&Log) -> T + Clone + Send + 'static,
    ) -> T
    where
        Self: Sized;

    /// Returns a copy of a node's log.
    fn log(&self, node: NodeId) -> Log
    where
        Self: Sized,
    {
        self.look_at_log(node, Log::clone)
    }

    /// Returns one entry of a node's log.
    fn entry(&self, node: NodeId, index: LogIndex) -> Option<LogEntry>
    where
        Self: Sized,
    {
        self.look_at_log(node, move |log| log.get(index).cloned())
    }

    /// Returns a copy of a node's key-value store; `None` if the node is down.
    fn machine(&self, node: NodeId) -> Option<KeyValue>;

    /// Lets the cluster run until `done` returns true, or `bound` has passed in the cluster's own time.
    /// Returns whether `done` was true. It is called at once, whenever something has changed, and when
    /// `bound` has passed: so a `done` that checks the time can wait for a given moment.
    fn run_until(&mut self, bound: Duration, done: impl FnMut(&Self) -> bool) -> bool
    where
        Self: Sized;

    /// Returns the leader: if several nodes believe that they lead, the one with the highest term.
    fn leader(&self) -> Option<NodeId> {
        leader_of(&self.status()).map(|leader| leader.id)
    }

    /// Lets the cluster run until it has a leader, or `bound` has passed. Returns the leader, if there is one.
    fn wait_for_leader(&mut self, bound: Duration) -> Option<NodeId>
    where
        Self: Sized,
    {
        let mut leader = None;
        self.run_until(bound, |world| {
            leader = world.leader();
            leader.is_some()
        });
        leader
    }

    /// Hands a command to `node`, whether it leads or not, without waiting for the answer.
    /// [`proposal`](Self::proposal) returns the answer once there is one.
    fn propose(&mut self, node: NodeId, command: &str) -> Ticket;

    /// Returns what has become of a command.
    fn proposal(&self, ticket: Ticket) -> Proposal;

    /// Returns the position of a command's entry in the log, even before the entry is committed, as reported
    /// by the node that took the command in: in virtual time at once, on threads as soon as the node has
    /// done so. `None` if no node took it in, or that node has since gone down without answering.
    fn position_of(&self, ticket: Ticket) -> Option<LogPosition>;

    /// Returns how many commands are no longer pending. While this number stays the same, no client has been
    /// told anything new.
    fn settled(&self) -> u64;

    /// Crashes a node: at once for [`CrashPoint::Between`], else at the given point of its next turn that
    /// has something to save or to send, or moves the commit index, which the node's status shows.
    ///
    /// # Errors
    /// If it is down.
    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo>;

    /// Starts a crashed node again with what was durable.
    ///
    /// # Errors
    /// If it is up, or cannot be started.
    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Erases the disk of a node that is down: when the node restarts, it starts with nothing.
    ///
    /// # Errors
    /// If it is up, or has left no disk.
    fn wipe(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Pauses a process: its timers do not end, and messages and commands for it wait, until it is
    /// [resumed](Self::resume) or crashes.
    ///
    /// # Errors
    /// If it is down, or paused already.
    fn pause(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Lets a paused process go on: it handles what has waited, then its timers.
    ///
    /// # Errors
    /// If it is down, or not paused.
    fn resume(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Loses the next answer that a node sends to a client, unless the node crashes first.
    ///
    /// # Errors
    /// If it is down.
    fn lose_answer(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Ends a node's election timer, so that it campaigns.
    ///
    /// # Errors
    /// If it is down, paused, or leads.
    fn election_timeout(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Enters a deed of the script in the journal, and makes the change of the network that it asks for, if any.
    /// Messages in flight keep their latency.
    fn enact(&mut self, deed: ScriptDeed);

    /// Cuts one direction of a link.
    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.enact(ScriptDeed(Deed::Cut { from, to }));
    }

    /// Splits the cluster into groups; the nodes that are in no group form one together.
    fn partition(&mut self, groups: &[NodeSet]) {
        let is_named = |node: &NodeId| groups.iter().any(|group| group.contains(*node));
        let rest: NodeSet = NodeId::all(self.size()).filter(|node| !is_named(node)).collect();
        let rest = Some(rest).filter(|rest| !rest.is_empty());
        let groups = groups.iter().copied().chain(rest).collect();
        self.enact(ScriptDeed(Deed::Partition { groups }));
    }

    /// Undoes the cut of one direction of a link.
    fn heal_link(&mut self, from: NodeId, to: NodeId) {
        self.enact(ScriptDeed(Deed::HealLink { from, to }));
    }

    /// Undoes all cuts.
    fn heal(&mut self) {
        self.enact(ScriptDeed(Deed::Heal));
    }

    /// Returns the links as they are now: their conditions, and which are cut.
    fn network(&self) -> Network;

    /// Changes the conditions of the link from one node to another.
    fn set_link_conditions(&mut self, from: NodeId, to: NodeId, conditions: Conditions) {
        self.enact(ScriptDeed(Deed::LinkConditions { from, to, conditions }));
    }

    /// Changes the conditions of every link, also of those that had their own.
    fn set_conditions(&mut self, conditions: Conditions) {
        self.enact(ScriptDeed(Deed::Conditions(conditions)));
    }

    /// Says that a part of the story with this title begins.
    fn phase(&mut self, title: String) {
        self.enact(ScriptDeed(Deed::Phase(title)));
    }

    /// Makes a remark.
    fn note(&mut self, text: String) {
        self.enact(ScriptDeed(Deed::Note(text)));
    }

    /// Whether an entry was committed first at its index.
    ///
    /// # Errors
    /// Those of [`Checker::is_committed`].
    fn is_committed(&self, position: LogPosition, command: &str) -> IsCommitted;

    /// Returns what a leader knows of a peer's log; `None` if the node does not lead.
    fn progress(&self, node: NodeId, peer: NodeId) -> Option<Progress>;

    /// Returns the elections so far.
    fn campaigns(&self) -> Campaigns;

    /// Has the checker compare the whole log of every running node, and returns its report so far.
    fn safety(&mut self) -> SafetyReport;

    /// Ends the run: nothing happens by itself afterwards, so clients get no further answers. Virtual time
    /// needs no such step, because it only passes when the caller advances it.
    fn end(&mut self) {}

    /// Returns the same world as a [`VirtualWorld`], if its time is virtual.
    fn as_virtual(&mut self) -> Option<&mut dyn VirtualWorld> {
        None
    }
}

/// What is only possible in virtual time, because nothing controls when threads act.
pub trait VirtualWorld: World {
    /// Makes a leader send heartbeats now.
    ///
    /// # Errors
    /// If it is down, paused, or does not lead.
    fn heartbeat(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Puts timers and links under manual control, or gives them back. Under manual control no timer ends
    /// by itself, and messages wait to be delivered by name. A message that was delivered can be delivered
    /// again.
    fn set_manual(&mut self, manual: bool);

    /// Returns whether timers and links are under manual control.
    fn is_manual(&self) -> bool;

    /// Lets a message arrive now.
    ///
    /// # Errors
    /// If there is none of that name.
    fn deliver(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Takes a message out of the network.
    ///
    /// # Errors
    /// If there is none of that name.
    fn remove(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Holds a message back: from now on it waits to be delivered by name.
    ///
    /// # Errors
    /// If there is none of that name, or it is held back already.
    fn hold(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Duplicates a message: a copy arrives right after it. If the message was delivered by name already,
    /// the copy waits to be delivered by name.
    ///
    /// # Errors
    /// If no message of that name arrives by itself or has been delivered by name.
    fn duplicate(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Moves time on to the next event, passes it to `told`, and lets it happen.
    ///
    /// # Errors
    /// If there is no next event.
    fn next_event(&mut self, told: &mut dyn FnMut(Time, NextEvent)) -> Result<(), CannotDo>;

    /// Returns the messages in flight: first those that wait to be delivered by name, oldest first, then
    /// those that arrive by themselves, by the time of their arrival.
    fn in_flight(&self) -> Vec<InFlight>;

    /// Returns the messages that have come to paused processes, which take them in once they resume.
    fn at_paused(&self) -> Vec<Envelope>;
}
