//! Questions why and why not about the scenarios that ship, and questions that make no sense.

use raft_in_practice::explain::{
    Change, Explanation, Finding, Kind, LeadEnd, Leadership, Place, Question, Silent, Unanswerable,
    Uncounted, client_calls, leaderships, why,
};
use raft_in_practice::raft::{Facts, LogIndex, LogPosition, NodeId, Outcome, RoleKind, Rule, Term};
use raft_in_practice::record::History;
use raft_in_practice::record::history::Told;
use raft_in_practice::scenario::library::{self, BROKEN};
use raft_in_practice::server::Answer;

use super::{history, script, shipped};
use crate::common::{at, id};

pub(super) fn ask(history: &History, step: u64, question: &str) -> Explanation {
    let question = Question::parse(question, history.header().nodes).unwrap();
    why(history, step, &question).unwrap_or_else(|error| panic!("{question}: {error:?}"))
}

pub(super) fn refused(history: &History, step: u64, question: &str) -> Unanswerable {
    let question = Question::parse(question, history.header().nodes);
    question.and_then(|question| why(history, step, &question)).unwrap_err()
}

pub(super) fn find(history: &History, place: &str) -> u64 {
    Place::parse(place).unwrap().of(history).unwrap()
}

/// The rules of an answer's grounds, and how they came out.
pub(super) fn grounds(answer: &Explanation) -> Vec<(Rule, Outcome)> {
    answer.grounds.iter().map(|it| (it.verdict.rule, it.verdict.outcome)).collect()
}

/// The paper's (c): three of five hold an entry of term 2, and the leader of term 4 does not commit it.
#[test]
fn figure_8_is_the_rule_of_the_current_term() {
    let history = history(&shipped("figure-8"));
    let step = find(&history, "first refused commit-only-current-term");
    let answer = ask(&history, step, "why not committed 2 on 0");
    let (two, four) = (Term::new(2), Term::new(4));
    assert!(!answer.contradicts);
    assert_eq!(
        answer.finding,
        Finding::OlderTerm { entry: LogPosition::new(2, 2), leader: id(0), term: four }
    );
    assert_eq!(
        grounds(&answer),
        [(Rule::MajorityQuorum, Outcome::Holds), (Rule::CommitOnlyCurrentTerm, Outcome::Refused)]
    );
    let Facts::EntryTerm { entry, own } = answer.grounds[1].verdict.facts else { panic!() };
    assert_eq!((entry.term, own, answer.decided_in), (two, four, Some(step)));
    assert_eq!(
        answer.change,
        Some(Change::EntryOfOwnTerm { leader: id(0), term: four, index: None, have: 0, need: 3 })
    );
    // In (e) the leader has an entry of its own, which is not on a majority yet.
    let mut calls = history.clients().iter();
    let last = calls.find(|call| call.command.as_str() == "SET y=last").unwrap();
    let answer = ask(&history, last.asked_in, "not committed 4");
    let Some(Change::EntryOfOwnTerm { index, have, need, .. }) = answer.change else { panic!() };
    assert_eq!((index, have, need), (Some(LogIndex::new(5)), 1, 3));
    // And at the end it is committed: asked why not, it says so.
    let answer = ask(&history, history.last(), "not committed 4 on 1");
    assert!(
        answer.contradicts && matches!(answer.finding, Finding::Committed { .. }),
        "{answer:?}"
    );
}

