//! A run as a list of moves in someone's hand: who stands, which message arrives, who crashes.
//!
//! A move names what it means (the newest AppendEntries from n0 to n1), never a position in a list,
//! so a schedule still makes sense when some of its moves are taken out. A move that has become
//! impossible, because the message it names was never sent, is passed over.

use crate::journal::{Batch, CrashPoint, Deed, Detail, MessageId, Observer};
use crate::linearizability::{self, Call};
use crate::raft::{
    Envelope, Event, Input, LogIndex, MessageKind, NodeId, PersistentState, Property, RaftNode,
    Role, RuleSet, Settings,
};
use crate::replica::{Answer, Ticket};
use crate::safety::Violation;
use crate::scenario::script::{Line, Script};
use crate::scenario::verb::{Verb, Who};
use crate::sim::{Sim, SimConfig};
use crate::timing::{Time, Timing};
use crate::world::{MessageName, World};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Moves, and the cluster they are made in.
#[derive(Clone, PartialEq, Debug)]
pub struct Schedule {
    /// How the nodes are set up.
    pub settings: Settings,
    /// What happens, in order.
    pub moves: Vec<Verb>,
}

/// What a schedule came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Played {
    /// The moves that could be made, up to the one at which the property fell.
    pub moves: Vec<Verb>,
    /// What fell, if something did.
    pub fallen: Option<Fallen>,
}

/// A property fell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fallen {
    /// The checker saw it.
    Safety(Violation),
    /// The clients saw it.
    Clients(linearizability::NotLinearizable),
}

impl Fallen {
    /// Which property.
    #[must_use]
    pub const fn property(&self) -> Property {
        match self {
            Self::Safety(violation) => violation.property,
            Self::Clients(_) => Property::Linearizability,
        }
    }
}

/// What counts as the end of a schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aim {
    /// Any property at all.
    Anything,
    /// One of Figure 3's five, or the clients' view: what a reader of the paper calls a failure. A
    /// harness sees earlier that something is wrong, but sees less of it.
    Visible,
    /// This property.
    Only(Property),
}

impl Aim {
    /// Whether the fall of `property` is what is aimed at.
    #[must_use]
    pub fn is_met_by(self, property: Property) -> bool {
        match self {
            Self::Anything => true,
            Self::Visible => property.is_figure_3() || property == Property::Linearizability,
            Self::Only(wanted) => property == wanted,
        }
    }
}

/// A cluster under manual control, with its clients.
pub struct Hand {
    sim: Sim,
    asked: BTreeMap<Ticket, Call>,
    open: Vec<Ticket>,
    made: u64,
}

impl Hand {
    /// A new cluster in which nothing happens by itself.
    #[must_use]
    pub fn new(settings: Settings, observers: Vec<Box<dyn Observer>>) -> Self {
        let config = SimConfig {
            settings,
            timing: Timing::PAPER,
            conditions: crate::network::Conditions::PERFECT,
            seed: 0,
        };
        let mut sim = Sim::new(config, observers);
        // Virtual worlds never refuse this.
        let _ = World::set_manual(&mut sim, true);
        Self { sim, asked: BTreeMap::new(), open: Vec::new(), made: 0 }
    }

    /// The cluster.
    #[must_use]
    pub const fn sim(&self) -> &Sim {
        &self.sim
    }

    /// Makes a move, if it can be made.
    pub fn make(&mut self, verb: &Verb) -> bool {
        self.made += 1;
        let sim = &mut self.sim;
        let node = |who: &Who| match who {
            Who::Node(node) => Some(*node),
            Who::Leader | Who::Crashed => None,
        };
        let is_up = |sim: &Sim, node: NodeId| sim.replica(node).is_some();
        let made = match verb {
            Verb::Timeout(who) => node(who).is_some_and(|node| {
                let may = sim.replica(node).is_some_and(|replica| !replica.node().is_leader());
                may && sim.stand(node).is_ok()
            }),
            Verb::Heartbeat(who) => node(who).is_some_and(|node| {
                let may = sim.replica(node).is_some_and(|replica| replica.node().is_leader());
                may && sim.heartbeat(node).is_ok()
            }),
            Verb::Deliver(name) => is_up(sim, name.to) && sim.deliver(*name).is_ok(),
            Verb::Crash { who, point } => {
                node(who).is_some_and(|node| sim.crash(node, *point).is_ok())
            }
            Verb::Restart(who) => node(who).is_some_and(|node| sim.restart(node).is_ok()),
            Verb::Submit { to, command } => node(to).is_some_and(|node| {
                let leads = sim.replica(node).is_some_and(|replica| replica.node().is_leader());
                if leads {
                    let ticket = sim.submit(node, command);
                    let (command, called) = (command.clone(), self.made * 2);
                    self.asked.insert(ticket, Call { command, called, returned: None });
                    self.open.push(ticket);
                }
                leads
            }),
            _ => false,
        };
        self.collect_answers();
        made
    }

