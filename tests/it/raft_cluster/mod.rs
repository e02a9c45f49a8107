//! The program `raft-cluster` from outside: what it prints, what it writes, and its exit code. No
//! test here sleeps: each waits for a process.

mod complaints;
mod completions;
mod files;
mod hostile;
mod hunts;
mod pipes;
mod report;
mod stories;
mod tab;
mod terminals;
mod traces;
mod written_traces;

use assert_cmd::Command;

use crate::common::own_file as file;
use crate::common::text::unwrapped;

fn raft_cluster(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("raft-cluster").unwrap();
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env_remove("CLICOLOR");
    command.args(arguments);
    command
}

/// What the program prints. It must end with this code and without a complaint.
fn printed(code: i32, arguments: &[&str]) -> String {
    let output = raft_cluster(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

/// The program's complaint: one sentence on standard error, with exit code 2 and no standard output.
fn complaint(arguments: &[&str]) -> String {
    let output = raft_cluster(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}
