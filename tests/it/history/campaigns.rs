//! Answers about campaigns: copies of requests and votes, two campaigns in one term, and broken rules. Each once
//! named a wrong cause.

use raft_in_practice::explain::{Change, Explanation, Finding, Uncounted};
use raft_in_practice::raft::Term;
use raft_in_practice::record::History;

use super::corners::last;
use super::{history, script};
use crate::common::id;

fn manual(lines: &str) -> History {
    history(&script(&format!("nodes 3\nthreads off\nno-op off\nmanual\n{lines}")))
}

fn broken(rule: &str, lines: &str) -> History {
    history(&script(&format!("nodes 3\nthreads off\nno-op off\nbreak {rule}\nmanual\n{lines}")))
}

/// n0 campaigns, and its request to n1 is in flight twice.
fn doubled(lines: &str) -> History {
    history(&script(&format!(
        "nodes 3\nthreads off\nno-op off\ntimeout 0\nduplicate request-vote 0 -> 1\nmanual\n{lines}"
    )))
}

fn n1(answer: &Explanation) -> Option<Uncounted> {
    answer.others.iter().find(|other| other.node == id(1)).unwrap().uncounted
}

const fn awaits_a_vote(answer: &Explanation) -> bool {
    matches!(answer.change, Some(Change::Votes { more: 1, .. }))
}

#[test]
fn a_vote_may_still_come_by_a_copy_of_the_request_or_by_an_older_vote() {
    let (again, came) = ("deliver request-vote 0 -> 1\n", "deliver request-vote-reply 1 -> 0\n");
    let lost = "drop request-vote 0 -> 2\ndrop request-vote-reply 1 -> 0\n";
    for (before, after) in [
        // The newest vote is lost, and a copy of the request is under way.
        (format!("{again}{lost}"), format!("{again}{came}")),
        // The newest vote is lost, and an older one is under way.
        (format!("{again}{again}{lost}"), came.to_owned()),
        // The vote has not left, and a copy of the request is under way.
        (
            format!("drop request-vote 0 -> 2\ncrash 1 before send\n{again}restart 1\n"),
            format!("{again}{came}"),
        ),
    ] {
        let answer = last(&doubled(&before), "not leader 0");
        assert!(awaits_a_vote(&answer), "{before}{:?}", answer.change);
        assert!(!last(&doubled(&format!("{before}{after}")), "leader 0").contradicts, "{before}");
    }
    // A copy comes to nothing if the voter has gone on to a later term.
    let late = format!("{again}{lost}timeout 1\n");
    let answer = last(&doubled(&late), "not leader 0");
    assert_eq!(answer.change, Some(Change::LaterElection { term: Term::new(1) }));
}

/// A candidate whose disk was lost may campaign in its term once more.
#[test]
fn a_campaign_is_not_taken_for_an_earlier_one_of_its_term() {
    let wiped = "crash 0\nwipe 0\nrestart 0\n";
    let won = "timeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n";
    let answer = last(&manual(&format!("{won}{wiped}timeout 0\n")), "not leader 0");
    assert!(matches!(answer.finding, Finding::TooFewVotes { have: 1, ended_in: None, .. }));
    let asked = answer.step;
    assert_eq!(n1(&answer), Some(Uncounted::RequestUnderWay { asked }));
    assert!(awaits_a_vote(&answer), "{:?}", answer.change);
    // n1 refused in the first campaign, and has been asked nothing in the second.
    let refused = "timeout 0\ntimeout 1\ndeliver request-vote 0 -> 1\n";
    let both = format!("{wiped}{}", wiped.replace('0', "1"));
    let answer = last(&manual(&format!("{refused}{both}timeout 0\n")), "not leader 0");
    assert_eq!(n1(&answer), Some(Uncounted::RequestUnderWay { asked: answer.step }));
    // The vote that n1 gave in the first campaign counts when it comes in the second.
    let voted = "timeout 0\ndeliver request-vote 0 -> 1\n";
    let lost = "drop request-vote 0 -> 1\ndrop request-vote 0 -> 2\ndrop request-vote 0 -> 2\n";
    let lines = format!("{voted}{wiped}timeout 0\n{lost}");
    let answer = last(&manual(&lines), "not leader 0");
    assert_eq!(n1(&answer), Some(Uncounted::VoteUnderWay { given: 2 }));
    assert!(awaits_a_vote(&answer), "{:?}", answer.change);
    let history = manual(&format!("{lines}deliver request-vote-reply 1 -> 0\n"));
    assert!(!last(&history, "leader 0").contradicts);
    // Without new-term-per-election a term has many campaigns too.
    let history =
        broken("new-term-per-election", "timeout 0\ndeliver request-vote 0 -> 1\ntimeout 0\n");
    let answer = last(&history, "not leader 0");
    let Finding::TooFewVotes { have: 1, ended_in: None, .. } = answer.finding else {
        panic!("{:?}", answer.finding)
    };
}

