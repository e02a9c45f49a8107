//! States, messages and deeds of a history, compared with the trace and the journal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use raft_in_practice::digest;
use raft_in_practice::raft::{Envelope, LogIndex, NodeId, RuleSet, Term};
use raft_in_practice::record::deed::{Deed, Loss};
use raft_in_practice::record::history::{MOST_STEPS, Recorder, StepRecord};
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::record::{Clock, Header, History, TraceError, TraceWriter, replay};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::World;
use raft_in_practice::server::timing::Time;
use raft_in_practice::server::turn_order::{Detail, MessageId};
use raft_in_practice::sim::{Chaos, FaultMix, Sim};

use super::{history, script, shipped, traced};
use crate::common::MemoryFile;

/// The digests that a trace recorded, with the step and the node of each.
fn digests(trace: &[u8]) -> Vec<(u64, NodeId, String)> {
    let lines = std::str::from_utf8(trace).unwrap().lines();
    let values = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let steps = values.filter(|line| line.get("step").is_some());
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    steps
        .map(|line| {
            let node = NodeId::new(number(&line["node"]) as u8);
            (number(&line["step"]), node, line["digest"].as_str().unwrap().to_owned())
        })
        .collect()
}

/// Checks that each step of the history leaves its node as the run did, and has written the same messages,
/// whether the state is computed from the beginning or from a copy in between.
fn stands_as_recorded(trace: &[u8]) -> History {
    let history = History::read(trace).unwrap();
    let recorded = digests(trace);
    assert_eq!(history.last(), recorded.len() as u64);
    for (step, node, digest) in recorded {
        let stood = history.node_after(step).unwrap();
        let record = history.step(step).unwrap();
        let sent = record.messages.iter().map(|sent| sent.envelope.clone());
        let sent: Vec<Envelope> = sent.collect();
        let now = format!("{:016x}", digest::of_step(&stood.node, &sent));
        assert_eq!((record.node, now), (node, digest), "step {step}");
    }
    history
}

#[test]
fn every_step_of_every_shipped_scenario_stands_as_it_was_recorded() {
    for (name, text) in SHIPPED {
        let script = Script::parse(name, text).unwrap();
        let trace = traced(&script, Vec::new());
        let history = stands_as_recorded(&trace);
        // Digests do not cover which nodes are up, or how much is applied, so that is compared here.
        for step in 1..=history.last() {
            let until = (step < history.last()).then_some(step);
            let straight = replay(&trace[..], |_| Vec::new(), until).unwrap();
            let nodes = history.nodes_at(step).unwrap();
            for (stood, straight) in nodes.iter().zip(straight.status) {
                // A crash or a start between two steps belongs to the later step, so the two may differ there.
                let deeds = history.deeds_before(step).chain(history.deeds_after(step));
                let deeds = deeds.filter(|(_, deed)| {
                    matches!(deed, Deed::Crash { node, .. } | Deed::Restart { node }
                        if *node == straight.id)
                });
                if deeds.count() == 0 || straight.id != history.step(step).unwrap().node {
                    assert_eq!(stood.status(), straight, "{name}, step {step}");
                }
            }
        }
    }
}

/// A long run with drawn faults, so that nodes are copied many times.
pub(super) fn long_run(seed: u64, exchanges: usize) -> (Vec<u8>, History) {
    let mix = FaultMix::draw(seed, RuleSet::INTACT);
    let config = mix.world;
    let (settings, timing, conditions) = (config.settings, config.timing, config.conditions);
    let header = Header::new("chaos", Clock::Virtual, seed, &settings, timing, conditions);
    let paper = MemoryFile::default();
    let writer = TraceWriter::new(paper.clone(), &header);
    let recorder = Recorder::new(&header);
    let mut sim = Sim::new(config, vec![Box::new(writer.clone()), Box::new(recorder.clone())]);
    let mut chaos = Chaos::new(mix);
    for nth in 0..exchanges {
        let until = sim.now() + chaos.rest();
        sim.run_to(until);
        chaos.strike(&mut sim);
        let node = chaos.node();
        sim.propose(node, &format!("SET x={nth}"));
    }
    writer.finish().unwrap();
    (paper.bytes(), recorder.history())
}

