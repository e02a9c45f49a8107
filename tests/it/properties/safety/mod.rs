//! The checker on servers whose messages are carried by hand.

mod late;
mod logs;

use raft_in_practice::properties::safety::{Checker, Evidence, is_made_by, is_sound};
use raft_in_practice::raft::{
    Command, Envelope, Input, Log, LogEntry, LogIndex, LogPosition, NodeId, Payload,
    PersistentState, Progress, Property, Rule, RuleSet, Settings, Term,
};
use raft_in_practice::server::state_machine::KeyValue;
use raft_in_practice::server::timing::{Time, Timing};
use raft_in_practice::server::{Changes, Disk, Server, ServerConfig};

use crate::common::{self, id};

/// A checker with the servers that it watches; messages are carried by hand.
struct Bench {
    checker: Checker,
    servers: Vec<Server>,
    config: ServerConfig,
}

impl Bench {
    fn new(nodes: usize, broken: &[Rule]) -> Self {
        let rules: RuleSet = broken.iter().copied().collect();
        let settings = Settings { rules, ..Settings::new(nodes) };
        let config = ServerConfig { settings, timing: Timing::PAPER, seed: 0 };
        let start = |id| Server::start(id, config, Disk::default(), Time::ZERO);
        let servers = NodeId::all(nodes).map(start).collect();
        Self { checker: Checker::new(nodes), servers, config }
    }

    fn step(&mut self, node: usize, input: Input) -> Vec<Envelope> {
        self.steps(node, [input])
    }

    /// Makes steps that share one save. The checker sees them together.
    fn steps<const N: usize>(&mut self, node: usize, inputs: [Input; N]) -> Vec<Envelope> {
        let server = &mut self.servers[node];
        let mut turn = server.turn();
        for input in inputs {
            turn.step(input);
        }
        let Ok(sendable) = turn.persist(Time::ZERO);
        let changes = server.take_changes();
        self.checker.observe(server, changes, sendable.events());
        sendable.messages().to_vec()
    }

    fn deliver(&mut self, messages: &[Envelope], to: u8) -> Vec<Envelope> {
        let for_it = messages.iter().filter(|m| m.to == id(to)).cloned();
        for_it.flat_map(|message| self.step(to.into(), Input::Receive(message))).collect()
    }

    /// Carries messages among these nodes until none is left; those to others are lost.
    fn settle(&mut self, mut messages: Vec<Envelope>, among: &[u8]) {
        while !messages.is_empty() {
            messages = among.iter().flat_map(|&to| self.deliver(&messages, to)).collect();
        }
    }

    fn restart(&mut self, node: u8) {
        let at = usize::from(node);
        let disk = self.servers[at].clone().crash();
        self.servers[at] = Server::start(id(node), self.config, disk, Time::ZERO);
        self.checker.restarted(&self.servers[at]);
    }

    fn violated(&self) -> Vec<Property> {
        self.checker.violations().iter().map(|violation| violation.property).collect()
    }
}

/// Only some violations of a kind are kept, but every leader is counted.
#[test]
fn leaders_are_counted_even_if_their_violations_are_not_kept() {
    let mut bench = Bench::new(9, &[Rule::OneVotePerTerm]);
    for _ in 0..6 {
        let all: Vec<_> = (0..9).map(|node| bench.step(node, Input::ElectionTimeout)).collect();
        for (node, asked) in (0..9).zip(all) {
            for voter in 1..=4 {
                let vote = bench.deliver(&asked, (node + voter) % 9);
                bench.deliver(&vote, node);
            }
        }
        (0..9).for_each(|node| bench.restart(node));
    }
    assert_eq!((bench.checker.leaders().len(), bench.checker.second_leaders()), (6, 24));
    let kept = bench.violated().iter().filter(|&&it| it == Property::ElectionSafety).count();
    assert!(kept < 24, "{kept} are kept");
}

