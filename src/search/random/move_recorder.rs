//! Records a run in virtual time as moves that can be made again.

use crate::raft::{Envelope, Input};
use crate::record::deed::Deed;
use crate::record::journal::{Batch, Flight, Observer};
use crate::record::message_name::MessageName;
use crate::scenario::verb_table::{Verb, Who};
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail, MessageId};

/// An observer that records a run in virtual time as moves.
#[derive(Default)]
pub struct MoveRecorder {
    /// The moves so far.
    pub moves: Vec<Verb>,
    /// The messages that were sent, oldest first.
    sent: Vec<Flight>,
    /// How many of them were sent before the newest turn.
    sent_before: usize,
}

impl MoveRecorder {
    fn name(&self, id: MessageId, envelope: &Envelope) -> MessageName {
        let newer = self.sent.iter().rev().take_while(|sent| sent.id != id);
        MessageName::of(envelope, newer.map(|sent| &sent.envelope))
    }
}

impl Observer for MoveRecorder {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = Who::Node(batch.server.node().id());
        for step in batch.steps {
            match &step.input {
                Input::ElectionTimeout => self.moves.push(Verb::Timeout(node)),
                Input::HeartbeatDue => self.moves.push(Verb::Heartbeat(node)),
                Input::Propose(commands) => {
                    self.moves.extend(commands.iter().map(|command| Verb::Submit {
                        to: node,
                        command: command.as_str().to_owned(),
                    }));
                }
                Input::Receive(envelope) => {
                    let name = self.name(step.received.unwrap_or_default(), envelope);
                    self.moves.push(Verb::Deliver(name));
                }
            }
        }
        self.sent_before = self.sent.len();
        if batch.saved {
            let numbered = (batch.first_message.0..).map(MessageId).zip(batch.messages);
            let flight = |(id, envelope): (_, &Envelope)| Flight { id, envelope: envelope.clone() };
            self.sent.extend(numbered.map(flight));
        }
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        match deed {
            Deed::Crash { node, point } => {
                let verb = Verb::Crash { who: Who::Node(*node), point: *point };
                // A crash within a step is announced before that step, which is the last move so far.
                let at = self.moves.len() - usize::from(*point != CrashPoint::Between);
                self.moves.insert(at, verb);
                // The turn was recorded before its crash; its messages never left, so they are removed.
                if *point == CrashPoint::BeforeSend {
                    self.sent.truncate(self.sent_before);
                }
            }
            Deed::Restart { node } => self.moves.push(Verb::Restart(Who::Node(*node))),
            _ => {}
        }
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}
