//! The log alone, and the log under AppendEntries.

use raft_in_practice::raft::{
    Envelope, Event, Input, LogIndex, LogPosition, Overlap, Rule, RuleSet, Term,
};

use crate::common::{
    acknowledged, append, at, commit, entries, follower, id, log, receive, settings, terms,
    with_rules,
};

const fn index(number: u64) -> LogIndex {
    LogIndex::new(number)
}

/// `TestFindConflict`: where the first entry stands that differs or is new, in the log [1, 2, 3].
/// Our answer tells the two apart.
#[test]
fn an_overlap_finds_the_first_entry_that_differs_or_is_new() {
    use Overlap::{Conflict, Contained, Extends};
    let conflict = |i, leader, own| Conflict { leader: at(i, leader), own: Term::new(own) };
    let table: [(u64, &[u64], Overlap); 11] = [
        (0, &[], Contained),
        (0, &[1, 2, 3], Contained),
        (1, &[2, 3], Contained),
        (2, &[3], Contained),
        (0, &[1, 2, 3, 4, 4], Extends(index(4))),
        (1, &[2, 3, 4, 5], Extends(index(4))),
        (2, &[3, 4, 4], Extends(index(4))),
        (3, &[4, 4], Extends(index(4))),
        (0, &[4, 4], conflict(1, 4, 1)),
        (1, &[1, 4, 4], conflict(2, 1, 2)),
        (2, &[1, 2, 4, 4], conflict(3, 1, 3)),
    ];
    for (prev, new, expected) in table {
        let found = log(&[1, 2, 3]).overlap(index(prev), &entries(prev, new));
        assert_eq!(found, expected, "{new:?} behind {prev}");
    }
}

/// `TestFindConflictByTerm`: etcd steps back over terms that are too late. Our leader asks for the
/// last entry of the very term that the follower names, and our follower for the first of its run.
#[test]
fn terms_are_found_in_the_log_from_both_ends() {
    let log = log(&[2, 2, 5, 5, 5]);
    let last = [(0, None), (1, None), (2, Some(2)), (4, None), (5, Some(5)), (6, None)];
    for (term, expected) in last {
        assert_eq!(log.last_index_of_term(Term::new(term)), expected.map(index), "term {term}");
    }
    for (from, expected) in [(1, 1), (2, 1), (3, 3), (4, 3), (5, 3)] {
        assert_eq!(log.first_index_of_term_at(index(from)), index(expected), "from {from}");
    }
}

/// `TestIsUpToDate`: last term first, whatever the length; then the length.
#[test]
fn positions_are_ordered_as_logs_are_up_to_date() {
    let own = log(&[1, 2, 3]).last();
    let table = [
        (at(2, 4), true),
        (at(3, 4), true),
        (at(4, 4), true),
        (at(2, 2), false),
        (at(3, 2), false),
        (at(4, 2), false),
        (at(2, 3), false),
        (at(3, 3), true),
        (at(4, 3), true),
    ];
    for (candidate, expected) in table {
        assert_eq!(candidate >= own, expected, "{candidate} beside {own}");
    }
    assert!(at(1, 1) > LogPosition::START, "any entry is more than none");
}

/// `TestAppend`: entries behind an index of the log [1, 2] ⇒ the log, and from where it is to be
/// written again.
#[test]
fn only_what_changed_is_written() {
    type Row = (u64, u64, &'static [u64], &'static [u64], Option<u64>);
    let table: [Row; 5] = [
        (2, 2, &[], &[1, 2], None),
        (2, 2, &[2], &[1, 2, 2], Some(3)),
        (0, 0, &[2], &[2], Some(1)),
        (1, 1, &[3, 3], &[1, 3, 3], Some(2)),
        (0, 0, &[1, 2, 3], &[1, 2, 3], Some(3)),
    ];
    for (prev, term, new, expected, written_from) in table {
        let mut node = follower(settings(3), 3, &[1, 2]);
        let message = append(1, 3, at(prev, term), new, 0);
        let turn = node.step(Input::Receive(Envelope { from: id(1), to: id(0), message }));
        assert_eq!(terms(&turn), expected, "{new:?} after {prev}");
        assert_eq!(turn.unsaved().log_from, written_from.map(index), "{new:?} after {prev}");
        _ = turn.crash_before_saving();
    }
}

