//! How the nodes stand, as a table.

use super::colour;
use super::table::Table;
use crate::server::status::NodeStatus;

/// The table: a row a node.
pub(crate) fn table(statuses: &[NodeStatus]) -> Vec<String> {
    let mut table = Table::new(11);
    let heads = ["node", "role", "term", "log", "commit", "applied"];
    table.row(heads.map(|head| colour::faint(head).to_string()));
    for status in statuses {
        let role = if status.paused {
            colour::wrong(&format!("{:<9}", "PAUSED")).to_string()
        } else if status.up {
            colour::role(status.role, &format!("{:<9}", status.role)).to_string()
        } else {
            colour::wrong(&format!("{:<9}", "CRASHED")).to_string()
        };
        let number = |number: u64, width: usize| {
            if status.up { format!("{number:>width$}") } else { format!("{:>width$}", "-") }
        };
        table.row([
            status.id.to_string(),
            role,
            format!("{:>4}", status.term),
            format!("{:>3}", status.last.index),
            number(status.commit.get(), 6),
            number(status.applied.get(), 7),
        ]);
    }
    table.lines()
}
