//! The walkthrough as text: a heading for each section, and a paragraph or a block of lines for each beat.

use std::time::Duration;

use crate::raft::{Event, LogIndex, LogPosition, PersistentState, RaftNode, Role};
use crate::scenario::walkthrough::{AppliedEntry, Beat, Section, ShownStep};
use crate::server::state_machine::Reply;

use super::table::{Table, apart, paragraph};
use super::words::{Speaker, alike, duration, joined, log_end, or_null, plural};
use super::{colour, event_text, logs, message, width};

/// The margin of the lines of a beat.
const INDENT: usize = 4;
/// The width of their first column: as wide as its longest word.
const LABEL: usize = 8;

/// What a reader should know first.
pub(crate) fn introduction() -> Vec<String> {
    let title = vec![colour::heading("Raft, one node at a time")];
    let source = say(
        "Every line below comes from a real node: what it was given, which rules it asked and what it \
         compared, what it did, and what it sends.",
    );
    let legend = [
        ("3@1", "the entry at index 3, taken in by the leader of term 1"),
        ("n0", "a node"),
        ("kept", "a rule holds, or is obeyed; in brackets, where the Raft paper states it"),
        (
            "refused",
            "a rule does not allow it; 'waits': not yet; 'ignored': it is not used; 'limited': a part of it is",
        ),
        ("broken", "a rule does not allow it, but was switched off"),
    ];
    let legend = legend.map(|(sign, meaning)| [colour::strong(sign), meaning.to_owned()]);
    apart([title, source, block().rows(legend).lines()])
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
    let title = colour::heading("Where to go from here");
    let lines = vec![String::new(), title];
    let rows = commands.iter().map(|(command, what)| [colour::strong(command), (*what).to_owned()]);
    [lines, Table::new(INDENT).rows(rows).lines()].concat()
}

/// The prompt for a reader who wants one section at a time.
pub(crate) fn go_on() -> String {
    let text = colour::faint("Enter goes on, Ctrl-D ends:");
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
fn block() -> Table {
    Table::new(INDENT).at_least(&[LABEL])
}

fn labelled<const N: usize>(rows: [(&str, String); N]) -> Vec<String> {
    block().rows(rows.map(|(label, text)| [colour::faint(label), text])).lines()
}

fn started(node: &RaftNode, timeout: Duration) -> Vec<String> {
    let timer = format!("ends after {}", duration(timeout));
    labelled([("state", state(node)), ("timer", timer)])
}

fn stepped(step: &ShownStep) -> Vec<String> {
    let id = step.after.id();
    let mut block = block();
    block.row([colour::strong("input"), event_text::input(id, &step.input)]);
    let speaker = Speaker::of(id, &step.input);
    for event in &step.events {
        match event {
            Event::Checked(verdict) => {
                block.row([colour::outcome(verdict), event_text::reason(speaker, verdict)]);
            }
            event => {
                let name = colour::role(step.after.role().kind(), &id.to_string());
                block.row([name, event_text::event(speaker, event)]);
            }
        }
    }
    for applied in &step.applied {
        block.row([colour::faint("applies"), apply(applied)]);
    }
    let messages = step.messages.iter().map(|(_, envelope)| envelope);
    for (first, alike) in alike(messages, |a, b| a.message == b.message) {
        let to = joined(alike.iter().map(|it| it.to), ", ");
        let what = message::arguments(&first.message);
        block.row([colour::faint("sends"), format!("to {to}  {what}")]);
    }
    block.row([colour::faint("state"), state(&step.after)]);
    block.lines()
}

/// A node's state on one line.
fn state(node: &RaftNode) -> String {
    let role = colour::role(node.role().kind(), &node.role().kind().to_string());
    let vote = or_null(node.voted_for());
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
    let vote = or_null(disk.voted_for);
    let (term, log) = (disk.current_term, log_end(disk.log.last()));
    let (role, commit, id) = (node.role().kind(), node.commit_index(), node.id());
    let on_disk = format!("currentTerm {term}, votedFor {vote}, log {log}");
    let memory = format!(
        "{role}, commitIndex {commit}: a crash forgets this, and {id} starts again as a follower"
    );
    labelled([("on disk", on_disk), ("memory", memory)])
}

fn log(node: &RaftNode) -> Vec<String> {
    let mut table = block();
    for (index, entry) in node.log().iter() {
        let at = LogPosition { term: entry.term, index };
        let committed =
            if index <= node.commit_index() { "committed" } else { "not committed yet" };
        let name = if index == LogIndex::FIRST { colour::faint("log") } else { String::new() };
        let payload = message::payload(&entry.payload);
        table.row([name, at.to_string(), payload, committed.to_owned()]);
    }
    table.lines()
}

fn store(node: &RaftNode, values: &[(String, String)]) -> Vec<String> {
    let values = joined(values.iter().map(|(key, value)| format!("{key} = {value}")), ", ");
    labelled([("store", format!("{} holds {values}", node.id()))])
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
