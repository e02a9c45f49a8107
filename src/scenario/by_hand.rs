//! Turns a recorded run into a scenario that repeats it under manual control: its lines say whose timer
//! ends and which message arrives. So a user can go on from any step of the run.

use std::collections::BTreeMap;

use super::script::Script;
use super::verb_table::{LinkSet, Verb, Who};
use crate::network::Network;
use crate::raft::{Envelope, Input, NodeId, NodeSet};
use crate::record::History;
use crate::record::deed::{Deed, Loss};
use crate::record::history::StepRecord;
use crate::record::message_name::MessageName;
use crate::server::Ticket;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, MessageId};

/// The moves written so far, and the state of a world that has made them.
struct MoveWriter<'h> {
    history: &'h History,
    verbs: Vec<Verb>,
    now: Time,
    /// The links after these moves.
    network: Network,
    /// The messages that can be named, under the name that the newest of them has. Of each name the newest is last.
    held: BTreeMap<MessageName, Vec<MessageId>>,
    /// The processes that are paused.
    paused: NodeSet,
    /// The commands that clients have sent and the node has not handled yet: on threads a node handles them
    /// in a later turn, and a paused process handles them after the messages that wait for it.
    unheard: Vec<(Ticket, NodeId, Verb)>,
    /// The index in `verbs` at which the moves of the last step begin.
    last_step: usize,
}

/// A run that would take too many lines by hand.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "by hand the run up to step {until} takes more than {most} lines, and a session begins with no more; {}",
    up_to(*.possible)
)]
pub struct TooManyLines {
    /// The step up to which it was asked for.
    pub until: u64,
    /// How many lines it may take.
    pub most: usize,
    /// The last step up to which it takes no more, or the one before, if there is one.
    pub possible: Option<u64>,
}

fn up_to(possible: Option<u64>) -> String {
    match possible {
        Some(step) => format!("one can go on from step {step} or an earlier one"),
        None => "its first step comes after more than that".to_owned(),
    }
}

impl Script {
    /// Returns a scenario that repeats a run up to step `until`, step by step, and takes the same time. It is
    /// under manual control from the first line to the last.
    ///
    /// # Panics
    /// Never: no run takes as many lines as there are numbers.
    pub fn by_hand(history: &History, until: u64) -> Self {
        Self::by_hand_within(history, until, usize::MAX)
            .expect("the number of lines is not limited")
    }

    /// The same, if it takes `most` lines at most, and a few that leave the messages and commands as they were.
    ///
    /// # Errors
    /// If it takes more lines.
    pub fn by_hand_within(
        history: &History,
        until: u64,
        most: usize,
    ) -> Result<Self, TooManyLines> {
        let header = history.header();
        let script = Self {
            nodes: header.nodes,
            seed: header.seed,
            no_op: header.no_op,
            max_batch: header.max_batch,
            timing: header.timing,
            conditions: header.conditions,
            broken: header.rules(),
            on_threads: false,
            ..Self::empty(&header.scenario)
        };
        let mut moves = MoveWriter::new(history);
        moves.run(until, most).map_err(|possible| TooManyLines { until, most, possible })?;
        moves.settle_copies(until);
        // Commands for paused nodes wait in the new world too. A running node would handle its commands at once,
        // though it had not handled them by this step of the recorded run, so they are left out.
        let waits = |(_, node, _): &(Ticket, NodeId, Verb)| moves.paused.contains(*node);
        let unheard = moves.unheard.into_iter().filter(waits).map(|(.., verb)| verb);
        moves.verbs.extend(unheard);
        let shows = match history.last() {
            last if until < last => format!("A recorded run up to step {until} of {last}."),
            _ => "A recorded run, step by step.".to_owned(),
        };
        Ok(script.with_lines(&shows, moves.verbs))
    }
}

/// The name of the newest message of this kind between these nodes.
fn newest(envelope: &Envelope) -> MessageName {
    MessageName::of(envelope, std::iter::empty())
}

impl<'h> MoveWriter<'h> {
    fn new(history: &'h History) -> Self {
        let network = Network::new(history.header().conditions);
        Self {
            history,
            verbs: vec![Verb::Manual],
            now: Time::ZERO,
            network,
            held: BTreeMap::new(),
            paused: NodeSet::default(),
            unheard: Vec::new(),
            last_step: 1,
        }
    }

