//! The observer that keeps what a history needs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::clients::Told;
use super::rerun::{COPY_EVERY, Own, Taken};
use super::{ClientCall, DatedDeed, History, MadeStep, SentMessage};
use crate::network::Network;
use crate::panics::lock;
use crate::properties::safety::Violation;
use crate::raft::{Event, NodeId};
use crate::record::deed::Deed;
use crate::record::format::{Header, InputLine};
use crate::record::journal::{Batch, Observer};
use crate::server::Ticket;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail, MessageId};

/// Records a run while it goes on. Clones share one record, so the code that started the run keeps one.
#[derive(Clone)]
pub struct Recorder {
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    history: History,
    tickets: BTreeMap<Ticket, usize>,
    /// Whether all deeds since the last step follow from it.
    follows: bool,
    /// How many entries all copies of nodes hold together.
    entries: usize,
    /// Whether a batch was left out, and with it all that came later.
    full: bool,
}

/// The largest number of entries that copies of nodes may hold together: about 200 MB of them.
const MOST_ENTRIES: usize = 1 << 23;

/// The most steps that a history has: 100 MB of them, or several hundred if their messages have entries.
pub const MOST_STEPS: usize = 200_000;

impl Recorder {
    /// A recorder for a run that begins now.
    pub fn new(header: &Header) -> Self {
        let nodes = NodeId::all(header.nodes);
        let history = History {
            header: header.clone(),
            steps: Vec::new(),
            events: Vec::new(),
            messages: Vec::new(),
            deeds: Vec::new(),
            networks: vec![(0, Network::new(header.conditions))],
            clients: Vec::new(),
            violations: Vec::new(),
            commits: Vec::new(),
            nodes: nodes.map(|id| Own::new(id, header)).collect(),
            summary: None,
            stopped: None,
        };
        let kept =
            Kept { history, tickets: BTreeMap::new(), follows: true, entries: 0, full: false };
        Self { kept: Arc::new(Mutex::new(kept)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Kept) -> T) -> T {
        act(&mut lock(&self.kept))
    }

    /// Calls `look` with the run so far, and goes on recording afterwards.
    pub fn look<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        self.with(|kept| look(&kept.history))
    }

    /// Whether the run has more than [`MOST_STEPS`]. Its history then ends before the batch of steps that would be
    /// beyond, and whoever drives the run should end it.
    pub fn is_full(&self) -> bool {
        self.with(|kept| kept.full)
    }

    /// The run so far. It is all of the run if the journal no longer holds a clone of this recorder.
    pub fn history(self) -> History {
        match Arc::try_unwrap(self.kept) {
            Ok(kept) => kept.into_inner().unwrap_or_else(PoisonError::into_inner).history,
            Err(shared) => Self { kept: shared }.with(|kept| kept.history.clone()),
        }
    }
}

