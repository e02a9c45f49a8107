//! Traces as files: written beside their path first, complete or not at all, with lines that can be read again.
#![cfg(unix)]

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::{Clock, TraceWriter};
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::timing::Time;
use raft_in_practice::sim::{Sim, SimConfig};
use raft_in_practice::{Observer, Script};

use crate::raft_cluster::{file, printed, raft_cluster};

/// An empty folder of its own, and the path of a trace in it that does not exist yet.
fn place(name: &str) -> (PathBuf, String) {
    let folder = file(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let trace = folder.join("run.jsonl").to_str().unwrap().to_owned();
    (folder, trace)
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn runs_into_one_trace_do_not_mix_and_leave_nothing_else() {
    let (folder, trace) = place("one-trace");
    let run = || {
        let mut run = Command::new(cargo_bin("raft-cluster"));
        run.args(["run", "demo", "--virtual", "--trace", &trace]).stdout(Stdio::null());
        run.spawn().unwrap()
    };
    let mut runs = [run(), run(), run(), run()];
    assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
    assert!(printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest"));
    assert_eq!(names(&folder), ["run.jsonl"]);
}

/// Two runs write a trace to the same path. Each writes a file of its own, so the lines are never mixed.
#[test]
fn a_run_that_ends_later_writes_a_trace_of_its_own() {
    let (folder, trace) = place("later-trace");
    let script = file("later.raft");
    fs::write(&script, "nodes 3\ntimeout 0\nwrite SET x=1\nnote written\nwait 1s\n").unwrap();
    let mut run = Command::new(cargo_bin("raft-cluster"));
    run.arg("run").arg(&script).args(["--trace", &trace]).stdout(Stdio::piped());
    let mut run = run.spawn().unwrap();
    let mut told = String::new();
    let mut out = BufReader::new(run.stdout.take().unwrap());
    while !told.contains("written") {
        assert!(out.read_line(&mut told).unwrap() > 0, "{told}");
    }
    printed(0, &["run", "split-vote", "--virtual", "--view", "quiet", "--trace", &trace]);
    out.read_to_string(&mut told).unwrap();
    assert!(run.wait().unwrap().success(), "{told}");
    assert!(printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest"));
    assert_eq!(names(&folder), ["run.jsonl"]);
}

#[test]
fn a_run_that_a_signal_ends_says_so_and_what_it_found_and_leaves_its_trace() {
    let script = file("interrupted.raft");
    let lines = "nodes 3\ntimeout 0\nwrite SET x=1\nnote written\nwait 3600s\n";
    fs::write(&script, lines).unwrap();
    for signal in ["INT", "TERM", "HUP"] {
        let (folder, trace) = place("interrupted-trace");
        let mut run = Command::new(cargo_bin("raft-cluster"));
        run.arg("run").arg(&script).args(["--trace", &trace]).stdout(Stdio::piped());
        let mut run = run.spawn().unwrap();
        let mut told = String::new();
        let mut out = BufReader::new(run.stdout.take().unwrap());
        while !told.contains("written") {
            assert!(out.read_line(&mut told).unwrap() > 0, "{told}");
        }
        assert!(names(&folder)[0].contains(".part"), "it has its name at the end only");
        let kill = Command::new("kill").args(["-s", signal, &run.id().to_string()]).status();
        assert!(kill.unwrap().success());
        out.read_to_string(&mut told).unwrap();
        assert_eq!(run.wait().unwrap().code(), Some(130), "{signal}");
        assert!(told.contains("✗ line 5: wait 3600s: the run was interrupted here."), "{told}");
        assert!(told.contains("✓ held  Election Safety            1 check"), "{told}");
        assert!(told.contains("2 entries were committed under 1 leader."), "{told}");
        assert_eq!(names(&folder), ["run.jsonl"]);
        assert!(
            printed(0, &["replay", &trace, "--verify"]).contains("each with the recorded digest")
        );
    }
}

/// Nobody types its lines, so nobody types on after the signal.
#[test]
fn a_session_from_a_pipe_that_a_signal_ends_says_what_it_found_and_leaves_its_trace() {
    let script = file("interrupted-session.raft");
    fs::write(&script, "nodes 3\nnote begun\nrepeat 99000\nwait 3600s\nend\n").unwrap();
    let (folder, trace) = place("interrupted-session");
    let mut play = Command::new(cargo_bin("raft-cluster"));
    play.arg("play").arg(&script).args(["--trace", &trace, "--threads"]);
    let mut play = play.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut typed = play.stdin.take().unwrap();
    typed.write_all(b"run\nnote after\n").unwrap();
    let mut told = String::new();
    let mut out = BufReader::new(play.stdout.take().unwrap());
    while !told.contains("  begun\n") {
        assert!(out.read_line(&mut told).unwrap() > 0, "{told}");
    }
    let kill = Command::new("kill").args(["-s", "TERM", &play.id().to_string()]).status();
    assert!(kill.unwrap().success());
    out.read_to_string(&mut told).unwrap();
    assert_eq!(play.wait().unwrap().code(), Some(130));
    assert!(told.contains("✗ wait 3600s: the run was interrupted here."), "{told}");
    assert!(told.contains("No entry was committed") && !told.contains("note after"), "{told}");
    assert_eq!(names(&folder), ["run.jsonl"]);
    printed(0, &["replay", &trace, "--verify"]);
}

#[test]
fn a_full_disk_is_one_sentence_and_leaves_the_trace_that_was_there() {
    let (folder, trace) = place("full-disk");
    printed(0, &["run", "split-vote", "--virtual", "--view", "quiet", "--trace", &trace]);
    let before = fs::read(&trace).unwrap();
    // A limit on the length of files gives the program a write error, as a full disk would.
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$@\"";
    let run = ["run", "demo", "--virtual", "--view", "quiet", "--trace", &trace];
    let mut shell = Command::new("sh");
    let output =
        shell.args(["-c", limited, "sh"]).arg(cargo_bin("raft-cluster")).args(run).output();
    let output = output.unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(sentence.starts_with("raft-cluster: the trace '"), "{sentence}");
    assert!(sentence.contains("cannot be written") && sentence.lines().count() == 1, "{sentence}");
    assert_eq!(names(&folder), ["run.jsonl"]);
    assert_eq!(fs::read(&trace).unwrap(), before);
}

#[test]
fn a_link_stays_one_and_what_is_no_file_is_written_as_it_is() {
    let (folder, trace) = place("linked-trace");
    let link = folder.join("link.jsonl");
    std::os::unix::fs::symlink(&trace, &link).unwrap();
    fs::write(&trace, "").unwrap();
    let name = link.to_str().unwrap();
    printed(0, &["run", "demo", "--virtual", "--view", "quiet", "--trace", name]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    printed(0, &["replay", &trace, "--verify"]);
    let run = ["run", "demo", "--virtual", "--view", "quiet", "--trace", "/dev/stdout"];
    assert!(printed(0, &run).contains("\"format\":\"raft-in-practice trace\""));
}

/// A line that is too long for the reader is not written.
#[test]
fn no_line_is_written_that_could_not_be_read_again() {
    let script = Script::parse("long", "nodes 3\ntimeout 0\n").unwrap();
    for (megabytes, is_written) in [(7, true), (8, false)] {
        let mut writer = TraceWriter::new(io::sink(), &script.header(Clock::Virtual));
        writer.deed(Time::ZERO, &Deed::Note("x".repeat(megabytes << 20)));
        let ended = writer.finish();
        assert_eq!(ended.is_ok(), is_written, "{ended:?}");
    }
    let typed = format!("note {}\n", "x".repeat(1 << 20));
    let output = raft_cluster(&["play"]).write_stdin(typed).output().unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(sentence.contains("a line has more than 1 MiB"), "{sentence}");
}

/// The first line of a trace may be as long as any other, and every command reads it so.
#[test]
fn a_trace_whose_first_line_is_long_is_a_trace_to_every_command() {
    let (folder, trace) = place("long-header");
    let script = Script::parse(&"x".repeat(100_000), "nodes 3\n").unwrap();
    let writer =
        TraceWriter::new(fs::File::create(&trace).unwrap(), &script.header(Clock::Virtual));
    let mut sim = Sim::new(SimConfig::of(&script), vec![Box::new(writer.clone())]);
    sim.run_until(Duration::from_secs(5), |_| false);
    writer.finish().unwrap();
    printed(0, &["replay", &trace, "--verify"]);
    let page = folder.join("page.html");
    printed(0, &["report", &trace, "-o", page.to_str().unwrap()]);
    let mut play = raft_cluster(&["play", &trace]);
    let played = play.write_stdin("status\n").output().unwrap();
    assert_eq!(played.status.code(), Some(0), "{}", String::from_utf8_lossy(&played.stderr));
    assert!(String::from_utf8(played.stdout).unwrap().contains("replayed up to here"));
    // As it is a trace, another takes its place.
    printed(0, &["run", "split-vote", "--virtual", "--view", "quiet", "--trace", &trace]);
}
