//! A run as it happens, line by line: when, who, what, and by which rule.

use std::collections::HashMap;

use super::columns::{Columns, beside};
use super::output::Output;
use super::provenance::SentMessages;
use super::script_text::ScriptText;
use super::table::paragraph;
use super::what_to_tell::{TooOld, is_reason, is_turning_point, is_worth_telling, too_old};
use super::words::{Speaker, duration};
use super::{Listeners, colour, deeds, event_text, facts, message, violation, what_to_tell};
use crate::properties::safety::Violation;
use crate::raft::{
    Command, Event, Facts, Input, LogPosition, MessageKind, NodeId, NodeSet, Outcome, RaftNode,
    RoleKind, Rule, Term, Verdict,
};
use crate::record::deed::Deed;
use crate::record::journal::{Batch, Observer};
use crate::server::timing::Time;
use crate::server::turn_order::{Detail, MessageId};
use crate::server::{Answer, Ticket};

/// Tells a journal as a story.
#[derive(Debug)]
struct Story {
    columns: Columns,
    phases: usize,
    /// The step that is told, or was told last.
    step: u64,
    /// Where messages come from, if single moves are told.
    moves: Option<Moves>,
    /// What a node did where a rule would not have, or refused, and how often, in this part.
    again: HashMap<(NodeId, Again), usize>,
    /// Who asked last.
    asked: Option<Ticket>,
    /// When each client asked that waits for its answer, and for what.
    waiting: HashMap<Ticket, (Time, Command)>,
    /// The nodes that are down.
    down: NodeSet,
    /// The nodes that have refused entries, and taken none in since.
    refused: NodeSet,
}

/// A story on this output: of what happens in a cluster of `nodes`, and of what came of a script's
/// lines. In a run that is in someone's hand each step is told, and times are not.
pub(super) fn open(output: &Output, nodes: usize, by_hand: bool) -> Listeners {
    told(nodes, Columns::new(output, by_hand, false))
}

/// The same without reasons, and of a run that is in nobody's hand only the turning points.
pub(super) fn open_brief(output: &Output, nodes: usize, by_hand: bool) -> Listeners {
    told(nodes, Columns::new(output, by_hand, true))
}

fn told(nodes: usize, columns: Columns) -> Listeners {
    let by_hand = columns.by_hand;
    let story = Story {
        columns: columns.clone(),
        phases: 0,
        step: 0,
        moves: by_hand.then(Moves::default),
        again: HashMap::new(),
        asked: None,
        waiting: HashMap::new(),
        down: NodeSet::default(),
        refused: NodeSet::default(),
    };
    let script = Some(Box::new(ScriptText::new(columns, nodes)) as _);
    Listeners { observers: vec![Box::new(story)], script }
}

/// What is told in full once, in one line once more, and then no more in the same part.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Again {
    /// A rule was broken on these grounds.
    Overridden(Rule, Facts),
    /// A kept rule left the end of a log as it was, or out of an acknowledgement.
    Spared,
    /// A message of an older term was refused.
    TooOld(MessageKind, Option<NodeId>, Term),
}

/// What is known of moves that are told one by one.
#[derive(Debug, Default)]
struct Moves {
    /// With which step the part before this one and this one began.
    parts: [u64; 2],
    mail: SentMessages,
}

impl Story {
    /// Puts a line on the step that is told.
    fn line(&self, time: Time, who: &str, text: &str) {
        self.columns.line(Some(self.step), time, who, text);
    }

    /// Begins a step, if single moves are told.
    fn begin(&mut self, text: &str, received: Option<MessageId>) {
        let Some(moves) = &mut self.moves else { return };
        self.columns.begin(Some(self.step), &colour::strong(text).to_string());
        let provenance =
            received.and_then(|MessageId(it)| moves.mail.arrives(it, self.step, moves.parts[0]));
        if let Some(provenance) = provenance {
            self.columns.remark(&colour::faint(&format!("({provenance})")).to_string());
        }
    }

    /// What a step begins with: its input. A client has a number.
    fn input(&self, node: NodeId, input: &Input) -> String {
        match (input, self.asked) {
            (Input::Propose(commands), Some(ticket)) if commands.len() == 1 => {
                format!("client {} asks {node} for {}", ticket.client(), commands[0])
            }
            _ => event_text::input(node, input),
        }
    }

    /// How often this was told in this part already.
    fn told_before(&mut self, node: NodeId, what: Again) -> usize {
        let times = self.again.entry((node, what)).or_default();
        *times += 1;
        *times - 1
    }

    /// Whether an event is told, in a story or in brief.
    fn tells(&self, event: &Event, node: &RaftNode) -> bool {
        let Columns { by_hand, brief, .. } = self.columns;
        is_worth_telling(event, node, by_hand) && (by_hand || !brief || is_turning_point(event))
    }

