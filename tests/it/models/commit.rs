//! The leader's commit rule, compared with a model that counts the copies one by one.

use proptest::collection::vec;
use proptest::prelude::*;

use raft_in_practice::raft::{LogIndex, Role, Settings};

use crate::common::{accepted, commit, leader, propose, receive, settings};
use crate::models::cases;
use crate::models::histories::any_log;

/// What happens to a leader: a client proposes a command, or a peer acknowledges an index. The peer and
/// the index are brought within bounds when it happens.
#[derive(Debug, Clone)]
enum Deed {
    Propose,
    Acknowledge { peer: u8, index: u64 },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        1 => Just(Deed::Propose),
        4 => any::<(u8, u64)>().prop_map(|(peer, index)| Deed::Acknowledge { peer, index }),
    ]
}

/// The commit index that §5.3 and §5.4.2 give: the highest entry of the leader's own term that
/// more than half of the servers hold, given how far each is known to hold the leader's log.
fn counted(terms: &[u64], own_term: u64, held: &[u64]) -> u64 {
    let mut highest = 0;
    for (index, &term) in (1..).zip(terms) {
        let mut copies = 0;
        for &held in held {
            if held >= index {
                copies += 1;
            }
        }
        if term == own_term && copies + copies > held.len() {
            highest = index;
        }
    }
    highest
}

proptest! {
    #![proptest_config(cases(4000))]

    /// Clusters of every size, odd and even; old entries in the log; acknowledgements in any
    /// order, repeated and late ones too.
    #[test]
    fn a_leader_commits_what_a_dumb_counter_counts(
        nodes in 1..=9usize,
        no_op: bool,
        old in any_log(),
        deeds in vec(deed(), 0..40),
    ) {
        let term = 6;
        let mut node = leader(Settings { no_op, ..settings(nodes) }, term, &old);
        let mut terms = old;
        terms.extend(no_op.then_some(term));
        // The leader's own row is the first.
        let mut held = vec![0; nodes];
        for deed in deeds {
            match deed {
                Deed::Propose => {
                    let _ = propose(&mut node, "x");
                    terms.push(term);
                }
                Deed::Acknowledge { .. } if nodes == 1 => {}
                Deed::Acknowledge { peer, index } => {
                    let peer = peer % (nodes as u8 - 1) + 1;
                    let index = index % (terms.len() as u64 + 1);
                    let _ = receive(&mut node, peer, accepted(term, index));
                    let row = &mut held[usize::from(peer)];
                    *row = index.max(*row);
                }
            }
            held[0] = terms.len() as u64;
            prop_assert_eq!(commit(&node), counted(&terms, term, &held), "{:?} {:?}", terms, held);
        }

        let Role::Leader { progress } = node.role() else { panic!("it leads") };
        held[0] = terms.len() as u64;
        for index in 0..=terms.len() as u64 + 1 {
            let copies = held.iter().filter(|&&held| held >= index).count();
            prop_assert_eq!(progress.copies(LogIndex::new(index), nodes), copies);
        }
        for need in 1..=nodes {
            let by_all_of_need =
                (0..=terms.len() as u64).filter(|&i| held.iter().filter(|&&h| h >= i).count() >= need);
            let index = progress.held_by(need, nodes).get();
            prop_assert_eq!(Some(index), by_all_of_need.max());
        }
    }
}
