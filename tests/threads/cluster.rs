//! The threaded cluster under every fault it supports. No test waits for a fixed time: each wait is for a
//! condition, with a bound far above the usual time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use raft_in_practice::cluster::{ClusterConfig, RaftCluster, WriteError};
use raft_in_practice::network::Conditions;
use raft_in_practice::raft::{
    Command, LogIndex, LogPosition, NodeId, NodeSet, Payload, Property, Rule, Settings,
};
use raft_in_practice::record::deed::{Deed, Loss};
use raft_in_practice::record::journal::{Batch, Observer};
use raft_in_practice::scenario::world::{CannotDo, World};
use raft_in_practice::server::state_machine::Reply;
use raft_in_practice::server::status::NodeStatus;
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::turn_order::{CrashPoint, Detail, MessageId};
use raft_in_practice::server::{Answer, Proposal, Ticket};

/// A bound that no wait here should reach.
const BOUND: Duration = Duration::from_secs(20);
/// Long enough for a commit, and short enough to wait for one that does not come.
const SHORT: Duration = Duration::from_millis(300);

/// The paper's timing five times as fast: an election takes some tens of milliseconds.
fn fast(nodes: usize, seed: u64) -> ClusterConfig {
    ClusterConfig { seed, timing: Timing::PAPER.faster(5.0), ..ClusterConfig::new(nodes) }
}

fn start(config: ClusterConfig) -> RaftCluster {
    RaftCluster::start(config).expect("it starts")
}

const fn node(number: u8) -> NodeId {
    NodeId::new(number)
}

fn set(numbers: &[u8]) -> NodeSet {
    numbers.iter().copied().map(node).collect()
}

/// Submits a command until it is applied. A patient client does this if a command may be applied twice.
fn insist(cluster: &RaftCluster, command: &str) -> LogPosition {
    let deadline = Instant::now() + BOUND;
    loop {
        match cluster.write(command, SHORT) {
            Ok(applied) => return applied.position,
            Err(error) => assert!(Instant::now() < deadline, "{command}: {error}"),
        }
    }
}

/// Waits until all running nodes have applied equally much, and the leader has applied its whole log.
fn settle(cluster: &mut RaftCluster) {
    let even = cluster.run_until(BOUND, |world| {
        let all = world.status();
        let mut up = all.iter().filter(|status| status.up);
        let first = up.next().expect("a node is up");
        first.applied == first.last.index
            && up.all(|s| (s.applied, s.last) == (first.applied, first.last))
            && all.iter().any(NodeStatus::leads)
    });
    assert!(even, "the nodes never came together: {:#?}", cluster.status());
}

/// Checks that every answered entry is where its answer said, on every running node.
fn check_answered(cluster: &RaftCluster, answered: &[(LogPosition, String)]) {
    for status in cluster.status().iter().filter(|status| status.up) {
        let log = cluster.log(status.id);
        for (position, text) in answered {
            let entry = log.get(position.index).expect("an answered entry is in the log");
            assert_eq!(entry.term, position.term);
            assert_eq!(entry.payload, Payload::Command(Command::new(text.as_str())));
        }
    }
}

/// Checks that no property was violated, and that the checker really checked.
fn check_safe(mut cluster: RaftCluster) {
    let report = cluster.safety();
    assert_eq!(report.violations, []);
    assert!(report.committed > 0 && report.leaders > 0 && report.steps > 0);
    for (property, checks) in report.checks {
        // Linearizability and liveness are judged on a whole run, not at each step.
        let of_steps = !matches!(property, Property::Linearizability | Property::Liveness);
        assert!(checks > 0 || !of_steps, "{property:?} was never checked");
    }
    cluster.stop().expect("no thread panicked");
}

#[test]
fn whatever_befalls_it_everything_answered_is_on_every_node_at_the_end() {
    // The clusters mostly wait for their timers, so several of them run at the same time.
    let seeds: Vec<u64> = (0..20).collect();
    for at_once in seeds.chunks(5) {
        thread::scope(|scope| {
            for &seed in at_once {
                scope.spawn(move || survive_everything(seed));
            }
        });
    }
}

