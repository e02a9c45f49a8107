//! The rules about terms and votes.

use raft_in_practice::raft::{Event, RoleKind, Rule, RuleSet, Sendable};

use crate::common::{
    acknowledged, append, at, candidate, follower, granted, id, leader, receive, request_vote,
    server, terms, timeout, vote, with_rules,
};
use crate::rules::shows;

/// Adds the events of a step to `events`, and returns the step's output.
pub fn noted(sent: Sendable, events: &mut Vec<Event>) -> Sendable {
    events.extend_from_slice(sent.events());
    sent
}

/// Two of four is no majority.
pub fn majority_quorum() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = candidate(with_rules(4, rules), 1, &[]);
        let _ = noted(receive(&mut node, 1, vote(1, true)), events);
        node.role().kind()
    };
    shows(Rule::MajorityQuorum, &RoleKind::Candidate, &RoleKind::Leader, situation)
}

/// The voter has given its vote of this term; another candidate asks.
pub fn one_vote_per_term() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = server(0, with_rules(3, rules), 1, Some(1), &[]);
        let sent = noted(receive(&mut node, 2, request_vote(2, 1, at(0, 0))), events);
        (granted(&sent), node.voted_for())
    };
    shows(Rule::OneVotePerTerm, &(false, Some(id(1))), &(true, Some(id(2))), situation)
}

/// The candidate lacks an entry that the voter has.
pub fn up_to_date_log() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = follower(with_rules(3, rules), 1, &[1, 1]);
        granted(&noted(receive(&mut node, 1, request_vote(1, 2, at(1, 1))), events))
    };
    shows(Rule::UpToDateLog, &false, &true, situation)
}

/// The candidate's log is longer, but its last term is older; and the other way round.
pub fn term_before_length() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let asks = |own: &[u64], last, events: &mut Vec<Event>| {
            let mut node = follower(with_rules(3, rules), 2, own);
            granted(&noted(receive(&mut node, 1, request_vote(1, 3, last)), events))
        };
        (asks(&[2], at(3, 1), events), asks(&[1, 1], at(1, 2), events))
    };
    shows(Rule::TermBeforeLength, &(false, true), &(true, false), situation)
}

/// A deposed leader goes on replicating.
pub fn stale_term_rejected() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = follower(with_rules(3, rules), 2, &[]);
        let sent = noted(receive(&mut node, 1, append(1, 1, at(0, 0), &[1], 0)), events);
        (acknowledged(&sent), terms(&node), node.leader())
    };
    let kept = (None, vec![], None);
    shows(Rule::StaleTermRejected, &kept, &(Some(1), vec![1], Some(id(1))), situation)
}

/// A leader receives an answer with a later term.
pub fn higher_term_steps_down() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = leader(with_rules(3, rules), 1, &[]);
        let _ = noted(receive(&mut node, 1, vote(2, false)), events);
        (node.role().kind(), node.current_term().get())
    };
    let (kept, broken) = ((RoleKind::Follower, 2), (RoleKind::Leader, 2));
    shows(Rule::HigherTermStepsDown, &kept, &broken, situation)
}

/// A node that has voted in this term campaigns.
pub fn new_term_per_election() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = server(0, with_rules(3, rules), 1, Some(1), &[]);
        let _ = noted(timeout(&mut node), events);
        (node.current_term().get(), node.voted_for())
    };
    shows(Rule::NewTermPerElection, &(2, Some(id(0))), &(1, Some(id(0))), situation)
}

/// A candidate is asked for its vote by another candidate of its term. Each counts its own vote.
pub fn candidate_votes_for_itself() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = follower(with_rules(3, rules), 0, &[]);
        let _ = noted(timeout(&mut node), events);
        assert_eq!(node.role().kind(), RoleKind::Candidate);
        granted(&noted(receive(&mut node, 1, request_vote(1, 1, at(0, 0))), events))
    };
    shows(Rule::CandidateVotesForItself, &false, &true, situation)
}

/// Two copies of one vote; then, in another election, a vote of the election before.
pub fn votes_counted_once_and_in_term() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let elected = |grants: [(u8, u64); 2], events: &mut Vec<Event>| {
            let mut node = candidate(with_rules(5, rules), 2, &[]);
            for (voter, term) in grants {
                let _ = noted(receive(&mut node, voter, vote(term, true)), events);
            }
            node.is_leader()
        };
        let twice = elected([(1, 2), (1, 2)], events);
        let late = elected([(1, 2), (2, 1)], events);
        assert!(elected([(1, 2), (2, 2)], events), "two that count are enough");
        (twice, late)
    };
    shows(Rule::VotesCountedOnceAndInTerm, &(false, false), &(true, true), situation)
}

/// A candidate receives AppendEntries from the leader of its term.
pub fn candidate_yields_to_leader() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = candidate(with_rules(3, rules), 1, &[]);
        let sent = noted(receive(&mut node, 1, append(1, 1, at(0, 0), &[1], 0)), events);
        (node.role().kind(), terms(&node), sent.messages().len())
    };
    let kept = (RoleKind::Follower, vec![1], 1);
    shows(Rule::CandidateYieldsToLeader, &kept, &(RoleKind::Candidate, vec![], 0), situation)
}

/// A voter receives AppendEntries from the leader it voted for; then another candidate of the term asks.
pub fn vote_cleared_only_by_new_term() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let mut node = server(0, with_rules(3, rules), 1, Some(1), &[]);
        let _ = noted(receive(&mut node, 1, append(1, 1, at(0, 0), &[], 0)), events);
        granted(&noted(receive(&mut node, 2, request_vote(2, 1, at(0, 0))), events))
    };
    shows(Rule::VoteClearedOnlyByNewTerm, &false, &true, situation)
}

/// Inputs without authority are requests of an older term, and a request whose vote is refused. Inputs with
/// authority are those of the leader of this term, a vote that is given, and an election.
pub fn timer_reset_only_by_authority() -> Rule {
    let situation = |rules: RuleSet, events: &mut Vec<Event>| {
        let before = follower(with_rules(3, rules), 2, &[1]);
        let restarts = |message, events: &mut Vec<Event>| {
            noted(receive(&mut before.clone(), 1, message), events).restart_election_timer()
        };
        assert!(restarts(append(1, 2, at(0, 0), &[], 0), events), "the leader's word");
        assert!(restarts(append(1, 2, at(9, 2), &[], 0), events), "even if it does not fit");
        assert!(restarts(request_vote(1, 2, at(1, 1)), events), "a vote given");
        assert!(noted(timeout(&mut before.clone()), events).restart_election_timer());
        [
            restarts(append(1, 1, at(0, 0), &[], 0), events),
            restarts(request_vote(1, 1, at(9, 1)), events),
            restarts(request_vote(1, 2, at(0, 0)), events),
            restarts(request_vote(1, 3, at(0, 0)), events),
        ]
    };
    shows(Rule::TimerResetOnlyByAuthority, &[false; 4], &[true; 4], situation)
}
