//! What a line of a scenario can say: the table of verbs, and the table of conditions.

use std::fmt;
use std::time::Duration;

use super::arguments::{
    Addressee, Asker, CommandBeforeOn, CommandText, Events, Number, Pair, Remark, TermOrLater,
    TextBeforeOn, Times, ToldKey, ToldPair,
};
use super::quantity::LONGEST_TIME;
use super::tokens::Words;
use super::usage::{Kind, Usage, argument, examples, table};
use crate::network::Conditions;
use crate::raft::{LogPosition, NodeId, Property, RoleKind};
use crate::record::message_name::MessageName;
use crate::server::turn_order::CrashPoint;

/// A node, by number or by what it is when the line is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// The node with this number.
    Node(NodeId),
    /// The leader.
    Leader,
    /// The node that crashed last.
    Crashed,
}

impl Who {
    /// The node, if it is named by its number.
    pub const fn numbered(self) -> Option<NodeId> {
        if let Self::Node(node) = self { Some(node) } else { None }
    }
}

/// The nodes on which something is to be true.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// On this one.
    One(Who),
    /// On a majority of the cluster.
    Majority,
    /// On every node that runs.
    All,
}

/// What is to be committed: a number of entries, or a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Committed {
    /// At least this many entries.
    Count(u64),
    /// A command with this text.
    Command(String),
}

/// Some of the links.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkSet {
    /// From one node to another.
    OneWay(Who, Who),
    /// Between two nodes, in both directions.
    Between(Who, Who),
    /// All links of a node, in both directions.
    All(Who),
}

impl LinkSet {
    /// The link from one of these nodes to the other.
    pub(super) const fn from_to(from: NodeId, to: NodeId) -> Self {
        Self::OneWay(Who::Node(from), Who::Node(to))
    }
}

/// A bound on how many of something there have been.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// Exactly this many.
    Exactly(u64),
    /// This many or fewer.
    AtMost(u64),
    /// This many or more.
    AtLeast(u64),
}

impl Amount {
    /// Whether `count` is within the bound.
    pub const fn admits(self, count: u64) -> bool {
        match self {
            Self::Exactly(amount) => count == amount,
            Self::AtMost(amount) => count <= amount,
            Self::AtLeast(amount) => count >= amount,
        }
    }
}

/// The word for a property, in kebab-case.
pub fn property_word(property: Property) -> String {
    property.name().to_lowercase().replace(' ', "-")
}

