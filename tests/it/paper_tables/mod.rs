//! Sentence by sentence through §5 of the paper, one node at a time.
//!
//! The tables and scenarios are those of `raft_paper_test.go` of etcd's raft (Apache-2.0), told
//! again in our own words and with our own harness; each test names the one it comes from. The
//! differences are choices of this crate, not of the paper:
//!
//! * a stale request is answered with our term, where etcd says nothing;
//! * a candidate that a majority refuses stays a candidate until its timer ends;
//! * heartbeats are AppendEntries without entries;
//! * the hints of a refusal are ours: the conflicting term and its first index.
//!
//! `TestLeaderSyncFollowerLog`, which is Figure 7, is in `figures.rs`.

mod elections;
mod replication;
mod timeouts;
