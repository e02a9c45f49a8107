//! The links between the nodes: an inbox for each node, and every fault that a network has.
//!
//! [`Network`] decides what happens to a message; the simulator uses the same policy. A message
//! without latency goes straight into its receiver's inbox. The delay queue holds any other message
//! until it is due. If the link is cut or the receiver is down at that moment, the message is lost.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use rand_chacha::ChaCha8Rng;

use super::delay_queue::Delay;
use super::shared::Shared;
use crate::network::{Conditions, Fate, MOST_WAITING, Network};
use crate::panics::lock;
use crate::raft::{Envelope, NodeId, NodeSet};
use crate::random_draws::generator;
use crate::record::deed::{Deed, Loss};
use crate::record::journal::Flight;
use crate::server::turn_order::{CrashPoint, MessageId};

/// The links of a cluster. They hold both ends of every inbox, so that sending to an inbox cannot fail.
pub(super) struct Links {
    state: Mutex<LinkState>,
    inboxes: Vec<(Sender<Flight>, Receiver<Flight>)>,
    delay_queue: Sender<Delay>,
}

struct LinkState {
    network: Network,
    rng: ChaCha8Rng,
    /// The nodes that are up and can receive.
    up: NodeSet,
}

impl LinkState {
    /// Why a message that is due cannot arrive; `None` if it can.
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
    /// The links, and the channel that the delay queue reads.
    pub(super) fn new(size: usize, conditions: Conditions, seed: u64) -> (Self, Receiver<Delay>) {
        let (network, rng) = (Network::new(conditions), generator(seed, u64::MAX));
        let state = Mutex::new(LinkState { network, rng, up: NodeSet::all(size) });
        let inboxes = (0..size).map(|_| unbounded()).collect();
        let (delay_queue, delays) = unbounded();
        (Self { state, inboxes, delay_queue }, delays)
    }

    /// The inbox where a node's messages arrive.
    pub(super) fn inbox(&self, node: NodeId) -> Receiver<Flight> {
        self.inboxes[node.index()].1.clone()
    }

    /// The links as they are now.
    pub(super) fn network(&self) -> Network {
        lock(&self.state).network.clone()
    }

    /// Tells the delay queue to hold a message, or to stop.
    pub(super) fn delay(&self, delay: Delay) {
        let _ = self.delay_queue.send(delay);
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
                self.hand_over(flight);
            } else {
                let due = Instant::now() + self.clock.real(after);
                self.links.delay(Delay::Until(due, flight));
            }
        }
    }

    /// Delivers a message that is due, or records that it is lost.
    pub(super) fn arrive(&self, flight: Flight) {
        let hindrance = lock(&self.links.state).hindrance(&flight.envelope);
        match hindrance {
            None => self.hand_over(flight),
            Some(why) => self.record([lost(&flight, why)], || ()),
        }
    }

    /// Puts a message into its receiver's inbox, or records that it is lost because the inbox is full.
    fn hand_over(&self, flight: Flight) {
        let inbox = &self.links.inboxes[flight.envelope.to.index()].0;
        if inbox.len() < MOST_WAITING {
            let _ = inbox.send(flight);
        } else {
            self.record([lost(&flight, Loss::Full)], || ());
        }
    }

    /// Records a deed of the script, and changes the network as it says.
    pub(super) fn enact(&self, deed: &Deed) {
        self.record([deed.clone()], || deed.apply_to(&mut lock(&self.links.state).network));
    }

    /// Lets a node receive that is up again. Messages that slow senders put into its inbox while it
    /// was down are lost.
    pub(super) fn connect(&self, node: NodeId) {
        self.discard_inbox(node);
        lock(&self.links.state).up.insert(node);
    }

    /// Disconnects a node that crashes. The messages that it had not read are lost, as in a
    /// socket's buffer, and so are messages sent to it from now on. A message in the delay queue
    /// may still reach the node's next incarnation.
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
