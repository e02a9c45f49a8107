//! Answers in corners: a crash that undid a step, a message that will be refused, two clients who asked for the
//! same, a campaign that is over. Each once named a wrong cause.

use raft_in_practice::explain::{
    Change, Elsewhere, Explanation, Finding, Ground, Holding, Silent, Unanswerable,
};
use raft_in_practice::raft::{LogIndex, Outcome, Rule, Term};
use raft_in_practice::record::history::Told;
use raft_in_practice::record::{History, TraceError};
use raft_in_practice::scenario::script::Script;

use super::why::{ask, grounds, refused};
use super::{history, script, traced};
use crate::common::{at, id};

/// Three nodes under manual control, without no-ops; n0 leads term 1 in step 3.
const LED: &str = "nodes 3\nthreads off\nno-op off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\n\
                   deliver request-vote-reply 1 -> 0\n";

fn led(lines: &str) -> History {
    history(&script(&format!("{LED}{lines}")))
}

/// Three nodes whose timers run; n0 leads.
fn running(lines: &str) -> History {
    history(&script(&format!("nodes 3\ntimeout 0\nwait until leader is 0\n{lines}")))
}

pub(super) fn last(history: &History, question: &str) -> Explanation {
    ask(history, history.last(), question)
}

#[test]
fn an_entry_that_was_not_counted_itself_was_committed_with_a_later_one() {
    let text = LED.replace("no-op off\n", "");
    let history = history(&script(&format!(
        "{text}deliver append-entries 0 -> 1\ncrash 0\ntimeout 1\ndeliver request-vote 1 -> 2\n\
         deliver request-vote-reply 2 -> 1\ndeliver append-entries 1 -> 2\ndeliver append-entries-reply 2 -> 1\n\
         deliver append-entries 1 -> 2\ndeliver append-entries-reply 2 -> 1\n"
    )));
    let answer = last(&history, "committed 1");
    let committed =
        |entry, with| Finding::Committed { entry, node: id(1), told_by: None, of: None, with };
    assert_eq!(answer.finding, committed(at(1, 1), Some(at(2, 2))));
    // The nodes are asked about the entry that was counted.
    let n0 = answer.others.iter().find(|other| other.node == id(0)).unwrap();
    assert_eq!((n0.holds, n0.counted), (Some(Holding::Lacks), false), "n0 has 1@1, and lacks 2@2");
    assert_eq!(last(&history, "committed 2").finding, committed(at(2, 2), None));
}

/// A paused node has not taken the command in, though its log has the same command of another client.
#[test]
fn a_client_is_not_told_of_the_entry_of_another_that_asked_for_the_same() {
    let history =
        running("write ADD x 1\nwait 300ms\npause 0\nsubmit to 0 ADD x 1\nwait 300ms\nwait 4s\n");
    let answer = last(&history, "told client 2");
    assert!(matches!(answer.finding, Finding::Told { silent: Some(Silent::PausedAfter(_)), .. }));
    assert_eq!(answer.follows_from, None);
    // Of two who asked at the same moment, each has its own.
    let history =
        running("cut 0\npause 0\nsubmit to 0 ADD x 1\nsubmit to 0 ADD x 1\nresume 0\nwait 10ms\n");
    for (client, entry) in [(1, at(2, 1)), (2, at(3, 1))] {
        let deeper = last(&history, &format!("told client {client}")).follows_from.unwrap();
        assert!(matches!(deeper.finding, Finding::TooFewCopies { entry: of, .. } if of == entry));
    }
}

/// A history in which n0 takes in two commands, in this order, that were asked for in the opposite order: on threads
/// one may overtake the other on its way to the node.
fn overtaken(first: &str, second: &str) -> History {
    let asked = format!("submit to 0 {first}\nsubmit to 0 {second}");
    let lines = format!("cut 0\npause 0\n{asked}\nresume 0\nwait 10ms\n");
    let script = script(&format!("nodes 3\ntimeout 0\nwait until leader is 0\n{lines}"));
    let trace = String::from_utf8(traced(&script, Vec::new())).unwrap();
    let mut lines: Vec<&str> = trace.lines().collect();
    let at = lines.iter().position(|line| line.contains("\"asked\"")).unwrap();
    assert!(lines[at + 1].contains("\"asked\""));
    lines.swap(at, at + 1);
    // Without its last line, which has the digest of the others.
    lines.pop();
    let history = History::read(lines.join("\n").as_bytes()).unwrap();
    assert!(matches!(history.stopped(), Some(TraceError::Truncated { .. })));
    history
}

