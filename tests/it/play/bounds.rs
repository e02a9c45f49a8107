//! How much a session keeps at most.

use std::fs;

use assert_cmd::Command;

use super::{file, play, raft_cluster};
use crate::common::text::unwrapped;

/// Of the line that filled the history, what is kept is how long it lasted.
#[test]
fn a_session_whose_history_is_full_takes_no_further_line_until_one_is_undone() {
    let (script, saved) = (file("full.raft"), file("full-saved.raft"));
    fs::write(&script, "timing paper\nrepeat 99000\nwait 300s\nend\n").unwrap();
    let (name, saved) = (script.to_str().unwrap(), saved.to_str().unwrap());
    let save = format!("save {saved}");
    let lines = ["run", "status", "why leader 1", &save, "back", "wait 1ms"];
    let played = play(&[name, "--nodes", "9", "--view", "quiet"], &lines);
    let told = unwrapped(&played.out);
    assert!(
        told.contains("✗ wait 300s: the run was ended here, as its history has no more"),
        "{told}"
    );
    assert!(told.contains("> status ✗ this run has 200000 steps, and takes no more"), "{told}");
    assert!(told.contains("Step 200000, ") && told.contains("> wait 1ms (done)"), "{told}");
    let again = fs::read_to_string(saved).unwrap();
    assert!(again.ends_with("us\n") && again.matches("\nwait ").count() == 2, "{again}");
    let again = raft_cluster(&["run", saved, "--virtual", "--view", "quiet"], "");
    assert!(again.out.contains("passed") && again.out.contains(" 20000"), "{}", again.out);
}

/// A line that is made of several must not come out longer than the language allows.
#[test]
fn what_is_saved_can_be_read_again() {
    let saved = file("read-again.raft");
    let name = saved.to_str().unwrap();
    let save = format!("save {name}");
    let again = |lines: &str| {
        assert!(fs::read_to_string(&saved).unwrap().ends_with(lines), "{lines}");
        let again = raft_cluster(&["run", name, "--virtual", "--view", "quiet"], "");
        assert!(again.code == 0 && again.out.contains("✓ passed"), "{lines}: {}", again.out);
    };
    let quiet = ["--nodes", "3", "--view", "quiet"];
    play(&quiet, &["step 60000", "step 39999", "step", "step 2", &save]);
    again("\nstep 100000\nstep 2\n");

    let (script, trace) = (file("gap.raft"), file("gap.jsonl"));
    let down = "crash 0\ncrash 1\ncrash 2\nwait 3600s\nwait 3600s\nrestart 0\nstatus\n";
    fs::write(&script, format!("nodes 3\n{down}timeout 0\n")).unwrap();
    let (script, trace) = (script.to_str().unwrap(), trace.to_str().unwrap());
    raft_cluster(&["run", script, "--virtual", "--view", "quiet", "--trace", trace], "");
    let _ = fs::remove_file(&saved);
    play(&[trace, "--view", "quiet"], &["status", &save]);
    again("\nwait 3600s\nwait 3600s\nrestart 0\ntimeout 0\nstatus\n");

    // The line that fills the history is kept as one that may fail, and was one already.
    fs::write(script, "nodes 9\ntiming paper\nstep 100000\nstep 100000\ntry step 100000\n")
        .unwrap();
    let _ = fs::remove_file(&saved);
    let full = play(&[script, "--view", "quiet"], &["run", &save]);
    assert!(unwrapped(&full.out).contains("the run was ended here"), "{}", full.out);
    again("\nstep 100000\nstep 100000\ntry step 100000\n");
}

/// The file would be refused for its length.
#[test]
fn what_is_too_long_to_be_read_again_is_not_saved() {
    let saved = file("too-long.raft");
    let save = format!("save {}", saved.to_str().unwrap());
    let note = format!("note {}", "x".repeat(600_000));
    let played = play(&["--nodes", "3"], &["status", &note, &save, &note, &save]);
    let told = unwrapped(&played.out);
    assert!(told.contains("2 lines; "), "the first fits: {told}");
    assert!(told.contains("too-long.raft' is not written: it would be longer than 1 MiB, and no scenario of that length"));
    assert!(fs::metadata(&saved).unwrap().len() < 1 << 20, "the file before it is kept");
}

