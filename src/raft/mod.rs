//! The protocol: Raft as the extended paper tells it (Ongaro and Ousterhout, 2014), and nothing
//! else.
//!
//! # Pure
//!
//! A [`RaftNode`] is a value. [`RaftNode::step`] takes one [`Input`] and returns an [`Output`];
//! there is no clock, no thread, no randomness and no I/O behind it. A timer that ended is an
//! input, a timer to restart is an output. So the very same code runs on threads, in virtual time,
//! and under an exhaustive search, and a run can be repeated from its inputs alone.
//!
//! # How the pieces make Raft
//!
//! * `types`: the words. [`Term`], [`LogIndex`], [`LogPosition`], whose order *is* "at least as up
//!   to date" (§5.4.1).
//! * `rpc`: RequestVote and AppendEntries, as four messages.
//! * `rules`: every decision by name. A decision asks its [`Rule`] at one place in the code; the
//!   answer is a [`Verdict`] that goes into the events, so each step says why. The same place is
//!   switched off by breaking the rule.
//! * `log`: the replicated log. In all of Raft one verb removes entries, [`Log`]'s splice. It returns
//!   the [`Verified`] index, and only that can be acknowledged or committed by a follower.
//! * `role`: follower, candidate, leader, each with its own data.
//! * `node`: the state of Figure 2, and terms, which are settled before any role's code runs.
//! * `election`: asking for votes, giving them, counting them.
//! * `replication`: AppendEntries on both sides.
//! * `commit`: what a majority holds, and when that counts.
//! * `output`: what a step asks of the world. [`Output::persist`] is the only way to its messages:
//!   taking one out before saving does not compile.
//!
//! # What is left out
//!
//! Membership changes (§6), log compaction and snapshots (§7), client sessions and read-only
//! queries (§8), pre-vote and leadership transfer (dissertation). Each is a protocol of its own
//! beside the one that this crate is here to explain; `docs/architecture.md` says where to find
//! them.

mod commit;
mod election;
mod log;
mod node;
mod output;
mod replication;
mod role;
mod rpc;
mod rules;
mod types;
mod verdict;

pub use log::{Log, Overlap, Spliced, Verified};
pub use node::{Input, PersistentState, RaftNode, Settings};
pub use output::{Event, Forgetful, Output, Sendable, Storage, Unsaved, Write};
pub use role::{Progress, ProgressTable, Role, RoleKind, Votes};
pub use rpc::{
    AppendEntriesRequest, AppendEntriesResponse, AppendOutcome, ConflictHint, Entries, Envelope,
    Message, MessageKind, VoteRequest, VoteResponse,
};
pub use rules::{Property, Rule, RuleSet, UnknownRule};
pub use types::{
    Command, LogEntry, LogIndex, LogPosition, MAX_NODES, NoSuchNode, NodeId, NodeSet, Payload, Term,
};
pub use verdict::{Facts, Outcome, TimerCause, Verdict};