#[test]
fn a_client_whose_command_was_overtaken_has_its_own_entry() {
    let history = overtaken("ADD x 1", "ADD x 1");
    for (client, entry) in [(1, at(2, 1)), (2, at(3, 1))] {
        let deeper = last(&history, &format!("told client {client}")).follows_from.unwrap();
        assert!(matches!(deeper.finding, Finding::TooFewCopies { entry: of, .. } if of == entry));
    }
    let history = overtaken("SET a=1", "SET b=2");
    let again = Script::by_hand(&history, history.last()).to_string();
    let [a, b] = ["SET a=1", "SET b=2"].map(|command| again.find(command).unwrap());
    assert!(a < b, "the script that repeats the run lets them come in the same order: {again}");
}

/// What was done to the cluster comes after the same step, whether it is the last or not.
#[test]
fn what_was_done_after_a_step_is_told_with_that_step_later_too() {
    let lines = "wait 300ms\npause 0\nsubmit to 0 ADD x 1\ncrash 1\nrestart 1\n";
    let (now, later) = (running(lines), running(&format!("{lines}timeout 2\n")));
    assert!(now.last() < later.last());
    let both = |question: &str| [&now, &later].map(|history| last(history, question));
    let told = both("told client 1").map(|answer| match answer.finding {
        Finding::Told { call, silent, .. } => (call.asked_in, silent),
        other => panic!("{other:?}"),
    });
    let after = now.last();
    assert_eq!(told, [(after + 1, Some(Silent::PausedAfter(after))); 2]);
    let paused = both("leader 0").map(|answer| answer.paused);
    assert_eq!(paused, [Some((id(0), after)); 2]);
    let again = both("not leader 1").map(|answer| (answer.finding, answer.decided_in));
    assert!(matches!(again[0].0, Finding::StartedAgain { .. }), "{again:?}");
    assert_eq!(again.map(|(_, step)| step), [Some(after); 2]);
}

/// What keeps the entry of a paused leader from being committed may be another cause than the pause.
#[test]
fn a_pause_does_not_hide_that_the_entry_was_cut_off() {
    let history = running("wait 300ms\ncut 0\nsubmit to 0 SET x=1\nwait 1s\npause 0\nwait 200ms\n");
    let answer = last(&history, "told client 1");
    assert!(matches!(answer.finding, Finding::Told { silent: Some(Silent::PausedAfter(_)), .. }));
    let deeper = answer.follows_from.unwrap();
    assert!(matches!(deeper.finding, Finding::TooFewCopies { .. }), "{deeper:?}");
    assert!(deeper.others.iter().all(|other| other.link == (false, false)), "{deeper:?}");
}

/// The answer then is that the entry was deleted, whatever stands at its index now.
#[test]
fn a_client_whose_entry_was_deleted_hears_of_that() {
    let history = led(
        "submit to 0 SET x=1\nsubmit to 0 GET x\ntimeout 1\ntimeout 1\ndeliver request-vote 1 -> 2\n\
         deliver request-vote-reply 2 -> 1\nsubmit to 1 SET y=7\nsubmit to 1 SET z=7\n\
         deliver append-entries 1 -> 0 older 1\n",
    );
    let answer = last(&history, "told GET x");
    let deeper = answer.follows_from.unwrap();
    let (from, to) = (at(1, 1), at(2, 1));
    assert_eq!(deeper.finding, Finding::Truncated { node: id(0), from, to });
    assert_eq!(deeper.change, Some(Change::CommitAt { index: LogIndex::new(2) }));
    assert_eq!(grounds(&deeper)[0].0, Rule::ConflictTruncates);
}

