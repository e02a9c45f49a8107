//! Logs given directly to the checker: where they differ, and that an index and a term stand for one log.

use raft_in_practice::properties::safety::{Earlier, Violation};

use super::*;

/// Shows the checker a node that was restored from disk with this term and this log.
fn holds(bench: &mut Bench, node: u8, term: u64, entries: Vec<LogEntry>) {
    let server = restored(bench, node, term, entries);
    let changes = Changes { memory_from: Some(LogIndex::FIRST), disk_from: None };
    bench.checker.observe(&server, changes, &[]);
}

/// Each position that stood for two logs, the node that held it before, and what became of it there.
fn differ(bench: &Bench) -> Vec<(LogPosition, NodeId, Earlier)> {
    let differ = |found: &Violation| match found.evidence {
        Evidence::LogsDiffer { position, a, earlier, .. } => Some((position, a, earlier)),
        _ => None,
    };
    bench.checker.violations().iter().filter_map(differ).collect()
}

const fn parted(index: u64, a: u64, b: u64) -> Earlier {
    Earlier::Differs { index: LogIndex::new(index), a: Term::new(a), b: Term::new(b) }
}

#[test]
fn two_logs_part_at_the_first_entry_that_differs() {
    let (ours, other) = ([1, 1, 2, 3], [1, 2, 2, 3]);
    let before = |held: &[(u64, &[u64])], then: &[u64]| {
        let mut bench = Bench::new(3, &[]);
        for &(term, log) in held {
            holds(&mut bench, 0, term, no_ops(log));
        }
        holds(&mut bench, 1, 3, no_ops(then));
        differ(&bench)
    };
    let (at, first) = (LogPosition::new(3, 2), id(0));
    assert_eq!(before(&[(3, &ours)], &other), [(at, first, parted(2, 1, 2))]);
    let lost = Earlier::Lost { in_term: Term::new(9) };
    let twice = before(&[(3, &ours), (9, &ours[..2])], &other);
    assert_eq!(twice, [(at, first, lost)], "it holds no such entry any more");
    assert_eq!(before(&[(3, &ours[..2])], &other), [], "nor one so far");
    assert_eq!(before(&[(3, &ours)], &ours), []);
}

#[test]
fn an_index_and_a_term_stand_for_one_history_whoever_holds_it() {
    let mut bench = Bench::new(3, &[]);
    let first = id(0);
    // Two terms at one index, or two indexes in one term, contradict nothing, also when another node has them.
    for node in [0, 1] {
        for (term, log) in [(1, &[1][..]), (2, &[2, 2]), (3, &[3, 3])] {
            holds(&mut bench, node, term, no_ops(log));
            assert_eq!(differ(&bench), [], "{term} at n{node}");
        }
    }
    let another = |term| LogEntry::command(Term::new(term), Command::new("another"));
    holds(&mut bench, 2, 3, vec![another(1)]);
    holds(&mut bench, 2, 3, vec![another(3)]);
    holds(&mut bench, 2, 3, vec![LogEntry::no_op(Term::new(3)), another(3)]);
    let lost = Earlier::Lost { in_term: Term::new(2) };
    assert_eq!(
        differ(&bench),
        [
            (LogPosition::new(1, 1), first, lost),
            (LogPosition::new(1, 3), first, parted(1, 3, 3)),
            (LogPosition::new(2, 3), first, parted(2, 3, 3)),
        ]
    );
}
