//! What a check found: the reason that a decision gives, as values. Text is made of it elsewhere.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::Rule;
use crate::raft::types::{LogIndex, LogPosition, NodeId, Term};

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// What the rule asks for holds (or, where it asks for a deed, was done).
    Holds,
    /// It does not hold, so the node refuses, ignores, or waits.
    Refused,
    /// It does not hold, and the node goes on all the same, because the rule is broken.
    Overridden,
}

/// One `rule`, asked once: its `outcome`, and the `facts` that were compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Deserialize)]
#[expect(missing_docs, reason = "the sentence above names the fields")]
pub struct Verdict {
    pub rule: Rule,
    pub outcome: Outcome,
    pub facts: Facts,
}

impl Serialize for Verdict {
    /// Adds where the paper states the rule, so that a line of output can be read on its own.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Verdict", 4)?;
        fields.serialize_field("rule", &self.rule)?;
        fields.serialize_field("paper", self.rule.paper())?;
        fields.serialize_field("outcome", &self.outcome)?;
        fields.serialize_field("facts", &self.facts)?;
        fields.end()
    }
}

/// Why an election timer might restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimerCause {
    /// AppendEntries of the leader of this term.
    CurrentLeader,
    /// A vote was given.
    VoteGranted,
    /// The node campaigns.
    ElectionStarted,
    /// A request of an older term: no authority.
    StaleRequest,
    /// A vote was refused: no authority.
    VoteRefused,
}

impl TimerCause {
    /// What the timer hears of AppendEntries of a term, in a node of the term `own`. (Only without
    /// `stale-term-rejected` do the two differ here.)
    pub(in crate::raft) fn of_leader(term: Term, own: Term) -> Self {
        if term < own { Self::StaleRequest } else { Self::CurrentLeader }
    }

    /// What the timer hears of a vote that was given, or was refused by a rule.
    pub(in crate::raft) const fn of_vote(vote: Result<(), Rule>) -> Self {
        match vote {
            Ok(()) => Self::VoteGranted,
            Err(Rule::StaleTermRejected) => Self::StaleRequest,
            Err(_) => Self::VoteRefused,
        }
    }

    /// Whether §5.2 lets it restart the timer.
    pub const fn has_authority(self) -> bool {
        matches!(self, Self::CurrentLeader | Self::VoteGranted | Self::ElectionStarted)
    }
}

/// The values that a check compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Facts {
    /// The term of a message beside the node's own, before it is settled.
    Terms { message: Term, own: Term },
    /// A `candidate` asks for the vote of this term, which the node gave to `voted_for`, if it did.
    Vote { term: Term, voted_for: Option<NodeId>, candidate: NodeId },
    /// Where a candidate's log ends, and where the voter's own does.
    Logs { candidate: LogPosition, own: LogPosition },
    /// How long a candidate's log is, and the voter's own: what counts without `term-before-length`.
    Lengths { candidate: LogIndex, own: LogIndex },
    /// A grant came from this voter, whose vote was counted before or was not.
    VoteReceived { voter: NodeId, counted_before: bool },
    /// So many votes a candidate has, so many of `nodes` it needs.
    Quorum { have: usize, need: usize, nodes: usize },
    /// So many of the `nodes` are known to have the entry at `index`, and so many have to.
    Copies { index: LogIndex, have: usize, need: usize, nodes: usize },
    /// An `entry` that a majority holds, beside the leader's own term.
    EntryTerm { entry: LogPosition, own: Term },
    /// The entry that the leader's new ones come after, the term `found` there, and the `last` index.
    PrevEntry { prev: LogPosition, found: Option<Term>, last: LogIndex },
    /// The leader's entry, and the term of the follower's own entry at the same index.
    Conflict { leader: LogPosition, own: Term },
    /// Nothing conflicts with the request, and the log goes on `from` its first index to the `last`.
    NoConflict { from: LogIndex, last: LogIndex },
    /// prevLogIndex + number of entries of a request, beside the follower's `last` index.
    Verified { verified: LogIndex, last: LogIndex },
    /// How far the leader has committed, how far the request `verified` the log, and where that ends.
    CommitLimit { leader_commit: LogIndex, verified: LogIndex, last: LogIndex },
    /// The index that `peer` acknowledges now, beside the match index `known` before.
    Match { peer: NodeId, known: LogIndex, acknowledged: LogIndex },
    /// Why the election timer might start over.
    Timer { cause: TimerCause },
    /// A candidate hears the `leader` of its term.
    Leader { leader: NodeId, term: Term },
    /// The vote that a node keeps while its term lasts.
    VoteKept { term: Term, voted_for: Option<NodeId> },
    /// The term in which the timer ended, and the one in which the election is to be held.
    Election { before: Term, term: Term },
    /// The `last` entry of a new leader, and how much of its log it knows to be committed.
    Tail { last: LogPosition, commit: LogIndex },
    /// The node leads this term, and the rule asks for a deed of its leader.
    Leadership { term: Term },
    /// What must be durable before so many `messages` leave: term and vote, the log from an index.
    Durable { term_or_vote: bool, log_from: Option<LogIndex>, messages: usize },
    /// The entry for which a client waits, and the term of the one that was applied at its index.
    Applied { awaited: LogPosition, applied: Term },
    /// The timeout that was drawn, between the shortest and the longest, in microseconds.
    Timeout { shortest_us: u64, longest_us: u64, drawn_us: u64 },
}
