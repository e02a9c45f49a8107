//! What clients are told, from a script's line to the report: which answers are judged, what counts as
//! a violation, and what is said of a history that cannot be judged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use raft_in_practice::cluster::{ClusterConfig, RaftCluster};
use raft_in_practice::network::Network;
use raft_in_practice::properties::linearizability::{
    ClientHistory, IsCommitted, Judgement, NotJudged,
};
use raft_in_practice::properties::report::SafetyReport;
use raft_in_practice::raft::{
    Log, LogIndex, LogPosition, NodeId, NodeSet, Progress, Property, Rule, RuleSet, Term,
};
use raft_in_practice::record::Ending;
use raft_in_practice::record::deed::Deed;
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::scenario::library::SHIPPED;
use raft_in_practice::scenario::line_outcome::{LineOutcome, ScriptObserver, Why};
use raft_in_practice::scenario::run::Runner;
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::world::{Campaigns, CannotDo, ScriptDeed, World};
use raft_in_practice::server::state_machine::{KeyValue, Reply};
use raft_in_practice::server::status::NodeStatus;
use raft_in_practice::server::timing::Time;
use raft_in_practice::server::turn_order::CrashPoint;
use raft_in_practice::server::{Answer, Proposal, Ticket};
use raft_in_practice::sim::{Sim, SimConfig};
use raft_in_practice::view::hunt_result;
use raft_in_practice::view::violation::{self, RunVerdict};

use crate::common::text::unwrapped;

/// A bound that no wait here should reach.
const BOUND: Duration = Duration::from_secs(20);

/// A script whose last line is a client's command, so the answer comes after the last line.
const LATE: &str = "nodes 3\ndelay 0ms..0ms\ntimeout 0\nwait until leader is 0\n\
                    wait until in step\nsubmit to 0 SET x=1\n";

fn parse(text: &str) -> Script {
    Script::parse("clients", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// An observer that keeps every success that a client is told of.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<LogPosition>>>);

impl Ear {
    fn heard(&self) -> Vec<LogPosition> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Ear {
    fn batch(&mut self, _: &Batch<'_>) {}

    fn deed(&mut self, _: Time, deed: &Deed) {
        if let Deed::Answered { answer: Answer::Applied { position, .. }, .. } = deed {
            self.0.lock().unwrap().push(*position);
        }
    }
}

fn on_threads(script: &Script, speed: f64, ear: &Ear) -> RaftCluster {
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(ear.clone())];
    let config = ClusterConfig { speed, observers, ..ClusterConfig::of(script) };
    RaftCluster::start(config).unwrap()
}

fn answers(report: &SafetyReport) -> usize {
    report.clients.as_ref().map_or(0, |clients| clients.answers)
}

/// A client whose answer is lost is told nothing. A client that numbers its command asks again: it gets the
/// answer of the first time, and the command is done only once.
#[test]
fn a_lost_answer_is_not_heard_and_a_command_with_a_number_is_asked_for_again() {
    let script = parse(
        "nodes 3\nwait until leader\nlose answer leader\nsubmit ADD n 1\n\
         wait until committed ADD n 1 on all\nexpect unanswered\nlose answer leader\nretry ADD n 1\n\
         expect unanswered client 2\nexpect told client 3 n=2\nwait until in step\n\
         expect value n=2 on all\nwrite ADD n 1\nexpect told n=3\nexpect safe\n",
    );
    let told = Ear::default();
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(told.clone())];
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(&script), observers), &mut silent);
    assert_eq!(runner.run(&script.lines), Ok(()));
    assert_eq!((told.heard().len(), answers(&runner.finish())), (2, 2));

    let mut runner = Runner::new(on_threads(&script, 4.0, &Ear::default()), &mut silent);
    assert_eq!(runner.run(&script.lines), Ok(()));
    assert_eq!(answers(&runner.finish()), 2);
}

#[test]
fn an_answer_that_comes_after_the_last_line_is_judged() {
    let script = parse(LATE);
    let mut silent = ();
    let mut runner = Runner::new(Sim::new(SimConfig::of(&script), Vec::new()), &mut silent);
    runner.run(&script.lines).unwrap();
    assert_eq!(answers(&runner.safety()), 0, "nothing has arrived yet");
    runner.world().run_until(Duration::from_secs(1), |_| false);
    assert_eq!(answers(&runner.safety()), 1);

    let mut silent = ();
    let mut runner = Runner::new(on_threads(&script, 1.0, &Ear::default()), &mut silent);
    runner.run(&script.lines).unwrap();
    assert!(
        runner.world().run_until(BOUND, |world| world.status()[0].applied.get() == 2),
        "it is answered"
    );
    assert_eq!(answers(&runner.safety()), 1);
    runner.into_world().stop().unwrap();
}

