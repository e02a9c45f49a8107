//! A way to a fallen property, told by names: as steps, and as moves that anyone can make.

use super::actions::Action;
use super::server_state::{Prompt, ServerState};
use super::state::{Cause, Model};
use crate::raft::{Envelope, NodeId, Property, Settings};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};
use crate::server::engine::CrashPoint;

/// One step of one node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CounterexampleStep {
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

/// How a property can fall.
#[derive(Clone, PartialEq, Debug)]
pub struct Counterexample {
    /// What happens, in order. No way is shorter.
    pub steps: Vec<CounterexampleStep>,
    /// The property that falls with the last step.
    pub property: Property,
    /// The same as moves that a world under manual control can make.
    pub moves: Vec<Verb>,
}

impl Counterexample {
    pub(super) fn new(model: &Model<'_>, property: Property, way: &[Action]) -> Self {
        let steps: Vec<CounterexampleStep> =
            way.iter().map(|&happening| step(model, happening)).collect();
        let moves = moves(model.settings, &steps);
        Self { steps, property, moves }
    }
}

fn step(model: &Model<'_>, Action { at, cause }: Action) -> CounterexampleStep {
    match cause {
        Cause::Prompt(Prompt::Timeout) => CounterexampleStep::Timeout(at),
        Cause::Prompt(Prompt::Heartbeat) => CounterexampleStep::Heartbeat(at),
        Cause::Prompt(Prompt::Propose) => CounterexampleStep::Submit(at),
        Cause::Prompt(Prompt::Restart) => CounterexampleStep::Restart(at),
        Cause::Message(message_id) => {
            CounterexampleStep::Deliver(model.interned(message_id).envelope.clone())
        }
    }
}

/// Plays the steps once more, to know how many newer messages of the same name there are when one
/// is delivered.
struct Post {
    servers: Vec<ServerState>,
    sent: Vec<Envelope>,
}

impl Post {
    fn play(&mut self, step: &CounterexampleStep) -> Option<MessageName> {
        let (at, name) = match step {
            CounterexampleStep::Timeout(at)
            | CounterexampleStep::Heartbeat(at)
            | CounterexampleStep::Submit(at)
            | CounterexampleStep::Restart(at) => (*at, None),
            CounterexampleStep::Deliver(envelope) => (envelope.to, Some(self.name(envelope))),
        };
        let server = &mut self.servers[at.index()];
        let stepped = match step {
            CounterexampleStep::Timeout(_) => server.prompt(Prompt::Timeout, false),
            CounterexampleStep::Heartbeat(_) => server.prompt(Prompt::Heartbeat, false),
            CounterexampleStep::Submit(_) => server.prompt(Prompt::Propose, false),
            CounterexampleStep::Restart(_) => server.prompt(Prompt::Restart, false),
            CounterexampleStep::Deliver(envelope) => server.receive(envelope, false),
        };
        *server = stepped.server;
        self.sent.extend(stepped.sent);
        name
    }

    fn name(&self, envelope: &Envelope) -> MessageName {
        MessageName::of(envelope, self.sent.iter().rev().take_while(|sent| *sent != envelope))
    }
}

fn moves(settings: Settings, steps: &[CounterexampleStep]) -> Vec<Verb> {
    let fresh = |id| ServerState::fresh(id, settings, false);
    let servers = NodeId::all(settings.nodes).map(fresh).collect();
    let mut post = Post { servers, sent: Vec::new() };
    let mut moves = Vec::new();
    let mut submitted = 0;
    for step in steps {
        let name = post.play(step);
        match (step, name) {
            (CounterexampleStep::Deliver(_), name) => moves.extend(name.map(Verb::Deliver)),
            (CounterexampleStep::Timeout(at), _) => moves.push(Verb::Timeout(Who::Node(*at))),
            (CounterexampleStep::Heartbeat(at), _) => moves.push(Verb::Heartbeat(Who::Node(*at))),
            (CounterexampleStep::Submit(at), _) => {
                submitted += 1;
                let command = format!("SET x={submitted}");
                moves.push(Verb::Submit { to: Who::Node(*at), command });
            }
            (CounterexampleStep::Restart(at), _) => {
                let who = Who::Node(*at);
                moves.push(Verb::Crash { who, point: CrashPoint::Between });
                moves.push(Verb::Restart(who));
            }
        }
    }
    moves
}