/// `TestLogMaybeAppend`: the log [1, 2, 3] with its first entry committed; the entry before,
/// leaderCommit, new entries ⇒ acknowledged, commit. etcd's row with a conflict at a committed
/// entry is missing: that is a breach of safety, which the checks on a whole cluster report.
#[test]
fn an_append_is_acknowledged_and_committed_only_as_far_as_it_goes() {
    type Row = (u64, u64, u64, &'static [u64], Option<u64>, u64);
    let table: [Row; 14] = [
        // Another term, or no entry at all.
        (3, 2, 3, &[4], None, 1),
        (4, 3, 3, &[4], None, 1),
        // The last entry.
        (3, 3, 3, &[], Some(3), 3),
        (3, 3, 4, &[], Some(3), 3),
        (3, 3, 2, &[], Some(3), 2),
        (3, 3, 0, &[], Some(3), 1),
        (0, 0, 3, &[], Some(0), 1),
        (3, 3, 3, &[4], Some(4), 3),
        (3, 3, 4, &[4], Some(4), 4),
        (3, 3, 5, &[4], Some(4), 4),
        (3, 3, 5, &[4, 4], Some(5), 5),
        // One in the middle.
        (2, 2, 3, &[4], Some(3), 3),
        (1, 1, 3, &[4], Some(2), 2),
        (1, 1, 3, &[4, 4], Some(3), 3),
    ];
    for (prev, term, leader_commit, new, answer, expected) in table {
        let mut node = follower(settings(3), 4, &[1, 2, 3]);
        let _ = receive(&mut node, 1, append(1, 4, at(1, 1), &[], 1));
        let sent = receive(&mut node, 1, append(1, 4, at(prev, term), new, leader_commit));
        let row = format!("{prev}@{term} {new:?} {leader_commit}");
        assert_eq!(acknowledged(&sent), answer, "{row}");
        assert_eq!(commit(&node), expected, "{row}");
        if answer.is_some() && !new.is_empty() {
            let tail = node.log().slice(index(prev + 1), usize::MAX);
            assert_eq!(tail, entries(prev, new), "{row}");
        }
    }
}

/// `TestCommitTo`: forward, never back; beyond the log etcd panics, and we stop at what the
/// request verified.
#[test]
fn a_commit_index_only_grows_and_stays_within_the_log() {
    for (leader_commit, expected) in [(3, 3), (1, 2), (4, 3)] {
        let mut node = follower(settings(3), 3, &[1, 2, 3]);
        let _ = receive(&mut node, 1, append(1, 3, at(3, 3), &[], 2));
        assert_eq!(commit(&node), 2);
        let _ = receive(&mut node, 1, append(1, 3, at(3, 3), &[], leader_commit));
        assert_eq!(commit(&node), expected, "leaderCommit {leader_commit}");
    }
}

/// `TestTerm`: a term for each index of the log, 0 before the first, none behind the last.
#[test]
fn every_index_has_its_term() {
    let log = log(&[1, 1, 3]);
    let table = [(0, Some(0)), (1, Some(1)), (2, Some(1)), (3, Some(3)), (4, None), (99, None)];
    for (at, expected) in table {
        assert_eq!(log.term_at(index(at)), expected.map(Term::new), "index {at}");
    }
}

/// `TestSlice`: from an index on, at most so many, and nothing beyond the end.
#[test]
fn a_slice_stays_within_the_log() {
    let log = log(&[1, 2, 3]);
    let table: [(u64, usize, &[u64]); 6] = [
        (1, usize::MAX, &[1, 2, 3]),
        (1, 2, &[1, 2]),
        (2, 1, &[2]),
        (3, 9, &[3]),
        (4, 1, &[]),
        (2, 0, &[]),
    ];
    for (first, limit, expected) in table {
        let found: Vec<_> =
            log.slice(index(first), limit).iter().map(|entry| entry.term.get()).collect();
        assert_eq!(found, expected, "from {first}, {limit} at most");
    }
}

/// A log gives its entries with their indexes, from 1, in order.
#[test]
fn a_log_tells_each_entry_with_its_index() {
    let log = log(&[1, 1, 4]);
    let told: Vec<(u64, u64)> =
        log.iter().map(|(index, entry)| (index.get(), entry.term.get())).collect();
    assert_eq!(told, [(1, 1), (2, 1), (3, 4)]);
}

#[test]
fn an_empty_log_ends_before_the_first_entry_and_contains_only_that() {
    let log = log(&[]);
    assert_eq!(log.last(), LogPosition::START);
    assert!(log.contains(LogPosition::START));
    assert!(!log.contains(at(1, 1)));
    assert_eq!(log.get(LogIndex::ZERO), None);
}

/// A splice puts entries into a log: matching entries stay, a conflicting one is deleted with all that follow,
/// and the rest is appended.
#[test]
fn a_splice_keeps_what_matches_cuts_at_a_conflict_and_appends_the_rest() {
    // own log, prevLogIndex, entries ⇒ log, verified, cut at
    type Row = (&'static [u64], u64, &'static [u64], &'static [u64], u64, Option<u64>);
    let table: [Row; 6] = [
        (&[], 0, &[1, 1], &[1, 1], 2, None),
        (&[1, 1, 1], 0, &[1], &[1, 1, 1], 1, None),
        (&[1, 1, 1], 1, &[], &[1, 1, 1], 1, None),
        (&[1, 1, 1], 1, &[2], &[1, 2], 2, Some(2)),
        (&[1, 1, 1], 1, &[1, 2], &[1, 1, 2], 3, Some(3)),
        (&[1, 1], 2, &[2, 2], &[1, 1, 2, 2], 4, None),
    ];
    for (own, prev, new, expected, verified, cut) in table {
        let mut node = follower(settings(3), 2, own);
        let prev = at(prev, prev.min(1));
        let sent = receive(&mut node, 1, append(1, 2, prev, new, 0));
        assert_eq!(terms(&node), expected, "{own:?} {prev} {new:?}");
        assert_eq!(acknowledged(&sent), Some(verified), "{own:?} {prev} {new:?}");
        let truncated = sent.events().iter().find_map(|event| match event {
            Event::Truncated { from, .. } => Some(from.get()),
            _ => None,
        });
        assert_eq!(truncated, cut, "{own:?} {prev} {new:?}");
    }
}

#[test]
fn a_broken_splice_keeps_a_conflict_or_closes_a_gap() {
    let spliced = |rule, own: &[u64], prev, new: &[u64]| {
        let mut node = follower(with_rules(3, RuleSet::INTACT.without(rule)), 3, own);
        let _ = receive(&mut node, 1, append(1, 3, prev, new, 0));
        terms(&node)
    };
    assert_eq!(spliced(Rule::ConflictTruncates, &[1, 1], at(1, 1), &[2, 2]), [1, 1, 2]);
    let gap = spliced(Rule::LogMatchingCheck, &[1], at(4, 1), &[3]);
    assert_eq!(gap, [1, 3], "without the check, entries land at the end");
}

#[test]
fn terms_are_found_by_index_and_indexes_by_term() {
    let log = log(&[1, 1, 4, 4, 4, 6]);
    for (from, first) in [(5, 3), (2, 1), (9, 7)] {
        assert_eq!(log.first_index_of_term_at(index(from)), index(first));
    }
    for (term, last) in [(4, Some(5)), (5, None), (0, None)] {
        assert_eq!(log.last_index_of_term(Term::new(term)), last.map(index));
    }
}

#[test]
fn a_slice_is_bounded_by_the_log_and_by_its_limit() {
    let log = log(&[1, 2, 3]);
    for (first, limit, length) in [(2, usize::MAX, 2), (1, 2, 2), (4, 2, 0), (9, 2, 0)] {
        assert_eq!(log.slice(index(first), limit).len(), length);
    }
}
