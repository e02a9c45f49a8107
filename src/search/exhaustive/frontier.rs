//! The states of one depth, packed: the only states that a search holds. Of all others it keeps only a
//! fingerprint.

use super::state::ClusterState;

/// States in a row, each with its fingerprint and that of the state it came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Frontier {
    words: Vec<u32>,
    ends: Vec<usize>,
    pub(super) prints: Vec<u64>,
    pub(super) parents: Vec<u64>,
}

impl Frontier {
    pub(super) fn push(&mut self, state: &ClusterState, print: u64, parent: u64) {
        self.words.extend_from_slice(&state.servers);
        self.words.extend([state.ledger, u32::from(state.crashes)]);
        self.words.extend_from_slice(&state.in_flight);
        self.ends.push(self.words.len());
        self.prints.push(print);
        self.parents.push(parent);
    }

    /// Adds the state at `at` of another frontier.
    pub(super) fn copy(&mut self, other: &Self, at: usize) {
        self.words.extend_from_slice(other.packed(at));
        self.ends.push(self.words.len());
        self.prints.push(other.prints[at]);
        self.parents.push(other.parents[at]);
    }

    fn packed(&self, at: usize) -> &[u32] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.words[start..self.ends[at]]
    }

    /// Unpacks the state at `at`, of a cluster of `nodes`.
    pub(super) fn read(&self, at: usize, nodes: usize, state: &mut ClusterState) {
        let (servers, rest) = self.packed(at).split_at(nodes);
        servers.clone_into(&mut state.servers);
        state.ledger = rest[0];
        state.crashes = rest[1] as u8;
        rest[2..].clone_into(&mut state.in_flight);
    }

    pub(super) const fn len(&self) -> usize {
        self.prints.len()
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.ends.clear();
        self.prints.clear();
        self.parents.clear();
    }

    /// Returns the memory that it takes, in bytes.
    pub(super) const fn bytes(&self) -> u64 {
        let words = self.words.capacity() * size_of::<u32>();
        let each = size_of::<usize>() + 2 * size_of::<u64>();
        (words + self.prints.capacity() * each) as u64
    }
}