#[test]
fn an_election_and_a_write_break_nothing_and_are_counted() {
    let mut bench = Bench::new(3, &[]);
    let asked = bench.step(0, Input::ElectionTimeout);
    let votes = bench.deliver(&asked, 1);
    let appends = bench.deliver(&votes, 0);
    let acks = bench.deliver(&appends, 1);
    bench.deliver(&acks, 0);
    let appends = bench.step(0, Input::Propose(vec![Command::new("SET x=1")]));
    let acks = bench.deliver(&appends, 1);
    bench.deliver(&acks, 0);
    let appends = bench.step(0, Input::HeartbeatDue);
    bench.deliver(&appends, 1);
    for at in 0..3 {
        bench.checker.audit(&bench.servers[at]);
    }
    assert_eq!(bench.checker.violations(), []);
    assert_eq!(bench.checker.committed_len(), LogIndex::new(2));
    assert_eq!(bench.checker.steps(), 10);
    let checks: Vec<(Property, u64)> = Property::ALL
        .into_iter()
        .map(|property| (property, bench.checker.checks(property)))
        .filter(|&(_, checks)| checks > 0)
        .collect();
    assert_eq!(
        checks,
        [
            (Property::ElectionSafety, 1),
            (Property::LeaderAppendOnly, 2),
            (Property::LogMatching, 8),
            (Property::LeaderCompleteness, 1),
            (Property::StateMachineSafety, 6),
            (Property::VoteUniqueness, 2),
            (Property::DurableQuorum, 2),
            (Property::Monotonicity, 10),
        ]
    );
}

#[test]
fn two_leaders_of_one_term_are_seen_and_what_they_commit_too() {
    let mut bench = Bench::new(3, &[Rule::MajorityQuorum]);
    bench.step(0, Input::ElectionTimeout);
    bench.step(1, Input::ElectionTimeout);
    let violated = bench.violated();
    assert!(violated.contains(&Property::ElectionSafety), "{violated:?}");
    assert!(violated.contains(&Property::DurableQuorum), "each committed its no-op alone");
    assert_eq!((bench.checker.leaders().len(), bench.checker.second_leaders()), (1, 1));
    bench.step(0, Input::Propose(vec![Command::new("a")]));
    bench.step(1, Input::Propose(vec![Command::new("b")]));
    let violated = bench.violated();
    assert!(violated.contains(&Property::StateMachineSafety), "{violated:?}");
    assert!(violated.contains(&Property::LogMatching), "2@1 stands for two different entries");
}

#[test]
fn a_vote_forgotten_within_its_term_is_seen_even_if_nobody_gains_by_it() {
    let mut bench = Bench::new(3, &[Rule::OneVotePerTerm]);
    for candidate in [0, 1] {
        bench.step(2, Input::Receive(request_vote(candidate, 2, 1)));
    }
    let violated = bench.violated();
    assert_eq!(violated, [Property::VoteUniqueness], "said once, though ledger and counter see it");
}

/// A request of a candidate that shows an empty log.
const fn request_vote(from: u8, to: u8, term: u64) -> Envelope {
    let message = common::request_vote(from, term, LogPosition::START);
    Envelope { from: id(from), to: id(to), message }
}

/// A server that starts from a disk with this term and this log.
fn restored(bench: &Bench, node: u8, term: u64, entries: Vec<LogEntry>) -> Server {
    let disk = Disk::new(PersistentState::new(Term::new(term), None, Log::new(entries)));
    Server::start(id(node), bench.config, disk, Time::ZERO)
}

fn no_ops(terms: &[u64]) -> Vec<LogEntry> {
    terms.iter().map(|&term| LogEntry::no_op(Term::new(term))).collect()
}

