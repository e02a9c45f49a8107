//! The prompt, end to end: what is typed goes in through a pipe, and what a reader would see comes
//! out.

mod bounds;
mod guidance;

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use raft_in_practice::cli::play::lines::{fitting, following};

use crate::common::own_file;
use crate::common::text::unwrapped;

/// What a session printed, and its exit code.
pub struct Played {
    pub out: String,
    code: i32,
}

fn raft_cluster(arguments: &[&str], typed: &str) -> Played {
    let mut command = Command::cargo_bin("raft-cluster").unwrap();
    command.args(arguments).env("NO_COLOR", "1").write_stdin(typed);
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaints, "", "{out}");
    Played { out, code: output.status.code().unwrap() }
}

pub fn play(options: &[&str], lines: &[&str]) -> Played {
    raft_cluster(&[&["play"], options].concat(), &lines.join("\n"))
}

/// A file of this test's own, which is not there yet.
fn file(name: &str) -> PathBuf {
    let path = own_file(name);
    let _ = fs::remove_file(&path);
    path
}

/// The last table of how the nodes stand, without the margin.
fn last_status(out: &str) -> Vec<&str> {
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    let head = lines.iter().rposition(|line| line.starts_with("node  role")).unwrap();
    lines[head..]
        .iter()
        .copied()
        .take_while(|line| !line.is_empty() && !line.contains('>'))
        .collect()
}

/// The last drawing of all logs.
fn last_logs(out: &str) -> Vec<&str> {
    let lines: Vec<&str> = out.lines().map(str::trim).collect();
    let head = lines.iter().rposition(|line| line.starts_with("index ")).unwrap();
    lines[head..].iter().copied().take_while(|line| !line.contains('>')).collect()
}