table! {
    /// What a line says.
    #[derive(Clone, PartialEq, Debug)]
    Verb, "a verb" {
        "submit", "[to N] COMMAND", "hand a command to node N, or to the leader once there is one, and go on" =>
            Move Submit { to: Who as Addressee, command: String as CommandText };
        "write", "COMMAND", "find the leader, wait for its answer; without one ask the next (it may be done twice)" =>
            Wait Write(command: String as CommandText);
        "retry", "COMMAND", "like write, but numbered, so that it is done once; ask every second until answered" =>
            Wait Retry(command: String as CommandText);
        "lose answer", "N|leader", "lose the next answer that a node gives a client" =>
            Move LoseAnswer(who: Who);
        "crash", "N|leader [before save|before send]",
            "crash a node, at once or within its next step" =>
            Move Crash { who: Who, point: CrashPoint };
        "restart", "N|crashed|all", "start a crashed node again with what was durable" =>
            Move Restart(who: Who),
            Wait "all" RestartAll;
        "wipe", "N|crashed", "lose the disk of a node that is down" =>
            Move Wipe(who: Who);
        "pause", "N|leader", "stop a process: its timers stop, and messages to it wait" =>
            Move Pause(who: Who);
        "resume", "N", "let a paused process go on; messages that waited arrive" =>
            Move Resume(who: Who);
        "partition", "0 1 | 2 3 4",
            "split the cluster, in place of all cuts so far; nodes not named form one group" =>
            Links Partition(groups: Vec<Vec<Who>>);
        "cut", "1 -> 2 (or 1 <-> 2, or 1)", "cut a link in one direction, or in both, or all of a node" =>
            Links Cut(links: LinkSet);
        "heal", "[1 -> 2 (or 1 <-> 2, or 1)]",
            "undo all cuts and splits, or those of a link, or of a node; drop and delay settings stay" =>
            Links HealLinks(links: LinkSet),
            Links Heal;
        "drop", "20% [of LINKS] (or: append-entries 0 -> 1)", "lose messages by chance, or one by name" =>
            Links DropRate(rate: f64, links: Option<LinkSet>),
            Links Remove(message: MessageName);
        "duplicate", "10% [of LINKS] (or: append-entries 0 -> 1)",
            "let messages arrive twice by chance, or one by name" =>
            Links DuplicateRate(rate: f64, links: Option<LinkSet>),
            Links Duplicate(message: MessageName);
        "hold", "append-entries 0 -> 1", "hold a message back until it is delivered by name" =>
            Links Hold(message: MessageName);
        "delay", "5ms..40ms [of LINKS]",
            "how long messages take; LINKS are 1 -> 2, 1 <-> 2, or all of node 1" =>
            Links Delay(latency: (Duration, Duration), links: Option<LinkSet>);
        "timeout", "N", "end the election timer of a node that does not lead: it campaigns" =>
            Move Timeout(who: Who);
        "elect", "N", "end a node's election timer, every second until it leads" =>
            Wait Elect(who: Who);
        "heartbeat", "N|leader", "make a leader send a heartbeat now" =>
            Move Heartbeat(who: Who);
        "manual", "", "stop timers and links; messages wait to be delivered by name" =>
            Links Manual;
        "automatic", "", "let timers and links run again" =>
            Links Automatic;
        "deliver", "append-entries 0 -> 1 [older N]",
            "let a message arrive: request-vote, append-entries, or its -reply" =>
            Move Deliver(message: MessageName);
        "wait", "2s (or: [5s] until CONDITION)", "let the cluster run" =>
            Wait WaitUntil { within: Option<Duration>, "until" condition: Condition },
            Wait Wait(time: Duration);
        "step", "[N]", "let the next event happen, or the next N, and tell each (virtual time)" =>
            Wait Step(events: u64 as Events);
        "repeat", "N", "carry out the lines down to 'end' N times (in a script)" =>
            Tell Repeat(times: u64 as Times);
        "end", "", "the end of the lines that are repeated" =>
            Tell End;
        "try", "LINE", "carry a line out, and go on even if it fails" =>
            Wait Try(line: Box<Self>);
        "expect", "CONDITION", "fail unless CONDITION is true now" =>
            Look Expect(condition: Condition);
        "expect safe", "", "fail if a property was violated" =>
            Look ExpectSafe;
        "expect violation", "election-safety [...]",
            "fail unless this property was violated, or these, and no other" =>
            Look ExpectViolation(properties: Vec<Property>);
        "expect stall", "6s until CONDITION", "fail if CONDITION comes true within that time" =>
            Wait ExpectStall { within: Duration, "until" condition: Condition };
        "status", "", "show how every node stands" =>
            Look Status;
        "note", "TEXT", "say something" =>
            Tell Note(text: String as Remark);
        "phase", "TEXT", "open a part of the story" =>
            Tell Phase(text: String as Remark);
    }
}

impl Condition {
    /// Whether it is enough that it is true of more than half of the cluster.
    pub(super) const fn asks_majority(&self) -> bool {
        matches!(
            self,
            Self::Committed(_, On::Majority)
                | Self::NotCommitted(_, On::Majority)
                | Self::Value(_, On::Majority)
                | Self::NoValue(_, On::Majority)
        )
    }
}

impl Verb {
    /// Returns the lines that let this time pass together, because one line can name an hour at most.
    pub fn waits(time: Duration) -> impl Iterator<Item = Self> {
        let mut left = time;
        std::iter::from_fn(move || {
            let next = left.min(LONGEST_TIME);
            left -= next;
            (next > Duration::ZERO).then_some(Self::Wait(next))
        })
    }

    /// Whether a line that fails may have let the world run first: it waits, or it submits a command to the
    /// leader, and waits until there is one.
    pub fn may_move_and_fail(&self) -> bool {
        self.kind() == Kind::Wait || matches!(self, Self::Submit { .. })
    }

