//! What will happen, by time; what is due at the same moment happens in the order it was entered.

use std::collections::BTreeMap;

use crate::raft::NodeId;
use crate::record::journal::Flight;
use crate::server::timing::Time;

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A message arrives.
    Arrive(Flight),
    /// It is time to look at a node's timers.
    Alarm(NodeId),
}

/// The queue of events.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// Each by its time, and by how many were entered before it.
    events: BTreeMap<(Time, u64), Event>,
    entered: u64,
}

impl Queue {
    pub(super) fn push(&mut self, time: Time, event: Event) {
        self.events.insert((time, self.entered), event);
        self.entered += 1;
    }

    /// Takes the next event, if it is due by `until`.
    pub(super) fn pop(&mut self, until: Time) -> Option<(Time, Event)> {
        let next = self.events.first_entry().filter(|next| next.key().0 <= until)?;
        let ((time, _), event) = next.remove_entry();
        Some((time, event))
    }

    /// Looks at the next event.
    pub(super) fn peek(&self) -> Option<(Time, &Event)> {
        self.events.first_key_value().map(|((time, _), event)| (*time, event))
    }

    /// The messages in flight, with the time of their arrival, by that time.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = (Time, &Flight)> {
        self.events.iter().filter_map(|((time, _), event)| match event {
            Event::Arrive(flight) => Some((*time, flight)),
            Event::Alarm(_) => None,
        })
    }

    /// Takes out every message in flight, by the time of arrival.
    pub(super) fn take_all_flights(&mut self) -> Vec<Flight> {
        let flights = self.arrivals().map(|(_, flight)| flight.clone()).collect();
        self.events.retain(|_, event| matches!(event, Event::Alarm(_)));
        flights
    }

    /// Takes out the first message in flight that `wanted` names.
    pub(super) fn take_flight(&mut self, wanted: impl Fn(&Flight) -> bool) -> Option<Flight> {
        let is_it = |event: &Event| matches!(event, Event::Arrive(flight) if wanted(flight));
        let key = *self.events.iter().find(|(_, event)| is_it(event))?.0;
        match self.events.remove(&key)? {
            Event::Arrive(flight) => Some(flight),
            Event::Alarm(_) => None,
        }
    }
}