    /// Whether a kept rule decides here what becomes of the end of a log of which a request says nothing. With single
    /// moves each is told, and else, with the reasons, the first request with entries in a part: heartbeats that
    /// are overtaken are many.
    fn spares(&mut self, event: &Event, node: NodeId, verdicts: &[Verdict]) -> bool {
        let Columns { by_hand, brief, .. } = self.columns;
        matches!(event, Event::EntriesAccepted { count, .. } if by_hand || *count > 0)
            && verdicts.iter().any(what_to_tell::spares)
            && (by_hand || !brief && self.told_before(node, Again::Spared) == 0)
    }

    /// Whether an event is not told.
    fn passes_over(&mut self, event: &Event, node: &RaftNode, verdicts: &[Verdict]) -> bool {
        let repairs = self.repairs(event, node.id()) && !self.columns.by_hand;
        !self.tells(event, node) && !repairs && !self.spares(event, node.id(), verdicts)
    }

    /// Whether a node takes in what it lacked, after it had refused what came before that.
    const fn repairs(&mut self, event: &Event, node: NodeId) -> bool {
        match event {
            Event::EntriesRefused { .. } => {
                self.refused.insert(node);
                false
            }
            Event::EntriesAccepted { new_from: Some(_), .. } => {
                let repairs = self.refused.contains(node);
                self.refused.remove(node);
                repairs
            }
            _ => false,
        }
    }

    fn why(&self, speaker: Speaker, verdict: &Verdict) {
        // That a rule is broken is no mere reason.
        if self.columns.brief && verdict.outcome != Outcome::Overridden {
            return;
        }
        let text = event_text::verdict(speaker, verdict);
        let text = match verdict.outcome {
            Outcome::Overridden => colour::wrong(&text),
            _ => colour::faint(&text),
        };
        self.columns.reason(&text.to_string());
    }

    /// A node goes on where a rule would not.
    fn overridden(&mut self, time: Time, speaker: Speaker, verdict: &Verdict) {
        let (node, rule) = (speaker.node, verdict.rule);
        match self.told_before(node, Again::Overridden(rule, verdict.facts)) {
            0 => {
                self.line(time, &node.to_string(), "goes on where the rule would not:");
                self.why(speaker, verdict);
            }
            1 => {
                let text = format!("goes on as before, without {rule}, here and from now on");
                self.line(time, &node.to_string(), &colour::wrong(&text).to_string());
            }
            _ => {}
        }
    }

    /// A client is told what became of its command.
    fn tell_client(&mut self, time: Time, deed: &Deed) {
        let (Deed::Answered { ticket, .. } | Deed::Refused { ticket, .. }) = deed else { return };
        let client = ticket.client();
        // What was asked before a trace began, nobody knows.
        let asked = self.waiting.remove(ticket);
        let command = asked.as_ref().map_or("its command", |(_, command)| command.as_str());
        let text = match deed {
            Deed::Refused { node, leader, .. } => {
                let why = deeds::refusal(*node, Some(!self.down.contains(*node)), *leader);
                format!("client {client} is refused {command}: {why}")
            }
            Deed::Answered { answer, .. } if self.moves.is_some() => {
                format!("client {client} {}", deeds::told(answer))
            }
            Deed::Answered { answer, node, .. } => {
                let after = asked.as_ref().map_or_else(String::new, |(since, _)| {
                    format!(", after {}", duration(time - *since))
                });
                let text = deeds::answered(command, answer);
                let text = format!("answers client {client}: {text}{after}");
                let text = match answer {
                    Answer::Applied { .. } => colour::good(&text).to_string(),
                    _ => text,
                };
                return self.line(time, &node.to_string(), &text);
            }
            _ => return,
        };
        self.line(time, "", &text);
    }

    /// A node refuses a message of an older term. Such messages come in swarms when a network heals.
    fn too_old(&mut self, time: Time, speaker: Speaker, old: TooOld) {
        let node = speaker.node;
        match self.told_before(node, Again::TooOld(old.kind, speaker.from, old.message)) {
            0 => self.line(time, &node.to_string(), &old.sentence(speaker)),
            1 => {
                let (sender, kind) = (speaker.sender(), message::kind(old.kind));
                let text = format!("refuses {sender}'s {kind} again, here and from now on");
                self.line(time, &node.to_string(), &text);
            }
            _ => {}
        }
    }
}

/// What a node has where the entry should be on which a refused request builds.
fn instead(node: NodeId, verdict: &Verdict) -> Option<String> {
    match verdict.facts {
        Facts::PrevEntry { prev, found, last } if verdict.outcome == Outcome::Refused => {
            Some(facts::instead(node, prev, found, last))
        }
        _ => None,
    }
}

