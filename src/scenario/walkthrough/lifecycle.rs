//! Sections 1 to 7: the life of one node, from its start to its vote for a successor.

use crate::raft::{Command, Envelope, Input, NodeId, Settings, Term};
use crate::server::timing::Timing;

use super::script::Walkthrough;
use super::{N0, N1, N2, Options};

const COMMANDS: [&str; 3] = ["SET x=1", "SET y=2", "DELETE z"];

/// The term that n1 tries to win while n0 hears nothing. n0 then hears of the term after it.
const OTHERS_TERM: Term = Term::new(4);

pub(super) fn play(script: &mut Walkthrough, options: Options) {
    starts(script, options);
    let requests = campaigns(script, options);
    let mut mail = wins(script, options, &requests);
    mail.extend(takes_commands(script, options));
    commits(script, options, &mail);
    script.open("It sees a higher term and steps down");
    let options = with_others(script, options);
    let requests = steps_down(script, options);
    votes(script, &requests);
}

/// Returns how many other nodes form a majority together with one node.
const fn others_needed(nodes: usize) -> usize {
    Settings::new(nodes).majority() - 1
}

fn starts(script: &mut Walkthrough, options: Options) {
    script.open("A node starts as a follower in term 0");
    let size = if options.nodes == 1 {
        "Node n0 is a cluster of its own.".to_owned()
    } else {
        format!("Node n0 is one of {}, which all start alike.", options.nodes)
    };
    script.say(
        "§5.2",
        format!("{size} It knows no leader, has voted for no one, and its log is empty."),
    );
    script.start(N0);
    let Timing { election_min, election_max, .. } = Timing::WATCHABLE;
    script.say(
        "§5.2",
        format!(
            "A follower only answers. How long it waits for a leader is drawn at random, from {:.1} to \
             {:.1} s, so two nodes rarely run out of patience at the same moment.",
            election_min.as_secs_f64(),
            election_max.as_secs_f64()
        ),
    );
}

fn campaigns(script: &mut Walkthrough, options: Options) -> Vec<Envelope> {
    script.open("Its election timer ends: it campaigns");
    let others = if options.nodes == 1 {
        "there are no others to ask, and its own vote is a majority already."
    } else {
        "then it asks the others."
    };
    script.say(
        "§5.2",
        format!(
            "No leader was heard in time. So n0 begins a new term and votes for itself; {others}"
        ),
    );
    let requests = script.step(N0, Input::ElectionTimeout);
    script.say(
        "§5, Figure 2",
        "Before a message may leave, what it relies on must be on disk: a node that crashed now and \
         forgot its vote could give it a second time, and then a term could have two leaders.",
    );
    script.disk(N0);
    requests
}

fn wins(script: &mut Walkthrough, options: Options, requests: &[Envelope]) -> Vec<Envelope> {
    script.open("A majority of votes makes it the leader");
    let settings = Settings::new(options.nodes);
    let (majority, others) = (settings.majority(), others_needed(options.nodes));
    if options.nodes == 1 {
        script.say(
            "§5.2",
            format!(
                "A majority of {} is {majority}: the election was won as it began.",
                options.nodes
            ),
        );
        script.log(N0);
        script.say("§8, §5.4.2", WHY_NO_OP);
        return Vec::new();
    }
    script.say(
        "§5.2",
        format!(
            "Two majorities always share a node, and a node has one vote a term: so a term has one \
             leader at most. Of {} nodes {majority} are a majority; n0 has its own vote and needs \
             {others} more.",
            options.nodes
        ),
    );
    let mut mail = Vec::new();
    for voter in NodeId::all(options.nodes).skip(1).take(others) {
        let reply = script.stage.deliver(requests, voter);
        mail = script.deliver(&reply, N0);
    }
    script.say("§8, §5.4.2", WHY_NO_OP);
    mail
}

const WHY_NO_OP: &str = "The leader appends an entry of its own term at once, though nobody asked. \
    Older entries in its log may be committed or not, and counting copies cannot tell \
    (section 10): committing this entry commits all before it.";

fn takes_commands(script: &mut Walkthrough, options: Options) -> Vec<Envelope> {
    script.open("It takes three commands into its log");
    let then = if options.nodes == 1 {
        "With others it would send them on and wait; alone, its own copy is a majority."
    } else {
        "It sends them on at once. They are not committed yet: nothing is applied, and no client \
         is answered."
    };
    script.say(
        "§5.3",
        format!("Clients talk to the leader, which appends their commands to its log. {then}"),
    );
    let commands = COMMANDS.into_iter().map(Command::new).collect();
    let mail = script.step(N0, Input::Propose(commands));
    script.log(N0);
    mail
}

