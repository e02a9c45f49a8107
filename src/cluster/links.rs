//! The links between the nodes: an inbox for each, and every fault that a network has.
//!
//! What becomes of a message is decided by [`Network`], the same policy that the simulator asks. A
//! message that takes no time goes straight into its receiver's inbox. One that takes time is held
//! by the delay queue until it is due. When it arrives its link may have been cut and its receiver
//! may have crashed: then it is lost.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::delay_queue::Delay;
use super::shared::Shared;
use crate::network::{Conditions, Fate, Network};
use crate::panics::lock;
use crate::raft::{Envelope, NodeId, NodeSet};
use crate::record::journal::{Deed, Flight, Loss};
use crate::server::turn_order::{CrashPoint, MessageId};

/// The links of a cluster. Whoever holds them holds both ends of every channel in them, so that
/// sending cannot fail.
pub(super) struct Links {
    state: Mutex<LinkState>,
    inboxes: Vec<(Sender<Flight>, Receiver<Flight>)>,
    delay_queue: Sender<Delay>,
}

struct LinkState {
    network: Network,
    rng: ChaCha8Rng,
    /// Who is there to receive.
    up: NodeSet,
}

impl LinkState {
    /// Why a message that is due cannot arrive.
    const fn hindrance(&self, envelope: &Envelope) -> Option<Loss> {
        if self.network.is_cut(envelope.from, envelope.to) {
            Some(Loss::Cut)
        } else if !self.up.contains(envelope.to) {
            Some(Loss::Down)
        } else {
            None
        }
    }
}

impl Links {
    /// The links, and what the delay queue is to listen to.
    pub(super) fn new(size: usize, conditions: Conditions, seed: u64) -> (Self, Receiver<Delay>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The nodes draw from the streams counted from 0; the network's luck is its own.
        rng.set_stream(u64::MAX);
        let network = Network::new(conditions);
        let state = Mutex::new(LinkState { network, rng, up: NodeSet::all(size) });
        let inboxes = (0..size).map(|_| unbounded()).collect();
        let (delay_queue, delays) = unbounded();
        (Self { state, inboxes, delay_queue }, delays)
    }

    /// Where a node's messages arrive.
    pub(super) fn inbox(&self, node: NodeId) -> Receiver<Flight> {
        self.inboxes[node.index()].1.clone()
    }

    /// The conditions of every link that has none of its own.
    pub(super) fn conditions(&self) -> Conditions {
        lock(&self.state).network.conditions()
    }

    /// The conditions of the link from one node to another.
    pub(super) fn link_conditions(&self, from: NodeId, to: NodeId) -> Conditions {
        *lock(&self.state).network.link_conditions(from, to)
    }

    /// Tells the delay queue to hold a message, or to stop.
    pub(super) fn delay(&self, delay: Delay) {
        let _ = self.delay_queue.send(delay);
    }

    fn hand_over(&self, flight: Flight) {
        let _ = self.inboxes[flight.envelope.to.index()].0.send(flight);
    }
}

impl Shared {
    /// Sends messages, which the journal numbered from `first` on. Never waits.
    pub(super) fn send(&self, first: MessageId, envelopes: impl IntoIterator<Item = Envelope>) {
        let mut leaving = Vec::new();
        let mut deeds = Vec::new();
        let mut state = lock(&self.links.state);
        for (id, envelope) in (first.0..).map(MessageId).zip(envelopes) {
            let LinkState { network, rng, .. } = &mut *state;
            let fate = network.fate(envelope.from, envelope.to, rng);
            let flight = Flight { id, envelope };
            match fate {
                Fate::Delivered(Duration::ZERO) => match state.hindrance(&flight.envelope) {
                    None => leaving.push((Duration::ZERO, flight)),
                    Some(why) => deeds.push(lost(&flight, why)),
                },
                Fate::Delivered(after) => leaving.push((after, flight)),
                Fate::Duplicated(after, again) => {
                    deeds.push(Deed::Duplicated { message: id });
                    leaving.push((after, flight.clone()));
                    leaving.push((again, flight));
                }
                Fate::Dropped => deeds.push(lost(&flight, Loss::Dropped)),
                Fate::Cut => deeds.push(lost(&flight, Loss::Cut)),
            }
        }
        drop(state);
        if !deeds.is_empty() {
            self.record(deeds, || ());
        }
        for (after, flight) in leaving {
            if after.is_zero() {
                self.links.hand_over(flight);
            } else {
                let due = Instant::now() + self.clock.real(after);
                self.links.delay(Delay::Until(due, flight));
            }
        }
    }

