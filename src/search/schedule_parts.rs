//! Groups consecutive moves into parts: "n0 campaigns, reaching n1" instead of a timeout, a request and a vote.

use std::ops::Range;

use crate::raft::{MessageKind, NodeId, NodeSet};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};

/// What the moves of a part do together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum PartKind {
    /// A `node` campaigns; its requests arrive at the nodes `reached`.
    Campaign { node: NodeId, reached: NodeSet },
    /// The `leader` takes a command in; its messages arrive at the nodes `reached`.
    Append { leader: NodeId, reached: NodeSet },
    /// Messages of the `leader` arrive at the nodes `reached`.
    Replicate { leader: NodeId, reached: NodeSet },
    /// A single message arrives, late or again.
    Late(MessageName),
    /// A `node` crashes, and starts again at once if it `restarts`.
    Crash { node: NodeId, restarts: bool },
    /// A node starts again.
    Restart(NodeId),
}

/// Some consecutive moves, and what they do together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    /// What the moves do together.
    pub kind: PartKind,
    /// The positions of the moves.
    pub moves: Range<usize>,
}

/// Divides moves into parts.
pub fn parts(moves: &[Verb]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (at, verb) in moves.iter().enumerate() {
        if let Some(open) = parts.last_mut()
            && goes_on(&mut open.kind, verb)
        {
            open.moves.end = at + 1;
        } else if let Some(kind) = begins(verb) {
            parts.push(Part { kind, moves: at..at + 1 });
        }
    }
    parts
}

/// Returns the part that a move opens.
fn begins(verb: &Verb) -> Option<PartKind> {
    let reached = NodeSet::default();
    Some(match verb {
        Verb::Timeout(who) => PartKind::Campaign { node: who.numbered()?, reached },
        Verb::Submit { to, .. } => PartKind::Append { leader: to.numbered()?, reached },
        Verb::Heartbeat(who) => PartKind::Replicate { leader: who.numbered()?, reached },
        Verb::Deliver(name) if name.kind == MessageKind::AppendEntries => {
            let reached = std::iter::once(name.to).collect();
            PartKind::Replicate { leader: name.from, reached }
        }
        Verb::Deliver(name) => PartKind::Late(*name),
        Verb::Crash { who, .. } => PartKind::Crash { node: who.numbered()?, restarts: false },
        Verb::Restart(who) => PartKind::Restart(who.numbered()?),
        _ => return None,
    })
}

/// Adds a move to the open part, if it belongs there. Returns whether it does.
fn goes_on(kind: &mut PartKind, verb: &Verb) -> bool {
    match (kind, verb) {
        (PartKind::Campaign { node, reached }, Verb::Deliver(name)) => match name.kind {
            MessageKind::RequestVote if name.from == *node => reached.insert(name.to),
            MessageKind::RequestVoteReply => name.to == *node && reached.contains(name.from),
            _ => false,
        },
        (
            PartKind::Append { leader, reached } | PartKind::Replicate { leader, reached },
            Verb::Deliver(name),
        ) => match name.kind {
            MessageKind::AppendEntries if name.from == *leader => {
                reached.insert(name.to);
                true
            }
            MessageKind::AppendEntriesReply => name.to == *leader && reached.contains(name.from),
            _ => false,
        },
        (PartKind::Crash { node, restarts }, Verb::Restart(Who::Node(again))) if node == again => {
            *restarts = true;
            true
        }
        _ => false,
    }
}
