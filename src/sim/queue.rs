//! The queue of future events, ordered by time. Events that are due at the same moment happen in
//! the order in which they were entered.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::raft::NodeId;
use crate::record::journal::Flight;
use crate::server::timing::Time;

/// Something that will happen.
#[derive(Clone, Debug)]
pub(super) enum SimEvent {
    /// A message arrives.
    Arrive(Flight),
    /// It is time to look at a node's timers.
    Alarm(NodeId),
}

/// When an event is due, how many were entered before it, and its place in `events`. Reversed,
/// because the standard heap yields its greatest element.
type Due = Reverse<(Time, u64, usize)>;

/// The queue of events. A heap needs a tenth less time for a simulated hour than an ordered map.
/// The events are stored outside the heap, because a heap moves its elements.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    heap: BinaryHeap<Due>,
    events: Vec<Option<SimEvent>>,
    free: Vec<usize>,
    entered: u64,
}

impl Queue {
    pub(super) fn push(&mut self, time: Time, event: SimEvent) {
        let place = self.free.pop().unwrap_or(self.events.len());
        if place == self.events.len() {
            self.events.push(Some(event));
        } else {
            self.events[place] = Some(event);
        }
        self.heap.push(Reverse((time, self.entered, place)));
        self.entered += 1;
    }

    /// Takes the next event, if it is due by `until`.
    pub(super) fn pop(&mut self, until: Time) -> Option<(Time, SimEvent)> {
        if self.heap.peek()?.0.0 > until {
            return None;
        }
        let Reverse((time, _, place)) = self.heap.pop()?;
        Some((time, self.take(place)))
    }

    /// Takes the event out of a place that is no longer in the heap.
    fn take(&mut self, place: usize) -> SimEvent {
        self.free.push(place);
        self.events[place].take().expect(IS_THERE)
    }

    /// The next event, without taking it out.
    pub(super) fn peek(&self) -> Option<(Time, &SimEvent)> {
        let &Reverse((time, _, place)) = self.heap.peek()?;
        Some((time, self.events[place].as_ref().expect(IS_THERE)))
    }

    /// The messages in flight with their times of arrival, the earliest first.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = (Time, &Flight)> {
        let mut due: Vec<Due> = self.heap.iter().copied().collect();
        due.sort_unstable_by(|a, b| b.cmp(a));
        due.into_iter().filter_map(|Reverse((time, _, place))| Some((time, self.flight_at(place)?)))
    }

    /// The message in a place, if the event there is one.
    fn flight_at(&self, place: usize) -> Option<&Flight> {
        match self.events[place].as_ref()? {
            SimEvent::Arrive(flight) => Some(flight),
            SimEvent::Alarm(_) => None,
        }
    }

    /// Takes out every message in flight, the earliest arrival first.
    pub(super) fn take_all_flights(&mut self) -> Vec<Flight> {
        let flights = self.arrivals().map(|(_, flight)| flight.clone()).collect();
        let Self { heap, events, free, .. } = self;
        heap.retain(|&Reverse((_, _, place))| {
            let stays = matches!(events[place], Some(SimEvent::Alarm(_)));
            if !stays {
                events[place] = None;
                free.push(place);
            }
            stays
        });
        flights
    }

    /// Of the messages in flight for which `wanted` is true, the one that arrives first, and when it does.
    pub(super) fn first_flight(&self, wanted: impl Fn(&Flight) -> bool) -> Option<(Time, &Flight)> {
        let Reverse((time, _, place)) = self.first_due(wanted)?;
        Some((time, self.flight_at(place)?))
    }

    fn first_due(&self, wanted: impl Fn(&Flight) -> bool) -> Option<Due> {
        let is_wanted = |due: &&Due| self.flight_at(due.0.2).is_some_and(&wanted);
        self.heap.iter().filter(is_wanted).max().copied()
    }

    /// Of the messages in flight for which `wanted` is true, takes out the one that arrives first.
    pub(super) fn take_flight(&mut self, wanted: impl Fn(&Flight) -> bool) -> Option<Flight> {
        let found = self.first_due(wanted)?;
        self.heap.retain(|due| *due != found);
        match self.take(found.0.2) {
            SimEvent::Arrive(flight) => Some(flight),
            SimEvent::Alarm(_) => None,
        }
    }
}

const IS_THERE: &str = "an event lies where the heap says until it is taken";
