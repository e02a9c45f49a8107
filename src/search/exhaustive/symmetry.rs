//! Fingerprints of states. States that differ only in the names of the nodes have the same fingerprint.
//!
//! A state is reduced to a table of labels: one for each node, and one for each ordered pair of nodes,
//! which sums up what the first says of the second, including the messages to it. Renaming the nodes
//! only puts the rows and columns of this table in another order. So no renamed state has to be built.
//!
//! The labels themselves determine the order. Each node gets a signature, made of its labels and of those
//! around it, that does not depend on names, and the nodes are sorted by it. Where signatures are equal,
//! every order is tried and the least fingerprint is taken. Signatures that are equal by chance only make
//! more orders to try, so the result is exact, as far as a 64-bit fingerprint can be.

use super::ledger::Led;
use super::state::{ClusterState, Model};
use crate::digest;
use crate::raft::MAX_NODES;

type LabelRow = [u64; MAX_NODES];

/// The node at each place.
type NodeOrder = [usize; MAX_NODES];

/// A state, reduced to labels.
struct Labels {
    nodes: usize,
    whole: u64,
    unary: LabelRow,
    pairs: [LabelRow; MAX_NODES],
}

/// Scrambles a number so that every bit depends on every other (the finaliser of `SplitMix64`).
const fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns a number that stands for a place in the table of labels.
const fn place(a: usize, b: usize) -> u64 {
    mix((a * 16 + b) as u64 + 0x9e37_79b9_7f4a_7c15)
}

impl Model<'_> {
    fn labels(&self, state: &ClusterState) -> Labels {
        let nodes = self.settings.nodes;
        let (ledger, ledger_label) =
            (self.ledgers.get(state.ledger), self.ledgers.brief(state.ledger));
        // Of states that count as one the search keeps the first it finds, which depends on the fingerprints.
        // So another shift here would change the numbers of states that tests and docs state.
        let spent = u64::from(state.crashes) << 8;
        let mut labels = Labels {
            nodes,
            whole: mix(ledger_label ^ mix(spent)),
            unary: LabelRow::default(),
            pairs: Default::default(),
        };
        for (at, &server) in state.servers.iter().enumerate() {
            let server = self.servers.brief(server);
            labels.unary[at] = server.own;
            labels.pairs[at] = server.of_others;
        }
        for Led { term, leader, began_with } in &ledger.leaders {
            let slot = &mut labels.unary[leader.index()];
            let began_with = began_with.as_ref().map_or(0, |log| digest::chain(12, log));
            *slot = slot.wrapping_add(mix(term.get() + 17) ^ began_with);
        }
        for &message_id in &state.in_flight {
            let message = self.brief(message_id);
            let slot = &mut labels.pairs[message.from.index()][message.to.index()];
            *slot = slot.wrapping_add(mix(message.label));
        }
        labels
    }

    /// Returns the fingerprint of a state.
    pub(super) fn fingerprint(&self, state: &ClusterState) -> u64 {
        let labels = self.labels(state);
        let mut order = [0; MAX_NODES];
        order.iter_mut().enumerate().for_each(|(at, slot)| *slot = at);
        let fingerprint = if self.bounds.merge.symmetry {
            let signatures = labels.signatures();
            order[..labels.nodes].sort_unstable_by_key(|&at| signatures[at]);
            labels.least(&mut order, &signatures, 0)
        } else {
            labels.in_order(&order)
        };
        // 0 stands for "no state" in the search's books.
        fingerprint.max(1)
    }
}

impl Labels {
    /// Returns for each node a number that sums up its labels and those around it, without names.
    #[expect(clippy::needless_range_loop, reason = "a and b name nodes, in several tables")]
    fn signatures(&self) -> LabelRow {
        let nodes = self.nodes;
        let mut row = LabelRow::default();
        for a in 0..nodes {
            let around = (0..nodes).filter(|&b| b != a).fold(0_u64, |sum, b| {
                let said = mix(self.pairs[a][b] ^ mix(self.unary[b]));
                let heard = mix(self.pairs[b][a].wrapping_add(mix(self.unary[b] ^ 0xaaaa)));
                sum.wrapping_add(said).wrapping_add(heard.rotate_left(17))
            });
            row[a] = mix(self.unary[a]).wrapping_add(mix(around));
        }
        row
    }

    /// Returns the fingerprint with the nodes in this order.
    #[expect(clippy::needless_range_loop, reason = "a and b name places, in several tables")]
    fn in_order(&self, order: &NodeOrder) -> u64 {
        let mut sum = mix(self.whole);
        for a in 0..self.nodes {
            let from = order[a];
            sum = sum.wrapping_add(mix(self.unary[from].wrapping_add(place(a, a))));
            for b in 0..self.nodes {
                let pair = self.pairs[from][order[b]];
                if pair != 0 {
                    sum = sum.wrapping_add(mix(pair.wrapping_add(place(a, b)) ^ 0x3c3c));
                }
            }
        }
        mix(sum)
    }

    /// Returns the least fingerprint among the orders that keep the signatures sorted; the places before `at`
    /// are fixed.
    fn least(&self, order: &mut NodeOrder, signatures: &LabelRow, at: usize) -> u64 {
        let mut start = at;
        // Find the next nodes with equal signatures whose order makes a difference.
        while start < self.nodes {
            let end = self.tied_until(order, signatures, start);
            if end - start > 1 && !self.interchangeable(&order[start..end]) {
                break;
            }
            start = end;
        }
        if start >= self.nodes {
            return self.in_order(order);
        }
        let end = self.tied_until(order, signatures, start);
        self.permute(order, signatures, start, end)
    }

    /// Returns the least fingerprint when every node of the tie at `at..end` is tried in the first place.
    fn permute(&self, order: &mut NodeOrder, signatures: &LabelRow, at: usize, end: usize) -> u64 {
        if end - at <= 1 {
            return self.least(order, signatures, end);
        }
        let mut least = u64::MAX;
        for other in at..end {
            order.swap(at, other);
            least = least.min(self.permute(order, signatures, at + 1, end));
            order.swap(at, other);
        }
        least
    }

    fn tied_until(&self, order: &NodeOrder, signatures: &LabelRow, start: usize) -> usize {
        let signature = signatures[order[start]];
        (start..self.nodes).find(|&at| signatures[order[at]] != signature).unwrap_or(self.nodes)
    }

    /// Whether these nodes can change places without changing the labels, so that one order of
    /// them is as good as any other.
    fn interchangeable(&self, tied: &[usize]) -> bool {
        tied.windows(2).all(|pair| self.twins(pair[0], pair[1]))
    }

    #[expect(clippy::suspicious_operation_groupings, reason = "the pair is meant to be mirrored")]
    fn twins(&self, a: usize, b: usize) -> bool {
        self.unary[a] == self.unary[b]
            && self.pairs[a][b] == self.pairs[b][a]
            && self.pairs[a][a] == self.pairs[b][b]
            && (0..self.nodes).filter(|&other| other != a && other != b).all(|other| {
                self.pairs[a][other] == self.pairs[b][other]
                    && self.pairs[other][a] == self.pairs[other][b]
            })
    }
}

/// Returns the chance that two states of a search had the same fingerprint, so that one was missed.
pub fn chance_of_a_miss(states: u64) -> f64 {
    let states = states as f64;
    states * states / 2.0 / 2.0_f64.powi(64)
}
