//! Answers on commits name the entry that is meant: what a node had, has and never had, and which of two entries of
//! one index and term.

use std::fs;

use raft_in_practice::explain::{Change, Finding, Holding};

use super::corners::last;
use super::{history, script, shipped};
use crate::common::text::unwrapped;
use crate::common::{at, id, own_file};
use crate::play::play;

/// What is said at the end of a session with these lines.
fn said(arguments: &[&str], lines: &[&str]) -> String {
    unwrapped(&play(arguments, lines).out)
}

#[test]
fn a_node_that_has_replaced_what_it_had_committed_is_not_said_to_have_it() {
    let history = history(&shipped("broken/stale-term-rejected"));
    let replaced = |nodes| Finding::Replaced { entry: at(1, 2), now: at(1, 1), nodes };
    for question in ["committed 1", "committed 1 on 2", "committed 1@1 on 2"] {
        assert_eq!(last(&history, question).finding, replaced(vec![id(2)]), "{question}");
    }
    let deleted = last(&history, "committed 1@2 on 2");
    assert!(matches!(deleted.finding, Finding::Deleted { .. }) && deleted.contradicts);
    assert_eq!(deleted.follows_from.unwrap().finding, replaced(vec![id(2)]));
}

/// A late request has cut the log of a node below its commitIndex.
#[test]
fn an_entry_that_a_node_had_committed_and_deleted_is_said_to_be_gone() {
    let lines = [
        "manual",
        "timeout 0",
        "deliver request-vote 0 -> 2",
        "deliver request-vote-reply 2 -> 0",
        "submit to 0 a",
        "submit to 0 b",
        "deliver append-entries 0 -> 2 older 1",
        "deliver append-entries 0 -> 2",
        "deliver append-entries-reply 2 -> 0",
        "heartbeat 0",
        "deliver append-entries 0 -> 2",
        "deliver append-entries 0 -> 2 older 3",
    ];
    let head = "nodes 3\nthreads off\nno-op off\nbreak truncate-only-on-conflict\n";
    let history = history(&script(&format!("{head}{}\n", lines.join("\n"))));
    let answer = last(&history, "committed 2 on 2");
    let (entry, node, step) = (at(2, 1), id(2), history.last());
    let holders = vec![id(0)];
    assert_eq!(answer.finding, Finding::Deleted { entry, node, step, holders });
    let before = answer.follows_from.unwrap().finding;
    assert!(matches!(before, Finding::Committed { node: by, .. } if by == node), "{before:?}");
    let file = own_file("cut.raft");
    fs::write(&file, format!("{head}{}\n", lines.join("\n"))).unwrap();
    let text = said(&[file.to_str().unwrap()], &["run", "why committed 2 on 2"]);
    assert!(text.contains("in the log of n0. Before that: 2@1 is committed on n2"), "{text}");
}

/// What the node committed is of the wrong leader's making, and another entry was committed there first.
#[test]
fn a_leader_that_spoke_of_another_entry_is_said_to_have_done_so() {
    let run = history(&shipped("broken/commit-only-verified"));
    let answer = last(&run, "committed 1 on 0");
    assert_eq!(
        answer.finding,
        Finding::Replaced { entry: at(1, 2), now: at(1, 1), nodes: vec![id(0)] }
    );
    let of = Some(at(1, 2));
    let told_by = Some(id(1));
    assert_eq!(
        answer.follows_from.unwrap().finding,
        Finding::Committed { entry: at(1, 1), node: id(0), told_by, of, with: None }
    );
    let text = said(&["broken/commit-only-verified"], &["run", "why committed 1 on 0"]);
    assert!(text.contains("but its own entry there was 1@2"), "{text}");
}

#[test]
fn a_node_that_is_counted_without_a_copy_had_it_once_or_never() {
    for (name, index, node, holds) in [
        ("broken/acknowledge-only-verified", 1, 0, Holding::Lacks),
        ("broken/replies-matched-to-term", 2, 1, Holding::Lacks),
        ("broken/truncate-only-on-conflict", 1, 2, Holding::HasLost),
    ] {
        let answer = last(&history(&shipped(name)), &format!("committed {index}"));
        let of = |of: u8| answer.others.iter().find(|other| other.node == id(of)).unwrap();
        assert!(of(node).counted, "{name}");
        assert_eq!(of(node).holds, Some(holds), "{name}");
    }
}

#[test]
fn an_acknowledgement_of_nothing_names_no_entry_before_the_first() {
    for (name, of, said) in [
        (
            "broken/acknowledge-only-verified",
            0,
            "had sent an AppendEntries without entries, from index 1 on.",
        ),
        ("figure-8", 1, "without entries, built on 6@14."),
    ] {
        let text = self::said(&[name], &["run", &format!("why acknowledged {of}")]);
        assert!(text.contains(said) && !text.contains("0@0"), "{text}");
    }
}

/// Two leaders of one term, and the entries of both at index 1.
const TWO: [&str; 10] = [
    "break one-vote-per-term",
    "manual",
    "timeout 0",
    "timeout 1",
    "deliver request-vote 0 -> 2",
    "deliver request-vote-reply 2 -> 0",
    "deliver request-vote 1 -> 2",
    "deliver request-vote-reply 2 -> 1",
    "submit to 0 SET x=1",
    "submit to 1 SET x=2",
];