fn survive_everything(seed: u64) {
    let nodes = 3 + (seed % 3) as usize;
    let mut cluster = start(fast(nodes, seed));
    let mut answered = Vec::new();
    let mut say = |cluster: &RaftCluster, what: &str| {
        let text = format!("SET {what}={seed}");
        answered.push((insist(cluster, &text), text));
    };
    say(&cluster, "quiet");
    cluster.set_conditions(Conditions {
        drop: 0.1,
        duplicate: 0.1,
        latency_min: Duration::from_micros(200),
        latency_max: Duration::from_millis(4),
        ..Conditions::PERFECT
    });
    say(&cluster, "lossy");

    let leader = cluster.wait_for_leader(BOUND).unwrap();
    let point = [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend];
    cluster.crash(leader, point[seed as usize % 3]).unwrap();
    assert!(cluster.run_until(BOUND, |world| !world.status()[leader.index()].up));
    say(&cluster, "crashed");
    cluster.restart(leader).unwrap();

    let leader = cluster.wait_for_leader(BOUND).unwrap();
    let other = NodeId::all(nodes).find(|&id| id != leader).unwrap();
    cluster.partition(&[[leader, other].into_iter().take((nodes - 1) / 2).collect()]);
    say(&cluster, "partitioned");
    cluster.heal();
    cluster.cut(leader, other);
    say(&cluster, "one-way");

    cluster.heal();
    cluster.set_conditions(Conditions::PERFECT);
    say(&cluster, "healed");
    settle(&mut cluster);
    assert!(cluster.status().iter().all(|status| status.up));
    check_answered(&cluster, &answered);
    check_safe(cluster);
}

#[test]
fn many_clients_at_once_find_all_their_commands_applied_once_and_in_order() {
    let mut cluster = start(fast(3, 7));
    let leader = cluster.wait_for_leader(BOUND).unwrap();
    thread::scope(|scope| {
        for client in 0..4 {
            let handle = cluster.client();
            scope.spawn(move || {
                let mut last = LogIndex::ZERO;
                let tickets: Vec<_> = (0..100)
                    .map(|nth| handle.propose(leader, format!("{client}.{nth}").as_str()))
                    .collect();
                for ticket in tickets {
                    let (told, applied) = handle.next(BOUND).unwrap();
                    assert_eq!(told, ticket, "one leader answers in order");
                    let index = applied.unwrap().position.index;
                    assert!(index > last);
                    last = index;
                }
            });
        }
    });
    settle(&mut cluster);
    let log = cluster.log(node(0));
    let commands: Vec<_> =
        log.iter().map(|(_, e)| &e.payload).filter(|&payload| *payload != Payload::NoOp).collect();
    let different: BTreeSet<_> = commands.iter().collect();
    assert_eq!((commands.len(), different.len()), (400, 400));
    cluster.stop().unwrap();
}

#[test]
fn clusters_of_every_small_size_commit_and_even_ones_need_more_than_half() {
    for nodes in [1, 2, 4, 6] {
        let mut cluster = start(fast(nodes, 1));
        let applied = cluster.write("SET x=1", BOUND).unwrap();
        assert_eq!(applied.reply, Reply::Set);
        if nodes.is_multiple_of(2) {
            let half: Vec<_> = NodeId::all(nodes).skip(nodes / 2).collect();
            for &id in &half {
                cluster.crash(id, CrashPoint::Between).unwrap();
            }
            let error = cluster.client().write_to(node(0), "SET x=2", SHORT).unwrap_err();
            assert!(!matches!(error, WriteError::Superseded { .. }), "{error}");
            assert_ne!(cluster.machine(node(0)).unwrap().get("x"), Some("2"));
            cluster.restart(half[0]).unwrap();
        }
        insist(&cluster, "SET x=3");
        settle(&mut cluster);
        assert_eq!(cluster.machine(node(0)).unwrap().get("x"), Some("3"));
        assert_eq!(cluster.safety().violations, []);
        cluster.stop().unwrap();
    }
}

