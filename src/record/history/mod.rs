//! A run that can be asked: what was the state of everything at step k, what happened in that step, which
//! message came from where, and since when has something been so?
//!
//! A [`Recorder`] listens to the journal of a run that goes on, or of a trace that is run again. It keeps
//! the inputs and the results of steps, but no states. The state of a node is computed again from the
//! node's own inputs, starting from a copy; copies are taken every so often (`rerun`). So memory is bounded
//! by what happened, not by how long logs are. Whoever asks about many moments keeps what was made again (`states`), also
//! of since when something has been so (`since`).
//!
//! Steps are numbered from 1, as in the trace and in the output for programs. A *moment* is the end of a
//! step. It includes what the world did since the step before, and what follows from the step at once, such
//! as the loss of a message that it sent on a cut link. The moment of the last step is the end of the run.

mod clients;
mod messages;
mod recorder;
mod rerun;
mod since;
mod states;

use std::io::BufRead;

use super::error::TraceError;
use super::format::{Header, InputLine};
use super::replay::{Summary, replay};
use crate::network::Network;
use crate::properties::safety::Violation;
use crate::raft::{Event, Input, LogIndex, NodeId};
use crate::record::deed::Deed;
use crate::server::Ticket;
use crate::server::timing::Time;
use crate::server::turn_order::MessageId;

pub use clients::{ClientCall, Told};
pub use messages::SentMessage;
pub use recorder::{MOST_STEPS, Recorder};
pub use rerun::{NodeState, Rerun, StoodNode};
use rerun::{Own, Taken};
pub use since::NodeCondition;
pub use states::States;

/// A recorded run that can be asked about any of its steps.
#[derive(Clone, Debug)]
pub struct History {
    header: Header,
    steps: Vec<MadeStep>,
    events: Vec<Event>,
    messages: Vec<SentMessage>,
    deeds: Vec<DatedDeed>,
    /// The links after each deed that changed them, with how many deeds there were by then. The first are those at the
    /// beginning.
    networks: Vec<(usize, Network)>,
    clients: Vec<ClientCall>,
    violations: Vec<Violation>,
    /// For each index, the step in which an entry was first committed there, and the node that did so.
    commits: Vec<(u64, NodeId)>,
    /// For each node, all that happened to it, with copies of the node in between.
    nodes: Vec<Own>,
    /// The result of the replay, if the history was read from a whole trace.
    summary: Option<Summary>,
    /// Why the trace goes no further, if it was cut or changed.
    stopped: Option<TraceError>,
}

/// A step as the history keeps it.
#[derive(Clone, Debug)]
struct MadeStep {
    time: Time,
    node: NodeId,
    input: InputLine,
    /// How many events and messages belong to this step and those before it.
    events_end: usize,
    messages_end: usize,
    /// The last step of its batch.
    batch_end: u64,
    saved: bool,
}

/// A deed as the history keeps it.
#[derive(Clone, Debug)]
struct DatedDeed {
    time: Time,
    deed: Deed,
    /// How many steps were made before it.
    after: u64,
    /// The step to whose moment it belongs. The run may end before that step is made.
    moment: u64,
}

/// One step with its results.
#[derive(Clone, Copy, Debug)]
pub struct StepRecord<'h> {
    /// Its number, from 1.
    pub step: u64,
    /// The time of the step.
    pub time: Time,
    /// The node that made it.
    pub node: NodeId,
    /// The number of the message that it received, if it received one.
    pub received: Option<MessageId>,
    /// Its events: what happened, and by which rules.
    pub events: &'h [Event],
    /// The messages that it wrote.
    pub messages: &'h [SentMessage],
    /// The last step of its batch. A batch is saved as a whole.
    pub batch_end: u64,
    /// Whether it was saved; `false` if a crash came first.
    pub saved: bool,
    input: &'h InputLine,
    history: &'h History,
}