impl Kept {
    fn batch(&mut self, batch: &Batch<'_>) {
        let Self { history, .. } = self;
        self.full |= history.steps.len() + batch.steps.len() > MOST_STEPS;
        if self.full {
            return;
        }
        let node = batch.server.node().id();
        let known = batch.first_message.0 == history.messages.len() as u64;
        assert!(known, "a recorder listens to a run from its beginning");
        let batch_end = history.last() + batch.steps.len() as u64;
        for (step, made, events, messages) in batch.each() {
            history.events.extend_from_slice(events);
            for envelope in messages {
                history.messages.push(SentMessage {
                    message: MessageId(history.messages.len() as u64),
                    envelope: envelope.clone(),
                    written_in: step,
                    left_in: batch.saved.then_some(batch_end),
                    received_in: Vec::new(),
                    lost_in: Vec::new(),
                    copies: 0,
                });
            }
            let received = made.received.and_then(|it| history.messages.get_mut(it.0 as usize));
            if let Some(sent) = received {
                sent.received_in.push(step);
            }
            history.steps.push(MadeStep {
                time: batch.time,
                node,
                input: InputLine::of(&made.input, made.received, &made.tickets),
                events_end: history.events.len(),
                messages_end: history.messages.len(),
                batch_end,
                saved: batch.saved,
            });
            history.nodes[node.index()].taken.push(Taken::Step(step));
            let committed = events.iter().filter_map(|event| match event {
                Event::CommitAdvanced { to, .. } if batch.saved => Some(to.count()),
                _ => None,
            });
            let longest = committed.max().unwrap_or(0).max(history.commits.len());
            history.commits.resize(longest, (step, node));
        }
        self.follows = true;
        let own = &mut self.history.nodes[node.index()];
        if batch.saved && own.taken.len() >= own.copied() + COPY_EVERY {
            self.entries += own.copy(batch.server);
            if self.entries > MOST_ENTRIES {
                self.entries = self.history.nodes.iter_mut().map(Own::thin).sum();
            }
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        if self.full {
            return;
        }
        let after = self.history.last();
        self.follows &= matches!(
            deed,
            Deed::Lost { .. }
                | Deed::Duplicated { .. }
                | Deed::Answered { .. }
                | Deed::AnswerLost { .. }
                // A crash within a turn undoes the steps of that turn.
                | Deed::Crash { point: CrashPoint::BeforeSave | CrashPoint::BeforeSend, .. }
        ) && after > 0;
        let moment = if self.follows { after } else { after + 1 };
        let history = &mut self.history;
        match deed {
            Deed::Crash { node, point } => {
                if *point == CrashPoint::BeforeSend {
                    let newest = history.messages.iter_mut().rev();
                    newest
                        .take_while(|sent| sent.envelope.from == *node)
                        .filter(|sent| sent.left_in == Some(after))
                        .for_each(|sent| sent.left_in = None);
                }
                history.nodes[node.index()].taken.push(Taken::Crash(moment));
            }
            Deed::Restart { node } => {
                history.nodes[node.index()].taken.push(Taken::Restart(moment, time));
            }
            Deed::Pause { node } | Deed::Resume { node } => {
                let pauses = matches!(deed, Deed::Pause { .. });
                history.nodes[node.index()].taken.push(Taken::Pause(moment, pauses));
            }
            Deed::Wipe { node } => history.nodes[node.index()].taken.push(Taken::Wipe(moment)),
            Deed::Lost { message, why, .. } => {
                if let Some(sent) = history.messages.get_mut(message.0 as usize) {
                    sent.lost_in.push((moment, *why));
                }
            }
            Deed::Duplicated { message } => {
                if let Some(sent) = history.messages.get_mut(message.0 as usize) {
                    sent.copies += 1;
                }
            }
            Deed::Asked { ticket, node, command } => {
                let (node, command) = (*node, command.clone());
                self.tickets.insert(*ticket, history.clients.len());
                let call =
                    ClientCall { ticket: *ticket, node, command, asked_in: moment, told: None };
                history.clients.push(call);
            }
            Deed::Refused { ticket, node, leader } => {
                let down = history.nodes[node.index()].is_down();
                self.told(*ticket, moment, Told::Refused { leader: *leader, down });
            }
            Deed::Answered { ticket, answer, .. } => {
                self.told(*ticket, moment, Told::Answered(answer.clone()));
            }
            _ => {}
        }
        let history = &mut self.history;
        history.deeds.push(DatedDeed { time, deed: deed.clone(), after, moment });
        let (_, last) = history.networks.last().expect("there are links from the beginning");
        let mut network = last.clone();
        deed.apply_to(&mut network);
        if network != *last {
            history.networks.push((history.deeds.len(), network));
        }
    }

    fn told(&mut self, ticket: Ticket, moment: u64, told: Told) {
        if let Some(&nth) = self.tickets.get(&ticket) {
            self.history.clients[nth].told.get_or_insert((moment, told));
        }
    }
}

impl Observer for Recorder {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.with(|kept| kept.batch(batch));
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        self.with(|kept| kept.deed(time, deed));
    }

    fn violation(&mut self, _: Time, violation: &Violation) {
        self.with(|kept| {
            if !kept.full {
                kept.history.violations.push(*violation);
            }
        });
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}