/// A client may be refused without a step, also after the last one.
#[test]
fn a_client_who_is_refused_after_the_last_step_was_refused() {
    let history = running("wait 1s\nsubmit to 1 GET x\n");
    let Finding::Told { call, .. } = last(&history, "told GET x").finding else { panic!() };
    assert_eq!(
        call.told,
        Some((history.last() + 1, Told::Refused { leader: Some(id(0)), down: false }))
    );
    let history = running("wait 1s\ncrash 2\nsubmit to 2 GET x\n");
    let Finding::Told { call, .. } = last(&history, "told GET x").finding else { panic!() };
    assert_eq!(call.told, Some((history.last() + 1, Told::Refused { leader: None, down: true })));
}

/// A message that the follower refuses tells it nothing, and the message of a leader that has crashed does.
#[test]
fn what_tells_a_follower_is_a_message_that_it_accepts() {
    // Its log lacks the entry before: message `drop`ped, then one more.
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 2\nsubmit to 0 SET x=2\ndrop append-entries 0 -> 2\n\
         deliver append-entries 0 -> 1\ndeliver append-entries 0 -> 1 older 1\ndeliver append-entries 0 -> 1\n\
         deliver append-entries-reply 1 -> 0\nheartbeat 0\ndeliver append-entries 0 -> 2\n",
    );
    let before = history.last() - 1;
    let answer = ask(&history, before, "not committed 1 on 2");
    let says = Change::LeaderSays { leader: id(0), index: LogIndex::new(1) };
    assert_eq!(answer.change, Some(says), "its log check refuses the message");
    assert!(!last(&history, "not committed 1 on 2").contradicts, "the message did not tell it");
    // It is in a later term.
    let history =
        led("submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries 0 -> 2\n\
         deliver append-entries-reply 1 -> 0\nheartbeat 0\ntimeout 2\n");
    let answer = last(&history, "not committed 1 on 2");
    assert!(matches!(answer.change, Some(Change::LeaderCommits { .. })), "{:?}", answer.change);
    // The leader that wrote it is down.
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 2\ndeliver append-entries 0 -> 1\n\
         deliver append-entries-reply 1 -> 0\nheartbeat 0\ncrash 0\ntimeout 1\ndeliver append-entries 0 -> 2\n",
    );
    let answer = ask(&history, history.last() - 1, "not committed 1 on 2");
    let Some(Change::Arrival { from, arrives_in, .. }) = answer.change else {
        panic!("{:?}", answer.change)
    };
    assert_eq!((from, arrives_in), (id(0), Some(history.last())));
    assert!(!last(&history, "committed 1 on 2").contradicts);
}

#[test]
fn what_a_crash_undid_has_not_happened() {
    let history = led("submit to 0 SET x=1\ntimeout 2\ntimeout 2\ndeliver request-vote 2 -> 1\n\
         deliver request-vote-reply 1 -> 2\nsubmit to 2 SET x=2\ncrash 0 before save\n\
         deliver append-entries 2 -> 0\nrestart 0\ntimeout 1\n");
    for question in ["truncated 0", "acknowledged 0", "stepped down 0"] {
        let answer = refused(&history, history.last(), question);
        assert!(matches!(answer, Unanswerable::NotHappened { .. }), "{question}: {answer:?}");
    }
}

/// What was acknowledged before its sender came to a later term counts when it arrives.
#[test]
fn a_leader_may_commit_though_a_majority_is_past_its_term() {
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ntimeout 2\ndeliver request-vote 2 -> 1\ntimeout 2\n\
         deliver request-vote 2 -> 1\ndeliver append-entries-reply 1 -> 0\n",
    );
    let answer = ask(&history, history.last() - 1, "not committed 1 on 0");
    let Some(Change::Acknowledgements { more: 1, .. }) = answer.change else {
        panic!("{:?}", answer.change)
    };
    assert!(!last(&history, "committed 1 on 0").contradicts);
}