    /// A message is due.
    pub(super) fn arrive(&self, flight: Flight) {
        let hindrance = lock(&self.links.state).hindrance(&flight.envelope);
        match hindrance {
            None => self.links.hand_over(flight),
            Some(why) => self.record([lost(&flight, why)], || ()),
        }
    }

    /// Changes the network, as `deed` says.
    pub(super) fn change_network(&self, deed: &Deed) {
        self.record([deed.clone()], || deed.apply_to(&mut lock(&self.links.state).network));
    }

    /// A node is up again: it can receive. What a slow sender left in its inbox meanwhile is gone.
    pub(super) fn connect(&self, node: NodeId) {
        self.discard_inbox(node);
        lock(&self.links.state).up.insert(node);
    }

    /// A node crashes: what it had not taken in is lost, as a socket's buffer would be, and what is
    /// sent to it from now on is lost too. A message that the delay queue holds may still find the
    /// node's next incarnation.
    pub(super) fn disconnect(&self, node: NodeId, point: CrashPoint) {
        let disconnect = || lock(&self.links.state).up.remove(node);
        self.record([Deed::Crash { node, point }], disconnect);
        self.discard_inbox(node);
    }

    fn discard_inbox(&self, node: NodeId) {
        let queued = self.links.inboxes[node.index()].1.try_iter();
        let deeds: Vec<_> = queued.map(|flight| lost(&flight, Loss::Down)).collect();
        if !deeds.is_empty() {
            self.record(deeds, || ());
        }
    }
}

