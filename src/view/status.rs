//! The state of the nodes, as a table.

use super::colour;
use super::columns::MARGIN;
use super::logs::{self, LogRow};
use super::table::Table;
use super::words::{alike, joined, log_end};
use crate::raft::{Log, NodeId};
use crate::server::status::{NodeStatus, leader_of};

/// The table, with one row for each node.
pub(crate) fn table(statuses: &[NodeStatus]) -> Vec<String> {
    let mut table = Table::new(11).at_least(&[0, 9]);
    let heads = ["node", "role", "term", "log", "commit", "applied"];
    table.row(heads.map(colour::faint));
    for status in statuses {
        let number = |number: u64, width: usize| {
            if status.up { format!("{number:>width$}") } else { format!("{:>width$}", "-") }
        };
        table.row([
            status.id.to_string(),
            role(status),
            format!("{:>4}", status.term),
            format!("{:>3}", status.last.index),
            number(status.commit.get(), 6),
            number(status.applied.get(), 7),
        ]);
    }
    table.lines()
}

/// The role of a node, and that it is paused; or that it is crashed.
fn role(status: &NodeStatus) -> String {
    let role = colour::role(status.role, &status.role.to_string());
    match status {
        NodeStatus { up: false, .. } => colour::wrong("CRASHED"),
        // A paused process keeps its role: one that led still believes so when it resumes.
        NodeStatus { paused: true, .. } => format!("{role}, {}", colour::wrong("PAUSED")),
        _ => role,
    }
}

/// The nodes whose state has changed, with nodes in the same state in one row. A node that has only crashed is
/// left out: the crash was told when it happened.
pub(crate) fn changes(before: &[NodeStatus], now: &[NodeStatus]) -> Vec<String> {
    let stands = |status: &NodeStatus| {
        let NodeStatus { up, paused, term, last, commit, .. } = *status;
        (up, paused, term, last, commit)
    };
    let seen = |status: &NodeStatus| (status.role, stands(status));
    let is_told = |before: &NodeStatus, now: &NodeStatus| {
        let only_crashed = !now.up && (before.term, before.last) == (now.term, now.last);
        only_crashed || seen(before) == seen(now)
    };
    let changed = now.iter().enumerate();
    let changed = changed.filter(|(nth, now)| !before.get(*nth).is_some_and(|it| is_told(it, now)));
    let mut changed: Vec<&NodeStatus> = changed.map(|(_, status)| status).collect();
    changed.sort_by_key(|status| !status.leads());
    let mut table = Table::new(MARGIN.len());
    for (like, members) in alike(changed, |a, b| stands(a) == stands(b)) {
        let nodes: Vec<NodeId> = members.iter().map(|status| status.id).collect();
        let commit = if like.up { format!(", commitIndex {}", like.commit) } else { String::new() };
        let stands = format!("term {}, log {}{commit}", like.term, log_end(like.last));
        table.row([joined(&nodes, " "), roles(&members), stands]);
    }
    table.lines()
}

/// The roles of nodes in the same state, or which of them leads.
fn roles(members: &[&NodeStatus]) -> String {
    let like = members[0];
    if like.leads() && !like.paused && members.len() > 1 {
        return colour::role(like.role, &format!("{} leads", like.id));
    }
    let groups = alike(members.iter().copied(), |a, b| a.role == b.role);
    let told = |(like, members): &(&NodeStatus, Vec<&NodeStatus>)| {
        let nodes: Vec<NodeId> = members.iter().map(|status| status.id).collect();
        let nodes = if groups.len() > 1 { joined(&nodes, " ") + " " } else { String::new() };
        nodes + &role(like)
    };
    joined(groups.iter().map(told), ", ")
}

/// The logs, the leader's first, with the role and term of their nodes. Nodes in the same state with equal logs
/// share a row. `explained` says whether to explain the mark behind the committed part.
pub(crate) fn logs(statuses: &[NodeStatus], logs: &[Log], explained: bool) -> Vec<String> {
    let mut nodes: Vec<(&NodeStatus, &Log)> = statuses.iter().zip(logs).collect();
    let leader = leader_of(statuses).map(|leader| leader.id);
    nodes.sort_by_key(|(status, _)| Some(status.id) != leader);
    let groups = alike(nodes, |(a, log), (b, other)| {
        (a.up, a.paused, a.term, a.commit) == (b.up, b.paused, b.term, b.commit) && log == other
    });
    let rows = groups.into_iter().map(|((first, log), members)| LogRow {
        nodes: members.iter().map(|(status, _)| status.id).collect(),
        role: first.role,
        log,
        committed: first.commit,
        words: {
            let members: Vec<&NodeStatus> = members.iter().map(|(status, _)| *status).collect();
            format!("{}, term {}", roles(&members), first.term)
        },
    });
    logs::draw_rows(&rows.collect::<Vec<_>>(), explained)
}
