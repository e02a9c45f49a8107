//! What a check found: the reason that a decision gives, as values. Text is made of it elsewhere.

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::rules::Rule;
use super::types::{LogIndex, LogPosition, NodeId, Term};

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What the rule asks for holds (or, where it asks for a deed, was done).
    Holds,
    /// It does not hold, so the node refuses, ignores, or waits.
    Refused,
    /// It does not hold, and the node goes on all the same, because the rule is broken.
    Overridden,
}

/// One rule, asked once: which, on what values, with what outcome.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub struct Verdict {
    /// The rule that was asked.
    pub rule: Rule,
    /// How it came out.
    pub outcome: Outcome,
    /// What was compared.
    pub facts: Facts,
}

impl Verdict {
    /// The verdict on a condition that `holds` or not, where the node goes on if it `passes`.
    #[must_use]
    pub const fn new(rule: Rule, holds: bool, passes: bool, facts: Facts) -> Self {
        let outcome = match (holds, passes) {
            (true, _) => Outcome::Holds,
            (false, true) => Outcome::Overridden,
            (false, false) => Outcome::Refused,
        };
        Self { rule, outcome, facts }
    }
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerCause {
    /// AppendEntries of the leader of this term.
    CurrentLeader,
    /// A vote was given.
    VoteGranted,
    /// The node stands for election.
    ElectionStarted,
    /// A request of an older term: no authority.
    StaleRequest,
    /// A vote was refused: no authority.
    VoteRefused,
}

impl TimerCause {
    /// Whether §5.2 lets it restart the timer.
    #[must_use]
    pub const fn has_authority(self) -> bool {
        matches!(self, Self::CurrentLeader | Self::VoteGranted | Self::ElectionStarted)
    }
}

/// The values that a check compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Facts {
    /// The term of a message beside the node's own.
    Terms {
        /// The message's term.
        message: Term,
        /// The node's current term, before it settles.
        own: Term,
    },
    /// A vote asked for, and the vote given before.
    Vote {
        /// The term of the election.
        term: Term,
        /// To whom the voter gave its vote in this term, if it did.
        voted_for: Option<NodeId>,
        /// Who asks now.
        candidate: NodeId,
    },
    /// Where a candidate's log ends, and the voter's.
    Logs {
        /// The candidate's last entry.
        candidate: LogPosition,
        /// The voter's last entry.
        own: LogPosition,
    },
    /// A vote that came in.
    VoteReceived {
        /// Who granted it.
        voter: NodeId,
        /// Whether its vote was counted already.
        counted_before: bool,
    },
    /// A count of votes.
    Quorum {
        /// Votes so far.
        have: usize,
        /// Votes that make a majority.
        need: usize,
        /// Size of the cluster.
        nodes: usize,
    },
    /// A count of copies of an entry.
    Copies {
        /// The entry's index.
        index: LogIndex,
        /// Nodes that are known to hold it, the leader among them.
        have: usize,
        /// Copies that make a majority.
        need: usize,
        /// Size of the cluster.
        nodes: usize,
    },
    /// The term of an entry that a majority holds, beside the leader's own.
    EntryTerm {
        /// The entry.
        entry: LogPosition,
        /// The leader's term.
        own: Term,
    },
    /// A leader's claim about the entry before the new ones, and what the follower has there.
    PrevEntry {
        /// What the leader says stands there.
        prev: LogPosition,
        /// The term the follower has at that index, if its log reaches it.
        found: Option<Term>,
        /// The follower's last index.
        last: LogIndex,
    },
    /// An entry of the leader's beside the follower's at the same index.
    Conflict {
        /// The leader's entry.
        leader: LogPosition,
        /// The term of the follower's entry there.
        own: Term,
    },
    /// Entries that the follower has behind the place where the request begins, and none of which
    /// conflicts with it.
    NoConflict {
        /// The first entry that would be cut for nothing.
        from: LogIndex,
        /// The follower's last index.
        last: LogIndex,
    },
    /// What a request verified, beside the follower's last index.
    Verified {
        /// prevLogIndex + number of entries.
        verified: LogIndex,
        /// The follower's last index.
        last: LogIndex,
    },
    /// How far a follower may commit.
    CommitLimit {
        /// The leader's commit index.
        leader_commit: LogIndex,
        /// prevLogIndex + number of entries.
        verified: LogIndex,
        /// The follower's last index.
        last: LogIndex,
    },
    /// An acknowledgement beside what was known before.
    Match {
        /// The follower.
        peer: NodeId,
        /// Its match index so far.
        known: LogIndex,
        /// The index it acknowledges now.
        acknowledged: LogIndex,
    },
    /// Why an election timer might restart.
    Timer {
        /// The cause.
        cause: TimerCause,
    },
    /// A candidate hears a leader of its term.
    Leader {
        /// The leader.
        leader: NodeId,
        /// The term.
        term: Term,
    },
    /// The vote that a node keeps while its term lasts.
    VoteKept {
        /// The term.
        term: Term,
        /// The vote in it.
        voted_for: Option<NodeId>,
    },
    /// The term of an election beside the one before it.
    Election {
        /// The term in which the timer ended.
        before: Term,
        /// The term of the election.
        term: Term,
    },
    /// The end of a new leader's log, and how much of it the leader knows to be committed.
    Tail {
        /// Its last entry.
        last: LogPosition,
        /// Its commit index.
        commit: LogIndex,
    },
    /// A deed that the rule asks of the leader of this term.
    Leadership {
        /// The term.
        term: Term,
    },
    /// What must be durable before messages leave.
    Durable {
        /// Whether the term or the vote changed.
        term_or_vote: bool,
        /// The first log index that changed, if one did.
        log_from: Option<LogIndex>,
        /// How many messages wait for it.
        messages: usize,
    },
    /// The entry for which a client waits, beside the one that was applied at its index.
    Applied {
        /// What the client waits for.
        awaited: LogPosition,
        /// The term of the entry that was applied there.
        applied: Term,
    },
}
