//! What the walkthrough shows, tested by its values and not by its texts.

use raft_in_practice::raft::Outcome::{Holds, Overridden, Refused};
use raft_in_practice::raft::{Event, MAX_NODES, RoleKind, Rule};
use raft_in_practice::scenario::walkthrough::{Beat, Options, Section, ShownStep, play};

fn steps(section: &Section) -> impl DoubleEndedIterator<Item = &ShownStep> {
    section.beats.iter().filter_map(|beat| match beat {
        Beat::Stepped(step) => Some(step),
        _ => None,
    })
}

#[test]
fn ten_sections_in_order_whatever_the_size() {
    for nodes in 1..=MAX_NODES {
        let sections = play(Options::new(nodes, 3));
        let numbers = sections.iter().map(|section| section.number);
        assert!(numbers.eq(1..=10), "{nodes}");
        assert!(sections.iter().all(|section| !section.beats.is_empty()));
    }
}

#[test]
fn the_node_goes_through_its_roles_in_a_cluster_of_any_size() {
    for nodes in 1..=MAX_NODES {
        let sections = play(Options::new(nodes, 3));
        let after =
            |number: usize| steps(&sections[number - 1]).next_back().map(|step| &step.after);
        let leads = sections[..3].iter().flat_map(steps).next_back().unwrap();
        assert!(leads.after.is_leader(), "{nodes}");
        assert_eq!(after(4).unwrap().last().index.get(), 4, "a no-op and three commands");
        let committed = sections[..5].iter().flat_map(steps).next_back().unwrap();
        assert_eq!(committed.after.commit_index().get(), 4, "{nodes}");
        let down = after(6).unwrap();
        assert_eq!((down.role().kind(), down.current_term().get()), (RoleKind::Follower, 5));
        assert!(after(7).unwrap().voted_for().is_some(), "{nodes}");
        // Only a follower or candidate has an election timer: it starts when a leader steps down.
        let steps: Vec<_> = sections.iter().flat_map(steps).collect();
        assert!(steps.iter().all(|it| it.election_timeout().is_none() || !it.after.is_leader()));
        let deposed = steps.iter().filter(|it| {
            let stepped =
                |event: &Event| matches!(event, Event::RoleChanged { from: RoleKind::Leader, .. });
            it.events.iter().any(stepped)
        });
        assert!(
            deposed.clone().count() > 0
                && deposed.clone().all(|it| it.election_timeout().is_some())
        );
    }
}

#[test]
fn each_of_the_three_vote_rules_refuses_once() {
    let sections = play(Options::new(5, 3));
    let refusals: Vec<Rule> = steps(&sections[7])
        .flat_map(|step| step.events.iter())
        .filter_map(|event| match *event {
            Event::VoteRefused { rule, .. } => Some(rule),
            _ => None,
        })
        .collect();
    assert_eq!(refusals, [Rule::StaleTermRejected, Rule::OneVotePerTerm, Rule::UpToDateLog]);
}

#[test]
fn the_diverged_log_ends_as_the_leaders() {
    let sections = play(Options::new(5, 3));
    let drawn = sections[8].beats.iter().filter_map(|beat| match beat {
        Beat::Logs(nodes) => Some(nodes),
        _ => None,
    });
    let last = drawn.collect::<Vec<_>>().pop().unwrap();
    assert!(last.iter().all(|node| node.log() == last[0].log()));
}

#[test]
fn an_older_entry_waits_and_is_committed_at_once_without_the_rule() {
    let sections = play(Options::new(5, 3));
    let asked: Vec<_> = steps(&sections[9])
        .flat_map(|step| step.events.iter())
        .filter_map(|event| match event {
            Event::Checked(v) if v.rule == Rule::CommitOnlyCurrentTerm => Some(v.outcome),
            _ => None,
        })
        .collect();
    assert!(asked.starts_with(&[Refused]), "{asked:?}");
    assert!(asked.contains(&Holds) && asked.contains(&Overridden), "{asked:?}");
}
