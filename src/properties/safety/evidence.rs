//! What a violation rests on: two facts that cannot both be, as values.

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, NodeId, Property, Term};

/// A property fell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// At which step of the run, counted from 1.
    pub step: u64,
    /// On which facts.
    pub evidence: Evidence,
}

/// A number that may only grow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counter {
    /// A node's current term.
    Term,
    /// A node's commit index.
    CommitIndex,
    /// The last entry that a node applied.
    LastApplied,
    /// A leader's match index of this follower.
    MatchIndex(NodeId),
}

/// What became of an entry in the log that held it first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Earlier {
    /// The log still holds it, and first differs from the other at this index, with entries of these
    /// terms there.
    Differs {
        /// The index.
        index: LogIndex,
        /// The term of the entry in the first log.
        a: Term,
        /// The term of the entry in the other.
        b: Term,
    },
    /// No log holds it any more.
    Lost {
        /// The term of its holder when it lost it.
        in_term: Term,
    },
}

/// Two facts that cannot both be. Each says what is so, or was so, when the property fell; a sentence
/// made of it must be true at that step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Evidence {
    /// Two nodes became leaders of one term.
    TwoLeaders {
        /// The term.
        term: Term,
        /// Who led it first. It need not lead it any more.
        first: NodeId,
        /// Who led it too.
        second: NodeId,
    },
    /// A node voted twice in one term.
    TwoVotes {
        /// The voter.
        voter: NodeId,
        /// The term.
        term: Term,
        /// For whom it voted first.
        first: NodeId,
        /// For whom it voted then.
        second: NodeId,
    },
    /// A vote changed, or was forgotten, within its term.
    VoteChanged {
        /// The voter.
        node: NodeId,
        /// The term.
        term: Term,
        /// The vote before.
        from: Option<NodeId>,
        /// The vote now.
        to: Option<NodeId>,
    },
    /// A leader removed entries of its own log.
    LeaderCut {
        /// The leader.
        leader: NodeId,
        /// The term it led when it did.
        term: Term,
        /// The first entry it removed.
        from: LogIndex,
    },
    /// The same position stood for different entries, or came after different entries, in two logs.
    LogsDiffer {
        /// The position.
        position: LogPosition,
        /// Who held it before.
        a: NodeId,
        /// Whether it still does.
        earlier: Earlier,
        /// Who holds it now, in a log that differs.
        b: NodeId,
    },
    /// A leader began without an entry that was committed in an earlier term, before that or since.
    LeaderLacks {
        /// The leader.
        leader: NodeId,
        /// The term it led.
        term: Term,
        /// The entry it lacked.
        missing: LogPosition,
        /// The term of the entry that it had in that place, if it had one.
        instead: Option<Term>,
        /// The term in which the missing entry was committed.
        committed_in: Term,
        /// Who committed it then.
        committed_by: NodeId,
    },
    /// Two nodes committed different entries at one index, or one node did so twice.
    CommitsDiffer {
        /// The index.
        index: LogIndex,
        /// Who committed an entry there before.
        first: NodeId,
        /// The term of that entry.
        first_term: Term,
        /// Who committed another one.
        second: NodeId,
        /// The term of the other.
        second_term: Term,
    },
    /// A node has another entry where it had committed one. It has not committed the other.
    CommittedReplaced {
        /// The index.
        index: LogIndex,
        /// Who committed an entry there first.
        first: NodeId,
        /// The term of that entry.
        first_term: Term,
        /// Who had committed this index too, or is the first.
        node: NodeId,
        /// The term of the entry that it has there now, if it has one.
        now: Option<Term>,
    },
    /// A leader committed an entry that too few durable logs hold.
    NotDurable {
        /// The leader.
        leader: NodeId,
        /// The entry.
        position: LogPosition,
        /// Durable logs that hold it.
        copies: usize,
        /// Durable logs that make a majority.
        need: usize,
    },
    /// A number went back.
    WentBack {
        /// Whose.
        node: NodeId,
        /// Which.
        counter: Counter,
        /// What it was.
        from: u64,
        /// What it became.
        to: u64,
    },
    /// A leader's bookkeeping of a follower left its bounds.
    ProgressOutOfBounds {
        /// The leader.
        leader: NodeId,
        /// The follower.
        peer: NodeId,
        /// Its match index.
        match_index: LogIndex,
        /// Its next index.
        next_index: LogIndex,
        /// The end of the leader's log.
        last: LogIndex,
    },
    /// A node's log is not what its steps made it.
    ShadowDiffers {
        /// The node.
        node: NodeId,
    },
}
