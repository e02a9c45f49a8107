//! Digests that mean the same on every machine: of a log's prefix, of a node, of a step.
//!
//! The standard library's hashers promise no stable result, and feed integers in the machine's own
//! byte order and width. SipHash is specified; this wrapper only fixes the order and the width.

use std::hash::{Hash, Hasher};

use siphasher::sip::SipHasher13;

use crate::raft::{Envelope, LogEntry, Payload, RaftNode};

/// A [`Hasher`] whose result is the same everywhere.
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

/// The digest of `value`, chained to `before`: it depends on all that was chained so far.
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

/// The digest of a step: all that the node is after it, and all that it wrote to others in it.
pub fn of_step(node: &RaftNode, messages: &[Envelope]) -> u64 {
    chain(chain(0, node), &messages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raft::Term;

    #[test]
    fn a_digest_is_what_it_was_when_this_test_was_written() {
        let entry = LogEntry::command(Term::new(3), "SET x=1".into());
        assert_eq!(
            chain(0, &entry),
            10_939_503_265_307_354_215,
            "a stored trace depends on this number"
        );
    }

    #[test]
    fn a_chain_depends_on_order() {
        assert_ne!(chain(chain(0, &1_u64), &2_u64), chain(chain(0, &2_u64), &1_u64));
    }
}