    /// Adds the moves up to step `until`, if they are `most` at most. If they are more, the error is a step up
    /// to which they are not.
    fn run(&mut self, until: u64, most: usize) -> Result<(), Option<u64>> {
        let history = self.history;
        let steps = history.steps().take_while(|step| step.step <= until);
        // A crash within a step is recorded after the step, but belongs to it.
        let next =
            if until < history.last() { history.deeds_before(until + 1).next() } else { None };
        let within = next.filter(
            |(_, deed)| matches!(deed, Deed::Crash { point, .. } if *point != CrashPoint::Between),
        );
        let within = within.map(|(time, deed)| (until, time, deed));
        let mut deeds = history.deeds_from(0, until).chain(within).peekable();
        let mut possible = None;
        for step in steps {
            while let Some((_, time, deed)) = deeds.next_if(|(after, ..)| *after < step.step) {
                self.deed(time, deed);
            }
            if self.verbs.len() > most {
                return Err(possible);
            }
            // What was done since the step before is counted with that step.
            possible = step.step.checked_sub(1).filter(|&before| before > 0);
            self.step(&step);
        }
        // The remaining deeds came after the last step, and belong to it.
        for (_, time, deed) in deeds {
            self.deed(time, deed);
        }
        if self.verbs.len() > most { Err(possible) } else { Ok(()) }
    }

    /// Adds waits, if time has to pass to reach this moment.
    fn wait(&mut self, time: Time) {
        self.verbs.extend(Verb::waits(time - self.now));
        self.now = self.now.max(time);
    }

    fn step(&mut self, step: &StepRecord<'h>) {
        self.wait(step.time);
        self.last_step = self.verbs.len();
        let node = Who::Node(step.node);
        match step.input() {
            Input::ElectionTimeout => self.verbs.push(Verb::Timeout(node)),
            Input::HeartbeatDue => self.verbs.push(Verb::Heartbeat(node)),
            // The commands themselves were noted from the clients' deeds.
            Input::Propose(_) => step.tickets().flatten().for_each(|ticket| self.hear(ticket)),
            Input::Receive(envelope) => {
                let name = step.received.and_then(|message| self.name(message));
                let deliver = name.map(Verb::Deliver);
                let (from, to) = (envelope.from, envelope.to);
                if self.network.is_cut(from, to) {
                    // The message arrived before the link was cut, and waited for a paused process.
                    let link = LinkSet::from_to(from, to);
                    self.verbs.push(Verb::HealLinks(link));
                    self.verbs.extend(deliver);
                    self.verbs.push(Verb::Cut(link));
                } else {
                    self.verbs.extend(deliver);
                }
            }
        }
        // Messages can be named once they have left the node.
        for sent in step.messages.iter().filter(|sent| sent.left_in.is_some()) {
            self.held.entry(newest(&sent.envelope)).or_default().push(sent.message);
        }
    }

    /// Adds the command of this client to the moves, if no node has handled it.
    fn hear(&mut self, client: Ticket) {
        if let Some(at) = self.unheard.iter().position(|(ticket, ..)| *ticket == client) {
            self.verbs.push(self.unheard.remove(at).2);
        }
    }

    fn name(&self, message: MessageId) -> Option<MessageName> {
        let name = newest(&self.history.message(message)?.envelope);
        let nth_newest = self.held.get(&name)?.iter().rev().position(|id| *id == message)?;
        Some(MessageName { nth_newest, ..name })
    }

