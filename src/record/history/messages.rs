//! A message on its way from the step that wrote it to what became of it.

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
    /// What it says, and to whom.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// The step that wrote it.
    pub written_in: u64,
    /// The step with which it left, the last of the batch; none, if a crash came first.
    pub left_in: Option<u64>,
    /// The steps that received it.
    pub received_in: Vec<u64>,
    /// At which moments a copy of it was lost, and why.
    pub lost_in: Vec<(u64, Loss)>,
    /// How many copies the network made of it besides.
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
        // What is written later has not left.
        let written = self.messages.partition_point(|sent| sent.written_in <= step);
        // What came after the last step belongs to it.
        let step = if step == self.last() { u64::MAX } else { step };
        self.messages[..written].iter().filter(move |sent| sent.is_in_flight(step))
    }
}
