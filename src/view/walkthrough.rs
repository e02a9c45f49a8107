//! The walkthrough as text: a heading for each section, and a paragraph or a block of lines for each beat.

use std::time::Duration;

use crate::raft::{
    Envelope, Event, LogIndex, LogPosition, NodeId, PersistentState, RaftNode, Role,
};
use crate::scenario::walkthrough::{AppliedEntry, Beat, Section, ShownStep};
use crate::server::state_machine::Reply;

use super::table::{Table, paragraph};
use super::words::{Speaker, duration, log_end, plural};
use super::{colour, event_text, logs, message, width};

/// The margin of the lines of a beat.
const INDENT: usize = 4;
/// The width of their first column: as wide as its longest word.
const LABEL: usize = 8;

/// What a reader should know first.
pub(crate) fn introduction() -> Vec<String> {
    let mut lines = vec![colour::heading("Raft, one node at a time").to_string(), String::new()];
    lines.extend(say(
        "Every line below comes from a real node: what it was given, which rules it asked and what it \
         compared, what it did, and what it sends.",
    ));
    lines.push(String::new());
    let legend = [
        ("3@1", "the entry at index 3, taken in by the leader of term 1"),
        ("n0", "a node"),
        ("kept", "a rule holds, or is obeyed; in brackets, where the Raft paper states it"),
        (
            "refused",
            "a rule does not allow it; also 'waits', 'ignored', 'limited', as the rule has it",
        ),
        ("broken", "a rule does not allow it, but was switched off"),
    ];
    let mut block = Block::new();
    for (sign, meaning) in legend {
        block.line(&colour::strong(sign), meaning);
    }
    lines.extend(block.0.lines());
    lines
}

/// One section.
pub(crate) fn section(section: &Section) -> Vec<String> {
    let title = format!("{}. {} ", section.number, section.title);
    let rule = "─".repeat(width().saturating_sub(title.chars().count()));
    let mut lines =
        vec![String::new(), format!("{}{}", colour::heading(&title), colour::faint(&rule))];
    for beat in &section.beats {
        lines.push(String::new());
        lines.extend(beat_lines(beat));
    }
    lines
}

/// Where to go from here.
pub(crate) fn conclusion() -> Vec<String> {
    let mut lines = where_to_go(&[
        ("raft-node rules", "every rule you have seen at work, and the others"),
        ("raft-node --nodes 4 --step", "the same in another cluster, a section at a time"),
        ("raft-cluster", "five nodes on threads: election, crash, re-election, nothing lost"),
        ("raft-cluster hunt --break ID", "what happens without a rule"),
    ]);
    lines.insert(2, String::new());
    lines
}

/// Commands to try next, and what each does.
pub(super) fn where_to_go(commands: &[(&str, &str)]) -> Vec<String> {
    let title = colour::heading("Where to go from here").to_string();
    let lines = vec![String::new(), title];
    let mut table = Table::new(INDENT);
    for &(command, what) in commands {
        table.row([colour::strong(command).to_string(), what.to_owned()]);
    }
    [lines, table.lines()].concat()
}

/// The prompt for a reader who wants one section at a time.
pub(crate) fn go_on() -> String {
    let text = colour::faint("Enter goes on, Ctrl-D ends:").to_string();
    format!("\n{} ", colour::finished(&text))
}

fn say(text: &str) -> Vec<String> {
    paragraph(text, "  ", "  ")
}

fn beat_lines(beat: &Beat) -> Vec<String> {
    match beat {
        Beat::Said { text, paper } => say(&format!("{text} ({paper})")),
        Beat::Started { node, election_timeout } => started(node, *election_timeout),
        Beat::Stepped(step) => stepped(step),
        Beat::Durable { node, disk } => durable(node, disk),
        Beat::Log(node) => log(node),
        Beat::Logs(nodes) => logs::draw(nodes),
        Beat::Store { node, values } => store(node, values),
    }
}

/// A block of lines, each with a label.
struct Block(Table);

impl Block {
    fn new() -> Self {
        Self(Table::new(INDENT).at_least(&[LABEL]))
    }

    fn line(&mut self, label: &colour::Painted, text: impl Into<String>) {
        self.0.row([label.to_string(), text.into()]);
    }
}

fn started(node: &RaftNode, timeout: Duration) -> Vec<String> {
    let mut block = Block::new();
    block.line(&colour::faint("state"), state(node));
    block.line(&colour::faint("timer"), format!("ends after {}", duration(timeout)));
    block.0.lines()
}