const fn lost(flight: &Flight, why: Loss) -> Deed {
    let Envelope { from, to, .. } = flight.envelope;
    Deed::Lost { message: flight.id, from, to, why }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread::JoinHandle;

    use super::*;
    use crate::cluster::delay_queue;
    use crate::cluster::shared::ClusterClock;
    use crate::raft::{Message, Term, VoteResponse};
    use crate::record::journal::{Batch, Observer};
    use crate::server::timing::Time;

    /// Passes on every deed it hears.
    struct Deeds(Sender<Deed>);

    impl Observer for Deeds {
        fn batch(&mut self, _: &Batch<'_>) {}

        fn deed(&mut self, _: Time, deed: &Deed) {
            let _ = self.0.send(deed.clone());
        }
    }

    /// Four nodes' links without the nodes.
    struct TestLinks {
        shared: Arc<Shared>,
        delay_queue: Option<JoinHandle<()>>,
        deeds: Receiver<Deed>,
    }

    impl TestLinks {
        fn cut(&self, from: u8, to: u8) {
            self.shared.change_network(&Deed::Cut { from: node(from), to: node(to) });
        }

        fn partition(&self, group: &[u8]) {
            let group = group.iter().copied().map(node).collect();
            self.shared.change_network(&Deed::Partition { groups: vec![group] });
        }

        fn heal(&self) {
            self.shared.change_network(&Deed::Heal);
        }

        fn set_conditions(&self, conditions: Conditions) {
            self.shared.change_network(&Deed::Conditions(conditions));
        }
    }

    impl Drop for TestLinks {
        fn drop(&mut self) {
            self.shared.links.delay(Delay::Stop);
            self.delay_queue.take().map(JoinHandle::join);
        }
    }

    fn open(conditions: Conditions) -> TestLinks {
        let (to, deeds) = unbounded();
        let observers: Vec<Box<dyn Observer>> = vec![Box::new(Deeds(to))];
        let (shared, delays) = Shared::new(4, conditions, 0, ClusterClock::start(1.0), observers);
        let delay_queue = Some(delay_queue::start(Arc::clone(&shared), delays).unwrap());
        TestLinks { shared, delay_queue, deeds }
    }

    fn node(number: u8) -> NodeId {
        NodeId::new(number)
    }

    fn late(millis: u64) -> Conditions {
        let latency = Duration::from_millis(millis);
        Conditions { latency_min: latency, latency_max: latency, ..Conditions::PERFECT }
    }

    fn message(term: u64) -> Message {
        Message::VoteResponse(VoteResponse { term: Term::new(term), vote_granted: true })
    }

    fn send(bench: &TestLinks, id: u64, from: u8, to: u8) {
        let (from, to) = (node(from), node(to));
        bench.shared.send(MessageId(id), [Envelope { from, to, message: message(id) }]);
    }

    fn waiting(bench: &TestLinks, to: u8) -> Vec<u64> {
        bench.shared.links.inbox(node(to)).try_iter().map(|flight| flight.id.0).collect()
    }

    fn next_loss(bench: &TestLinks) -> (u64, Loss) {
        loop {
            if let Deed::Lost { message, why, .. } = bench.deeds.recv().unwrap() {
                return (message.0, why);
            }
        }
    }

    #[test]
    fn cuts_partitions_and_heals_are_felt_at_once() {
        let bench = open(Conditions::PERFECT);
        bench.cut(0, 1);
        send(&bench, 0, 0, 1);
        send(&bench, 1, 1, 0);
        assert_eq!(next_loss(&bench), (0, Loss::Cut));
        bench.partition(&[0, 1]);
        send(&bench, 2, 0, 1);
        send(&bench, 3, 2, 1);
        assert_eq!(next_loss(&bench), (3, Loss::Cut));
        bench.heal();
        bench.cut(2, 1);
        bench.cut(1, 2);
        send(&bench, 4, 1, 2);
        assert_eq!(next_loss(&bench), (4, Loss::Cut));
        send(&bench, 5, 3, 1);
        assert_eq!((waiting(&bench, 0), waiting(&bench, 1)), (vec![1], vec![2, 5]));
    }

    #[test]
    fn a_slow_message_arrives_after_its_latency_and_is_overtaken_by_a_fast_one() {
        let bench = open(late(200));
        let sent = Instant::now();
        send(&bench, 0, 0, 1);
        bench.set_conditions(Conditions { duplicate: 1.0, ..late(5) });
        send(&bench, 1, 0, 1);
        let inbox = bench.shared.links.inbox(node(1));
        let arrived: Vec<_> = (0..3).map(|_| inbox.recv().unwrap().id.0).collect();
        assert_eq!(arrived, [1, 1, 0]);
        assert!(sent.elapsed() >= Duration::from_millis(200));
    }

    #[test]
    fn a_message_in_flight_is_lost_with_its_link_or_its_receiver() {
        let bench = open(late(200));
        bench.partition(&[0]);
        bench.heal();
        // The links are looked at twice: when it is sent ...
        send(&bench, 0, 0, 1);
        bench.cut(0, 1);
        // ... and when it arrives.
        assert_eq!(next_loss(&bench), (0, Loss::Cut));
        send(&bench, 1, 2, 3);
        bench.shared.disconnect(node(3), CrashPoint::Between);
        assert_eq!(next_loss(&bench), (1, Loss::Down));
        bench.shared.connect(node(3));
        send(&bench, 2, 2, 3);
        assert_eq!(bench.shared.links.inbox(node(3)).recv().unwrap().id, MessageId(2));
    }

    #[test]
    fn what_a_crashed_node_had_not_taken_in_is_lost_and_all_is_lost_by_chance_one() {
        let bench = open(Conditions::PERFECT);
        send(&bench, 0, 0, 1);
        bench.shared.disconnect(node(1), CrashPoint::Between);
        assert_eq!(next_loss(&bench), (0, Loss::Down));
        send(&bench, 1, 0, 1);
        assert_eq!(next_loss(&bench), (1, Loss::Down));
        bench.shared.connect(node(1));
        bench.set_conditions(Conditions { drop: 1.0, ..Conditions::PERFECT });
        send(&bench, 2, 0, 1);
        assert_eq!(next_loss(&bench), (2, Loss::Dropped));
        assert_eq!(waiting(&bench, 1), [0; 0]);
    }
}
