//! The outcome of each line of a script, in words.

use super::columns::Columns;
use super::failure_text::complaint;
use super::table::apart;
use super::words::{duration, joined};
use super::{colour, deeds, message, status, violation};
use crate::raft::{Envelope, Log};
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::scenario::verb_table::{Amount, Committed, Condition, On, Verb, Who};
use crate::scenario::world::NextEvent;
use crate::server::status::NodeStatus;
use crate::server::timing::Time;

/// Tells the outcomes of a script's lines.
#[derive(Debug)]
pub(super) struct ScriptText {
    columns: Columns,
    nodes: usize,
    /// The state of the nodes when it was last told.
    status: Vec<NodeStatus>,
    /// Whether logs were drawn already, so that their marks need no explanation.
    drawn: bool,
    /// Whether the line only waits, and does not check an expectation.
    waits: bool,
    /// Expectations that held one after the other and were not told yet, in a brief story.
    held: Vec<(Time, String)>,
}

/// Up to this many expectations that held one after the other are told one by one in a brief story.
const HELD: usize = 3;

impl Drop for ScriptText {
    fn drop(&mut self) {
        self.tell_held();
    }
}

impl ScriptText {
    /// Creates the teller for a script that runs on this many nodes.
    pub(super) const fn new(columns: Columns, nodes: usize) -> Self {
        Self { columns, nodes, status: Vec::new(), drawn: false, waits: false, held: Vec::new() }
    }

    /// Tells the expectations that held. Of more than [`HELD`] it tells only the last, which is usually the point
    /// of the others, and how many others there were.
    fn tell_held(&mut self) {
        let mut held = std::mem::take(&mut self.held);
        if held.len() > HELD {
            let more = format!("; and {} more conditions hold", held.len() - 1);
            held.drain(..held.len() - 1);
            held[0].1 += &more;
        }
        for (time, condition) in held {
            self.good(time, &format!("✓ as expected: {condition}"));
        }
    }

    /// Tells the state of the nodes. A brief story tells what has changed, or the logs if they differ.
    fn status(&mut self, nodes: &[NodeStatus], logs: &[Log]) {
        if !self.columns.brief {
            self.columns.output.put_all(apart([Vec::new(), status::table(nodes), Vec::new()]));
            return;
        }
        let changes = status::changes(&self.status, nodes);
        if !changes.is_empty() && logs.iter().any(|log| *log != logs[0]) {
            self.columns.output.put_all(status::logs(nodes, logs, !self.drawn));
            self.drawn = true;
        } else {
            self.columns.output.put_all(changes);
        }
        self.status = nodes.to_vec();
    }

    fn good(&self, time: Time, text: &str) {
        self.columns.line(None, time, "", &colour::good(text));
    }
}

impl ScriptObserver for ScriptText {
    fn line_outcome(&mut self, time: Time, outcome: &LineOutcome) {
        if !matches!(outcome, LineOutcome::Began(Verb::Expect(_)) | LineOutcome::Held(_)) {
            self.tell_held();
        }
        match outcome {
            // The story itself shows what a line does, what it waits for, and the answer to a client that
            // asked once.
            LineOutcome::Began(verb) => self.waits = matches!(verb, Verb::WaitUntil { .. }),
            LineOutcome::Written { attempts: 1, .. } => {}
            LineOutcome::Waited { .. } if self.columns.brief && self.waits => {}
            LineOutcome::Waited { condition, took, bound } => {
                let late = if took > bound {
                    let bound = duration(*bound);
                    format!(", later than in {bound}: a busy machine gave the nodes less time")
                } else {
                    String::new()
                };
                let (condition, took) = (condition_text(condition), duration(*took));
                self.good(time, &format!("✓ {condition} (after {took}{late})"));
            }
            LineOutcome::Written { command, took, attempts } => {
                let took = duration(*took);
                self.good(
                    time,
                    &format!("✓ {command} is done after {took}, asked {attempts} times"),
                );
            }
            LineOutcome::Held(condition) => {
                self.held.push((time, condition_text(condition)));
                if !self.columns.brief {
                    self.tell_held();
                }
            }
            LineOutcome::Stalled { condition, within } => {
                let text = format!(
                    "✓ as expected: for {} it is not true that {}",
                    duration(*within),
                    condition_text(condition)
                );
                self.good(time, &text);
            }
            LineOutcome::Status { nodes, logs } => self.status(nodes, logs),
            // A brief run ends with a line on what was checked.
            LineOutcome::Safety(_) if self.columns.brief => {}
            LineOutcome::Safety(report) => {
                self.columns.output.put("");
                self.columns.output.put_all(violation::report(report, self.nodes));
            }
            LineOutcome::Happens(event) => {
                let (who, text) = happening(event);
                self.columns.line(None, time, &who, &text);
            }
            LineOutcome::Excused(failed) => self.columns.output.put_all(complaint(failed)),
            LineOutcome::Misled(misled) => {
                self.columns.line(None, time, "", "✓ as expected, a property was violated:");
                self.columns.output.put_all(violation::misled(misled));
            }
            LineOutcome::NotJudged(key) => {
                self.columns.line(None, time, "", &format!("? {}", violation::not_judged(key)));
            }
            // The evidence was told when the property was violated.
            LineOutcome::Violated(found) => {
                self.good(time, &format!("✓ as expected: {} was violated", found.property));
            }
            LineOutcome::Spared(property) => {
                self.good(time, &format!("✓ with every rule kept {property} was not violated"));
            }
        }
    }
}

