//! What scripts can say about clients, elections and leaders, and the effect of each such line.

use std::time::Duration;

use raft_in_practice::network::MOST_WAITING;
use raft_in_practice::raft::{
    LogIndex, LogPosition, MessageKind, NodeId, Property, RoleKind, Term,
};
use raft_in_practice::record::Clock;
use raft_in_practice::record::deed::Loss;
use raft_in_practice::record::history::Recorder;
use raft_in_practice::record::journal::Observer;
use raft_in_practice::record::message_name::MessageName;
use raft_in_practice::scenario::found::Found;
use raft_in_practice::scenario::library::BROKEN;
use raft_in_practice::scenario::line_outcome::Why;
use raft_in_practice::scenario::parse::parse_line;
use raft_in_practice::scenario::run::{PATIENCE, Runner};
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::verb_table::Verb;
use raft_in_practice::scenario::world::{CannotDo, VirtualWorld};
use raft_in_practice::sim::{Sim, SimConfig};
use raft_in_practice::view::message;

/// Three nodes of which n0 leads in term 1, and clients 1 to 3: a write, a read, and a refused one.
const ASKED: &str = "nodes 3\ntimeout 0\nwait until leader is 0\nwrite SET x=1\n\
                     write GET x\nsubmit to 1 SET y=1\nwait 1s\n";

/// A session on threads is saved with its pauses, which may be of any length.
#[test]
fn a_long_time_is_waited_for_in_lines_of_at_most_an_hour() {
    let seconds = Duration::from_secs;
    for (time, lines) in [
        (seconds(0), &[][..]),
        (seconds(3_600), &["wait 3600s"]),
        (seconds(7_205), &["wait 3600s", "wait 3600s", "wait 5s"]),
    ] {
        let waits: Vec<String> = Verb::waits(time).map(|verb| verb.to_string()).collect();
        assert_eq!(waits, lines);
        assert!(waits.iter().all(|line| parse_line(line, 3).is_ok()));
    }
}

#[test]
fn a_message_has_one_name_in_scripts_in_json_and_in_sentences() {
    for (kind, name, spelled) in [
        (MessageKind::RequestVote, "request-vote", "RequestVote"),
        (MessageKind::RequestVoteReply, "request-vote-reply", "RequestVote reply"),
        (MessageKind::AppendEntries, "append-entries", "AppendEntries"),
        (MessageKind::AppendEntriesReply, "append-entries-reply", "AppendEntries reply"),
    ] {
        let [from, to] = [0, 1].map(NodeId::new);
        let line = Verb::Deliver(MessageName { kind, from, to, nth_newest: 0 }).to_string();
        assert_eq!(line, format!("deliver {name} 0 -> 1"));
        assert_eq!(serde_json::to_value(kind).unwrap(), name);
        assert_eq!(message::kind(kind), spelled);
    }
    let error = parse_line("deliver vote 0 -> 1", 5).unwrap_err().to_string();
    assert!(error.contains("perhaps 'request-vote', or a kind of message: request-"), "{error}");
}

/// The failure that stops this script in virtual time, if there is one.
fn stops(text: &str) -> Option<Why> {
    let script = Script::parse("script", text).unwrap_or_else(|error| panic!("{error}"));
    let sim = Sim::new(SimConfig::of(&script), Vec::new());
    Runner::new(sim, &mut ()).run(&script.lines).err().map(|failure| failure.why)
}

/// Checks that after `before` each condition of `holds` is true, and each of `fails` is not.
fn holds(before: &str, holds: &[&str], fails: &[&str]) {
    for (conditions, good) in [(holds, true), (fails, false)] {
        for condition in conditions {
            let stopped = stops(&format!("{before}expect {condition}\n"));
            assert_eq!(stopped.is_none(), good, "{condition}: {stopped:?}");
        }
    }
}

#[test]
fn a_script_can_say_what_each_client_was_told() {
    holds(
        ASKED,
        &[
            "refused",
            "refused client 3",
            "answered client 1",
            "told client 2 x=1",
            "answered client 2",
        ],
        &[
            "answered",
            "unanswered",
            "lost",
            "uncertain",
            "refused client 2",
            "refused client 4",
            "told client 1 x=1",
            "told client 2 x=2",
            "told client 2 y=1",
            "told no client 2 x",
        ],
    );
    let why = stops(&format!("{ASKED}expect answered client 4"));
    assert_eq!(why, Some(Why::NoClient(Some(4))));
    let replaced = format!(
        "{ASKED}partition 0 | 1 2\nsubmit to 0 SET x=2\nexpect unanswered\n\
         wait until leader other than 0\nwrite DELETE x\nwrite GET x\nheal\nwait until in step\n"
    );
    holds(&replaced, &["lost client 4", "told no x"], &["unanswered client 4", "told x=2"]);
}

