//! One event at a time, for those who watch.

use super::queue::Event;
use super::{Process, Sim};
use crate::raft::{Envelope, Input, NodeId};
use crate::record::journal::{Flight, Loss};
use crate::record::message_name::MessageName;
use crate::scenario::world::{Happening, OnItsWay};
use crate::server::timing::Time;

impl Sim {
    /// What happens next, and when. Alarms from which nothing would come are put right on the way:
    /// a timer that was restarted since, a node that has crashed.
    pub(super) fn look_ahead(&mut self) -> Option<(Time, Happening)> {
        if self.manual {
            return None;
        }
        loop {
            let (time, event) = self.queue.peek()?;
            let node = match event {
                Event::Arrive(flight) => return Some((time, self.arrival(&flight.envelope))),
                Event::Alarm(node) => *node,
            };
            let is_set = self.alarms[node.index()] == Some(time);
            if is_set && let Some(happening) = self.due(node, time) {
                return Some((time, happening));
            }
            self.queue.pop(time);
            if is_set {
                self.alarms[node.index()] = None;
                self.set_alarm(node);
            }
        }
    }

    fn arrival(&self, envelope: &Envelope) -> Happening {
        let Envelope { from, to, .. } = *envelope;
        let envelope = envelope.clone();
        if self.network.is_cut(from, to) {
            Happening::Lost(envelope, Loss::Cut)
        } else if matches!(self.processes[to.index()], Process::Down(_)) {
            Happening::Lost(envelope, Loss::Down)
        } else {
            Happening::Arrives(envelope)
        }
    }

    fn due(&self, node: NodeId, time: Time) -> Option<Happening> {
        let due = self.server(node)?.due(time)?;
        Some(match due {
            Input::ElectionTimeout => Happening::ElectionTimeout(node),
            _ => Happening::HeartbeatDue(node),
        })
    }

    /// The messages on their way, with the names by which to speak of them.
    pub(super) fn list_messages(&self) -> Vec<OnItsWay> {
        if !self.manual {
            let arrivals = self.queue.arrivals();
            let named = |(due, flight): (Time, &Flight)| {
                on_its_way(flight, Some(due), false, std::iter::empty())
            };
            return arrivals.map(named).collect();
        }
        let newer = |nth: usize| self.held[nth + 1..].iter().map(|held| &held.flight.envelope);
        let named = self.held.iter().enumerate();
        named
            .map(|(nth, held)| on_its_way(&held.flight, None, held.delivered, newer(nth)))
            .collect()
    }
}

fn on_its_way<'a>(
    flight: &Flight,
    due: Option<Time>,
    delivered: bool,
    newer: impl Iterator<Item = &'a Envelope>,
) -> OnItsWay {
    let envelope = flight.envelope.clone();
    let (kind, from, to) = (envelope.message.kind(), envelope.from, envelope.to);
    let mut name = MessageName { kind, from, to, nth_newest: 0 };
    name.nth_newest = newer.filter(|newer| name.matches(newer)).count();
    OnItsWay { name, envelope, due, delivered }
}
