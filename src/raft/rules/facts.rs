//! What a check found: the reason for a decision, as values. Other modules turn them into text.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::Rule;
use crate::raft::types::{LogIndex, LogPosition, NodeId, Term};

/// The outcome of a check.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The condition of the rule holds, or the node does what the rule demands.
    Holds,
    /// The condition does not hold, so the node refuses, ignores, or waits.
    Refused,
    /// The condition does not hold, but the node goes on, because the rule is broken.
    Overridden,
}

/// One check of a `rule`: its `outcome`, and the `facts` that were compared.
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
    /// AppendEntries came from the leader of this term.
    CurrentLeader,
    /// A vote was given.
    VoteGranted,
    /// The node campaigns.
    ElectionStarted,
    /// A request of an older term came, which has no authority.
    StaleRequest,
    /// A vote was refused, which has no authority.
    VoteRefused,
}

impl TimerCause {
    /// The cause for AppendEntries of this `term`, in a node of the term `own`. (The two differ
    /// here only if `stale-term-rejected` is broken.)
    pub(in crate::raft) fn of_leader(term: Term, own: Term) -> Self {
        if term < own { Self::StaleRequest } else { Self::CurrentLeader }
    }

    /// The cause for a vote that was given, or was refused by a rule.
    pub(in crate::raft) const fn of_vote(vote: Result<(), Rule>) -> Self {
        match vote {
            Ok(()) => Self::VoteGranted,
            Err(Rule::StaleTermRejected) => Self::StaleRequest,
            Err(_) => Self::VoteRefused,
        }
    }

    /// Whether §5.2 lets this cause restart the timer.
    pub const fn has_authority(self) -> bool {
        matches!(self, Self::CurrentLeader | Self::VoteGranted | Self::ElectionStarted)
    }
}

/// The values that a check compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Facts {
    /// The term of a message, and the node's own term before it handled the message.
    Terms { message: Term, own: Term },
    /// A `candidate` asks for the vote of this `term`; `voted_for` has that vote, or `None` if it is free.
    Vote { term: Term, voted_for: Option<NodeId>, candidate: NodeId },
    /// Where a candidate's log ends, and where the voter's own log ends.
    Logs { candidate: LogPosition, own: LogPosition },
    /// The lengths of a candidate's log and the voter's own. They decide only if
    /// `term-before-length` is broken.
    Lengths { candidate: LogIndex, own: LogIndex },
    /// A grant came from this voter; `counted_before` says whether its vote was counted already.
    VoteReceived { voter: NodeId, counted_before: bool },
    /// How many votes a candidate has, and how many of the `nodes` it needs.
    Quorum { have: usize, need: usize, nodes: usize },
    /// How many of the `nodes` are known to have the entry at `index`, and how many must have it.
    Copies { index: LogIndex, have: usize, need: usize, nodes: usize },
    /// An `entry` that a majority holds, and the leader's own term.
    EntryTerm { entry: LogPosition, own: Term },
    /// The entry just before the leader's new ones, the term `found` at its index, and the log's `last` index.
    PrevEntry { prev: LogPosition, found: Option<Term>, last: LogIndex },
    /// The leader's entry, and the term of the follower's own entry at the same index.
    Conflict { leader: LogPosition, own: Term },
    /// Nothing conflicts with the request, and the log goes on `from` the request's first index to `last`.
    NoConflict { from: LogIndex, last: LogIndex },
    /// prevLogIndex + number of entries of a request, and the follower's `last` index.
    Verified { verified: LogIndex, last: LogIndex },
    /// How far the leader has committed, how far the request `verified` the log, and the log's `last` index.
    CommitLimit { leader_commit: LogIndex, verified: LogIndex, last: LogIndex },
    /// The index that `peer` has `acknowledged` now, and the match index that was `known` before.
    Match { peer: NodeId, known: LogIndex, acknowledged: LogIndex },
    /// Why the election timer might restart.
    Timer { cause: TimerCause },
    /// A candidate heard from the `leader` of its term.
    Leader { leader: NodeId, term: Term },
    /// The vote that a node keeps while its term lasts.
    VoteKept { term: Term, voted_for: Option<NodeId> },
    /// The term in which the timer ended, and the one in which the election is to be held.
    Election { before: Term, term: Term },
    /// The `last` entry of a new leader, and how much of its log it knows to be committed.
    Tail { last: LogPosition, commit: LogIndex },
    /// The node leads this term, and the rule demands something of the leader.
    Leadership { term: Term },
    /// What must be durable before this many `messages` leave: term and vote, the log from an index.
    Durable { term_or_vote: bool, log_from: Option<LogIndex>, messages: usize },
    /// The entry for which a client waits, and the term of the one that was applied at its index.
    Applied { awaited: LogPosition, applied: Term },
    /// The timeout that was drawn, between the shortest and the longest, in microseconds.
    Timeout { shortest_us: u64, longest_us: u64, drawn_us: u64 },
}
