//! One turn of a server, from its first step to what leaves it: the one place where the order is kept.
//!
//! The steps are made, then saved, then entered in the journal; only then may messages leave and
//! clients hear. A crash can come between any two of these. Threads, simulator and replay decide
//! when a turn begins and what becomes of its messages, and nothing else.

use std::convert::Infallible;

use serde::{Deserialize, Serialize};

use crate::raft::{Input, LogIndex, Lost, PersistentState, RaftNode, Sendable, Storage};
use crate::server::timing::Time;
use crate::server::{Answer, Changes, NotLeader, Server, ServerTurn, StorageFailed, Ticket};

/// The number of a message: how many were sent before it in this run.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct MessageId(pub u64);

/// Where in a step a crash falls.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrashPoint {
    /// Between two steps.
    Between,
    /// The node has decided, and nothing is saved.
    BeforeSave,
    /// All is saved, and nothing has left.
    BeforeSend,
}

/// How closely an observer looks. Each is more work for the world than the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Detail {
    /// Whole batches are enough.
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
    /// Which message it was, if it was one.
    pub received: Option<MessageId>,
    /// The digest of the node after it; 0 if nobody asked for digests.
    pub digest: u64,
    /// How many of the batch's events have happened by its end.
    pub events_end: usize,
    /// How many of the batch's messages have been written by its end.
    pub messages_end: usize,
}

/// What is entered in the journal when a turn ends.
#[derive(Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum JournalEntry<'a, S = PersistentState> {
    /// A crash undid the steps before they were saved: this `server` is about to crash, and the `steps`,
    /// which are there if somebody asked for them, had come to what is `lost`.
    Lost { server: &'a mut Server<S>, steps: &'a [Step], lost: &'a Lost },
    /// The steps were saved.
    Saved {
        /// The server, after the last of them.
        server: &'a Server<S>,
        /// Where its log has changed.
        changes: Changes,
        /// The steps, if somebody asked for them.
        steps: &'a [Step],
        /// What may leave now.
        sendable: &'a Sendable,
        /// The clients that may be told.
        answers: &'a [(Ticket, Answer)],
        /// The answers that are lost on their way.
        lost_answers: &'a [(Ticket, Answer)],
    },
}

/// The steps of a turn, while they are made.
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
    /// The server crashed at this point of it: nothing leaves, and nobody is told.
    Crashed(CrashPoint),
    /// The storage could not save: nothing leaves, nothing is recorded, and the server has stopped.
    StorageFailed(StorageFailed<E>),
    /// All is saved and in the journal.
    Saved {
        /// The number of the first message; the others follow.
        first_message: MessageId,
        /// The messages to send.
        sendable: Sendable,
        /// The clients to tell.
        answers: Vec<(Ticket, Answer)>,
    },
}

impl<S: Storage> Steps<'_, S> {
    /// Hands the server one input; `received` is the number of the message, if it is one. Returns
    /// what is kept of the step, if somebody asked for steps.
    pub fn make(&mut self, input: Input, received: Option<MessageId>) -> Option<&Step> {
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
        self.made.push(Step { input, received, digest, events_end, messages_end });
        self.made.last()
    }

    /// Promises each of `tickets` an answer for the command that is proposed next, in order.
    ///
    /// # Errors
    /// If the node does not lead, it can promise nothing.
    pub fn expect_answers(&mut self, tickets: &[Ticket]) -> Result<(), NotLeader> {
        self.turn.expect_answers(tickets)
    }

    /// The node, as the steps have made it so far.
    pub fn node(&self) -> &RaftNode {
        &self.turn
    }

    /// How many messages the steps have written so far.
    pub fn messages(&self) -> usize {
        self.turn.peek_messages().len()
    }

    /// Whether a crash in this turn would be seen: there is something to save, to send, or to tell.
    fn has_effects(&self) -> bool {
        !self.turn.is_idle() || self.turn.commit_index() > self.committed_before
    }
}

/// One turn of `server`: `make` makes its steps, and `record` enters them in the journal.
///
/// What `record` returns is the number of the first message. A crash that is asked for in `crash` comes
/// in this turn if anyone could tell, and is then no longer asked for.
///
/// # Errors
/// Those of `make`; then the steps are given up as in a crash, and nothing is recorded.
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
    // Who crashes before sending tells nobody anything.
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

/// The same, where `make` cannot fail.
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