/// The next event: the name of the node concerned, or an empty text, and what happens.
pub(crate) fn happening(event: &NextEvent) -> (String, String) {
    match event {
        NextEvent::Arrives(Envelope { from, to, message }) => {
            (to.to_string(), format!("hears {from}, who {}", message::sentence(message)))
        }
        NextEvent::Waits(Envelope { from, to, message }) => {
            let kind = message::kind(message.kind());
            (to.to_string(), format!("is paused; {kind} from {from} waits"))
        }
        NextEvent::Lost(Envelope { from, to, message }, why) => {
            let (kind, why) = (message::kind(message.kind()), deeds::why_lost(*why));
            (String::new(), format!("{kind} from {from} to {to} is lost: {why}"))
        }
        NextEvent::ElectionTimeout(node) => {
            (node.to_string(), "has heard no leader for a whole election timeout".to_owned())
        }
        NextEvent::HeartbeatDue(node) => {
            (node.to_string(), "is due to send a heartbeat".to_owned())
        }
    }
}

/// A condition in plain words.
fn condition_text(condition: &Condition) -> String {
    match condition {
        Condition::Leader(None) => "there is a leader".to_owned(),
        Condition::Leader(Some(who)) => format!("{} leads", name(*who)),
        Condition::NoLeader => "no node leads".to_owned(),
        Condition::Role(who, role) => format!("{} is a {role}", name(*who)),
        Condition::Committed(Committed::Count(count), on) => {
            let verb = if *count == 1 { "entry is" } else { "entries are" };
            format!("{count} {verb} committed on {}", place(*on))
        }
        Condition::Committed(Committed::Command(text), on) => {
            format!("{text} is committed on {}", place(*on))
        }
        Condition::NotCommitted(text, On::All) => format!("{text} is committed on no node"),
        Condition::NotCommitted(text, on) => format!("{text} is not committed on {}", place(*on)),
        Condition::Log(who, log) if log.is_empty() => format!("{}'s log is empty", name(*who)),
        Condition::Log(who, log) => {
            format!("{}'s log is {}", name(*who), joined(log, " "))
        }
        Condition::Term(who, term) => format!("{} is in term {term}", name(*who)),
        Condition::Vote(who, None) => format!("{}'s votedFor is null", name(*who)),
        Condition::Vote(who, Some(vote)) => {
            format!("{} has voted for {vote} in its term", name(*who))
        }
        Condition::Value((key, value), on) => format!("{key} is {value} on {}", place(*on)),
        Condition::NoValue(key, On::All) => format!("no running node has a key '{key}'"),
        Condition::NoValue(key, on) => format!("there is no {key} on {}", place(*on)),
        Condition::LeaderOther(who) => format!("a node other than {} leads", name(*who)),
        Condition::LeaderSince(term) => format!("there is a leader of term {term} or later"),
        Condition::Commit(who, index) => format!("{}'s commit index is {index}", name(*who)),
        Condition::NextIndex { leader, peer, index } => {
            format!("{} has nextIndex {index} for {peer}", name(*leader))
        }
        Condition::MatchIndex { leader, peer, index } => {
            format!("{} has matchIndex {index} for {peer}", name(*leader))
        }
        Condition::Probing { leader, peer } => format!("{} probes {peer}", name(*leader)),
        Condition::NotProbing { leader, peer } => {
            format!("{} does not probe {peer}", name(*leader))
        }
        Condition::Campaigns(count) => {
            format!("the number of campaigns so far is {}", amount(*count))
        }
        Condition::Leaders(count) => {
            format!("the number of elections won so far is {}", amount(*count))
        }
        Condition::Answered(client) => format!("{} is told that it is done", asker(*client)),
        Condition::Told(client, (key, value)) => {
            format!("{} is told that {key} is {value}", asker(*client))
        }
        Condition::ToldNo(client, key) => {
            format!("{} is told that there is no {key}", asker(*client))
        }
        Condition::Refused(client) => format!("{} is refused", asker(*client)),
        Condition::Lost(client) => format!("{} is told that its entry is lost", asker(*client)),
        Condition::Uncertain(client) => {
            format!("{} is told that its entry's fate is unknown", asker(*client))
        }
        Condition::Unanswered(client) => format!("{} has heard nothing", asker(*client)),
        Condition::InStep => {
            "all running nodes hold, and have committed and applied, the same log".to_owned()
        }
    }
}

/// The name of a node in a condition.
fn name(who: Who) -> String {
    match who {
        Who::Node(node) => node.to_string(),
        Who::Leader => "the leader".to_owned(),
        Who::Crashed => "the crashed node".to_owned(),
    }
}

/// The name of a client in a condition; the last one, if it has no number.
fn asker(client: Option<u64>) -> String {
    client.map_or_else(|| "the last client".to_owned(), |client| format!("client {client}"))
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::Exactly(count) => count.to_string(),
        Amount::AtMost(count) => format!("at most {count}"),
        Amount::AtLeast(count) => format!("at least {count}"),
    }
}

/// The nodes on which a condition is to hold.
fn place(on: On) -> String {
    match on {
        On::One(who) => name(who),
        On::Majority => "a majority".to_owned(),
        On::All => "all running nodes".to_owned(),
    }
}
