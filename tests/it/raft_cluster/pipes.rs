//! Standard output without a reader: printing ends, but the run goes on.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write, pipe};
use std::process::{Command, Stdio};

use crate::raft_cluster::{file, printed, raft_cluster};

/// The exit code if standard output is closed before anything is written. There must be no complaint.
fn unread(arguments: &[&str], typed: &str) -> Option<i32> {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let program = raft_cluster(&[]).get_program().to_owned();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.is_empty(), "{arguments:?}: {complaint}");
    output.status.code()
}

/// A path of this test's own, at which there is nothing yet.
fn nothing_at(name: &str) -> String {
    let path = file(name);
    let _ = fs::remove_file(&path);
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_search_keeps_its_counterexample_and_its_verdict() {
    for command in ["hunt", "check"] {
        let saved = nothing_at(&format!("unread-{command}.raft"));
        let code = unread(&[command, "--break", "one-vote-per-term", "--save", &saved], "");
        assert_eq!(code, Some(1), "{command}");
        let text = printed(0, &["run", &saved, "--virtual", "--view", "quiet"]);
        assert!(text.contains("passed") && !text.contains("0 violations"), "{text}");
    }
}

#[test]
fn a_run_keeps_its_trace_and_its_verdict() {
    let trace = nothing_at("unread.jsonl");
    assert_eq!(unread(&["run", "demo", "--virtual", "--trace", &trace], ""), Some(0));
    assert!(printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest"));
    assert_eq!(unread(&["replay", &trace], ""), Some(0));
    let fails = nothing_at("unread-fails.raft");
    fs::write(&fails, "nodes 3\nwait until leader\nexpect no leader\n").unwrap();
    for more in [&[][..], &["--format", "json"], &["--view", "quiet"]] {
        let arguments = [&["run", fails.as_str(), "--virtual"], more].concat();
        assert_eq!(unread(&arguments, ""), Some(1), "{arguments:?}");
    }
}

#[test]
fn a_live_run_keeps_its_trace_and_its_verdict() {
    let trace = nothing_at("unread-live.jsonl");
    assert_eq!(unread(&["run", "demo", "--speed", "10", "--trace", &trace], ""), Some(0));
    assert!(printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest"));
}

#[test]
fn a_prompt_does_what_is_typed_all_the_same() {
    let saved = nothing_at("unread-play.raft");
    let typed = format!("timeout 0\nwait until leader\nsave {saved}\n");
    assert_eq!(unread(&["play"], &typed), Some(0));
    printed(0, &["run", &saved, "--virtual"]);
}

/// The input has more lines than any session takes, as that of `yes` has. What is left of it is not read.
#[test]
fn a_prompt_to_which_nobody_listens_ends_before_an_endless_input() {
    let trace = nothing_at("unheard.jsonl");
    let arguments = ["run", "split-vote", "--virtual", "--view", "quiet", "--trace", &trace];
    printed(0, &arguments);
    let again = nothing_at("unheard-again.jsonl");
    let play = ["play", "--nodes", "3", "--view", "quiet", "--trace", &again];
    for (command, line) in
        [(&["replay", trace.as_str(), "--prompt"][..], "next\n"), (&play, "note x\n")]
    {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let program = raft_cluster(&[]).get_program().to_owned();
        let mut command = Command::new(program)
            .args(command)
            .stdin(Stdio::piped())
            .stdout(writer)
            .spawn()
            .unwrap();
        let written = command.stdin.take().unwrap().write_all(line.repeat(1_000_000).as_bytes());
        assert_eq!(written.unwrap_err().kind(), ErrorKind::BrokenPipe, "{line}");
        assert_eq!(command.wait().unwrap().code(), Some(0), "{line}");
    }
    printed(0, &["replay", &again, "--verify"]);
}

#[test]
fn lists_and_help_end_well() {
    for arguments in [&["scenarios"][..], &["--help"], &["completions", "bash"], &["--version"]] {
        assert_eq!(unread(arguments, ""), Some(0), "{arguments:?}");
    }
}

/// The output is closed after the first line, as by `head -1`, long before its end.
#[test]
fn a_reader_that_goes_away_later_changes_nothing_either() {
    let (script, trace) = (nothing_at("long.raft"), nothing_at("long.jsonl"));
    fs::write(&script, "nodes 5\nwait until leader\nwait 20s\nexpect no leader\n").unwrap();
    let (reader, writer) = pipe().unwrap();
    let program = raft_cluster(&[]).get_program().to_owned();
    let mut command = Command::new(program);
    command.args(["run", &script, "--virtual", "--format", "json", "--trace", &trace]);
    let mut child = command.stdout(writer).spawn().unwrap();
    drop(command);
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"format\""), "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest"));
}

/// Help is printed before the command line is read, but still heeds its `--color`.
#[test]
fn help_heeds_what_color_says() {
    for (arguments, coloured) in [
        (&["--color", "always", "--help"][..], true),
        (&["run", "--color=always", "--help"], true),
        (&["--color", "never", "--help"], false),
        (&["run", "--color=never", "--help"], false),
    ] {
        let output = raft_cluster(arguments).env("CLICOLOR_FORCE", "1").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains('\u{1b}'), coloured, "{arguments:?}");
        assert!(text.contains("Usage: raft-cluster") || coloured, "{text}");
    }
}
