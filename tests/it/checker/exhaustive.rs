//! The same judgement in an exhaustive search, which has its own ledger.

use raft_in_practice::raft::{LogIndex, Message, Property, RuleSet};
use raft_in_practice::scenario::verb_table::{Verb, Who};
use raft_in_practice::search::exhaustive::actions::Action;
use raft_in_practice::search::exhaustive::server_state::Prompt;
use raft_in_practice::search::exhaustive::state::{Catalogue, Cause, ClusterState, Model};
use raft_in_practice::search::exhaustive::{Bounds, Merge};
use raft_in_practice::search::schedule::Schedule;

use super::{LATE_COMMITS, file};

/// The action of the model that a move stands for: which node makes a step, and which step.
fn action(model: &Model<'_>, state: &ClusterState, verb: &Verb) -> Option<Action> {
    let prompt = |who: &Who, prompt| {
        let Who::Node(at) = *who else { panic!("moves name their nodes") };
        Some(Action { at, cause: Cause::Prompt(prompt) })
    };
    match verb {
        Verb::Timeout(who) => prompt(who, Prompt::Timeout),
        Verb::Submit { to, .. } => prompt(to, Prompt::Propose),
        Verb::Restart(who) => prompt(who, Prompt::Restart),
        // Several messages may fit a name. The newest has the latest term and the most entries.
        Verb::Deliver(name) => {
            let in_flight = state.in_flight.iter().copied();
            let newest = in_flight
                .filter(|&message_id| name.matches(model.interned(message_id)))
                .max_by_key(|&message_id| match &model.interned(message_id).message {
                    Message::AppendEntries(m) => (m.term, m.last_index()),
                    other => (other.term(), LogIndex::ZERO),
                });
            let message_id = newest.expect("the message was sent");
            Some(Action { at: name.to, cause: Cause::Message(message_id) })
        }
        _ => None,
    }
}

/// A search judges a leader of the past as the checker of a run does.
#[test]
fn a_leader_of_the_past_that_began_without_an_entry_is_found() {
    for name in LATE_COMMITS {
        let script = file(name);
        let bounds = Bounds::new(3, 3, 2).without_no_op().with_crashes(1);
        let bounds = Bounds { merge: Merge::NONE, ..bounds };
        let catalogue = Catalogue::default();
        let rules: RuleSet = script.broken;
        let mut model = Model::new(&bounds, rules, &catalogue);
        let (mut state, mut next) = (model.initial(), ClusterState::default());
        let moves = Schedule::of(&script).moves;
        let mut came = Ok(false);
        for verb in &moves {
            let Some(action) = action(&model, &state, verb) else { continue };
            assert!(came.is_ok(), "it is violated with the last move");
            came = model.apply(&state, action, &mut next);
            state.clone_from(&next);
        }
        assert_eq!(came, Err(Property::LeaderCompleteness), "{name}");
    }
}
