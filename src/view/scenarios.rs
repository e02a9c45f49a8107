//! The scenarios that ship with the program, as a table.

use std::io::{self, Write};
use std::process::ExitCode;

use super::paint;
use super::table::{Table, paragraph};
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::script::Script;

/// Writes the table: name, and what it shows; and that there are more, for each rule.
///
/// # Errors
/// If it cannot be written.
pub fn list(out: &mut dyn Write) -> io::Result<ExitCode> {
    let mut table = Table::new(0);
    for (name, text) in SHIPPED {
        let shows = Script::parse(name, text).map_or_else(|error| error.to_string(), |s| s.shows);
        table.row([paint::strong(name).to_string(), shows]);
    }
    table.lines().iter().try_for_each(|line| writeln!(out, "{line}"))?;
    let broken = format!(
        "And for each of the {} rules broken/RULE: what happens without it, as in 'raft-cluster run \
         {}'. 'raft-node rules' lists them.",
        BROKEN.len(),
        BROKEN[1].0
    );
    writeln!(out)?;
    paragraph(&broken, "", "").iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(ExitCode::SUCCESS)
}