    /// Takes a message out of those that can be named.
    fn remove(&mut self, message: MessageId, name: MessageName) {
        self.verbs.push(Verb::Remove(name));
        let alike = self.held.entry(MessageName { nth_newest: 0, ..name }).or_default();
        if let Some(at) = alike.iter().rposition(|id| *id == message) {
            alike.remove(at);
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        let who = Who::Node;
        let verb = match deed {
            Deed::Crash { node, point: CrashPoint::Between } => {
                self.wait(time);
                // Commands that wait at the paused process come before the crash, so they get no answer.
                let unheard = self.unheard.extract_if(.., |(_, asked, _)| asked == node);
                let unheard: Vec<Verb> = unheard.map(|(.., verb)| verb).collect();
                if self.paused.contains(*node) {
                    self.verbs.extend(unheard);
                }
                self.paused.remove(*node);
                Verb::Crash { who: who(*node), point: CrashPoint::Between }
            }
            Deed::Crash { node, point } => {
                self.unheard.retain(|(_, asked, _)| asked != node);
                return self.before_last(Verb::Crash { who: who(*node), point: *point });
            }
            Deed::AnswerLost { node, .. } => return self.before_last(Verb::LoseAnswer(who(*node))),
            Deed::Restart { node } => Verb::Restart(who(*node)),
            Deed::Wipe { node } => Verb::Wipe(who(*node)),
            Deed::Pause { node } => {
                self.paused.insert(*node);
                Verb::Pause(who(*node))
            }
            Deed::Resume { node } => {
                self.paused.remove(*node);
                Verb::Resume(who(*node))
            }
            Deed::Cut { from, to } => Verb::Cut(LinkSet::from_to(*from, *to)),
            Deed::Partition { groups } => {
                let members = |group: &NodeSet| group.iter().map(Who::Node).collect();
                Verb::Partition(groups.iter().map(members).collect())
            }
            Deed::HealLink { from, to } => Verb::HealLinks(LinkSet::from_to(*from, *to)),
            Deed::Heal => Verb::Heal,
            Deed::Asked { ticket, node, command } => {
                let verb = Verb::Submit { to: who(*node), command: command.as_str().to_owned() };
                self.unheard.push((*ticket, *node, verb));
                return;
            }
            Deed::Refused { ticket, .. } => {
                self.wait(time);
                return self.hear(*ticket);
            }
            Deed::Phase(text) => Verb::Phase(text.clone()),
            Deed::Note(text) => Verb::Note(text.clone()),
            Deed::Lost { message, why, .. } => return self.lost(*message, *why),
            Deed::Conditions(_) | Deed::LinkConditions { .. } => {
                self.wait(time);
                return self.links_change(deed);
            }
            Deed::Answered { .. }
            | Deed::Duplicated { .. }
            | Deed::Manual
            | Deed::Automatic
            | Deed::ByHand { .. } => return,
        };
        self.wait(time);
        self.verbs.push(verb);
        deed.apply_to(&mut self.network);
    }

    fn links_change(&mut self, deed: &Deed) {
        let verbs = match deed {
            Deed::LinkConditions { from, to, conditions } => {
                let before = self.network.link_conditions(*from, *to);
                Verb::changes(before, conditions, Some(LinkSet::from_to(*from, *to)))
            }
            Deed::Conditions(conditions) => {
                match Verb::changes(&self.network.conditions(), conditions, None) {
                    // The deed only resets links that had conditions of their own, as a line for all links does.
                    none if none.is_empty() => vec![Verb::DropRate(conditions.drop, None)],
                    verbs => verbs,
                }
            }
            _ => Vec::new(),
        };
        self.verbs.extend(verbs);
        deed.apply_to(&mut self.network);
    }

    /// Makes a message with copies wait at the end of the moves if it is in flight after step `until`, and
    /// only then.
    fn settle_copies(&mut self, until: u64) {
        let copied =
            |message: &MessageId| self.history.message(*message).filter(|sent| sent.copies > 0);
        let mut all: Vec<_> = self.held.values().flatten().filter_map(copied).collect();
        all.sort_unstable_by_key(|sent| sent.message);
        for sent in all {
            let Some(name) = self.name(sent.message) else { continue };
            let has_arrived = sent.received_in.iter().any(|&step| step <= until);
            match (sent.is_in_flight(until), has_arrived) {
                (true, true) => self.verbs.push(Verb::Duplicate(name)),
                (false, false) => self.remove(sent.message, name),
                _ => {}
            }
        }
    }

    /// Inserts a move before the last step, because what happens within a step has to be announced before it.
    fn before_last(&mut self, verb: Verb) {
        self.verbs.insert(self.last_step, verb);
    }

    /// Takes a lost message out of the network, unless it has copies. If it was lost because its receiver is
    /// down, delivers it instead.
    fn lost(&mut self, message: MessageId, why: Loss) {
        let copies = self.history.message(message).map_or(0, |sent| sent.copies);
        if copies == 0
            && let Some(name) = self.name(message)
        {
            if why == Loss::Down {
                // The new world also loses a message that reaches a node that is down.
                self.verbs.push(Verb::Deliver(name));
                return;
            }
            self.remove(message, name);
        }
    }
}
