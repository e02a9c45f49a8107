//! The message bus: a channel for each node, and every fault that a network has.
//!
//! What becomes of a message is decided by [`Network`], the same policy that the simulator asks. A
//! message that takes no time goes straight into its receiver's channel. One that takes time goes
//! to the *postman*, a thread that holds it until it is due. When it arrives its link may have been
//! cut and its receiver may have crashed: then it is lost.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::chronicle::{Chronicle, lock};
use crate::network::{Conditions, Fate, Network};
use crate::raft::{Envelope, Message, NodeId, NodeSet};
use crate::record::journal::{Deed, Flight, Loss};
use crate::server::engine::{CrashPoint, MessageId};

/// The channels between the nodes of a cluster.
pub struct MessageBus {
    wires: Arc<Wires>,
    postman: Sender<Errand>,
}

/// What the bus and the postman share.
struct Wires {
    links: Mutex<Links>,
    inboxes: Vec<(Sender<Flight>, Receiver<Flight>)>,
    chronicle: Arc<Chronicle>,
}

struct Links {
    network: Network,
    rng: ChaCha8Rng,
    /// Who is there to receive.
    up: NodeSet,
}

impl Links {
    /// Why a message that is there now cannot be handed over.
    const fn hinder(&self, envelope: &Envelope) -> Option<Loss> {
        if self.network.is_cut(envelope.from, envelope.to) {
            Some(Loss::Cut)
        } else if !self.up.contains(envelope.to) {
            Some(Loss::Down)
        } else {
            None
        }
    }
}

/// What the postman is asked for.
enum Errand {
    Carry(Parcel),
    GoHome,
}

/// A message that takes its time. The one due first is the greatest, and comes out of a heap first.
#[derive(PartialEq, Eq)]
struct Parcel {
    due: Instant,
    flight: Flight,
}

