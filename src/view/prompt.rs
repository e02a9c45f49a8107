//! The answers of the prompt: the state of the nodes, the messages in flight, the words that can be typed.

use std::path::Path;

use super::columns::beside;
use super::logs::{self, LogRow};
use super::table::{Table, apart, paragraph};
use super::words::{for_shell, joined, plural};
use super::{colour, message, places, rules};
use crate::raft::{Envelope, Log, LogIndex, LogPosition, NodeId, Rule};
use crate::record::message_name::MessageName;
use crate::scenario::nearest::meant;
use crate::scenario::usage::{Kind, Usage};
use crate::scenario::verb_table::{Condition, Verb};
use crate::scenario::world::InFlight;
use crate::server::status::{NodeStatus, leader_of};
use crate::server::timing::Time;
use crate::server::turn_order::CrashPoint;

/// The prompt itself: the last step, the time if any has passed, and who leads.
pub(crate) fn prompt(step: u64, now: Time, statuses: &[NodeStatus]) -> String {
    let time = if now == Time::ZERO { String::new() } else { format!("{now} ") };
    match leader_of(statuses) {
        Some(leader) => {
            let paused = if leader.paused { " (paused)" } else { "" };
            format!("{step} {time}{}{paused} leads term {}> ", leader.id, leader.term)
        }
        None => format!("{step} {time}no leader> "),
    }
}

/// The prompt of a live cluster, which does not wait for the next line.
pub(crate) const LIVE: &str = "live> ";

/// The first words of a session. Under `manual` control they name words that lead somewhere then.
pub(crate) fn welcome(manual: bool) -> Vec<String> {
    let words = if manual {
        "'messages', 'deliver ...' with the name of one of them, 'timeout 0', 'automatic', 'back'"
    } else {
        "'step', 'run until leader', 'write SET x=1', 'crash leader', 'back'"
    };
    paragraph(&format!("Try {words}; 'help' lists all that can be typed."), "", "")
}

/// A remark of the prompt's own, which is no part of the run.
pub(crate) fn said(text: &str) -> Vec<String> {
    paragraph(&colour::faint(&format!("({text})")), "  ", "   ")
}

/// Says why something that was typed cannot be done. For a script, an excerpt of it follows.
pub(crate) fn complaint(told: &str) -> Vec<String> {
    let mut lines = told.lines();
    let first = format!("✗ {}", lines.next().unwrap_or_default());
    let first = paragraph(&colour::wrong(&first), "  ", "    ");
    first.into_iter().chain(lines.map(colour::wrong)).collect()
}

/// Says where a session was saved, and how to play it again.
pub(crate) fn saved(file: &Path, lines: usize, is_virtual: bool) -> String {
    let (file, lines) = (for_shell(file), plural(lines, "line", "lines"));
    if is_virtual {
        format!("{lines}; 'raft-cluster run {file} --virtual' does it all again")
    } else {
        format!("{lines}; 'raft-cluster run {file}' asks for the same again")
    }
}

/// Says which line of the scenario is next, and how many are left.
pub(crate) fn next(verb: &Verb, left: usize) -> String {
    format!(
        "next: '{verb}', of {}; 'next' carries it out, 'run' all",
        plural(left, "line", "lines")
    )
}

/// Answers a line that was carried out and showed nothing.
pub(crate) const fn done(verb: &Verb) -> &'static str {
    match verb {
        Verb::Crash { point: CrashPoint::BeforeSave, .. } => {
            "done: it crashes within its next step, before it saves"
        }
        Verb::Crash { point: CrashPoint::BeforeSend, .. } => {
            "done: it crashes within its next step, before it sends"
        }
        Verb::LoseAnswer(_) => "done: its next answer to a client is lost",
        _ => "done",
    }
}

/// Says what became of a line of the scenario that failed.
pub(crate) const FAILED: &str =
    "the line counts as done all the same; 'back' makes it the next one again";

/// Says that a signal came between two lines of the scenario.
pub(crate) const INTERRUPTED: &str = "interrupted before the next line";

