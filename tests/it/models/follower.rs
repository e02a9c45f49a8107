//! What a follower does with AppendEntries and RequestVote, compared with Figure 2 taken word by word.

use proptest::collection::vec;
use proptest::prelude::*;

use raft_in_practice::raft::{
    Envelope, Input, LogEntry, LogIndex, LogPosition, PersistentState, RaftNode, Term,
};

use crate::common::{
    acknowledged, append, at, commit, entries, follower, granted, id, log, outcome, receive,
    request_vote, settings,
};
use crate::models::cases;
use crate::models::histories::{any_log, two_logs};

/// A request cut out of a leader's log: prevLogIndex, the number of entries, leaderCommit.
/// Each is brought within the log's length when the log is known.
type Cut = (usize, usize, u64);

fn cut() -> impl Strategy<Value = Cut> {
    (0..20usize, 0..6usize, 0..20u64)
}

/// A follower as Figure 2 describes it: a list, and one number.
struct Model {
    log: Vec<LogEntry>,
    commit: usize,
}

impl Model {
    /// AppendEntries, receiver steps 2 to 5. Step 1, the check of the term, is not modelled. Returns the
    /// acknowledged index.
    fn append(
        &mut self,
        prev: usize,
        prev_term: u64,
        new: &[LogEntry],
        commit: usize,
    ) -> Option<u64> {
        // 2: "reply false if log doesn't contain an entry at prevLogIndex whose term matches".
        if prev > self.log.len() {
            return None;
        }
        if prev > 0 && self.log[prev - 1].term.get() != prev_term {
            return None;
        }
        for (offset, entry) in new.iter().enumerate() {
            let index = prev + 1 + offset;
            // 3: "if an existing entry conflicts with a new one (same index but different terms),
            // delete the existing entry and all that follow it".
            if index <= self.log.len() && self.log[index - 1].term != entry.term {
                while self.log.len() >= index {
                    self.log.pop();
                }
            }
            // 4: "append any new entries not already in the log".
            if index > self.log.len() {
                self.log.push(entry.clone());
            }
        }
        // 5: "if leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new
        // entry)".
        let last_new = prev + new.len();
        if commit > self.commit {
            self.commit = self.commit.max(commit.min(last_new));
        }
        Some(last_new as u64)
    }
}

