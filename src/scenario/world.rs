//! What a script can do to a cluster, whether it runs on threads or in virtual time.

use std::time::Duration;

use crate::network::Conditions;
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
    /// The node is up, and would have to be down.
    #[error("{0} is up")]
    IsUp(NodeId),
    /// The node is down, and would have to be up.
    #[error("{0} is down")]
    IsDown(NodeId),
    /// The process stands still, and would have to run.
    #[error("{0} stands still until 'resume {index}'", index = .0.index())]
    IsPaused(NodeId),
    /// The process does not stand still.
    #[error("{0} is not paused")]
    IsNotPaused(NodeId),
    /// The node's thread panicked and left nothing to start from.
    #[error("{0} panicked and left no disk to start from")]
    LeftNoDisk(NodeId),
    /// The system gives no thread for the node, for this reason.
    #[error("no thread could be started for {0}: {1}")]
    NoThread(NodeId, String),
    /// The node leads, and its election timer stands still.
    #[error("{0} leads, and the election timer of a leader stands still")]
    Leads(NodeId),
    /// The node does not lead, and has no heartbeat to send.
    #[error("{0} does not lead, and sends no heartbeats")]
    DoesNotLead(NodeId),
    /// No such message is in flight.
    #[error("no such message is on its way")]
    NoSuchMessage(MessageName),
    /// The message waits to be delivered by name, again and again.
    #[error("it is held back already: it arrives when 'deliver' names it, as often as it does")]
    WaitsForName(MessageName),
    /// No timer runs, and no message arrives by itself.
    #[error(
        "nothing comes by itself: no timer runs, and no message arrives unless it is delivered by name \
         ('automatic' gives timers and links back)"
    )]
    NoEvent,
}

/// What a script says about the run, rather than does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Narration {
    /// A part of the story begins.
    Phase(String),
    /// A remark.
    Note(String),
}

impl From<Narration> for Deed {
    fn from(narration: Narration) -> Self {
        match narration {
            Narration::Phase(text) => Self::Phase(text),
            Narration::Note(text) => Self::Note(text),
        }
    }
}

/// A change of the network, as the deed that says it. Only the methods of [`World`] make one, so it says
/// nothing else.
#[derive(Clone, PartialEq, Debug)]
pub struct NetworkChange(Deed);

impl From<NetworkChange> for Deed {
    fn from(change: NetworkChange) -> Self {
        change.0
    }
}

/// The next thing that happens in virtual time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NextEvent {
    /// A message arrives.
    Arrives(Envelope),
    /// A message that was in flight is lost.
    Lost(Envelope, Loss),
    /// A message arrives at a process that stands still, where it waits.
    Waits(Envelope),
    /// A node's election timer ends.
    ElectionTimeout(NodeId),
    /// A leader's heartbeat is due.
    HeartbeatDue(NodeId),
}

/// Elections since the cluster began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Elections {
    /// How often a node campaigned.
    pub held: u64,
    /// How often one won.
    pub won: u64,
}

impl Elections {
    /// Those that the checker has seen.
    pub fn of(checker: &Checker) -> Self {
        let won = checker.leaders().len() + checker.second_leaders();
        Self { held: checker.elections(), won: won as u64 }
    }
}

/// A message in flight, as one looks at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InFlight {
    /// Its number in the journal.
    pub id: MessageId,
    /// By which name to deliver it or to take it out.
    pub name: MessageName,
    /// The message.
    pub envelope: Envelope,
    /// When it arrives; nothing if it waits to be delivered by name.
    pub due: Option<Time>,
    /// Whether it arrived before, and can arrive again.
    pub delivered: bool,
}

/// A cluster that a script can drive.
pub trait World {
    /// How many nodes it has.
    fn size(&self) -> usize;

    /// The cluster's time.
    fn now(&self) -> Time;

    /// How every node stands, in ascending order.
    fn status(&self) -> Vec<NodeStatus>;