#[test]
fn a_minority_answers_nothing_and_the_majority_goes_on() {
    let mut cluster = start(fast(5, 5));
    let old = cluster.wait_for_leader(BOUND).unwrap();
    let follower = NodeId::all(5).find(|&id| id != old).unwrap();
    let refused = cluster.client().write_to(follower, "SET x=0", BOUND).unwrap_err();
    assert!(
        matches!(refused, WriteError::NotLeader { node, leader } if node == follower && leader.is_none_or(|l| l == old)),
        "{refused}"
    );
    cluster.partition(&[[old, follower].into_iter().collect()]);
    let timeout = cluster.client().write_to(old, "SET x=1", SHORT).unwrap_err();
    assert_eq!(timeout, WriteError::Timeout { bound: SHORT });
    let stalled = cluster.client();
    let lost = stalled.propose(old, "SET x=2");
    let elected = cluster.run_until(BOUND, |world| {
        let all = world.status();
        all.iter().any(|status| status.leads() && status.id != old && status.id != follower)
    });
    assert!(elected);
    insist(&cluster, "SET x=3");
    cluster.heal();
    let told = stalled.next(BOUND).unwrap();
    assert!(matches!(told, (t, Err(WriteError::Superseded { .. })) if t == lost), "{told:?}");
    settle(&mut cluster);
    assert_eq!(cluster.machine(old).unwrap().get("x"), Some("3"));
    check_safe(cluster);
}

#[test]
fn without_a_majority_there_is_no_leader_and_a_wait_ends_at_its_bound() {
    let mut cluster = start(fast(3, 6));
    cluster.wait_for_leader(BOUND).unwrap();
    for id in NodeId::all(3) {
        cluster.crash(id, CrashPoint::Between).unwrap();
        assert_eq!(cluster.crash(id, CrashPoint::Between), Err(CannotDo::IsDown(id)));
    }
    let asked = Instant::now();
    assert_eq!(cluster.wait_for_leader(SHORT), None);
    assert!(!cluster.run_until(SHORT, |_| false));
    assert_eq!(cluster.write("x", SHORT), Err(WriteError::NoLeader { bound: SHORT }));
    assert!(asked.elapsed() >= 3 * SHORT && asked.elapsed() < Duration::from_secs(30));
    let down = cluster.client().write_to(node(1), "x", BOUND);
    assert_eq!(down, Err(WriteError::NodeDown { node: node(1) }));
    cluster.restart(node(2)).unwrap();
    assert_eq!(cluster.restart(node(2)), Err(CannotDo::IsUp(node(2))));
    assert_eq!(cluster.wait_for_leader(SHORT), None, "one of three is no majority");
    cluster.restart(node(0)).unwrap();
    assert!(cluster.wait_for_leader(BOUND).is_some());
    check_stops(cluster);
}

fn check_stops(cluster: RaftCluster) {
    let asked = Instant::now();
    cluster.stop().expect("no thread panicked");
    assert!(asked.elapsed() < Duration::from_secs(5), "stopping needs no patience");
}

#[test]
fn a_client_of_a_crashed_node_hears_so_at_once() {
    let mut cluster = start(fast(3, 4));
    let leader = cluster.wait_for_leader(BOUND).unwrap();
    cluster.partition(&[set(&[0]), set(&[1]), set(&[2])]);
    let client = cluster.client();
    let ticket = client.propose(leader, "SET x=1");
    cluster.crash(leader, CrashPoint::Between).unwrap();
    let told = client.next(BOUND).unwrap();
    let gone = (ticket, Err(WriteError::NodeDown { node: leader }));
    let late = matches!(told.1, Err(WriteError::NotLeader { .. }));
    assert!(told == gone || late, "{told:?}");
    check_stops(cluster);
}

