//! What is kept from one question about a run to the next: it changes no answer, and saves making steps again.

use raft_in_practice::explain::{Explainer, Question, why};
use raft_in_practice::network::Network;
use raft_in_practice::raft::{LogIndex, NodeId, Role};
use raft_in_practice::record::History;
use raft_in_practice::record::history::{NodeCondition, NodeState, States};

use super::states::long_run;
use super::{history, script, shipped, traced};

/// A run in which a node that was paused takes in, in one batch, `messages` that came meanwhile.
fn long_batch(messages: usize) -> History {
    let script = script(&format!(
        "nodes 3\ntimeout 0\nwait until leader\npause 1\nrepeat {messages}\nsubmit to 0 SET x=1\n\
         wait 20ms\nend\nresume 1\nwait 1s\n"
    ));
    let trace = String::from_utf8(traced(&script, Vec::new())).unwrap();
    let (before, after) = trace.split_at(trace.find("{\"resume\"").unwrap());
    // In virtual time each message is a batch of its own; on threads these would be one.
    let after = after.replacen(",\"batch\":\"saved\"", "", messages);
    let history = History::read(format!("{before}{after}").as_bytes()).unwrap();
    let longest = history.steps().map(|step| step.batch_end - step.step + 1).max();
    assert!(longest.unwrap() as usize > messages, "{longest:?}");
    history
}

/// Runs of many kinds: with crashes, losses, pauses and broken rules, with drawn faults, and with a long batch.
fn runs() -> Vec<History> {
    let names = ["figure-8", "lossy", "paused-leader", "crash-before-send", "one-way"];
    let shipped = names.map(|name| history(&shipped(name)));
    let drawn = [3, 4].map(|seed| long_run(seed, 200).1);
    shipped.into_iter().chain(drawn).chain([long_batch(30)]).collect()
}

/// The first and the last steps of a run in order, and then the same all over the place.
fn in_order_and_not(last: u64) -> Vec<u64> {
    let ordered: Vec<u64> = (1..=last).filter(|step| *step <= 40 || step + 60 > last).collect();
    let jumbled = (0..ordered.len()).map(|nth| ordered[nth * 7919 % ordered.len()]);
    ordered.iter().copied().chain(jumbled).collect()
}

/// Conditions that a node in this state meets, or does not.
fn conditions(stood: &NodeState<'_>) -> Vec<NodeCondition> {
    let (log, commit) = (stood.node.log(), stood.node.commit_index());
    let index = stood.node.last().index;
    let mut all = vec![NodeCondition::Commits { index: commit }];
    all.push(NodeCondition::Commits { index: commit.plus(1) });
    if let Some(entry) = log.get(index).cloned() {
        all.push(NodeCondition::Has { index, entry: entry.clone() });
        all.push(NodeCondition::Waits { index, entry: entry.clone() });
        let leader = stood.node.leader();
        all.push(NodeCondition::WaitsFor { index, entry: entry.clone(), leader });
        let term = stood.node.current_term();
        for enough in [false, true] {
            all.push(NodeCondition::Counts { index, entry: entry.clone(), term, enough });
        }
    }
    all
}

/// Whether a condition holds, said once more in the plainest way.
fn holds(condition: &NodeCondition, stood: &NodeState<'_>) -> bool {
    let node = &stood.node;
    match condition {
        NodeCondition::Has { index, entry } => node.log().get(*index) == Some(entry),
        NodeCondition::Waits { index, entry } => {
            node.log().get(*index) == Some(entry) && node.commit_index() < *index
        }
        NodeCondition::WaitsFor { index, entry, leader } => {
            let waits = NodeCondition::Waits { index: *index, entry: entry.clone() };
            holds(&waits, stood) && node.leader() == *leader
        }
        NodeCondition::Counts { index, entry, term, enough } => {
            let Role::Leader { progress } = node.role() else { return false };
            let copies = progress.copies(*index, node.settings().nodes);
            let has = node.log().get(*index) == Some(entry);
            has && node.current_term() == *term && *enough == (copies >= node.settings().majority())
        }
        NodeCondition::Commits { index } => node.commit_index() >= *index,
    }
}

