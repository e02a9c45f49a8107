//! A run as lanes: a column for each node, time downwards, and an arrow for each message that arrives.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use super::output::Output;
use super::table::paragraph;
use super::words::{Speaker, when};
use super::{Listeners, colour, deeds, violation, width};
use crate::raft::{
    AppendOutcome, Event, Input, LogIndex, Message, NodeId, Outcome, RoleKind, Term,
};
use crate::record::deed::{Deed, Loss};
use crate::record::journal::{Batch, Observer};
use crate::scenario::line_outcome::{LineOutcome, ScriptObserver};
use crate::server::Server;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail};

/// The width of the columns for the step and the time, before the lanes.
const MARGIN: usize = 17;
/// Up to this many messages that are cut at one time have a row each. More share one row.
const MOST_CUT: usize = 6;
/// The greatest width of a lane.
const WIDEST: usize = 14;

const LEGEND: &str = "F, C, L: follower, candidate, leader, with its term; ✗: down; ‖: paused; 'restarts': as a \
    follower. An arrow leads from \
    the sender of a message to its receiver, in the step that receives it: 'vote?' asks for a vote, \
    'yes' gives it, 'vote' is its arrival, 'app' are AppendEntries with entries and 'beat' without, 'ok 5' \
    acknowledges index 5, 'no' refuses. 'timeout': the election timer ends; 'asked': by clients; \
    'CRASH undone': before it saved its last steps; 'CRASH unsent': before their messages left; \
    ×: the message does not arrive: 'lost' by chance, 'cut' on a cut link, 'down': the receiver is. +5..6: \
    appends indexes 5 to 6, -5: deletes from 5 on, *5: commits up to 5, !: acts against a rule, …: there \
    is no room for more. Heartbeats and acknowledgements that change nothing are left out, and their \
    numbers with them.";

/// Opens lanes on this output, for a cluster of this many nodes.
pub(super) fn open(output: &Output, nodes: usize, _: bool) -> Listeners {
    output.put_all(paragraph(&colour::faint(LEGEND), "", ""));
    output.put("");
    let start = Lane { up: true, paused: false, role: RoleKind::Follower, term: Term::ZERO };
    let lanes = Lanes {
        output: output.clone(),
        nodes: vec![start; nodes],
        width: WIDEST.min((width() - MARGIN) / nodes),
        begins: true,
        cut: Vec::new(),
    };
    let checks = Checks { output: output.clone(), nodes };
    Listeners { observers: vec![Box::new(lanes)], script: Some(Box::new(checks)) }
}

/// Puts the safety report where the script asks for it, since lanes cannot show it.
struct Checks {
    output: Output,
    nodes: usize,
}

impl ScriptObserver for Checks {
    fn line_outcome(&mut self, _: Time, outcome: &LineOutcome) {
        if let LineOutcome::Safety(report) = outcome {
            self.output.put("");
            self.output.put_all(violation::report(report, self.nodes));
        }
    }
}

/// A node as its lane shows it.
#[derive(Clone, Copy, Debug)]
struct Lane {
    up: bool,
    paused: bool,
    role: RoleKind,
    term: Term,
}

impl Lane {
    fn text(self) -> String {
        let role = match self.role {
            _ if !self.up => return "✗".to_owned(),
            RoleKind::Follower => 'F',
            RoleKind::Candidate => 'C',
            RoleKind::Leader => 'L',
        };
        format!("{role}{}{}", self.term, if self.paused { "‖" } else { "" })
    }
}

struct Lanes {
    output: Output,
    nodes: Vec<Lane>,
    width: usize,
    /// Whether to put the names of the nodes above the next row.
    begins: bool,
    /// Messages that were cut at one time and have no rows yet: the time, the sender and the receiver.
    cut: Vec<(Time, NodeId, NodeId)>,
}

impl Lanes {
    fn heads(&self) {
        let names = NodeId::all(self.nodes.len())
            .map(|id| format!(" {:<1$}", id.to_string(), self.width - 1));
        let names = names.collect::<String>();
        let line = format!("{:>6}  {:>7}  {}", "step", "time", names.trim_end());
        self.output.put(colour::heading(&line));
        // Of a prompt's own lines between the lanes, the time needs no second name.
        if let Some(named) = &self.output.named {
            named.store(true, Ordering::Relaxed);
        }
    }