#[test]
fn a_session_takes_as_many_lines_as_a_script_and_no_more() {
    let mut lines = vec!["note x"; 100_001];
    lines.push("back");
    let played = play(&["--nodes", "3"], &lines);
    let sentence = "this session has 100000 lines, and takes no more; 'save' keeps it, and 'load' begins another";
    assert_eq!(played.out.matches(sentence).count(), 1);
    assert_eq!((played.out.matches("> note x\n").count(), played.code), (100_001, 0));
}

/// The one sentence with which the program refuses these arguments.
fn refusal(arguments: &[&str]) -> String {
    let output = Command::cargo_bin("raft-cluster").unwrap().args(arguments).output().unwrap();
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(2), &b""[..]), "{arguments:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

/// A run by hand in the place of the run that was recorded would be another run.
#[test]
fn a_session_does_not_write_over_the_trace_that_it_plays() {
    let (trace, link) = (file("played-again.jsonl"), file("other-name.jsonl"));
    let name = trace.to_str().unwrap();
    raft_cluster(&["run", "split-vote", "--virtual", "--view", "quiet", "--trace", name], "");
    let before = fs::read(&trace).unwrap();
    let mut names = vec![name];
    if cfg!(unix) {
        #[cfg(unix)]
        std::os::unix::fs::symlink(&trace, &link).unwrap();
        names.push(link.to_str().unwrap());
    }
    for other in names {
        let told = refusal(&["play", name, "--trace", other]);
        let both = "is to hold the run that is played and the one that is recorded; give each a file of its own";
        assert!(told.contains(both), "{told}");
        assert_eq!(fs::read(&trace).unwrap(), before);
    }
    let played = play(&[name], &["status", &format!("save {name}")]);
    assert!(
        unwrapped(&played.out).contains("it is kept, so choose another name"),
        "{}",
        played.out
    );
    assert_eq!(fs::read(&trace).unwrap(), before);
}

/// Every way into a session refuses before anything is carried out, and the step that it names is possible.
#[test]
fn a_recorded_run_that_leaves_no_room_for_more_is_refused_with_a_step_that_is_possible() {
    let (script, trace) = (file("long.raft"), file("long.jsonl"));
    fs::write(&script, "nodes 3\ntiming paper\nwait 350s\n").unwrap();
    let (script, trace) = (script.to_str().unwrap(), trace.to_str().unwrap());
    raft_cluster(&["run", script, "--virtual", "--view", "quiet", "--trace", trace], "");
    let named = |told: &str, before: &str| -> u64 {
        let (_, after) = told.split_once(before).unwrap_or_else(|| panic!("{before}: {told}"));
        after.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    let at_prompt = refusal(&["play", trace]);
    assert!(at_prompt.contains("takes more than 50000 lines, and a session begins with no more"));
    let step = named(&at_prompt, "; one can go on from step ");
    assert_eq!(named(&at_prompt, &format!("'raft-cluster replay {trace} --prompt --at ")), step);
    let beyond = format!("goto {}\nfork\ngoto {step}\nfork\nstatus\nnote x\n", step + 1);
    let forked = raft_cluster(&["replay", trace, "--prompt"], &beyond);
    let told = unwrapped(&forked.out);
    assert!(
        told.contains(&format!("✗ by hand the run up to step {} takes more than 50000", step + 1))
    );
    assert_eq!(
        named(&told, "and a session begins with no more; one can go on from step "),
        step,
        "{told}"
    );
    assert!(told.contains("> fork ") && told.contains("replayed up to here"), "{told}");
    assert!(!told.contains("takes no more"), "there is room for further lines: {told}");

    let on_page = refusal(&["explore", "--no-open", trace, "--at", "30000"]);
    assert!(on_page.contains("takes more than 2500 lines, and a session begins with no more"));
    let step = named(&on_page, &format!("'raft-cluster explore {trace} --at "));
    let beyond = (step + 1).to_string();
    let beyond = refusal(&["explore", "--no-open", trace, "--at", &beyond]);
    assert_eq!(named(&beyond, "begins with no more; one can go on from step "), step);
}
