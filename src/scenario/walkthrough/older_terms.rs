//! Section 10: why copies of an older term's entry are not counted, after Figure 8.
//!
//! The story has two ends, and is then told once more with the rule broken. Nodes n0 to n4 are S1 to S5
//! of the figure.

use crate::raft::{
    AppendOutcome, Command, Envelope, Input, Message, NodeId, PersistentState, Rule, RuleSet,
    Settings, Term,
};

use super::script::Walkthrough;
use super::stage::Servers;
use super::votes::log_of;
use super::{N0, N1, N2, N3, N4};

const ALL: [NodeId; 5] = [N0, N1, N2, N3, N4];

pub(super) fn play(script: &mut Walkthrough) {
    script.open("A majority of copies is not always a commit");
    old_entry_on_a_majority(script);
    let undecided = script.stage.clone();
    commit_through_an_own_entry(script);
    script.stage = undecided;
    overwritten_instead(script);
    without_the_rule(script);
}

fn old_entry_on_a_majority(script: &mut Walkthrough) {
    script.say(
        "§5.4.2, Figure 8",
        "Five nodes, without the no-op of section 3, as in the paper. In term 2 n0 led, \
         reached only n1 with its entry at index 2, and crashed. In term 3 n4 led, wrote another \
         entry there, reached nobody, and crashed. Both have started again, and n0 leads once more:",
    );
    let (stage, mail) = second_leadership(RuleSet::INTACT, script.seed);
    script.stage = stage;
    script.logs(&ALL);
    script.say(
        "§5.3",
        "n0 finds n1's log equal to its own, and repairs n2's as in section 9. So n0's old entry \
         reaches a third node, and n2's reply says so:",
    );
    let replies = spread(&mut script.stage, &mail, N0, &[N1, N2]);
    script.deliver(&replies, N0);
    script.logs(&ALL);
    script.say(
        "§5.4.2",
        "Three of five hold the entry, and n0 does not commit it: it is not of the term that n0 \
         leads. Why not? The story can go on in two ways.",
    );
}

/// The first end: an entry of the leader's own term commits the entries before it.
fn commit_through_an_own_entry(script: &mut Walkthrough) {
    script.say(
        "§5.4.2, Figure 8 (e)",
        "One end: n0 takes in a command, and n1 and n2 get it. This entry is of n0's own term, and \
         committing it commits all before it.",
    );
    let mail = script.step(N0, propose("SET y=4"));
    let replies = spread(&mut script.stage, &mail, N0, &[N1, N2]);
    script.deliver(&replies, N0);
    script.say(
        "§5.4.1",
        "That is safe: a candidate without these entries needs a vote from one of the three nodes \
         that have them. n4 campaigns, and asks n1:",
    );
    let requests = campaign_after(&mut script.stage);
    script.deliver(&requests, N1);
}

/// The second end: the entry disappears, which is allowed, because it was not committed.
fn overwritten_instead(script: &mut Walkthrough) {
    script.say(
        "§5.4.2, Figure 8 (d)",
        "The other end: n0 is cut off before that command. Then n4 can win, its last term is later \
         than n1's, n2's and n3's, and it repairs their logs to be like its own:",
    );
    let replies = successor_takes_over(&mut script.stage, &[N1, N2, N3]);
    script.stage.deliver(&replies, N4);
    script.logs(&ALL);
    script.say(
        "§5.4.2",
        "The entry is no longer on a majority. Raft has kept its word all the same, \
         because no node had called that entry committed.",
    );
}

