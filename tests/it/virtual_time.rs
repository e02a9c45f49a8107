//! The simulator, the scripts and the traces together.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use raft_in_practice::network::Conditions;
use raft_in_practice::properties::linearizability::Judgement;
use raft_in_practice::properties::report::SafetyReport;
use raft_in_practice::raft::{
    Event, MessageKind, NodeId, Payload, Property, Rule, RuleSet, Settings,
};
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::record::message_name::MessageName;
use raft_in_practice::record::{Clock, Header, Summary, TraceError, TraceWriter, replay};
use raft_in_practice::scenario::library::{BROKEN, SHIPPED};
use raft_in_practice::scenario::line_outcome::{Failure, Why};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::{VirtualWorld, World};
use raft_in_practice::server::Proposal;
use raft_in_practice::server::status::leader_of;
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::CrashPoint;
use raft_in_practice::sim::{Chaos, FaultMix, Sim, SimConfig};

use crate::common::MemoryFile;

fn record(script: &Script) -> Vec<u8> {
    let paper = MemoryFile::default();
    let header = script.header(Clock::Virtual);
    let writer = TraceWriter::new(paper.clone(), &header);
    let sim = Sim::new(SimConfig::of(script), vec![Box::new(writer.clone())]);
    let mut silent = ();
    let mut runner = Runner::new(sim, &mut silent);
    if let Err(failure) = runner.run(&script.lines) {
        panic!("{} failed: {failure:?}", script.name);
    }
    writer.finish().unwrap();
    paper.bytes()
}

fn read(trace: &[u8]) -> Result<Summary, TraceError> {
    replay(trace, |_| Vec::new(), None)
}

#[test]
fn every_shipped_scenario_reads_passes_and_replays_with_equal_digests() {
    for (name, text) in SHIPPED {
        let script = Script::parse(name, text).unwrap_or_else(|error| panic!("{error}"));
        let trace = record(&script);
        assert_eq!(trace, record(&script), "{name}: the same seed gives the same bytes");
        let summary = read(&trace).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(summary.steps > 0);
        if script.broken.is_intact() {
            assert_eq!(
                summary.safety.violated_properties(),
                script.expected_violations(),
                "{name}"
            );
        }
    }
}

#[test]
fn a_script_written_out_reads_back_as_itself() {
    for (name, text) in SHIPPED {
        let script = Script::parse(name, text).unwrap();
        let again = Script::parse(name, &script.to_string()).unwrap();
        let verbs = |script: &Script| -> Vec<_> {
            script.lines.iter().map(|line| line.verb.clone()).collect()
        };
        assert_eq!(verbs(&again), verbs(&script), "{name}");
        assert_eq!(again.settings(), script.settings(), "{name}");
    }
}

