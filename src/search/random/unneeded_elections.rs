//! Watches for unneeded elections: a node that has heard from the leader of its term less than the
//! shortest election timeout ago has no reason to campaign.

use std::time::Duration;

use serde::Serialize;

use crate::raft::{Event, Facts, MAX_NODES, MessageKind, NodeId, Term, TimerCause};
use crate::record::deed::Deed;
use crate::record::journal::{Batch, Observer};
use crate::server::timing::Time;

/// An election that was not needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct UnneededElection {
    /// The node that campaigned.
    pub node: NodeId,
    /// The term in which it campaigned.
    pub term: Term,
    /// When it had last heard from the leader of the term before.
    #[serde(rename = "heard_us")]
    pub heard: Time,
    /// When it campaigned.
    #[serde(rename = "campaigned_us")]
    pub campaigned: Time,
}

/// An observer that watches for unneeded elections.
#[derive(Debug)]
pub struct UnneededElections {
    shortest: Duration,
    /// For each node, the last AppendEntries of its own term: which term, and when.
    heard: [Option<(Term, Time)>; MAX_NODES],
    /// A node that was told to campaign, and when.
    excused: Option<(NodeId, Time)>,
    /// The first unneeded election.
    pub found: Option<UnneededElection>,
}

impl UnneededElections {
    /// Returns a watch for a cluster whose shortest election timeout is this.
    pub const fn new(shortest: Duration) -> Self {
        Self { shortest, heard: [None; MAX_NODES], excused: None, found: None }
    }

    /// Excuses the election that a node starts at this moment, because it was made to campaign.
    pub fn excuse(&mut self, node: Option<NodeId>, now: Time) {
        if let Some(node) = node {
            self.excused = Some((node, now));
            if self.found.is_some_and(|found| found.node == node && found.campaigned == now) {
                self.found = None;
            }
        }
    }
}

impl Observer for UnneededElections {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = batch.server.node().id();
        let (now, shortest) = (batch.time, self.shortest);
        for event in batch.events {
            if hears_leader(event) {
                self.heard[node.index()] = Some((batch.server.node().current_term(), now));
            }
            let Event::ElectionStarted { term, .. } = *event else { continue };
            let Some((heard_in, heard)) = self.heard[node.index()] else { continue };
            let same = heard_in.next() == Some(term);
            let told = self.excused == Some((node, now));
            if same && !told && now - heard < shortest && self.found.is_none() {
                self.found = Some(UnneededElection { node, term, heard, campaigned: now });
            }
        }
    }

    fn deed(&mut self, _: Time, deed: &Deed) {
        if let Deed::Crash { node, .. } = deed {
            self.heard[node.index()] = None;
        }
    }
}

/// Whether this event says that AppendEntries of the node's own term arrived, even if the node did not heed it.
/// The events say so without the inputs, which the world would have to keep for an observer at every step.
const fn hears_leader(event: &Event) -> bool {
    match event {
        Event::Checked(verdict) => {
            matches!(verdict.facts, Facts::Timer { cause: TimerCause::CurrentLeader })
        }
        Event::Ignored { kind, .. } => matches!(kind, MessageKind::AppendEntries),
        _ => false,
    }
}