/// A leader that is cut off knows of two copies in five.
#[test]
fn a_partition_is_a_quorum_that_cannot_be_reached() {
    let history = history(&shipped("partition"));
    let lost = history.clients().iter().find(|call| call.command.as_str() == "SET x=lost");
    let step = lost.unwrap().asked_in + 6;
    let answer = ask(&history, step, "not committed 3 on 0");
    let entry = at(3, 1);
    let finding = Finding::TooFewCopies { entry, leader: id(0), term: Term::new(1) };
    assert_eq!(answer.finding, finding);
    assert_eq!(grounds(&answer), [(Rule::MajorityQuorum, Outcome::Refused)]);
    let copies = Facts::Copies { index: LogIndex::new(3), have: 2, need: 3, nodes: 5 };
    assert_eq!(answer.grounds[0].verdict.facts, copies);
    let cut: Vec<NodeId> =
        answer.others.iter().filter(|it| it.link == (false, false)).map(|it| it.node).collect();
    assert_eq!(cut, [id(2), id(3), id(4)]);
    let (leader, index) = (id(0), LogIndex::new(3));
    assert_eq!(
        answer.change,
        Some(Change::Acknowledgements { leader, index, more: 1, missing: cut })
    );
    // The one follower that has the entry waits for its leader, and the answer names that leader.
    let follower = ask(&history, step, "not committed 3 on 1");
    assert!(
        matches!(follower.finding, Finding::NotTold { leader: Some(leader), .. } if leader == id(0))
    );
    assert_eq!(follower.follows_from.unwrap().finding, finding);
    // The client waits for that entry.
    let client = ask(&history, step, "told SET x=lost");
    assert_eq!(client.follows_from.unwrap().finding, finding);
    // To ask why a committed entry is not committed contradicts the facts.
    let committed = ask(&history, step, "not committed 2 on 0");
    assert!(committed.contradicts);
    assert!(matches!(committed.finding, Finding::Committed { told_by: None, .. }));
    let counted = committed.others.iter().filter(|it| it.counted).count();
    assert_eq!(counted + 1, 3, "a majority, and no more, when it was committed");

    // When the network is whole again, the leader steps down and its entry goes.
    let end = history.last();
    let answer = ask(&history, end, "stepped down 0");
    let (node, role, term) = (id(0), RoleKind::Leader, Term::new(2));
    assert_eq!(answer.finding, Finding::SteppedDown { node, role, term });
    assert_eq!(grounds(&answer), [(Rule::HigherTermStepsDown, Outcome::Holds)]);
    let answer = ask(&history, end, "truncated 0");
    assert_eq!(answer.finding, Finding::Truncated { node, from: entry, to: entry });
    assert_eq!(grounds(&answer), [(Rule::ConflictTruncates, Outcome::Holds)]);
    assert_eq!(answer.change, Some(Change::SameEntry { index, term: Term::new(1) }));
    assert!(Kind::Truncation.is_at(&history, answer.decided_in.unwrap()));
}

#[test]
fn an_election_is_won_and_lost_by_votes() {
    let history = history(&script(
        "nodes 3\nno-op off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n\
         submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ntimeout 2\ntimeout 2\ndeliver request-vote 2 -> 1\n\
         deliver request-vote-reply 1 -> 2\n",
    ));
    let answer = ask(&history, 3, "leader 0");
    let votes = vec![(id(0), 1), (id(1), 3)];
    assert_eq!(
        answer.finding,
        Finding::Leads { node: id(0), term: Term::new(1), votes, now: None }
    );
    assert_eq!(answer.decided_in, Some(3));

    let end = history.last();
    let answer = ask(&history, end, "not leader 2");
    let (have, need, ended_in) = (1, 2, None);
    let term = Term::new(2);
    assert_eq!(answer.finding, Finding::TooFewVotes { node: id(2), term, have, need, ended_in });
    let refusals: Vec<_> = answer.others.iter().map(|it| it.refused.as_ref()).collect();
    let rule = refusals[1].map(|ground| ground.verdict.rule);
    assert_eq!((refusals[0].is_none(), rule), (true, Some(Rule::UpToDateLog)));
    assert_eq!(
        answer.change,
        Some(Change::LaterElection { term }),
        "n1 has refused, and n0 will: its log is the same"
    );
    let answer = ask(&history, end, "refused 2 -> 1");
    let facts = Facts::Logs { candidate: LogPosition::START, own: at(1, 1) };
    assert_eq!(answer.grounds[0].verdict.facts, facts);
    assert_eq!(answer.change, Some(Change::Log { least: at(1, 1) }));
    let answer = ask(&history, end, "acknowledged 1");
    let (node, to, index) = (id(1), id(0), LogIndex::FIRST);
    let prev = LogPosition::START;
    assert_eq!(
        answer.finding,
        Finding::Acknowledged { node, to, index, prev, count: 1, unsent: false }
    );
    // A leader is asked why it does not lead, and a follower why it leads.
    assert!(ask(&history, 3, "not leader 0").contradicts);
    assert!(ask(&history, 3, "leader 1").contradicts);
    let never = ask(&history, 3, "not leader 1").finding;
    assert!(matches!(never, Finding::NeverCampaigned { .. }), "{never:?}");
}