#[test]
fn a_session_that_was_saved_does_the_same_again() {
    let saved = file("session.raft");
    let name = saved.to_str().unwrap();
    let save = format!("save {name}");
    let lines = [
        "step 3",
        "step",
        "run until leader",
        "write SET x=1",
        "submit to 1 SET never=1",
        "crash leader",
        "run 3s until committed 99",
        "expect term 0 = 77",
        "nonsense",
        "step 2",
        "restart crashed",
        "manual",
        "timeout 2",
        "deliver request-vote 2 -> 0",
        "deliver append-entries 2 -> 0",
        "automatic",
        "run",
        "write SET x=2",
        "status",
        &save,
        "quit",
    ];
    for options in [&["--nodes", "3"][..], &["--drop", "0.2", "--duplicate", "10%", "--seed", "9"]]
    {
        let _ = fs::remove_file(&saved);
        let first = play(&[options, &["--latency", "2ms..9ms"]].concat(), &lines);
        assert_eq!(first.code, 0, "{}", first.out);
        let text = fs::read_to_string(&saved).unwrap();
        assert!(text.contains("\nstep 4\n"), "single steps are one line: {text}");
        assert!(text.contains("\ntry wait 3s until committed 99 on all\n"), "{text}");
        assert!(!text.contains("expect"), "what failed and moved nothing is not kept: {text}");

        let again = raft_cluster(&["run", name, "--virtual"], "");
        assert_eq!(again.code, 0, "{}", again.out);
        assert_eq!(last_status(&first.out), last_status(&again.out));

        // Loaded, it brings a session to the same place, and can be saved as the same file.
        let twice =
            play(&[name], &["run", "status", "log", "back", "write SET x=2", "log", &save, "quit"]);
        assert_eq!(last_status(&first.out), last_status(&twice.out));
        let logs = last_logs(&twice.out).len();
        assert!(logs > 1, "{}", twice.out);
        let body = |text: &str| {
            let lines = text.lines().filter(|line| *line != "status");
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(body(&text), body(&fs::read_to_string(&saved).unwrap()));
    }
}

#[test]
fn going_back_leads_to_where_one_was() {
    let there = ["run until leader", "write SET x=1", "run 500ms", "status"];
    let status = |lines: &[&str]| {
        let played = play(&["--seed", "4"], &[lines, &["quit"]].concat());
        assert_eq!(played.code, 0);
        last_status(&played.out).join("\n")
    };
    let expected = status(&there);
    for (gone, back) in [
        (&["crash leader"][..], "back"),
        (&["step 7"], "back 7"),
        (&["step 5", "status", "step 2"], "back 7"),
        (&["write SET y=2", "crash 1", "run 10s", "expect leader is 1"], "back 3"),
        (&["run 1s until no leader"], "back"),
    ] {
        let mut lines = there.to_vec();
        lines.extend(gone);
        lines.extend([back, "status"]);
        assert_eq!(status(&lines), expected, "{gone:?}, {back}");
        // From there on the session goes on as if nothing had been undone.
        lines.extend(["crash leader", "run 5s", "status"]);
        let mut straight = there.to_vec();
        straight.extend(["crash leader", "run 5s", "status"]);
        assert_eq!(status(&lines), status(&straight), "{gone:?}, {back}, and on");
    }
    let stepped = status(&[&there[..], &["step 7", "back 3", "status"]].concat());
    assert_eq!(stepped, status(&[&there[..], &["step 4", "status"]].concat()));
    let undone = status(&[&there[..], &["step 5", "status", "back 99", "status"]].concat());
    assert_eq!(undone, status(&["status"]));
    // Both count the steps of a line.
    let forth = ["step 3", "step 4", "back 6", "forward 5", "status"];
    let forth = status(&[&there[..], &forth].concat());
    assert_eq!(forth, status(&[&there[..], &["step 6", "status"]].concat()));
}

/// What a line says for itself has its time below the heading of the lanes.
#[test]
fn lanes_at_a_prompt_have_one_heading() {
    let lanes = play(&["--view", "lanes"], &["run until leader", "write SET x=1", "quit"]);
    assert!(lanes.out.contains("✓ there is a leader"), "{}", lanes.out);
    let heads = lanes.out.lines().filter(|line| line.trim_start().starts_with("step  "));
    assert_eq!(heads.count(), 1, "{}", lanes.out);
}

#[test]
fn what_has_come_to_a_paused_process_is_shown() {
    let lines = ["run until leader", "pause 2", "write SET x=1", "messages", "log", "resume 2"];
    let played = play(&["--seed", "4"], &[&lines[..], &["messages", "quit"]].concat());
    let waits = "waits, as n2 is paused";
    let (before, after) = played.out.split_once("> resume 2").unwrap();
    assert!(before.contains(waits) && !after.contains(waits), "{}", played.out);
    assert!(before.contains("commitIndex 0, paused"), "{}", played.out);
}

#[test]
fn what_cannot_be_done_is_said_and_the_session_goes_on() {
    let lines = [
        "jump",
        "zzz",
        "crsh 1",
        "crash 9",
        "crash leader",
        "restart 1",
        "back",
        "save nothing.raft",
        "expect leader",
        "expect safe",
        "expect violation election-safety",
        "deliver request-vote 0 -> 1",
        "load no-such-file",
        "save",
        "save /",
        "break one-vote-per-term",
        "rules",
        "why voted 3",
        "help nothing",
        "back 0",
        "back x",
        "messages some",
        "run until",
        "log 7",
        "manual",
        "step",
        "\u{0}\u{7f}\u{fffd}",
        "status",
    ];
    let played = play(&["--nodes", "3"], &lines);
    assert_eq!(played.code, 0, "{}", played.out);
    for sentence in [
        "'jump' is not a word here",
        "'zzz' is not a word here; 'help' lists the words",
        "'0' does not fit; expected a number above 0",
        "'x' does not fit; expected a number above 0",
        "'some' does not fit; expected the end of the line",
        "the line ends too soon; expected a condition",
        "'7' does not fit; expected a node from 0 to 2",
        "did you mean 'crash'?",
        "'9' does not fit; expected a node from 0 to 2",
        "\n    crash 9\n          ^\n",
        "crash leader: there is no leader.",
        "restart 1: n1 is up.",
        "there is nothing to undo",
        "expect leader: there is no leader.",
        "expect violation election-safety: Election Safety was not violated.",
        "no such message is in flight; none is.",
        "'no-such-file' is neither a scenario",
        "a file's name",
        "no line has done anything, so there is nothing to save",
        "cannot be written",
        "'break' is set before a cluster begins: in the first lines of a scenario",
        "did you mean 'help' or 'help RULE'?",
        "'voted 3' is not a question known here; 'blame 0 votedFor' says when and for whom",
        "'nothing' is not a word here",
        "expected a node from 0 to 2",
        "nothing comes by itself",
    ] {
        assert!(played.out.contains(sentence), "{sentence:?} is not in: {}", played.out);
    }
    assert_eq!(last_status(&played.out).len(), 4);
}

#[test]
fn a_file_that_is_no_scenario_is_not_overwritten() {
    let precious = file("precious.txt");
    fs::write(&precious, "my only copy\n").unwrap();
    let save = format!("save {}", precious.display());
    let played = play(&[], &["step", &save]);
    let sentence = "exists and is not a scenario that was saved here; it is kept";
    let told = unwrapped(&played.out);
    assert!(told.contains(sentence), "{told}");
    assert_eq!(fs::read_to_string(&precious).unwrap(), "my only copy\n");
}

#[test]
fn every_step_is_told_with_its_cause_and_helped_with() {
    let played = play(&["--nodes", "3"], &["step 4", "crash 2", "step 9", "help", "help expect"]);
    for words in [
        "has heard no leader for a whole election timeout",
        "who asks for a vote in term 1",
        "the receiver is down",
        "Tab completes",
        "violation election-safety",
    ] {
        assert!(played.out.contains(words), "{words:?} is not in: {}", played.out);
    }
}

#[test]
fn a_scenario_can_be_played_with_and_its_lines_undone() {
    let lines = ["run", "log", "back 3", "log 0", "load even-cluster", "run", "status", "quit"];
    let played = play(&["figure-8"], &lines);
    assert_eq!(played.code, 0, "{}", played.out);
    assert!(played.out.contains("(undone: "), "{}", played.out);
    assert_eq!(last_status(&played.out).len(), 5, "the loaded cluster has four nodes");
}

#[test]
fn the_lines_of_a_scenario_wait_until_one_asks_for_them() {
    let waits = play(&["figure-8"], &["status", "quit"]);
    let at_once = last_status(&waits.out).join(" ");
    assert!(!at_once.contains("leader"), "nothing has happened: {at_once}");
    assert!(waits.out.contains("(next: 'phase Term 1: everyone has the first entry', of"));

    // Carrying out the lines one by one has the same result as `run`.
    let all = play(&["partition"], &["run", "log", "quit"]);
    let each = play(&["partition"], &["next 4", "next", "next 99", "log", "next", "quit"]);
    assert_eq!(last_logs(&all.out), last_logs(&each.out));
    assert!(each.out.contains("> phase "), "what is carried out is shown: {}", each.out);
    assert!(each.out.contains("no line of a scenario is left"), "{}", each.out);

    // Lines that 'back' undoes wait again, and 'forward' does them once more.
    let lines = ["run", "back 4", "forward 9", "log", "forward", "quit"];
    let forth = play(&["partition"], &lines);
    assert_eq!(last_logs(&all.out), last_logs(&forth.out), "{}", forth.out);
    assert!(
        forth.out.contains("(done again: '") && forth.out.contains("there is nothing to do again")
    );
    let other = play(&[], &["timeout 0", "back", "timeout 1", "forward", "quit"]);
    assert!(
        other.out.contains("there is nothing to do again"),
        "another line is another run: {}",
        other.out
    );
    // Where nothing has moved nothing is undone, and what was carried out stays so.
    let told = play(&["partition"], &["next", "back", "next", "quit"]);
    assert!(told.out.contains("there is nothing to undo"), "{}", told.out);
    assert_eq!(told.out.matches("> phase ").count(), 1, "{}", told.out);
    let after = play(&["partition"], &["run", "back 4", "run", "log", "quit"]);
    assert_eq!(last_logs(&all.out), last_logs(&after.out), "{}", after.out);
}

#[test]
fn the_prompt_says_why() {
    let lines = [
        "timeout 0",
        "why not leader 0",
        "run until leader",
        "write SET x=1",
        "why",
        "why committed 2",
        "why told client 1",
        "why leader 0",
        "back 2",
        "why committed 2",
        "quit",
    ];
    let played = play(&["--nodes", "3"], &lines);
    for words in [
        "got 1 vote",
        "has not been reached: the request was written in step 1, messages in flight: 1 to it",
        "why committed INDEX",
        "2@1 is committed",
        "was told",
        "when the campaign was over",
        "✗",
    ] {
        assert!(played.out.contains(words), "{words:?} is not in: {}", played.out);
    }
    assert_eq!(played.out.matches(" step    time").count(), 1, "{}", played.out);
    let lines = ["run until leader", "why leader 9", "why oranges", "quit"];
    let live = play(&["--threads", "--speed", "20", "--nodes", "3"], &lines);
    for words in ["its nodes are 0 to 2", "'oranges' is not a question"] {
        assert!(live.out.contains(words), "{words:?} is not in: {}", live.out);
    }
}

/// The trace and the scenario would use the same temporary file. The save is refused, and the trace survives.
#[test]
fn a_scenario_saved_where_the_trace_is_written_costs_nobody_the_trace() {
    let trace = file("both");
    let name = trace.to_str().unwrap();
    let typed = format!("step 3\nsave {name}\nquit\n");
    let played = raft_cluster(&["play", "--trace", name], &typed);
    assert_eq!(played.code, 0, "{}", played.out);
    assert!(played.out.contains("cannot be written"), "{}", played.out);
    let verified = raft_cluster(&["replay", name, "--verify"], "");
    assert_eq!(verified.code, 0, "{}", verified.out);
}

#[test]
fn one_can_go_on_from_a_recorded_run() {
    let trace = file("left-off.jsonl");
    let name = trace.to_str().unwrap();
    let made =
        raft_cluster(&["run", "partition", "--virtual", "--view", "quiet", "--trace", name], "");
    assert_eq!(made.code, 0, "{}", made.out);

    let whole = play(&[name], &["status", "automatic", "write SET more=1", "run", "log", "quit"]);
    assert_eq!(whole.code, 0, "{}", whole.out);
    assert!(whole.out.contains("replayed up to here"), "{}", whole.out);
    let welcome = "'timeout 0', 'automatic', 'back'";
    let told = unwrapped(&whole.out);
    assert!(told.contains(welcome) && !told.contains("'run until leader'"), "{told}");
    assert!(whole.out.contains("'SET more=1'") || whole.out.contains("SET more=1"));

    // From the middle: two leaders, as the record has them then.
    let typed = "goto 60\nfork\nstatus\nautomatic\nheal\nwait until in step\nback\nquit\n";
    let forked = raft_cluster(&["replay", name, "--prompt"], typed);
    assert_eq!(forked.code, 0, "{}", forked.out);
    let status = last_status(&forked.out).join("\n");
    assert_eq!(status.matches("leader").count(), 2, "{status}");
    assert!(forked.out.contains("✓ all running nodes"), "{}", forked.out);
}

/// On threads a node may append several commands in one turn, but by hand it appends each in its own turn.
#[test]
fn a_run_that_cannot_be_made_again_as_it_was_says_so() {
    let (trace, script) = (file("together.jsonl"), file("together.raft"));
    let (name, path) = (trace.to_str().unwrap(), script.to_str().unwrap());
    let submits = (0..40).map(|nth| format!("submit to 0 SET a={nth}\n"));
    let submits = submits.collect::<Vec<_>>().concat();
    fs::write(&script, format!("nodes 3\nelect 0\n{submits}wait until in step\n")).unwrap();
    let speed = ["--speed", "5", "--view", "quiet", "--trace", name];
    let made = raft_cluster(&[&["run", path][..], &speed].concat(), "");
    assert_eq!(made.code, 0, "{}", made.out);
    let again = play(&[name], &["status", "quit"]);
    let out = unwrapped(&again.out);
    let is_said = out.contains("This comes out differently from the run");
    let recorded = raft_cluster(&["replay", name], "").out;
    let is_alike = last_status(&recorded) == last_status(&again.out);
    assert!(is_said || is_alike, "{recorded}\n{}", again.out);
}

#[test]
fn a_broken_rule_is_announced_and_a_violation_is_no_failure_then() {
    let lines = [
        "manual",
        "timeout 0",
        "timeout 1",
        "deliver request-vote 0 -> 2",
        "deliver request-vote 1 -> 2",
        "deliver request-vote-reply 2 -> 0",
        "deliver request-vote-reply 2 -> 1",
        "quit",
    ];
    let broken = play(&["--nodes", "3", "--break", "one-vote-per-term"], &lines);
    assert_eq!(broken.code, 0);
    assert_eq!(broken.out.matches("THIS RUN BREAKS A RULE").count(), 2, "{}", broken.out);
    assert!(broken.out.contains("Election Safety is violated"), "{}", broken.out);
    let kept = play(&["--nodes", "3"], &lines);
    assert_eq!(kept.code, 0);
    assert!(!kept.out.contains("is violated"), "{}", kept.out);
}

#[test]
fn a_trace_tells_of_the_run_that_is_left_after_going_back() {
    let trace = file("played.jsonl");
    let name = trace.to_str().unwrap();
    let lines = ["run until leader", "write SET x=1", "crash leader", "run 5s", "back 2", "run"];
    assert_eq!(play(&["--trace", name], &lines).code, 0);
    let verified = raft_cluster(&["replay", name, "--verify"], "");
    assert_eq!(verified.code, 0, "{}", verified.out);
    assert!(!fs::read_to_string(&trace).unwrap().contains("crash"));
}

#[test]
fn on_threads_it_runs_live() {
    let saved = file("live.raft");
    let save = format!("save {}", saved.display());
    let lines = [
        "run until leader",
        "write SET x=1",
        "back",
        "messages",
        "manual",
        "run 1s",
        &save,
        "quit",
    ];
    let played = play(&["--threads", "--speed", "20", "--nodes", "3"], &lines);
    assert_eq!(played.code, 0, "{}", played.out);
    for words in ["threads cannot go back", "this needs virtual time"] {
        assert!(played.out.contains(words), "{words:?} is not in: {}", played.out);
    }
    let text = fs::read_to_string(&saved).unwrap();
    assert!(text.contains("write SET x=1") && !text.contains("threads off"), "{text}");
}

/// A session's last report judges what its clients were told, like any report.
#[test]
fn the_last_report_of_a_session_judges_its_clients() {
    let played = play(&["broken/answer-only-applied"], &["run"]);
    let (_, report) = played.out.rsplit_once("✓ held").unwrap();
    assert!(report.contains("✗ violated  Linearizability"), "{report}");
    assert!(report.contains("✗ Linearizability is violated"), "{report}");
    let played = play(&["--nodes", "1"], &["write SET x=1", "submit to 0 GET x"]);
    assert_eq!(played.code, 0, "{}", played.out);
    let words: Vec<_> = played.out.split_whitespace().collect();
    assert!(words.join(" ").contains("✓ held Linearizability 2 answers"), "{}", played.out);
}

#[test]
fn wrong_usage_is_one_sentence_and_code_2() {
    for (arguments, words) in [
        (&["play", "--speed", "2"][..], "--threads"),
        (&["play", "--format", "json"], "'run'"),
        (&["play", "--report", "never.html"], "raft-cluster report FILE"),
        (&["play", "--threads", "--virtual"], "cannot be used"),
        (&["play", "--threads", "figure-8"], "leave out --speed and --threads"),
        (&["play", "no-such"], "'no-such' is neither a scenario"),
    ] {
        let mut command = Command::cargo_bin("raft-cluster").unwrap();
        let output = command.args(arguments).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {complaint}");
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn words_complete_by_where_they_stand() {
    let complete = |before: &[&str], begun| {
        let pairs = fitting(following(before), begun);
        pairs.into_iter().map(|pair| pair.display).collect::<Vec<_>>()
    };
    assert_eq!(complete(&[], "st"), ["step", "status"]);
    assert_eq!(complete(&["crash"], ""), ["leader", "crashed"]);
    assert_eq!(complete(&["crash", "1"], ""), ["before"]);
    assert_eq!(complete(&["try", "restart"], "a"), ["all"]);
    assert_eq!(complete(&["expect", "violation"], "li"), ["linearizability"]);
    assert_eq!(complete(&["submit", "to", "2"], "S"), ["SET"]);
    assert_eq!(complete(&["run"], "u"), ["until"]);
    assert_eq!(complete(&["run", "until"], "l"), ["leader", "log", "leaders", "lost"]);
    assert_eq!(complete(&["wait", "5s", "until"], "in"), ["in"]);
    assert_eq!(complete(&["deliver"], "req"), ["request-vote", "request-vote-reply"]);
    assert_eq!(complete(&["heal"], ""), ["leader", "crashed"]);
    assert_eq!(complete(&["cut", "leader", "->"], "c"), ["crashed"]);
    assert_eq!(complete(&["status"], ""), Vec::<String>::new());
}
