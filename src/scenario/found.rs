//! What the nodes are found with that a condition asks: whether it holds, and what is said if it does not.

use super::condition::{Memory, is_committed, positions};
use super::line_outcome::Why;
use super::verb_table::{Committed, Condition, On, Who};
use crate::raft::{LogIndex, LogPosition, NodeId, Progress, RoleKind, Term};
use crate::scenario::world::World;
use crate::server::status::NodeStatus;

/// What a node was found with, of what a condition asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// It is down, so it has neither role nor commit index.
    Down,
    /// It leads this term.
    Leads(Term),
    /// It has this role.
    Role(RoleKind),
    /// It is in this term.
    Term(Term),
    /// It voted for this node, or for none, in this term.
    Vote(Option<NodeId>, Term),
    /// It has this commit index.
    CommitIndex(LogIndex),
    /// It has committed the command, or has not.
    Committed(bool),
    /// Its log ends here.
    LogEnd(LogPosition),
    /// Its log holds these entries.
    Log(Vec<LogPosition>),
    /// It holds this value, or none, under this key.
    Value(String, Option<String>),
    /// As the leader it has this nextIndex for the peer.
    NextIndex(NodeId, LogIndex),
    /// As the leader it has this matchIndex for the peer.
    MatchIndex(NodeId, LogIndex),
    /// As the leader it probes the peer, or does not.
    Probing(NodeId, bool),
}

impl Found {
    /// Whether a node found with this is as the condition says.
    pub(super) fn fits(&self, condition: &Condition) -> bool {
        match (condition, self) {
            (Condition::Role(_, role), Self::Role(is)) => is == role,
            (Condition::Committed(Committed::Count(count), _), Self::CommitIndex(is)) => {
                is.get() >= *count
            }
            (Condition::Committed(..), Self::Committed(is))
            | (Condition::Probing { .. }, Self::Probing(_, is)) => *is,
            (Condition::NotCommitted(..), Self::Committed(is))
            | (Condition::NotProbing { .. }, Self::Probing(_, is)) => !is,
            (Condition::Log(_, log), Self::Log(is)) => is == log,
            (Condition::Term(_, term), Self::Term(is)) => is.get() == *term,
            (Condition::Vote(_, vote), Self::Vote(is, _)) => is == vote,
            (Condition::Value((_, value), _), Self::Value(_, is)) => is.as_ref() == Some(value),
            (Condition::NoValue(..), Self::Value(_, is)) => is.is_none(),
            (Condition::Commit(_, index), Self::CommitIndex(is))
            | (Condition::NextIndex { index, .. }, Self::NextIndex(_, is))
            | (Condition::MatchIndex { index, .. }, Self::MatchIndex(_, is)) => is.get() == *index,
            _ => false,
        }
    }
}

/// What the nodes that a condition asks are found with. There is at least one.
///
/// # Errors
/// If the condition refers to a leader, a crashed node or all nodes that run, and there is none, or to what a node
/// knows of its peers, and the node does not lead.
pub(super) fn found<W: World>(
    world: &W,
    statuses: &[NodeStatus],
    condition: &Condition,
    memory: &Memory,
) -> Result<Vec<(NodeId, Found)>, Why> {
    let one = |who: &Who, look: &dyn Fn(NodeStatus) -> Found| {
        let status = statuses[memory.resolve(*who, statuses)?.index()];
        Ok(vec![(status.id, look(status))])
    };
    let running = |who: &Who, look: &dyn Fn(NodeStatus) -> Found| {
        one(who, &|status| if status.up { look(status) } else { Found::Down })
    };
    let all = |on: &On, look: &dyn Fn(NodeStatus) -> Found| {
        if let On::One(who) = on {
            return running(who, look);
        }
        let up = statuses.iter().filter(|status| status.up);
        let found: Vec<_> = up.map(|status| (status.id, look(*status))).collect();
        if found.is_empty() { Err(Why::NoneUp) } else { Ok(found) }
    };
    let of_peer = |leader: &Who, peer: &NodeId, look: &dyn Fn(Progress) -> Found| {
        let leader = memory.resolve(*leader, statuses)?;
        let progress = world.progress(leader, *peer).ok_or(Why::NotLeading(leader))?;
        Ok(vec![(leader, look(progress))])
    };
    let value = |status: NodeStatus, key: &str| {
        let machine = world.machine(status.id);
        let value = machine.and_then(|machine| machine.get(key).map(str::to_owned));
        Found::Value(key.to_owned(), value)
    };
    match condition {
        Condition::Leader(_)
        | Condition::LeaderOther(_)
        | Condition::LeaderSince(_)
        | Condition::NoLeader => {
            let leading = statuses.iter().filter(|status| status.leads());
            let leading: Vec<_> =
                leading.map(|status| (status.id, Found::Leads(status.term))).collect();
            if leading.is_empty() { Err(Why::NoLeader) } else { Ok(leading) }
        }
        Condition::Role(who, _) => running(who, &|it| Found::Role(it.role)),
        Condition::Commit(who, _) => running(who, &|it| Found::CommitIndex(it.commit)),
        Condition::Committed(Committed::Count(_), on) => {
            all(on, &|it| Found::CommitIndex(it.commit))
        }
        Condition::Committed(Committed::Command(text), on) | Condition::NotCommitted(text, on) => {
            all(on, &|it| Found::Committed(is_committed(world, &it, text)))
        }
        Condition::Log(who, _) => one(who, &|it| Found::Log(positions(&world.log(it.id)))),
        Condition::InStep => {
            let up = || statuses.iter().filter(|status| status.up);
            let last =
                up().next().map(|first| first.last).filter(|last| *last != LogPosition::START);
            let ends_alike = last.is_some_and(|last| up().all(|status| status.last == last));
            all(&On::All, &|it| {
                if ends_alike { Found::CommitIndex(it.commit) } else { Found::LogEnd(it.last) }
            })
        }
        Condition::Term(who, _) => one(who, &|it| Found::Term(it.term)),
        Condition::Vote(who, _) => one(who, &|it| Found::Vote(it.voted_for, it.term)),
        Condition::Value((key, _), on) | Condition::NoValue(key, on) => {
            all(on, &|it| value(it, key))
        }
        Condition::NextIndex { leader, peer, .. } => {
            of_peer(leader, peer, &|it| Found::NextIndex(*peer, it.next_index))
        }
        Condition::MatchIndex { leader, peer, .. } => {
            of_peer(leader, peer, &|it| Found::MatchIndex(*peer, it.match_index))
        }
        Condition::Probing { leader, peer } | Condition::NotProbing { leader, peer } => {
            of_peer(leader, peer, &|it| Found::Probing(*peer, it.probing))
        }
        _ => unreachable!("what clients were told, and elections, are asked elsewhere"),
    }
}