#[test]
fn one_link_is_healed_and_the_others_stay_cut() {
    let link = format!("{ASKED}cut 0\nheal 0 <-> 1\nwrite SET z=1\nwait 600ms\n");
    holds(&link, &["committed SET z=1 on 1", "not committed SET z=1 on 2"], &[]);
    let node = format!("{link}heal 0\nwait 600ms\n");
    holds(&node, &["committed SET z=1 on all"], &[]);
    // One direction is not enough for an answer.
    let one_way = format!("{ASKED}cut 0\nheal 0 -> 1\nsubmit to 0 SET z=1\nwait 600ms\n");
    holds(&one_way, &["leader is 0", "unanswered", "not committed SET z=1"], &[]);
}

#[test]
fn a_script_can_tell_a_new_leader_from_a_deposed_one_that_does_not_know() {
    let cut = format!("{ASKED}partition 0 | 1 2\n");
    holds(
        &cut,
        &["leader is 0", "leader of term 1 or later", "campaigns = 1", "leaders at most 1"],
        &["leader other than 0", "leader of term 2 or later", "campaigns at least 2"],
    );
    let replaced = format!("{cut}wait until leader other than 0\n");
    holds(
        &replaced,
        &["leader of term 2 or later", "role 0 = leader", "leaders = 2", "campaigns at least 2"],
        &["leader is 0", "leader other than leader", "leaders at least 3", "campaigns at most 1"],
    );
}

#[test]
fn a_script_can_say_what_a_leader_knows_of_its_peers() {
    holds(
        ASKED,
        &["commit 0 = 3", "next 0 -> 1 = 4", "match 0 -> 2 = 3", "not probing leader -> 1"],
        &["commit 0 = 2", "next 0 -> 1 = 3", "match 0 -> 2 = 2", "probing leader -> 1"],
    );
    for condition in ["next 1 -> 0 = 1", "probing 1 -> 0", "not probing 1 -> 0"] {
        let why = stops(&format!("{ASKED}expect {condition}"));
        assert!(matches!(why, Some(Why::NotLeading(_))), "{condition}: {why:?}");
    }
    let probes = "nodes 3\nthreads off\nmanual\ntimeout 0\ndeliver request-vote 0 -> 1\n\
                  deliver request-vote-reply 1 -> 0\nsubmit to 0 SET x=1\ndeliver append-entries 0 -> 2\n\
                  deliver append-entries-reply 2 -> 0\n";
    holds(probes, &["probing 0 -> 2", "next 0 -> 2 = 1"], &["not probing 0 -> 2"]);
}

#[test]
fn a_paused_process_stands_still_and_hears_what_has_waited_when_it_goes_on() {
    let paused = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\npause 1\n\
                  write SET x=1\nwait 6s\nsubmit to 1 GET x\n";
    holds(
        paused,
        &["log 1 = 1@1", "campaigns = 1", "match 0 -> 1 = 1", "unanswered"],
        &["value x=1 on 1", "refused"],
    );
    let resumed = format!("{paused}resume 1\n");
    holds(&resumed, &["log 1 = 1@1 2@1", "refused", "campaigns = 1"], &["unanswered"]);
    for (line, cannot) in [
        ("pause 1", CannotDo::IsPaused(NodeId::new(1))),
        ("timeout 1", CannotDo::IsPaused(NodeId::new(1))),
        ("heartbeat 1", CannotDo::IsPaused(NodeId::new(1))),
        ("resume 0", CannotDo::IsNotPaused(NodeId::new(0))),
    ] {
        assert_eq!(stops(&format!("{paused}{line}")), Some(Why::Cannot(cannot)), "{line}");
    }
    let crashed = format!("{paused}crash 1\nrestart 1\nwait until in step\n");
    holds(&crashed, &["unanswered", "value x=1 on 1"], &["refused"]);
}

