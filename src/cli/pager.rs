//! Long answers on a terminal that is shorter: through the pager, as git does it.

use std::env;
use std::io::BufWriter;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::put;
use super::error::Error;
use super::interrupt;
use crate::view::output::{Output, WhenFull};
use crate::view::terminal_size;

/// Whether nobody wants a pager.
static OFF: AtomicBool = AtomicBool::new(false);

/// Whether a pager shows what is longer than the terminal from now on.
pub(super) fn switch(on: bool) {
    OFF.store(!on, Ordering::Relaxed);
}

/// Shows these lines: through the pager if the terminal is too short, and else as they are.
pub(super) fn show(lines: Vec<String>) -> Result<ExitCode, Error> {
    if paged(&lines)? { Ok(ExitCode::SUCCESS) } else { put(lines) }
}

/// The same for an answer at a prompt, below what was put before.
pub(super) fn answer(output: &Output, lines: Vec<String>) {
    let has_room = !is_too_long(&lines) || output.settle().is_err();
    // Where a pager fails, there is still the terminal.
    if has_room || !paged(&lines).unwrap_or(false) {
        output.put_all(lines);
    }
}

/// Whether a terminal shows these lines, and would not show all of them at once.
fn is_too_long(lines: &[String]) -> bool {
    let height = terminal_size().map_or(usize::MAX, |(_, rows)| rows);
    let dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
    !dumb && !OFF.load(Ordering::Relaxed) && lines.len() >= height
}

/// Lets a pager show these lines, if they are too long and there is one. Says whether it did.
fn paged(lines: &[String]) -> Result<bool, Error> {
    if is_too_long(lines)
        && let Some(pager) = open()
    {
        return read(pager, lines);
    }
    Ok(false)
}

/// Starts `$PAGER`, or `less` if nothing is said.
fn open() -> Option<Child> {
    let pager = env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if pager.is_empty() {
        return None;
    }
    let mut command = Command::new("sh");
    command.args(["-c", &pager]).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    command.spawn().ok()
}

/// Lets somebody read. Says no if there is no such pager after all.
fn read(mut pager: Child, lines: &[String]) -> Result<bool, Error> {
    // Ctrl-C is for the pager, which goes on with it.
    let _until_then = interrupt::passed_over();
    if let Some(input) = pager.stdin.take() {
        let output =
            Output::open_on(BufWriter::new(input), WhenFull::Wait).map_err(Error::Output)?;
        output.put_all(lines.iter().cloned());
        output.settle().map_err(Error::Output)?;
    }
    // With 127 a shell says that it has not found the program.
    Ok(pager.wait().is_ok_and(|ended| ended.code() != Some(127)))
}
