//! What the tests of the core share: servers in a given state, the messages to drive them with,
//! and (in `cluster`) a small and simple network.
//!
//! Servers are numbered from 0. Where a table of etcd has node 1, this crate has node 0.

mod cluster;
pub mod lengths;
mod memory_file;
pub mod text;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use raft_in_practice::raft::{
    AppendEntries, AppendEntriesReply, AppendOutcome, Command, ConflictHint, Envelope, Event,
    Input, Log, LogEntry, LogIndex, LogPosition, Message, NodeId, Outcome, PersistentState,
    RaftNode, RequestVote, RequestVoteReply, RoleKind, Rule, RuleSet, Sendable, Settings, Term,
};

pub use cluster::Cluster;
pub use memory_file::MemoryFile;

/// A file of the running test's own, in a folder that no other test uses.
pub fn own_file(name: &str) -> PathBuf {
    let thread = std::thread::current();
    let test = thread.name().expect("a test runs on a thread that has its name");
    // A short name, because outputs show paths and wrap them.
    let mut hash = DefaultHasher::new();
    test.hash(&mut hash);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{:016x}", hash.finish()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

pub const fn id(number: u8) -> NodeId {
    NodeId::new(number)
}

/// `index@term`, as the events write it.
pub const fn at(index: u64, term: u64) -> LogPosition {
    LogPosition::new(index, term)
}

// ---- settings ------------------------------------------------------------------------------

pub const fn settings(nodes: usize) -> Settings {
    Settings::new(nodes)
}

pub const fn with_rules(nodes: usize, rules: RuleSet) -> Settings {
    Settings { rules, ..settings(nodes) }
}

/// No no-op, one entry a message: the world of Figure 8.
pub const fn bare(nodes: usize, rules: RuleSet) -> Settings {
    Settings { no_op: false, max_batch: NonZeroUsize::new(1), ..with_rules(nodes, rules) }
}

// ---- logs ----------------------------------------------------------------------------------

/// The entry that every test log has at this position. Its text names the position, so that equal terms
/// at equal indexes make equal logs, as Log Matching requires.
pub fn entry(index: u64, term: u64) -> LogEntry {
    LogEntry::command(Term::new(term), Command::new(format!("{index}@{term}")))
}

/// Entries of these terms, the first of them at the index after `prev`.
pub fn entries(prev: u64, terms: &[u64]) -> Vec<LogEntry> {
    (prev + 1..).zip(terms).map(|(index, &term)| entry(index, term)).collect()
}

pub fn log(terms: &[u64]) -> Log {
    Log::new(entries(0, terms))
}

pub fn terms_of(log: &Log) -> Vec<u64> {
    log.iter().map(|(_, entry)| entry.term.get()).collect()
}

pub fn terms(node: &RaftNode) -> Vec<u64> {
    terms_of(node.log())
}

pub const fn commit(node: &RaftNode) -> u64 {
    node.commit_index().get()
}

// ---- servers -------------------------------------------------------------------------------

/// A server that starts with this state on its disk.
pub fn server(
    number: u8,
    settings: Settings,
    term: u64,
    vote: Option<u8>,
    terms: &[u64],
) -> RaftNode {
    let saved = PersistentState::new(Term::new(term), vote.map(id), log(terms));
    RaftNode::new(id(number), settings, saved)
}

/// Server 0 as a follower of this term that has not voted.
pub fn follower(settings: Settings, term: u64, terms: &[u64]) -> RaftNode {
    server(0, settings, term, None, terms)
}

/// Server 0 as the candidate of this term; nobody has answered yet. Alone, it leads at once.
pub fn candidate(settings: Settings, term: u64, terms: &[u64]) -> RaftNode {
    let mut node = follower(settings, term - 1, terms);
    let _ = timeout(&mut node);
    assert_eq!(node.current_term(), Term::new(term));
    node
}

/// Server 0 as the leader of this term, with the votes of a bare majority. The messages that it sent as it
/// became leader are lost. Its log ends with its no-op, if the settings ask for one.
pub fn leader(settings: Settings, term: u64, terms: &[u64]) -> RaftNode {
    let mut node = candidate(settings, term, terms);
    for voter in (1..).take(settings.majority() - 1) {
        let _ = receive(&mut node, voter, vote(term, true));
    }
    assert!(node.is_leader());
    node
}

/// Server 0 in this role in this term.
pub fn in_role(role: RoleKind, settings: Settings, term: u64, terms: &[u64]) -> RaftNode {
    match role {
        RoleKind::Follower => follower(settings, term, terms),
        RoleKind::Candidate => candidate(settings, term, terms),
        RoleKind::Leader => leader(settings, term, terms),
    }
}

pub const ROLES: [RoleKind; 3] = [RoleKind::Follower, RoleKind::Candidate, RoleKind::Leader];

// ---- inputs --------------------------------------------------------------------------------

/// Makes one step, and saves it on a disk that held the node as it was before. Every change must then be on
/// the disk.
pub fn step(node: &mut RaftNode, input: Input) -> Sendable {
    let mut disk = node.persistent().clone();
    let Ok(sent) = node.step(input).persist(&mut disk);
    if node.settings().rules.keeps(Rule::PersistBeforeReply) {
        assert_eq!(&disk, node.persistent(), "{} saves all that it changes", node.id());
    }
    sent
}

pub fn timeout(node: &mut RaftNode) -> Sendable {
    step(node, Input::ElectionTimeout)
}

pub fn heartbeat(node: &mut RaftNode) -> Sendable {
    step(node, Input::HeartbeatDue)
}

pub fn propose(node: &mut RaftNode, command: &str) -> Sendable {
    step(node, Input::Propose(vec![command.into()]))
}

pub fn receive(node: &mut RaftNode, from: u8, message: Message) -> Sendable {
    let to = node.id();
    step(node, Input::Receive(Envelope { from: id(from), to, message }))
}

// ---- messages ------------------------------------------------------------------------------

pub const fn request_vote(candidate: u8, term: u64, last: LogPosition) -> Message {
    Message::RequestVote(RequestVote {
        term: Term::new(term),
        candidate_id: id(candidate),
        last_log_index: last.index,
        last_log_term: last.term,
    })
}

pub const fn vote(term: u64, vote_granted: bool) -> Message {
    Message::RequestVoteReply(RequestVoteReply { term: Term::new(term), vote_granted })
}

/// AppendEntries: leader, term, the position before the new entries, their terms, and leaderCommit.
pub fn append(leader: u8, term: u64, prev: LogPosition, new: &[u64], commit: u64) -> Message {
    Message::AppendEntries(AppendEntries {
        term: Term::new(term),
        leader_id: id(leader),
        prev_log_index: prev.index,
        prev_log_term: prev.term,
        entries: entries(prev.index.get(), new).into(),
        leader_commit: LogIndex::new(commit),
    })
}

const fn append_response(term: u64, outcome: AppendOutcome) -> Message {
    Message::AppendEntriesReply(AppendEntriesReply { term: Term::new(term), outcome })
}

pub const fn accepted(term: u64, match_index: u64) -> Message {
    append_response(term, AppendOutcome::Accepted { match_index: LogIndex::new(match_index) })
}

/// A refusal: the request's prevLogIndex, the term found there, the first index to try.
pub fn rejected(term: u64, prev: u64, found: Option<u64>, first: u64) -> Message {
    let prev_log_index = LogIndex::new(prev);
    append_response(term, AppendOutcome::Rejected { prev_log_index, hint: hint(found, first) })
}

pub fn hint(found: Option<u64>, first: u64) -> ConflictHint {
    ConflictHint { conflict_term: found.map(Term::new), first_index: LogIndex::new(first) }
}

/// The answer of a correct follower to AppendEntries whose entries it stores.
pub fn accept(request: &Envelope) -> Message {
    let Message::AppendEntries(append) = &request.message else {
        panic!("AppendEntries was expected, not {request:?}");
    };
    accepted(append.term.get(), append.last_index().get())
}

// ---- what came of it -----------------------------------------------------------------------

/// The one message of a step.
pub fn only(sent: &Sendable) -> &Message {
    let [envelope] = sent.messages() else {
        panic!("one message was expected: {:?}", sent.messages());
    };
    &envelope.message
}

/// The AppendEntries among the messages, with their addressees.
pub fn appends(sent: &Sendable) -> Vec<(u8, &AppendEntries)> {
    let request = |envelope| match envelope {
        &Envelope { to, message: Message::AppendEntries(ref request), .. } => {
            Some((to.index() as u8, request))
        }
        _ => None,
    };
    sent.messages().iter().filter_map(request).collect()
}

/// Whether the step granted a vote.
pub fn granted(sent: &Sendable) -> bool {
    let Message::RequestVoteReply(response) = only(sent) else { panic!("not a vote: {sent:?}") };
    response.vote_granted
}

/// What the step answered to AppendEntries.
pub fn outcome(sent: &Sendable) -> AppendOutcome {
    let Message::AppendEntriesReply(response) = only(sent) else {
        panic!("not an answer to AppendEntries: {sent:?}")
    };
    response.outcome
}

/// The index that the step acknowledged; `None` if it refused.
pub fn acknowledged(sent: &Sendable) -> Option<u64> {
    match outcome(sent) {
        AppendOutcome::Accepted { match_index } => Some(match_index.get()),
        AppendOutcome::StaleTerm | AppendOutcome::Rejected { .. } => None,
    }
}

/// matchIndex and nextIndex that a leader holds of a peer.
pub const fn progress(node: &RaftNode, peer: u8) -> (u64, u64) {
    let progress = node.progress(id(peer)).expect("only a leader knows");
    (progress.match_index.get(), progress.next_index.get())
}

/// How the rule came out, each time it was asked.
pub fn verdicts(events: &[Event], rule: Rule) -> Vec<Outcome> {
    let outcome = |event: &Event| match event {
        Event::Checked(verdict) if verdict.rule == rule => Some(verdict.outcome),
        _ => None,
    };
    events.iter().filter_map(outcome).collect()
}
