//! The journal: reports what happens in a cluster, in one order, to the safety checker and to observers.
//!
//! Both worlds, the threads and the simulator, enter each batch of steps here *before* its messages leave.
//! So no effect comes before its cause, and the order of the journal is one in which the whole run could
//! have happened on a single thread.

use std::sync::{Arc, Mutex};

use super::deed::Deed;
use crate::panics::lock;
use crate::properties::safety::{Checker, Violation};
use crate::raft::{Envelope, Event};
use crate::server::Server;
use crate::server::timing::Time;
use crate::server::turn_order::{Detail, JournalEntry, MessageId, Step};

/// An in-flight message, with its number in the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flight {
    /// Its number.
    pub id: MessageId,
    /// The message.
    pub envelope: Envelope,
}

/// Steps of one node that share one save and one send.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The time of the batch.
    pub time: Time,
    /// The server, after the last step.
    pub server: &'a Server,
    /// The steps; empty if no observer asked for them.
    pub steps: &'a [Step],
    /// The number of the first step, counted from 1; the others follow. A trace gives each the same number.
    pub first_step: u64,
    /// The events of the steps: what happened, and why.
    pub events: &'a [Event],
    /// The messages that the steps wrote.
    pub messages: &'a [Envelope],
    /// The number of the first message; the others follow.
    pub first_message: MessageId,
    /// Whether the steps were saved; `false` if a crash came first.
    pub saved: bool,
}

impl<'a> Batch<'a> {
    /// Its steps, each with its number, its events and its messages. The last step also gets the events
    /// that were recorded when the whole batch was saved.
    pub fn each(&self) -> impl Iterator<Item = (u64, &'a Step, &'a [Event], &'a [Envelope])> {
        let Self { steps, events, messages, first_step, .. } = *self;
        let mut before = (0, 0);
        (first_step..).zip(steps).enumerate().map(move |(nth, (number, step))| {
            let is_last = nth + 1 == steps.len();
            let end = if is_last { events.len() } else { step.events_end };
            let begin = std::mem::replace(&mut before, (end, step.messages_end));
            (number, step, &events[begin.0..end], &messages[begin.1..step.messages_end])
        })
    }
}

/// Listens to a journal. Every method but [`wants`](Self::wants) reports something that happened.
pub trait Observer: Send {
    /// A node made some steps.
    fn batch(&mut self, batch: &Batch<'_>);

    /// The world did something.
    fn deed(&mut self, time: Time, deed: &Deed);

    /// A node starts for the first time, with this server.
    fn begins(&mut self, time: Time, server: &Server) {
        let _ = (time, server);
    }

    /// A node started again, as this server. The default calls [`deed`](Self::deed).
    fn restarted(&mut self, time: Time, server: &Server) {
        self.deed(time, &Deed::Restart { node: server.node().id() });
    }

    /// The checker found a violation.
    fn violation(&mut self, time: Time, violation: &Violation) {
        let _ = (time, violation);
    }

    /// How much detail it needs about the steps of a batch.
    fn wants(&self) -> Detail {
        Detail::Batches
    }
}

/// An observer that the code which started the run shares, to ask it what it has heard. The run cannot go
/// on while the observer is locked, so that code asks between two moves.
impl<O: Observer> Observer for Arc<Mutex<O>> {
    fn batch(&mut self, batch: &Batch<'_>) {
        lock(self).batch(batch);
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        lock(self).deed(time, deed);
    }

    fn begins(&mut self, time: Time, server: &Server) {
        lock(self).begins(time, server);
    }

    fn restarted(&mut self, time: Time, server: &Server) {
        lock(self).restarted(time, server);
    }

    fn violation(&mut self, time: Time, violation: &Violation) {
        lock(self).violation(time, violation);
    }