    /// Looks at a node's log without copying it; at what its disk holds, if it is down.
    fn look_at_log<T: Send + 'static>(
        &self,
        node: NodeId,
        look: impl Fn(&Log) -> T + Clone + Send + 'static,
    ) -> T
    where
        Self: Sized;

    /// A copy of it.
    fn log(&self, node: NodeId) -> Log
    where
        Self: Sized,
    {
        self.look_at_log(node, Log::clone)
    }

    /// One entry of it.
    fn entry(&self, node: NodeId, index: LogIndex) -> Option<LogEntry>
    where
        Self: Sized,
    {
        self.look_at_log(node, move |log| log.get(index).cloned())
    }

    /// A node's key-value store; none if it is down.
    fn machine(&self, node: NodeId) -> Option<KeyValue>;

    /// Lets the cluster run until `done` says so, or `bound` has passed in the cluster's own time.
    /// Says whether it was done. `done` is asked at once, whenever something has changed, and when
    /// `bound` has passed: so to wait for a moment is to ask for the time.
    fn run_until(&mut self, bound: Duration, done: impl FnMut(&Self) -> bool) -> bool
    where
        Self: Sized;

    /// The leader: of all that lead, the one of the highest term.
    fn leader(&self) -> Option<NodeId> {
        leader_of(&self.status()).map(|leader| leader.id)
    }

    /// Lets the cluster run until it has a leader, or `bound` has passed.
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

    /// Hands a command to `node`, leader or not, and does not wait. The answer, if there is one,
    /// comes later.
    fn propose(&mut self, node: NodeId, command: &str) -> Ticket;

    /// What has become of a command.
    fn proposal(&self, ticket: Ticket) -> Proposal;

    /// Where the entry of a command stands or stood, before anything is committed too, as the node says
    /// that took it in: in virtual time at once, on threads as soon as it has. Nothing if no node did, or
    /// it went down since without an answer.
    fn position_of(&self, ticket: Ticket) -> Option<LogPosition>;

    /// How many commands are not pending any more: unchanged, it says that nobody was told anything.
    fn settled(&self) -> u64;

    /// Crashes a node: at once, or at the given point of its next turn that has something to save, to
    /// send or to commit, which its status shows.
    ///
    /// # Errors
    /// If it is down.
    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo>;

    /// Starts a crashed node again with what was durable.
    ///
    /// # Errors
    /// If it is up, or cannot be brought up.
    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Loses the disk of a node that is down: when it starts again, it starts with nothing.
    ///
    /// # Errors
    /// If it is up, or has left no disk.
    fn wipe(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Makes a process stand still: no timer of it ends, and what it is sent waits for it, until it is
    /// [resumed](Self::resume), or crashes.
    ///
    /// # Errors
    /// If it is down, or stands still already.
    fn pause(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Lets a process that stands still go on: it handles what has waited, then its timers.
    ///
    /// # Errors
    /// If it is down, or does not stand still.
    fn resume(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Has the next answer of a node to a client lost on its way, unless the node crashes before.
    ///
    /// # Errors
    /// If it is down.
    fn lose_answer(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Ends a node's election timer.
    ///
    /// # Errors
    /// If it is down, stands still, or leads.
    fn election_timeout(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Enters a change of the network in the journal, and makes it. What is in flight keeps the latency
    /// that it has.
    fn change_network(&mut self, change: NetworkChange);

    /// Cuts one direction of a link.
    fn cut(&mut self, from: NodeId, to: NodeId) {
        self.change_network(NetworkChange(Deed::Cut { from, to }));
    }

    /// Splits the cluster into groups; nodes that are in none form one together.
    fn partition(&mut self, groups: &[NodeSet]) {
        self.change_network(NetworkChange(Deed::Partition { groups: groups.to_vec() }));
    }

    /// Undoes the cut of one direction of a link.
    fn heal_link(&mut self, from: NodeId, to: NodeId) {
        self.change_network(NetworkChange(Deed::HealLink { from, to }));
    }

    /// Undoes all cuts.
    fn heal(&mut self) {
        self.change_network(NetworkChange(Deed::Heal));
    }

    /// The conditions of every link that has none of its own.
    fn conditions(&self) -> Conditions;

    /// The conditions of the link from one node to another.
    fn link_conditions(&self, from: NodeId, to: NodeId) -> Conditions;

    /// Changes the conditions of the link from one node to another.
    fn set_link_conditions(&mut self, from: NodeId, to: NodeId, conditions: Conditions) {
        self.change_network(NetworkChange(Deed::LinkConditions { from, to, conditions }));
    }

    /// Changes the conditions of every link.
    fn set_conditions(&mut self, conditions: Conditions) {
        self.change_network(NetworkChange(Deed::Conditions(conditions)));
    }

    /// Enters what the script says in the journal.
    fn narrate(&mut self, narration: Narration);

    /// The entry that was committed first at `index`, by whichever node.
    fn committed(&self, index: LogIndex) -> Option<LogPosition>;

    /// What a node that leads knows of a peer; nothing if it does not lead.
    fn progress(&self, node: NodeId, peer: NodeId) -> Option<Progress>;

    /// The elections so far.
    fn elections(&self) -> Elections;

    /// What the checker has done so far, after comparing every running node's whole log too.
    fn safety(&mut self) -> SafetyReport;

    /// Ends the run: nothing happens after it by itself, so what clients have been told by then is
    /// all that they are told. Virtual time stands still by itself.
    fn end(&mut self) {}

    /// The same world, if its time is virtual.
    fn as_virtual(&mut self) -> Option<&mut dyn VirtualWorld> {
        None
    }
}

/// What only virtual time can do: threads run as they please.
pub trait VirtualWorld: World {
    /// Makes a leader send heartbeats now.
    ///
    /// # Errors
    /// If it is down, stands still, or does not lead.
    fn heartbeat(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Takes time and links into the script's hands, or gives them back. In its hands no timer ends
    /// by itself, and messages wait to be delivered by name; one that was delivered can arrive
    /// again.
    fn set_manual(&mut self, manual: bool);

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
    /// If there is none of that name, or it waits already.
    fn hold(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Lets a message arrive twice: a copy of it comes right behind it. Of one that waited for its name,
    /// and has arrived, a copy waits again.
    ///
    /// # Errors
    /// If there is none of that name that arrives by itself, or has arrived.
    fn duplicate(&mut self, name: MessageName) -> Result<(), CannotDo>;

    /// Moves time on to the next event, says what it is, and lets it happen.
    ///
    /// # Errors
    /// If there is none.
    fn next_event(&mut self, told: &mut dyn FnMut(Time, NextEvent)) -> Result<(), CannotDo>;

    /// The messages in flight: those that wait to be delivered by name, oldest first, or all, by the
    /// time of their arrival.
    fn in_flight(&self) -> Vec<InFlight>;
}