impl<'h> StepRecord<'h> {
    /// The message that it received, if it received one.
    pub fn heard(&self) -> Option<&'h SentMessage> {
        self.history.message(self.received?)
    }

    /// The claims of the clients whose commands the input is, in the same order.
    pub fn tickets(&self) -> impl Iterator<Item = Option<Ticket>> {
        let proposed =
            if let InputLine::Propose(proposed) = self.input { &proposed[..] } else { &[] };
        proposed.iter().map(|it| it.ticket)
    }

    /// The input that the node was given.
    ///
    /// # Panics
    /// Never: a message that is received was sent before.
    pub fn input(&self) -> Input {
        match self.input {
            InputLine::ElectionTimeout => Input::ElectionTimeout,
            InputLine::HeartbeatDue => Input::HeartbeatDue,
            InputLine::Propose(proposed) => {
                Input::Propose(proposed.iter().map(|it| it.command.clone()).collect())
            }
            InputLine::Receive(_) => {
                let sent = self.heard().expect("a message that is received was sent before");
                Input::Receive(sent.envelope.clone())
            }
        }
    }
}

impl History {
    /// Reads a trace and runs it again. A trace that was cut or changed is run as far as it goes, and
    /// [`stopped`](Self::stopped) says why no further.
    ///
    /// # Errors
    /// If not even one step of it can be made again.
    pub fn read(trace: impl BufRead) -> Result<Self, TraceError> {
        let mut recorder = None;
        let made = replay(
            trace,
            |header| vec![Box::new(recorder.insert(Recorder::new(header)).clone())],
            None,
        );
        let is_full = recorder.as_ref().is_some_and(Recorder::is_full);
        let history = recorder.map(Recorder::history);
        match (made, history) {
            (Ok(_), Some(history)) if is_full => {
                Ok(Self { stopped: Some(TraceError::TooLong), ..history })
            }
            (Ok(summary), Some(history)) => Ok(Self { summary: Some(summary), ..history }),
            (Err(error), Some(history)) if history.last() > 0 => {
                Ok(Self { stopped: Some(error), ..history })
            }
            (Err(error), _) => Err(error),
            (Ok(_), None) => unreachable!("a trace that is read has a header"),
        }
    }

    /// The header, which describes the cluster.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The number of the last step, which is also the number of steps.
    pub const fn last(&self) -> u64 {
        self.steps.len() as u64
    }

    /// The result of the replay, if the history was read from a whole trace.
    pub const fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Why the history goes no further, if it was read from a trace that was cut or changed.
    pub const fn stopped(&self) -> Option<&TraceError> {
        self.stopped.as_ref()
    }