#[test]
fn votes_that_nobody_can_give_any_more_would_change_nothing() {
    let manual = |lines: &str| {
        history(&script(&format!("nodes 3\nthreads off\nno-op off\nmanual\n{lines}")))
    };
    // Both voters are in a later term than the candidate.
    let answer = last(
        &manual("timeout 0\ntimeout 1\ntimeout 1\ndeliver request-vote 1 -> 2\n"),
        "not leader 0",
    );
    assert_eq!(answer.change, Some(Change::LaterElection { term: Term::new(1) }));
    // The vote of one that has gone on is under way.
    let answer = last(
        &manual("timeout 0\ndeliver request-vote 0 -> 1\ntimeout 1\ntimeout 2\ntimeout 2\n"),
        "not leader 0",
    );
    assert!(matches!(answer.change, Some(Change::Votes { more: 1, .. })), "{:?}", answer.change);
    // The campaign is over.
    let history = manual(
        "timeout 0\ntimeout 1\ndeliver request-vote 0 -> 2\ndeliver request-vote 1 -> 2\n\
         deliver request-vote-reply 2 -> 0\nsubmit to 0 SET x=1\ndeliver append-entries 0 -> 1\n",
    );
    let answer = last(&history, "not leader 1");
    assert!(matches!(answer.finding, Finding::TooFewVotes { ended_in: Some(_), .. }));
    assert_eq!(answer.change, Some(Change::Timeout { node: id(1) }));
}

#[test]
fn a_node_that_no_leader_reaches_is_not_said_to_hear_one() {
    let answer = last(&running("wait 300ms\ncut 2\n"), "not leader 2");
    assert_eq!(answer.finding, Finding::NeverCampaigned { node: id(2), leader: None });
    let answer = last(&running("wait 300ms\n"), "not leader 2");
    assert_eq!(answer.finding, Finding::NeverCampaigned { node: id(2), leader: Some(id(0)) });
}

/// To start again is not enough to lead, nor to know of a commit.
#[test]
fn a_node_that_is_down_needs_more_than_to_start_again() {
    let history = running("write SET x=1\nwait 300ms\ncrash 2\nwait 300ms\n");
    for (question, index) in
        [("not leader 2", None), ("not committed 2 on 2", Some(LogIndex::new(2)))]
    {
        let answer = last(&history, question);
        assert_eq!(answer.change, Some(Change::Restart { node: id(2), index }), "{question}");
    }
}

/// Without `higher-term-steps-down` a leader may be in a later term than the one that it won.
#[test]
fn a_leader_was_elected_in_the_term_that_it_won() {
    let text = LED.replace("manual", "break higher-term-steps-down\nmanual");
    let history =
        history(&script(&format!("{text}timeout 2\ntimeout 2\ndeliver request-vote 2 -> 0\n")));
    let answer = last(&history, "leader 0");
    let Finding::Leads { term, votes, now, .. } = &answer.finding else { panic!("{answer:?}") };
    assert_eq!((*term, votes.len(), *now), (Term::new(1), 2, Some(Term::new(2))));
    let adopted = (Rule::HigherTermStepsDown, Outcome::Overridden);
    assert!(grounds(&answer).contains(&adopted), "{:?}", grounds(&answer));
}

/// A crash after the last step belongs to it, and changes nothing about the answer that came before.
#[test]
fn an_answer_before_a_crash_at_the_end_is_about_a_commit() {
    let history = history(&script(
        "nodes 1\nno-op off\ntimeout 0\nwait until leader is 0\nwrite ADD x 1\ncrash 0\n",
    ));
    let deeper = last(&history, "told client 1").follows_from.unwrap();
    let entry = at(1, 1);
    let committed = Finding::Committed { entry, node: id(0), told_by: None, of: None, with: None };
    assert_eq!((deeper.finding, deeper.contradicts), (committed, false));
}

/// The leader's own entry, which commits the older one, is acknowledged by one that has come to a later term since.
#[test]
fn an_older_entry_may_be_committed_though_a_majority_is_past_the_term() {
    let history = led(
        "submit to 0 SET x=1\ncrash 0\nrestart 0\ntimeout 0\ndeliver request-vote 0 -> 1\n\
         deliver request-vote-reply 1 -> 0\nsubmit to 0 SET y=2\ndeliver append-entries 0 -> 1\n\
         deliver append-entries-reply 1 -> 0\ndeliver append-entries 0 -> 1\ntimeout 1\ntimeout 2\ntimeout 2\n\
         timeout 2\ndeliver append-entries-reply 1 -> 0\n",
    );
    assert!(!last(&history, "committed 1 on 0").contradicts);
    let answer = ask(&history, history.last() - 1, "not committed 1 on 0");
    assert!(matches!(answer.change, Some(Change::EntryOfOwnTerm { .. })), "{:?}", answer.change);
}