/// "Not counted" alone would not tell these cases apart.
#[test]
fn a_vote_that_is_not_counted_says_what_became_of_it() {
    let history = history(&script(
        "nodes 5\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\ndrop request-vote 0 -> 2\ndeliver request-vote 0 -> 3\n\
         drop request-vote-reply 3 -> 0\ncrash 4 before send\ndeliver request-vote 0 -> 4\ntimeout 2\ntimeout 2\n\
         deliver request-vote 2 -> 0\ndeliver request-vote-reply 1 -> 0\n",
    ));
    let uncounted = |step| {
        let others = ask(&history, step, "not leader 0").others;
        others.iter().map(|it| it.uncounted).collect::<Option<Vec<_>>>().unwrap()
    };
    let waits = Uncounted::RequestUnderWay { asked: 1 };
    assert_eq!(uncounted(1), [waits; 4]);
    let given = Uncounted::VoteUnderWay { given: 2 };
    let unheard = Uncounted::RequestLost { lost: 2 };
    assert_eq!(uncounted(2), [given, unheard, waits, waits]);
    let lost = Uncounted::VoteLost { given: 3, lost: 3 };
    let crashed = Uncounted::Unanswered { arrived: 4 };
    assert_eq!(uncounted(4), [given, unheard, lost, crashed]);
    let late = Uncounted::Late { given: 2, came: 8 };
    assert_eq!(uncounted(history.last()), [late, unheard, lost, crashed]);
}

#[test]
fn a_question_that_makes_no_sense_says_why() {
    let history = history(&shipped("partition"));
    let last = history.last();
    let index = LogIndex::new(99);
    let end = LogIndex::new(4);
    assert_eq!(
        refused(&history, last, "committed 99"),
        Unanswerable::NoSuchEntry { index, last: end }
    );
    assert_eq!(
        refused(&history, last, "leader 300"),
        Unanswerable::NoSuchNode { node: 300, nodes: 5 }
    );
    for step in [0, last + 1, u64::MAX] {
        let wrong = Unanswerable::NoSuchStep { step, last };
        assert_eq!(refused(&history, step, "leader 1"), wrong);
    }
    for typed in
        ["", "why", "committed", "committed 0", "committed x", "not refused 1 -> 2", "told"]
    {
        let typed = typed.to_owned();
        assert_eq!(refused(&history, last, &typed), Unanswerable::NotUnderstood { typed });
    }
    assert!(matches!(refused(&history, 1, "truncated 0"), Unanswerable::NotHappened { .. }));
    assert!(matches!(refused(&history, 1, "told SET"), Unanswerable::NotHappened { .. }));
}

