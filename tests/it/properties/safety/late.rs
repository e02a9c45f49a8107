//! What the checker learns late: commits in the term in which they happened, and leaders of the past.

use std::collections::BTreeSet;

use raft_in_practice::properties::safety::{Counter, Earlier, Violation};
use raft_in_practice::raft::{AppendEntries, Message};

use super::*;

/// On threads, steps share a batch. A commit that a node makes as leader is judged as a leader's, even if
/// the node is a follower of the next term at the end of the batch.
#[test]
fn a_commit_is_judged_as_what_it_was_when_it_happened() {
    let mut bench = Bench::new(3, &[]);
    let asked = bench.step(0, Input::ElectionTimeout);
    let vote = bench.deliver(&asked, 1);
    let _ = bench.deliver(&vote, 0);
    // n1 acknowledges an entry that it does not have; n2 campaigns with an empty log.
    let lie = Envelope { from: id(1), to: id(0), message: common::accepted(1, 1) };
    let stands = request_vote(2, 0, 2);
    bench.steps(0, [Input::Receive(lie), Input::Receive(stands)]);
    assert!(!bench.servers[0].node().is_leader());
    assert_eq!(bench.violated(), [Property::DurableQuorum]);
    assert_eq!(bench.checker.second_leaders(), 0);
    // The leader of term 2 should have the entry.
    bench.step(2, Input::ElectionTimeout);
    let _ = elect(&mut bench, 2, &[1]);
    assert_eq!(lacks(&bench), [(Term::new(2), LogPosition::new(1, 1), Term::new(1))]);
}

/// A follower may learn of a term and of a commit in that term by one message.
#[test]
fn a_commit_counts_for_the_term_that_the_same_step_entered() {
    let mut bench = Bench::new(3, &[]);
    let request = AppendEntries {
        term: Term::new(2),
        leader_id: id(1),
        prev_log_index: LogIndex::ZERO,
        prev_log_term: Term::ZERO,
        entries: vec![LogEntry::no_op(Term::new(1))].into(),
        leader_commit: LogIndex::FIRST,
    };
    let (from, to) = (id(1), id(0));
    let message = Message::AppendEntries(request);
    bench.step(0, Input::Receive(Envelope { from, to, message }));
    // The leader of term 3 should have the entry that was committed in term 2.
    for _ in 1..3 {
        bench.step(2, Input::ElectionTimeout);
    }
    let _ = elect(&mut bench, 2, &[1]);
    assert_eq!(lacks(&bench), [(Term::new(3), LogPosition::new(1, 1), Term::new(2))]);
}

/// Which leader lacked which entry, and in which term that was committed.
fn lacks(bench: &Bench) -> Vec<(Term, LogPosition, Term)> {
    let lacks = |found: &Violation| match found.evidence {
        Evidence::LeaderLacks { term, missing, committed_in, .. } => {
            Some((term, missing, committed_in))
        }
        _ => None,
    };
    bench.checker.violations().iter().filter_map(lacks).collect()
}

/// Elects a node with the votes of these. Returns its AppendEntries, which are not delivered.
fn elect(bench: &mut Bench, candidate: u8, voters: &[u8]) -> Vec<Envelope> {
    let asked = bench.step(candidate.into(), Input::ElectionTimeout);
    let granted: Vec<_> = voters.iter().flat_map(|&voter| bench.deliver(&asked, voter)).collect();
    let appends = bench.deliver(&granted, candidate);
    assert!(bench.servers[usize::from(candidate)].node().is_leader());
    appends
}

/// The checker keeps the log with which a leader began only above the part that was compared already, and only
/// as long as some node can still commit in an earlier term.
#[test]
fn what_leaders_began_with_is_kept_only_while_it_can_be_asked_for() {
    let mut bench = Bench::new(3, &[]);
    let appends = elect(&mut bench, 0, &[1]);
    bench.settle(appends, &[0, 1]);
    let appends = elect(&mut bench, 1, &[0]);
    let terms = |bench: &Bench| -> Vec<(u64, usize)> {
        bench.checker.kept_of_leaders().map(|(term, entries)| (term.get(), entries)).collect()
    };
    assert_eq!(terms(&bench), [(1, 0), (2, 0)], "n2 is in term 0; 1@1 was committed by n0");
    bench.settle(appends, &[0, 1, 2]);
    let _ = bench.step(1, Input::Propose(vec![Command::new("lost")]));
    bench.step(1, Input::Receive(request_vote(0, 1, 3)));
    let _ = elect(&mut bench, 1, &[2]);
    assert_eq!(terms(&bench), [(4, 1)], "3@2 is not committed; no node is in a term below 2");
    assert_eq!(bench.violated(), []);
}

