//! What a script can do to a cluster, whether it runs on threads or in virtual time.

use std::time::Duration;

use crate::network::Conditions;
use crate::properties::report::SafetyReport;
use crate::raft::{Envelope, Log, LogIndex, LogPosition, NodeId, NodeSet};
use crate::record::journal::{Deed, Loss};
use crate::record::message_name::MessageName;
use crate::server::Answer;
use crate::server::engine::CrashPoint;
use crate::server::state_machine::KeyValue;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;

/// The claim to the answer of a command that was submitted.
pub use crate::server::Ticket;

/// What cannot be done in this world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CannotDo {
    /// The node is down already, or up already, as the deed needs it to be.
    WrongState {
        /// Which node.
        node: NodeId,
        /// Whether it is up.
        up: bool,
    },
    /// Threads run as they please: this needs virtual time.
    OnlyVirtual,
    /// No such message is on its way.
    NoSuchMessage(MessageName),
    /// Nothing will happen by itself: no timer runs, and no message arrives.
    NothingComes,
}

/// The next thing that happens in virtual time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A message arrives.
    Arrives(Envelope),
    /// A message that was on its way is lost.
    Lost(Envelope, Loss),
    /// A node's election timer ends.
    ElectionTimeout(NodeId),
    /// A leader's heartbeat is due.
    HeartbeatDue(NodeId),
}

/// A message on its way, as one looks at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnItsWay {
    /// By which name to deliver it or to take it out.
    pub name: MessageName,
    /// The message.
    pub envelope: Envelope,
    /// When it arrives; nothing if it waits for a hand.
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

    /// A node's log; what its disk holds, if it is down.
    fn log(&self, node: NodeId) -> Log;

    /// A node's key-value store; none if it is down.
    fn machine(&self, node: NodeId) -> Option<KeyValue>;

    /// Lets the cluster run until `done` says so of the statuses, or `bound` has passed, in the
    /// cluster's own time. Says whether it was done. `done` is asked at once, and again whenever
    /// something has changed.
    fn run_until(&mut self, bound: Duration, done: &mut dyn FnMut(&Self) -> bool) -> bool
    where
        Self: Sized;

    /// Hands a command to `node`, leader or not. The answer, if there is one, comes later.
    fn submit(&mut self, node: NodeId, command: &str) -> Ticket;

    /// What became of a command: nothing yet, or refused by a node that does not lead
    /// (`Some(Err(leader it knows))`) or is down when it is asked (`Some(Err(None))`), or an answer.
    /// If the node goes down later, nobody answers.
    fn outcome(&self, ticket: Ticket) -> Option<Result<Answer, Option<NodeId>>>;

    /// How many commands have an outcome so far: unchanged, it says that nobody was told anything.
    fn outcomes(&self) -> u64;

    /// Crashes a node: at once, or at the given point of the next step that has something to save
    /// or send.
    ///
    /// # Errors
    /// If it is down, or the world cannot crash it there.
    fn crash(&mut self, node: NodeId, point: CrashPoint) -> Result<(), CannotDo>;

    /// Starts a crashed node again with what was durable.
    ///
    /// # Errors
    /// If it is up.
    fn restart(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Ends a node's election timer: it stands for election.
    ///
    /// # Errors
    /// If it is down.
    fn stand(&mut self, node: NodeId) -> Result<(), CannotDo>;

    /// Makes a leader speak now.
    ///
    /// # Errors
    /// If it is down, or the world is not virtual.
    fn heartbeat(&mut self, node: NodeId) -> Result<(), CannotDo> {
        let _ = node;
        Err(CannotDo::OnlyVirtual)
    }

    /// Takes time and links into the script's hands, or gives them back. In its hands no timer ends
    /// by itself, and messages wait to be delivered by name; one that was delivered can arrive
    /// again.
    ///
    /// # Errors
    /// If the world is not virtual.
    fn set_manual(&mut self, manual: bool) -> Result<(), CannotDo> {
        let _ = manual;
        Err(CannotDo::OnlyVirtual)
    }

    /// Lets a message arrive now.
    ///
    /// # Errors
    /// If there is none of that name, or the world is not virtual.
    fn deliver(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let _ = name;
        Err(CannotDo::OnlyVirtual)
    }

    /// Takes a message out of the network.
    ///
    /// # Errors
    /// If there is none of that name, or the world is not virtual.
    fn remove(&mut self, name: MessageName) -> Result<(), CannotDo> {
        let _ = name;
        Err(CannotDo::OnlyVirtual)
    }

    /// Moves time on to the next thing that happens, says what it is, and lets it happen.
    ///
    /// # Errors
    /// If nothing comes, or the world is not virtual.
    fn let_happen(&mut self, told: &mut dyn FnMut(Time, Happening)) -> Result<(), CannotDo> {
        let _ = told;
        Err(CannotDo::OnlyVirtual)
    }

    /// The messages on their way: those that wait for a hand, oldest first, or all, by the time of
    /// their arrival.
    ///
    /// # Errors
    /// If the world is not virtual.
    fn on_their_way(&self) -> Result<Vec<OnItsWay>, CannotDo> {
        Err(CannotDo::OnlyVirtual)
    }

    /// Cuts one direction of a link.
    fn cut(&mut self, from: NodeId, to: NodeId);

    /// Splits the cluster.
    fn partition(&mut self, groups: &[NodeSet]);

    /// Mends every link.
    fn heal(&mut self);

    /// The conditions of the links.
    fn conditions(&self) -> Conditions;

    /// Changes the conditions of the links.
    fn set_conditions(&mut self, conditions: Conditions);

    /// Enters what the narrator says in the journal.
    fn tell(&mut self, deed: &Deed);

    /// The entry that was committed first at `index`, by whichever node.
    fn committed(&self, index: LogIndex) -> Option<LogPosition>;

    /// What the checker has done so far, after comparing every running node's whole log too.
    fn safety(&mut self) -> SafetyReport;

    /// Ends the run: nothing happens after it by itself, so what clients have been told by then is
    /// all that they are told. Virtual time stands still by itself.
    fn end(&mut self) {}
}