/// A question may name the term of an entry too. The answer is then about that entry, or names the other
/// entry at its index.
#[test]
fn a_question_about_an_entry_of_a_term_is_about_no_other_one() {
    let history = history(&shipped("partition"));
    let step = find(&history, "first commit");
    let last = history.last();
    let found = |step, question: &str| ask(&history, step, question);
    for (question, plain) in
        [("committed 3@2", "committed 3"), ("committed 3@2 on 1", "committed 3 on 1")]
    {
        let (named, plain) = (found(last, question), found(last, plain));
        assert_eq!((named.finding, named.contradicts), (plain.finding, false), "{question}");
    }
    let deleted = |node, step| Finding::Deleted {
        entry: at(3, 1),
        node: id(node),
        step,
        holders: Vec::new(),
    };
    let another =
        Finding::Another { entry: at(3, 7), node: id(0), there: at(3, 2), holders: Vec::new() };
    for (question, finding, contradicts) in [
        ("committed 3@1", deleted(1, 100), true),
        ("not committed 3@1", deleted(1, 100), false),
        ("not committed 3@1 on 0", deleted(0, 97), false),
        ("not committed 3@7 on 0", another, false),
    ] {
        let answer = found(last, question);
        assert_eq!((answer.finding, answer.contradicts), (finding, contradicts), "{question}");
        let deeper = answer.follows_from.expect("what stands there has an answer of its own");
        assert!(matches!(deeper.finding, Finding::Committed { entry, .. } if entry == at(3, 2)));
    }
    // While the network is split, both entries exist: one is committed, and the other has lost its index to it.
    let both = (step..last).find(|&step| {
        let stands =
            |node, entry| history.node_at(id(node), step).unwrap().node.log().contains(entry);
        let committed = history.node_at(id(2), step).unwrap().node.commit_index().get() >= 3;
        stands(0, at(3, 1)) && committed
    });
    let both = both.expect("two entries stand at one index");
    let gone = found(both, "committed 3@1");
    assert!(gone.contradicts, "{gone:?}");
    assert!(matches!(gone.finding, Finding::Superseded { entry, committed, .. }
        if (entry, committed) == (at(3, 1), at(3, 2))));
    let other = found(both, "not committed 3@2 on 0");
    let Finding::Another { there, holders, .. } = other.finding else { panic!() };
    assert_eq!((there, holders), (at(3, 1), vec![id(2), id(3), id(4)]));
    assert!(!found(both, "committed 3@2").contradicts);
}

/// An entry that was in a log is told of also where every log ends before its index.
#[test]
fn an_entry_that_was_deleted_is_told_of_where_the_logs_end_before_it() {
    let script = script(
        "nodes 3\nno-op off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n\
         submit to 0 SET a=1\nsubmit to 0 SET b=2\ntimeout 1\ntimeout 1\ndeliver request-vote 1 -> 2\n\
         deliver request-vote-reply 2 -> 1\nsubmit to 1 SET c=3\ndeliver append-entries 1 -> 0\n\
         crash 0\n",
    );
    let history = history(&script);
    let last = history.last();
    let deleted =
        Finding::Deleted { entry: at(2, 1), node: id(0), step: last, holders: Vec::new() };
    for question in ["not committed 2@1", "not committed 2@1 on 0"] {
        assert_eq!(ask(&history, last, question).finding, deleted, "{question}");
    }
    assert!(ask(&history, last, "committed 2@1").contradicts);
    let (index, ends) = (LogIndex::new(2), LogIndex::new(1));
    let none = Unanswerable::NoSuchEntry { index, last: ends };
    for question in ["not committed 2", "not committed 2@7", "not committed 2@1 on 1"] {
        assert_eq!(refused(&history, last, question), none, "{question}");
    }
}

/// A node that led, crashed and started again follows nobody since its crash, and not since it has had the entry.
#[test]
fn who_knows_of_no_leader_has_known_of_none_since_it_followed_the_last_one() {
    let script = script(
        "nodes 3\nno-op off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\n\
         submit to 0 SET a=1\ncrash 0\nrestart 0\ntimeout 2\n",
    );
    let history = history(&script);
    let answer = ask(&history, history.last(), "not committed 1 on 0");
    assert!(matches!(answer.finding, Finding::NotTold { leader: None, .. }), "{answer:?}");
    let (appended, next) = (history.last() - 1, history.last());
    assert_eq!(
        answer.decided_in,
        Some(next),
        "it led when it appended the entry, in step {appended}"
    );
}

