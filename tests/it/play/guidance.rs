//! The prompt, end to end: how it helps whoever looks around, goes back, or types what does not lead on.

use std::fs;

use super::{file, last_status, play};
use crate::common::text::{has_all, unwrapped};

#[test]
fn looking_around_after_going_back_leaves_the_way_forward() {
    let saved = file("looked.raft");
    let save = format!("save {}", saved.display());
    let lines = [
        "timeout 0",
        "status",
        "timeout 1",
        "back 2",
        "status",
        "expect term 0 = 0",
        "expect leader",
        "crash leader",
        "note Looked at.",
        "phase Again",
        "forward",
        "note In between.",
        "forward 2",
        &save,
        "status",
    ];
    let played = play(&["--nodes", "3"], &lines);
    // Both sides list what moved the world, and not what only looked at it.
    for words in [
        "(undone: 'timeout 1', 'timeout 0', and 1 line that moved nothing)",
        "(done again: 'timeout 0')",
    ] {
        assert!(played.out.contains(words), "{words:?} is not in: {}", played.out);
    }
    assert!(played.out.contains("(done again: 'timeout 1')"), "{}", played.out);
    let text = fs::read_to_string(&saved).unwrap();
    let order = ["expect term 0 = 0", "note Looked at.", "phase Again", "timeout 0", "timeout 1"];
    let places: Vec<_> = order.iter().map(|line| text.find(line)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    let again = play(&[saved.to_str().unwrap()], &["run", "status"]);
    assert_eq!(last_status(&played.out), last_status(&again.out));
    // A line of the scenario that is carried out anew is not done a second time.
    let anew = play(&["figure-8"], &["next 3", "back 99", "next", "forward", "quit"]);
    assert!(anew.out.contains("there is nothing to do again"), "{}", anew.out);
}

/// Whoever goes through a scenario is told where it stands, after each way to move in it.
#[test]
fn a_prompt_says_which_line_of_a_scenario_is_next_or_that_it_has_ended() {
    let script = file("ends.raft");
    fs::write(&script, "nodes 3\nmanual\ntimeout 0\nexpect campaigns = 1\n").unwrap();
    let ended = "(that was the scenario's last line; 'step' and 'run' go on)";
    for (lines, count) in
        [(&["next 3"][..], 1), (&["run"], 1), (&["next 2"], 0), (&["run", "back", "run"], 2)]
    {
        let out = play(&[script.to_str().unwrap()], lines).out;
        assert_eq!(out.matches(ended).count(), count, "{lines:?}: {out}");
    }
    let back = play(&[script.to_str().unwrap()], &["run", "back"]).out;
    let next =
        "(undone: 'timeout 0', and 1 line that moved nothing)\n  (next: 'timeout 0', of 2 lines";
    assert!(back.contains(next), "{back}");
}

/// A list of messages is of those in flight; those that have arrived are counted, and listed if asked for.
#[test]
fn messages_that_have_arrived_are_listed_if_asked_for() {
    let lines = ["manual", "timeout 0", "deliver request-vote 0 -> 1", "messages", "messages all"];
    let out = play(&["--nodes", "3"], &lines).out;
    let (waits, all) = out.split_once("> messages all").unwrap();
    let (_, waits) = waits.split_once("> messages\n").unwrap();
    assert!(!waits.contains("has arrived") && waits.contains("request-vote 0 -> 2"), "{out}");
    assert!(
        waits.contains("and 1 that can be delivered again: 'messages all' lists them"),
        "{out}"
    );
    assert!(all.contains("request-vote 0 -> 1") && all.contains("has arrived"), "{out}");
}

#[test]
fn a_paused_leader_is_shown_as_both() {
    let played = play(&["--seed", "4"], &["run until leader", "pause leader", "status"]);
    let status = last_status(&played.out).join("\n");
    assert_eq!(status.matches("leader, PAUSED").count(), 1, "{status}");
    let brief = ["run until leader", "status", "pause leader", "status", "pause 0", "status"];
    let brief = play(&["--seed", "4", "--view", "brief"], &brief);
    assert!(brief.out.contains("leader, PAUSED"), "{}", brief.out);
}

#[test]
fn what_waits_in_vain_under_manual_control_says_so() {
    let hint = "(timers and links are in your hands: 'automatic' gives them back)";
    let told = |lines: &[&str]| {
        let out = play(&["--nodes", "3"], lines).out;
        unwrapped(&out)
    };
    let lines = ["manual", "run until leader", "write SET x=1", "submit SET x=1", "crash leader"];
    let by_hand = told(&lines);
    assert_eq!(by_hand.matches(hint).count(), 3, "{by_hand}");
    assert!(
        by_hand
            .contains("leader ✗ wait until leader: not within 12 s; there is no leader. (timers")
    );
    let by_itself = told(&["crash 0", "crash 1", "run until leader", "write SET x=1"]);
    assert!(
        by_itself.contains("there is no leader. Only 1 of 3 nodes is up")
            && !by_itself.contains(hint),
        "{by_itself}"
    );
}

#[test]
fn words_that_belong_elsewhere_are_sent_there() {
    let lines = ["SET x=1", "GET x", "goto 3", "previous", "kill leader", "undo", "read x"];
    let out = play(&["--nodes", "3"], &lines).out;
    let out = unwrapped(&out);
    for sentence in [
        "'SET x=1' is a command for the cluster: 'write SET x=1'",
        "'GET x' is a command for the cluster: 'write GET x'",
        "'goto' is a word of 'replay', which walks through a recorded run ('--trace FILE' records one)",
        "'previous' is a word of 'replay'",
        "'kill' is not a word here; did you mean 'crash'?",
        "'undo' is not a word here; did you mean 'back'?",
        "'read' is not a word here; did you mean 'write' or 'write GET x'?",
        "Nothing has happened yet, so nothing was checked.",
    ] {
        assert!(out.contains(sentence), "{sentence:?} is not in: {out}");
    }
    let out =
        play(&["--nodes", "3"], &["run until leader", "expect no value a", "run 1s", "step"]).out;
    let out = unwrapped(&out);
    assert!(out.contains("✓ as expected: no running node has a key 'a'"), "{out}");
    assert!(!out.contains("nothing was checked"), "{out}");
}

/// How a run stands can be asked at the prompt on a cluster as at the one on its trace.
#[test]
fn a_run_can_be_inspected_while_it_goes_on() {
    let lines = [
        "show",
        "run until leader",
        "write SET x=1",
        "show leader",
        "show 0",
        "blame 0 votedFor",
        "leaders",
        "clients",
        "diff 1 2",
    ];
    let out = unwrapped(&play(&["--nodes", "3", "--seed", "1"], &lines).out);
    for words in [
        "show ✗ no node has made a step yet",
        "✗ 'leader' does not fit; expected a node from 0 to 2",
        "votedFor n0 log 1@1 2@1 commitIndex 2",
        "n0's votedFor has been 'n0' since step 1",
        "n0 leads term 1 from step 4 on",
        "Client 1 asked n0 for SET x=1 after step 4 and was told by n0, in step 15,",
        "n1 votedFor 'null' → 'n0'",
    ] {
        assert!(out.contains(words), "{words:?} is not in: {out}");
    }
}

#[test]
fn a_message_that_is_delivered_again_is_called_a_duplicate() {
    let lines = [
        "manual",
        "timeout 0",
        "timeout 0",
        "deliver request-vote 0 -> 1",
        "deliver request-vote 0 -> 1",
        "deliver request-vote 0 -> 1 older 1",
    ];
    let out = unwrapped(&play(&["--nodes", "3"], &lines).out);
    let again = "(it has arrived before, so this is a duplicate; 'request-vote 0 -> 1 older 1' still waits)";
    assert_eq!(out.matches(again).count(), 1, "{out}");
    assert_eq!(out.matches("a duplicate").count(), 1, "{out}");
}

/// 'load' begins another session, and 'back' returns to the one before, with the scenario's lines that were left.
#[test]
fn what_was_left_for_another_scenario_can_be_returned_to() {
    let lines = ["next 2", "status", "load demo", "crash 0", "back", "back", "status", "next"];
    let played = play(&["figure-8"], &lines);
    let out = unwrapped(&played.out);
    for words in ["('back' returns to the session before)", "(back where 'load' was typed)"] {
        assert_eq!(out.matches(words).count(), 1, "{words:?} in {out}");
    }
    let [first, again] = [out.find("(next: '"), out.rfind("(next: '")].map(Option::unwrap);
    assert!(first < again && !out.contains("nothing to undo"), "{out}");
    let straight = unwrapped(&play(&["figure-8"], &["next 3"]).out);
    let last =
        |out: &str| out[out.rfind("(next: '").unwrap()..].split(';').next().unwrap().to_owned();
    assert_eq!(last(&out), last(&straight));
    let none = play(&["--nodes", "3"], &["back", "load demo", "step", "back", "back", "back"]).out;
    assert_eq!(none.matches("nothing to undo").count(), 2, "{none}");
}

/// Under manual control no vote arrives by itself, so who is told to elect a node does not campaign in vain.
#[test]
fn an_election_that_cannot_be_won_is_refused() {
    let lines = ["manual", "elect 0", "status"];
    let played = play(&["--nodes", "3"], &lines);
    let out = unwrapped(&played.out);
    assert!(out.contains("✗ elect 0: nothing comes by itself: no timer runs"), "{out}");
    assert!(last_status(&played.out).iter().all(|line| !line.contains("candidate")), "{out}");
    assert!(!play(&["--nodes", "1"], &["manual", "elect 0"]).out.contains('✗'));
    let led = ["run until leader is 0", "manual", "elect 0"];
    let led = play(&["--nodes", "3", "--seed", "1"], &[&["timeout 0"], &led[..]].concat());
    assert!(!led.out.contains('✗'), "{}", led.out);
}

#[test]
fn what_a_leader_sends_comes_after_an_entry() {
    let lines = [
        "manual",
        "timeout 0",
        "deliver request-vote 0 -> 1",
        "deliver request-vote-reply 1 -> 0",
        "deliver append-entries 0 -> 1",
        "heartbeat 0",
        "deliver append-entries 0 -> 2",
    ];
    let out = play(&["--nodes", "3"], &lines).out;
    for words in ["n0 sends 1 entry from index 1 on in term 1", "n0 sends a heartbeat after 1@1"] {
        assert!(out.contains(words), "{words:?} is not in: {out}");
    }
}

/// Where a line fails, the sentence says how things stood; of a line that acts later, when it will.
#[test]
fn what_was_found_and_what_is_to_come_is_said() {
    let lines = [
        "expect in step",
        "timeout 0",
        "wait until leader",
        "wait until in step",
        "cut 2",
        "write SET x=1",
        "wait 600ms",
        "expect value x=1",
        "expect committed 2",
        "expect role 1 = leader",
        "expect vote 2 = 1",
        "expect log 2 = empty",
        "expect not committed SET x=1 on majority",
        "expect probing 0 -> 2",
        "wait 1ms until commit 2 = 2",
        "partition 0 | leader",
        "crash 1 before save",
        "lose answer 0",
        "crash 0 before send",
        "help one-vote-per-term",
        "help two-votes",
        "help ONE-vote-per-term",
    ];
    let out = play(&["--nodes", "3"], &lines).out;
    let out = unwrapped(&out);
    has_all(
        &out,
        &[
            "expect in step: the log of n0, n1 and n2 is empty.",
            "x is 1 on n0 and n1; there is no x on n2.",
            "commitIndex is 2 on n0 and n1; commitIndex is 1 on n2.",
            "expect role 1 = leader: n1 is a follower.",
            "expect vote 2 = 1: n2 voted for n0 in term 1.",
            "the log of n2 is 1@1.",
            "n0 and n1 have committed it; n2 has not committed it.",
            "n0 does not probe n2.",
            "not within 1 ms; commitIndex is 1 on n2.",
            "the line means n0 twice, and another node belongs there.",
            "(done: it crashes within its next step, before it saves)",
            "(done: its next answer to a client is lost)",
            "(done: it crashes within its next step, before it sends)",
            "paper §5.2, Figure 2 RequestVote receiver 2",
            "'two-votes' is not a word here, and no rule",
            "'ONE-vote-per-term' is not a word here, and no rule; did you mean 'one-vote-per-term'?",
        ],
    );
}

/// A line of a scenario that fails says that it is done with, and how it comes next again.
#[test]
fn a_line_of_the_scenario_that_fails_can_be_brought_back() {
    let path = file("gap.raft");
    fs::write(&path, "nodes 3\nthreads off\nmanual\nexpect leader is 1\nstatus\n").unwrap();
    let lines = [
        "next",
        "next",
        "back",
        "timeout 1",
        "deliver request-vote 0 -> 1",
        "deliver request-vote 1 -> 0",
        "deliver request-vote-reply 0 -> 1",
        "next",
    ];
    let out = play(&[path.to_str().unwrap()], &lines).out;
    let out = unwrapped(&out);
    has_all(
        &out,
        &[
            "expect leader is 1: there is no leader. (the line counts as done all the same; 'back' makes it the next one again) (next: 'status'",
            "no such message is in flight; these are: 'request-vote 1 -> 0', 'request-vote 1 -> 2'.",
            "✓ as expected: n1 leads (next: 'status'",
        ],
    );
}

/// Under manual control a message that is named is expected to arrive: that it does not is said.
#[test]
fn what_does_not_arrive_and_who_is_paused_is_said() {
    let lines = [
        "manual",
        "timeout 0",
        "cut 0 -> 1",
        "deliver request-vote 0 -> 1",
        "crash 2",
        "deliver request-vote 0 -> 2",
        "automatic",
        "heal",
        "pause 1",
        "run until leader",
        "crash 0",
        "crash 1",
        "run until leader",
    ];
    let out = play(&["--nodes", "3"], &lines).out;
    let out = unwrapped(&out);
    has_all(
        &out,
        &[
            "the message from n0 to n1 is lost: the link is cut",
            "the message from n0 to n2 is lost: n2 is down",
            "there is no leader. n1 is paused.",
            "there is no leader. None of 3 nodes are up, and a leader needs the votes of 2",
        ],
    );
    let paused = play(&["--nodes", "3"], &["elect 0", "pause 0", "status"]).out;
    assert!(paused.contains("n0 (paused) leads term 1> "), "{paused}");
}