/// The entry with which a leader begins its term, among the events of its victory: a log in brief has one
/// more of them than clients have asked for.
fn no_op(events: &[Event]) -> String {
    let appended = events.iter().find_map(|event| match *event {
        Event::Appended { first: index, term, .. } => Some(LogPosition { term, index }),
        _ => None,
    });
    appended.map_or_else(String::new, |it| format!(", and begins it with an empty entry, {it}"))
}

impl Observer for Story {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = batch.server.node();
        let by_hand = self.moves.is_some();
        for (number, step, events, _) in batch.each() {
            self.step = number;
            let speaker = Speaker::of(node.id(), &step.input);
            self.begin(&self.input(node.id(), &step.input), step.received);
            let mut verdicts: Vec<Verdict> = Vec::new();
            for (nth, event) in events.iter().enumerate() {
                if let Event::Checked(verdict) = event {
                    let explains =
                        |later: &Event| self.tells(later, node) && is_reason(later, verdict);
                    // A broken rule that was made use of is never passed over.
                    if verdict.outcome == Outcome::Overridden && !events[nth..].iter().any(explains)
                    {
                        self.overridden(batch.time, speaker, verdict);
                    } else {
                        verdicts.push(*verdict);
                    }
                    continue;
                }
                if self.passes_over(event, node, &verdicts) {
                    continue;
                }
                let who = node.id().to_string();
                let mut text = event_text::event(speaker, event);
                if let Event::Appended { first, last, .. } = event {
                    text.push_str(&deeds::contents(node, *first, *last));
                }
                // Why a log needs repair is told in brief too.
                if let (true, Event::EntriesRefused { .. }) = (self.columns.brief, event)
                    && let Some(instead) = verdicts.iter().find_map(|it| instead(node.id(), it))
                {
                    text = format!("{text}: {instead}");
                }
                if let (true, Event::BecameLeader { .. }) = (self.columns.brief, event) {
                    text.push_str(&no_op(&events[nth..]));
                }
                let text = match event {
                    Event::BecameLeader { .. } => colour::role(RoleKind::Leader, &text).to_string(),
                    _ => text,
                };
                let told = |verdict: &Verdict| is_reason(event, verdict);
                if let Some(old) = too_old(event, &verdicts) {
                    self.too_old(batch.time, speaker, old);
                    verdicts.retain(|verdict| !told(verdict));
                    continue;
                }
                self.line(batch.time, &who, &text);
                verdicts.iter().filter(|verdict| told(verdict)).for_each(|verdict| {
                    self.why(speaker, verdict);
                });
                verdicts.retain(|verdict| !told(verdict));
            }
            // An acknowledgement that says less than is known changes nothing, and so has no event.
            let unheeded = |verdict: &&Verdict| {
                verdict.rule == Rule::MatchIndexMonotone && verdict.outcome == Outcome::Refused
            };
            if let Some(verdict) = verdicts.iter().find(unheeded).filter(|_| by_hand) {
                self.line(batch.time, &node.id().to_string(), "takes no notice:");
                self.why(speaker, verdict);
            }
        }
        if let Some(moves) = self.moves.as_mut().filter(|_| batch.saved) {
            moves.mail.leaves(batch, self.step);
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        match deed {
            Deed::Crash { node, .. } => _ = self.down.insert(*node),
            Deed::Restart { node } => self.down.remove(*node),
            _ => {}
        }
        match deed {
            Deed::Phase(text) => {
                self.phases += 1;
                self.again.clear();
                if let Some(Moves { parts, .. }) = &mut self.moves {
                    *parts = [parts[1], self.step + 1];
                }
                self.columns.output.begin_part();
                let title = colour::heading(&format!("{}  {text}", self.phases)).to_string();
                self.columns.output.put_all(paragraph(&title, "", "   "));
            }
            Deed::Note(text) => {
                self.columns.output.put_all(beside(&colour::faint(text).to_string()));
            }
            Deed::Asked { ticket, node, command } => {
                self.asked = Some(*ticket);
                self.waiting.insert(*ticket, (time, command.clone()));
                // Where single moves are told, this is one.
                if self.moves.is_none() {
                    let text = format!("client {} asks {node} for {command}", ticket.client());
                    self.columns.line(None, time, "", &text);
                }
            }
            Deed::Answered { .. } | Deed::Refused { .. } => self.tell_client(time, deed),
            _ => {
                if let Some((who, text)) = deeds::world(deed) {
                    let text = match deed {
                        Deed::Crash { .. } | Deed::Wipe { .. } => colour::wrong(&text).to_string(),
                        _ => text,
                    };
                    if self.moves.is_some() {
                        let text = format!("{who} {text}");
                        let text = colour::strong(text.trim_start()).to_string();
                        self.columns.begin(None, &text);
                        return;
                    }
                    self.columns.line(None, time, &who, &text);
                }
            }
        }
    }

    fn violation(&mut self, _: Time, found: &Violation) {
        self.columns.output.put_all(violation::lines(found));
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}
