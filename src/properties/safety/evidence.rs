//! The evidence of a violation, as values: two facts that cannot both be true.

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, NodeId, Property, Term};

/// A violated property.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Violation {
    /// The property.
    pub property: Property,
    /// The step after which it was found, counted from 1. The checker counts batches of steps; a trace and
    /// a history number single steps.
    pub step: u64,
    /// The facts that prove it.
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
    /// The index of the last entry that a node applied.
    LastApplied,
    /// A leader's match index for this follower.
    MatchIndex(NodeId),
}

/// What became of an entry in the log that held it first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Earlier {
    /// The log still holds it. It differs from the other log first at this `index`, where it has an entry
    /// of term `a`, and the other one of term `b`.
    Differs { index: LogIndex, a: Term, b: Term },
    /// No log holds it any more: its holder lost it in the term `in_term`.
    Lost { in_term: Term },
}

/// Two facts that cannot both be true. Each says what is so, or was so, when the violation was found; a
/// sentence made of it must be true at that step.
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
    /// The same `position` stood for different entries, or came after different entries, in two logs. The
    /// log of `a` held it before, and `earlier` says whether it still does. The log of `b` holds it now.
    LogsDiffer { position: LogPosition, a: NodeId, earlier: Earlier, b: NodeId },
    /// The `leader` of a `term` began without the entry `missing`. That entry was committed in an earlier
    /// term, `committed_in`, by the node `committed_by`, either before the leader began or since. In its
    /// place the leader had an entry of the term `instead`, or none.
    LeaderLacks {
        leader: NodeId,
        term: Term,
        missing: LogPosition,
        instead: Option<Term>,
        committed_in: Term,
        committed_by: NodeId,
    },
    /// Two nodes committed different entries at one `index`, or one node did so twice: the `first`
    /// committed an entry of `first_term`, and the `second` later one of `second_term`.
    CommitsDiffer {
        index: LogIndex,
        first: NodeId,
        first_term: Term,
        second: NodeId,
        second_term: Term,
    },
    /// At this `index` the `first` node committed an entry of `first_term`. A `node` that had committed
    /// this index too, or is the first, now has an entry of the term `now` there, or none. It has not committed this
    /// other entry.
    CommittedReplaced {
        index: LogIndex,
        first: NodeId,
        first_term: Term,
        node: NodeId,
        now: Option<Term>,
    },
    /// The `leader` committed the entry at `position`, but only so many `copies` of it are in durable logs,
    /// and a majority is as many as `need`.
    NotDurable { leader: NodeId, position: LogPosition, copies: usize, need: usize },
    /// This `counter` of a `node` went back: it was `from`, and is `to`.
    WentBack { node: NodeId, counter: Counter, from: u64, to: u64 },
    /// The `match_index` or the `next_index` that a `leader` keeps for a follower, its `peer`, is out of
    /// bounds. The leader's log ends at `last`.
    ProgressOutOfBounds {
        leader: NodeId,
        peer: NodeId,
        match_index: LogIndex,
        next_index: LogIndex,
        last: LogIndex,
    },
    /// The log of a `node` differs from what its steps made it.
    ShadowDiffers { node: NodeId },
    /// The store of a `node` is not what the entries of its log make, up to the one that it `applied` last.
    StoreDiffers { node: NodeId, applied: LogIndex },
}
