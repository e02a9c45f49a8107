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
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Earlier {
    /// The log still holds it, and differs from the other first at this `index`, where it has an entry of
    /// term `a`, and the other one of term `b`.
    Differs { index: LogIndex, a: Term, b: Term },
    /// No log holds it any more: its holder lost it `in_term`.
    Lost { in_term: Term },
}

/// Two facts that cannot both be. Each says what is so, or was so, when the property fell; a sentence
/// made of it must be true at that step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Evidence {
    /// Two nodes became leaders of one `term`: the `first`, which need not lead it any more, and the
    /// `second`.
    TwoLeaders { term: Term, first: NodeId, second: NodeId },
    /// The `voter` voted twice in one `term`: for the `first`, and then for the `second`.
    TwoVotes { voter: NodeId, term: Term, first: NodeId, second: NodeId },
    /// The vote of a `node` changed, or was forgotten, within its `term`: it was `from`, and is `to`.
    VoteChanged { node: NodeId, term: Term, from: Option<NodeId>, to: Option<NodeId> },
    /// The `leader` removed entries of its own log, the first at index `from`, while it led this `term`.
    LeaderCut { leader: NodeId, term: Term, from: LogIndex },
    /// The same `position` stood for different entries, or came after different entries, in two logs: in
    /// that of `a`, which held it before (`earlier` says whether it still does), and in that of `b`, which
    /// holds it now.
    LogsDiffer { position: LogPosition, a: NodeId, earlier: Earlier, b: NodeId },
    /// The `leader` of a `term` began without the entry `missing`, which was committed in an earlier term,
    /// before that or since: in the term `committed_in`, by the node `committed_by`. In its place it had an
    /// entry of the term `instead`, if it had one.
    LeaderLacks {
        leader: NodeId,
        term: Term,
        missing: LogPosition,
        instead: Option<Term>,
        committed_in: Term,
        committed_by: NodeId,
    },
    /// Two nodes committed different entries at one `index`, or one node did so twice: the `first` one of
    /// `first_term`, the `second` then one of `second_term`.
    CommitsDiffer {
        index: LogIndex,
        first: NodeId,
        first_term: Term,
        second: NodeId,
        second_term: Term,
    },
    /// At this `index` the `first` node committed an entry of `first_term`, and a `node` that had committed
    /// it too, or is the first, has an entry of the term `now` there, or none. It has not committed the
    /// other.
    CommittedReplaced {
        index: LogIndex,
        first: NodeId,
        first_term: Term,
        node: NodeId,
        now: Option<Term>,
    },
    /// The `leader` committed the entry at `position`, of which so many `copies` are in durable logs, and a
    /// majority takes as many as `need`.
    NotDurable { leader: NodeId, position: LogPosition, copies: usize, need: usize },
    /// This `counter` of a `node` went back: it was `from`, and is `to`.
    WentBack { node: NodeId, counter: Counter, from: u64, to: u64 },
    /// What a `leader` keeps of a follower, its `peer`, left its bounds: the `match_index` and the
    /// `next_index`, where the leader's log ends at `last`.
    ProgressOutOfBounds {
        leader: NodeId,
        peer: NodeId,
        match_index: LogIndex,
        next_index: LogIndex,
        last: LogIndex,
    },
    /// The log of a `node` is not what its steps made it.
    ShadowDiffers { node: NodeId },
}
