//! The names by which messages are told apart.

use std::collections::BTreeMap;
use std::iter;

use crate::raft::{Envelope, MessageKind, NodeId};

/// The name of a message: its kind, sender and receiver, and how many like it are newer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageName {
    /// The kind of message.
    pub kind: MessageKind,
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// How many newer messages have the same kind, sender and receiver.
    pub nth_newest: usize,
}

impl MessageName {
    /// Returns the name of a message. The `newer` messages are those sent after it, of any name.
    pub fn of<'a>(envelope: &Envelope, newer: impl Iterator<Item = &'a Envelope>) -> Self {
        let Envelope { from, to, ref message } = *envelope;
        let name = Self { kind: message.kind(), from, to, nth_newest: 0 };
        Self { nth_newest: newer.filter(|newer| name.matches(newer)).count(), ..name }
    }

    /// Returns the names of all these messages, of which the newest come last.
    pub(crate) fn of_all<'a>(sent: impl DoubleEndedIterator<Item = &'a Envelope>) -> Vec<Self> {
        let mut newer: BTreeMap<Self, usize> = BTreeMap::new();
        let name = |envelope| {
            let name = Self::of(envelope, iter::empty());
            let count = newer.entry(name).or_default();
            let nth_newest = *count;
            *count += 1;
            Self { nth_newest, ..name }
        };
        let mut names: Vec<Self> = sent.rev().map(name).collect();
        names.reverse();
        names
    }

    /// Returns the position of the message with this name in `sent`, which lists the newest last.
    pub fn find<'a>(
        self,
        sent: impl DoubleEndedIterator<Item = &'a Envelope> + ExactSizeIterator,
    ) -> Option<usize> {
        let mut named = sent.enumerate().rev().filter(|(_, sent)| self.matches(sent));
        named.nth(self.nth_newest).map(|(at, _)| at)
    }

    /// Whether the name fits this message, regardless of `nth_newest`.
    pub fn matches(self, envelope: &Envelope) -> bool {
        envelope.from == self.from && envelope.to == self.to && envelope.message.kind() == self.kind
    }
}