#[test]
fn a_long_run_stands_as_it_was_recorded_and_is_the_same_while_it_goes_on() {
    let mut copied = 0;
    for seed in [3, 4, 5] {
        let (trace, live) = long_run(seed, 300);
        let read = stands_as_recorded(&trace);
        assert_eq!(live.last(), read.last());
        copied += read.last();
        for step in (1..=read.last()).step_by(97) {
            let ([live, read], context) = ([&live, &read], format!("seed {seed}, step {step}"));
            let [one, other] =
                [live, read].map(|history| (history.nodes_at(step), history.network_at(step)));
            assert_eq!(one, other, "{context}");
            let [one, other] = [live, read].map(|history| {
                let record = history.step(step).unwrap();
                let input = record.input();
                let StepRecord { time, node, received, batch_end, saved, messages, .. } = record;
                let (events, in_flight) = (record.events, history.in_flight(step).cloned());
                let in_flight = in_flight.collect::<Vec<_>>();
                (time, node, input, received, batch_end, saved, events, messages, in_flight)
            });
            assert_eq!(one, other, "{context}");
            let [one, other] = [live, read].map(|history| {
                let deeds = |deed: (Time, &Deed)| (deed.0, deed.1.clone());
                let before = history.deeds_before(step).map(deeds).collect::<Vec<_>>();
                let after = history.deeds_after(step).map(deeds).collect::<Vec<_>>();
                let violated =
                    history.violations().filter(|violation| violation.step == step).copied();
                let calls = history.clients().iter().filter(|call| call.asked_in <= step).cloned();
                (before, after, violated.collect::<Vec<_>>(), calls.collect::<Vec<_>>())
            });
            assert_eq!(one, other, "{context}");
        }
    }
    assert!(copied > 10_000, "{copied} steps are too few to copy a node twice");
}

/// Steps that share a save can still be looked at one by one.
#[test]
fn within_a_batch_a_node_stands_as_its_steps_have_made_it() {
    let one = script("nodes 1\nmanual\ntimeout 0\nsubmit to 0 SET x=1\nsubmit to 0 SET y=2\n");
    let trace = String::from_utf8(traced(&one, Vec::new())).unwrap();
    // The answers of the first batches would come at the end of the third.
    let lines = trace.split_inclusive('\n').filter(|line| !line.contains("\"answered\""));
    let shared = lines.collect::<String>().replacen(",\"batch\":\"saved\"", "", 2);
    let (cut, _) = shared.split_at(shared.rfind("{\"steps\"").unwrap());
    let history = History::read(cut.as_bytes()).unwrap();
    assert!(matches!(history.stopped(), Some(TraceError::Truncated { steps: 3, .. })));
    let n0 = NodeId::new(0);
    for (step, entries, applied) in [(1, 1, 0), (2, 2, 0), (3, 3, 3)] {
        let stood = history.node_at(n0, step).unwrap();
        let (last, applied) = (LogIndex::new(entries), LogIndex::new(applied));
        assert_eq!((stood.node.last().index, stood.applied), (last, applied), "step {step}");
        assert_eq!(history.step(step).unwrap().batch_end, 3);
    }
}

/// An observer that notes which messages each step wrote and received.
#[derive(Clone, Default)]
struct Mail(Arc<Mutex<(u64, Moves)>>);

/// For each message, the step that wrote it and the steps that received it.
type Moves = BTreeMap<MessageId, (u64, Vec<u64>)>;

impl Observer for Mail {
    fn batch(&mut self, batch: &Batch<'_>) {
        let (steps, moves) = &mut *self.0.lock().unwrap();
        let mut number = batch.first_message.0;
        for made in batch.steps {
            *steps += 1;
            if let Some(received) = made.received {
                moves.get_mut(&received).unwrap().1.push(*steps);
            }
            while number < batch.first_message.0 + made.messages_end as u64 {
                moves.insert(MessageId(number), (*steps, Vec::new()));
                number += 1;
            }
        }
    }

