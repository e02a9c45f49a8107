//! A recorded run as a scenario that makes each of its steps by hand.

use raft_in_practice::raft::{Input, NodeId};
use raft_in_practice::record::Clock;
use raft_in_practice::record::History;
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::history::Recorder;
use raft_in_practice::scenario::library;
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::World;
use raft_in_practice::sim::{Sim, SimConfig};

/// The history of a script in virtual time, as far as it runs.
fn recorded(script: &Script) -> (History, Option<String>) {
    let recorder = Recorder::new(&script.header(Clock::Virtual));
    let sim = Sim::new(SimConfig::of(script), vec![Box::new(recorder.clone())]);
    let mut told = ();
    let mut runner = Runner::new(sim, &mut told);
    let failed = runner.run(&script.lines).err();
    let failed = failed
        .map(|failure| format!("line {} '{}': {:?}", failure.line, failure.verb, failure.why));
    drop(runner);
    (recorder.history(), failed)
}

/// The first difference between two histories, if there is one.
fn parted(a: &History, b: &History) -> Option<String> {
    for (one, other) in a.steps().zip(b.steps()) {
        let same_input = match (one.input(), other.input()) {
            (Input::Receive(a), Input::Receive(b)) => a == b,
            (a, b) => a == b,
        };
        if one.node != other.node
            || !same_input
            || one.time != other.time
            || one.events != other.events
        {
            return Some(format!(
                "step {}: {:?} {:?}, and {:?} {:?}",
                one.step,
                one.node,
                one.input(),
                other.node,
                other.input()
            ));
        }
    }
    (a.last() != b.last()).then(|| format!("{} steps, and {}", a.last(), b.last()))
}

#[test]
fn every_shipped_scenario_can_be_made_again_by_hand() {
    for (name, _) in library::SHIPPED.iter().chain(library::BROKEN) {
        let script = library::load(name, None).unwrap();
        let (history, _) = recorded(&script);
        let by_hand = Script::by_hand(&history, history.last());
        let text = by_hand.to_string();
        let mut read = Script::parse(&by_hand.name, &text).unwrap();
        read.lines
            .iter_mut()
            .zip(&by_hand.lines)
            .for_each(|(read, line)| read.number = line.number);
        assert_eq!(read, by_hand, "{name}");
        let (again, failed) = recorded(&by_hand);
        assert_eq!((failed, parted(&history, &again)), (None, None), "{name}");
        for id in NodeId::all(script.nodes) {
            let last = history.last();
            assert_eq!(history.node_at(id, last), again.node_at(id, last), "{name}: {id}");
        }
    }
}

/// What happened after a step is not part of the run up to it.
#[test]
fn a_run_by_hand_up_to_a_step_stands_as_it_stood_then() {
    let mut stopped = 0;
    for (name, _) in library::SHIPPED {
        let (history, _) = recorded(&library::load(name, None).unwrap());
        for until in (1..=history.last()).step_by(3) {
            stands_as_then(name, &history, until);
            stopped += 1;
        }
    }
    assert!(stopped > 200, "{stopped}");
}

/// Checks that a run by hand up to a step leaves nodes, links, and in-flight messages as they were then. A
/// crash within the step belongs to the step.
fn stands_as_then(name: &str, history: &History, until: u64) {
    let (again, failed) = recorded(&Script::by_hand(history, until));
    let context = format!("{name}: {until}");
    assert_eq!((failed, again.last()), (None, until), "{context}");
    assert_eq!(again.network_at(until), history.network_at(until), "{context}");
    let crashes = history.step(until).unwrap();
    for id in NodeId::all(history.header().nodes) {
        let (now, then) = (again.node_at(id, until).unwrap(), history.node_at(id, until).unwrap());
        let within = then.up && !now.up && id == crashes.node;
        assert!(within || now == then, "{context}: {id}\n{now:?}\n{then:?}");
    }
    let in_flight = |history: &History| {
        let these = history.in_flight(until).map(|sent| (sent.message, sent.envelope.clone()));
        these.collect::<Vec<_>>()
    };
    assert_eq!(in_flight(&again), in_flight(history), "{context}");
}

/// Batches that a crash undoes, copies that are lost or still in flight, and messages that a line drops.
#[test]
fn what_is_in_flight_in_a_run_by_hand_was_so_then() {
    for text in [
        "nodes 3\ncrash 0 before save\ntimeout 0\nwait 50ms\nrestart 0\nwait 10ms\ntimeout 1\nwait 20ms\n",
        "nodes 3\ncrash 1 before send\ntimeout 0\nwait 50ms\nrestart 1\nwait 10ms\ntimeout 1\nwait 20ms\n",
        "nodes 3\nduplicate 100% of 0 -> 2\ntimeout 0\nwait until leader is 0\nwait 100ms\ncrash 2\nwait 200ms\n",
        "nodes 3\nduplicate 100% of 0\ntimeout 0\nwait 13ms\n",
        "nodes 3\nduplicate 50%\ndrop 30%\ntimeout 0\nwait 100ms\nsubmit to 0 SET x=1\nwait 200ms\n",
        "nodes 3\nmanual\ntimeout 0\ndrop request-vote 0 -> 1\n",
    ] {
        let (history, failed) = recorded(&Script::parse("copies", text).unwrap());
        assert_eq!(failed, None, "{text}");
        for until in 1..=history.last() {
            stands_as_then(text, &history, until);
        }
    }
}

