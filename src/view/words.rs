//! Words that every sentence needs: who speaks, how many, where a log ends.

use crate::raft::{Input, LogPosition, NodeId};

/// Who speaks, and whose message made it speak. Events carry values; a sentence needs names too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaker {
    /// The node in which the event happened.
    pub node: NodeId,
    /// Whose message it was handling, if it was a message.
    pub from: Option<NodeId>,
}

impl Speaker {
    /// The node `node` while it handles `input`.
    pub const fn of(node: NodeId, input: &Input) -> Self {
        let from = match input {
            Input::Receive(envelope) => Some(envelope.from),
            Input::Propose(_) | Input::ElectionTimeout | Input::HeartbeatDue => None,
        };
        Self { node, from }
    }

    /// The name of the sender.
    pub(super) fn sender(self) -> String {
        self.from.map_or_else(|| "the sender".to_owned(), |node| node.to_string())
    }
}

/// Where a log ends, as the end of "a log that …".
pub fn log_end(last: LogPosition) -> String {
    if last == LogPosition::START { "is empty".to_owned() } else { format!("ends at {last}") }
}

/// A number with its noun.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Says that a live cluster did not wait for its reader.
pub(crate) fn left_out(lines: u64) -> String {
    format!("  ({lines} lines are left out here: a live cluster does not wait for its reader)")
}