/// Shows a line of the scenario that is carried out, as if it had been typed.
pub(crate) fn carried_out(verb: &Verb) -> Vec<String> {
    paragraph(&colour::strong(&format!("{verb}")), "> ", "  ")
}

/// Says what became of these lines.
pub(crate) fn became(what: &str, verbs: &[Verb]) -> String {
    format!("{what}: {}", joined(verbs.iter().map(|verb| format!("'{verb}'")), ", "))
}

/// Says which lines were undone. Those that only look or tell are counted.
pub(crate) fn undone(verbs: &[Verb]) -> String {
    let only_look = |verb: &&Verb| matches!(verb.kind(), Kind::Look | Kind::Tell);
    let moves: Vec<Verb> = verbs.iter().filter(|verb| !only_look(verb)).cloned().collect();
    let text = became("undone", &moves);
    match verbs.len() - moves.len() {
        0 => text,
        count => format!("{text}, and {} that moved nothing", plural(count, "line", "lines")),
    }
}

/// Answers 'save' while no line has done anything: an empty scenario could not be run.
pub(crate) const NOTHING_TO_SAVE: &str = "no line has done anything, so there is nothing to save";
/// Answers 'back' where nothing was typed that could be undone.
pub(crate) const NOTHING_TO_UNDO: &str = "there is nothing to undo";
/// Answers 'back' in a live cluster, which cannot repeat its run.
pub(crate) const NO_WAY_BACK: &str = "threads cannot go back; virtual time can";
/// Answers 'messages' in a live cluster: messages between threads cannot be listed.
pub(crate) const ONLY_VIRTUAL: &str = "this needs virtual time";
/// Says after 'next' that the scenario has ended.
pub(crate) const LAST_LINE: &str = "that was the scenario's last line; 'step' and 'run' go on";
/// Answers 'next' where no line of the scenario is left.
pub(crate) const NO_LINE_LEFT: &str =
    "no line of a scenario is left; 'load' brings one, 'step' and 'run' go on";
/// Answers 'forward' where nothing was undone since the last line.
pub(crate) const NOTHING_TO_DO_AGAIN: &str = "there is nothing to do again";
/// Begins a session that goes on from a recorded run, made again.
pub(crate) const RECORDED: &str =
    "replayed up to here; timers and links are in your hands: 'automatic' lets them run again";
/// Begins a session to which 'back' has returned.
pub(crate) const RETURNED: &str = "back where 'load' was typed";
/// Says in a session that 'load' has begun that the one before it is not lost.
pub(crate) const CAN_RETURN: &str = "'back' returns to the session before";
/// Answers the first Ctrl-C.
pub(crate) const ONCE_MORE: &str = "  (once more, Ctrl-D or 'quit' ends the session)";

/// The messages in flight, with their names, and those that have come to a paused process.
/// Those that have arrived, and can be delivered again, are only counted, unless `also_arrived`.
pub(crate) fn messages(
    all: &[InFlight],
    at_paused: &[Envelope],
    also_arrived: bool,
) -> Vec<String> {
    let arrived = if also_arrived { 0 } else { all.iter().filter(|it| it.delivered).count() };
    let mut table = Table::new(2);
    for one in all.iter().filter(|it| also_arrived || !it.delivered) {
        let when = match one.due {
            Some(due) => format!("arrives at {due}"),
            None if one.delivered => "has arrived".to_owned(),
            None => "waits".to_owned(),
        };
        let name = message::name(one.name);
        let name = if one.delivered { colour::faint(&name) } else { colour::strong(&name) };
        table.row([name, when, message::arguments(&one.envelope.message)]);
    }
    for envelope in at_paused {
        let name = message::name(MessageName::of(envelope, std::iter::empty()));
        let when = format!("waits, as {} is paused", envelope.to);
        let arguments = message::arguments(&envelope.message);
        table.row([colour::faint(&name), when, arguments]);
    }
    let mut lines = table.lines();
    if lines.is_empty() {
        lines.push("  no message is in flight".to_owned());
    }
    if arrived > 0 {
        let text = format!("and {arrived} that can be delivered again: 'messages all' lists them");
        lines.extend(paragraph(&colour::faint(&text), "  ", "  "));
    }
    lines
}