/// A copy of the request comes after the vote was given, and is refused; the vote is under way all the same.
#[test]
fn a_refusal_of_a_late_copy_does_not_hide_a_vote() {
    let history = history(&script(
        "nodes 3\nthreads off\nno-op off\ntimeout 0\nduplicate request-vote 0 -> 1\nmanual\n\
         deliver request-vote 0 -> 1\ntimeout 1\ntimeout 2\ntimeout 2\ndeliver request-vote 0 -> 1\n\
         deliver request-vote-reply 1 -> 0 older 1\n",
    ));
    let answer = ask(&history, history.last() - 1, "not leader 0");
    assert!(matches!(answer.change, Some(Change::Votes { more: 1, .. })), "{:?}", answer.change);
    let n1 = |answer: &Explanation| answer.others[0].clone();
    assert_eq!((n1(&answer).node, n1(&answer).refused), (id(1), None));
    let won = last(&history, "leader 0");
    assert!(!won.contradicts && n1(&won).counted && n1(&won).refused.is_none(), "{won:?}");
}

#[test]
fn a_vote_that_was_refused_or_lost_does_not_come() {
    let lost = led("timeout 1\ndrop request-vote 1 -> 0\ndrop request-vote 1 -> 2\n");
    let answer = last(&lost, "not leader 1");
    assert_eq!(answer.change, Some(Change::LaterElection { term: Term::new(2) }));
    let refused = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ntimeout 2\ntimeout 2\ndeliver request-vote 2 -> 0\n\
         deliver request-vote 2 -> 1\n",
    );
    let answer = last(&refused, "not leader 2");
    assert_eq!(answer.change, Some(Change::LaterElection { term: Term::new(2) }));
}

/// A node that has started again may know of no leader, though one leads and has committed what it asks about.
#[test]
fn a_leader_that_a_follower_does_not_know_can_tell_it() {
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 2\ndeliver append-entries 0 -> 1\n\
         deliver append-entries-reply 1 -> 0\ncrash 2\nrestart 2\ndeliver append-entries-reply 2 -> 0\n",
    );
    let answer = last(&history, "not committed 1 on 2");
    assert!(matches!(answer.finding, Finding::NotTold { leader: None, .. }));
    let says = Change::LeaderSays { leader: id(0), index: LogIndex::new(1) };
    assert_eq!(answer.change, Some(says));
}

#[test]
fn who_hears_nothing_or_has_started_again_is_not_said_to_have_a_leader_s_word() {
    let paused = running("wait 300ms\npause 0\nwait 100ms\n");
    let answer = last(&paused, "not leader 1");
    assert_eq!(answer.finding, Finding::NeverCampaigned { node: id(1), leader: None });
    // A campaign that a crash undid was none, but its timer did end.
    let undone = history(&script(
        "nodes 3\nthreads off\nno-op off\nmanual\ncrash 1 before save\ntimeout 1\nrestart 1\ntimeout 0\n",
    ));
    let answer = last(&undone, "not leader 1");
    assert_eq!(answer.finding, Finding::StartedAgain { node: id(1), leader: None });
}

/// The first refusal ends a turn, so what else stands in the way of a vote has no verdict of its own.
#[test]
fn what_would_change_a_refused_vote_names_all_that_is_in_its_way() {
    let entry = "submit to 0 SET x=1\ndeliver append-entries 0 -> 2\n";
    let log = Some(at(1, 1));
    // n1's request of term 1 comes to n2, which has a longer log, and is in term 1 with its vote given to n0.
    let history = led(&format!(
        "deliver request-vote 0 -> 2\n{entry}timeout 1\ndeliver request-vote 1 -> 2\n"
    ));
    assert_eq!(last(&history, "refused 1 -> 2").change, Some(Change::Log { least: at(1, 1) }));
    let later = Some(Change::LaterTerm { after: Term::new(3), log });
    let voted = "timeout 0\ntimeout 0\ndeliver request-vote 0 -> 2\ntimeout 1\ndeliver request-vote 1 -> 2\n";
    let history =
        led(&format!("{entry}restart 0\n{voted}").replace("restart 0", "crash 0\nrestart 0"));
    assert_eq!(last(&history, "refused 1 -> 2").change, later);
    let history =
        led(&format!("{entry}timeout 2\ntimeout 2\ntimeout 1\ndeliver request-vote 1 -> 2\n"));
    assert_eq!(last(&history, "refused 1 -> 2").change, later, "n2 voted for itself");
}

