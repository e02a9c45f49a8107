//! One turn of a server, from its first step to its messages. The order within a turn is defined only here.
//!
//! The steps are made, then saved, then entered in the journal; only then may messages leave and
//! clients get answers. A crash can come between any two of these. Threads, simulator and replay
//! decide only when a turn begins and what happens to its messages.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::raft::{Command, Input, LogIndex, Lost, PersistentState, RaftNode, Sendable, Storage};
use crate::server::timing::Time;
use crate::server::{Answer, Changes, Server, ServerTurn, StorageFailed, Ticket};

/// The number of a message: how many were sent before it in this run.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct MessageId(pub u64);

/// The point at which a node crashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashPoint {
    /// Between two turns.
    Between,
    /// After the node has decided, before anything is saved.
    BeforeSave,
    /// After everything is saved, before anything has left.
    BeforeSend,
}

/// How much detail an observer wants. Each level is more work for the world than the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Detail {
    /// Only whole batches.
    Batches,
    /// The input of every step.
    Steps,
    /// The digest of every step too.
    Digests,
}

/// One input that a node handled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The input.
    pub input: Input,
    /// The number of the message, if the input is one.
    pub received: Option<MessageId>,
    /// The claims of the clients to answers, if the input is their commands, in the same order.
    pub tickets: Vec<Ticket>,
    /// The digest of the node after the step; 0 if no observer asked for digests.
    pub digest: u64,
    /// How many events of the batch there are by the end of this step.
    pub events_end: usize,
    /// How many messages of the batch are written by the end of this step.
    pub messages_end: usize,
}

/// The journal entry for a turn that has ended.
#[derive(Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum JournalEntry<'a, S = PersistentState> {
    /// A crash undid the steps before they were saved, and this `server` is about to crash. `lost`
    /// has the results of the `steps`, which are kept only if an observer asked for them.
    Lost { server: &'a mut Server<S>, steps: &'a [Step], lost: &'a Lost },
    /// The steps were saved.
    Saved {
        /// The server, after the last of them.
        server: &'a Server<S>,
        /// Where its log has changed.
        changes: Changes,
        /// The steps, if an observer asked for them.
        steps: &'a [Step],
        /// The results that may leave now.
        sendable: &'a Sendable,
        /// The answers that clients may get now.
        answers: &'a [(Ticket, Answer)],
        /// The answers that get lost on their way to clients.
        lost_answers: &'a [(Ticket, Answer)],
    },
}

impl<S> JournalEntry<'_, S> {
    /// The same entry, for a journal that learns of the answers in another way.
    pub(crate) const fn without_answers(self) -> Self {
        match self {
            Self::Saved { server, changes, steps, sendable, .. } => {
                let (answers, lost_answers): (&[_], &[_]) = (&[], &[]);
                Self::Saved { server, changes, steps, sendable, answers, lost_answers }
            }
            lost @ Self::Lost { .. } => lost,
        }
    }
}

/// A turn that is still making its steps.
#[derive(Debug)]
pub struct Steps<'r, S: Storage = PersistentState> {
    turn: ServerTurn<'r, S>,
    detail: Detail,
    made: Vec<Step>,
    committed_before: LogIndex,
}

/// How a turn ended.
#[derive(Debug)]
pub enum Ended<E = Infallible> {
    /// The server crashed at this point of the turn: no message leaves, and no client gets an answer.
    Crashed(CrashPoint),
    /// The storage could not save: nothing leaves, nothing is recorded, and the server has stopped.
    StorageFailed(StorageFailed<E>),
    /// All is saved and in the journal.
    Saved {
        /// The number of the first message; the others follow.
        first_message: MessageId,
        /// The messages to send.
        sendable: Sendable,
        /// The answers for the clients.
        answers: Vec<(Ticket, Answer)>,
    },
}