impl Ord for Parcel {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |parcel: &Self| Reverse((parcel.due, parcel.flight.id));
        key(self).cmp(&key(other))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl MessageBus {
    /// Lays the wires and employs the postman.
    pub(super) fn open(
        size: usize,
        conditions: Conditions,
        seed: u64,
        chronicle: Arc<Chronicle>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The nodes draw from the streams counted from 0; the network's luck is its own.
        rng.set_stream(u64::MAX);
        let network = Network::new(conditions);
        let links = Mutex::new(Links { network, rng, up: NodeSet::all(size) });
        let inboxes = (0..size).map(|_| unbounded()).collect();
        let wires = Arc::new(Wires { links, inboxes, chronicle });
        let (postman, errands) = unbounded();
        let rounds = Arc::clone(&wires);
        let thread = thread::Builder::new()
            .name("postman".to_owned())
            .spawn(move || rounds.carry(&errands))?;
        Ok((Self { wires, postman }, thread))
    }

    /// One more share of the same bus, for a node's thread.
    pub(super) fn share(&self) -> Self {
        Self { wires: Arc::clone(&self.wires), postman: self.postman.clone() }
    }

    /// Sends the postman home. What is still on its way never arrives.
    pub(super) fn close(&self) {
        let _ = self.postman.send(Errand::GoHome);
    }

    /// Where a node's messages arrive.
    pub(super) fn inbox(&self, node: NodeId) -> Receiver<Flight> {
        self.wires.inboxes[node.index()].1.clone()
    }

    /// Sends messages, numbered from `first` on. Never waits.
    pub fn send(&self, first: MessageId, envelopes: impl IntoIterator<Item = Envelope>) {
        let mut leaving = Vec::new();
        let mut deeds = Vec::new();
        let mut links = lock(&self.wires.links);
        for (id, envelope) in (first.0..).map(MessageId).zip(envelopes) {
            let Links { network, rng, .. } = &mut *links;
            let fate = network.fate(envelope.from, envelope.to, rng);
            let flight = Flight { id, envelope };
            match fate {
                Fate::Delivered(Duration::ZERO) => match links.hinder(&flight.envelope) {
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
        drop(links);
        if !deeds.is_empty() {
            self.wires.chronicle.tell(deeds);
        }
        for (after, flight) in leaving {
            if after.is_zero() {
                self.wires.hand_over(flight);
            } else {
                let due = Instant::now() + self.wires.chronicle.clock.real(after);
                // The postman goes home last of all, so this cannot fail.
                let _ = self.postman.send(Errand::Carry(Parcel { due, flight }));
            }
        }
    }

    /// Sends one message to every other node but those in `except`, numbered from `first` on.
    pub fn broadcast(&self, first: MessageId, from: NodeId, message: &Message, except: NodeSet) {
        let receives = |&to: &NodeId| to != from && !except.contains(to);
        let to = NodeId::all(self.wires.inboxes.len()).filter(receives);
        self.send(first, to.map(|to| Envelope { from, to, message: message.clone() }));
    }

    /// Cuts one direction of a link.
    pub fn cut_one_way(&self, from: NodeId, to: NodeId) {
        self.change([Deed::Cut { from, to }], |network| network.cut_one_way(from, to));
    }

    /// Cuts both directions of a link.
    pub fn cut_both_ways(&self, a: NodeId, b: NodeId) {
        let deeds = [Deed::Cut { from: a, to: b }, Deed::Cut { from: b, to: a }];
        self.change(deeds, |network| network.cut_both_ways(a, b));
    }

    /// Splits the cluster into groups; nodes that are in none form one together.
    pub fn partition(&self, groups: &[NodeSet]) {
        let deed = Deed::Partition { groups: groups.to_vec() };
        self.change([deed], |network| network.partition(groups));
    }

    /// Mends every link.
    pub fn heal(&self) {
        self.change([Deed::Heal], Network::heal);
    }

    /// The conditions of every link.
    pub fn conditions(&self) -> Conditions {
        lock(&self.wires.links).network.conditions()
    }

    /// Changes the conditions of every link. What is on its way keeps the latency it has.
    pub fn set_conditions(&self, conditions: Conditions) {
        let deed = Deed::Conditions(conditions);
        self.change([deed], |network| network.set_conditions(conditions));
    }

    fn change(&self, deeds: impl IntoIterator<Item = Deed>, act: impl FnOnce(&mut Network)) {
        self.wires.chronicle.tell_and(deeds, || act(&mut lock(&self.wires.links).network));
    }

    /// A node is up: it can receive. What a slow sender left in its inbox meanwhile is gone.
    pub(super) fn connect(&self, node: NodeId) {
        self.discard_inbox(node);
        lock(&self.wires.links).up.insert(node);
    }

    /// A node crashes: what it had not taken in is lost, as a socket's buffer would be, and what is
    /// sent to it from now on is lost too. A message that the postman holds may still find the
    /// node's next incarnation.
    pub(super) fn disconnect(&self, node: NodeId, point: CrashPoint) {
        let hang_up = || lock(&self.wires.links).up.remove(node);
        self.wires.chronicle.crash(node, point, hang_up);
        self.discard_inbox(node);
    }

    fn discard_inbox(&self, node: NodeId) {
        let queued = self.wires.inboxes[node.index()].1.try_iter();
        let deeds: Vec<_> = queued.map(|flight| lost(&flight, Loss::Down)).collect();
        if !deeds.is_empty() {
            self.wires.chronicle.tell(deeds);
        }
    }
}

impl Wires {
    fn hand_over(&self, flight: Flight) {
        // The bus holds both ends of every inbox, so this cannot fail.
        let _ = self.inboxes[flight.envelope.to.index()].0.send(flight);
    }

    /// The postman's day: wait for a parcel to come in or to be due, whichever is first.
    fn carry(&self, errands: &Receiver<Errand>) {
        let mut result = BinaryHeap::<Parcel>::new();
        loop {
            let next = match result.peek() {
                Some(parcel) => errands.recv_deadline(parcel.due),
                None => errands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(Errand::Carry(parcel)) => result.push(parcel),
                Ok(Errand::GoHome) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = Instant::now();
            while result.peek().is_some_and(|parcel| parcel.due <= now) {
                let Some(parcel) = result.pop() else { break };
                self.arrive(parcel.flight);
            }
        }
    }

    fn arrive(&self, flight: Flight) {
        let hindrance = lock(&self.links).hinder(&flight.envelope);
        match hindrance {
            None => self.hand_over(flight),
            Some(why) => self.chronicle.tell([lost(&flight, why)]),
        }
    }
}

const fn lost(flight: &Flight, why: Loss) -> Deed {
    let Envelope { from, to, .. } = flight.envelope;
    Deed::Lost { message: flight.id, from, to, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::chronicle::Clock;
    use crate::raft::{Term, VoteResponse};
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

    struct Post {
        bus: MessageBus,
        postman: Option<JoinHandle<()>>,
        deeds: Receiver<Deed>,
    }

    impl Drop for Post {
        fn drop(&mut self) {
            self.bus.close();
            self.postman.take().map(JoinHandle::join);
        }
    }

    fn open(conditions: Conditions) -> Post {
        let (to, deeds) = unbounded();
        let chronicle = Chronicle::new(4, vec![Box::new(Deeds(to))], Clock::start(1.0));
        let (bus, postman) = MessageBus::open(4, conditions, 0, Arc::new(chronicle)).unwrap();
        Post { bus, postman: Some(postman), deeds }
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

    fn send(post: &Post, id: u64, from: u8, to: u8) {
        let (from, to) = (node(from), node(to));
        post.bus.send(MessageId(id), [Envelope { from, to, message: message(id) }]);
    }

    fn waiting(post: &Post, to: u8) -> Vec<u64> {
        post.bus.inbox(node(to)).try_iter().map(|flight| flight.id.0).collect()
    }

    fn next_loss(post: &Post) -> (u64, Loss) {
        loop {
            if let Deed::Lost { message, why, .. } = post.deeds.recv().unwrap() {
                return (message.0, why);
            }
        }
    }

    #[test]
    fn a_broadcast_reaches_everyone_but_the_sender_and_the_excluded() {
        let post = open(Conditions::PERFECT);
        let except = NodeSet::from_iter([node(3)]);
        post.bus.broadcast(MessageId(5), node(1), &message(1), except);
        let arrived: Vec<_> = (0..4).map(|to| waiting(&post, to)).collect();
        assert_eq!(arrived, [vec![5], vec![], vec![6], vec![]]);
    }

    #[test]
    fn cuts_partitions_and_heals_are_felt_at_once() {
        let post = open(Conditions::PERFECT);
        post.bus.cut_one_way(node(0), node(1));
        send(&post, 0, 0, 1);
        send(&post, 1, 1, 0);
        assert_eq!(next_loss(&post), (0, Loss::Cut));
        post.bus.partition(&[[node(0), node(1)].into_iter().collect()]);
        send(&post, 2, 0, 1);
        send(&post, 3, 2, 1);
        assert_eq!(next_loss(&post), (3, Loss::Cut));
        post.bus.heal();
        post.bus.cut_both_ways(node(2), node(1));
        send(&post, 4, 1, 2);
        assert_eq!(next_loss(&post), (4, Loss::Cut));
        send(&post, 5, 3, 1);
        assert_eq!((waiting(&post, 0), waiting(&post, 1)), (vec![1], vec![2, 5]));
    }

    #[test]
    fn a_slow_message_arrives_after_its_latency_and_is_overtaken_by_a_fast_one() {
        let post = open(late(200));
        let sent = Instant::now();
        send(&post, 0, 0, 1);
        post.bus.set_conditions(Conditions { duplicate: 1.0, ..late(5) });
        send(&post, 1, 0, 1);
        let inbox = post.bus.inbox(node(1));
        let arrived: Vec<_> = (0..3).map(|_| inbox.recv().unwrap().id.0).collect();
        assert_eq!(arrived, [1, 1, 0]);
        assert!(sent.elapsed() >= Duration::from_millis(200));
    }

    #[test]
    fn a_message_on_its_way_is_lost_with_its_link_or_its_receiver() {
        let post = open(late(200));
        post.bus.partition(&[NodeSet::from_iter([node(0)])]);
        post.bus.heal();
        // The links are looked at twice: when it is sent ...
        send(&post, 0, 0, 1);
        post.bus.cut_one_way(node(0), node(1));
        // ... and when it arrives.
        assert_eq!(next_loss(&post), (0, Loss::Cut));
        send(&post, 1, 2, 3);
        post.bus.disconnect(node(3), CrashPoint::Between);
        assert_eq!(next_loss(&post), (1, Loss::Down));
        post.bus.connect(node(3));
        send(&post, 2, 2, 3);
        assert_eq!(post.bus.inbox(node(3)).recv().unwrap().id, MessageId(2));
    }

    #[test]
    fn what_a_crashed_node_had_not_taken_in_is_lost_and_all_is_lost_by_chance_one() {
        let post = open(Conditions::PERFECT);
        send(&post, 0, 0, 1);
        post.bus.disconnect(node(1), CrashPoint::Between);
        assert_eq!(next_loss(&post), (0, Loss::Down));
        send(&post, 1, 0, 1);
        assert_eq!(next_loss(&post), (1, Loss::Down));
        post.bus.connect(node(1));
        post.bus.set_conditions(Conditions { drop: 1.0, ..Conditions::PERFECT });
        send(&post, 2, 0, 1);
        assert_eq!(next_loss(&post), (2, Loss::Dropped));
        assert_eq!(waiting(&post, 1), [0; 0]);
    }
}