/// One of the messages in flight that is about to be delivered, and whether it has arrived before.
pub(crate) fn delivered(found: &InFlight, all: &[InFlight]) -> Vec<String> {
    let Envelope { from, to, message } = &found.envelope;
    let text = format!("{from} to {to}: {from} {}", message::sentence(message));
    let mut lines = beside(&colour::faint(&text));
    if found.delivered {
        let alike = |other: &&InFlight| !other.delivered && found.name.matches(&other.envelope);
        let waits = all.iter().find(alike).map_or_else(String::new, |other| {
            format!("; '{}' still waits", message::name(other.name))
        });
        lines.extend(said(&format!("it has arrived before, so this is a duplicate{waits}")));
    }
    lines
}

/// The log of one node, entry by entry, or those of all, drawn under each other.
pub(crate) fn logs(node: Option<NodeId>, statuses: &[NodeStatus], logs: &[Log]) -> Vec<String> {
    if let Some(at) = node.map(NodeId::index) {
        return one_log(&statuses[at], &logs[at]);
    }
    let rows = statuses.iter().zip(logs).map(|(status, log)| LogRow::of(status, log));
    logs::draw_rows(&rows.collect::<Vec<_>>(), true)
}

fn one_log(status: &NodeStatus, log: &Log) -> Vec<String> {
    if log.last_index() == LogIndex::ZERO {
        return vec![format!("  the log of {} is empty", status.id)];
    }
    let mut table = Table::new(2);
    for (index, entry) in log.iter() {
        let known = match () {
            () if !status.up => String::new(),
            () if index <= status.applied => colour::good("applied"),
            () if index <= status.commit => colour::good("committed"),
            () => colour::faint("not known to be committed"),
        };
        let position = LogPosition { term: entry.term, index };
        table.row([position.to_string(), known, message::payload(&entry.payload)]);
    }
    table.lines()
}

/// The help: the given words of the prompt, and the verbs of the scripts.
pub(crate) fn help(words: &[Usage]) -> Vec<String> {
    let part = |title, words| [vec![colour::heading(title)], rows(words)].concat();
    let own = part("This prompt", words);
    let verbs = part("The cluster, in the words of the scripts", Verb::USAGE);
    let note = "The prompt begins with the number of the last step, 0 before the first, and the time once it \
                has passed. N is a node's number and, in the words of the scripts, also 'leader' or 'crashed'; \
                'help conditions' lists what can be waited for and expected. Tab completes, and the arrow keys bring back what was \
                typed.";
    apart([own, verbs, paragraph(note, "  ", "  ")])
}

/// The help on one word, or on a rule, or an error that says that there is no such word.
pub(crate) fn help_on(words: &[Usage], word: &str) -> Result<Vec<String>, String> {
    let conditions = || rows(Condition::USAGE);
    let found: Vec<Usage> = words.iter().filter(|row| row.first_word() == word).copied().collect();
    let knows = |what| words.iter().any(|row| row.follows.contains(what));
    let Some(first) = found.first() else {
        return match word {
            "conditions" if knows("CONDITION") => Ok(conditions()),
            _ => Rule::of_id(word).map(rules::one).ok_or_else(|| {
                let all = words.iter().map(Usage::first_word);
                let all = all.chain(Rule::ALL.iter().map(|rule| rule.id()));
                let meant = meant(&word.to_lowercase(), all)
                    .map_or_else(String::new, |it| format!("; did you mean {it}?"));
                format!("'{word}' is not a word here, and no rule{meant}")
            }),
        };
    };
    let mut parts = vec![rows(&found)];
    if first.follows.contains("CONDITION") {
        parts.push(conditions());
    }
    if first.follows.contains("EVENT") {
        parts.push(places::table());
    }
    Ok(apart(parts))
}

pub(crate) fn rows(words: &[Usage]) -> Vec<String> {
    let row = |Usage { words, follows, does }: &Usage| {
        [format!("{} {follows}", colour::strong(words)), (*does).to_owned()]
    };
    Table::new(2).rows(words.iter().map(row)).lines()
}