/// Whoever is told that the fate of its command is unknown can ask which entries its node deleted.
#[test]
fn an_unknown_fate_is_that_of_an_entry_which_its_node_deleted() {
    let history = history(&shipped("told"));
    let told = ask(&history, history.last(), "told client 6");
    assert!(matches!(
        &told.finding,
        Finding::Told { call, .. }
            if matches!(call.told, Some((_, Told::Answered(Answer::Uncertain { .. }))))
    ));
    let deleted = told.follows_from.expect("it depends on what was deleted");
    let (from, to) = (at(4, 1), at(6, 1));
    assert_eq!(deleted.finding, Finding::Truncated { node: id(0), from, to });
    assert_eq!(deleted.change, None, "another commit at its index does not change what was told");
}

/// Every question at every step of these shipped scenarios gets an answer or a reason why there is none,
/// without a panic, and the decision is never later than the step of the question.
#[test]
fn every_question_has_an_answer_or_a_reason_at_every_step() {
    let shipped_ones = ["figure-8", "crash-before-send", "split-vote", "restart", "even-cluster"];
    for name in shipped_ones.into_iter().chain(BROKEN.iter().map(|(name, _)| *name)) {
        let history = history(&library::load(name, None).unwrap());
        let nodes = history.header().nodes;
        let of_nodes = NodeId::all(nodes).flat_map(|node| {
            let words = ["leader", "not leader", "truncated", "stepped down", "acknowledged"];
            words.map(|word| format!("{word} {}", node.index()))
        });
        let mut questions: Vec<String> = of_nodes.collect();
        for index in 1..5 {
            questions.push(format!("committed {index}"));
            questions.push(format!("not committed {index} on 1"));
            questions.push(format!("committed {index}@2"));
            questions.push(format!("not committed {index}@{index} on 0"));
        }
        questions.extend(["refused 0 -> 1", "refused 1 -> 0", "told x"].map(str::to_owned));
        let every = if name.starts_with("broken/") { 2 } else { 5 };
        for step in (1..=history.last()).step_by(every) {
            for question in &questions {
                let question = Question::parse(question, nodes).unwrap();
                if let Ok(answer) = why(&history, step, &question) {
                    assert!(answer.decided_in <= Some(step), "{name}, {step}: {answer:?}");
                    assert_eq!(Question::parse(&question.to_string(), nodes), Ok(question));
                }
            }
        }
    }
}

/// A node that campaigns again has only the votes of its last campaign.
#[test]
fn a_vote_of_an_earlier_campaign_does_not_count_in_a_later_one() {
    let again = "manual\ntimeout 0\ndeliver request-vote 0 -> 1\ndeliver request-vote-reply 1 -> 0\ntimeout 0\n";
    let history = history(&script(&format!("nodes 4\nthreads off\n{again}")));
    let answer = ask(&history, 4, "not leader 0");
    let Finding::TooFewVotes { have, need, term, .. } = answer.finding else {
        panic!("{answer:?}")
    };
    assert_eq!((have, need, term), (1, 3, Term::new(2)));
    assert!(answer.others.iter().all(|other| !other.counted), "{answer:?}");
    let Some(Change::Votes { more: 2, .. }) = answer.change else { panic!("{answer:?}") };
}

/// The reason why a node has never campaigned is the input that restarted its timer, not what it ignored since.
#[test]
fn who_has_never_stood_heard_its_leader_last() {
    let history = history(&shipped("partition"));
    for step in 1..=history.last() {
        for node in 0..5 {
            let answer = ask(&history, step, &format!("not leader {node}"));
            if let Finding::NeverCampaigned { .. } = answer.finding {
                assert!(grounds(&answer).iter().all(|ground| ground.1 == Outcome::Holds), "{step}");
            }
        }
    }
}

/// An answer once named as a node's current leader one that no longer led.
#[test]
fn who_no_longer_leads_is_not_said_to_lead() {
    let history = history(&shipped("rejoin-high-term"));
    let down = leaderships(&history)[0].end;
    let Some(LeadEnd::SteppedDown(step)) = down else { panic!("{down:?}") };
    let before = ask(&history, step - 1, "not leader 1").finding;
    assert_eq!(before, Finding::NeverCampaigned { node: id(1), leader: Some(id(0)) });
    let after = ask(&history, step, "not leader 1").finding;
    assert_eq!(after, Finding::NeverCampaigned { node: id(1), leader: None });
}

