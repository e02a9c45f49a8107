//! The scenarios that ship with the program, as a table.

use std::io::{self, Write};
use std::process::ExitCode;

use super::paint;
use super::table::Table;
use crate::scenario::library::SHIPPED;
use crate::scenario::script::Script;

/// Writes the table: name, and what it shows.
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
    Ok(ExitCode::SUCCESS)
}
