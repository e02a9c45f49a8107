//! The steps and states of a history, as the prompt shows them.

use super::status;
use super::table::{Table, paragraph};
use super::words::{Speaker, joined, or_null, plural, when};
use super::{colour, deeds, event_text, finding_text, message, violation, why};
use crate::explain::{client_calls, leaderships};
use crate::raft::{Event, LogIndex, NodeId, Outcome, Role};
use crate::record::History;
use crate::record::deed::Deed;
use crate::record::history::{NodeState, StepRecord};

/// The note on a run that was made again from a trace and did not come out as recorded.
pub(crate) const MADE_OTHERWISE: &str = "This comes out differently from the run: what nodes on threads took \
    in at once there, they take in one by one here.";

/// The prompt itself: the step, the number of steps, and the time.
pub(crate) fn prompt(history: &History, step: u64) -> String {
    let time = history.step(step).map_or_else(String::new, |step| when(step.time));
    let text = format!("{step}/{} {time}", history.last());
    format!("{}> ", text.trim_end())
}

/// The first words of a session.
pub(crate) fn welcome(history: &History) -> Vec<String> {
    let mut lines = super::header::replayed(history.header());
    if let Some(error) = history.stopped() {
        let text = format!("{error}; what is there can be looked at");
        lines.extend(paragraph(&colour::wrong(&text), "", ""));
    }
    let text = format!(
        "{}. Try 'next', 'back', 'goto 41', 'next commit', 'show 2', 'why not committed 3 on 0'; \
         'help' lists all that can be typed.",
        plural(history.last() as usize, "step", "steps")
    );
    lines.extend(paragraph(&text, "", ""));
    lines
}

/// What happened in a step and just before and after it, with the reasons.
pub(crate) fn told(history: &History, record: &StepRecord<'_>) -> Vec<String> {
    let step = record.step;
    let mut lines: Vec<String> =
        history.deeds_before(step).flat_map(|(_, deed)| deed_lines(deed)).collect();
    let input = record.input();
    let mut text = format!("step {step}: {}", event_text::input(record.node, &input));
    if let Some(sent) = record.heard() {
        text = format!("{text} (written in step {})", sent.written_in);
    }
    lines.extend(paragraph(&colour::strong(&text), "  ", "    "));
    let speaker = Speaker::of(record.node, &input);
    for event in record.events {
        let text = event_text::event(speaker, event);
        let text = match event {
            Event::Checked(verdict) if verdict.outcome == Outcome::Overridden => {
                colour::wrong(&text)
            }
            Event::Checked(_) => colour::faint(&text),
            _ => format!("{} {text}", record.node),
        };
        let first = if matches!(event, Event::Checked(_)) { "    └ " } else { "    " };
        lines.extend(paragraph(&text, first, "      "));
    }
    for sent in record.messages {
        let (from, to) = (sent.envelope.from, sent.envelope.to);
        let text = format!("{from} → {to}  {}", message::arguments(&sent.envelope.message));
        lines.extend(paragraph(&text, "    ", "      "));
    }
    let found = history.violations().filter(|violation| violation.step == step);
    lines.extend(found.flat_map(violation::lines));
    if !record.saved {
        lines.push("    All of it is lost in a crash before it is saved.".to_owned());
    }
    lines.extend(history.deeds_after(step).flat_map(|(_, deed)| deed_lines(deed)));
    lines
}

fn deed_lines(deed: &Deed) -> Vec<String> {
    let text = match deed {
        Deed::Phase(text) => colour::heading(text),
        Deed::Note(text) => colour::faint(text),
        Deed::Lost { message, from, to, .. } => {
            format!("message {} from {from} to {to} is lost", message.0)
        }
        Deed::Duplicated { message } => format!("message {} will arrive twice", message.0),
        _ => match deeds::sentence(deed) {
            Some(sentence) => sentence,
            None => return Vec::new(),
        },
    };
    paragraph(&text, "  ", "    ")
}

