//! Whatever a script does to a simulated cluster, the cluster stays safe, and its trace records all of it.

use proptest::prelude::*;
use raft_in_practice::record::{History, TraceError, replay};
use raft_in_practice::scenario::script::{Line, Script};
use raft_in_practice::scenario::verb_table::Verb;
use raft_in_practice::scenario::world::World;

use super::{cases, record, verbs};

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_drawn_script_writes_itself_runs_safely_and_replays(script in verbs::script()) {
        let written = script.to_string();
        let again = Script::parse("drawn", &written).unwrap_or_else(|error| panic!("{error}"));
        let verbs = |script: &Script| {
            script.lines.iter().map(|line| line.verb.clone()).collect::<Vec<_>>()
        };
        prop_assert_eq!(verbs(&again), verbs(&script));
        prop_assert_eq!(again.settings(), script.settings());
        prop_assert_eq!((again.seed, again.timing), (script.seed, script.timing));

        let (mut sim, trace) = record(&script);
        let report = sim.safety();
        // Raft does not tolerate the loss of a disk.
        let wiped = |line: &Line| match &line.verb {
            Verb::Try(verb) => matches!(**verb, Verb::Wipe(_)),
            verb => matches!(verb, Verb::Wipe(_)),
        };
        if !script.lines.iter().any(wiped) {
            prop_assert_eq!(&report.violations, &vec![]);
        }
        let summary = replay(&trace[..], |_| Vec::new(), None).unwrap();
        prop_assert_eq!(summary.status, sim.status());
        let (last, asked) = (summary.steps, summary.steps + 1);
        let beyond = replay(&trace[..], |_| Vec::new(), Some(asked)).unwrap_err();
        prop_assert_eq!(beyond, TraceError::NoStep { asked, last });
        prop_assert_eq!(summary.safety.committed, report.committed);
        prop_assert_eq!(record(&again).1, &trace[..], "the same script gives the same bytes");

        let history = History::read(&trace[..]).unwrap();
        let by_hand = Script::by_hand(&history, history.last());
        prop_assert_eq!(record(&by_hand).0.status(), sim.status(), "{}\nby hand:\n{}", script, by_hand);
    }
}