/// The leader sends more heartbeats than may wait. What is lost is repaired.
#[test]
fn of_the_messages_to_a_paused_process_so_many_wait_and_the_others_are_lost() {
    let lines = "nodes 3\ntimeout 0\nwait until leader is 0\npause 1\nsubmit SET x=1\nwait 3600s\n\
                 submit SET y=1\nwait 3600s\n";
    let script = Script::parse("script", lines).unwrap();
    let recorder = Recorder::new(&script.header(Clock::Virtual));
    let observers: Vec<Box<dyn Observer>> = vec![Box::new(recorder.clone())];
    let sim = Sim::new(SimConfig::of(&script), observers);
    let mut told = ();
    let mut runner = Runner::new(sim, &mut told);
    runner.run(&script.lines).unwrap();
    assert_eq!(runner.world().at_paused().len(), MOST_WAITING);
    let goes_on =
        Script::parse("script", "nodes 3\nresume 1\nwait 1s\nexpect in step\nexpect safe\n");
    runner.run(&goes_on.unwrap().lines).unwrap();
    assert!(runner.world().at_paused().is_empty());
    let history = recorder.history();
    let to_it = history.messages().iter().filter(|sent| sent.envelope.to == NodeId::new(1));
    let lost = to_it.filter(|sent| sent.lost_in.iter().any(|(_, why)| *why == Loss::Full));
    assert!(lost.count() > 4_000, "it is paused for 14,400 heartbeats");
}

#[test]
fn a_disk_that_is_lost_gives_a_vote_twice_and_the_checker_says_so() {
    let wiped = "nodes 3\nthreads off\nmanual\ntimeout 0\ntimeout 2\ndeliver request-vote 0 -> 1\n\
                 deliver request-vote-reply 1 -> 0\ncrash 1\nwipe 1\nrestart 1\n";
    holds(wiped, &["leader is 0", "term 1 = 0", "vote 1 = none", "log 1 = empty"], &["term 1 = 1"]);
    assert_eq!(stops(&format!("{wiped}expect safe\n")), None, "the loss itself is no violation");
    let again = format!("{wiped}deliver request-vote 2 -> 1\ndeliver request-vote-reply 1 -> 2\n");
    let violated = format!("{again}expect violation vote-uniqueness election-safety\n");
    assert_eq!(stops(&violated), None);
    let up = Some(Why::Cannot(CannotDo::IsUp(NodeId::new(0))));
    assert_eq!(stops("wipe 0"), up);
}

#[test]
fn a_timer_that_stands_still_and_a_heartbeat_that_is_not_due_are_failures() {
    let leads = "nodes 3\ntimeout 0\nwait until leader is 0\n";
    let timeout = stops(&format!("{leads}timeout leader\n"));
    assert_eq!(timeout, Some(Why::Cannot(CannotDo::Leads(NodeId::new(0)))));
    let heartbeat = stops(&format!("{leads}heartbeat 1\n"));
    assert_eq!(heartbeat, Some(Why::Cannot(CannotDo::DoesNotLead(NodeId::new(1)))));
}

/// As in a command, blanks around the sign mean nothing.
#[test]
fn a_value_may_have_blanks_around_its_sign() {
    let written =
        "nodes 3\ntimeout 0\nwait until leader\nwrite SET x = 1\nwrite GET x\nwait until in step\n";
    let conditions = ["value x = 1", "value x =1 on all", "value x=1", "told x = 1"];
    holds(written, &conditions, &["value x = 2", "value y = 1"]);
}

#[test]
fn an_expected_violation_excuses_no_other() {
    let (_, text) = BROKEN.iter().find(|row| row.0 == "broken/one-vote-per-term").unwrap();
    let (moves, _) = text.split_once("expect violation").unwrap();
    for (named, others) in [
        ("election-safety vote-uniqueness", None),
        ("election-safety", Some(Property::VoteUniqueness)),
        ("vote-uniqueness", Some(Property::ElectionSafety)),
    ] {
        let why = stops(&format!("{moves}expect violation {named}\n"));
        assert_eq!(why, others.map(|other| Why::AlsoViolated(vec![other])), "{named}");
    }
    let unviolated = stops(&format!("{moves}expect violation vote-uniqueness log-matching\n"));
    assert_eq!(unviolated, Some(Why::Unviolated(Property::LogMatching)));
}

#[test]
fn a_violation_that_is_tried_for_is_expected_too() {
    let (_, text) = BROKEN.iter().find(|row| row.0 == "broken/one-vote-per-term").unwrap();
    let expects = Script::parse("script", text).unwrap().expected_violations();
    let tried = text.replace("expect violation", "try expect violation");
    assert_eq!(Script::parse("script", &tried).unwrap().expected_violations(), expects);
    assert!(!expects.is_empty());
}