#[test]
fn states_that_are_kept_are_those_that_are_made_again() {
    for history in runs() {
        let states = States::of(&history);
        for step in in_order_and_not(history.last()) {
            let context = format!("{}, step {step}", history.header().scenario);
            assert_eq!(states.node_after(step), history.node_after(step), "{context}");
            let then = history.node_after(step).map(|it| (it.starts, it.node.commit_index()));
            assert_eq!(states.committed_after(step), then, "{context}");
            let flying: Vec<_> = history.in_flight(step).collect();
            assert_eq!(states.in_flight(step), flying, "{context}");
            for id in NodeId::all(history.header().nodes) {
                let stood = history.node_at(id, step).unwrap();
                assert_eq!(states.node_at(id, step).as_ref(), Some(&stood), "{context}");
                // One node at each step is enough, and another at the next.
                let these = conditions(&stood).into_iter();
                let these =
                    these.filter(|_| step as usize % stood.node.settings().nodes == id.index());
                for condition in these {
                    let slowly = history.since(id, step, |stood| holds(&condition, &stood));
                    let since = states.since(id, step, &condition);
                    assert_eq!(since, slowly, "{context}, {id}: {condition:?}");
                }
            }
        }
        assert!(states.node_at(NodeId::new(0), history.last() + 1).is_none());
        assert!(states.node_after(0).is_none());
    }
}

#[test]
fn the_links_at_a_step_are_those_that_all_deeds_before_have_made() {
    for history in runs() {
        for step in 0..=history.last() {
            let mut network = Network::new(history.header().conditions);
            history.deeds_from(0, step).for_each(|(.., deed)| deed.apply_to(&mut network));
            assert_eq!(history.network_at(step), network, "step {step}");
        }
    }
}

/// Calls `ask` with the questions whether each entry of each node is committed, at every step.
fn every_question(history: &History, mut ask: impl FnMut(u64, &Question)) {
    for step in in_order_and_not(history.last()) {
        for (id, stood) in NodeId::all(history.header().nodes).zip(history.nodes_at(step).unwrap())
        {
            let last = stood.node.last().index;
            // The older entries are committed for long, and their answers stay the same.
            for index in (1..=last.get()).rev().take(2).map(LogIndex::new) {
                let on = Some(id);
                ask(
                    step,
                    &Question::NotCommitted { index, term: stood.node.log().term_at(index), on },
                );
                ask(step, &Question::Committed { index, term: None, on });
            }
            ask(step, &Question::Leader { node: id });
            ask(step, &Question::Truncated { node: id });
        }
        ask(step, &Question::NotCommitted { index: LogIndex::FIRST, term: None, on: None });
    }
}

#[test]
fn a_question_has_the_same_answer_after_others_as_alone() {
    for history in runs() {
        let explainer = Explainer::of(&history);
        every_question(&history, |step, question| {
            let alone = why(&history, step, question);
            assert_eq!(explainer.why(step, question), alone, "step {step}: {question}");
        });
    }
}

#[test]
fn a_rerun_makes_each_step_of_a_long_batch_again_only_twice() {
    let history = long_batch(200);
    let n1 = NodeId::new(1);
    let mut rerun = history.rerun(n1, 0);
    for step in 1..=history.last() {
        let stood = history.node_at(n1, step).unwrap();
        assert!(rerun.at(step, |now| now == stood), "step {step}");
    }
    // Once in the middle of its batch, and once when the batch is saved.
    let own = history.steps_of(n1, history.last()).count();
    assert!(rerun.steps_made() <= 2 * own, "{} of {own}", rerun.steps_made());
}

#[test]
fn answers_step_by_step_make_few_steps_again() {
    for messages in [100, 200] {
        let history = long_batch(messages);
        let explainer = Explainer::of(&history);
        for step in 1..=history.last() {
            let maker = history.step(step).unwrap().node;
            let last = history.node_after(step).unwrap().node.last().index;
            for index in (1..=last.get()).rev().take(2).map(LogIndex::new) {
                let on = Some(maker);
                _ = explainer.why(step, &Question::NotCommitted { index, term: None, on });
            }
        }
        let (made, last) = (explainer.steps_made() as u64, history.last());
        assert!(made < 10 * last, "{made} steps were made again, of {last}");
    }
}