/// A candidate steps down for the leader of its own term too, and there is no term before the first.
#[test]
fn an_earlier_term_keeps_a_candidate_only_if_it_is_not_its_own() {
    let led = |lines: &str| last(&led(lines), "stepped down 2").change;
    assert_eq!(
        led("timeout 2\nheartbeat 0\ndeliver append-entries 0 -> 2\n"),
        None,
        "term 1 is the first"
    );
    let own = "crash 0\nrestart 0\ntimeout 0\ntimeout 2\ntimeout 2\ndeliver request-vote 0 -> 1\n\
               deliver request-vote-reply 1 -> 0\nheartbeat 0\ndeliver append-entries 0 -> 2\n";
    assert_eq!(led(own), Some(Change::NoLaterTerm { most: Term::new(1) }));
}

/// A link that loses every message cuts a node off as a cut does.
#[test]
fn a_link_that_loses_everything_cuts_off() {
    let history = running("wait 300ms\ndrop 100% of 0 -> 1\ndrop 99% of 1 -> 0\nwait 100ms\n");
    let answer = last(&history, "leader 0");
    let n1 = answer.others.iter().find(|other| other.node == id(1)).unwrap();
    assert_eq!(n1.link, (false, true));
}

/// What befalls a node after the last step belongs to the moment of that step, and not to its commit.
#[test]
fn a_disk_that_is_lost_after_the_last_step_does_not_lose_the_commit_that_was_made_in_it() {
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries-reply 1 -> 0\ncrash 0\nwipe 0\n",
    );
    let step = history.last();
    let answer = last(&history, "committed 1");
    let finding =
        Finding::Committed { entry: at(1, 1), node: id(0), told_by: None, of: None, with: None };
    assert_eq!((&answer.finding, answer.decided_in), (&finding, Some(step)));
    let counted: Vec<bool> = answer.others.iter().map(|other| other.counted).collect();
    assert_eq!(counted, [true, false], "as n0 counted when it led");
    let told = last(&history, "told client 1").follows_from.unwrap();
    assert_eq!(told.finding, finding);
}