/// On threads answers come until the threads have ended. However many come after the last line, every
/// answer in the stream was judged.
#[test]
fn on_threads_every_answer_of_the_stream_is_judged() {
    let text = format!("{LATE}{}", "submit to 0 GET x\n".repeat(100));
    let script = parse(&text);
    for _ in 0..10 {
        let ear = Ear::default();
        let mut silent = ();
        let mut runner = Runner::new(on_threads(&script, 5.0, &ear), &mut silent);
        runner.run(&script.lines).unwrap();
        let report = runner.finish();
        assert_eq!(answers(&report), ear.heard().len());
        assert!(report.misled().is_none() && report.violations.is_empty(), "{report:?}");
        let cluster = runner.into_world();
        assert_eq!(cluster.status().iter().filter(|status| status.up).count(), 0);
        cluster.stop().unwrap();
    }
}

/// What becomes of commands to a node that is down, goes down, or follows.
fn outcomes_of_commands_to_the_wrong_node<W: World>(world: &mut W) -> Vec<Proposal> {
    let [n0, n1, n2] = [0, 1, 2].map(NodeId::new);
    let leads = |world: &W| world.status()[0].leads();
    let down = |world: &W, node: NodeId| !world.status()[node.index()].up;
    world.election_timeout(n0).unwrap();
    assert!(world.run_until(BOUND, leads));
    let follows = world.propose(n2, "SET x=0");
    assert!(world.run_until(BOUND, |world| world.proposal(follows) != Proposal::Pending));
    world.partition(&[NodeSet::from_iter([n0])]);
    world.crash(n1, CrashPoint::Between).unwrap();
    let is_down = world.propose(n1, "SET x=1");
    let goes_down = world.propose(n0, "SET x=2");
    world.crash(n0, CrashPoint::Between).unwrap();
    let has_gone_down = world.propose(n0, "SET x=3");
    world.crash(n2, CrashPoint::BeforeSend).unwrap();
    world.election_timeout(n2).unwrap();
    assert!(world.run_until(BOUND, |world| down(world, n2)));
    let crashed_in_a_step = world.propose(n2, "SET x=4");
    world.restart(n1).unwrap();
    let all = [follows, is_down, goes_down, has_gone_down, crashed_in_a_step];
    all.map(|ticket| world.proposal(ticket)).to_vec()
}

#[test]
fn a_command_to_a_node_that_is_down_ends_alike_in_both_worlds() {
    let script = parse("nodes 3\n");
    let mut sim = Sim::new(SimConfig::of(&script), Vec::new());
    let in_virtual_time = outcomes_of_commands_to_the_wrong_node(&mut sim);
    let refused = Proposal::Refused { leader: None };
    let follows = in_virtual_time[0].clone();
    assert!(matches!(follows, Proposal::Refused { .. }), "{follows:?}");
    let expected = [follows, refused.clone(), Proposal::Pending, refused.clone(), refused];
    assert_eq!(in_virtual_time, expected);

    let mut cluster = on_threads(&script, 1.0, &Ear::default());
    let mut threaded = outcomes_of_commands_to_the_wrong_node(&mut cluster);
    // Which leader a follower knows of depends on the messages that have arrived.
    assert!(matches!(threaded[0], Proposal::Refused { .. }), "{threaded:?}");
    threaded[0].clone_from(&expected[0]);
    assert_eq!(threaded, expected);
    cluster.stop().unwrap();
}