/// Without a rule several nodes may lead the highest term, and each of them is its leader.
#[test]
fn who_leads_the_highest_term_is_the_leader_even_if_others_are_too() {
    let two = "nodes 3\nno-op off\nthreads off\nbreak one-vote-per-term\nmanual\ntimeout 0\ntimeout 1\n\
               deliver request-vote 0 -> 2\ndeliver request-vote 1 -> 2\n\
               deliver request-vote-reply 2 -> 0\ndeliver request-vote-reply 2 -> 1\n";
    let both = ["leader is 0", "leader is 1", "leader other than 0", "leader other than 1"];
    holds(two, &both, &["leader is 2", "no leader"]);
    let deposed = "nodes 3\ntimeout 0\nwait until leader is 0\npartition 0\n\
                   wait until leader of term 2 or later\n";
    holds(deposed, &["role 0 = leader", "leader other than 0"], &["leader is 0"]);
}

#[test]
fn the_lines_of_a_block_are_carried_out_as_often_as_it_says() {
    let three = "nodes 3\ntimeout 0\nwait until leader\nrepeat 3\nwrite ADD x 1\nrepeat 2\n\
                 write ADD y 1\nend\nend\nwait until in step\n";
    holds(three, &["value x=3", "value y=6", "commit 0 = 10", "told client 9 y=6"], &["value x=1"]);
    let script = Script::parse("script", three).unwrap();
    assert_eq!(Script::parse("script", &script.to_string()).unwrap().lines.len(), 9);
    for (text, sentence) in [
        ("heal\nend\n", "script:2:1: 'end' does not fit; expected a verb; no 'repeat' is open"),
        ("repeat 2\nheal\n", "script:1:9: the line ends too soon; expected an 'end' further down"),
        ("repeat 0\nend\n", "'0' does not fit; expected how often, from 1 to 100000"),
        ("repeat 99999\nheal\nheal\nend\n", "script:4:1: 'end' does not fit; expected fewer"),
        ("try repeat 2\n", "'repeat' does not fit; expected a line that says what to try"),
    ] {
        let error = Script::parse("script", text).unwrap_err().to_string();
        assert!(error.contains(sentence), "{text}: {error}");
    }
}

#[test]
fn a_node_that_is_to_lead_stands_again_until_it_does() {
    let twice = "nodes 3\nelect 0\nwait until in step\nelect 2\nelect 2\n";
    holds(twice, &["leader is 2", "campaigns = 2"], &[]);
    let cut = "nodes 3\ncut 0\ntry elect 0\n";
    holds(cut, &["leader other than 0", "role 0 = candidate", "campaigns at least 12"], &[]);
    let other = Why::NotSo(vec![(NodeId::new(1), Found::Leads(Term::new(1)))]);
    assert_eq!(stops("nodes 3\ncut 0\nelect 0\n"), Some(Why::TimedOut(PATIENCE, Box::new(other))));
    assert_eq!(stops("crash 0\nelect 0\n"), Some(Why::Cannot(CannotDo::IsDown(NodeId::new(0)))));
}

#[test]
fn a_patient_client_waits_for_no_leader_that_another_has_replaced() {
    let split = "nodes 5\nelect 0\nwait until in step\npartition 0 1 | 2 3 4\nwrite SET x=1\n";
    holds(split, &["role 0 = leader", "unanswered client 1", "answered client 2"], &[]);
}

/// Two attempts of one write are two operations, and an ADD shows that both were done.
#[test]
fn a_command_that_runs_twice_is_seen_in_what_it_added() {
    let twice = "nodes 3\ntimeout 0\nwait until leader is 0\nsubmit to 0 ADD x 1\n\
                 submit to 0 ADD x 1\nwait 1s\nwrite GET x\n";
    holds(
        twice,
        &["told client 1 x=1", "told client 2 x=2", "told x=2", "value x=2"],
        &["told x=1"],
    );
    assert_eq!(stops(&format!("{twice}expect safe\n")), None);
}

