//! What the prompt answers: how things stand, what is on its way, what can be said.

use super::logs::{self, Row};
use super::table::{Table, paragraph};
use super::{message, paint};
use crate::raft::{Envelope, Log, LogIndex, LogPosition};
use crate::scenario::table::Usage;
use crate::scenario::verb::{Condition, Verb};
use crate::scenario::world::InFlight;
use crate::server::status::{NodeStatus, leader_of};
use crate::server::timing::Time;

/// The prompt itself: the time, and who leads.
pub fn prompt(now: Time, statuses: &[NodeStatus]) -> String {
    match leader_of(statuses) {
        Some(leader) => format!("{now} {} leads {}> ", leader.id, leader.term),
        None => format!("{now} no leader> "),
    }
}

/// The prompt of a cluster that does not wait.
pub const LIVE: &str = "live> ";

/// The first words of a session.
pub fn welcome() -> Vec<String> {
    let text = "Try 'step', 'run until leader', 'write SET x=1', 'crash leader', 'back'; 'help' \
                lists all that can be typed.";
    paragraph(text, "", "")
}

/// The messages on their way, with their names.
pub fn messages(all: &[InFlight]) -> Vec<String> {
    if all.is_empty() {
        return vec!["  no message is on its way".to_owned()];
    }
    let mut table = Table::new(2);
    for one in all {
        let when = match one.due {
            Some(due) => format!("arrives at {due}"),
            None if one.delivered => "has arrived".to_owned(),
            None => "waits".to_owned(),
        };
        let name = Verb::Deliver(one.name).to_string();
        let name = name.trim_start_matches("deliver ").to_owned();
        let name = if one.delivered { paint::faint(&name) } else { paint::strong(&name) };
        table.row([name.to_string(), when, message::arguments(&one.envelope.message)]);
    }
    table.lines()
}

/// A message that is about to be delivered.
pub fn delivered(envelope: &Envelope) -> Vec<String> {
    let Envelope { from, to, message } = envelope;
    let text = format!("{from} to {to}: {from} {}", message::sentence(message));
    paragraph(&paint::faint(&text).to_string(), "               ", "               ")
}

/// All logs, drawn under each other.
pub fn all_logs(statuses: &[NodeStatus], logs: &[Log]) -> Vec<String> {
    let words = |status: &NodeStatus| {
        if status.up {
            format!("{}, term {}, commitIndex {}", status.role, status.term, status.commit)
        } else {
            format!("crashed, term {}", status.term)
        }
    };
    let pairs = statuses.iter().zip(logs);
    let rows = pairs.map(|(status, log)| {
        let (id, role) = (status.id, status.role);
        Row { id, role, log, words: words(status) }
    });
    logs::draw_rows(&rows.collect::<Vec<_>>())
}

/// One log, entry by entry.
pub fn one_log(status: &NodeStatus, log: &Log) -> Vec<String> {
    if log.last_index() == LogIndex::ZERO {
        return vec![format!("  the log of {} is empty", status.id)];
    }
    let mut table = Table::new(2);
    for (index, entry) in log.iter() {
        let known = match () {
            () if !status.up => String::new(),
            () if index <= status.applied => paint::good("applied").to_string(),
            () if index <= status.commit => paint::good("committed").to_string(),
            () => paint::faint("not known to be committed").to_string(),
        };
        let position = LogPosition { term: entry.term, index };
        table.row([position.to_string(), known, message::payload(&entry.payload).to_owned()]);
    }
    table.lines()
}

/// What can be typed: these words, and the verbs of the scripts.
pub fn help(words: &[Usage]) -> Vec<String> {
    let mut lines = vec![paint::heading("This prompt").to_string()];
    lines.extend(rows(words));
    lines.push(String::new());
    lines.push(paint::heading("The cluster, in the words of the scripts").to_string());
    lines.extend(rows(Verb::USAGE));
    lines.push(String::new());
    let note = "N is a node's number, 'leader' or 'crashed'; 'help conditions' lists what can be \
                waited for and expected. Tab completes, and the arrow keys bring back what was \
                typed.";
    lines.extend(paragraph(note, "  ", "  "));
    lines
}

/// What one word is for, if there is such a word.
pub fn help_on(words: &[Usage], word: &str) -> Option<Vec<String>> {
    if word == "conditions" {
        return Some(rows(Condition::USAGE));
    }
    let all = words.iter().chain(Verb::USAGE);
    let found: Vec<Usage> = all.filter(|row| row.first_word() == word).copied().collect();
    let mut lines = rows(&found);
    if found.first()?.follows.contains("CONDITION") {
        lines.push(String::new());
        lines.extend(rows(Condition::USAGE));
    }
    Some(lines)
}

fn rows(words: &[Usage]) -> Vec<String> {
    let mut table = Table::new(2);
    for Usage { words, follows, does } in words {
        let syntax = format!("{} {follows}", paint::strong(words));
        table.row([syntax, (*does).to_owned()]);
    }
    table.lines()
}