#[test]
fn the_intact_core_survives_drawn_faults_and_its_traces_replay() {
    for seed in 0..60 {
        let mix = FaultMix::draw(seed, RuleSet::INTACT);
        let config = mix.world;
        let paper = MemoryFile::default();
        let header = Header::new(
            "chaos",
            Clock::Virtual,
            seed,
            &config.settings,
            config.timing,
            config.conditions,
        );
        let writer = TraceWriter::new(paper.clone(), &header);
        let mut sim = Sim::new(config, vec![Box::new(writer.clone())]);
        let mut chaos = Chaos::new(mix);
        for nth in 0..150 {
            let until = sim.now() + chaos.rest();
            sim.run_to(until);
            chaos.strike(&mut sim);
            let node = chaos.node();
            sim.propose(node, &format!("SET x={nth}"));
        }
        let report = sim.safety();
        assert_eq!(report.violations, [], "seed {seed}, {mix:?}");
        writer.finish().unwrap();
        let summary = read(&paper.bytes()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(summary.safety.checks, report.checks, "seed {seed}");
        assert_eq!(summary.status, sim.status(), "seed {seed}");
    }
}

#[test]
fn a_trace_that_was_cut_changed_or_never_was_one_is_refused_with_the_place() {
    let (name, text) = SHIPPED[0];
    let trace = record(&Script::parse(name, text).unwrap());
    let text = String::from_utf8(trace).unwrap();
    let lines: Vec<&str> = text.lines().collect();

    let no_end = lines[..lines.len() - 1].join("\n");
    assert!(matches!(read(no_end.as_bytes()), Err(TraceError::Truncated { .. })));
    let in_a_line = &text[..text.len() / 2];
    assert!(matches!(
        read(in_a_line.as_bytes()),
        Err(TraceError::Line { .. } | TraceError::Truncated { .. })
    ));
    let digest = text.find("digest\":\"").unwrap() + 9;
    let mut altered = text.clone().into_bytes();
    altered[digest] = if altered[digest] == b'0' { b'1' } else { b'0' };
    assert!(matches!(read(&altered), Err(TraceError::Diverged { step: 1, .. })));
    let note = text.replace("No node knows", "Each node knows");
    assert_eq!(read(note.as_bytes()), Err(TraceError::Altered));
    let newer = text.replacen("\"version\":5", "\"version\":6", 1);
    assert_eq!(read(newer.as_bytes()), Err(TraceError::Version("6".to_owned())));
    for other in ["", "hello", "{}", "{\"format\":\"x\",\"version\":1}"] {
        assert!(matches!(read(other.as_bytes()), Err(TraceError::NotATrace(_))), "{other:?}");
    }
    assert!(matches!(read(&[0xff, 0xfe]), Err(TraceError::NotATrace(_))));
    // The reader gives up on a file without end, and does not keep it in memory.
    let endless = replay(io::BufReader::new(io::repeat(b'x')), |_| Vec::new(), None);
    assert!(matches!(endless, Err(TraceError::NotATrace(what)) if what.contains("longer than")));
}

#[test]
fn a_wait_that_cannot_come_true_ends_at_its_bound() {
    let text = "nodes 3\ncrash 0\ncrash 1\nwait 5s until leader\n";
    let script = Script::parse("stalled", text).unwrap();
    let sim = Sim::new(SimConfig::of(&script), Vec::new());
    let mut silent = ();
    let mut runner = Runner::new(sim, &mut silent);
    let failure = runner.run(&script.lines).unwrap_err();
    assert_eq!(failure.line, 4);
    assert_eq!(failure.why, Why::TimedOut(Duration::from_secs(5), Box::new(Why::NoLeader)));
    assert_eq!(failure.status.iter().filter(|status| status.up).count(), 1);
}

/// Without `persist-before-reply`, the late changes of a step are saved with the next step, even if that
/// step is lost in a crash. The checker must then know the true content of the disk.
#[test]
fn what_was_saved_too_late_is_known_to_be_on_disk() {
    let rules = RuleSet::INTACT.without(Rule::PersistBeforeReply);
    let settings = Settings { rules, ..Settings::new(3) };
    let (timing, conditions) = (Timing::PAPER, Conditions::PERFECT);
    let mut sim = Sim::new(SimConfig { settings, timing, conditions, seed: 1 }, Vec::new());
    sim.set_manual(true);
    let (n0, n1) = (NodeId::new(0), NodeId::new(1));
    let deliver = |sim: &mut Sim, kind, from, to| {
        sim.deliver(MessageName { kind, from, to, nth_newest: 0 }).unwrap();
    };
    sim.election_timeout(n1).unwrap();
    deliver(&mut sim, MessageKind::RequestVote, n1, n0);
    deliver(&mut sim, MessageKind::RequestVoteReply, n0, n1);
    deliver(&mut sim, MessageKind::AppendEntries, n1, n0);
    deliver(&mut sim, MessageKind::AppendEntriesReply, n0, n1);
    sim.heartbeat(n1).unwrap();
    sim.crash(n0, CrashPoint::BeforeSave).unwrap();
    deliver(&mut sim, MessageKind::AppendEntries, n1, n0);
    sim.restart(n0).unwrap();
    sim.heartbeat(n1).unwrap();
    deliver(&mut sim, MessageKind::AppendEntries, n1, n0);
    assert_eq!(sim.log(n0), sim.log(n1));
    let violated = sim.journal().checker().violations();
    assert!(violated.iter().all(|it| it.property == Property::DurableQuorum), "{violated:?}");
}

fn play(text: &str) -> Result<SafetyReport, Box<Failure>> {
    let script = Script::parse("clients", text).unwrap();
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(&script), Vec::new()), &mut silent);
    runner.run(&script.lines)?;
    Ok(runner.safety())
}

