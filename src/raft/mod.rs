//! The protocol: Raft as its paper tells it, from the beginning, and an order to read the files in.
//!
//! § and Figure mean those of "In Search of an Understandable Consensus Algorithm (Extended Version)" by
//! Ongaro and Ousterhout, 2014.
//!
//! # One machine out of several
//!
//! A service on one server is gone when that server is. So it is put on several, the **nodes**, each of
//! which keeps a **log**: the commands of the clients, in order. Nodes that carry out the same commands
//! in the same order are in the same state; so all that has to be agreed on is the log. That is hard
//! because nodes crash at any moment and come back with only what they had saved, and because
//! messages are lost, doubled, late, and overtake each other.
//!
//! # A leader, and its term
//!
//! Raft lets one node decide: the **leader** puts commands into its own log, and the others, its
//! **followers**, copy that log. Leaders crash too, so leaderships have an order: time is cut into
//! **terms**, numbered upwards, with one leader in each at most. Every message carries its sender's
//! term. Who hears of a higher one moves on to it, as a follower. A request of an older one is refused
//! with the current term, and its sender moves on; so a leader that was replaced does no harm (§5.1).
//!
//! # How a leader is elected
//!
//! A follower that has not heard a leader for a while, its **election timeout**, **campaigns**: it
//! goes to the next term as a candidate, votes for itself, and asks all others for their vote. A
//! node gives one vote a term. Whoever has the votes of a **majority** leads. Two majorities always
//! have a node in common, and that node has one vote, so no term gets two leaders (§5.2). If
//! the votes are split, nobody wins, and a later term decides; timeouts are drawn at random, so that
//! candidates seldom get in each other's way. A leader speaks often enough that no timeout ends.
//!
//! # How the logs become equal
//!
//! Each **entry** has an index, its place, and the term in which a leader took it in. The leader
//! sends entries in AppendEntries, and names the entry that comes before them. A follower that lacks
//! that one refuses, and the leader tries again further back. A follower that has it takes the new
//! ones; where it has an entry of another term at the same index, it deletes that one and all that
//! follow. AppendEntries without entries is a **heartbeat**. A term has one leader, which puts one entry
//! at an index and never changes it, and every entry was accepted only after the one before it matched.
//! So if two logs have an entry of the same index and term, they are equal up to there (§5.3).
//!
//! # When an entry is safe
//!
//! An entry is **committed** when it can never be lost: then it is applied, which means carried out by
//! whoever runs the node, and its client is answered. The leader commits an entry of its own term as
//! soon as a majority has it, and all before it with it; the next AppendEntries tells the followers.
//! Why does no later leader lack it? A vote is refused to a candidate whose log is **behind** the
//! voter's: its last entry is of a lower term, or of the same term with a lower index. Of any majority
//! that elects, one node has the committed entry (§5.4.1).
//!
//! Why only of its own term? Say n4 led term 3 and took in one entry that nobody else got. The
//! leader of term 4 then copies an entry of term 2 to n0, n1 and n2, a majority. But the last term of n4
//! is the higher one, so it can still win term 5 and have that entry deleted. Once n0, n1 and n2 have an
//! entry of term 4, it cannot win any more (§5.4.2, Figure 8). A new leader therefore
//! begins its term with an empty entry, a **no-op**.
//!
//! And promises outlive a crash: term, vote and log are durable before a message that relies on them leaves.
//!
//! # How to read the files
//!
//! 1. `types`: terms, indexes, entries. `rpc`: the two calls, as four messages. Skim both.
//! 2. `node` and `role`: what a node remembers, which is Figure 2. Of `turn`, the first page: a turn
//!    borrows its node, reads like it, and collects messages and what is unsaved.
//! 3. `terms`: a message arrives. Here one sees how a **rule** is asked. `check` asks whether something
//!    holds, and a refusal is an `Err`. `must` asks whether the node does what the rule demands, and in
//!    Raft it always does: read `if self.must(..) { A }` as `A`, and skip what stands under `!self.must(..)`.
//! 4. `election`: asking for votes, giving them, counting them.
//! 5. `follower`, with `log`: AppendEntries at its receiver.
//! 6. `leader`: commands, replication, and what a leader knows of each follower.
//! 7. `commit`: when the leader commits, and when a follower does.
//! 8. `turn` and `storage`: how all of this is saved before it is sent.
//!
//! Skip at first: each `emit` (it says what happened) and each `Facts` (what a rule compared); `event`
//! and `rules` declare them. A rule can be switched off, "broken", to see what it protects: what a node
//! does then is in `rules::broken`, and no part of Raft.
//!
//! A [`RaftNode`] is a value, and a [`Turn`] of it is pure: no clock, no thread, no randomness, no
//! I/O. What is left out, and where to find it, is said in `docs/architecture.md`.

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
    AppendEntriesRequest, AppendEntriesResponse, AppendOutcome, ConflictHint, Entries, Envelope,
    Message, MessageKind, VoteRequest, VoteResponse,
};
pub use rules::{Facts, Outcome, Property, Rule, RuleSet, TimerCause, Verdict};
pub use storage::{Storage, Unsaved, Write};
pub use turn::{Lost, Sendable, Turn};
pub use types::{
    Command, LogEntry, LogIndex, LogPosition, MAX_NODES, NoSuchNode, NodeId, NodeSet, Payload, Term,
};