/// Plays the cuts, in their order, to a follower and to the model. After each the logs, the
/// answers, the commit indexes and the disk must agree.
fn compare(own: &[u64], leader: &[u64], term: u64, cuts: &[Cut]) -> Result<(), TestCaseError> {
    let mut node = follower(settings(3), term, own);
    let mut model = Model { log: entries(0, own), commit: 0 };
    let mut disk = node.persistent().clone();
    for &(prev, count, leader_commit) in cuts {
        let prev = prev % (leader.len() + 1);
        let new = &leader[prev..(prev + count).min(leader.len())];
        let prev_term = if prev == 0 { 0 } else { leader[prev - 1] };
        let message = append(1, term, at(prev as u64, prev_term), new, leader_commit);
        let input = Input::Receive(Envelope { from: id(1), to: id(0), message });
        let Ok(sent) = node.step(input).persist(&mut disk);
        let expected =
            model.append(prev, prev_term, &entries(prev as u64, new), leader_commit as usize);
        prop_assert_eq!(acknowledged(&sent), expected, "{:?} at {}", outcome(&sent), prev);
        prop_assert_eq!(node.log().slice(LogIndex::FIRST, usize::MAX), &model.log[..]);
        prop_assert_eq!(commit(&node), model.commit as u64);
        prop_assert_eq!(&disk, node.persistent());
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(4000))]

    /// Logs that a possible history has left, and pieces of the leader's log in any order.
    #[test]
    fn a_follower_of_a_real_history_does_what_figure_2_says(
        (own, leader, term) in two_logs(),
        cuts in vec(cut(), 1..6),
    ) {
        compare(&own, &leader, term, &cuts)?;
    }

    /// Logs that have nothing to do with each other. The clauses hold word by word for these too.
    #[test]
    fn a_follower_of_no_history_does_what_figure_2_says(
        own in any_log(),
        leader in any_log(),
        cuts in vec(cut(), 1..6),
    ) {
        compare(&own, &leader, 6, &cuts)?;
    }

    /// §5.4.1, in its words: "if the logs have last entries with different terms, then the log
    /// with the later term is more up-to-date. If the logs end with the same term, then whichever
    /// log is longer is more up-to-date." The voter denies its vote if its own log is more up-to-date.
    #[test]
    fn a_vote_is_denied_only_to_a_log_that_is_less_up_to_date(
        own in any_log(),
        candidate in any_log(),
    ) {
        let last_term = |log: &[u64]| log.last().copied().unwrap_or(0);
        let own_is_more_up_to_date = if last_term(&own) == last_term(&candidate) {
            own.len() > candidate.len()
        } else {
            last_term(&own) > last_term(&candidate)
        };
        let last = at(candidate.len() as u64, last_term(&candidate));
        let mut node = follower(settings(3), 6, &own);
        let sent = receive(&mut node, 1, request_vote(1, 7, last));
        prop_assert_eq!(granted(&sent), !own_is_more_up_to_date);
        prop_assert_eq!(log(&candidate).last() >= log(&own).last(), granted(&sent));
    }

    /// The lookups of the log, compared with a walk over all entries.
    #[test]
    fn a_log_finds_what_a_walk_over_it_finds(terms in any_log(), first in 0..12u64, limit in 0..9usize) {
        let log = log(&terms);
        let indexed: Vec<(u64, u64)> = (1..).zip(terms.iter().copied()).collect();
        let at_index = |index| indexed.iter().find(|&&(i, _)| i == index).map(|&(_, term)| term);
        let expected = if first == 0 { Some(0) } else { at_index(first) };
        prop_assert_eq!(log.term_at(LogIndex::new(first)).map(Term::get), expected);
        prop_assert_eq!(log.last(), indexed.last().map_or(LogPosition::START, |&(i, t)| at(i, t)));
        for term in 0..7 {
            let last = indexed.iter().rev().find(|&&(_, t)| t == term).map(|&(index, _)| index);
            prop_assert_eq!(log.last_index_of_term(Term::new(term)).map(LogIndex::get), last);
        }
        if let Some(term) = at_index(first) {
            let run = indexed.iter().find(|&&(_, t)| t == term).map(|&(index, _)| index);
            let found = log.first_index_of_term_at(LogIndex::new(first));
            prop_assert_eq!(Some(found.get()), run, "terms that do not go down stand in one run");
        }
        let slice = log.slice(LogIndex::new(first.max(1)), limit);
        let expected: Vec<_> =
            indexed.iter().filter(|&&(i, _)| i >= first.max(1)).take(limit).map(|x| x.1).collect();
        prop_assert_eq!(slice.iter().map(|entry| entry.term.get()).collect::<Vec<_>>(), expected);
    }
}

/// A node that starts from a disk on which another node was saved step by step equals that node.
#[test]
fn a_disk_that_followed_a_node_starts_the_same_node() {
    let mut node = follower(settings(3), 1, &[]);
    let mut disk = PersistentState::default();
    for (from, message) in [
        (1, append(1, 2, at(0, 0), &[1, 1, 2], 0)),
        (1, append(1, 3, at(1, 1), &[3], 0)),
        (2, request_vote(2, 4, at(9, 3))),
    ] {
        let input = Input::Receive(Envelope { from: id(from), to: id(0), message });
        let Ok(_) = node.step(input).persist(&mut disk);
    }
    let again = RaftNode::new(id(0), settings(3), disk);
    assert_eq!(again, node);
    assert_eq!((again.current_term(), again.voted_for()), (Term::new(4), Some(id(2))));
}
