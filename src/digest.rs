//! Digests that are the same on every machine: of a log's prefix, of a step, of a file's lines.
//!
//! SipHash is specified. This module decides, byte by byte, what it is given; `docs/trace-format.md`
//! repeats the rules for those who write their own program to read traces.
//!
//! * A number (a term, an index, a count) is eight bytes, the lowest first. A node is one byte, and so is
//!   yes (1) or no (0). An optional value is the byte 0, or the byte 1 and the value.
//! * A text is the number of its bytes, followed by them. A list is the number of its items, followed by
//!   them.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::raft::{
    AppendEntries, AppendOutcome, Command, Envelope, LogEntry, LogIndex, Message, NodeId, Payload,
    RaftNode, Role,
};

/// A [`Hasher`] whose result is the same on every machine. It is for values that implement [`Hash`], whose
/// digests never leave the program.
#[derive(Clone, Debug)]
pub struct StableHasher(SipHasher13);

impl StableHasher {
    /// A hasher that starts from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(SipHasher13::new_with_keys(seed, 0))
    }
}

impl Hasher for StableHasher {
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    fn write_u16(&mut self, value: u16) {
        self.0.write(&value.to_le_bytes());
    }

    fn write_u32(&mut self, value: u32) {
        self.0.write(&value.to_le_bytes());
    }

    fn write_u64(&mut self, value: u64) {
        self.0.write(&value.to_le_bytes());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.cast_unsigned() as u64);
    }
}

/// The digest of `value`, chained to `before`, for the tables of a search.
pub fn chain(before: u64, value: &impl Hash) -> u64 {
    let mut hasher = StableHasher::new(before);
    value.hash(&mut hasher);
    hasher.finish()
}

/// The digest of a log that ends with `entry`, chained to that of the log before it. It calls the hash
/// function only once, because it is computed for every entry of every node.
pub fn chain_entry(before: u64, entry: &LogEntry) -> u64 {
    let term = entry.term.get();
    match &entry.payload {
        Payload::NoOp => SipHasher13::new_with_keys(before, !term).hash(&[]),
        Payload::Command(command) => {
            SipHasher13::new_with_keys(before, term).hash(command.as_str().as_bytes())
        }
    }
}

/// The digest of a file that ends with this line, chained to that of the lines before it.
pub fn chain_line(before: u64, line: &str) -> u64 {
    SipHasher13::new_with_keys(before, 0).hash(line.as_bytes())
}

/// The digest of a step: the node's state after it, and the messages that it wrote.
pub fn of_step(node: &RaftNode, messages: &[Envelope]) -> u64 {
    LogDigests::default().of_step(node, None, messages)
}

/// The digests of a log up to each of its entries. They are kept so that the digest of a step takes no
/// longer in a long log.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogDigests {
    links: Vec<u64>,
}

impl LogDigests {
    /// Forgets the digests from index `changed` on, where the log has changed, if it has.
    pub(crate) fn forget_from(&mut self, changed: Option<LogIndex>) {
        if let Some(changed) = changed {
            self.links.truncate(changed.prev().count());
        }
    }

    /// The digest of a step. In its turn the log has changed from index `changed` on, if at all.
    pub(crate) fn of_step(
        &mut self,
        node: &RaftNode,
        changed: Option<LogIndex>,
        messages: &[Envelope],
    ) -> u64 {
        self.forget_from(changed);
        let mut digest = self.links.last().copied().unwrap_or_default();
        for entry in node.log().slice(LogIndex::FIRST.plus(self.links.len()), usize::MAX) {
            digest = chain_entry(digest, entry);
            self.links.push(digest);
        }
        let mut bytes = Bytes(Vec::with_capacity(256));
        bytes.node(node, digest);
        bytes.list(messages, Bytes::envelope);
        SipHasher13::new_with_keys(0, 0).hash(&bytes.0)
    }
}

/// The bytes that are given to the hash.
struct Bytes(Vec<u8>);

impl Bytes {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn id(&mut self, node: NodeId) {
        self.byte(node.into());
    }

    fn maybe<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) {
        self.byte(value.is_some().into());
        if let Some(value) = value {
            put(self, value);
        }
    }

    fn list<'a, T: 'a>(&mut self, items: &'a [T], put: impl Fn(&mut Self, &'a T)) {
        self.number(items.len() as u64);
        for item in items {
            put(self, item);
        }
    }

    fn text(&mut self, command: &Command) {
        let text = command.as_str();
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn entry(&mut self, entry: &LogEntry) {
        self.number(entry.term.get());
        let command = match &entry.payload {
            Payload::NoOp => None,
            Payload::Command(command) => Some(command),
        };
        self.maybe(command, Self::text);
    }

    /// A node: id, term, vote, length and digest of the log, commit index, role. Its settings are left out,
    /// because they never change.
    fn node(&mut self, node: &RaftNode, log: u64) {
        self.id(node.id());
        self.number(node.current_term().get());
        self.maybe(node.voted_for(), Self::id);
        self.number(node.log().last_index().get());
        self.number(log);
        self.number(node.commit_index().get());
        match node.role() {
            Role::Follower { leader } => {
                self.byte(0);
                self.maybe(*leader, Self::id);
            }
            Role::Candidate { votes } => {
                self.byte(1);
                let voters: Vec<NodeId> = votes.voters().iter().collect();
                self.list(&voters, |bytes, &voter| bytes.id(voter));
                self.number(votes.counted() as u64);
            }
            Role::Leader { progress } => {
                self.byte(2);
                for peer in NodeId::all(node.settings().nodes) {
                    let known = progress.of(peer);
                    self.number(known.next_index.get());
                    self.number(known.match_index.get());
                    self.byte(known.probing.into());
                }
            }
        }
    }

    /// A message: from, to, and its kind with the fields in the paper's order.
    fn envelope(&mut self, envelope: &Envelope) {
        self.id(envelope.from);
        self.id(envelope.to);
        match &envelope.message {
            Message::RequestVote(m) => {
                self.byte(0);
                self.number(m.term.get());
                self.id(m.candidate_id);
                self.number(m.last_log_index.get());
                self.number(m.last_log_term.get());
            }
            Message::RequestVoteReply(m) => {
                self.byte(1);
                self.number(m.term.get());
                self.byte(m.vote_granted.into());
            }
            Message::AppendEntries(m) => {
                self.byte(2);
                self.append_entries(m);
            }
            Message::AppendEntriesReply(m) => {
                self.byte(3);
                self.number(m.term.get());
                self.outcome(m.outcome);
            }
        }
    }

    fn append_entries(&mut self, m: &AppendEntries) {
        self.number(m.term.get());
        self.id(m.leader_id);
        self.number(m.prev_log_index.get());
        self.number(m.prev_log_term.get());
        self.list(&m.entries, Self::entry);
        self.number(m.leader_commit.get());
    }

    fn outcome(&mut self, outcome: AppendOutcome) {
        match outcome {
            AppendOutcome::Accepted { match_index } => {
                self.byte(0);
                self.number(match_index.get());
            }
            AppendOutcome::StaleTerm => self.byte(1),
            AppendOutcome::Rejected { prev_log_index, hint } => {
                self.byte(2);
                self.number(prev_log_index.get());
                self.maybe(hint.conflict_term, |bytes, term| bytes.number(term.get()));
                self.number(hint.first_index.get());
            }
        }
    }
}
