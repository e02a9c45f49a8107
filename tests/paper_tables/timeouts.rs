//! "Raft uses randomized election timeouts to ensure that split votes are rare" (§5.2), seen on
//! whole replicas. Time is a number here; nobody waits.

use std::collections::BTreeSet;
use std::time::Duration;

use raft_in_practice::raft::{Envelope, Input, NodeId, RoleKind, Settings};
use raft_in_practice::replica::{Disk, Replica, ReplicaConfig};
use raft_in_practice::timing::{Time, Timing};

use crate::common::{append, at, id};

const CONFIG: ReplicaConfig =
    ReplicaConfig { settings: Settings::new(5), timing: Some(Timing::PAPER), seed: 42 };

fn replica(node: NodeId) -> Replica {
    Replica::start(node, CONFIG, Disk::default(), Time::ZERO)
}

fn run(replica: &mut Replica, input: Input, now: Time) {
    let mut turn = replica.turn();
    turn.step(input);
    let Ok(_) = turn.persist(now);
}

/// Brings the replica into this role, in a new term, and says when its timer will end.
fn fresh_deadline(replica: &mut Replica, role: RoleKind, round: u64, now: Time) -> Time {
    let input = if role == RoleKind::Candidate {
        Input::ElectionTimeout
    } else {
        let peer = id(u8::from(replica.node().id() == id(0)));
        let message = append(peer.index() as u8, round + 1, at(0, 0), &[], 0);
        Input::Receive(Envelope { from: peer, to: replica.node().id(), message })
    };
    run(replica, input, now);
    assert_eq!(replica.node().role().kind(), role);
    replica.next_deadline().expect("an election timer runs")
}

/// `TestFollowerElectionTimeoutRandomized`, `TestCandidateElectionTimeoutRandomized`: every tick
/// between the shortest and the longest timeout comes up, and no other.
#[test]
fn every_timeout_of_the_range_is_drawn() {
    for role in [RoleKind::Follower, RoleKind::Candidate] {
        let mut replica = replica(id(0));
        let drawn: BTreeSet<u128> = (0..500)
            .map(|round| {
                let deadline = fresh_deadline(&mut replica, role, round, Time::ZERO);
                (deadline - Time::ZERO).as_millis() / 10
            })
            .collect();
        assert_eq!(drawn, (15..30).collect(), "{role}");
    }
}

/// `TestFollowersElectionTimeoutNonconflict`, `TestCandidatesElectionTimeoutNonconflict`: of five
/// servers whose timers start together, seldom do two reach the end first at the same tick.
#[test]
fn servers_that_start_together_seldom_time_out_together() {
    let tick = Duration::from_millis(10);
    for role in [RoleKind::Follower, RoleKind::Candidate] {
        let mut replicas: Vec<_> = NodeId::all(5).map(replica).collect();
        let ties = (0..1000)
            .filter(|&round| {
                let mut ticks: Vec<_> = replicas
                    .iter_mut()
                    .map(|r| fresh_deadline(r, role, round, Time::ZERO).rounded_up_to(tick))
                    .collect();
                ticks.sort_unstable();
                ticks[0] == ticks[1]
            })
            .count();
        assert!(ties <= 300, "{ties} of 1000 rounds of {role}s began with a tie");
    }
}
