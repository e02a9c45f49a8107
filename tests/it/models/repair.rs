//! How many round trips it takes to bring a follower's log in line.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;

use proptest::prelude::*;

use raft_in_practice::raft::{Envelope, Input, RaftNode, Sendable, Settings};

use crate::common::{
    candidate, heartbeat, id, receive, rejected, server, settings, step, terms, vote,
};
use crate::models::cases;
use crate::models::histories::two_logs;

/// The leader with this log at the moment it wins, and its messages to server 1.
fn winner(settings: Settings, term: u64, log: &[u64]) -> (RaftNode, VecDeque<Envelope>) {
    let mut node = candidate(settings, term, log);
    let sent = receive(&mut node, 1, vote(term, true));
    assert!(node.is_leader());
    (node, to_1(&sent))
}

fn to_1(sent: &Sendable) -> VecDeque<Envelope> {
    sent.messages().iter().filter(|envelope| envelope.to == id(1)).cloned().collect()
}

/// Leader and follower exchange messages until the leader sends none. Returns the number of requests.
fn talk(lead: &mut RaftNode, other: &mut RaftNode, mut queue: VecDeque<Envelope>) -> usize {
    for round_trips in 0..1000 {
        let Some(request) = queue.pop_front() else { return round_trips };
        let answer = step(other, Input::Receive(request));
        for envelope in answer.messages() {
            queue.extend(to_1(&step(lead, Input::Receive(envelope.clone()))));
        }
    }
    panic!("they never come to an end: {lead:?} and {other:?}")
}

fn distinct(log: &[u64]) -> usize {
    log.iter().collect::<BTreeSet<_>>().len()
}

proptest! {
    #![proptest_config(cases(4000))]

    /// At most one refusal for each term in the follower's log, one more if its log is too short, and then the
    /// request that fits. All messages arrive here.
    #[test]
    fn a_repair_takes_a_round_trip_a_term_at_most((leader, follower, term) in two_logs()) {
        let (mut lead, queue) = winner(settings(3), term, &leader);
        let mut other = server(1, settings(3), term, None, &follower);
        let round_trips = talk(&mut lead, &mut other, queue);
        prop_assert_eq!(other.log(), lead.log());
        let bound = distinct(&follower) + 2;
        prop_assert!(round_trips <= bound, "{} round trips, {} at most", round_trips, bound);
    }

    /// Small batches cost a round trip each once the place is found, and no more.
    #[test]
    fn small_batches_cost_their_number(
        (leader, follower, term) in two_logs(),
        batch in 1..4usize,
        no_op: bool,
    ) {
        let max_batch = NonZeroUsize::new(batch);
        let settings = Settings { max_batch, no_op, ..settings(3) };
        let (mut lead, queue) = winner(settings, term, &leader);
        let mut other = server(1, settings, term, None, &follower);
        let round_trips = talk(&mut lead, &mut other, queue);
        let lead_terms = terms(&lead);
        prop_assert_eq!(&terms(&other)[..lead_terms.len().min(terms(&other).len())], &lead_terms[..]);
        let bound = distinct(&follower) + 2 + lead_terms.len().div_ceil(batch);
        prop_assert!(round_trips <= bound, "{} round trips, {} at most", round_trips, bound);
    }

    /// Even after every message was lost for a while, and after a made-up hint, heartbeats alone repair the log
    /// in the end. The leader is never stuck at a point from which it cannot step back.
    #[test]
    fn heartbeats_repair_whatever_the_leader_believes(
        (leader, follower, term) in two_logs(),
        refused in 0..20u64,
        first in 0..20u64,
        found in proptest::option::of(0..9u64),
    ) {
        let (mut lead, lost) = winner(settings(3), term, &leader);
        drop(lost);
        let mut other = server(1, settings(3), term, None, &follower);
        let _ = receive(&mut lead, 1, rejected(term, refused, found, first));
        let bound = distinct(&follower) + 3;
        for beat in 0.. {
            if other.log() == lead.log() {
                break;
            }
            prop_assert!(beat < bound, "{} heartbeats", beat);
            let queue = to_1(&heartbeat(&mut lead));
            talk(&mut lead, &mut other, queue);
        }
    }
}