/// Whoever asks about what has not happened hears of the like that has, the latest first.
#[test]
fn a_question_about_what_has_not_happened_names_those_of_its_kind_that_have() {
    let history = led("timeout 1\ndeliver request-vote 1 -> 2\ncrash 0\nrestart 0\ntimeout 0\n\
                       deliver request-vote 0 -> 2\n");
    let others = |question: &str| match refused(&history, history.last(), question) {
        Unanswerable::NotHappened { others, .. } => {
            others.into_iter().map(|(other, step)| format!("{other} in {step}")).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(others("refused 2 -> 0"), ["refused 0 -> 2 in 7"]);
    assert!(others("stepped down 2").is_empty() && others("told client 9").is_empty());
    assert_eq!(others("stepped down 1"), Vec::<String>::new());
}

/// A node that is down commits nothing, but what it had committed stays so: both are said.
#[test]
fn of_a_node_that_is_down_it_is_said_who_committed_the_entry() {
    let history = led(
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries-reply 1 -> 0\ncrash 0\n",
    );
    let answer = last(&history, "not committed 1 on 0");
    let (step, by) = history.first_commit(LogIndex::new(1)).unwrap();
    let elsewhere = Some(Elsewhere { step, by, forgot_after: Some(history.last()) });
    assert_eq!(answer.finding, Finding::Down { node: id(0), elsewhere });
    assert_eq!(by, id(0));
    // Of an entry that nobody has committed there is nothing to say.
    let history = led("submit to 0 SET x=1\ncrash 0\n");
    let down = Finding::Down { node: id(0), elsewhere: None };
    assert_eq!(last(&history, "not committed 1 on 0").finding, down);
}

/// A crash before the save undoes a step at once: at its end nothing of it stands.
#[test]
fn what_a_crash_undoes_is_not_so_at_the_end_of_its_step() {
    let history = led("submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ncrash 0 before save\n\
                       deliver append-entries-reply 1 -> 0\nrestart 0\ntimeout 2\n");
    assert!(!history.node_at(id(0), 6).unwrap().up && history.node_after(6).unwrap().up);
    for question in ["committed 1 on 0", "committed 1", "leader 0"] {
        assert!(ask(&history, 6, question).contradicts, "{question}");
    }
    let down = Finding::Down { node: id(0), elsewhere: None };
    assert_eq!(ask(&history, 6, "not committed 1 on 0").finding, down);
    // What comes later builds on what was saved.
    let history = led("submit to 0 SET x=1\ntimeout 2\ntimeout 2\ndeliver request-vote 2 -> 1\n\
                       deliver request-vote-reply 1 -> 2\nsubmit to 2 SET y=2\ncrash 0 before save\n\
                       deliver append-entries 2 -> 0\nrestart 0\ndeliver append-entries 2 -> 0\n");
    let deleted = last(&history, "truncated 0").finding;
    assert_eq!(deleted, Finding::Truncated { node: id(0), from: at(1, 1), to: at(1, 1) });
}

/// A message that the node refuses when it comes is not said to tell it anything then.
#[test]
fn a_message_that_comes_too_late_is_not_said_to_arrive() {
    let lines = "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries 0 -> 2\n\
                 deliver append-entries-reply 1 -> 0\nheartbeat 0\n";
    let arrival = |after: &str| {
        let asked = led(lines).last();
        match ask(&led(&format!("{lines}{after}")), asked, "not committed 1 on 2").change {
            Some(Change::Arrival { arrives_in, in_vain, .. }) => {
                (arrives_in.map(|it| it - asked), in_vain)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        arrival("timeout 2\ndeliver append-entries 0 -> 2\n"),
        (None, true),
        "the term is older"
    );
    assert_eq!(arrival("crash 2\nrestart 2\ndeliver append-entries 0 -> 2\n"), (None, true));
    assert_eq!(arrival("deliver append-entries 0 -> 2\n"), (Some(1), false));
    assert_eq!(arrival(""), (None, false));
}

/// It is the majority that is missing, however many copies there are short of it.
#[test]
fn an_acknowledgement_short_of_a_majority_changes_nothing() {
    let votes = "timeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\ndeliver request-vote 0 -> 2\n\
                 deliver request-vote-reply 2 -> 0\n";
    let copy =
        "submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ndeliver append-entries-reply 1 -> 0\n";
    let lines = format!("nodes 5\nthreads off\nno-op off\nmanual\n{votes}{copy}");
    let history = history(&script(&lines));
    assert_eq!(last(&history, "not committed 1").decided_in, Some(6));
}

#[test]
fn what_would_change_a_refusal_of_entries_names_the_log_too() {
    let later = "timeout 2\ntimeout 2\ndeliver request-vote 2 -> 1\n";
    let submit = "submit to 0 SET x=1\n";
    let refused = |lines: String| last(&led(&lines), "refused 0 -> 1").change;
    let change = |sent_from| {
        let least = Term::new(2);
        Some(Change::Term { least, log: None, sent_from })
    };
    let first = Some(LogIndex::FIRST);
    let lacking = format!("{submit}{submit}{later}deliver append-entries 0 -> 1\n");
    assert_eq!(refused(lacking), change(first), "n1 lacks 1@1");
    assert_eq!(refused(format!("{submit}{later}deliver append-entries 0 -> 1\n")), change(None));
}

/// A node that crashes before it sends has decided, and its answer never left it.
#[test]
fn a_reply_that_never_left_is_told_as_such() {
    let unsent = |lines: &str, question: &str| match last(&led(lines), question).finding {
        Finding::Acknowledged { unsent, .. } | Finding::Refused { unsent, .. } => unsent,
        other => panic!("{other:?}"),
    };
    let (crash, deliver) = ("crash 1 before send\n", "deliver append-entries 0 -> 1\nrestart 1\n");
    let entry = "submit to 0 SET x=1\n";
    assert!(unsent(&format!("{entry}{crash}{deliver}heartbeat 0\n"), "acknowledged 1"));
    assert!(!unsent(&format!("{entry}deliver append-entries 0 -> 1\n"), "acknowledged 1"));
    let deliver = "deliver request-vote 2 -> 1\n";
    let sent = format!("timeout 2\n{crash}{deliver}restart 1\nheartbeat 0\n");
    assert!(unsent(&sent, "refused 2 -> 1"));
    assert!(!unsent(&format!("timeout 2\n{deliver}"), "refused 2 -> 1"));
}

/// Nobody sends a leader entries.
#[test]
fn a_leader_that_lacks_an_entry_waits_for_a_client() {
    let history = led("submit to 0 SET x=1\ntimeout 2\ntimeout 2\ndeliver request-vote 2 -> 1\n\
                       deliver request-vote-reply 1 -> 2\n");
    let answer = last(&history, "not committed 1 on 2");
    let proposal = Change::Proposal { leader: id(2), index: LogIndex::FIRST };
    assert_eq!(answer.change, Some(proposal));
}

/// An entry of the leader's own term is not kept from being committed by its age, also if a crash undid the commit.
#[test]
fn an_entry_of_the_leader_s_own_term_is_not_too_old() {
    let history = led("submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ncrash 0 before save\n\
                       deliver append-entries-reply 1 -> 0\n");
    for step in history.last() - 1..=history.last() {
        let answer = ask(&history, step, "not committed 1 on 0");
        assert!(!matches!(answer.finding, Finding::OlderTerm { .. }), "{answer:?}");
    }
}

/// Three nodes without `up-to-date-log`: n2 leads with an empty log, and replaces a committed entry.
const REPLACED: &str = "break up-to-date-log\nnodes 3\nelect 0\nwait until in step\npartition 0 1 | 2\n\
                        submit SET x=1\nwait 100ms\ncrash 0\nheal\ntimeout 2\nwait 50ms\nwrite GET x\n\
                        restart 0\nwait 1s\n";

/// Without `up-to-date-log` a committed entry can be replaced. What was committed first is no whole answer then.
#[test]
fn an_entry_that_was_committed_and_replaced_is_not_said_to_be_committed_only() {
    let history = history(&script(REPLACED));
    let (entry, now, nodes) = (at(2, 1), at(2, 2), [0, 1, 2].map(id).to_vec());
    for question in ["committed 2@1", "not committed 2@1", "committed 2"] {
        let answer = last(&history, question);
        assert_eq!(answer.finding, Finding::Replaced { entry, now, nodes: nodes.clone() });
    }
    // That 2@2 is committed on n0 does not depend on 2@1.
    let mut there = Some(Box::new(last(&history, "not committed 2@1 on 0")));
    while let Some(answer) = there {
        assert!(!matches!(answer.finding, Finding::Committed { entry: of, .. } if of == entry));
        there = answer.follows_from;
    }
}

#[test]
fn a_leader_s_votes_that_were_given_against_a_rule_are_named() {
    let history = history(&script(REPLACED));
    let broken = |it: &Ground| it.verdict.outcome == Outcome::Overridden;
    let against: Vec<Rule> = last(&history, "leader 2")
        .grounds
        .iter()
        .filter(|it| broken(it))
        .map(|it| it.verdict.rule)
        .collect();
    assert_eq!(against, [Rule::UpToDateLog]);
}

/// Half of an even cluster can keep a leader from committing in its term as well as a majority can.
#[test]
fn who_is_past_the_term_of_a_leader_is_not_waited_for() {
    let lines = "nodes 4\nelect 0\nwait until in step\npartition 0 1 | 2 3\nsubmit to 0 SET x=1\n\
                 wait until term 2 = 2\nwait 100ms\n";
    let history = history(&script(lines));
    let change = last(&history, "not committed 2 on 0").change;
    assert_eq!(change, Some(Change::LaterLeader { leader: id(0), term: Term::new(1) }));
}

/// A voter that has refused is not among those whose votes may come.
#[test]
fn who_has_refused_its_vote_is_not_waited_for() {
    let lines = "nodes 3\nno-op off\nthreads off\nmanual\ntimeout 1\ndeliver request-vote 1 -> 2\n\
                 deliver request-vote-reply 2 -> 1\nsubmit to 1 SET x=1\ntimeout 0\ntimeout 0\n\
                 deliver request-vote 0 -> 1\n";
    let answer = last(&history(&script(lines)), "not leader 0");
    assert_eq!(answer.change, Some(Change::Votes { more: 1, missing: vec![id(2)] }));
}
