//! One turn of a server, from its first step to what leaves it: the one place where the order is kept.
//!
//! The steps are made, then saved, then entered in the journal; only then may messages leave and
//! clients hear. A crash can come between any two of these. Threads, simulator and replay decide
//! when a turn begins and what becomes of its messages, and nothing else.

use std::convert::Infallible;

use crate::journal::{CrashPoint, Detail, Entry, MessageId, Step};
use crate::raft::{Input, LogIndex, Sendable};
use crate::replica::{Answer, NotLeader, Replica, ReplicaTurn, Ticket};
use crate::timing::Time;

/// The steps of a turn, while they are made.
#[derive(Debug)]
pub struct Steps<'r> {
    turn: ReplicaTurn<'r>,
    detail: Detail,
    made: Vec<Step>,
    committed_before: LogIndex,
}

/// How a turn ended.
#[derive(Debug)]
pub enum Ended {
    /// The server crashed at this point of it: nothing leaves, and nobody is told.
    Crashed(CrashPoint),
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

impl Steps<'_> {
    /// Hands the server one input; `received` is the number of the message, if it is one. Returns
    /// what is kept of the step, if somebody asked for steps.
    pub fn make(&mut self, input: Input, received: Option<MessageId>) -> Option<&Step> {
        let step = Step::make(&mut self.turn, input, received, self.detail)?;
        self.made.push(step);
        self.made.last()
    }

    /// Promises each of `tickets` an answer for the command that is proposed next, in order.
    ///
    /// # Errors
    /// If the node does not lead, it can promise nothing.
    pub fn expect_answers(&mut self, tickets: &[Ticket]) -> Result<(), NotLeader> {
        self.turn.expect_answers(tickets)
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

/// One turn of `replica`: `make` makes its steps, and `record` enters them in the journal.
///
/// What `record` returns is the number of the first message. A crash that is asked for in `crash` comes
/// in this turn if anyone could tell, and is then no longer asked for.
///
/// # Errors
/// Those of `make`; then the steps are given up as in a crash, and nothing is recorded.
pub fn take_turn<E>(
    replica: &mut Replica,
    now: Time,
    detail: Detail,
    crash: &mut Option<CrashPoint>,
    make: impl FnOnce(&mut Steps<'_>) -> Result<(), E>,
    record: impl FnOnce(Entry<'_>) -> MessageId,
) -> Result<Ended, E> {
    let committed_before = replica.node().commit_index();
    let mut steps = Steps { turn: replica.turn(), detail, made: Vec::new(), committed_before };
    let outcome = make(&mut steps);
    let crash = if outcome.is_ok() && steps.has_effects() { crash.take() } else { None };
    let Steps { turn, made: kept, .. } = steps;
    if let Err(error) = outcome {
        _ = turn.crash_before_saving();
        return Err(error);
    }
    if crash == Some(CrashPoint::BeforeSave) {
        let lost = turn.crash_before_saving();
        record(Entry::Lost { replica, steps: &kept, lost: &lost });
        return Ok(Ended::Crashed(CrashPoint::BeforeSave));
    }
    let Ok(sendable) = turn.persist(now);
    let changes = replica.take_changes();
    // Who crashes before sending tells nobody anything.
    let answers = if crash.is_none() { replica.take_answers() } else { Vec::new() };
    let (replica, steps) = (&*replica, &kept[..]);
    let entry = Entry::Saved { replica, changes, steps, sendable: &sendable, answers: &answers };
    let first_message = record(entry);
    Ok(match crash {
        Some(point) => Ended::Crashed(point),
        None => Ended::Saved { first_message, sendable, answers },
    })
}

/// The same, where `make` cannot fail.
pub fn take_turn_of(
    replica: &mut Replica,
    now: Time,
    detail: Detail,
    crash: &mut Option<CrashPoint>,
    make: impl FnOnce(&mut Steps<'_>),
    record: impl FnOnce(Entry<'_>) -> MessageId,
) -> Ended {
    let make = |steps: &mut Steps<'_>| {
        make(steps);
        Ok::<(), Infallible>(())
    };
    let Ok(ended) = take_turn(replica, now, detail, crash, make, record);
    ended
}
