//! What a violation rests on: two facts that cannot both be, as values.

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, NodeId, Property, Term};

/// A property fell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// At which step of the run, counted from 1.
    pub step: u64,
    /// On which facts.
    pub evidence: Evidence,
}

/// A number that may only grow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Counter {
    /// A node's current term.
    Term,
    /// A node's commit index.
    CommitIndex,
    /// The last entry that a node applied.
    LastApplied,
    /// A leader's match index of this follower.
    MatchIndex(NodeId),
}

/// Two facts that cannot both be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Evidence {
    /// Two nodes led one term.
    TwoLeaders {
        /// The term.
        term: Term,
        /// Who led it first.
        first: NodeId,
        /// Who led it too.
        second: NodeId,
    },
    /// A node voted twice in one term.
    TwoVotes {
        /// The voter.
        voter: NodeId,
        /// The term.
        term: Term,
        /// For whom it voted first.
        first: NodeId,
        /// For whom it voted then.
        second: NodeId,
    },
    /// A vote changed, or was forgotten, within its term.
    VoteChanged {
        /// The voter.
        node: NodeId,
        /// The term.
        term: Term,
        /// The vote before.
        from: Option<NodeId>,
        /// The vote now.
        to: Option<NodeId>,
    },
    /// A leader removed entries of its own log.
    LeaderCut {
        /// The leader.
        leader: NodeId,
        /// The term it leads.
        term: Term,
        /// The first entry it removed.
        from: LogIndex,
    },
    /// Two logs hold the same position, but not the same entries up to it.
    LogsDiffer {
        /// The position that both hold.
        position: LogPosition,
        /// Who held it first.
        a: NodeId,
        /// Whose log differs.
        b: NodeId,
        /// The first index at which they differ, and the terms of the entries there, `a`'s and then
        /// `b`'s; nothing if the first has lost that entry since.
        parts: Option<(LogIndex, Term, Term)>,
    },
    /// A leader lacks an entry that was committed in an earlier term.
    LeaderLacks {
        /// The leader.
        leader: NodeId,
        /// The term it leads.
        term: Term,
        /// The entry it lacks.
        missing: LogPosition,
        /// The term in which that entry was committed.
        committed_in: Term,
    },
    /// Two nodes committed different entries at one index.
    CommitsDiffer {
        /// The index.
        index: LogIndex,
        /// Who committed there first, and the term of that entry.
        first: (NodeId, Term),
        /// Who committed another entry there, and its term.
        second: (NodeId, Term),
    },
    /// A leader committed an entry that too few durable logs hold.
    NotDurable {
        /// The leader.
        leader: NodeId,
        /// The entry.
        position: LogPosition,
        /// Durable logs that hold it.
        copies: usize,
        /// Durable logs that make a majority.
        need: usize,
    },
    /// A number went back.
    WentBack {
        /// Whose.
        node: NodeId,
        /// Which.
        counter: Counter,
        /// What it was.
        from: u64,
        /// What it became.
        to: u64,
    },
    /// A leader's bookkeeping of a follower left its bounds.
    ProgressOutOfBounds {
        /// The leader.
        leader: NodeId,
        /// The follower.
        peer: NodeId,
        /// Its match index.
        match_index: LogIndex,
        /// Its next index.
        next_index: LogIndex,
        /// The end of the leader's log.
        last: LogIndex,
    },
    /// A node's log is not what its steps made it.
    ShadowDiffers {
        /// The node.
        node: NodeId,
    },
}

impl Serialize for Violation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut fields = serializer.serialize_struct("Violation", 3)?;
        fields.serialize_field("property", self.property.name())?;
        fields.serialize_field("step", &self.step)?;
        fields.serialize_field("evidence", &format!("{:?}", self.evidence))?;
        fields.end()
    }
}
