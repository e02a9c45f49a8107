//! Writes a run in virtual time down as moves that anyone can make again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::raft::{Envelope, Input, MessageKind, NodeId};
use crate::record::journal::{Batch, Deed, Observer};
use crate::record::message_name::MessageName;
use crate::scenario::verb::{Verb, Who};
use crate::server::engine::{CrashPoint, Detail, MessageId};
use crate::server::timing::Time;

/// Writes down a run in virtual time as moves.
#[derive(Clone, Default)]
pub struct Recorder {
    kept: Arc<Mutex<Recorded>>,
}

#[derive(Default)]
struct Recorded {
    moves: Vec<Verb>,
    /// For each link and kind, the messages sent on it, oldest first.
    sent: BTreeMap<(MessageKind, NodeId, NodeId), Vec<MessageId>>,
}

impl Recorder {
    /// The moves so far.
    pub fn moves(&self) -> Vec<Verb> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).moves.clone()
    }

    fn with(&self, act: impl FnOnce(&mut Recorded)) {
        act(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Recorded {
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
        let node = Who::Node(batch.server.node().id());
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
