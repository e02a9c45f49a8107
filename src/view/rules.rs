//! The rules: all of them in a table, or one in full.

use std::io::{self, Write};

use crate::raft::Rule;

use super::table::{Table, paragraph};
use super::{explain, paint};

/// Writes one row a rule: id, section, statement.
///
/// # Errors
/// If writing fails.
pub fn list(out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new(0);
    for rule in Rule::ALL {
        table.row([
            paint::strong(rule.id()).to_string(),
            explain::section(rule).to_owned(),
            rule.statement().to_owned(),
        ]);
    }
    for line in table.lines() {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let hint = "'raft-node rules ID' tells one in full, with what it protects and how to break it.";
    writeln!(out, "{}", paint::faint(hint))
}

/// Writes all that is known of one rule.
///
/// # Errors
/// If writing fails.
pub fn one(rule: Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", paint::heading(rule.id()))?;
    writeln!(out)?;
    for line in paragraph(rule.statement(), "  ", "  ") {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    let property = rule.protects();
    let figure = if property.is_figure_3() { " (Figure 3)" } else { "" };
    let rows = [
        ("paper", rule.paper().to_owned()),
        ("protects", format!("{property}{figure}: {}", property.statement())),
        ("enforced in", format!("src/{}", rule.enforced_in())),
        ("when broken", rule.when_broken().to_owned()),
        ("break it", format!("raft-cluster hunt --break {rule}")),
    ];
    let mut table = Table::new(2);
    for (name, text) in rows {
        table.row([paint::faint(name).to_string(), text]);
    }
    for line in table.lines() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
