//! Every event, and the words that its text must contain.

use raft_in_practice::raft::{
    Command, Event, Facts, Input, LogIndex, LogPosition, MessageKind, NodeId, Outcome, RoleKind,
    Rule, Term, Verdict,
};
use raft_in_practice::view::event_text::{event, input, section, verdict};
use raft_in_practice::view::words::Speaker;

const N1: NodeId = NodeId::new(1);
const N3: NodeId = NodeId::new(3);

const fn speaker() -> Speaker {
    Speaker { node: N1, from: Some(N3) }
}

#[test]
fn every_event_is_told_with_its_values() {
    let (term, four, six) = (Term::new(7), LogIndex::new(4), LogIndex::new(6));
    let last = LogPosition::new(5, 2);
    let rule = Rule::OneVotePerTerm;
    let facts = Facts::Vote { term, voted_for: None, candidate: N3 };
    let checked = Verdict { rule, outcome: Outcome::Holds, facts };
    let accepted = |count, new_from| Event::EntriesAccepted { count, new_from, acknowledged: six };
    let told: &[(Event, &[&str])] = &[
        (Event::Checked(checked), &["kept", "one-vote-per-term", "§5.2", "n3", "term 7"]),
        (Event::TermAdvanced { from: Term::new(2), to: term }, &["term 2", "term 7"]),
        (
            Event::RoleChanged { from: RoleKind::Leader, to: RoleKind::Follower, term },
            &["leader", "follower", "term 7"],
        ),
        (Event::ElectionStarted { term, last }, &["term 7", "5@2"]),
        (Event::ElectionStarted { term, last: LogPosition::START }, &["empty"]),
        (Event::TermsExhausted, &["no election", "largest term"]),
        (Event::VoteGranted { to: N3, term }, &["n3", "term 7"]),
        (Event::VoteGranted { to: N1, term }, &["itself", "term 7"]),
        (Event::VoteRefused { to: N3, term, rule }, &["n3", "term 7", "one-vote-per-term"]),
        (Event::VoteCounted { from: N3, votes: 2 }, &["n3", "2 votes"]),
        (Event::VoteDenied { by: N3 }, &["n3"]),
        (Event::BecameLeader { term }, &["won", "term 7"]),
        (Event::Appended { first: four, last: six, term }, &["4@7", "6@7"]),
        (Event::Appended { first: four, last: four, term }, &["appends 4@7 to"]),
        (Event::ProposalRefused { leader: Some(N3) }, &["n3", "n1"]),
        (Event::ProposalRefused { leader: None }, &["no leader"]),
        (Event::LeaderRecognised { leader: N3, term }, &["n3", "term 7"]),
        (Event::Truncated { from: four, to: six }, &["4 to 6"]),
        (accepted(0, None), &["an empty AppendEntries", "6"]),
        (accepted(1, Some(six)), &["1 entry", "from index 6", "acknowledges index 6"]),
        (accepted(2, None), &["2 entries", "none of them new", "6"]),
        (Event::EntriesRefused { prev: last }, &["n3", "5@2"]),
        (Event::Matched { peer: N3, match_index: six }, &["n3", "6"]),
        (Event::BackedOff { peer: N3, from: six, to: four }, &["n3", "4", "6"]),
        (Event::CommitAdvanced { from: four, to: six }, &["5 to 6", "was 4"]),
        (
            Event::Ignored { from: N3, kind: MessageKind::RequestVoteReply },
            &["n3", "RequestVote reply"],
        ),
    ];
    for (happened, words) in told {
        let text = event(speaker(), happened);
        for word in *words {
            assert!(text.contains(word), "{happened:?}: {text:?} lacks {word:?}");
        }
        let cites = text.contains('§') || matches!(happened, Event::Ignored { .. });
        assert!(cites, "{text:?} names no section");
    }
}

#[test]
fn a_refusal_names_both_sides_the_rule_and_the_section() {
    let refusal = Verdict {
        rule: Rule::UpToDateLog,
        outcome: Outcome::Refused,
        facts: Facts::Logs { candidate: LogPosition::new(3, 1), own: LogPosition::new(2, 2) },
    };
    assert_eq!(
        verdict(speaker(), &refusal),
        "refused: up-to-date-log (§5.4.1): n3 says its log ends at 3@1, n1's ends at 2@2: \
         the log with the later last term is more up to date"
    );
}

#[test]
fn every_input_names_its_node() {
    let commands = vec![Command::new("SET x=1"), Command::new("GET x")];
    let told = input(N1, &Input::Propose(commands));
    assert!(told.contains("n1") && told.contains("SET x=1, GET x"), "{told}");
    for timer in [Input::ElectionTimeout, Input::HeartbeatDue] {
        assert!(input(N1, &timer).contains("n1"));
    }
}

#[test]
fn the_section_stands_without_the_clause() {
    assert_eq!(section(Rule::OneVotePerTerm), "§5.2");
    assert_eq!(section(Rule::RepliesMatchedToTerm), "§5.1, §5.3");
    assert!(Rule::ALL.iter().all(|&rule| section(rule).starts_with('§')));
}