/// Many commands, in any mixture, to a leader that reaches nobody, and what the others read then: each
/// history is judged, and holds.
#[test]
fn commands_that_nobody_answers_are_judged() {
    let mixtures: [&[&str]; 4] =
        [&["SET x="], &["SET x=", "DELETE x "], &["SET x=", "GET x "], &["DELETE x "]];
    for many in [16, 20, 40, 400] {
        for mixture in mixtures {
            let command = |nth: usize| match mixture[nth % mixture.len()] {
                "SET x=" => format!("SET x={nth}"),
                other => other.trim().to_owned(),
            };
            let to = |whom: &str| -> String {
                (0..many)
                    .map(|nth| format!("submit {whom}{}\n", command(nth)))
                    .collect::<Vec<_>>()
                    .concat()
            };
            let cut_off = to("to 0 ");
            let begin = "nodes 3\ntimeout 0\nwait until leader is 0\nwrite SET y=0\n\
                         wait until in step\n";
            let crashes = format!(
                "{begin}partition 0 | 1 2\n{cut_off}crash 0\nwait until leader\nsubmit GET x\n"
            );
            let heals = format!("{begin}partition 0 | 1 2\n{cut_off}wait 6s\nheal\nwrite GET x\n");
            let at_once = format!(
                "wait until leader\n{}crash leader\nwait until leader\n{}restart crashed\n",
                to(""),
                "submit GET x\n".repeat(many)
            );
            for text in [crashes, heals, at_once] {
                let script = parse(&format!("{text}wait 5s\nexpect safe\n"));
                let sim = Sim::new(SimConfig::of(&script), Vec::new());
                let mut silent = ();
                let mut runner = Runner::new(sim, &mut silent);
                runner.run(&script.lines).unwrap_or_else(|why| panic!("{why:?}\n{text}"));
                let report = runner.finish();
                assert!(answers(&report) > 0, "{text}");
                assert_eq!(report.clients.unwrap().judgement, Judgement::Held, "{text}");
            }
        }
    }
}

/// The checker knows of each entry that was committed first its term and its text.
#[test]
fn what_was_committed_is_known_by_its_term_and_its_text() {
    let mut sim = Sim::new(SimConfig::new(3), Vec::new());
    let first = sim.write("SET x=1", BOUND).unwrap();
    let second = sim.write("ONCE 7 SET x=2", BOUND).unwrap();
    assert_eq!((first.index, second.index), (LogIndex::new(2), LogIndex::new(3)));
    assert_eq!(sim.is_committed(first, "SET x=1"), Ok(()));
    assert_eq!(sim.is_committed(second, "ONCE 7 SET x=2"), Ok(()));
    assert_eq!(sim.is_committed(first, "ONCE 7 SET x=2"), Err(Some(first)), "another's entry");
    assert_eq!(sim.is_committed(second, "SET x=2"), Err(Some(second)), "its number is missing");
    let later = LogPosition { term: Term::new(first.term.get() + 1), ..first };
    assert_eq!(sim.is_committed(later, "SET x=1"), Err(Some(first)), "another term");
    let beyond = LogPosition { index: second.index.next(), ..second };
    assert_eq!(sim.is_committed(beyond, "SET x=1"), Err(None));
    assert_eq!(sim.is_committed(LogPosition::START, ""), Err(None));
}

/// A client that is told of success for an entry that is lost is misled, whether a read shows the loss
/// or not. In every scenario that ships the report knows as many as the committed log shows.
#[test]
fn a_success_for_an_entry_that_is_lost_is_a_violation() {
    let mut misled = BTreeMap::new();
    for (name, text) in SHIPPED {
        for rules in [RuleSet::INTACT, RuleSet::INTACT.without(Rule::AnswerOnlyApplied)] {
            let script = Script::parse(name, text).unwrap();
            if name.starts_with("broken/") {
                continue;
            }
            let script = Script { broken: rules, ..script };
            let ear = Ear::default();
            let sim = Sim::new(SimConfig::of(&script), vec![Box::new(ear.clone())]);
            let mut silent = ();
            let mut runner = Runner::new(sim, &mut silent);
            let ended = runner.run(&script.lines);
            let report = runner.finish();
            let sim = runner.into_world();
            let log = furthest(&sim);
            let lost = |told: &&LogPosition| log.term_at(told.index) != Some(told.term);
            let lost = ear.heard().iter().filter(lost).count();
            let told = report.misled().map_or(0, |misled| misled.false_successes.len());
            assert_eq!(told, lost, "{name} without {:?}", rules.broken().next());
            let meant = script.expected_violations().len();
            assert_eq!(report.violation_count(), meant + usize::from(lost > 0), "{name}");
            if lost > 0 {
                assert!(!rules.is_intact(), "{name}");
                let why = ended.map_err(|failure| failure.why);
                // In `told` a wait for the news that an entry is lost never ends.
                let waits = *name == "told" && matches!(why, Err(Why::TimedOut(..)));
                assert!(waits || matches!(why, Ok(()) | Err(Why::Misled(_))), "{name}: {why:?}");
                misled.insert(*name, lost);
            }
        }
    }
    assert_eq!(misled.get("figure-7"), Some(&9), "{misled:?}");
    assert!(misled.contains_key("stale-leader") && misled.contains_key("partition"), "{misled:?}");
}

