//! Behaviour that grew out of years of production: which node may lead, what becomes of entries, and what
//! a leader assumes about its followers.
//!
//! The tables and scenarios are those of etcd's raft (`raft_test.go`, `log_test.go`,
//! `tracker/progress_test.go`; Apache-2.0) that apply to Raft without membership changes,
//! snapshots, transfer of leadership, read-index and pre-vote, told again in our own words and
//! with our own harness; each test names the one it comes from. Where etcd's outcome is a choice
//! of etcd's, ours stands here, and the test says so.
//!
//! `TestStepIgnoreOldTermMsg` and `TestPastElectionTimeout` have the same point as
//! `TestRejectStaleTermMessage` and the timeout tests in `paper_tables`.

mod commit;
mod elections;
mod json;
mod log;
mod names;
mod progress;
mod replication;
mod votes;
