//! Records the script: what the sections do with the servers becomes a list of beats.

use crate::raft::{Envelope, Input, NodeId, Settings};

use super::stage::{Servers, addressed};
use super::{Beat, Options, Section};

/// The script recorded so far, and the servers it plays on.
pub(super) struct Walkthrough {
    /// The servers; steps that a section makes on them directly are not shown.
    pub(super) stage: Servers,
    pub(super) sections: Vec<Section>,
    /// The seed, for a section that sets up servers of its own.
    pub(super) seed: u64,
}

impl Walkthrough {
    /// An empty script, with new servers.
    pub(super) fn new(options: Options) -> Self {
        let stage = Servers::new(Settings::new(options.nodes), options.seed);
        Self { stage, sections: Vec::new(), seed: options.seed }
    }

    /// Begins the next section.
    pub(super) fn open(&mut self, title: &'static str) {
        let number = self.sections.len() + 1;
        self.sections.push(Section { number, title, beats: Vec::new() });
    }

    fn push(&mut self, beat: Beat) {
        if let Some(section) = self.sections.last_mut() {
            section.beats.push(beat);
        }
    }

    /// Adds an explanation, and where the paper says it.
    pub(super) fn say(&mut self, paper: &'static str, text: impl Into<String>) {
        self.push(Beat::Said { text: text.into(), paper });
    }

    /// Shows a node as it starts.
    pub(super) fn start(&mut self, id: NodeId) {
        let election_timeout = self.stage.first_timeout(id);
        let node = self.stage.node(id).clone();
        self.push(Beat::Started { node, election_timeout });
    }

    /// Shows a node handling an input. Returns what the node sends.
    pub(super) fn step(&mut self, id: NodeId, input: Input) -> Vec<Envelope> {
        let step = self.stage.step(id, input);
        let messages = step.envelopes();
        self.push(Beat::Stepped(step));
        messages
    }

    /// Shows a node handling all of `mail` that is addressed to it. Returns what the node sends.
    pub(super) fn deliver(&mut self, mail: &[Envelope], to: NodeId) -> Vec<Envelope> {
        addressed(mail, to).flat_map(|input| self.step(to, input)).collect()
    }

    /// Shows what a crash would leave of a node.
    pub(super) fn disk(&mut self, id: NodeId) {
        let (node, disk) = (self.stage.node(id).clone(), self.stage.disk(id).clone());
        self.push(Beat::Durable { node, disk });
    }

    /// Shows a log, entry by entry.
    pub(super) fn log(&mut self, id: NodeId) {
        self.push(Beat::Log(self.stage.node(id).clone()));
    }

    /// Shows several logs below each other.
    pub(super) fn logs(&mut self, ids: &[NodeId]) {
        self.push(Beat::Logs(ids.iter().map(|&id| self.stage.node(id).clone()).collect()));
    }

    /// Shows what a state machine holds.
    pub(super) fn store(&mut self, id: NodeId) {
        let values = self.stage.machine(id).iter();
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        self.push(Beat::Store { node: self.stage.node(id).clone(), values });
    }
}