    fn deed(&mut self, _: Time, _: &Deed) {}

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

#[test]
fn a_message_comes_from_where_the_journal_has_it_and_arrives_there() {
    for name in ["demo", "lossy", "crash-before-send", "duplicate-and-reorder"] {
        let mail = Mail::default();
        let script = shipped(name);
        let trace = traced(&script, vec![Box::new(mail.clone())]);
        let history = History::read(&trace[..]).unwrap();
        let (_, moves) = &*mail.0.lock().unwrap();
        assert_eq!(history.messages().len(), moves.len());
        for (sent, (id, (written, received))) in history.messages().iter().zip(moves) {
            let here = (sent.message, sent.written_in, &sent.received_in);
            assert_eq!(here, (*id, *written, received), "{name}");
            assert_eq!(history.step(*written).unwrap().node, sent.envelope.from);
            for step in received {
                assert_eq!(history.step(*step).unwrap().received, Some(*id));
                assert!(sent.left_in.is_some_and(|left| left < *step), "{name}: {sent:?}");
                // By hand, a message that has arrived can be delivered again.
                assert!(sent.is_in_flight(*step - 1) || *step > received[0], "{name}: {sent:?}");
            }
        }
    }
}

/// A message over a cut link is lost when it is sent, and a message that a crash holds back never leaves.
#[test]
fn what_is_lost_is_in_flight_no_more() {
    let crash =
        history(&script("nodes 3\nmanual\ncrash 0 before send\ntimeout 0\nrestart 0\ntimeout 1\n"));
    let held: Vec<_> = crash.step(1).unwrap().messages.iter().map(|it| it.left_in).collect();
    assert_eq!(held, [None, None]);
    assert_eq!(crash.in_flight(1).count(), 0);
    assert_eq!(crash.in_flight(2).count(), 2);
    assert!(crash.node_at(NodeId::new(0), 2).unwrap().starts == 2);

    let cut = history(&script("nodes 3\ncut 0 -> 1\ntimeout 0\nwait 10ms\n"));
    assert_eq!(cut.in_flight(1).map(|it| it.envelope.to).collect::<Vec<_>>(), [NodeId::new(2)]);
    assert_eq!(cut.message(MessageId(0)).unwrap().lost_in, [(1, Loss::Cut)]);
    assert!(cut.network_at(1).is_cut(NodeId::new(0), NodeId::new(1)));
}

#[test]
fn since_when_something_is_so_is_the_step_that_made_it_so() {
    let (trace, history) = long_run(3, 120);
    drop(trace);
    let middle = history.last() * 3 / 4;
    for id in NodeId::all(history.header().nodes) {
        let term = |step| history.node_at(id, step).unwrap().node.current_term();
        let since = history.since(id, middle, |stood| stood.node.current_term()).unwrap();
        // The same, computed step by step from the beginning.
        let mut straight = 0;
        for step in 1..=middle {
            let before = if step == 1 { Term::default() } else { term(step - 1) };
            straight = if term(step) == before { straight } else { step };
        }
        assert_eq!(since, straight, "{id}");
    }
}

#[test]
fn a_trace_that_is_cut_can_be_walked_as_far_as_it_goes() {
    let trace = traced(&shipped("demo"), Vec::new());
    let whole = History::read(&trace[..]).unwrap();
    let text = std::str::from_utf8(&trace).unwrap();
    // Cut between two lines, and within one.
    let within = text.match_indices('\n').nth(60).unwrap().0;
    for end in [within + 1, within + 20] {
        let cut = History::read(&trace[..end]).unwrap();
        assert!(cut.stopped().is_some() && cut.summary().is_none());
        assert!(cut.last() > 20 && cut.last() < whole.last());
        for step in 1..=cut.last() {
            let nodes = |history: &History| history.nodes_at(step).unwrap();
            assert_eq!(nodes(&cut), nodes(&whole), "step {step}");
        }
        assert!(cut.nodes_at(0).is_none() && cut.nodes_at(cut.last() + 1).is_none());
    }
    // A header alone has no run to replay.
    let header = text.lines().next().unwrap();
    assert!(matches!(History::read(header.as_bytes()), Err(TraceError::Truncated { .. })));
}

#[test]
fn a_trace_of_more_steps_than_a_history_has_is_read_as_far_as_it_goes() {
    let lines = "nodes 9\ntiming paper\nwait 300s\nwait 288s\n";
    for (more, is_whole) in [("", true), ("wait 1s\n", false)] {
        let history = history(&script(&format!("{lines}{more}")));
        let stopped = (!is_whole).then_some(TraceError::TooLong);
        assert_eq!((history.stopped(), history.summary().is_some()), (stopped.as_ref(), is_whole));
        assert!(history.last() as usize + 200 > MOST_STEPS, "{}", history.last());
        assert!(history.last() as usize <= MOST_STEPS);
    }
}