/// The committed log, taken from the node that has committed most.
fn furthest(sim: &Sim) -> Log {
    let status = sim.status();
    let most = status.iter().max_by_key(|status| status.commit).unwrap();
    sim.log(most.id)
}

/// A world without nodes. Once any time has passed, every command counts as answered with success, and a
/// GET with a value that was never written.
#[derive(Default)]
struct Liar {
    now: Time,
    asked: BTreeMap<Ticket, String>,
}

impl World for Liar {
    fn size(&self) -> usize {
        1
    }

    fn now(&self) -> Time {
        self.now
    }

    fn status(&self) -> Vec<NodeStatus> {
        Vec::new()
    }

    fn look_at_log<T: Send + 'static>(
        &self,
        _: NodeId,
        look: impl Fn(&Log) -> T + Clone + Send + 'static,
    ) -> T {
        look(&Log::default())
    }

    fn machine(&self, _: NodeId) -> Option<KeyValue> {
        None
    }

    fn run_until(&mut self, bound: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        self.now = self.now + bound;
        done(self)
    }

    fn propose(&mut self, _: NodeId, command: &str) -> Ticket {
        let ticket = Ticket(self.asked.len() as u64);
        self.asked.insert(ticket, command.to_owned());
        ticket
    }

    fn proposal(&self, ticket: Ticket) -> Proposal {
        let reply = match self.asked.get(&ticket) {
            _ if self.now == Time::ZERO => return Proposal::Pending,
            None => return Proposal::Pending,
            Some(get) if get.starts_with("GET") => Reply::Value(Some("never written".to_owned())),
            _ => Reply::Set,
        };
        let position = LogPosition::new(ticket.0 + 1, 1);
        Proposal::Answered(Answer::Applied { position, reply })
    }

    fn position_of(&self, _: Ticket) -> Option<LogPosition> {
        None
    }

    fn settled(&self) -> u64 {
        if self.now == Time::ZERO { 0 } else { self.asked.len() as u64 }
    }

    fn crash(&mut self, _: NodeId, _: CrashPoint) -> Result<(), CannotDo> {
        Ok(())
    }

    fn restart(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn wipe(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn pause(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn resume(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn lose_answer(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn election_timeout(&mut self, _: NodeId) -> Result<(), CannotDo> {
        Ok(())
    }

    fn enact(&mut self, _: ScriptDeed) {}

    fn network(&self) -> Network {
        Network::default()
    }

    fn is_committed(&self, _: LogPosition, _: &str) -> IsCommitted {
        Ok(())
    }

    fn progress(&self, _: NodeId, _: NodeId) -> Option<Progress> {
        None
    }

    fn campaigns(&self) -> Campaigns {
        Campaigns::default()
    }

    fn safety(&mut self) -> SafetyReport {
        SafetyReport::default()
    }
}

/// The first entry is the leader's no-op, so a client's success for it is another's, and there is no ninth.
#[test]
fn a_success_for_what_was_never_committed_is_false() {
    let mut sim = Sim::new(SimConfig::new(3), Vec::new());
    let leader = sim.wait_for_leader(Duration::from_mins(1)).unwrap();
    let commands = ["one", "another"];
    let tickets = commands.map(|command| sim.propose(leader, command));
    sim.run_to(sim.now() + Duration::from_mins(1));
    let told = |lie: fn(LogIndex) -> LogIndex| {
        let mut history = ClientHistory::default();
        for (ticket, command) in tickets.into_iter().zip(commands) {
            history.asked(ticket, command, 1);
            let mut proposal = sim.proposal(ticket);
            let Proposal::Answered(Answer::Applied { position, .. }) = &mut proposal else {
                panic!("{command} is answered: {proposal:?}")
            };
            position.index = lie(position.index);
            history.told(ticket, &proposal, 2);
        }
        history.judge(|told, command| sim.is_committed(told, command))
    };
    assert_eq!(told(|index| index), Judgement::Held);
    let misled = |judgement| {
        let Judgement::Violated(misled) = judgement else { panic!("{judgement:?}") };
        unwrapped(&violation::misled(&misled).join("\n"))
    };
    let early = misled(told(LogIndex::prev));
    assert!(early.contains("client 2 was told of success for 2@1, another, and 2@1 is"), "{early}");
    assert!(
        early.contains("2@1 is another command") && early.contains("1@1 is another"),
        "{early}"
    );
    let late = misled(told(|_| LogIndex::new(9)));
    assert!(late.contains("and the log that was committed first ends before index 9"), "{late}");
}

/// A script with many writers of one key, all answered at the same moment, and a read that fits no order of
/// them. There are more orders than can be tried.
fn too_many(then: &str) -> Script {
    let writes =
        (0..40).map(|nth| format!("submit to 0 SET x={nth}\n")).collect::<Vec<_>>().concat();
    parse(&format!("nodes 1\n{writes}submit to 0 GET x\nwait 1s\n{then}"))
}

/// An observer that keeps the outcomes of expectations.
#[derive(Default)]
struct Kept(Vec<LineOutcome>);

impl ScriptObserver for Kept {
    fn line_outcome(&mut self, _: Time, outcome: &LineOutcome) {
        if matches!(
            outcome,
            LineOutcome::NotJudged(_) | LineOutcome::Spared(_) | LineOutcome::Misled(_)
        ) {
            self.0.push(outcome.clone());
        }
    }
}

#[test]
fn what_cannot_be_judged_is_no_violation_and_no_success_and_is_said() {
    let key = NotJudged { key: "x".to_owned(), operations: 41, open: 41 };
    let script = too_many("expect safe\n");
    let mut silent = ();
    let mut runner = Runner::new(Liar::default(), &mut silent);
    runner.run(&script.lines).unwrap();
    let report = runner.finish();
    assert_eq!(report.clients.as_ref().unwrap().judgement, Judgement::NotJudged(key.clone()));
    assert_eq!((report.violation_count(), report.misled()), (0, None));

    let text = violation::report(&report, 1).join("\n");
    let row = text.lines().find(|line| line.contains("41 answers")).unwrap();
    assert!(row.contains("? not judged") && !row.contains('✓'), "{row}");
    let text = unwrapped(&text);
    assert!(text.contains("Linearizability was not judged: too many open operations. Of 41 on x, 41 were open at one time"), "{text}");
    let quiet = violation::one_line("name", RunVerdict::Passed, &report);
    assert!(
        quiet.ends_with("; Linearizability was not judged: too many open operations"),
        "{quiet}"
    );
    let json = serde_json::to_value(Ending::new(Some(true), None, &report)).unwrap();
    assert_eq!(json["linearizable"], serde_json::Value::Null);
    let verdict = "not-judged";
    let clients = serde_json::json!({ "answers": 41, "verdict": verdict, "key": "x", "operations": 41, "open": 41 });
    assert_eq!(json["clients"], clients);

    // A script that expects a violation fails, and one that need not see the violation is told that it was not judged.
    let script = too_many("expect violation linearizability\n");
    let mut silent = ();
    let failed = Runner::new(Liar::default(), &mut silent).run(&script.lines).unwrap_err();
    assert_eq!(failed.why, Why::NotJudged(key.clone()));
    let mut kept = Kept::default();
    Runner::new(Liar::default(), &mut kept).spared(true).run(&script.lines).unwrap();
    assert_eq!(kept.0, [LineOutcome::NotJudged(key)]);

    let progress = raft_in_practice::search::random::HuntProgress::default();
    let told = |progress| hunt_result::nothing(progress, false, None).join(" ");
    assert!(!told(&progress).contains("judged") && told(&progress).contains('✓'));
    progress.unjudged.fetch_add(2, std::sync::atomic::Ordering::Relaxed);
    let text = told(&progress);
    assert!(text.contains("In 2 runs Linearizability was not judged") && !text.contains('✓'));
}

/// With fewer writers the same read is a violation.
#[test]
fn what_can_be_judged_is() {
    let text = "nodes 1\nsubmit to 0 SET x=1\nsubmit to 0 GET x\nwait 1s\n";
    let script = parse(&format!("{text}expect violation linearizability\n"));
    let mut kept = Kept::default();
    Runner::new(Liar::default(), &mut kept).run(&script.lines).unwrap();
    let [LineOutcome::Misled(misled)] = &kept.0[..] else { panic!("{:?}", kept.0) };
    assert_eq!(misled.unexplained.as_ref().unwrap().key, "x");
    let mut silent = ();
    let script = parse(&format!("{text}expect violation vote-uniqueness\n"));
    let failed = Runner::new(Liar::default(), &mut silent).run(&script.lines).unwrap_err();
    assert_eq!(failed.why, Why::Unviolated(Property::VoteUniqueness));
}