    /// The step with this number and its results, if there is one.
    pub fn step(&self, step: u64) -> Option<StepRecord<'_>> {
        let nth = usize::try_from(step.checked_sub(1)?).ok()?;
        let made = self.steps.get(nth)?;
        let before = nth.checked_sub(1).map_or((0, 0), |nth| {
            let MadeStep { events_end, messages_end, .. } = self.steps[nth];
            (events_end, messages_end)
        });
        Some(StepRecord {
            step,
            time: made.time,
            node: made.node,
            received: match made.input {
                InputLine::Receive(message) => Some(message),
                _ => None,
            },
            events: &self.events[before.0..made.events_end],
            messages: &self.messages[before.1..made.messages_end],
            batch_end: made.batch_end,
            saved: made.saved,
            input: &made.input,
            history: self,
        })
    }

    /// The steps of a node up to the moment of `step`, in order. The iterator can also run backwards.
    ///
    /// # Panics
    /// If there is no such node.
    pub fn steps_of(
        &self,
        id: NodeId,
        step: u64,
    ) -> impl DoubleEndedIterator<Item = StepRecord<'_>> {
        let own = &self.nodes[id.index()];
        own.taken[..own.until(step, self)].iter().filter_map(|taken| match *taken {
            Taken::Step(step) => self.step(step),
            _ => None,
        })
    }

    /// All steps, in order. The iterator can also run backwards.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = StepRecord<'_>> {
        (1..=self.last()).filter_map(|step| self.step(step))
    }

    /// The deeds between the step before and this one, each with its time.
    pub fn deeds_before(&self, step: u64) -> impl Iterator<Item = (Time, &Deed)> {
        self.deeds_of(step).filter(move |done| done.after < step).map(|it| (it.time, &it.deed))
    }

    /// The deeds after this step that belong to its moment, each with its time. For the last step these are
    /// all deeds after it.
    pub fn deeds_after(&self, step: u64) -> impl Iterator<Item = (Time, &Deed)> {
        self.deeds_of(step).filter(move |done| done.after >= step).map(|it| (it.time, &it.deed))
    }

    fn deeds_of(&self, step: u64) -> impl Iterator<Item = &DatedDeed> {
        // The deeds are in order of their moments.
        let begin = self.deeds.partition_point(|done| done.moment < step);
        let last = self.last();
        let these =
            move |done: &&DatedDeed| done.moment == step || step == last && done.moment > step;
        self.deeds[begin..].iter().take_while(these)
    }

    /// The deeds up to the moment of `until`, without the first `nth`, in order. Each comes with the number
    /// of steps made before it, and its time.
    /// The iterator can also run backwards.
    pub fn deeds_from(
        &self,
        nth: usize,
        until: u64,
    ) -> impl DoubleEndedIterator<Item = (u64, Time, &Deed)> {
        let these = self.deeds[..self.deeds_until(until)].iter().skip(nth);
        these.map(|done| (done.after, done.time, &done.deed))
    }

    /// How many deeds belong to the moments up to that of `step`.
    pub fn deeds_until(&self, step: u64) -> usize {
        self.deeds.partition_point(|done| done.moment.min(self.last()) <= step)
    }

    /// The step in which an entry was first committed at `index`, and the node that did so.
    pub fn first_commit(&self, index: LogIndex) -> Option<(u64, NodeId)> {
        self.commits.get(index.get().checked_sub(1)? as usize).copied()
    }

    /// The last index at which any node had committed an entry by the end of `step`.
    pub fn committed(&self, step: u64) -> LogIndex {
        LogIndex::new(self.commits.partition_point(|(first, _)| *first <= step) as u64)
    }

    /// The crashes of a node in the moments after `since` up to that of `until`: how many steps were made before
    /// each. A crash within a turn belongs to the moment of the turn's last step, any other to the step that
    /// follows.
    pub fn crashes(&self, id: NodeId, since: u64, until: u64) -> impl Iterator<Item = u64> {
        let behind = self.deeds.partition_point(|done| done.moment <= since);
        let crash = move |deed: &Deed| matches!(deed, Deed::Crash { node, .. } if *node == id);
        self.deeds_from(behind, until)
            .filter_map(move |(after, _, deed)| crash(deed).then_some(after))
    }

    /// How many steps were made before the answer to a client was lost, if that was by the moment of
    /// `until`.
    pub fn answer_lost(&self, client: Ticket, until: u64) -> Option<u64> {
        let lost =
            |deed: &Deed| matches!(deed, Deed::AnswerLost { ticket, .. } if *ticket == client);
        self.deeds_from(0, until).find_map(|(after, _, deed)| lost(deed).then_some(after))
    }

    /// The message of this number, and what became of it.
    pub fn message(&self, message: MessageId) -> Option<&SentMessage> {
        self.messages.get(usize::try_from(message.0).ok()?)
    }

    /// Every message, in the order of their numbers.
    pub fn messages(&self) -> &[SentMessage] {
        &self.messages
    }

    /// What clients asked and were told, in the order in which they asked.
    pub fn clients(&self) -> &[ClientCall] {
        &self.clients
    }

    /// The violations, each with the step after which it was found.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.iter()
    }

    /// The last step that was made at or before this time, if there is one.
    pub fn step_at(&self, time: Time) -> Option<u64> {
        Some(self.steps.partition_point(|made| made.time <= time) as u64).filter(|step| *step > 0)
    }

    /// The state of every node at the end of `step`, if there is such a step.
    pub fn nodes_at(&self, step: u64) -> Option<Vec<NodeState<'static>>> {
        self.step(step)?;
        NodeId::all(self.nodes.len()).map(|id| self.node_at(id, step)).collect()
    }

    /// The links at the end of `step`.
    pub fn network_at(&self, step: u64) -> Network {
        let deeds = self.deeds_until(step);
        let nth = self.networks.partition_point(|(by, _)| *by <= deeds);
        self.networks[nth - 1].1.clone()
    }
}
