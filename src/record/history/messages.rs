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
        let received = self.received_in.iter().filter(|&&it| it <= step).count();
        let lost = self.lost_in.iter().filter(|(it, _)| *it <= step).count();
        self.left_in.is_some_and(|left| left <= step) && received + lost <= self.copies
    }
}

impl History {
    /// The messages that were in flight at the moment of `step`, in the order of their numbers.
    pub fn in_flight(&self, step: u64) -> impl Iterator<Item = &SentMessage> {
        // A message that is written later has not left yet.
        let written = self.messages.partition_point(|sent| sent.written_in <= step);
        // Whatever happened after the last step belongs to its moment.
        let step = if step == self.last() { u64::MAX } else { step };
        self.messages[..written].iter().filter(move |sent| sent.is_in_flight(step))
    }
}
