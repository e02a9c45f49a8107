//! Each verdict follows from its own values, whatever a node is told and whichever rules are broken. A
//! reader who sees the values must come to the same outcome.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use raft_in_practice::raft::{
    Event, Facts, Input, Message, Outcome, Rule, RuleSet, Settings, TimerCause, Verdict,
};

use crate::common::server;
use crate::models::cases;
use crate::models::histories::any_log;
use crate::models::junk::{any_settings, input};

/// Whether the condition of the rule holds for these values; `None` if the rule demands an action.
fn condition(verdict: &Verdict) -> Option<bool> {
    Some(match (verdict.rule, verdict.facts) {
        (Rule::HigherTermStepsDown, Facts::Terms { message, own }) => {
            assert!(message > own, "only a higher term asks for it");
            return None;
        }
        (_, Facts::Terms { message, own }) => message == own,
        (Rule::OneVotePerTerm, Facts::Vote { voted_for, candidate, .. }) => {
            voted_for.is_none_or(|vote| vote == candidate)
        }
        (Rule::TermBeforeLength, Facts::Logs { candidate, own }) => {
            let longer = candidate.index >= own.index;
            assert_ne!(longer, candidate >= own, "it is asked only where it matters");
            return None;
        }
        (_, Facts::Logs { candidate, own }) => candidate >= own,
        (_, Facts::Lengths { candidate, own }) => candidate >= own,
        (_, Facts::VoteReceived { counted_before, .. }) => !counted_before,
        (_, Facts::Quorum { have, need, .. } | Facts::Copies { have, need, .. }) => have >= need,
        (_, Facts::EntryTerm { entry, own }) => entry.term == own,
        (_, Facts::PrevEntry { prev, found, .. }) => found == Some(prev.term),
        (_, Facts::CommitLimit { leader_commit, verified, last }) => {
            leader_commit.min(last) <= verified
        }
        (_, Facts::Match { known, acknowledged, .. }) => acknowledged >= known,
        (_, Facts::Timer { cause }) => cause.has_authority(),
        _ => return None,
    })
}

fn expected(verdict: &Verdict, settings: Settings) -> Outcome {
    let kept = settings.rules.keeps(verdict.rule);
    // Without majority-quorum half of the cluster is enough, but not less.
    let less_than_half = match verdict.facts {
        Facts::Quorum { have, nodes, .. } | Facts::Copies { have, nodes, .. } => {
            2 * have + 1 < nodes
        }
        _ => false,
    };
    match condition(verdict).unwrap_or(kept) {
        true => Outcome::Holds,
        false if kept || less_than_half => Outcome::Refused,
        false => Outcome::Overridden,
    }
}

proptest! {
    #![proptest_config(cases(4000))]

    #[test]
    fn each_verdict_follows_from_its_own_values(
        settings in any_settings(),
        broken in vec(select(&Rule::ALL[..]), 0..3),
        log in any_log(),
        inputs in vec(input(), 1..60),
    ) {
        let rules: RuleSet = broken.into_iter().collect();
        let settings = Settings { rules, ..settings };
        let mut node = server(0, settings, log.last().copied().unwrap_or(0), None, &log);
        let mut disk = node.persistent().clone();
        for input in inputs {
            let before = node.current_term();
            let old = match &input {
                Input::Receive(envelope) => match &envelope.message {
                    Message::AppendEntries(request) => request.term < before,
                    _ => false,
                },
                _ => false,
            };
            let Ok(sent) = node.step(input).persist(&mut disk);
            for event in sent.events() {
                let Event::Checked(verdict) = event else { continue };
                prop_assert_eq!(verdict.outcome, expected(verdict, settings), "{:?}", verdict);
                let current = verdict.facts == Facts::Timer { cause: TimerCause::CurrentLeader };
                prop_assert!(!(old && current), "the leader of an older term is not the current one");
            }
            let Ok(()) = node.save_late(sent.saved_too_late(), &mut disk);
        }
    }
}