    /// Returns the lines that change the conditions of these links, or of all, from `before` to `after`.
    pub(super) fn changes(
        before: &Conditions,
        after: &Conditions,
        links: Option<LinkSet>,
    ) -> Vec<Self> {
        let latency = |it: &Conditions| (it.latency_min, it.latency_max);
        let mut verbs = Vec::new();
        if latency(before) != latency(after) {
            verbs.push(Self::Delay(latency(after), links));
        }
        if before.drop.total_cmp(&after.drop).is_ne() {
            verbs.push(Self::DropRate(after.drop, links));
        }
        if before.duplicate.total_cmp(&after.duplicate).is_ne() {
            verbs.push(Self::DuplicateRate(after.duplicate, links));
        }
        verbs
    }
}

table! {
    /// Something that is true of the cluster or not: to wait for, or to expect.
    #[derive(Clone, PartialEq, Eq, Debug)]
    Condition, "a condition" {
        "leader", "[is N|other than N|of term T or later]",
            "there is a leader, or N leads the highest term that is led, or another does, or one of a later term" =>
            Look Leader(who: Option<Who>),
            Look "other" LeaderOther("than" who: Who),
            Look "of" LeaderSince("term" term: u64 as TermOrLater);
        "no leader", "", "no node leads" =>
            Look NoLeader;
        "role", "N = follower", "a node's role: follower, candidate or leader" =>
            Look Role(who: Who, "=" role: RoleKind);
        "committed", "SET x=1 (or 3) [on N|majority|all]",
            "a command, or at least so many entries, are committed there" =>
            Look Committed(what: Committed, on: On);
        "not committed", "SET x=1 [on N|majority|all]", "a command is committed on none of these" =>
            Look NotCommitted(text: String as CommandBeforeOn, on: On);
        "log", "2 = 1@1 2@1 3@2", "a log, each entry as index@term; 'empty' for none" =>
            Look Log(who: Who, "=" entries: Vec<LogPosition>);
        "term", "N = 3", "a node's current term" =>
            Look Term(who: Who, "=" term: u64);
        "vote", "N = 2", "a node's vote in its term; 'none' for none" =>
            Look Vote(who: Who, "=" vote: Option<NodeId>);
        "value", "x=1 [on N|majority|all]", "what the key-value store holds" =>
            Look Value(pair: (String, String) as Pair, on: On);
        "no value", "x [on N|majority|all]", "the key-value store holds nothing under a key" =>
            Look NoValue(key: String as TextBeforeOn, on: On);
        "commit", "N = 3", "a node's commit index" =>
            Look Commit(who: Who, "=" index: u64 as Number);
        "next", "N -> 2 = 4", "leader N's nextIndex for a peer" =>
            Look NextIndex { leader: Who, "->" peer: NodeId, "=" index: u64 as Number };
        "match", "N -> 2 = 3", "leader N's matchIndex for a peer" =>
            Look MatchIndex { leader: Who, "->" peer: NodeId, "=" index: u64 as Number };
        "probing", "N -> 2", "leader N waits to learn where the peer's log agrees with its own" =>
            Look Probing { leader: Who, "->" peer: NodeId };
        "not probing", "N -> 2", "leader N sends the peer entries as they come" =>
            Look NotProbing { leader: Who, "->" peer: NodeId };
        "campaigns", "= 3 (or at most 3, at least 3)", "how often a node has campaigned so far" =>
            Look Campaigns(amount: Amount);
        "leaders", "= 3 (or at most 3, at least 3)", "how many elections have been won so far" =>
            Look Leaders(amount: Amount);
        "answered", "[client N]",
            "the last client, or client N, was told that its command is done" =>
            Look Answered(client: Option<u64> as Asker);
        "told", "[client N] x=1", "the client's command on x was answered with this value" =>
            Look Told(client: Option<u64> as Asker, pair: (String, String) as ToldPair);
        "told no", "[client N] x", "the client's command on x was answered with no value" =>
            Look ToldNo(client: Option<u64> as Asker, key: String as ToldKey);
        "refused", "[client N]", "the node that the client asked does not lead, or was down" =>
            Look Refused(client: Option<u64> as Asker);
        "lost", "[client N]", "the client was told that its entry is lost: superseded by another" =>
            Look Lost(client: Option<u64> as Asker);
        "uncertain", "[client N]", "the client was told that the fate of its entry is unknown" =>
            Look Uncertain(client: Option<u64> as Asker);
        "unanswered", "[client N]", "the client has been told nothing so far" =>
            Look Unanswered(client: Option<u64> as Asker);
        "in step", "", "all running nodes hold, and have committed and applied, the same log, which is not empty" =>
            Look InStep;
    }
}
