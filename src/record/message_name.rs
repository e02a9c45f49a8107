//! By which name a message is told from others.

use crate::raft::{Envelope, MessageKind, NodeId};

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
    /// The name of a message after which these `newer` ones were sent, of whatever name.
    pub fn of<'a>(envelope: &Envelope, newer: impl Iterator<Item = &'a Envelope>) -> Self {
        let Envelope { from, to, ref message } = *envelope;
        let name = Self { kind: message.kind(), from, to, nth_newest: 0 };
        Self { nth_newest: newer.filter(|newer| name.matches(newer)).count(), ..name }
    }

    /// Where the message of this name stands in what was `sent`, the newest last.
    pub fn find<'a>(
        self,
        sent: impl DoubleEndedIterator<Item = &'a Envelope> + ExactSizeIterator,
    ) -> Option<usize> {
        let mut named = sent.enumerate().rev().filter(|(_, sent)| self.matches(sent));
        named.nth(self.nth_newest).map(|(at, _)| at)
    }

    /// Whether it names this message, age apart.
    pub fn matches(self, envelope: &Envelope) -> bool {
        envelope.from == self.from && envelope.to == self.to && envelope.message.kind() == self.kind
    }
}