    fn collect_answers(&mut self) {
        let (sim, asked, now) = (&mut self.sim, &mut self.asked, self.made * 2 + 1);
        self.open.retain(|&ticket| match sim.take_outcome(ticket) {
            None => true,
            Some(Ok(Answer::Applied { reply, .. })) => {
                if let Some(call) = asked.get_mut(&ticket) {
                    call.hear(now, reply);
                }
                false
            }
            // It stays in the history without an answer.
            Some(Ok(Answer::Uncertain { .. })) => false,
            // It never took effect, and the client knows.
            Some(Ok(Answer::Superseded { .. }) | Err(_)) => {
                asked.remove(&ticket);
                false
            }
        });
    }

    /// The first violation that meets `aim`.
    #[must_use]
    pub fn fallen(&self, aim: Aim) -> Option<Fallen> {
        let violations = self.sim.journal().checker().violations();
        let met = |violation: &&Violation| aim.is_met_by(violation.property);
        violations.iter().find(met).map(|violation| Fallen::Safety(*violation))
    }

    /// Whether the clients' history can be explained.
    #[must_use]
    pub fn clients_fallen(&self, aim: Aim) -> Option<Fallen> {
        if !aim.is_met_by(Property::Linearizability) {
            return None;
        }
        let history: Vec<Call> = self.asked.values().cloned().collect();
        linearizability::check(&history).err().map(Fallen::Clients)
    }
}

/// The first move at which nodes that keep every rule would have acted otherwise.
#[derive(Clone, Debug)]
pub struct Parting {
    /// How many moves came before it.
    pub after: usize,
    /// The move.
    pub verb: Verb,
    /// The first node that stands otherwise afterwards: without the rule, and with it.
    pub stands: Option<(RaftNode, RaftNode)>,
    /// What it did, and why.
    pub broken_events: Vec<(Speaking, Vec<Event>)>,
    /// What it would have done, and why.
    pub intact_events: Vec<(Speaking, Vec<Event>)>,
    /// What clients were told.
    pub broken_answers: Vec<Answer>,
    /// What they would have been told.
    pub intact_answers: Vec<Answer>,
}

/// Who acted, and on whose message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Speaking {
    /// The node.
    pub node: NodeId,
    /// Who sent what it handled, if it handled a message.
    pub from: Option<NodeId>,
}

/// Keeps what happened in the last move.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    events: Vec<(Speaking, Vec<Event>)>,
    answers: Vec<Answer>,
}