fn without_the_rule(script: &mut Walkthrough) {
    script.say(
        "§5.4.2",
        "And if copies did count? The same inputs again, with this one rule broken on every \
         node. n2's reply reaches n0:",
    );
    let rules = RuleSet::INTACT.without(Rule::CommitOnlyCurrentTerm);
    let (stage, mail) = second_leadership(rules, script.seed);
    script.stage = stage;
    let replies = spread(&mut script.stage, &mail, N0, &[N1, N2]);
    script.deliver(&replies, N0);
    script.store(N0);
    script.say(
        "§5.4.2, Figure 8 (d)",
        "Then n0 is cut off, and n4 is elected by n1 and n2. It counts its own older entry too, as n2's \
         reply arrives:",
    );
    let replies = successor_takes_over(&mut script.stage, &[N1, N2]);
    script.deliver(&replies, N4);
    script.store(N4);
    script.logs(&ALL);
    let text = format!(
        "n0 has applied {}, n4 has applied {}: different entries at one index. State Machine Safety \
         is violated: who reads from n0 and who reads from n4 see different data. \
         'raft-cluster hunt --break {}' finds such a run by itself.",
        script.stage.node(N0).last(),
        script.stage.node(N4).last(),
        Rule::CommitOnlyCurrentTerm
    );
    script.say("Figure 3", text);
}

/// Plays up to Figure 8 (c): n0 leads for the second time, and has sent its first messages, which are returned.
fn second_leadership(rules: RuleSet, seed: u64) -> (Servers, Vec<Envelope>) {
    let settings = Settings { rules, no_op: false, ..Settings::new(ALL.len()) };
    let disk = PersistentState::new(Term::new(1), None, log_of(&[1]));
    let mut stage = Servers::from_disks(settings, vec![disk; ALL.len()], seed);
    let requests = stage.campaign(N0, Term::new(2));
    elect(&mut stage, &requests, N0, &[N1, N2]);
    let mail = stage.sent(N0, propose("SET x=2"));
    stage.deliver(&mail, N1);
    let requests = stage.campaign(N4, Term::new(3));
    elect(&mut stage, &requests, N4, &[N2, N3]);
    stage.step(N4, propose("SET x=3"));
    stage.restart(N4);
    stage.restart(N0);
    let requests = stage.campaign(N0, Term::new(4));
    let mail = elect(&mut stage, &requests, N0, &[N1, N2]);
    (stage, mail)
}

/// Elects n4 in a term above n0's, and lets it repair the logs of these followers. Returns the last reply,
/// which n4 has not received yet.
fn successor_takes_over(stage: &mut Servers, followers: &[NodeId]) -> Vec<Envelope> {
    let requests = campaign_after(stage);
    let mail = elect(stage, &requests, N4, followers);
    spread(stage, &mail, N4, followers)
}

/// Lets n4 campaign in the term after n0's. Returns its requests.
fn campaign_after(stage: &mut Servers) -> Vec<Envelope> {
    let term = stage.node(N0).current_term().next().expect("the walkthrough holds few elections");
    stage.campaign(N4, term)
}

/// Delivers the requests to the voters, and their replies to the candidate. Returns what the candidate
/// then sends as the leader.
fn elect(
    stage: &mut Servers,
    requests: &[Envelope],
    candidate: NodeId,
    voters: &[NodeId],
) -> Vec<Envelope> {
    let replies: Vec<_> = voters.iter().flat_map(|&voter| stage.deliver(requests, voter)).collect();
    stage.deliver(&replies, candidate)
}

/// Lets the followers exchange messages with the leader, one after the other, until each accepts.
/// Returns the last follower's acceptance, which the leader has not received yet.
fn spread(
    stage: &mut Servers,
    mail: &[Envelope],
    leader: NodeId,
    followers: &[NodeId],
) -> Vec<Envelope> {
    let mut last = Vec::new();
    for &follower in followers {
        stage.deliver(&last, leader);
        last = stage.deliver(mail, follower);
        while !last.is_empty() && !last.iter().any(accepts) {
            let more = stage.deliver(&last, leader);
            last = stage.deliver(&more, follower);
        }
    }
    last
}

const fn accepts(envelope: &Envelope) -> bool {
    match &envelope.message {
        Message::AppendEntriesReply(reply) => {
            matches!(reply.outcome, AppendOutcome::Accepted { .. })
        }
        _ => false,
    }
}

fn propose(command: &str) -> Input {
    Input::Propose(vec![Command::new(command)])
}