/// An entry that was only in memory is lost in a crash, so the checker must not say that the node still holds it.
#[test]
fn an_entry_that_a_crash_undid_is_said_to_be_lost() {
    let mut bench = Bench::new(1, &[Rule::PersistBeforeReply]);
    for command in ["a", "b"] {
        let proposed = Input::Propose(vec![Command::new(command)]);
        bench.steps(0, [Input::ElectionTimeout, proposed]);
        bench.restart(0);
    }
    let found = bench.checker.violations().iter().map(|found| found.evidence);
    let logs: Vec<_> = found.filter(|it| matches!(it, Evidence::LogsDiffer { .. })).collect();
    let node = id(0);
    let expected = |position| Evidence::LogsDiffer {
        position,
        a: node,
        earlier: Earlier::Lost { in_term: Term::new(1) },
        b: node,
    };
    assert_eq!(logs, [expected(LogPosition::new(2, 1))]);
}

/// On threads, a batch may commit an entry and overwrite it. The entry at its index after the batch is then
/// not the committed one.
#[test]
fn what_a_batch_commits_and_rewrites_is_not_said_to_be_committed() {
    let mut bench = Bench::new(3, &[Rule::StaleTermRejected]);
    let stale = elect(&mut bench, 0, &[1]);
    let appends = elect(&mut bench, 1, &[2]);
    let acks = bench.deliver(&appends, 2);
    bench.deliver(&acks, 1);
    let heartbeat = bench.step(1, Input::HeartbeatDue);
    let for_2 = |messages: &[Envelope]| {
        let mut found = messages.iter().filter(|it| it.to == id(2)).cloned();
        Input::Receive(found.next().expect("n2 was sent something"))
    };
    bench.steps(2, [for_2(&heartbeat), for_2(&stale)]);
    let evidence: Vec<_> = bench.checker.violations().iter().map(|found| found.evidence).collect();
    let index = LogIndex::FIRST;
    let (first, first_term) = (id(1), Term::new(2));
    let (node, now) = (id(2), Some(Term::new(1)));
    assert_eq!(evidence, [Evidence::CommittedReplaced { index, first, first_term, node, now }]);
}

/// Every number that goes back in a step is reported.
#[test]
fn of_several_numbers_that_go_back_at_once_each_is_said() {
    let mut bench = Bench::new(1, &[]);
    bench.step(0, Input::ElectionTimeout);
    let other = restored(&bench, 0, 0, no_ops(&[]));
    bench.checker.observe(&other, Changes::default(), &[]);
    let node = id(0);
    let back = |counter| Evidence::WentBack { node, counter, from: 1, to: 0 };
    let found = bench.checker.violations().iter().map(|found| found.evidence);
    let expected = [Counter::Term, Counter::CommitIndex, Counter::LastApplied].map(back);
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn a_run_that_goes_wrong_all_the_time_does_not_fill_the_memory() {
    let mut bench = Bench::new(3, &[]);
    let _ = elect(&mut bench, 0, &[1]);
    let short = bench.servers[0].clone();
    for _ in 0..1000 {
        // It stays leader with one entry less, and then with as many as at its beginning.
        let long = bench.servers[0].clone();
        for less in [&long, &short] {
            let propose = Input::Propose(vec![Command::new("a")]);
            bench.step(0, propose);
            let from = Some(less.node().last().index.next());
            bench.checker.observe(less, Changes { memory_from: from, disk_from: None }, &[]);
        }
    }
    let of = |property| {
        let found = bench.checker.violations().iter().filter(move |it| it.property == property);
        found.map(|it| it.evidence).collect::<Vec<_>>()
    };
    let kept = of(Property::LeaderAppendOnly);
    assert_eq!(kept.len(), 16);
    let different: BTreeSet<_> = kept.iter().collect();
    assert_eq!(different.len(), 16, "what is known is not kept twice");
    assert_eq!(of(Property::LogMatching), []);
    bench.checker.audit(&restored(&bench, 0, 1, no_ops(&[])));
    let violated = bench.violated().into_iter().filter(|it| *it == Property::LogMatching);
    assert_eq!(violated.count(), 1, "another property has room of its own");
}
