//! Every kind of facts, and the words that its text must contain.

use raft_in_practice::raft::{
    Facts, LogIndex, LogPosition, NodeId, Outcome, Rule, Term, TimerCause, Verdict,
};
use raft_in_practice::view::facts::{as_clause, compared};
use raft_in_practice::view::words::Speaker;

const N1: NodeId = NodeId::new(1);
const N3: NodeId = NodeId::new(3);

fn told(rule: Rule, outcome: Outcome, facts: Facts) -> String {
    let speaker = Speaker { node: N1, from: Some(N3) };
    compared(speaker, &Verdict { rule, outcome, facts })
}

const TERM: Term = Term::new(7);
const INDEX: LogIndex = LogIndex::new(4);
const LAST: LogIndex = LogIndex::new(6);
const A: LogPosition = LogPosition::new(4, 2);
const B: LogPosition = LogPosition::new(6, 3);

/// Facts of every kind, the rule that compared them, and words that its sentence must contain.
const EVERY_KIND: &[(Rule, Facts, &[&str])] = &[
    (
        Rule::StaleTermRejected,
        Facts::Terms { message: Term::new(2), own: TERM },
        &["n3", "term 2", "n1", "term 7", "older"],
    ),
    (
        Rule::HigherTermStepsDown,
        Facts::Terms { message: TERM, own: Term::new(2) },
        &["term 7", "term 2", "higher"],
    ),
    (
        Rule::VotesCountedOnceAndInTerm,
        Facts::Terms { message: Term::new(2), own: TERM },
        &["another election"],
    ),
    (
        Rule::RepliesMatchedToTerm,
        Facts::Terms { message: Term::new(2), own: TERM },
        &["another leadership"],
    ),
    (
        Rule::StaleTermRejected,
        Facts::Terms { message: TERM, own: TERM },
        &["n3's message is of term 7", "n1 is in that term"],
    ),
    (
        Rule::OneVotePerTerm,
        Facts::Vote { term: TERM, voted_for: None, candidate: N3 },
        &["n3", "n1", "votedFor", "null", "term 7"],
    ),
    (
        Rule::OneVotePerTerm,
        Facts::Vote { term: TERM, voted_for: Some(N1), candidate: N3 },
        &["n3 asks", "itself"],
    ),
    (
        Rule::OneVotePerTerm,
        Facts::Vote { term: TERM, voted_for: Some(N3), candidate: N3 },
        &["already"],
    ),
    (
        Rule::CandidateVotesForItself,
        Facts::Vote { term: TERM, voted_for: None, candidate: N1 },
        &["itself", "term 7"],
    ),
    (Rule::UpToDateLog, Facts::Logs { candidate: A, own: B }, &["4@2", "6@3", "later last term"]),
    (
        Rule::UpToDateLog,
        Facts::Logs { candidate: LogPosition::START, own: LogPosition::START },
        &["n3 says its log is empty, as n1's is: good enough"],
    ),
    (
        Rule::UpToDateLog,
        Facts::Logs { candidate: LogPosition::new(1, 2), own: A },
        &["1@2", "longer"],
    ),
    (Rule::TermBeforeLength, Facts::Logs { candidate: A, own: B }, &["4@2", "6@3", "lengths"]),
    (
        Rule::VotesCountedOnceAndInTerm,
        Facts::VoteReceived { voter: N3, counted_before: false },
        &["n3", "not counted yet"],
    ),
    (
        Rule::VotesCountedOnceAndInTerm,
        Facts::VoteReceived { voter: N3, counted_before: true },
        &["n3", "counted already"],
    ),
    (Rule::MajorityQuorum, Facts::Quorum { have: 2, need: 3, nodes: 5 }, &["2 of 5", "needs 3"]),
    (
        Rule::MajorityQuorum,
        Facts::Quorum { have: 3, need: 3, nodes: 5 },
        &["3 of 5", "3 are a majority"],
    ),
    (
        Rule::MajorityQuorum,
        Facts::Copies { index: INDEX, have: 1, need: 1, nodes: 1 },
        &["index 4", "1 of 1 node,", "1 is a majority"],
    ),
    (Rule::CommitOnlyCurrentTerm, Facts::EntryTerm { entry: A, own: TERM }, &["4@2", "term 7"]),
    (
        Rule::CommitOnlyCurrentTerm,
        Facts::EntryTerm { entry: A, own: Term::new(2) },
        &["4@2", "n1 leads"],
    ),
    (
        Rule::LogMatchingCheck,
        Facts::PrevEntry { prev: A, found: Some(A.term), last: LAST },
        &["n3", "4@2", "n1 has it"],
    ),
    (
        Rule::LogMatchingCheck,
        Facts::PrevEntry { prev: A, found: Some(Term::new(1)), last: LAST },
        &["4@2", "4@1"],
    ),
    (
        Rule::LogMatchingCheck,
        Facts::PrevEntry { prev: B, found: None, last: INDEX },
        &["6@3", "index 4"],
    ),
    (
        Rule::LogMatchingCheck,
        Facts::PrevEntry { prev: B, found: None, last: LogIndex::ZERO },
        &["6@3", "empty"],
    ),
    (
        Rule::LogMatchingCheck,
        Facts::PrevEntry { prev: LogPosition::START, found: Some(Term::ZERO), last: LAST },
        &["begins at index 1"],
    ),
    (Rule::ConflictTruncates, Facts::Conflict { leader: A, own: TERM }, &["4@2", "4@7"]),
    (Rule::TruncateOnlyOnConflict, Facts::NoConflict { from: INDEX, last: LAST }, &["4", "6"]),
    (Rule::AcknowledgeOnlyVerified, Facts::Verified { verified: INDEX, last: LAST }, &["4", "6"]),
    (
        Rule::CommitOnlyVerified,
        Facts::CommitLimit { leader_commit: LogIndex::new(5), verified: INDEX, last: LAST },
        &["5", "4", "6"],
    ),
    (
        Rule::MatchIndexMonotone,
        Facts::Match { peer: N3, known: LAST, acknowledged: INDEX },
        &["n3", "4", "6"],
    ),
    (Rule::CandidateYieldsToLeader, Facts::Leader { leader: N3, term: TERM }, &["n3", "term 7"]),
    (
        Rule::VoteClearedOnlyByNewTerm,
        Facts::VoteKept { term: TERM, voted_for: Some(N3) },
        &["n3", "term 7"],
    ),
    (
        Rule::VoteClearedOnlyByNewTerm,
        Facts::VoteKept { term: TERM, voted_for: None },
        &["is null", "term 7"],
    ),
    (
        Rule::NewTermPerElection,
        Facts::Election { before: Term::new(6), term: TERM },
        &["term 6", "term 7"],
    ),
    (Rule::LeaderAppendOnly, Facts::Tail { last: B, commit: INDEX }, &["6@3", "4"]),
    (Rule::NoOpOnElection, Facts::Leadership { term: TERM }, &["n1", "term 7"]),
    (Rule::LeaderHeartbeat, Facts::Leadership { term: TERM }, &["n1", "term 7"]),
    (
        Rule::PersistBeforeReply,
        Facts::Durable { term_or_vote: true, log_from: Some(INDEX), messages: 2 },
        &["vote", "index 4", "2 messages"],
    ),
    (
        Rule::PersistBeforeReply,
        Facts::Durable { term_or_vote: false, log_from: Some(INDEX), messages: 1 },
        &["index 4", "1 message"],
    ),
    (
        Rule::PersistBeforeReply,
        Facts::Durable { term_or_vote: true, log_from: None, messages: 0 },
        &["vote", "no message"],
    ),
    (
        Rule::AnswerOnlyApplied,
        Facts::Applied { awaited: A, applied: Term::new(9) },
        &["4@2", "4@9", "waits"],
    ),
];