/// An entry after one that lost its index is lost with it, although nothing was committed at its own index.
#[test]
fn what_stands_on_a_lost_entry_is_lost_too() {
    let history = history(&shipped("told"));
    let committed = history
        .steps()
        .find(|step| {
            step.node == id(2) && !step.events.is_empty() && ask_committed(&history, step.step, 4)
        })
        .unwrap()
        .step;
    let stood = history.node_at(id(0), committed).unwrap();
    assert_eq!(stood.node.log().term_at(LogIndex::new(5)), Some(Term::new(1)));
    let answer = ask(&history, committed, "not committed 5 on 0");
    let (entry, below, by) = (at(5, 1), at(4, 1), at(4, 2));
    let finding =
        Finding::OnSuperseded { entry, node: id(0), below, committed: by, step: committed };
    assert_eq!(answer.finding, finding);
    // Before that, nothing is decided.
    let before = ask(&history, committed - 1, "not committed 5 on 0").finding;
    assert!(!matches!(before, Finding::OnSuperseded { .. }), "{before:?}");
}

/// Whether any node has committed this index by a step.
fn ask_committed(history: &History, step: u64, index: u64) -> bool {
    let on = |node| history.node_at(node, step).unwrap();
    NodeId::all(history.header().nodes)
        .any(|node| on(node).up && on(node).node.commit_index() >= LogIndex::new(index))
}

#[test]
fn who_led_when_and_what_clients_were_told() {
    let history = history(&shipped("told"));
    let led =
        |node, term, from, end| Leadership { node: id(node), term: Term::new(term), from, end };
    let (down, crash) = (LeadEnd::SteppedDown, LeadEnd::Crashed);
    assert_eq!(
        leaderships(&history),
        [
            led(0, 1, 4, Some(down(42))),
            led(2, 2, 36, Some(crash(49))),
            led(0, 3, 52, Some(crash(70))),
            led(1, 4, 73, None),
        ]
    );
    let calls = client_calls(&history, history.last());
    assert_eq!(calls.len(), history.clients().len());
    let silent: Vec<u64> = calls
        .iter()
        .filter(|(call, silent)| {
            call.told.is_none() && matches!(silent, Some(Silent::CrashedAfter(_)))
        })
        .map(|(call, _)| call.ticket.client())
        .collect();
    assert_eq!(silent, [8]);
    // An answer that comes later must not show at an earlier step.
    let early = client_calls(&history, calls[0].0.asked_in);
    assert_eq!((early.len(), &early[0].0.told), (1, &None));
}

/// Two clients asked for the same command. The fate of one client's entry is not reported for the other's.
#[test]
fn a_client_is_told_of_by_its_own_entry() {
    let history = history(&shipped("told"));
    let answer = ask(&history, history.last(), "told client 8");
    let fate = answer.follows_from.expect("its entry was deleted").finding;
    assert!(matches!(fate, Finding::Superseded { entry, .. } if entry == at(7, 3)), "{fate:?}");
}

/// A leader cannot commit any more once a majority has a later term.
#[test]
fn a_leader_that_a_majority_is_past_commits_nothing_more() {
    let history = history(&shipped("told"));
    let next = leaderships(&history)[1].from;
    let answer = ask(&history, next, "not committed 5 on 0");
    let (leader, term) = (id(0), Term::new(1));
    assert_eq!(answer.change, Some(Change::LaterLeader { leader, term }));
    // While it can still be heard, acknowledgements help.
    let asked = history.clients()[3].asked_in;
    let early = ask(&history, asked, "not committed 4 on 0");
    assert!(matches!(early.change, Some(Change::Acknowledgements { .. })), "{early:?}");
}
