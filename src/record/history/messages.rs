//! The messages of a run: which step wrote each one, and what became of it.

use serde::Serialize;

use super::History;
use crate::raft::Envelope;
use crate::record::deed::Loss;
use crate::server::turn_order::MessageId;

/// A message that a step wrote, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SentMessage {
    /// Its number.
    pub message: MessageId,
    /// Its sender, receiver and content.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The step that wrote it.
    pub written_in: u64,
    /// The step with which it left, which is the last of the batch; `None` if a crash came first.
    pub left_in: Option<u64>,
    /// The steps that received it.
    pub received_in: Vec<u64>,
    /// The moments at which a copy of it was lost, and why.
    pub lost_in: Vec<(u64, Loss)>,
    /// How many extra copies the network made of it.
    pub copies: usize,
}

impl SentMessage {
    /// Whether a copy of it was in flight at the moment of `step`.
    pub fn is_in_flight(&self, step: u64) -> bool {
        self.left_in.is_some_and(|left| left <= step) && !self.is_gone(step)
    }

    /// Whether every copy of it has been received or lost by the moment of `step`.
    pub(super) fn is_gone(&self, step: u64) -> bool {
        let received = self.received_in.iter().filter(|&&it| it <= step).count();
        let lost = self.lost_in.iter().filter(|(it, _)| *it <= step).count();
        received + lost > self.copies
    }

    /// The step in which it first arrived, if that was by the moment of `step`.
    pub fn arrived(&self, step: u64) -> Option<u64> {
        self.received_in.first().copied().filter(|&it| it <= step)
    }

    /// The moment at which the last copy of it was lost, if none was in flight at the moment of `step`.
    pub fn lost(&self, step: u64) -> Option<u64> {
        let mut lost = self.lost_in.iter().map(|(it, _)| *it).rev();
        lost.find(|&it| it <= step).filter(|_| !self.is_in_flight(step))
    }
}

impl History {
    /// The last moment to look at for what became of messages by the moment of `step`: whatever happened after
    /// the last step belongs to its moment, though it may be dated later.
    pub const fn moment_end(&self, step: u64) -> u64 {
        if step == self.last() { u64::MAX } else { step }
    }

    /// The messages that were in flight at the moment of `step`, in the order of their numbers.
    pub fn in_flight(&self, step: u64) -> impl Iterator<Item = &SentMessage> {
        // A message that is written later has not left yet.
        let written = self.messages.partition_point(|sent| sent.written_in <= step);
        let step = self.moment_end(step);
        self.messages[..written].iter().filter(move |sent| sent.is_in_flight(step))
    }
}