fn commits(script: &mut Walkthrough, options: Options, mail: &[Envelope]) {
    script.open("A majority holds them: commit, then apply");
    if options.nodes == 1 {
        script.say(
            "§5.3",
            "A cluster of one has its majority as soon as the leader's own disk has the entries: \
             they were committed, and applied, in the same step as they were taken in.",
        );
        script.store(N0);
        return;
    }
    script.say(
        "§5.3",
        "A follower takes entries only after one that it shares with the leader. By induction \
         the two logs are then equal up to the new entries: that is Log Matching.",
    );
    let (no_op, commands) = split_by_round(mail);
    script.stage.deliver(no_op, N1);
    let first = script.deliver(commands, N1);
    script.say(
        "§5.3",
        "The replies to the no-op are lost on the way, which does not matter: a reply acknowledges \
         the whole log up to its index.",
    );
    script.deliver(&first, N0);
    for follower in NodeId::all(options.nodes).skip(2).take(others_needed(options.nodes) - 1) {
        script.stage.deliver(no_op, follower);
        let reply = script.stage.deliver(commands, follower);
        script.deliver(&reply, N0);
    }
    script.say(
        "§5.3",
        "A committed entry is in the log of every later leader. Only now are entries applied, in the \
         order of the log, the same on every node; only now may the clients be answered.",
    );
    script.store(N0);
    script.say(
        "§5.3",
        "The followers learn of it with the next message, here a heartbeat: an AppendEntries \
         without entries.",
    );
    let heartbeats = script.step(N0, Input::HeartbeatDue);
    script.deliver(&heartbeats, N1);
}

/// Splits the leader's messages into its first round, one for each follower, and its second.
const fn split_by_round(mail: &[Envelope]) -> (&[Envelope], &[Envelope]) {
    mail.split_at(mail.len() / 2)
}

/// Provides the other nodes that the rest of the sections need: a cluster of one is replaced by three
/// nodes that have come as far, by steps that are not shown.
fn with_others(script: &mut Walkthrough, options: Options) -> Options {
    if options.nodes > 1 {
        return options;
    }
    let three = Options::new(3, options.seed);
    let mut past = Walkthrough::new(three);
    starts(&mut past, three);
    let requests = campaigns(&mut past, three);
    let mut mail = wins(&mut past, three, &requests);
    mail.extend(takes_commands(&mut past, three));
    commits(&mut past, three, &mail);
    script.stage = past.stage;
    script.say(
        "§5.1",
        "In a cluster of one no term ends, so n0 goes on as one of three, which have come as far.",
    );
    three
}

fn steps_down(script: &mut Walkthrough, options: Options) -> Vec<Envelope> {
    let before = script.stage.node(N0).current_term();
    let requests = the_others_go_on(script, options);
    let now = script.stage.node(N1).current_term();
    script.say(
        "§5.1",
        format!(
            "For a while n0 was cut off, and {} in term {now} by now. n0, in term {before}, cannot \
             know this, and goes on leading.",
            if options.nodes > 2 {
                "the others held elections of their own: they are"
            } else {
                "n1 campaigned in vain, again and again: it is"
            }
        ),
    );
    let heartbeats = script.step(N0, Input::HeartbeatDue);
    let informant = if options.nodes > 2 { N2 } else { N1 };
    let replies = script.stage.deliver(&heartbeats, informant);
    script.say(
        "§5.1",
        "The answer carries the higher term, and that is enough: a node that sees one, in a request \
         or a reply, becomes a follower in that term. An old leader cannot do harm once a majority has moved on.",
    );
    script.deliver(&replies, N0);
    requests
}

/// While n0 hears nothing, n1 campaigns until it wins, if there are enough other nodes to vote; then it
/// restarts and campaigns once more. Returns the requests of its last campaign.
fn the_others_go_on(script: &mut Walkthrough, options: Options) -> Vec<Envelope> {
    let stage = &mut script.stage;
    let requests = stage.campaign(N1, OTHERS_TERM);
    let voters = NodeId::all(options.nodes).skip(2).take(others_needed(options.nodes));
    for voter in voters {
        let reply = stage.deliver(&requests, voter);
        stage.deliver(&reply, N1);
    }
    stage.restart(N1);
    let requests = stage.time_out(N1);
    if options.nodes > 2 {
        stage.deliver(&requests, N2);
    }
    requests
}

fn votes(script: &mut Walkthrough, requests: &[Envelope]) {
    script.open("It votes for a candidate whose log is good enough");
    let (own, other) = (script.stage.node(N0).last(), script.stage.node(N1).last());
    let compared = if other > own { "ahead of" } else { "equal to" };
    script.say(
        "§5.2, §5.4.1",
        format!(
            "One of those elections is still open, and n1 asks for n0's vote too. Its log ends at \
             {other}, {compared} n0's {own}. All three conditions of a vote hold: the term is \
             current, the vote is free, the log is at least as up to date."
        ),
    );
    script.deliver(requests, N0);
}
