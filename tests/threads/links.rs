//! What the links between threads do to messages. Only four of eight nodes are up, so no node can win. A node
//! that campaigns sends a message to every other node, each node that is up answers, and nothing else happens.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use raft_in_practice::cluster::{ClusterConfig, RaftCluster};
use raft_in_practice::network::{Conditions, MOST_WAITING};
use raft_in_practice::raft::{Envelope, NodeId};
use raft_in_practice::record::deed::{Deed, Loss};
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::{CrashPoint, Detail, MessageId};

/// A bound that no wait here should reach.
const BOUND: Duration = Duration::from_secs(20);

/// What becomes of a message.
enum Heard {
    Sent(Envelope),
    Duplicated,
    Arrived,
    Lost(Loss),
}

/// An observer that passes on what happens to each message.
struct Listener(Sender<(MessageId, Heard)>);

impl Observer for Listener {
    fn batch(&mut self, batch: &Batch<'_>) {
        // New messages are passed on before arrivals, so until all is over at least one is in flight.
        for (id, message) in (batch.first_message.0..).zip(batch.messages) {
            let _ = self.0.send((MessageId(id), Heard::Sent(message.clone())));
        }
        for id in batch.steps.iter().filter_map(|step| step.received) {
            let _ = self.0.send((id, Heard::Arrived));
        }
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        let _ = match *deed {
            Deed::Duplicated { message } => self.0.send((message, Heard::Duplicated)),
            Deed::Lost { message, why, .. } => self.0.send((message, Heard::Lost(why))),
            _ => Ok(()),
        };
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

struct Bench {
    cluster: RaftCluster,
    heard: Receiver<(MessageId, Heard)>,
}

/// A message that has arrived, or is lost.
#[derive(Debug)]
struct Ended {
    from: NodeId,
    to: NodeId,
    term: u64,
    lost: Option<Loss>,
}

impl Bench {
    fn open(conditions: Conditions) -> Self {
        let (to, heard) = channel();
        let hour = Duration::from_hours(1);
        let timing = Timing {
            election_min: 2 * hour,
            election_max: 3 * hour,
            heartbeat: hour,
            ..Timing::PAPER
        };
        let observers: Vec<Box<dyn Observer>> = vec![Box::new(Listener(to))];
        let config = ClusterConfig { timing, conditions, observers, ..ClusterConfig::new(8) };
        let mut cluster = RaftCluster::start(config).unwrap();
        for other in 4..8 {
            cluster.crash(node(other), CrashPoint::Between).unwrap();
        }
        Self { cluster, heard }
    }

    /// Makes a node campaign, which sends to all others. The messages have left when this returns.
    fn speak(&mut self, speaker: u8) {
        self.cluster.election_timeout(node(speaker)).unwrap();
        let _ = self.cluster.log(node(speaker));
    }

    /// Waits until no message is in flight. Returns the fate of each message among the four nodes, in order.
    fn settle(&self) -> Vec<Ended> {
        let mut in_flight: BTreeMap<MessageId, (Envelope, usize)> = BTreeMap::new();
        let mut ended = Vec::new();
        while ended.is_empty() || !in_flight.is_empty() {
            let (id, heard) = self.heard.recv_timeout(BOUND).expect("it arrives or is lost");
            let lost = match heard {
                Heard::Sent(envelope) => {
                    in_flight.insert(id, (envelope, 1));
                    continue;
                }
                Heard::Duplicated => {
                    in_flight.get_mut(&id).unwrap().1 += 1;
                    continue;
                }
                Heard::Arrived => None,
                Heard::Lost(why) => Some(why),
            };
            let (Envelope { from, to, message }, copies) = in_flight.get_mut(&id).unwrap();
            let (from, to, term) = (*from, *to, message.term().get());
            *copies -= 1;
            if *copies == 0 {
                in_flight.remove(&id);
            }
            if to < node(4) {
                ended.push(Ended { from, to, term, lost });
            }
        }
        ended
    }

    /// The fate of each message from one node to another.
    fn settled(&self, from: u8, to: u8) -> Vec<Option<Loss>> {
        let ended = self.settle();
        let of_these = ended.iter().filter(|it| (it.from, it.to) == (node(from), node(to)));
        of_these.map(|it| it.lost).collect()
    }

    /// Makes each of these nodes campaign, and checks that exactly the messages over cut links are lost.
    fn check(&mut self, speakers: [u8; 2], cut: &[(u8, u8)]) {
        for speaker in speakers {
            self.speak(speaker);
            let ended = self.settle();
            for it in &ended {
                let is_cut = cut.iter().any(|&(a, b)| (node(a), node(b)) == (it.from, it.to));
                assert_eq!(it.lost, is_cut.then_some(Loss::Cut), "{it:?}");
            }
            let said = ended.iter().filter(|it| it.from == node(speaker));
            assert_eq!(said.count(), 3, "{ended:?}");
        }
    }
}

const fn node(number: u8) -> NodeId {
    NodeId::new(number)
}

const fn late(millis: u64) -> Conditions {
    let latency = Duration::from_millis(millis);
    Conditions { latency_min: latency, latency_max: latency, ..Conditions::PERFECT }
}

#[test]
fn cuts_partitions_and_heals_are_felt_at_once() {
    let mut bench = Bench::open(Conditions::PERFECT);
    bench.cluster.cut(node(0), node(1));
    bench.check([0, 1], &[(0, 1)]);
    bench.cluster.partition(&[[node(0), node(1)].into_iter().collect()]);
    bench.check([0, 2], &[(0, 2), (0, 3), (1, 2), (1, 3), (2, 0), (2, 1), (3, 0), (3, 1)]);
    bench.cluster.heal();
    bench.cluster.cut(node(2), node(1));
    bench.cluster.cut(node(1), node(2));
    bench.check([1, 3], &[(1, 2), (2, 1)]);
}

#[test]
fn a_slow_message_arrives_after_its_latency_and_is_overtaken_by_a_fast_one() {
    let mut bench = Bench::open(late(200));
    let sent = Instant::now();
    bench.speak(0);
    bench.cluster.set_conditions(Conditions { duplicate: 1.0, ..late(5) });
    bench.speak(0);
    let ended = bench.settle();
    let arrived = ended.iter().filter(|it| (it.to, it.lost) == (node(1), None));
    assert_eq!(arrived.map(|it| it.term).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(sent.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_message_in_flight_is_lost_with_its_link_or_its_receiver() {
    let mut bench = Bench::open(late(200));
    bench.cluster.partition(&[std::iter::once(node(0)).collect()]);
    bench.cluster.heal();
    // A link is checked twice: when the message is sent ...
    bench.speak(0);
    bench.cluster.cut(node(0), node(1));
    // ... and when it arrives.
    assert_eq!(bench.settled(0, 1), [Some(Loss::Cut)]);
    bench.speak(2);
    bench.cluster.crash(node(3), CrashPoint::Between).unwrap();
    assert_eq!(bench.settled(2, 3), [Some(Loss::Down)]);
    bench.cluster.restart(node(3)).unwrap();
    bench.speak(2);
    assert_eq!(bench.settled(2, 3), [None]);
}

#[test]
fn what_a_crashed_node_had_not_taken_in_is_lost_and_all_is_lost_by_chance_one() {
    let mut bench = Bench::open(Conditions::PERFECT);
    // A paused node handles no messages.
    bench.cluster.pause(node(1)).unwrap();
    bench.speak(0);
    bench.cluster.crash(node(1), CrashPoint::Between).unwrap();
    assert_eq!(bench.settled(0, 1), [Some(Loss::Down)]);
    bench.speak(2);
    assert_eq!(bench.settled(2, 1), [Some(Loss::Down)]);
    bench.cluster.restart(node(1)).unwrap();
    bench.cluster.set_conditions(Conditions { drop: 1.0, ..Conditions::PERFECT });
    bench.speak(3);
    let ended = bench.settle();
    assert_eq!(ended.len(), 3);
    assert!(ended.iter().all(|it| it.lost == Some(Loss::Dropped)), "{ended:?}");
}

/// The process of the receiver is paused, so that all messages to it wait.
#[test]
fn a_message_is_lost_for_which_the_inbox_of_its_receiver_has_no_room() {
    let mut bench = Bench::open(Conditions::PERFECT);
    bench.cluster.pause(node(1)).unwrap();
    for _ in 0..MOST_WAITING {
        bench.speak(0);
    }
    let lost = |(_, heard)| matches!(heard, Heard::Lost(Loss::Full));
    assert!(!bench.heard.try_iter().any(lost));
    bench.speak(0);
    while !lost(bench.heard.recv_timeout(BOUND).expect("the message is lost")) {}
}