#[test]
fn a_leader_that_goes_on_leading_with_less_is_seen() {
    let mut bench = Bench::new(3, &[Rule::MajorityQuorum]);
    bench.step(0, Input::ElectionTimeout);
    let before = bench.servers[0].clone();
    bench.step(0, Input::Propose(vec![Command::new("a")]));
    let changes = Changes { memory_from: Some(LogIndex::new(2)), disk_from: None };
    bench.checker.observe(&before, changes, &[]);
    assert!(bench.violated().contains(&Property::LeaderAppendOnly), "{:?}", bench.violated());
}

#[test]
fn a_node_that_rewrites_what_it_has_committed_is_seen() {
    let mut bench = Bench::new(1, &[]);
    bench.step(0, Input::ElectionTimeout);
    let other = restored(&bench, 0, 2, no_ops(&[2]));
    let changes = Changes { memory_from: Some(LogIndex::FIRST), disk_from: None };
    bench.checker.observe(&other, changes, &[]);
    assert!(bench.violated().contains(&Property::StateMachineSafety), "{:?}", bench.violated());
}

#[test]
fn what_is_committed_in_a_term_is_not_asked_of_another_leader_of_that_term() {
    for late in [true, false] {
        let mut bench = Bench::new(3, &[Rule::MajorityQuorum]);
        if late {
            bench.step(1, Input::ElectionTimeout);
        }
        bench.step(0, Input::ElectionTimeout);
        bench.step(0, Input::Propose(vec![Command::new("a")]));
        if !late {
            bench.step(1, Input::ElectionTimeout);
        }
        let violated = bench.violated();
        assert!(violated.contains(&Property::ElectionSafety), "{violated:?}");
        assert!(!violated.contains(&Property::LeaderCompleteness), "{violated:?}");
    }
}

#[test]
fn a_leader_of_a_later_term_without_what_an_older_one_commits_is_seen() {
    let mut bench = Bench::new(3, &[Rule::MajorityQuorum]);
    bench.servers[1] = restored(&bench, 1, 1, no_ops(&[]));
    bench.step(1, Input::ElectionTimeout);
    bench.step(0, Input::ElectionTimeout);
    bench.step(0, Input::Propose(vec![Command::new("a")]));
    let expected = Evidence::LeaderLacks {
        leader: id(1),
        term: Term::new(2),
        missing: LogPosition::new(2, 1),
        instead: None,
        committed_in: Term::new(1),
        committed_by: id(0),
    };
    let violations = bench.checker.violations();
    assert!(violations.iter().any(|found| found.evidence == expected), "{violations:?}");
}

#[test]
fn a_leader_that_carries_its_leadership_into_another_leaders_term_is_seen() {
    let mut bench = Bench::new(3, &[Rule::HigherTermStepsDown]);
    let asked = bench.step(0, Input::ElectionTimeout);
    let votes = bench.deliver(&asked, 1);
    bench.deliver(&votes, 0);
    let asked = bench.step(1, Input::ElectionTimeout);
    let votes = bench.deliver(&asked, 2);
    let appends = bench.deliver(&votes, 1);
    assert!(bench.violated().is_empty(), "one leader in each of two terms");
    bench.deliver(&appends, 0);
    assert!(bench.violated().contains(&Property::ElectionSafety), "{:?}", bench.violated());
}

#[test]
fn an_audit_sees_a_log_that_its_steps_did_not_make() {
    let mut bench = Bench::new(1, &[]);
    bench.step(0, Input::ElectionTimeout);
    bench.checker.audit(&bench.servers[0]);
    assert_eq!(bench.violated(), []);
    let other = restored(&bench, 0, 1, no_ops(&[1, 1]));
    bench.checker.audit(&other);
    assert_eq!(bench.violated(), [Property::LogMatching]);
}