#[test]
fn every_kind_of_facts_is_told_with_its_values() {
    for (rule, facts, words) in EVERY_KIND {
        let kept = told(*rule, Outcome::Refused, *facts);
        for word in *words {
            assert!(kept.contains(word), "{facts:?}: {kept:?} lacks {word:?}");
        }
        let broken = told(*rule, Outcome::Overridden, *facts);
        assert!(broken.contains("broken") && broken.len() > kept.len(), "{broken}");
    }
}

/// Without `term-before-length` a shorter log of a later term loses. The reason must not be the paper's.
#[test]
fn what_wins_against_the_paper_is_not_explained_by_the_paper() {
    let (longer, later) = (LogPosition::new(6, 1), LogPosition::new(4, 2));
    let logs = |candidate, own| Facts::Logs { candidate, own };
    let lengths = |candidate: LogPosition, own: LogPosition| Facts::Lengths {
        candidate: candidate.index,
        own: own.index,
    };
    for (facts, outcome, word) in [
        (logs(longer, later), Outcome::Refused, "later last term"),
        (logs(later, longer), Outcome::Holds, "later last term"),
        (lengths(longer, later), Outcome::Holds, "longer log counts"),
        (lengths(later, longer), Outcome::Refused, "longer log counts"),
        (lengths(later, later), Outcome::Holds, "only length counts"),
    ] {
        let text = told(Rule::UpToDateLog, outcome, facts);
        assert!(text.contains(word), "{facts:?}: {text}");
    }
}

#[test]
fn a_timeout_is_told_with_its_range() {
    let timeout = |drawn_us| Facts::Timeout { shortest_us: 150_000, longest_us: 300_000, drawn_us };
    let text = told(Rule::RandomisedTimeout, Outcome::Holds, timeout(211_500));
    assert_eq!(text, "the timer runs 211.5 ms this time, drawn from 150 ms to 300 ms");
    let text = told(Rule::RandomisedTimeout, Outcome::Overridden, timeout(150_000));
    assert!(text.contains("150 ms this time, and it ought"), "{text}");
}

#[test]
fn every_cause_for_a_timer_is_told() {
    for cause in [
        TimerCause::CurrentLeader,
        TimerCause::VoteGranted,
        TimerCause::ElectionStarted,
        TimerCause::StaleRequest,
        TimerCause::VoteRefused,
    ] {
        let text = told(Rule::TimerResetOnlyByAuthority, Outcome::Holds, Facts::Timer { cause });
        assert_eq!(text.contains("starts over"), cause.has_authority(), "{text}");
        assert_eq!(text.contains("runs on"), !cause.has_authority(), "{text}");
    }
    // The message may be old, and its sender in another term by now.
    let cause = TimerCause::StaleRequest;
    let text = told(Rule::TimerResetOnlyByAuthority, Outcome::Refused, Facts::Timer { cause });
    assert!(text.starts_with("n3's message is of an older term"), "{text}");
}

#[test]
fn what_a_broken_rule_does_can_be_told_as_a_clause() {
    assert_eq!(as_clause("A node votes."), "a node votes");
    for rule in Rule::ALL {
        let second = rule.when_broken().chars().nth(1);
        assert!(second.is_some_and(|letter| !letter.is_uppercase()), "{rule} begins with a name");
        let clause = as_clause(rule.when_broken());
        assert!(!clause.contains("AppendEntries") || !clause.starts_with("append"), "{clause}");
    }
}