    /// Puts a row: `head`, then every lane, with a label for the node that acts, and an arrow to it if a message
    /// comes `from` another. A `lost` message does not arrive.
    fn row(&mut self, head: &str, node: NodeId, from: Option<NodeId>, label: &str, lost: bool) {
        if std::mem::take(&mut self.begins) {
            self.heads();
        }
        let at = node.index();
        let from = from.map_or(at, NodeId::index);
        let (left, right) = (at.min(from), at.max(from));
        let mut line = format!("{head:<MARGIN$}");
        for (nth, lane) in self.nodes.iter().enumerate() {
            let text = lane.text();
            let rest = self.width.saturating_sub(1 + text.chars().count());
            let passes = left < nth && nth <= right;
            let shaft = match (passes, lost) {
                (true, true) if nth == at => "×",
                (true, _) if nth == at => "▶",
                (true, _) => "─",
                (false, _) => " ",
            };
            let tail = if nth == at {
                let from_right = from > at;
                let room = rest.saturating_sub(usize::from(from_right));
                let label = fit(label, room);
                let space = room - label.chars().count();
                match (from_right, if lost { '×' } else { '◀' }) {
                    (false, _) => format!("{label}{}", " ".repeat(space)),
                    (true, end) if space == 0 => format!("{label}{end}"),
                    (true, end) => format!("{label} {end}{}", "─".repeat(space - 1)),
                }
            } else if left <= nth && nth < right {
                "─".repeat(rest)
            } else {
                " ".repeat(rest)
            };
            let text = if lane.up { colour::role(lane.role, &text) } else { colour::wrong(&text) };
            _ = write!(line, "{shaft}{text}{tail}");
        }
        self.output.put(line.trim_end());
    }

    /// Puts the rows of messages that were cut, or one row with their number.
    fn put_cut(&mut self) {
        let cut = std::mem::take(&mut self.cut);
        if let Some((time, ..)) = cut.get(MOST_CUT) {
            self.output.put(format!(
                "{:<1$} {2} messages are cut",
                head(None, *time),
                MARGIN,
                cut.len()
            ));
            return;
        }
        for (time, from, node) in cut {
            self.row(&head(None, time), node, Some(from), "cut", true);
        }
    }

    /// Puts words between the rows.
    fn words(&self, text: &str) {
        let margin = " ".repeat(MARGIN + 1);
        self.output.put_all(paragraph(text, &margin, &margin));
    }
}

/// The columns before the lanes.
fn head(step: Option<u64>, time: Time) -> String {
    let step = step.map_or_else(String::new, |step| step.to_string());
    format!("{step:>6}  {:>7}", when(time))
}

/// Fits a label into this much room. If it is too long, the name of the message is left out, and only then is
/// the rest cut.
fn fit(label: &str, room: usize) -> String {
    let mut text = format!(" {label}");
    if text.chars().count() > room
        && let Some(done) = label.strip_prefix("app ").or_else(|| label.strip_prefix("vote? "))
    {
        text = format!(" {done}");
    }
    if text.chars().count() > room {
        let cut = text.chars().take(room.saturating_sub(1)).chain(['…']);
        text = cut.take(room).collect();
    }
    text
}

/// The indexes of entries, as a lane shows them.
fn range(first: LogIndex, last: LogIndex) -> String {
    if first == last { format!("{first}") } else { format!("{first}..{last}") }
}

/// What a step did, as a label; none, if the step is not worth a row.
fn label(input: &Input, events: &[Event]) -> Option<String> {
    let (mut words, keeps) = match input {
        Input::ElectionTimeout => ("timeout".to_owned(), true),
        Input::HeartbeatDue => (String::new(), false),
        Input::Propose(_) => ("asked".to_owned(), true),
        Input::Receive(envelope) => message(&envelope.message),
    };
    let mut changes = keeps;
    for event in events {
        let mark = match *event {
            Event::VoteGranted { .. } if matches!(input, Input::Receive(_)) => " yes".to_owned(),
            Event::VoteRefused { .. }
            | Event::EntriesRefused { .. }
            | Event::ProposalRefused { .. } => " no".to_owned(),
            Event::Appended { first, last, .. } => format!(" +{}", range(first, last)),
            Event::EntriesAccepted { new_from: Some(new), acknowledged, .. } => {
                format!(" +{}", range(new, acknowledged.max(new)))
            }
            Event::Truncated { from, .. } => format!(" -{from}"),
            Event::CommitAdvanced { to, .. } => format!(" *{to}"),
            Event::Checked(ref verdict) if verdict.outcome == Outcome::Overridden => {
                " !".to_owned()
            }
            Event::RoleChanged { .. } | Event::TermAdvanced { .. } | Event::BackedOff { .. } => {
                String::new()
            }
            _ => continue,
        };
        changes = true;
        if !words.ends_with(&mark) || mark.is_empty() {
            words.push_str(&mark);
        }
    }
    changes.then(|| words.trim().to_owned())
}