impl<S: Storage> Steps<'_, S> {
    /// Hands the server one input; `received` is the number of the message, if it is one. Returns
    /// the record of the step, if an observer asked for steps.
    pub fn make(&mut self, input: Input, received: Option<MessageId>) -> Option<&Step> {
        self.make_for(input, received, Vec::new())
    }

    /// Hands the server the commands of clients. If the node leads, each ticket gets an answer once the entry of
    /// its command is applied; otherwise the commands are refused. Returns the record of the step, as `make` does.
    pub fn propose(&mut self, commands: Vec<Command>, tickets: Vec<Ticket>) -> Option<&Step> {
        self.turn.expect_answers(&tickets);
        self.make_for(Input::Propose(commands), None, tickets)
    }

    fn make_for(
        &mut self,
        input: Input,
        received: Option<MessageId>,
        tickets: Vec<Ticket>,
    ) -> Option<&Step> {
        if self.detail == Detail::Batches {
            self.turn.step(input);
            return None;
        }
        let began = self.messages();
        self.turn.step(input.clone());
        let ServerTurn { turn, rest, .. } = &mut self.turn;
        let digest = if self.detail == Detail::Digests {
            let (changed, written) = (turn.unsaved().log_from, &turn.peek_messages()[began..]);
            rest.log_digests.of_step(turn, changed, written)
        } else {
            0
        };
        let (events_end, messages_end) = (turn.events().len(), turn.peek_messages().len());
        self.made.push(Step { input, received, tickets, digest, events_end, messages_end });
        self.made.last()
    }

    /// The node, after the steps so far.
    pub fn node(&self) -> &RaftNode {
        &self.turn
    }

    /// How many messages the steps have written so far.
    pub fn messages(&self) -> usize {
        self.turn.peek_messages().len()
    }

    /// Whether a crash in this turn would have an effect: there is something to save, to send, or to commit.
    fn has_effects(&self) -> bool {
        !self.turn.is_idle() || self.turn.commit_index() > self.committed_before
    }
}

/// Takes one turn of `server`: `make` makes its steps, and `record` enters them in the journal.
///
/// `record` returns the number of the first message. If `crash` asks for a crash, and the turn has
/// anything to save, send or commit, the crash comes in this turn, and `crash` is set to `None`.
///
/// # Errors
/// The errors of `make`. Then the steps are given up as in a crash, and nothing is recorded.
pub fn take_turn<S: Storage + AsRef<PersistentState>, E>(
    server: &mut Server<S>,
    now: Time,
    detail: Detail,
    crash: &mut Option<CrashPoint>,
    make: impl FnOnce(&mut Steps<'_, S>) -> Result<(), E>,
    record: impl FnOnce(JournalEntry<'_, S>) -> MessageId,
) -> Result<Ended<S::Error>, E> {
    let committed_before = server.node().commit_index();
    let mut steps = Steps { turn: server.turn(), detail, made: Vec::new(), committed_before };
    let outcome = make(&mut steps);
    let crash = if outcome.is_ok() && steps.has_effects() { crash.take() } else { None };
    let Steps { turn, made: kept, .. } = steps;
    if let Err(error) = outcome {
        _ = turn.crash_before_saving();
        return Err(error);
    }
    if crash == Some(CrashPoint::BeforeSave) {
        let lost = turn.crash_before_saving();
        record(JournalEntry::Lost { server, steps: &kept, lost: &lost });
        return Ok(Ended::Crashed(CrashPoint::BeforeSave));
    }
    let sendable = match turn.persist(now) {
        Ok(sendable) => sendable,
        Err(failed) => return Ok(Ended::StorageFailed(failed)),
    };
    let changes = server.take_changes();
    // A server that crashes before sending gives no answers.
    let (lost_answers, answers) = if crash.is_none() {
        (server.take_lost_answers(), server.take_answers())
    } else {
        (Vec::new(), Vec::new())
    };
    let first_message = record(JournalEntry::Saved {
        server,
        changes,
        steps: &kept,
        sendable: &sendable,
        answers: &answers,
        lost_answers: &lost_answers,
    });
    Ok(match crash {
        Some(point) => Ended::Crashed(point),
        None => Ended::Saved { first_message, sendable, answers },
    })
}

/// The same as [`take_turn`], for a `make` that cannot fail.
pub fn take_turn_of<S: Storage + AsRef<PersistentState>>(
    server: &mut Server<S>,
    now: Time,
    detail: Detail,
    crash: &mut Option<CrashPoint>,
    make: impl FnOnce(&mut Steps<'_, S>),
    record: impl FnOnce(JournalEntry<'_, S>) -> MessageId,
) -> Ended<S::Error> {
    let make = |steps: &mut Steps<'_, S>| {
        make(steps);
        Ok::<(), Infallible>(())
    };
    let Ok(ended) = take_turn(server, now, detail, crash, make, record);
    ended
}