impl Ear {
    fn take(&self) -> Heard {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Observer for Ear {
    fn batch(&mut self, batch: &Batch<'_>) {
        let from = batch.steps.first().and_then(|step| match &step.input {
            Input::Receive(envelope) => Some(envelope.from),
            _ => None,
        });
        let who = Speaking { node: batch.replica.node().id(), from };
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.events.push((who, batch.events.to_vec()));
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        if let Deed::Answered { answer, .. } = deed {
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.answers.push(answer.clone());
        }
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

impl Schedule {
    /// The moves among a script's lines, in its cluster.
    #[must_use]
    pub fn of(script: &Script) -> Self {
        let is_move = |verb: &&Verb| {
            matches!(
                verb,
                Verb::Timeout(_)
                    | Verb::Heartbeat(_)
                    | Verb::Deliver(_)
                    | Verb::Crash { .. }
                    | Verb::Restart(_)
                    | Verb::Submit { .. }
            )
        };
        let verbs = script.lines.iter().map(|line| &line.verb);
        Self { settings: script.settings(), moves: verbs.filter(is_move).cloned().collect() }
    }

    /// Makes the same moves with the rules broken and with all of them kept, side by side, and finds
    /// where the two runs part.
    #[must_use]
    pub fn parting(&self) -> Option<Parting> {
        let (left, right) = (Ear::default(), Ear::default());
        let intact = Settings { rules: RuleSet::INTACT, ..self.settings };
        let mut broken = Hand::new(self.settings, vec![Box::new(left.clone())]);
        let mut kept = Hand::new(intact, vec![Box::new(right.clone())]);
        for (after, verb) in self.moves.iter().enumerate() {
            broken.make(verb);
            kept.make(verb);
            let (without, with) = (left.take(), right.take());
            if outlook(&broken) != outlook(&kept) {
                let node = |hand: &Hand, id| Some(hand.sim.replica(id)?.node().clone());
                let stands = NodeId::all(self.settings.nodes)
                    .filter_map(|id| Some((node(&broken, id)?, node(&kept, id)?)))
                    .find(|(broken, kept)| stand(broken) != stand(kept));
                return Some(Parting {
                    after,
                    verb: verb.clone(),
                    stands,
                    broken_events: without.events,
                    intact_events: with.events,
                    broken_answers: without.answers,
                    intact_answers: with.answers,
                });
            }
        }
        None
    }

    /// Plays the moves until `aim` is met.
    #[must_use]
    pub fn play(&self, aim: Aim) -> Played {
        let mut hand = Hand::new(self.settings, Vec::new());
        let mut moves = Vec::with_capacity(self.moves.len());
        for verb in &self.moves {
            if !hand.make(verb) {
                continue;
            }
            moves.push(verb.clone());
            let ends = match verb {
                // Only a delivery, or a restart, can bring clients an answer that betrays them.
                Verb::Deliver(_) => hand.fallen(aim).or_else(|| {
                    let answered = hand.asked.values().any(|call| call.returned.is_some());
                    if answered { hand.clients_fallen(aim) } else { None }
                }),
                _ => hand.fallen(aim),
            };
            if ends.is_some() {
                return Played { moves, fallen: ends };
            }
        }
        Played { moves, fallen: None }
    }

    /// The schedule as a scenario that reproduces it.
    #[must_use]
    pub fn script(&self, name: &str, fallen: &Fallen) -> Script {
        let mut script = Script::empty(name);
        script.nodes = self.settings.nodes;
        script.no_op = self.settings.no_op;
        script.max_batch = self.settings.max_batch;
        script.broken = self.settings.rules;
        script.timing = Timing::PAPER;
        script.on_threads = false;
        script.rules = self.settings.rules.broken().collect();
        script.shows = match script.rules.first() {
            Some(rule) => format!("What happens without {rule}: {}", rule.when_broken()),
            None => "A run in which a property falls.".to_owned(),
        };
        let verbs = std::iter::once(Verb::Manual)
            .chain(self.moves.iter().cloned())
            .chain(std::iter::once(Verb::ExpectViolation(fallen.property())));
        script.lines = verbs.map(|verb| Line { number: 0, verb }).collect();
        script
    }

    /// The same moves with other rules.
    #[must_use]
    pub fn with_rules(&self, rules: RuleSet) -> Self {
        let settings = Settings { rules, ..self.settings };
        Self { settings, moves: self.moves.clone() }
    }
}

/// How a running node stands, its settings apart.
type Stand = (Role, PersistentState, LogIndex);

fn stand(node: &RaftNode) -> Stand {
    (node.role().clone(), node.persistent().clone(), node.commit_index())
}

/// All that a cluster is: its nodes without their settings, what they have sent, and what their
/// clients were told.
fn outlook(hand: &Hand) -> (Vec<Option<Stand>>, Vec<Envelope>, BTreeMap<Ticket, Call>) {
    let sim = &hand.sim;
    let stands = NodeId::all(sim.size()).map(|id| Some(stand(sim.replica(id)?.node())));
    (
        stands.collect(),
        sim.sent().map(|flight| flight.envelope.clone()).collect(),
        hand.asked.clone(),
    )
}

/// Writes down a run in virtual time as moves.
#[derive(Clone, Default)]
pub struct Recorder {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    moves: Vec<Verb>,
    /// For each link and kind, the messages sent on it, oldest first.
    sent: BTreeMap<(MessageKind, NodeId, NodeId), Vec<MessageId>>,
}

impl Recorder {
    /// The moves so far.
    #[must_use]
    pub fn moves(&self) -> Vec<Verb> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).moves.clone()
    }

    fn with(&self, act: impl FnOnce(&mut Kept)) {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Kept {
    fn name(&self, id: MessageId, envelope: &Envelope) -> MessageName {
        let Envelope { from, to, message } = envelope;
        let kind = message.kind();
        let sent = self.sent.get(&(kind, *from, *to)).map_or(&[][..], Vec::as_slice);
        let nth_newest = sent.iter().rev().position(|&sent| sent == id).unwrap_or(0);
        MessageName { kind, from: *from, to: *to, nth_newest }
    }
}

impl Observer for Recorder {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = Who::Node(batch.replica.node().id());
        self.with(|kept| {
            for step in batch.steps {
                match &step.input {
                    Input::ElectionTimeout => kept.moves.push(Verb::Timeout(node)),
                    Input::HeartbeatDue => kept.moves.push(Verb::Heartbeat(node)),
                    Input::Propose(commands) => {
                        kept.moves.extend(commands.iter().map(|command| Verb::Submit {
                            to: node,
                            command: command.as_str().to_owned(),
                        }));
                    }
                    Input::Receive(envelope) => {
                        let name = kept.name(step.received.unwrap_or_default(), envelope);
                        kept.moves.push(Verb::Deliver(name));
                    }
                }
            }
            for (nth, envelope) in batch.messages.iter().enumerate() {
                let link = (envelope.message.kind(), envelope.from, envelope.to);
                let id = MessageId(batch.first_message.0 + nth as u64);
                // What a crash kept from leaving is never on its way.
                if batch.saved {
                    kept.sent.entry(link).or_default().push(id);
                }
            }
        });
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        self.with(|kept| match deed {
            Deed::Crash { node, point } => {
                let verb = Verb::Crash { who: Who::Node(*node), point: *point };
                // A crash within a step is announced before that step, which comes last.
                let at = kept.moves.len() - usize::from(*point != CrashPoint::Between);
                kept.moves.insert(at, verb);
            }
            Deed::Restart { node } => kept.moves.push(Verb::Restart(Who::Node(*node))),
            _ => {}
        });
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}
