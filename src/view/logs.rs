//! Logs drawn under each other, as in the paper's Figure 7: a column for each index, and the terms
//! of the entries in it.

use crate::raft::{Log, LogIndex, NodeId, RaftNode, RoleKind};
use crate::server::status::NodeStatus;

use super::table::Table;
use super::words::joined;
use super::{colour, width};

/// The margin of a drawing, and the width of an entry in it.
const INDENT: usize = 6;
const CELL: usize = 4;
/// Stands behind the committed part of a log.
const COMMITTED: char = '│';

/// One line of a drawing.
#[derive(Clone, Debug)]
pub(crate) struct LogRow<'a> {
    /// The nodes that have this log.
    pub(crate) nodes: Vec<NodeId>,
    /// The first owner's role, for the colour.
    pub(crate) role: RoleKind,
    pub(crate) log: &'a Log,
    /// The last index known to be committed; a mark stands behind that entry.
    pub(crate) committed: LogIndex,
    /// The words beside the log.
    pub(crate) words: String,
}

impl<'a> LogRow<'a> {
    /// The log of one node, with the node's state beside it.
    pub(crate) fn of(status: &NodeStatus, log: &'a Log) -> Self {
        let NodeStatus { id, up, paused, role, term, commit, .. } = *status;
        let words = if up {
            let paused = if paused { ", paused" } else { "" };
            format!("{role}, term {term}, commitIndex {commit}{paused}")
        } else {
            format!("crashed, term {term}")
        };
        Self { nodes: vec![id], role, log, committed: commit, words }
    }
}

/// Draws the logs of these nodes. A star marks an entry that differs from the first node's, or that
/// the first node lacks.
pub fn draw(nodes: &[RaftNode]) -> Vec<String> {
    let status = |node| NodeStatus::of_node(node, LogIndex::ZERO);
    let rows = nodes.iter().map(|node| LogRow::of(&status(node), node.log()));
    draw_rows(&rows.collect::<Vec<_>>(), true)
}

/// Draws any logs. `explained` says whether to explain the mark behind a committed part.
pub(crate) fn draw_rows(rows: &[LogRow<'_>], explained: bool) -> Vec<String> {
    let longest = rows.iter().map(|row| row.log.last_index().get()).max().unwrap_or_default();
    // Entries that do not fit into the width are drawn in a further part below.
    let most = ((width() - INDENT - 9) / CELL) as u64;
    let parts = longest.div_ceil(most).max(1);
    let mut lines = Vec::new();
    let (mut differs, mut commits) = (false, false);
    for part in 0..parts {
        let indexes = || (part * most + 1..=longest.min((part + 1) * most)).map(LogIndex::new);
        let mut table = Table::new(INDENT);
        let header = joined(indexes().map(|index| format!("{index:>3} ")), "");
        table.row(["index".to_owned(), colour::faint(header.trim_end()), String::new()]);
        for row in rows {
            let mark = |index: LogIndex| {
                let is_next = row.committed > LogIndex::ZERO && index == row.committed.next();
                if is_next { COMMITTED } else { ' ' }
            };
            let cell = |index| {
                let entry = row.log.get(index);
                let reference = rows.first().and_then(|first| first.log.get(index));
                let star = if entry.is_some() && entry != reference { '*' } else { ' ' };
                let term = entry.map_or_else(String::new, |entry| entry.term.to_string());
                format!("{}{term:>2}{star}", mark(index))
            };
            let mut cells = joined(indexes().map(cell), "");
            cells.push(indexes().next_back().map_or(' ', |last| mark(last.next())));
            differs |= cells.contains('*');
            commits |= cells.contains(COMMITTED);
            let name = colour::role(row.role, &joined(&row.nodes, " "));
            let words = if part + 1 == parts { row.words.clone() } else { String::new() };
            table.row([name, cells.trim_end().to_owned(), words]);
        }
        lines.extend(table.lines());
    }
    let first = rows.first().and_then(|first| first.nodes.first());
    let stars = first.filter(|_| differs).map(|first| format!("* not in {first}'s log"));
    let commits = (commits && explained).then(|| format!("{COMMITTED} committed up to here"));
    let notes: Vec<String> = stars.into_iter().chain(commits).collect();
    if !notes.is_empty() {
        lines.push(colour::faint(&format!("      {}", notes.join("; "))));
    }
    lines
}