/// The history of a script's clients includes those that wait for their answer, and those that do not.
#[test]
fn what_a_patient_client_wrote_explains_what_another_reads() {
    let text = "nodes 3\ntiming paper\nwait until leader\nsubmit SET x=1\nwait 500ms\n\
                write SET x=2\nsubmit GET x\nwait 500ms\nexpect safe\n";
    let clients = play(text).unwrap().clients.expect("three were answered");
    assert_eq!((clients.answers, clients.judgement), (3, Judgement::Held));
    let lie = format!("{text}expect violation linearizability\n");
    assert_eq!(play(&lie).unwrap_err().why, Why::Unviolated(Property::Linearizability));
}

/// Every safety report judges what clients were told, whether the script expects a violation or not.
#[test]
fn misled_clients_are_a_violation_in_any_script() {
    let (_, text) = BROKEN.iter().find(|(name, _)| *name == "broken/answer-only-applied").unwrap();
    let moves = text.replace("expect violation linearizability", "");
    let report = play(&moves).unwrap();
    assert!(report.misled().is_some() && report.violation_count() == 1, "{report:?}");
    let asked = play(&format!("{moves}expect safe\n")).unwrap_err();
    assert!(matches!(asked.why, Why::Misled(_)), "{asked:?}");
}

/// A report in the middle of a run counts for nothing in the report at its end.
#[test]
fn a_node_that_is_down_at_the_end_is_not_counted_as_audited_because_it_was_before() {
    let text = "nodes 3\nwait until leader\nwrite SET x=1\nexpect safe\ncrash leader\n";
    let reported = play(text).unwrap();
    let unasked = play(&text.replace("expect safe\n", "")).unwrap();
    assert_eq!(reported.checks, unasked.checks);
}

/// A node that crashes between saving and sending does not answer its client either (§8).
#[test]
fn a_crash_before_sending_holds_the_answer_back() {
    let text = "nodes 1\ntimeout 0\nwait until leader is 0\ncrash 0 before send\n\
                submit to 0 SET x=1\nwait 1s\nrestart 0\nwait until leader is 0\n\
                wait until in step\nexpect value x=1\nexpect safe\n";
    assert_eq!(play(text).unwrap().clients, None, "nobody was answered");
}

/// A step that only commits has nothing to save and nothing to send, but it applies entries and answers a
/// client. So a requested crash happens in it.
#[test]
fn a_crash_comes_in_a_step_that_only_commits() {
    for (point, again) in [("save", false), ("send", false), ("save", true), ("send", true)] {
        let restart = if again { "restart 0\nexpect role 0 = follower\n" } else { "" };
        let text = format!(
            "nodes 3\nthreads off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\n\
             deliver request-vote-reply 1 -> 0\ndeliver append-entries 0 -> 1\ndeliver append-entries-reply 1 -> 0\n\
             submit to 0 SET x=1\ndeliver append-entries 0 -> 1\ncrash 0 before {point}\n\
             deliver append-entries-reply 1 -> 0\n{restart}expect safe\n"
        );
        let report = play(&text).unwrap();
        assert_eq!((report.clients, report.committed), (None, if point == "save" { 1 } else { 2 }));
        let lead = format!("{text}expect role 0 = leader\n");
        assert!(play(&lead).is_err(), "before {point}: n0 has crashed");
    }
}

/// A batch that the trace leaves open, or that a crash ends, is still replayed and compared. The checker is
/// not asked about steps that it has not seen.
#[test]
fn steps_of_a_batch_that_never_ends_are_compared_and_not_audited() {
    let text = "nodes 1\nmanual\ntimeout 0\nsubmit to 0 SET x=1\ncrash 0\n";
    let trace = String::from_utf8(record(&Script::parse("open", text).unwrap())).unwrap();
    // Nobody was answered in a batch that was never saved.
    let lines = trace.split_inclusive('\n').filter(|line| !line.contains("\"answered\""));
    let open = lines.collect::<String>().replace(",\"batch\":\"saved\"", "");
    let steps = replay(open.as_bytes(), |_| Vec::new(), Some(2)).unwrap();
    assert_eq!((steps.steps, &steps.safety.violations[..]), (2, &[][..]));

    let digest = open.split("\"digest\":\"").nth(1).and_then(|rest| rest.get(..16)).unwrap();
    let wrong = open.replace(digest, "0000000000000000");
    let until_the_crash: Vec<&str> = wrong.lines().take_while(|l| !l.contains("\"end\"")).collect();
    for lines in [&until_the_crash[..], &until_the_crash[..3]] {
        let refused = replay(lines.join("\n").as_bytes(), |_| Vec::new(), None).unwrap_err();
        assert!(matches!(refused, TraceError::Diverged { step: 1, .. }), "{refused:?}");
    }
}