#[test]
fn a_store_is_what_its_log_makes_of_a_new_one() {
    let commands = ["ADD x 1", "SET y=2", "ADD x 1"];
    let payloads = commands.map(|text| Payload::Command(text.into()));
    let log = payloads.clone().map(|payload| LogEntry { term: Term::new(1), payload });
    let log = Log::new(log.to_vec());
    let made_by = |applied: &[usize], last: u64| {
        let mut store = KeyValue::default();
        for &nth in applied {
            store.apply(&payloads[nth]);
        }
        is_made_by(&store, &log, LogIndex::new(last))
    };
    assert!(made_by(&[], 0) && made_by(&[0], 1) && made_by(&[0, 1, 2], 3));
    assert!(!made_by(&[0, 1], 3), "one is left out");
    assert!(!made_by(&[0, 0, 1, 2], 3), "one is applied twice");
    assert!(!made_by(&[1], 1), "another is applied");
    assert!(!made_by(&[0, 1, 2], 4), "the log ends before");
}

#[test]
fn what_a_leader_knows_of_a_follower_has_bounds() {
    let (last, index) = (LogIndex::new(3), LogIndex::new);
    for (matched, next, sound) in
        [(0, 1, true), (3, 4, true), (2, 3, true), (0, 0, false), (3, 3, false), (0, 5, false)]
    {
        let (match_index, next_index) = (index(matched), index(next));
        let progress = Progress { match_index, next_index, probing: false };
        assert_eq!(is_sound(progress, last), sound, "match {matched}, next {next}");
    }
}

/// A leader that has stepped down, and a follower, may lose uncommitted entries.
#[test]
fn what_a_node_that_does_not_lead_cuts_away_is_no_violation() {
    let mut bench = Bench::new(5, &[]);
    let asked = bench.step(0, Input::ElectionTimeout);
    let mut votes = bench.deliver(&asked, 1);
    votes.extend(bench.deliver(&asked, 3));
    let appends = bench.deliver(&votes, 0);
    bench.deliver(&appends, 2);
    bench.step(4, Input::ElectionTimeout);
    let asked = bench.step(4, Input::ElectionTimeout);
    bench.deliver(&asked, 2);
    let mut votes = bench.deliver(&asked, 1);
    votes.extend(bench.deliver(&asked, 3));
    let appends = bench.deliver(&votes, 4);
    for node in [0, 2] {
        bench.deliver(&appends, node);
        let log = bench.servers[usize::from(node)].node().log();
        assert_eq!(log.last(), LogPosition::new(1, 2), "n{node} has cut 1@1 away");
    }
    assert_eq!(bench.violated(), []);
}

/// A leader that steps down forgets what it knew of its followers. In its next leadership match indexes start
/// at 0.
#[test]
fn a_match_index_that_starts_over_in_a_new_leadership_has_not_gone_back() {
    let mut bench = Bench::new(3, &[]);
    for candidate in [0, 1, 0] {
        let asked = bench.step(candidate, Input::ElectionTimeout);
        bench.settle(asked, &[0, 1]);
        assert!(bench.servers[candidate].node().is_leader());
    }
    assert_eq!(bench.violated(), []);
}

/// A node may learn late, from its old leader, that something is committed. A leader in between need not have
/// what was committed since.
#[test]
fn a_commit_that_is_learnt_late_says_nothing_of_a_leader_in_between() {
    let mut bench = Bench::new(5, &[]);
    let asked = bench.step(0, Input::ElectionTimeout);
    bench.settle(asked, &[0, 1, 2]);
    let late = bench.step(0, Input::HeartbeatDue);
    let asked = bench.step(1, Input::ElectionTimeout);
    let mut votes = bench.deliver(&asked, 3);
    votes.extend(bench.deliver(&asked, 4));
    bench.deliver(&votes, 1);
    bench.deliver(&asked, 0);
    let asked = bench.step(0, Input::ElectionTimeout);
    bench.settle(asked, &[0, 3, 4]);
    assert_eq!(bench.checker.committed_len(), LogIndex::new(2), "in n0's second leadership");
    assert!(bench.servers[1].node().is_leader(), "n1 knows nothing of it");
    bench.deliver(&late, 2);
    assert_eq!(bench.servers[2].node().commit_index(), LogIndex::new(1));
    assert_eq!(bench.violated(), []);
}
