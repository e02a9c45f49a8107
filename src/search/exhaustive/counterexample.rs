//! The way to a violation, as moves that a cluster under manual control can make.

use super::actions::Action;
use super::server_state::{Prompt, ServerState};
use super::state::{Cause, Model};
use crate::raft::{Envelope, NodeId, PersistentState, Property};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};
use crate::server::turn_order::CrashPoint;

/// How a property can be violated.
#[derive(Clone, PartialEq, Debug)]
pub struct Counterexample {
    /// How many steps it takes: a crash and its restart are one step, but two moves. No way is shorter.
    pub steps: usize,
    /// The property that is violated with the last step.
    pub property: Property,
    /// What happens, in order, as moves that a world under manual control can make.
    pub moves: Vec<Verb>,
}

impl Counterexample {
    /// Takes the steps once more, to count the newer messages of the same name when one is delivered.
    pub(super) fn new(model: &Model<'_>, property: Property, way: &[Action]) -> Self {
        let fresh = |id| ServerState::start(id, model.settings, PersistentState::default());
        let mut servers: Vec<_> = NodeId::all(model.settings.nodes).map(fresh).collect();
        let mut sent: Vec<Envelope> = Vec::new();
        let mut moves = Vec::new();
        let mut submitted = 0;
        for &Action { at, cause } in way {
            let (who, server) = (Who::Node(at), &mut servers[at.index()]);
            let stepped = match cause {
                Cause::Message(message_id) => {
                    let envelope = model.interned(message_id);
                    let newer = sent.iter().rev().take_while(|sent| *sent != envelope);
                    moves.push(Verb::Deliver(MessageName::of(envelope, newer)));
                    server.receive(envelope)
                }
                Cause::Prompt(prompt) => {
                    match prompt {
                        Prompt::Timeout => moves.push(Verb::Timeout(who)),
                        Prompt::Heartbeat => moves.push(Verb::Heartbeat(who)),
                        Prompt::Propose => {
                            submitted += 1;
                            moves.push(Verb::Submit {
                                to: who,
                                command: format!("SET x={submitted}"),
                            });
                        }
                        Prompt::Restart => {
                            moves.push(Verb::Crash { who, point: CrashPoint::Between });
                            moves.push(Verb::Restart(who));
                        }
                    }
                    server.prompt(prompt)
                }
            };
            *server = stepped.server;
            sent.extend(stepped.sent);
        }
        Self { steps: way.len(), property, moves }
    }
}
