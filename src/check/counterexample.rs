//! A way to a fallen property, told by names: as steps, and as a script that anyone can run.

use std::fmt;

use super::bounds::Bounds;
use super::exchange::Exchange;
use super::search::Action;
use super::server::{Prompt, Server};
use super::state::{Cause, Model};
use crate::journal::CrashPoint;
use crate::raft::{Envelope, NodeId, Property, RuleSet};
use crate::scenario::script::{Line, Script};
use crate::scenario::verb::{Verb, Who};
use crate::world::MessageName;

/// One step of one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Its election timer ends.
    Timeout(NodeId),
    /// It leads, and it is time to speak.
    Heartbeat(NodeId),
    /// A client sends it a command.
    Submit(NodeId),
    /// It crashes and starts again.
    Restart(NodeId),
    /// A message arrives.
    Deliver(Envelope),
}

/// What is told as one: an exchange with its steps, or a single step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Panel {
    /// The exchange, if the search went by exchanges.
    pub exchange: Option<Exchange>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// How a property can fall.
#[derive(Clone, PartialEq, Debug)]
pub struct Counterexample {
    /// What happens, in order. No way is shorter, counted in panels.
    pub panels: Vec<Panel>,
    /// The property that falls with the last step.
    pub property: Property,
    /// The same as a scenario, which ends by expecting just that.
    pub script: Script,
}

impl Counterexample {
    /// Every step, panel by panel.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.panels.iter().flat_map(|panel| &panel.steps)
    }

    pub(super) fn new(
        model: &Model<'_>,
        bounds: &Bounds,
        rules: RuleSet,
        property: Property,
        way: Vec<Action>,
    ) -> Self {
        let panels: Vec<Panel> = way
            .into_iter()
            .map(|Action { exchange, trail }| {
                let steps = trail.iter().map(|&(at, cause)| step(model, at, cause)).collect();
                Panel { exchange, steps }
            })
            .collect();
        let script = script(bounds, rules, property, &panels);
        Self { panels, property, script }
    }
}

fn step(model: &Model<'_>, at: NodeId, cause: Cause) -> Step {
    match cause {
        Cause::Prompt(Prompt::Timeout) => Step::Timeout(at),
        Cause::Prompt(Prompt::Heartbeat) => Step::Heartbeat(at),
        Cause::Prompt(Prompt::Propose) => Step::Submit(at),
        Cause::Prompt(Prompt::Restart) => Step::Restart(at),
        Cause::Letter(letter) => Step::Deliver(model.letter(letter).envelope.clone()),
    }
}

/// Plays the steps once more, to know how many newer messages of the same name there are when one
/// is delivered.
struct Post {
    servers: Vec<Server>,
    sent: Vec<Envelope>,
}

impl Post {
    fn play(&mut self, step: &Step) -> Option<MessageName> {
        let (at, name) = match step {
            Step::Timeout(at) | Step::Heartbeat(at) | Step::Submit(at) | Step::Restart(at) => {
                (*at, None)
            }
            Step::Deliver(envelope) => (envelope.to, Some(self.name(envelope))),
        };
        let server = &mut self.servers[at.index()];
        let stepped = match step {
            Step::Timeout(_) => server.prompt(Prompt::Timeout, false),
            Step::Heartbeat(_) => server.prompt(Prompt::Heartbeat, false),
            Step::Submit(_) => server.prompt(Prompt::Propose, false),
            Step::Restart(_) => server.prompt(Prompt::Restart, false),
            Step::Deliver(envelope) => server.receive(envelope, false),
        };
        *server = stepped.server;
        self.sent.extend(stepped.sent);
        name
    }

    fn name(&self, envelope: &Envelope) -> MessageName {
        let (kind, from, to) = (envelope.message.kind(), envelope.from, envelope.to);
        let name = MessageName { kind, from, to, nth_newest: 0 };
        let same_name = self.sent.iter().rev().filter(|sent| name.matches(sent));
        let nth_newest = same_name.take_while(|sent| *sent != envelope).count();
        MessageName { nth_newest, ..name }
    }
}

fn script(bounds: &Bounds, rules: RuleSet, property: Property, panels: &[Panel]) -> Script {
    let settings = bounds.settings(rules);
    let fresh = |id| Server::fresh(id, settings, false);
    let servers = NodeId::all(settings.nodes).map(fresh).collect();
    let mut post = Post { servers, sent: Vec::new() };
    let mut verbs = vec![Verb::Manual];
    let mut submitted = 0;
    for panel in panels {
        if let Some(exchange) = &panel.exchange {
            verbs.push(Verb::Phase(exchange.to_string()));
        }
        for step in &panel.steps {
            let name = post.play(step);
            match (step, name) {
                (Step::Deliver(_), Some(name)) => verbs.push(Verb::Deliver(name)),
                (Step::Timeout(at), _) => verbs.push(Verb::Timeout(Who::Node(*at))),
                (Step::Heartbeat(at), _) => verbs.push(Verb::Heartbeat(Who::Node(*at))),
                (Step::Submit(at), _) => {
                    submitted += 1;
                    let command = format!("SET x={submitted}");
                    verbs.push(Verb::Submit { to: Who::Node(*at), command });
                }
                (Step::Restart(at), _) => {
                    let who = Who::Node(*at);
                    verbs.push(Verb::Crash { who, point: CrashPoint::Between });
                    verbs.push(Verb::Restart(who));
                }
                (Step::Deliver(_), None) => {}
            }
        }
    }
    verbs.push(Verb::ExpectViolation(property));
    let broken: Vec<_> = rules.broken().collect();
    let ids = broken.iter().map(|rule| rule.id()).collect::<Vec<_>>().join(", ");
    let without = if ids.is_empty() { String::new() } else { format!(" without {ids}") };
    let mut script = Script::empty("counterexample");
    script.shows = format!("How {property} falls{without}; no way is shorter.");
    script.rules.clone_from(&broken);
    script.nodes = bounds.nodes;
    script.no_op = bounds.no_op;
    script.max_batch = bounds.max_batch;
    script.broken = rules;
    script.on_threads = false;
    // The head takes a line for each of its settings; the numbers are those of the lines as they
    // are written.
    let head = script.to_string().lines().count();
    let numbered = verbs.into_iter().enumerate();
    script.lines = numbered.map(|(nth, verb)| Line { number: head + nth + 1, verb }).collect();
    script
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout(at) => write!(f, "{at}'s election timer ends"),
            Self::Heartbeat(at) => write!(f, "{at} sends heartbeats"),
            Self::Submit(at) => write!(f, "a client sends {at} a command"),
            Self::Restart(at) => write!(f, "{at} crashes and starts again"),
            Self::Deliver(envelope) => {
                let Envelope { from, to, message } = envelope;
                write!(
                    f,
                    "{to} receives {:?} of term {} from {from}",
                    message.kind(),
                    message.term()
                )
            }
        }
    }
}