#[test]
fn a_node_that_is_still_to_crash_is_none_that_has_crashed() {
    let to_crash = "nodes 3\ncrash 0\ncrash 1 before send\n";
    // n1 takes no step in the meantime.
    assert_eq!(stops(&format!("{to_crash}restart crashed\nexpect role 0 = follower")), None);
    let back = format!("{to_crash}restart all\n");
    assert_eq!(stops(&format!("{back}restart crashed")), Some(Why::NoneCrashed));
    let then = "timeout 1\nrestart crashed\nexpect role 1 = follower";
    assert_eq!(stops(&format!("{back}{then}")), None);
    // The node that crashed last need not be the one that was last told to crash.
    let told = "nodes 3\ncrash 1 before send\ncrash 0\ntimeout 1\n";
    assert_eq!(stops(&format!("{told}restart crashed\nexpect role 1 = follower")), None);
}

#[test]
fn links_are_bad_one_by_one_until_all_are_changed() {
    let deaf = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\ndrop 100% of 0 -> 1\n\
                write SET x=1\n";
    holds(deaf, &["log 2 = 1@1 2@1", "match 0 -> 1 = 1"], &["log 1 = 1@1 2@1"]);
    let alike = format!("{deaf}drop 0%\nwait until in step\n");
    holds(&alike, &["value x=1 on all"], &["role 0 = follower"]);
    let slow = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\ndelay 300ms of 2\n\
                write SET x=1\nwait 100ms\n";
    holds(slow, &["log 1 = 1@1 2@1", "log 2 = 1@1"], &["log 2 = 1@1 2@1"]);
    let alone = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\ncut 0\n\
                 wait until leader other than 0\nwrite SET x=1\n";
    holds(alone, &["role 0 = leader", "log 0 = 1@1"], &["value x=1 on 0"]);
}

/// What a line names by what it is, is what it is when the line is carried out.
#[test]
fn the_leader_and_the_crashed_node_can_be_cut_off_and_healed() {
    let led = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\n";
    let cut = format!("{led}cut leader\nwait until leader other than 0\n");
    holds(&cut, &["role 0 = leader", "log 0 = 1@1"], &["value x=1 on 0"]);
    holds(&format!("{cut}heal 0\nwait until in step\n"), &["role 0 = follower"], &[]);
    let split = format!("{led}partition leader | 1 2\nwait until leader other than 0\n");
    holds(&split, &["role 0 = leader"], &[]);
    let deaf = format!("{led}drop 100% of leader -> 1\nwrite SET x=1\n");
    holds(&deaf, &["log 2 = 1@1 2@1"], &["log 1 = 1@1 2@1"]);
    let back = format!("{led}crash 2\ncut crashed <-> leader\nrestart 2\nwrite SET x=1\n");
    holds(&back, &["log 1 = 1@1 2@1"], &["log 2 = 1@1 2@1"]);
    let twice = Some(Why::NamedTwice(NodeId::new(0)));
    for line in ["cut leader -> 0", "heal 0 <-> leader", "partition 0 1 | leader 2"] {
        assert_eq!(stops(&format!("{led}{line}\n")), twice, "{line}");
    }
    for line in ["cut leader", "partition leader | 1", "delay 1ms of leader"] {
        assert_eq!(stops(&format!("nodes 3\n{line}\n")), Some(Why::NoLeader), "{line}");
    }
}

