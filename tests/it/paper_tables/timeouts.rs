//! "Raft uses randomized election timeouts to ensure that split votes are rare" (§5.2), tested on
//! whole servers. Time is only a number here, so no test waits.

use std::collections::BTreeSet;
use std::time::Duration;

use raft_in_practice::raft::{Envelope, Input, NodeId, RoleKind, Settings};
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::{Disk, Server, ServerConfig};

use crate::common::{append, at, id};

const CONFIG: ServerConfig =
    ServerConfig { settings: Settings::new(5), timing: Timing::PAPER, seed: 42 };

fn server(node: NodeId) -> Server {
    Server::start(node, CONFIG, Disk::default(), Time::ZERO)
}

fn run(server: &mut Server, input: Input, now: Time) {
    let mut turn = server.turn();
    turn.step(input);
    let Ok(_) = turn.persist(now);
}

/// Brings the server into this role, in a new term, and says when its timer will end.
fn fresh_deadline(server: &mut Server, role: RoleKind, round: u64, now: Time) -> Time {
    let input = if role == RoleKind::Candidate {
        Input::ElectionTimeout
    } else {
        let peer = id(u8::from(server.node().id() == id(0)));
        let message = append(peer.index() as u8, round + 1, at(0, 0), &[], 0);
        Input::Receive(Envelope { from: peer, to: server.node().id(), message })
    };
    run(server, input, now);
    assert_eq!(server.node().role().kind(), role);
    server.next_deadline().expect("an election timer runs")
}

/// `TestFollowerElectionTimeoutRandomized`, `TestCandidateElectionTimeoutRandomized`: every tick
/// between the shortest and the longest timeout comes up, and no other.
#[test]
fn every_timeout_of_the_range_is_drawn() {
    for role in [RoleKind::Follower, RoleKind::Candidate] {
        let mut server = server(id(0));
        let drawn: BTreeSet<u128> = (0..500)
            .map(|round| {
                let deadline = fresh_deadline(&mut server, role, round, Time::ZERO);
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
        let mut servers: Vec<_> = NodeId::all(5).map(server).collect();
        let ties = (0..1000)
            .filter(|&round| {
                let mut ticks: Vec<_> = servers
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
