//! The pager: answers that are longer than the terminal go through it, as in git.

use std::env;
use std::io::BufWriter;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use super::arguments::put;
use super::error::Error;
use super::interrupt;
use crate::view::output::{Output, WhenFull};
use crate::view::reader::Reader;
use crate::view::terminal_size;

/// Whether the pager is switched off.
static OFF: AtomicBool = AtomicBool::new(false);

/// Switches the pager on or off.
pub(super) fn switch(on: bool) {
    OFF.store(!on, Ordering::Relaxed);
}

/// Shows these lines, through the pager if they are too long for the terminal.
pub(super) fn show(lines: Vec<String>) -> Result<ExitCode, Error> {
    if paged(&lines)? { Ok(ExitCode::SUCCESS) } else { put(lines) }
}

/// Does the same for an answer at a prompt. It comes below the lines that were put on `output` before.
pub(super) fn answer(output: &Output, lines: Vec<String>) {
    let has_room = !is_too_long(&lines) || output.settle().is_err();
    // If the pager fails, the lines go to the terminal.
    if has_room || !paged(&lines).unwrap_or(false) {
        output.put_all(lines);
    }
}

/// Whether the lines go to a terminal that cannot show all of them at once.
fn is_too_long(lines: &[String]) -> bool {
    let height = terminal_size().map_or(usize::MAX, |(_, rows)| rows);
    let dumb = env::var("TERM").is_ok_and(|term| term == "dumb");
    !dumb && !OFF.load(Ordering::Relaxed) && lines.len() >= height
}

/// Shows these lines in a pager, if they are too long and there is one. Returns whether it did.
fn paged(lines: &[String]) -> Result<bool, Error> {
    if !is_too_long(lines) {
        return Ok(false);
    }
    // Ctrl-C is meant for the pager, which keeps running, so it must not end this program.
    let _until_read = interrupt::passed_over();
    open().map_or(Ok(false), |pager| read(pager, lines))
}

/// Starts `$PAGER`, or `less` if that is not set. An empty `$PAGER` means no pager.
fn open() -> Option<Child> {
    let pager = env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    if pager.is_empty() {
        return None;
    }
    let mut command = Command::new("sh");
    command.args(["-c", &pager]).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", "FRX -PsSpace goes on, q goes back$");
    }
    // Whoever types on, without noticing the pager, writes no file and starts no program.
    if env::var_os("LESSSECURE").is_none() {
        command.env("LESSSECURE", "1");
    }
    command.spawn().ok()
}

/// Gives the lines to the pager and waits for its end. Returns false if the shell did not find the pager.
fn read(mut pager: Child, lines: &[String]) -> Result<bool, Error> {
    if let Some(input) = pager.stdin.take() {
        let output = Output::open_on(BufWriter::new(input), WhenFull::Wait, Reader::default())
            .map_err(Error::Output)?;
        output.put_all(lines.iter().cloned());
        output.settle().map_err(Error::Output)?;
    }
    // A shell ends with 127 if it has not found the program.
    Ok(pager.wait().is_ok_and(|ended| ended.code() != Some(127)))
}