fn stepped(step: &ShownStep) -> Vec<String> {
    let id = step.after.id();
    let mut block = Block::new();
    block.line(&colour::strong("input"), event_text::input(id, &step.input));
    let speaker = Speaker::of(id, &step.input);
    for event in &step.events {
        match event {
            Event::Checked(verdict) => {
                block.line(&colour::outcome(verdict), event_text::reason(speaker, verdict));
            }
            event => {
                let name = colour::role(step.after.role().kind(), &id.to_string());
                block.line(&name, event_text::event(speaker, event));
            }
        }
    }
    for applied in &step.applied {
        block.line(&colour::faint("applies"), apply(applied));
    }
    if let Some(timeout) = step.election_timeout {
        block.line(
            &colour::faint("timer"),
            format!("drawn afresh: ends after {}", duration(timeout)),
        );
    }
    for (to, what) in grouped(&step.messages) {
        block.line(&colour::faint("sends"), format!("to {to}  {what}"));
    }
    block.line(&colour::faint("state"), state(&step.after));
    block.0.lines()
}

/// Joins equal messages to several nodes into one line.
fn grouped(messages: &[Envelope]) -> Vec<(String, String)> {
    let mut groups: Vec<(Vec<NodeId>, &Envelope)> = Vec::new();
    for envelope in messages {
        match groups.iter_mut().find(|(_, first)| first.message == envelope.message) {
            Some((receivers, _)) => receivers.push(envelope.to),
            None => groups.push((vec![envelope.to], envelope)),
        }
    }
    groups
        .into_iter()
        .map(|(receivers, first)| (names(&receivers), message::arguments(&first.message)))
        .collect()
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A node's state on one line.
fn state(node: &RaftNode) -> String {
    let role = colour::role(node.role().kind(), &node.role().kind().to_string());
    let vote = node.voted_for().map_or_else(|| "null".to_owned(), |vote| vote.to_string());
    let known = match node.role() {
        Role::Follower { leader: Some(leader) } => format!(" of {leader}"),
        Role::Candidate { votes } => {
            format!(" with {}", plural(votes.counted(), "vote", "votes"))
        }
        Role::Follower { leader: None } | Role::Leader { .. } => String::new(),
    };
    format!(
        "{} {role}{known}, currentTerm {}, votedFor {vote}, log {}, commitIndex {}",
        node.id(),
        node.current_term(),
        log_end(node.last()),
        node.commit_index()
    )
}

fn durable(node: &RaftNode, disk: &PersistentState) -> Vec<String> {
    let mut block = Block::new();
    let vote = disk.voted_for.map_or_else(|| "null".to_owned(), |vote| vote.to_string());
    let (term, log) = (disk.current_term, log_end(disk.log.last()));
    block
        .line(&colour::faint("on disk"), format!("currentTerm {term}, votedFor {vote}, log {log}"));
    block.line(
        &colour::faint("memory"),
        format!(
            "{}, commitIndex {}: a crash forgets this, and {} starts again as a follower",
            node.role().kind(),
            node.commit_index(),
            node.id()
        ),
    );
    block.0.lines()
}

fn log(node: &RaftNode) -> Vec<String> {
    let mut table = Table::new(INDENT).at_least(&[LABEL]);
    for (index, entry) in node.log().iter() {
        let at = LogPosition { term: entry.term, index };
        let committed =
            if index <= node.commit_index() { "committed" } else { "not committed yet" };
        let name =
            if index == LogIndex::FIRST { colour::faint("log").to_string() } else { String::new() };
        let payload = message::payload(&entry.payload).to_owned();
        table.row([name, at.to_string(), payload, committed.to_owned()]);
    }
    table.lines()
}

fn store(node: &RaftNode, values: &[(String, String)]) -> Vec<String> {
    let values = values.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>();
    let mut block = Block::new();
    block.line(&colour::faint("store"), format!("{} holds {}", node.id(), values.join(", ")));
    block.0.lines()
}

fn apply(applied: &AppliedEntry) -> String {
    let entry = message::entry(applied.at, &applied.entry);
    match &applied.reply {
        Reply::Set => format!("{entry}: stored"),
        Reply::Deleted(true) => format!("{entry}: deleted"),
        Reply::Deleted(false) => format!("{entry}: there was no such key"),
        Reply::Value(Some(value)) => format!("{entry}: {value}"),
        Reply::Value(None) => format!("{entry}: there is no such key"),
        Reply::Done => format!("{entry}: nothing to do"),
    }
}