#[test]
fn two_entries_of_one_index_and_term_are_told_apart() {
    let run = |more: &[&str]| {
        let lines = TWO.iter().chain(more).copied().collect::<Vec<_>>().join("\n");
        history(&script(&format!("nodes 3\nno-op off\nthreads off\n{lines}\n")))
    };
    let first = run(&[]);
    let answer = last(&first, "not committed 1 on 0");
    let n1 = answer.others.iter().find(|other| other.node == id(1)).unwrap();
    assert_eq!(n1.holds, Some(Holding::HasAnother));
    let by_0 = ["deliver append-entries 0 -> 2", "deliver append-entries-reply 2 -> 0"];
    let second = run(&by_0);
    let answer = last(&second, "not committed 1 on 1");
    let (entry, committed) = (at(1, 1), at(1, 1));
    assert!(
        matches!(answer.finding, Finding::Superseded { entry: of, committed: by, .. } if of == entry && by == committed),
        "{answer:?}"
    );
    let by_1 = ["deliver append-entries 1 -> 2", "deliver append-entries-reply 2 -> 1"];
    let third = run(&[by_0, by_1].concat());
    let answer = last(&third, "committed 1 on 1");
    assert_eq!(answer.finding, Finding::Replaced { entry, now: committed, nodes: vec![id(1)] });
    let deeper = answer.follows_from.unwrap();
    let n2 = deeper.others.iter().find(|other| other.node == id(2)).unwrap();
    assert_eq!((n2.holds, n2.counted), (Some(Holding::HasAnother), true));
    let lines: Vec<&str> = TWO[1..].iter().chain(&by_0).chain(&by_1).copied().collect();
    let asked = [&lines[..], &["log", "why committed 1 on 1"]].concat();
    let script = own_file("two-leaders.raft");
    fs::write(&script, "nodes 3\nno-op off\nthreads off\nbreak one-vote-per-term\n").unwrap();
    let text = said(&[script.to_str().unwrap()], &asked);
    for words in [
        "has committed another 1@1 in its place",
        "n2 has another of this index and term, though its leader counts it",
        "n1 1*│ leader",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// The leader of an older term: a majority has left that term, so nothing that is proposed to it is committed.
#[test]
fn what_a_deposed_leader_lacks_comes_from_a_later_one() {
    let lines = "nodes 3\nelect 0\nwrite SET x=1\nwait 1s\npartition 0 | 1 2\nwait until leader other than 0\n\
                 write SET x=2\n";
    let history = history(&script(lines));
    for question in ["not committed 3 on 0", "not committed 3@2 on 0"] {
        let answer = last(&history, question);
        let Finding::Lacks { node, committed, .. } = answer.finding else { panic!("{answer:?}") };
        assert_eq!((node, committed.map(|(entry, _)| entry)), (id(0), Some(at(3, 2))));
        assert!(
            matches!(answer.change, Some(Change::StepDown { .. })),
            "{question}: {:?}",
            answer.change
        );
    }
    // As long as it can still commit, a proposal would do.
    let before = super::history(&script("nodes 3\nelect 0\nwrite SET x=1\nwait 1s\n"));
    let asked = last(&before, "not committed 2 on 0");
    assert!(asked.contradicts);
    let cut = super::history(&script(
        "nodes 3\nelect 0\nwrite SET x=1\nwait 1s\npartition 0 | 1 2\nwait until leader other than 0\n\
         write SET x=2\nheal\nwait 1s\ncrash 0\nwrite SET x=3\nrestart 0\n",
    ));
    let asked = last(&cut, "not committed 5 on 0");
    assert!(matches!(asked.change, Some(Change::Replication { .. })), "{asked:?}");
}

/// A voter refuses a candidate whose log is behind its own, so its vote cannot be what is missing.
#[test]
fn a_vote_that_the_log_forbids_is_not_waited_for() {
    let history = history(&script(
        "nodes 3\nthreads off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n\
         submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries 0 -> 1 older 1\ntimeout 2\n\
         timeout 2\n",
    ));
    let answer = last(&history, "not leader 2");
    assert!(matches!(answer.change, Some(Change::LaterElection { .. })), "{:?}", answer.change);
}

#[test]
fn a_refusal_keeps_its_place_between_two_steps() {
    let lines = ["elect 0", "submit to 2 SET x=1", "why told x", "step", "why told x"];
    let text = said(&["--nodes", "3"], &lines);
    let refused = "Client 1 asked n2 for SET x=1 after step 4 and was refused: n2 did not lead";
    assert_eq!(text.matches(refused).count(), 2, "{text}");
    assert!(!text.contains("That was in step"), "{text}");
    // A patient client waits for the node, which refuses it later.
    let text = said(&["paused-leader"], &["run", "why told GET x"]);
    assert!(
        text.contains("asked n0 for GET x after step 21 and was refused after step 36: n0"),
        "{text}"
    );
}

/// Why it gave up leading is one thing, and what would make it lead again another.
#[test]
fn a_node_that_has_led_would_lead_again_after_another_election() {
    let history = history(&script(
        "nodes 3\nelect 0\nwrite a\npartition 0 | 1 2\nwait until leader other than 0\nheal\nwait 1s\n",
    ));
    let answer = last(&history, "not leader 0");
    assert!(matches!(answer.finding, Finding::SteppedDown { .. }), "{:?}", answer.finding);
    assert_eq!(answer.change, Some(Change::Timeout { node: id(0) }));
}