    fn wants(&self) -> Detail {
        lock(self).wants()
    }
}

/// The journal of a run: it numbers steps and messages, and reports to the checker and the observers.
pub struct Journal {
    checker: Checker,
    /// How many steps were reported.
    steps: u64,
    sent: u64,
    observers: Vec<Box<dyn Observer>>,
    detail: Detail,
}

impl Journal {
    /// A journal for a new cluster of `nodes`.
    pub fn new(nodes: usize, observers: Vec<Box<dyn Observer>>) -> Self {
        let wanted = observers.iter().map(|observer| observer.wants()).max();
        let detail = wanted.unwrap_or(Detail::Batches);
        Self { checker: Checker::new(nodes), steps: 0, sent: 0, observers, detail }
    }

    /// The most detail that any of its observers needs about the steps of a batch.
    pub const fn detail(&self) -> Detail {
        self.detail
    }

    /// Enters a turn that has ended. Returns the number of its first message; the others follow.
    pub fn enter(&mut self, time: Time, entry: JournalEntry<'_>) -> MessageId {
        match entry {
            JournalEntry::Lost { server, steps, lost } => {
                // This turn may have saved what an earlier turn was late to save, and that stays on disk.
                let changes = server.take_changes();
                self.checker.follow_disk(server, changes);
                self.tell_batch(time, server, steps, &lost.events, &lost.messages, false)
            }
            JournalEntry::Saved { server, changes, steps, sendable, answers, lost_answers } => {
                let (events, messages) = (sendable.events(), sendable.messages());
                let first = self.tell_batch(time, server, steps, events, messages, true);
                let known = self.checker.violations().len();
                self.checker.observe(server, changes, events);
                self.tell_violations(time, known);
                for &(ticket, _) in lost_answers {
                    self.deed(time, &Deed::AnswerLost { ticket, node: server.node().id() });
                }
                let heard = if self.observers.is_empty() { &[] } else { answers };
                for (ticket, answer) in heard {
                    let (ticket, node, answer) = (*ticket, server.node().id(), answer.clone());
                    self.deed(time, &Deed::Answered { ticket, node, answer });
                }
                first
            }
        }
    }

    fn tell_batch(
        &mut self,
        time: Time,
        server: &Server,
        steps: &[Step],
        events: &[Event],
        messages: &[Envelope],
        saved: bool,
    ) -> MessageId {
        let (first_step, first_message) = (self.steps + 1, MessageId(self.sent));
        self.steps += steps.len() as u64;
        self.sent += messages.len() as u64;
        let batch =
            Batch { time, server, steps, first_step, events, messages, first_message, saved };
        for observer in &mut self.observers {
            observer.batch(&batch);
        }
        first_message
    }

    /// Enters a deed of the world.
    pub fn deed(&mut self, time: Time, deed: &Deed) {
        if let Deed::Crash { node, .. } = deed {
            self.checker.crashed(*node);
        }
        if let Deed::Wipe { node } = deed {
            self.checker.wiped(*node);
        }
        for observer in &mut self.observers {
            observer.deed(time, deed);
        }
    }

    /// Reports that a node starts for the first time.
    pub fn begins(&mut self, time: Time, server: &Server) {
        for observer in &mut self.observers {
            observer.begins(time, server);
        }
    }

    /// Enters the restart of a node.
    pub fn restarted(&mut self, time: Time, server: &Server) {
        for observer in &mut self.observers {
            observer.restarted(time, server);
        }
        let known = self.checker.violations().len();
        self.checker.restarted(server);
        self.tell_violations(time, known);
    }

    /// Compares a server's whole log with what its steps should have made of it.
    pub fn audit(&mut self, time: Time, server: &Server) {
        let known = self.checker.violations().len();
        self.checker.audit(server);
        self.tell_violations(time, known);
    }

    fn tell_violations(&mut self, time: Time, known: usize) {
        for violation in &self.checker.violations()[known..] {
            // The checker counts batches of steps, and observers count steps.
            let violation = Violation { step: self.steps, ..*violation };
            for observer in &mut self.observers {
                observer.violation(time, &violation);
            }
        }
    }

    /// The checker.
    pub const fn checker(&self) -> &Checker {
        &self.checker
    }
}
