//! The protocol: an introduction to Raft as its paper describes it, and an order in which to read the files.
//!
//! Section (§) and figure numbers are those of "In Search of an Understandable Consensus Algorithm
//! (Extended Version)" by Ongaro and Ousterhout, 2014.
//!
//! # One machine out of several
//!
//! A service that runs on one server is lost when that server fails. So it runs on several servers,
//! the **nodes**. Each node keeps a **log**: the commands of the clients, in order. Nodes that
//! carry out the same commands in the same order reach the same state, so the nodes only have to
//! agree on the log. That is hard: a node can crash at any moment and come back with only what it
//! had saved, and messages are lost, duplicated, delayed and reordered.
//!
//! # A leader, and its term
//!
//! In Raft one node decides: the **leader** appends commands to its own log, and the others, its
//! **followers**, copy that log. Leaders crash too, so leaderships need an order: time is divided
//! into **terms**, numbered upwards, with at most one leader in each. Every message carries its
//! sender's term. A node that receives a higher term moves to that term, as a follower. A node
//! refuses a request of an older term and answers with its current term, and the sender then moves
//! to that term; so a leader that was replaced does no harm (§5.1).
//!
//! # How a leader is elected
//!
//! A follower that has not heard from a leader for a while, its **election timeout**, **campaigns**: it enters
//! the next term as a candidate, votes for itself, and asks all other nodes for their votes. A node gives one
//! vote per term. A candidate with the votes of a **majority** becomes the leader. Any two majorities have a
//! node in common, and that node has only one vote, so no term gets two leaders (§5.2). If the votes are
//! split, nobody wins, and a later term decides; timeouts are drawn at random, so that two nodes seldom
//! campaign at the same time. A leader sends messages often enough that no follower's timeout ends.
//!
//! # How the logs become equal
//!
//! Each **entry** has an index, its place in the log, and the term in which a leader created it. The leader
//! sends entries in AppendEntries, and names the entry just before them. A follower that lacks that entry
//! refuses, and the leader tries again further back. A follower that has it appends the new entries; where
//! it has an entry of another term at the same index, it first deletes that entry and all that follow.
//! AppendEntries without entries is a **heartbeat**. A term has one leader, which puts one entry at an
//! index and never changes it, and a follower accepts an entry only after the entry before it matched. So
//! if two logs have an entry with the same index and term, they are equal up to that entry (§5.3).
//!
//! # When an entry is safe
//!
//! An entry is **committed** when it can never be lost. It is then applied: the code that runs the
//! node carries out its command, and the client gets an answer. The leader commits an entry of its own
//! term, and with it all entries before it, as soon as a majority has it; the next AppendEntries tells
//! the followers. Why does no later leader lack it? A node refuses its vote to a candidate whose log
//! is **behind** its own: the last entry of that log has a lower term, or the same term and a lower
//! index. In any majority that elects a leader, at least one node has the committed entry. So a candidate that
//! it votes for has it too: its log has the same last term and is as long, or its last term is later, and
//! then that entry came from the leader of a later term, which had the committed one (§5.4.1).
//!
//! Why only of its own term? Suppose n4 led term 3 and appended one entry that no other node got.
//! The leader of term 4 then copies an entry of term 2 to n0, n1 and n2, a majority. But the last
//! entry of n4 has the higher term, so n4 can still win term 5 and have that entry deleted. Once
//! n0, n1 and n2 have an entry of term 4, n4 can no longer win (§5.4.2, Figure 8). A new leader
//! therefore begins its term with an empty entry, a **no-op**.
//!
//! Finally, promises must survive a crash: term, vote and log are durable before any message that
//! depends on them leaves.
//!
//! # How to read the files
//!
//! 1. `types`: terms, indexes, entries. `rpc`: the two calls, as four messages. Skim both.
//! 2. `node` and `role`: what a node remembers, which is Figure 2. Of `turn`, only the first page:
//!    a turn borrows its node, can be read like it, and collects messages and unsaved changes.
//! 3. `terms`: how a node receives a message. Here you see how code asks a **rule**. `check` asks whether a
//!    condition holds; a refusal is an `Err`. `must` asks whether the node does what the rule demands. In Raft
//!    it always does, so read `if self.must(..) { A }` as `A`, and skip every branch under `!self.must(..)`.
//! 4. `election`: asking for votes, giving them, counting them.
//! 5. `follower`, with `log`: how a follower handles AppendEntries.
//! 6. `leader`: commands, replication, and what a leader knows about each follower.
//! 7. `commit`: when the leader commits, and when a follower does.
//! 8. `turn` and `storage`: how the changes are saved before messages leave.
//!
//! On a first reading skip each `emit`, which reports what happened, and each `Facts`, the values
//! that a rule compared; `event` and `rules` declare them. A rule can be switched off ("broken") to
//! show what it protects. What a node does then is in `rules::broken`, and is not part of Raft.
//!
//! A [`RaftNode`] is a value, and a [`Turn`] of it is pure: no clock, no thread, no randomness, no
//! I/O. `docs/architecture.md` lists what is left out of Raft here, and where it is described.

mod commit;
mod election;
mod event;
mod follower;
mod leader;
mod log;
mod node;
mod role;
mod rpc;
mod rules;
mod storage;
mod terms;
mod turn;
mod types;

pub use event::Event;
pub use log::{Log, Overlap};
pub use node::{Input, PersistentState, RaftNode, Settings};
pub use role::{Progress, ProgressTable, Role, RoleKind, Votes};
pub use rpc::{
    AppendEntries, AppendEntriesReply, AppendOutcome, ConflictHint, Entries, Envelope, Message,
    MessageKind, RequestVote, RequestVoteReply,
};
pub use rules::{Facts, Outcome, Property, Rule, RuleSet, TimerCause, Verdict};
pub use storage::{Storage, Unsaved, Write};
pub use turn::{Lost, Sendable, Turn};
pub use types::{
    Command, LogEntry, LogIndex, LogPosition, MAX_NODES, NoSuchNode, NodeId, NodeSet, Payload, Term,
};