/// A line that fails says what the nodes were found with that it asks; so does one that waited in vain.
#[test]
fn what_does_not_hold_is_told_as_it_stands() {
    let led = "nodes 3\ntimeout 0\nwait until leader is 0\nwait until in step\ncut 2\nwrite SET x=1\n\
               wait 100ms\ncrash 1\n";
    let [n0, n1, n2] = [0, 1, 2].map(NodeId::new);
    let (one, two) = (LogIndex::new(1), LogIndex::new(2));
    let value = |value: Option<&str>| Found::Value("x".to_owned(), value.map(str::to_owned));
    let log = |last| (1..=last).map(|index| LogPosition::new(index, 1)).collect();
    for (condition, found) in [
        ("leader is 1", vec![(n0, Found::Leads(Term::new(1)))]),
        ("no leader", vec![(n0, Found::Leads(Term::new(1)))]),
        ("role 2 = leader", vec![(n2, Found::Role(RoleKind::Follower))]),
        ("role 1 = follower", vec![(n1, Found::Down)]),
        ("term leader = 2", vec![(n0, Found::Term(Term::new(1)))]),
        ("vote 2 = none", vec![(n2, Found::Vote(Some(n0), Term::new(1)))]),
        ("commit 2 = 2", vec![(n2, Found::CommitIndex(one))]),
        ("committed 2", vec![(n0, Found::CommitIndex(two)), (n2, Found::CommitIndex(one))]),
        ("committed SET x=1", vec![(n0, Found::Committed(true)), (n2, Found::Committed(false))]),
        ("not committed SET x=1 on 0", vec![(n0, Found::Committed(true))]),
        ("log 1 = empty", vec![(n1, Found::Log(log(2)))]),
        ("value x=1", vec![(n0, value(Some("1"))), (n2, value(None))]),
        ("no value x on leader", vec![(n0, value(Some("1")))]),
        ("next 0 -> 2 = 9", vec![(n0, Found::NextIndex(n2, LogIndex::new(3)))]),
        ("match 0 -> 2 = 9", vec![(n0, Found::MatchIndex(n2, one))]),
        ("probing 0 -> 2", vec![(n0, Found::Probing(n2, false))]),
        (
            "in step",
            vec![
                (n0, Found::LogEnd(LogPosition::new(2, 1))),
                (n2, Found::LogEnd(LogPosition::new(1, 1))),
            ],
        ),
        // A node that is down has neither committed a command nor not committed it.
        ("not committed SET x=1 on 1", vec![(n1, Found::Down)]),
    ] {
        let why = Why::NotSo(found);
        assert_eq!(stops(&format!("{led}expect {condition}\n")), Some(why.clone()), "{condition}");
        let bound = Duration::from_millis(1);
        let waited = stops(&format!("{led}wait 1ms until {condition}\n"));
        assert_eq!(waited, Some(Why::TimedOut(bound, Box::new(why))), "{condition}");
    }
    let down = stops(&format!("{led}crash 0\nexpect leader\n"));
    assert_eq!(down, Some(Why::NoLeader));
    // What is to be so on all nodes that run is not so if none does.
    for condition in
        ["committed 0", "value x=1", "no value y", "not committed SET y=1 on majority", "in step"]
    {
        let none = stops(&format!("{led}crash 0\ncrash 2\nexpect {condition}\n"));
        assert_eq!(none, Some(Why::NoneUp), "{condition}");
    }
    let same =
        "nodes 3\ntimeout 0\nwait until leader is 0\nwait until log 2 = 1@1\nexpect in step\n";
    let behind = |at: u64| Found::CommitIndex(LogIndex::new(at));
    assert_eq!(
        stops(same),
        Some(Why::NotSo(vec![(n0, behind(0)), (n1, behind(0)), (n2, behind(0))]))
    );
}

#[test]
fn a_message_that_is_held_back_waits_for_its_name_and_others_pass_it() {
    let held = "nodes 3\nno-op off\ntimeout 0\nhold request-vote 0 -> 1\nwait 100ms\n";
    holds(held, &["leader is 0", "term 1 = 1", "vote 1 = none"], &["vote 1 = 0"]);
    holds(&format!("{held}deliver request-vote 0 -> 1\n"), &["vote 1 = 0"], &["vote 1 = none"]);
    // The message can arrive again, but only when a line names it.
    let twice = "deliver request-vote 0 -> 1\ndeliver request-vote 0 -> 1\n";
    assert_eq!(stops(&format!("{held}{twice}wait 10s\n")), None);
    let gone = stops(&format!("{held}hold request-vote 0 -> 1\n"));
    assert!(matches!(gone, Some(Why::Cannot(CannotDo::WaitsForName(_)))), "{gone:?}");
    // 'automatic' lets it go.
    holds(&format!("{held}manual\nautomatic\nwait 100ms\n"), &["vote 1 = 0"], &[]);
}

#[test]
fn a_message_that_is_duplicated_arrives_twice_and_means_once() {
    let voted = "nodes 5\ntimeout 0\nduplicate request-vote 0 -> 1\nstep 20\n";
    holds(voted, &["leader is 0", "campaigns = 1"], &[]);
    // The name means the first copy, and then the second.
    let named = "nodes 3\ntimeout 0\nduplicate request-vote 0 -> 1\n";
    let deliver = "deliver request-vote 0 -> 1\n";
    assert_eq!(stops(&format!("{named}{deliver}{deliver}")), None);
    let third = stops(&format!("{named}{deliver}{deliver}{deliver}"));
    assert!(matches!(third, Some(Why::Cannot(CannotDo::NoSuchMessage(_)))), "{third:?}");
    // Under manual control everything can arrive again already.
    let manual = stops("nodes 3\nmanual\ntimeout 0\nduplicate request-vote 0 -> 1\n");
    assert!(matches!(manual, Some(Why::Cannot(CannotDo::WaitsForName(_)))), "{manual:?}");
}