#[test]
fn a_script_drives_threads_as_it_drives_the_simulator() {
    let mut world = start(ClusterConfig { seed: 9, speed: 5.0, ..ClusterConfig::new(3) });
    let leader = world.wait_for_leader(BOUND).unwrap();
    let ticket = world.propose(leader, "SET a=1");
    assert!(world.run_until(BOUND, |w| w.proposal(ticket) != Proposal::Pending));
    let Proposal::Answered(Answer::Applied { position, .. }) = world.proposal(ticket) else {
        panic!("{:?}", world.proposal(ticket))
    };
    assert_eq!(world.log(leader).term_at(position.index), Some(position.term));
    assert_eq!(world.position_of(ticket), Some(position));

    let follower = NodeId::all(3).find(|&id| id != leader).unwrap();
    // Nothing else changes any more, so only the refusal itself can wake the wait for it.
    settle(&mut world);
    let asked = Instant::now();
    let refused = world.propose(follower, "SET a=2");
    assert!(world.run_until(BOUND, |w| w.proposal(refused) != Proposal::Pending));
    assert!(asked.elapsed() < Duration::from_secs(3), "a refusal wakes whoever waits for it");
    assert!(matches!(world.proposal(refused), Proposal::Refused { .. }));
    assert_eq!(world.position_of(refused), None);

    // A wait for a point in the cluster's time ends in time, although waits go on longer for starved nodes.
    let (from, asked) = (world.now(), Instant::now());
    let moment = Duration::from_millis(500);
    assert!(world.run_until(moment, |w| w.now() - from >= moment));
    assert!(asked.elapsed() >= Duration::from_millis(100));

    world.election_timeout(follower).unwrap();
    let ousted = |w: &RaftCluster| w.leader() == Some(follower);
    assert!(world.run_until(BOUND, ousted));
    world.crash(follower, CrashPoint::BeforeSend).unwrap();
    assert!(world.run_until(BOUND, |w| !w.status()[follower.index()].up));
    assert_eq!(world.election_timeout(follower), Err(CannotDo::IsDown(follower)));
    assert!(world.machine(follower).is_none() && world.log(follower).last_index().get() >= 1);
    world.restart(follower).unwrap();
    assert_eq!(world.restart(follower), Err(CannotDo::IsUp(follower)));
    assert_eq!(world.safety().violations, []);
}

/// An observer that checks everything as it is told.
#[derive(Default)]
struct Heard {
    time: Time,
    sent: u64,
    received: u64,
    asked: BTreeSet<Ticket>,
    answered: BTreeSet<Ticket>,
    lost: Vec<Loss>,
    duplicated: u64,
    crashes: Vec<(NodeId, CrashPoint)>,
    restarts: usize,
    lost_batches: usize,
    notes: Vec<String>,
    faults: Vec<String>,
}

struct Listener(Arc<Mutex<Heard>>);

impl Heard {
    fn at(&mut self, time: Time) {
        if time < self.time {
            self.faults.push(format!("{time} after {}", self.time));
        }
        self.time = time;
    }
}

impl Observer for Listener {
    fn batch(&mut self, batch: &Batch<'_>) {
        let mut heard = self.0.lock().expect("no test panicked");
        heard.at(batch.time);
        if batch.first_message != MessageId(heard.sent) {
            heard.faults.push(format!("{:?} is out of order", batch.first_message));
        }
        for step in batch.steps {
            if step.received.is_some_and(|message| message.0 >= heard.sent) {
                heard.faults.push(format!("{:?} arrived before it was sent", step.received));
            }
            heard.received += u64::from(step.received.is_some());
        }
        let last = batch.steps.last().expect("a batch has steps");
        if last.messages_end != batch.messages.len() || last.events_end > batch.events.len() {
            heard.faults.push("the steps do not cover the batch".to_owned());
        }
        heard.sent += batch.messages.len() as u64;
        heard.lost_batches += usize::from(!batch.saved);
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        let mut heard = self.0.lock().expect("no test panicked");
        heard.at(time);
        match deed {
            Deed::Crash { node, point } => heard.crashes.push((*node, *point)),
            Deed::Restart { .. } => heard.restarts += 1,
            Deed::Lost { why, .. } => heard.lost.push(*why),
            Deed::Duplicated { .. } => heard.duplicated += 1,
            Deed::Asked { ticket, .. } => drop(heard.asked.insert(*ticket)),
            Deed::Answered { ticket, .. }
                if !(heard.asked.contains(ticket) && heard.answered.insert(*ticket)) =>
            {
                heard.faults.push(format!("{ticket:?} was answered unasked or twice"));
            }
            Deed::Note(text) => heard.notes.push(text.clone()),
            _ => {}
        }
    }

    fn wants(&self) -> Detail {
        Detail::Digests
    }
}

