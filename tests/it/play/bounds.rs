//! How much a session keeps at most.

use std::fs;

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

#[test]
fn a_session_takes_as_many_lines_as_a_script_and_no_more() {
    let mut lines = vec!["note x"; 100_001];
    lines.push("back");
    let played = play(&["--nodes", "3"], &lines);
    let sentence = "this session has 100000 lines, and takes no more; 'save' keeps it, and 'load' begins another";
    assert_eq!(played.out.matches(sentence).count(), 1);
    assert_eq!((played.out.matches("> note x\n").count(), played.code), (100_001, 0));
}
