//! What happens in a step, as values. Other modules turn them into text.

use serde::{Deserialize, Serialize};

use super::role::RoleKind;
use super::rpc::MessageKind;
use super::rules::{Rule, Verdict};
use super::types::{LogIndex, LogPosition, NodeId, Term};

/// Something that happened in a step. A decision comes after the verdicts that led to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Event {
    /// A rule was asked, and this is its verdict.
    Checked(Verdict),
    /// The node left the term `from` for the higher term `to`.
    TermAdvanced { from: Term, to: Term },
    /// The node left the role `from` for the role `to`, and is in this term now.
    RoleChanged { from: RoleKind, to: RoleKind, term: Term },
    /// The node campaigns in this new term, and shows the voters the `last` entry of its log.
    ElectionStarted { term: Term, last: LogPosition },
    /// The node's election timer ended in the largest possible term, so it holds no election.
    TermsExhausted,
    /// The node gave its vote of this term `to` a candidate, which may be the node itself.
    VoteGranted { to: NodeId, term: Term },
    /// The node, which is in this `term`, refused its vote `to` a candidate, because of this `rule`.
    VoteRefused { to: NodeId, term: Term, rule: Rule },
    /// A candidate counted the vote `from` this voter, and now has this many `votes`.
    VoteCounted { from: NodeId, votes: usize },
    /// A candidate was refused the vote of this voter.
    VoteDenied { by: NodeId },
    /// The node won the election of this term.
    BecameLeader { term: Term },
    /// A leader appended the entries from `first` to `last`, of its own term, to its log.
    Appended { first: LogIndex, last: LogIndex, term: Term },
    /// The node does not lead, so it refused the commands; this is the `leader` that it knows, if any.
    ProposalRefused { leader: Option<NodeId> },
    /// The node learned which node is the `leader` of this term.
    LeaderRecognised { leader: NodeId, term: Term },
    /// The entries from index `from` to index `to` were deleted.
    Truncated { from: LogIndex, to: LogIndex },
    /// A follower accepted AppendEntries that carried `count` entries, the first new one at
    /// `new_from`, and acknowledged its log up to `acknowledged`.
    EntriesAccepted { count: usize, new_from: Option<LogIndex>, acknowledged: LogIndex },
    /// A follower refused AppendEntries, because its log lacks the entry `prev` or the term is old.
    EntriesRefused { prev: LogPosition },
    /// A leader learned that the log of `peer` equals its own up to `match_index`.
    Matched { peer: NodeId, match_index: LogIndex },
    /// A leader set the next index of `peer` back, to find out where the two logs agree.
    BackedOff { peer: NodeId, from: LogIndex, to: LogIndex },
    /// The commit index grew.
    CommitAdvanced { from: LogIndex, to: LogIndex },
    /// A message was ignored: it was late, duplicated, not for this node, or impossible.
    Ignored { from: NodeId, kind: MessageKind },
}