/// Messages that wait for a paused process when their link is cut, and clients that wait for a process that
/// then crashes, between two steps or within one.
#[test]
fn what_waited_for_a_process_that_stood_still_is_taken_in_by_hand_too() {
    for text in [
        "nodes 2\ntimeout 1\npause 1\nwait 20ms\ncut 0 <-> 1\nwait 10ms\nresume 1\nwait 100ms\n",
        "nodes 3\ntimeout 1\npause 1\nwait 20ms\npartition 1 | 0 2\nwait 10ms\ncrash 1 before send\n\
         resume 1\nwait 10ms\n",
        "nodes 1\nelect 0\npause 0\ncrash 0 before save\nsubmit to 0 A\nsubmit to 0 B\nresume 0\nrestart 0\n\
         elect 0\nsubmit to 0 C\nwait 1ms\n",
        "nodes 1\nelect 0\npause 0\nsubmit to 0 A\nsubmit to 0 B\nresume 0\nwait 1s\n",
        "nodes 1\nelect 0\npause 0\nsubmit to 0 A\ncrash 0\nrestart 0\nelect 0\nsubmit to 0 B\nwait 1ms\n\
         expect answered client 2\n",
    ] {
        let (history, failed) = recorded(&Script::parse("waiting", text).unwrap());
        assert_eq!(failed, None, "{text}");
        for until in 1..=history.last() {
            stands_as_then(text, &history, until);
        }
        let clients = |history: &History| {
            let deeds = history.deeds_from(0, history.last());
            let told = deeds.filter_map(|(_, _, deed)| match deed {
                Deed::Asked { ticket, command, .. } => Some((*ticket, command.to_string())),
                _ => None,
            });
            told.collect::<Vec<_>>()
        };
        let (again, _) = recorded(&Script::by_hand(&history, history.last()));
        let asked = clients(&history);
        let lost = usize::from(text.contains("before save"));
        assert_eq!(clients(&again).len(), asked.len() - lost, "{text}");
        if lost == 0 {
            assert_eq!(clients(&again), asked, "{text}");
        }
    }
}

/// The lines of a run by hand leave the links as the script does.
#[test]
fn links_that_were_changed_one_by_one_or_mended_are_so_in_a_run_by_hand_too() {
    for changes in [
        "drop 100% of 0 -> 1\ndrop 0% of 0 -> 1\n",
        "drop 100% of 0 -> 1\ndrop 0%\n",
        "delay 1ms..2ms\ndelay 5ms..9ms of 0\nduplicate 10% of 0 <-> 2\ndelay 3ms..3ms of 1\n",
        "drop 20% of 0\ndrop 30%\ndrop 20% of 1\n",
    ] {
        let script = Script::parse("links", &format!("nodes 3\n{changes}wait 1ms\n")).unwrap();
        let links = |script: &Script| {
            let (sim, mut told) = (Sim::new(SimConfig::of(script), Vec::new()), ());
            let mut runner = Runner::new(sim, &mut told);
            runner.run(&script.lines).unwrap();
            let network = runner.into_world().network();
            let nodes = || NodeId::all(script.nodes);
            let pairs = nodes().flat_map(|from| nodes().map(move |to| (from, to)));
            pairs.map(|(from, to)| *network.link_conditions(from, to)).collect::<Vec<_>>()
        };
        let (history, _) = recorded(&script);
        let by_hand = Script::by_hand(&history, history.last());
        assert_eq!(links(&by_hand), links(&script), "{changes}: {by_hand}");
    }
}

/// The conditions at the start become lines of a saved session. They are not written twice when a session
/// goes on from it and is saved again.
#[test]
fn what_links_are_like_at_the_start_is_said_once() {
    let mut script = library::load("demo", None).unwrap();
    script.conditions.drop = 0.1;
    let (history, _) = recorded(&script);
    let by_hand = Script::by_hand(&history, history.last());
    assert!(by_hand.is_by_hand());
    let lines = by_hand.lines.iter().map(|line| line.verb.clone());
    let again = by_hand.with_lines("", lines);
    assert_eq!(again, by_hand);
    assert_eq!(again.to_string().matches("drop 0.1").count(), 1, "{again}");
}

/// Wherever the limit lies, the run keeps to it up to the step that is named, and two steps later no more. What is done
/// between two steps may be counted with either.
#[test]
fn a_run_by_hand_has_no_more_lines_than_it_may_and_else_a_possible_step_is_named() {
    for name in ["demo", "partition", "duplicate-and-reorder", "crash-before-send"] {
        let (history, _) = recorded(&library::load(name, None).unwrap());
        let last = history.last();
        for most in (1..1_000).step_by(7) {
            let Err(refused) = Script::by_hand_within(&history, last, most) else { break };
            assert_eq!((refused.until, refused.most), (last, most));
            let possible = refused.possible.unwrap_or(0);
            assert!(possible < last, "{name}");
            if possible > 0 {
                let script = Script::by_hand_within(&history, possible, most).unwrap();
                assert_eq!(script, Script::by_hand(&history, possible), "{name}");
            }
            let further = Script::by_hand_within(&history, last.min(possible + 2), most);
            assert!(further.is_err(), "{name} {most}");
        }
    }
}
