//! What a node must not do when its storage fails or a write is lost.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use raft_in_practice::raft::{
    Command, Envelope, Event, Input, NodeId, PersistentState, RaftNode, RequestVoteReply, Settings,
    Storage, Term, Write,
};
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::{
    Detail, Ended, JournalEntry, MessageId, Steps, take_turn_of,
};
use raft_in_practice::server::{Disk, Server, ServerConfig, StorageFailed};

use crate::common::{append, at, id, server, settings};

/// A disk that fails at one of its writes, and at no other.
#[derive(Clone, PartialEq, Eq, Debug)]
struct FailsOnce {
    state: PersistentState,
    writes_until: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct DiskFull;

impl fmt::Display for DiskFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no space is left on the device")
    }
}

impl Error for DiskFull {}

impl Storage for FailsOnce {
    type Error = DiskFull;

    fn save(&mut self, write: Write<'_>) -> Result<(), DiskFull> {
        let fails = self.writes_until == 0;
        self.writes_until = self.writes_until.wrapping_sub(1);
        if fails {
            return Err(DiskFull);
        }
        let Ok(()) = self.state.save(write);
        Ok(())
    }
}

impl AsRef<PersistentState> for FailsOnce {
    fn as_ref(&self) -> &PersistentState {
        &self.state
    }
}

/// Three nodes that elect, replicate and change their leader, with their messages and all that was committed.
struct Cluster {
    nodes: Vec<RaftNode>,
    disks: Vec<FailsOnce>,
    queue: VecDeque<Envelope>,
    failures: usize,
    votes: Vec<(NodeId, Term, NodeId)>,
}

impl Cluster {
    /// Only the disk of `node` fails, at its write number `at`.
    fn new(node: usize, at: usize) -> Self {
        let disk = |n| FailsOnce {
            state: PersistentState::default(),
            writes_until: if n == node { at } else { usize::MAX },
        };
        Self {
            nodes: (0..3).map(|n| server(n, settings(3), 0, None, &[])).collect(),
            disks: (0..3).map(disk).collect(),
            queue: VecDeque::new(),
            failures: 0,
            votes: Vec::new(),
        }
    }

    /// Lets a node be elected, append two commands and send a heartbeat, if nothing fails.
    fn lead_for_a_while(&mut self, node: u8) {
        for input in
            [Input::ElectionTimeout, propose("SET x=1"), propose("SET x=2"), Input::HeartbeatDue]
        {
            self.hand(node, input);
        }
    }

    /// Gives a node one input, and delivers all messages that follow. A node whose disk fails restarts from it.
    fn hand(&mut self, node: u8, input: Input) {
        self.step(usize::from(node), input);
        while let Some(envelope) = self.queue.pop_front() {
            self.step(envelope.to.index(), Input::Receive(envelope));
        }
    }

    fn step(&mut self, at: usize, input: Input) {
        let before = self.disks[at].state.clone();
        let (node, disk) = (&mut self.nodes[at], &mut self.disks[at]);
        let Ok(mut sendable) = node.step(input).persist(disk) else {
            assert_eq!(disk.state, before, "a write that failed has changed nothing");
            self.failures += 1;
            *node = RaftNode::new(node.id(), *node.settings(), before);
            return;
        };
        assert_eq!(&disk.state, node.persistent(), "what left is on disk");
        for event in sendable.events() {
            if let Event::VoteGranted { to, term } = *event {
                self.votes.push((node.id(), term, to));
            }
        }
        self.queue.extend(sendable.drain_messages());
    }
}

fn propose(command: &str) -> Input {
    Input::Propose(vec![Command::new(command)])
}

#[test]
fn a_storage_may_fail_at_any_of_its_writes() {
    for failing in 0..3 {
        let mut at = 0;
        loop {
            let mut cluster = Cluster::new(failing, at);
            for node in [0, 1, 0, 2] {
                cluster.lead_for_a_while(node);
            }
            // The disk fails only once, so the next leadership repairs whatever the failure cost.
            let before = cluster.failures;
            cluster.lead_for_a_while(2);
            if cluster.failures > before {
                cluster.lead_for_a_while(2);
            }
            let (logs, leader) = (cluster.nodes.iter().map(RaftNode::log), &cluster.nodes[2]);
            assert!(leader.is_leader(), "n{failing} at write {at}");
            assert_eq!(leader.commit_index(), leader.last().index, "n{failing} at write {at}");
            assert!(logs.into_iter().all(|log| log == leader.log()), "n{failing} at write {at}");
            for (nth, &(voter, term, candidate)) in cluster.votes.iter().enumerate() {
                let again = cluster.votes[nth..].iter().filter(|vote| vote.0 == voter);
                let mut again = again.filter(|vote| vote.1 == term);
                assert!(again.all(|vote| vote.2 == candidate), "{voter} votes twice in {term:?}");
            }
            if cluster.failures == 0 {
                break;
            }
            at += 1;
        }
        assert!(at >= 8, "n{failing} has written only {at} times");
    }
}

fn failing_server(writes_until: usize) -> Server<FailsOnce> {
    let config = ServerConfig { settings: Settings::new(1), timing: Timing::PAPER, seed: 1 };
    let storage = FailsOnce { state: PersistentState::default(), writes_until };
    Server::start(id(0), config, Disk::new(storage), Time::ZERO)
}