/// The state of every node, as a table.
pub(crate) fn nodes(nodes: &[NodeState<'_>]) -> Vec<String> {
    status::table(&nodes.iter().map(NodeState::status).collect::<Vec<_>>())
}

/// Returns one field of a node. The log is written out only if it is asked for, because that takes long.
pub(crate) fn field(stood: &NodeState<'_>, name: &str) -> Option<String> {
    let mut fields = fields(stood, name == "log").into_iter();
    fields.find(|(it, _)| it == name).map(|(_, value)| value)
}

/// The fields of a node, under the names of Figure 2; the log is empty, unless they are `with_log`.
pub(crate) fn fields(stood: &NodeState<'_>, with_log: bool) -> Vec<(String, String)> {
    let node = &stood.node;
    let entries = if with_log { usize::MAX } else { 0 };
    let log =
        node.log().iter().take(entries).map(|(index, entry)| format!("{index}@{}", entry.term));
    let role = match (stood.up, stood.paused) {
        (false, _) => "crashed".to_owned(),
        (true, true) => format!("{}, paused", node.role().kind()),
        (true, false) => node.role().kind().to_string(),
    };
    // Only what is on disk outlives a crash.
    let volatile = |index: LogIndex| if stood.up { index.to_string() } else { "-".to_owned() };
    let mut fields = vec![
        ("role".to_owned(), role),
        ("currentTerm".to_owned(), node.current_term().to_string()),
        ("votedFor".to_owned(), or_null(node.voted_for())),
        ("log".to_owned(), joined(log, " ")),
        ("commitIndex".to_owned(), volatile(node.commit_index())),
        ("lastApplied".to_owned(), volatile(stood.applied)),
    ];
    match node.role() {
        Role::Follower { leader } => fields.push(("leader".to_owned(), or_null(*leader))),
        Role::Candidate { votes } => {
            fields.push(("votes".to_owned(), joined(votes.voters().iter(), " ")));
        }
        Role::Leader { progress } => {
            for peer in NodeId::all(node.settings().nodes).filter(|&peer| peer != node.id()) {
                let known = progress.of(peer);
                let name = |field: &str| format!("{field}[{}]", peer.index());
                fields.push((name("nextIndex"), known.next_index.to_string()));
                fields.push((name("matchIndex"), known.match_index.to_string()));
            }
        }
    }
    fields
}

/// A node at a step, field by field.
pub(crate) fn one_node(step: u64, stood: &NodeState<'_>) -> Vec<String> {
    let title = format!("{} at step {step}", stood.node.id());
    [vec![colour::strong(&title)], node(stood)].concat()
}

/// A node, field by field.
pub(crate) fn node(stood: &NodeState<'_>) -> Vec<String> {
    Table::new(2).rows(fields(stood, true).into_iter().map(Into::into)).lines()
}

/// The messages in flight.
pub(crate) fn messages(history: &History, step: u64) -> Vec<String> {
    let mut table = Table::new(2);
    for sent in history.in_flight(step) {
        let (from, to) = (sent.envelope.from, sent.envelope.to);
        table.row([
            format!("{}", sent.message.0),
            format!("{from} → {to}"),
            format!("written in step {}", sent.written_in),
            message::arguments(&sent.envelope.message),
        ]);
    }
    let lines = table.lines();
    if lines.is_empty() { vec!["  no message is in flight".to_owned()] } else { lines }
}

/// The fields that differ between two moments.
pub(crate) fn differences(a: &[NodeState<'_>], b: &[NodeState<'_>]) -> Vec<String> {
    let mut table = Table::new(2);
    for (before, after) in a.iter().zip(b) {
        let (old, new) = (fields(before, true), fields(after, true));
        let mut names: Vec<&String> = old.iter().chain(&new).map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let value = |fields: &[(String, String)]| {
                let found = fields.iter().find(|(it, _)| it == name);
                found.map_or_else(|| "-".to_owned(), |(_, value)| format!("'{value}'"))
            };
            let (old, new) = (value(&old), value(&new));
            if old != new {
                table.row([before.node.id().to_string(), name.clone(), format!("{old} → {new}")]);
            }
        }
    }
    let lines = table.lines();
    if lines.is_empty() { vec!["  nothing differs".to_owned()] } else { lines }
}

/// Who led when, with one sentence for each leader.
pub(crate) fn leaders(history: &History) -> Vec<String> {
    let all = leaderships(history);
    if all.is_empty() {
        return vec!["  nobody led".to_owned()];
    }
    all.iter().flat_map(|led| paragraph(&why::leadership(led), "  ", "    ")).collect()
}

/// What clients had asked for and were told by the moment of `step`.
pub(crate) fn clients(history: &History, step: u64) -> Vec<String> {
    let all = client_calls(history, step);
    if all.is_empty() {
        return vec!["  no client has asked for anything".to_owned()];
    }
    let sentences = all.iter().map(|(call, silent)| finding_text::told(call, *silent));
    sentences.flat_map(|sentence| paragraph(&sentence, "  ", "    ")).collect()
}

/// Says since which step a field has had its value; 0 stands for the beginning.
pub(crate) fn blame(id: NodeId, name: &str, value: &str, since: u64) -> Vec<String> {
    let since = match since {
        0 => "the beginning".to_owned(),
        step => format!("step {step}"),
    };
    paragraph(&format!("{id}'s {name} has been '{value}' since {since}"), "  ", "  ")
}