/// A replay draws the timeouts again, and so has the same verdicts about them.
#[test]
fn a_replay_draws_the_same_timeouts() {
    let text = "nodes 3\nbreak randomised-timeout\nwait 2s\n";
    let script = Script::parse("alike", text).unwrap();
    let drawn = Arc::new(Mutex::new(Vec::new()));
    let again = Arc::new(Mutex::new(Vec::new()));
    let watch = vec![Box::new(Draws(Arc::clone(&drawn))) as _];
    Runner::new(Sim::new(SimConfig::of(&script), watch), &mut ()).run(&script.lines).unwrap();
    replay(&record(&script)[..], |_| vec![Box::new(Draws(Arc::clone(&again)))], None).unwrap();
    let (drawn, again) = (drawn.lock().unwrap(), again.lock().unwrap());
    assert!(drawn.len() > 2 && *drawn == *again, "{drawn:?}\n{again:?}");
}

/// Keeps the verdicts of `randomised-timeout`.
struct Draws(Arc<Mutex<Vec<Event>>>);

impl Observer for Draws {
    fn batch(&mut self, batch: &Batch<'_>) {
        let drawn = |event: &&Event| matches!(event, Event::Checked(verdict) if verdict.rule == Rule::RandomisedTimeout);
        self.0.lock().unwrap().extend(batch.events.iter().filter(drawn).copied());
    }

    fn deed(&mut self, _: Time, _: &Deed) {}
}

#[test]
fn of_a_message_in_flight_twice_the_copy_that_arrives_first_is_taken() {
    let (from, to) = (NodeId::new(0), NodeId::new(1));
    let name = MessageName { kind: MessageKind::RequestVote, from, to, nth_newest: 0 };
    let due = |sim: &Sim| -> Vec<Time> {
        let named = sim.in_flight().into_iter().filter(|it| name.matches(&it.envelope));
        named.map(|it| it.due.unwrap()).collect()
    };
    // With some seeds the first copy arrives first, with others the second.
    for seed in 0..10 {
        let conditions = Conditions {
            duplicate: 1.0,
            latency_min: Duration::from_millis(1),
            latency_max: Duration::from_millis(9),
            ..Conditions::PERFECT
        };
        let mut sim = Sim::new(SimConfig { conditions, seed, ..SimConfig::new(3) }, Vec::new());
        sim.election_timeout(from).unwrap();
        let [first, second] = due(&sim)[..] else { panic!("it is in flight twice") };
        assert!(first < second);
        sim.deliver(name).unwrap();
        assert_eq!(due(&sim), [second]);
    }
}

/// One entry can be read on a node that is up, and on the disk of a node that is down.
#[test]
fn one_entry_is_looked_at_without_the_rest_of_the_log() {
    let mut sim = Sim::new(SimConfig::new(3), Vec::new());
    let at = sim.write("SET x=1", Duration::from_secs(5)).unwrap();
    let leader = leader_of(&sim.status()).unwrap().id;
    let entry = sim.entry(leader, at.index).unwrap();
    assert_eq!((entry.term, entry.payload), (at.term, Payload::Command("SET x=1".into())));
    assert_eq!(sim.entry(leader, at.index.next()), None);
    sim.crash(leader, CrashPoint::Between).unwrap();
    assert_eq!(sim.entry(leader, at.index), sim.log(leader).get(at.index).cloned());
    assert!(sim.entry(leader, at.index).is_some());
}

#[test]
fn where_a_command_stands_is_known_at_once_and_stays_so() {
    let mut sim = Sim::new(SimConfig::new(3), Vec::new());
    let first = sim.write("SET x=1", Duration::from_secs(5)).unwrap();
    let leader = leader_of(&sim.status()).unwrap().id;
    let ticket = sim.propose(leader, "SET x=2");
    let at = sim.position_of(ticket).unwrap();
    assert_eq!((at.term, at.index), (first.term, first.index.next()));
    assert!(sim.run_until(Duration::from_secs(5), |sim| sim.proposal(ticket) != Proposal::Pending));
    assert_eq!(sim.position_of(ticket), Some(at));
    let follower = NodeId::all(3).find(|node| *node != leader).unwrap();
    let refused = sim.propose(follower, "SET x=3");
    assert_eq!(sim.position_of(refused), None);
}