/// The label of a message, and whether it gets a row even if it changes nothing.
fn message(message: &Message) -> (String, bool) {
    match message {
        Message::RequestVote(_) => ("vote?".to_owned(), true),
        Message::RequestVoteReply(reply) if reply.vote_granted => ("vote".to_owned(), true),
        Message::RequestVoteReply(_) => ("no vote".to_owned(), true),
        Message::AppendEntries(request) => match request.entries.len() {
            0 => ("beat".to_owned(), false),
            _ => ("app".to_owned(), true),
        },
        Message::AppendEntriesReply(reply) => match reply.outcome {
            AppendOutcome::Accepted { match_index } => (format!("ok {match_index}"), false),
            AppendOutcome::StaleTerm | AppendOutcome::Rejected { .. } => ("no".to_owned(), true),
        },
    }
}

impl Observer for Lanes {
    fn batch(&mut self, batch: &Batch<'_>) {
        self.put_cut();
        let node = batch.server.node();
        for (number, step, events, _) in batch.each() {
            let lane = &mut self.nodes[node.id().index()];
            for event in events {
                match *event {
                    Event::TermAdvanced { to, .. } => lane.term = to,
                    Event::RoleChanged { to, .. } => lane.role = to,
                    _ => {}
                }
            }
            let acknowledges = events.iter().any(|event| matches!(event, Event::Matched { .. }));
            let told = label(&step.input, events);
            let told = told.or_else(|| match &step.input {
                Input::Receive(envelope) if acknowledges => Some(message(&envelope.message).0),
                _ => None,
            });
            if let Some(label) = told {
                let from = Speaker::of(node.id(), &step.input).from;
                self.row(&head(Some(number), batch.time), node.id(), from, &label, false);
            }
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        if let Deed::Lost { from, to, why: Loss::Cut, .. } = deed {
            if self.cut.last().is_some_and(|(before, ..)| *before != time) {
                self.put_cut();
            }
            self.cut.push((time, *from, *to));
            return;
        }
        // What a client asks or is told has no row here, so it does not separate messages that were cut.
        if matches!(deed, Deed::Asked { .. } | Deed::Answered { .. } | Deed::Refused { .. }) {
            return;
        }
        self.put_cut();
        let head = head(None, time);
        match deed {
            Deed::Crash { node, point } => {
                let lane = &mut self.nodes[node.index()];
                (lane.up, lane.paused) = (false, false);
                let label = match point {
                    CrashPoint::Between => "CRASHES",
                    CrashPoint::BeforeSave => "CRASH undone",
                    CrashPoint::BeforeSend => "CRASH unsent",
                };
                self.row(&head, *node, None, label, false);
            }
            Deed::Lost { from, to, why, .. } => {
                let label = match why {
                    Loss::Dropped => "lost",
                    Loss::Cut => "cut",
                    Loss::Down => "down",
                    Loss::Removed => "removed",
                    Loss::Full => "full",
                };
                self.row(&head, *to, Some(*from), label, true);
            }
            Deed::Phase(text) => {
                self.output.begin_part();
                self.words(&colour::heading(text));
                self.begins = true;
            }
            _ => {
                if let Deed::Pause { node } | Deed::Resume { node } = deed {
                    self.nodes[node.index()].paused = matches!(deed, Deed::Pause { .. });
                }
                if let Some(sentence) = deeds::sentence(deed) {
                    self.words(&sentence);
                }
            }
        }
    }

    fn restarted(&mut self, time: Time, server: &Server) {
        self.put_cut();
        let node = server.node();
        let (role, term) = (node.role().kind(), node.current_term());
        self.nodes[node.id().index()] = Lane { up: true, paused: false, role, term };
        self.row(&head(None, time), node.id(), None, "restarts", false);
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

impl Drop for Lanes {
    /// Puts the rows of messages that were cut at the very end of a run.
    fn drop(&mut self) {
        self.put_cut();
    }
}