#[test]
fn the_journal_tells_a_run_in_an_order_in_which_it_could_have_happened() {
    let heard = Arc::new(Mutex::new(Heard::default()));
    let mut config = fast(5, 3);
    config.conditions = Conditions {
        drop: 0.1,
        duplicate: 0.2,
        latency_min: Duration::ZERO,
        latency_max: Duration::from_millis(2),
        ..Conditions::PERFECT
    };
    config.observers.push(Box::new(Listener(Arc::clone(&heard))));
    let mut cluster = start(config);
    cluster.note("and so it begins".to_owned());
    for point in [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend] {
        insist(&cluster, "SET x=1");
        let leader = cluster.wait_for_leader(BOUND).unwrap();
        cluster.crash(leader, point).unwrap();
        assert!(cluster.run_until(BOUND, |world| !world.status()[leader.index()].up));
        insist(&cluster, "SET x=2");
        cluster.restart(leader).unwrap();
    }
    let leader = cluster.wait_for_leader(BOUND).unwrap();
    let other = NodeId::all(5).find(|&id| id != leader).unwrap();
    cluster.partition(&[NodeSet::from_iter([other])]);
    // The first messages over a cut link may be dropped at random and not counted as cut off.
    while !heard.lock().unwrap().lost.contains(&Loss::Cut) {
        insist(&cluster, "SET x=3");
    }
    cluster.heal();
    settle(&mut cluster);
    check_safe(cluster);

    let heard = std::mem::take(&mut *heard.lock().unwrap());
    assert_eq!(heard.faults, [] as [String; 0]);
    let points: Vec<_> = heard.crashes.iter().map(|&(_, point)| point).collect();
    assert_eq!(points, [CrashPoint::Between, CrashPoint::BeforeSave, CrashPoint::BeforeSend]);
    assert_eq!((heard.restarts, heard.lost_batches), (3, 1));
    assert!(heard.answered.len() >= 7 && heard.duplicated > 0 && heard.received > 0);
    for why in [Loss::Dropped, Loss::Down, Loss::Cut] {
        assert!(heard.lost.contains(&why), "no message was lost for {why:?}");
    }
    assert_eq!(heard.notes, ["and so it begins"]);
}

#[test]
fn with_a_rule_broken_the_live_checker_sees_it() {
    // Each of two halves counts as a majority here, so there are two leaders of one term.
    let rules = Settings::new(4).rules.without(Rule::MajorityQuorum);
    let config = ClusterConfig { settings: Settings { rules, ..Settings::new(4) }, ..fast(4, 0) };
    let mut cluster = start(config);
    cluster.partition(&[set(&[0, 1]), set(&[2, 3])]);
    let client = cluster.client();
    let split = cluster.run_until(BOUND, |world| {
        let all = world.status();
        all[..2].iter().any(NodeStatus::leads) && all[2..].iter().any(NodeStatus::leads)
    });
    assert!(split);
    for leader in cluster.status().iter().filter(|status| status.leads()) {
        client.propose(leader.id, format!("SET x={}", leader.id).as_str());
        let _ = client.next(BOUND);
    }
    assert!(!cluster.safety().violations.is_empty());
    cluster.stop().unwrap();
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_in_a_sentence() {
    let sizes = [(0, 1.0, "1 to 9 nodes, not 0"), (10, 1.0, "not 10")];
    let speeds = [(3, 0.0, "above 0"), (3, f64::NAN, "NaN")];
    for (nodes, speed, text) in sizes.into_iter().chain(speeds) {
        let config = ClusterConfig { speed, ..ClusterConfig::new(nodes) };
        let error = RaftCluster::start(config).err().expect("it is refused");
        assert!(error.to_string().contains(text), "{error}");
    }
}

/// As in virtual time, a node that crashes between saving and sending does not answer its client.
#[test]
fn a_crash_before_sending_holds_the_answer_back() {
    let mut cluster = start(fast(1, 1));
    let leader = cluster.wait_for_leader(BOUND).expect("it elects itself");
    cluster.crash(leader, CrashPoint::BeforeSend).unwrap();
    let error = cluster.write("SET x=1", BOUND).unwrap_err();
    assert_eq!(error, WriteError::NodeDown { node: leader });
    cluster.restart(leader).unwrap();
    cluster.write("SET y=1", BOUND).unwrap();
    let machine = cluster.machine(leader).expect("it is up");
    assert_eq!(machine.get("x"), Some("1"), "it was saved all the same");
    cluster.stop().unwrap();
}