/// What is lost after the last step is dated later if something befell a node before.
#[test]
fn a_request_that_was_lost_after_a_crash_at_the_end_is_not_under_way() {
    let answer = last(
        &manual("timeout 0\ncrash 1\ndrop request-vote 0 -> 2\ndrop request-vote 0 -> 1\n"),
        "not leader 0",
    );
    assert_eq!(n1(&answer), Some(Uncounted::RequestLost { lost: answer.step }));
    assert_eq!(answer.change, Some(Change::LaterElection { term: Term::new(1) }));
}

/// A candidate counts its own vote, whether or not it writes that vote down.
#[test]
fn a_vote_for_itself_that_is_not_written_down_counts_all_the_same() {
    let broken = |lines| broken("candidate-votes-for-itself", lines);
    let answer = last(&broken("timeout 0\n"), "not leader 0");
    assert!(matches!(answer.finding, Finding::TooFewVotes { have: 1, need: 2, .. }));
    let history =
        broken("timeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n");
    let answer = last(&history, "leader 0");
    let Finding::Leads { votes, .. } = &answer.finding else { panic!("{answer:?}") };
    assert_eq!(*votes, [(id(0), 1), (id(1), 3)]);
}

/// Without `higher-term-steps-down` a candidate stays one in a later term, where no vote for it counts.
#[test]
fn a_campaign_ends_when_a_later_term_comes() {
    let lines = "timeout 0\ntimeout 1\ntimeout 1\ndeliver request-vote 1 -> 0\n";
    for after in ["", "deliver request-vote 0 -> 2\ndeliver request-vote-reply 2 -> 0\n"] {
        let history = broken("higher-term-steps-down", &format!("{lines}{after}"));
        let answer = last(&history, "not leader 0");
        let Finding::TooFewVotes { ended_in, .. } = answer.finding else { panic!("{answer:?}") };
        assert_eq!(ended_in, Some(4));
        assert_eq!(answer.change, Some(Change::Timeout { node: id(0) }));
    }
}

/// Without `votes-counted-once-and-in-term` a second copy of one vote is enough.
#[test]
fn a_copy_of_a_vote_may_come_if_it_counts_again() {
    let lines = "timeout 0\ntimeout 0\ndeliver request-vote 0 -> 1\ndrop request-vote 0 -> 2\n";
    let five = "nodes 5\nthreads off\nno-op off\n";
    let broken = format!("{five}break votes-counted-once-and-in-term\nmanual\n");
    let drops = "drop request-vote 0 -> 2\ndrop request-vote 0 -> 3\ndrop request-vote 0 -> 3\ndrop request-vote 0 -> 4\n\
                 drop request-vote 0 -> 4\n";
    let change = |rules: &str| {
        let answer = last(&history(&script(&format!("{rules}{lines}{drops}"))), "not leader 0");
        answer.change
    };
    let later = Some(Change::LaterElection { term: Term::new(2) });
    assert_eq!(change(&format!("{five}manual\n")), later);
    assert!(matches!(change(&broken), Some(Change::Votes { more: 2, .. })));
}
