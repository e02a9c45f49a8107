//! What a script can do to a cluster, whether it runs on threads or in virtual time.

use std::time::Duration;

use serde::Serialize;

use crate::journal::{CrashPoint, Deed, Loss};
use crate::linearizability::{History, Judgement, Misled, NotJudged};
use crate::network::Conditions;
use crate::raft::{Envelope, Log, LogIndex, LogPosition, MessageKind, NodeId, NodeSet, Property};
use crate::replica::Answer;
use crate::safety::{Checker, Violation};
use crate::state_machine::KeyValue;
use crate::status::NodeStatus;
use crate::timing::Time;

/// The claim to the answer of a command that was submitted.
pub use crate::replica::Ticket;

/// What the checker did, for a report.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SafetyReport {
    /// Batches of steps that were looked at.
    pub steps: u64,
    /// How often each property was compared with what happened.
    pub checks: Vec<(Property, u64)>,
    /// Entries committed.
    pub committed: u64,
    /// Leaderships: as many as terms that had a leader, unless two nodes led one.
    pub leaders: usize,
    /// What fell.
    pub violations: Vec<Violation>,
    /// What the clients were told, judged, if they were told anything.
    pub clients: Option<Judged>,
}

/// What came of judging the clients' history.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Judged {
    /// How many clients were told that their command is done.
    pub answers: usize,
    /// Whether that can be.
    #[serde(flatten)]
    pub judgement: Judgement,
}

impl Judged {
    /// The judgement of this history, if anybody was told anything. `committed` says which entry was
    /// committed first at an index.
    pub fn of(
        history: &History,
        committed: impl Fn(LogIndex) -> Option<LogPosition>,
    ) -> Option<Self> {
        let answers = history.answers();
        (answers > 0).then(|| Self { answers, judgement: history.judge(committed) })
    }
}

impl SafetyReport {
    /// What the clients were told that cannot be, if that is so.
    pub const fn misled(&self) -> Option<&Misled> {
        match &self.clients {
            Some(Judged { judgement: Judgement::Fallen(misled), .. }) => Some(misled),
            _ => None,
        }
    }

    /// Why nobody can say whether what the clients were told can be, if that is so.
    pub const fn not_judged(&self) -> Option<&NotJudged> {
        match &self.clients {
            Some(Judged { judgement: Judgement::NotJudged(key), .. }) => Some(key),
            _ => None,
        }
    }

    /// How often something fell.
    pub fn fallen(&self) -> usize {
        self.violations.len() + usize::from(self.misled().is_some())
    }

    /// What `checker` has done so far.
    pub fn of(checker: &Checker) -> Self {
        Self {
            steps: checker.steps(),
            checks: Property::ALL.map(|property| (property, checker.checks(property))).to_vec(),
            committed: checker.committed_len().get(),
            leaders: checker.leaders().len() + checker.second_leaders(),
            violations: checker.violations().to_vec(),
            clients: None,
        }
    }
}

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

/// A message by who, whom and what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageName {
    /// What it is.
    pub kind: MessageKind,
    /// Who sent it.
    pub from: NodeId,
    /// For whom.
    pub to: NodeId,
    /// How many newer ones with the same name there are.
    pub nth_newest: usize,
}

impl MessageName {
    /// Whether it names this message, age apart.
    pub fn matches(self, envelope: &Envelope) -> bool {
        envelope.from == self.from && envelope.to == self.to && envelope.message.kind() == self.kind
    }
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