/// The storage of a server fails in one of its turns. Until then, whatever leaves is on disk. From then on
/// nothing leaves, no client is told anything, and no turn is recorded.
#[test]
fn a_turn_whose_storage_fails_ends_in_the_engine_and_nothing_leaves() {
    let config = ServerConfig { settings: settings(3), timing: Timing::PAPER, seed: 1 };
    for failing in 0..3 {
        let storage = FailsOnce { state: PersistentState::default(), writes_until: failing };
        let mut server = Server::start(id(0), config, Disk::new(storage), Time::ZERO);
        let vote = RequestVoteReply { term: Term::new(1), vote_granted: true };
        let vote = Envelope { from: id(1), to: id(0), message: vote.into() };
        let (mut recorded, mut ended) = (0, Vec::new());
        for input in [Input::ElectionTimeout, Input::Receive(vote), propose("SET x=1")] {
            let before = server.disk().state().clone();
            let record = |entry: JournalEntry<'_, FailsOnce>| {
                let JournalEntry::Saved { server, sendable, .. } = entry else {
                    panic!("no crash")
                };
                assert_eq!(server.disk().state(), server.node().persistent());
                assert_eq!(sendable.messages().len(), 2);
                recorded += 1;
                MessageId(0)
            };
            let made = |steps: &mut Steps<'_, FailsOnce>| _ = steps.make(input, None);
            let no_crash = &mut None;
            match take_turn_of(&mut server, Time::ZERO, Detail::Batches, no_crash, made, record) {
                Ended::Saved { sendable, .. } => ended.push(sendable.messages().len()),
                Ended::Crashed(_) => panic!("no crash was asked for"),
                Ended::StorageFailed(failed) => {
                    assert_eq!(failed, StorageFailed { node: id(0), cause: DiskFull });
                    assert_eq!(server.disk().state(), &before, "nothing of the turn is on disk");
                    break;
                }
            }
        }
        assert_eq!((recorded, ended), (failing, vec![2; failing]), "the other turns are saved");
        assert_eq!(server.due(Time::from_micros(u64::MAX)), None, "the server has stopped");
    }
}

fn elect(server: &mut Server<FailsOnce>) -> Result<(), String> {
    let mut turn = server.turn();
    turn.step(Input::ElectionTimeout);
    turn.persist(Time::ZERO).map(|_| ()).map_err(|failed| failed.to_string())
}

#[test]
fn a_server_whose_storage_fails_stops_and_starts_again_from_it() {
    let mut server = failing_server(0);
    let far = Time::from_micros(u64::MAX);
    assert!(server.due(far).is_some());
    let complaint = elect(&mut server).unwrap_err();
    assert!(complaint.starts_with("n0 stops") && complaint.contains("no space is left"));
    assert_eq!(server.due(far), None, "no timer wakes it");
    let disk = server.crash();
    assert_eq!(disk.state(), &PersistentState::default());
    let config = ServerConfig { settings: Settings::new(1), timing: Timing::PAPER, seed: 1 };
    let mut again = Server::start(id(0), config, disk, Time::ZERO);
    assert_eq!(elect(&mut again), Ok(()));
    assert_eq!(again.disk().state().current_term, Term::new(1));
}

#[test]
#[should_panic(expected = "a server that has stopped takes no further turn")]
fn a_server_whose_storage_failed_takes_no_further_turn() {
    let mut server = failing_server(0);
    assert!(elect(&mut server).is_err());
    let _ = elect(&mut server);
}

#[test]
#[should_panic(expected = "what a turn changed is saved, or a crash before saving is declared")]
fn a_turn_that_is_dropped_unsaved_is_noticed() {
    let mut node = server(0, settings(1), 0, None, &[]);
    drop(node.step(Input::ElectionTimeout));
}

/// The caller declares a crash before saving, but goes on using the node.
#[test]
#[should_panic(expected = "a write begins at most one after the last entry that is saved")]
fn a_lost_append_is_noticed_by_the_next() {
    let mut disk = PersistentState::default();
    let mut node = server(0, settings(1), 0, None, &[]);
    let Ok(_) = node.step(Input::ElectionTimeout).persist(&mut disk);
    let _ = node.step(propose("first")).crash_before_saving();
    let _ = node.step(propose("second")).persist(&mut disk);
}

/// The caller declares a crash before saving, but goes on using the server.
#[test]
#[should_panic(expected = "a server that has stopped takes no further turn")]
fn a_server_that_crashed_before_saving_takes_no_further_turn() {
    let mut server = failing_server(usize::MAX);
    let mut turn = server.turn();
    turn.step(Input::ElectionTimeout);
    let _ = turn.crash_before_saving();
    let _ = elect(&mut server);
}

/// In one step of a turn a false leader commits entries that another leader deletes in the next step. The
/// deleted entries are not applied, and nothing panics.
#[test]
fn what_a_turn_commits_and_deletes_again_is_not_applied() {
    let config = ServerConfig { settings: settings(3), timing: Timing::PAPER, seed: 1 };
    let mut server = Server::start(id(0), config, Disk::<PersistentState>::default(), Time::ZERO);
    let mut turn = server.turn();
    for message in [append(1, 1, at(0, 0), &[1, 1, 1], 3), append(1, 2, at(0, 0), &[2], 0)] {
        turn.step(Input::Receive(Envelope { from: id(1), to: id(0), message }));
    }
    let Ok(_) = turn.persist(Time::ZERO);
    assert_eq!((server.node().commit_index().get(), server.last_applied().get()), (3, 1));
}
