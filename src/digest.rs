//! Digests that mean the same on every machine: of a log's prefix, of a step, of a file's lines.
//!
//! SipHash is specified; what it is fed is decided here, byte by byte, and `docs/trace-format.md` says it
//! again for whoever reads a trace with a program of their own.
//!
//! * A number (a term, an index, a count) is eight bytes, the lowest first. A node is one byte, and so
//!   is yes (1) or no (0). Something that may be missing is 0, or 1 and the thing.
//! * A text is the number of its bytes, and these. A list is the number of its items, and these.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::raft::{
    AppendEntriesRequest, AppendOutcome, Command, Envelope, LogEntry, LogIndex, Message, NodeId,
    Payload, RaftNode, Role,
};

/// A [`Hasher`] whose result is the same everywhere; for what is hashed as its type says, and whose digest
/// never leaves the program.
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

/// The digest of a log that ends with `entry`, chained to that of the log before it. One call into
/// the hash function an entry: this is asked for every entry of every node.
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

/// The digest of a step: all that the node is after it, and all that it wrote to others in it.
pub fn of_step(node: &RaftNode, messages: &[Envelope]) -> u64 {
    let mut bytes = Bytes(Vec::with_capacity(256 + 32 * node.log().last_index().count()));
    bytes.node(node);
    bytes.list(messages, Bytes::envelope);
    SipHasher13::new_with_keys(0, 0).hash(&bytes.0)
}

/// What is fed to the hash.
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

    /// A node: id, term, vote, log, commit index, role. What it was told once, its settings, is not in it.
    fn node(&mut self, node: &RaftNode) {
        self.id(node.id());
        self.number(node.current_term().get());
        self.maybe(node.voted_for(), Self::id);
        self.list(node.log().slice(LogIndex::FIRST, usize::MAX), Self::entry);
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
            Message::VoteRequest(m) => {
                self.byte(0);
                self.number(m.term.get());
                self.id(m.candidate_id);
                self.number(m.last_log_index.get());
                self.number(m.last_log_term.get());
            }
            Message::VoteResponse(m) => {
                self.byte(1);
                self.number(m.term.get());
                self.byte(m.vote_granted.into());
            }
            Message::AppendEntriesRequest(m) => {
                self.byte(2);
                self.append_entries(m);
            }
            Message::AppendEntriesResponse(m) => {
                self.byte(3);
                self.number(m.term.get());
                self.outcome(m.outcome);
            }
        }
    }

    fn append_entries(&mut self, m: &AppendEntriesRequest) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::{
        AppendEntriesResponse, ConflictHint, LogIndex, Term, VoteRequest, VoteResponse,
    };
    use crate::raft::{Input, Log, PersistentState, Settings};

    /// Three entries, a vote, and a message of each kind: whoever implements the encoding from its
    /// description comes to these bytes.
    #[test]
    fn the_bytes_of_a_step_are_those_of_its_description() {
        let term = Term::new(3);
        let log = Log::new(vec![
            LogEntry::no_op(Term::new(1)),
            LogEntry::command(term, "SET x=1".into()),
        ]);
        let saved = PersistentState::new(term, Some(NodeId::new(1)), log);
        let node = RaftNode::new(NodeId::new(2), Settings::new(3), saved);
        let mut bytes = Bytes(Vec::new());
        bytes.node(&node);
        let number = |low: u8| [low, 0, 0, 0, 0, 0, 0, 0];
        let expected = [
            &[2][..],
            &number(3),
            &[1, 1], // n2, term 3, voted for n1
            &number(2),
            &number(1),
            &[0],
            &number(3),
            &[1],
            &number(7),
            b"SET x=1", // two entries
            &number(0),
            &[0, 0], // nothing committed; a follower that knows no leader
        ];
        assert_eq!(bytes.0, expected.concat());

        let hint = ConflictHint { conflict_term: None, first_index: LogIndex::new(1) };
        let outcomes = [
            AppendOutcome::Accepted { match_index: LogIndex::new(2) },
            AppendOutcome::StaleTerm,
            AppendOutcome::Rejected { prev_log_index: LogIndex::new(9), hint },
        ];
        let append = AppendEntriesRequest {
            term,
            leader_id: NodeId::new(0),
            prev_log_index: LogIndex::new(1),
            prev_log_term: Term::new(1),
            entries: [LogEntry::no_op(term)].into(),
            leader_commit: LogIndex::new(1),
        };
        let vote = VoteRequest::new(term, NodeId::new(0), node.last());
        let others: [Message; 3] =
            [vote.into(), VoteResponse { term, vote_granted: true }.into(), append.into()];
        let responses = outcomes.map(|outcome| AppendEntriesResponse { term, outcome }.into());
        let mut bytes = Bytes(Vec::new());
        for message in others.into_iter().chain(responses) {
            bytes.envelope(&Envelope { from: NodeId::new(0), to: NodeId::new(2), message });
        }
        let expected = [
            &[0, 2, 0][..],
            &number(3),
            &[0],
            &number(2),
            &number(3), // RequestVote
            &[0, 2, 1],
            &number(3),
            &[1], // granted
            &[0, 2, 2],
            &number(3),
            &[0],
            &number(1),
            &number(1), // AppendEntries after 1@1
            &number(1),
            &number(3),
            &[0],
            &number(1), // one no-op; committed up to 1
            &[0, 2, 3],
            &number(3),
            &[0],
            &number(2), // accepted up to 2
            &[0, 2, 3],
            &number(3),
            &[1], // of an older term
            &[0, 2, 3],
            &number(3),
            &[2],
            &number(9),
            &[0],
            &number(1), // refused
        ];
        assert_eq!(bytes.0, expected.concat());
    }

    #[test]
    fn the_digest_of_a_step_is_what_it_was_when_this_test_was_written() {
        let mut node = RaftNode::new(NodeId::new(0), Settings::new(3), PersistentState::default());
        let mut disk = PersistentState::default();
        let mut digests = vec![of_step(&node, &[])];
        let granted = VoteResponse { term: Term::new(1), vote_granted: true };
        let from = NodeId::new(1);
        let vote = Envelope { from, to: NodeId::new(0), message: granted.into() };
        for input in
            [Input::ElectionTimeout, Input::Receive(vote), Input::Propose(vec!["SET x=1".into()])]
        {
            let mut turn = node.turn();
            turn.step(input);
            digests.push(of_step(&turn, turn.peek_messages()));
            let _ = turn.persist(&mut disk).unwrap();
        }
        let expected = [
            7_709_666_690_558_867_278,
            7_050_170_126_909_699_150,
            15_054_660_597_833_041_923,
            1_697_284_778_620_553_953,
        ];
        assert_eq!(digests, expected, "every stored trace depends on these numbers");
        assert_eq!(chain_line(chain_line(0, "{}"), "a line"), 14_880_838_862_621_989_427);
    }

    #[test]
    fn a_chain_depends_on_order() {
        assert_ne!(chain_line(chain_line(0, "a"), "b"), chain_line(chain_line(0, "b"), "a"));
        assert_ne!(chain(chain(0, &1_u64), &2_u64), chain(chain(0, &2_u64), &1_u64));
    }
}
