//! A run as it happens, line by line: the time, the node, what it did, and by which rule.

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
use crate::record::deed::{Deed, Loss};
use crate::record::journal::{Batch, Observer};
use crate::server::timing::Time;
use crate::server::turn_order::{Detail, MessageId, Step};
use crate::server::{Answer, Ticket};

/// Tells a journal as a story.
#[derive(Debug)]
struct Story {
    columns: Columns,
    phases: usize,
    /// The step that is told now, or was told last.
    step: u64,
    /// The first steps of the part before this one, and of this one.
    parts: [u64; 2],
    sent: SentMessages,
    /// How often each thing that is not always told has happened to a node in this part.
    again: HashMap<(NodeId, Again), usize>,
    /// For each client that waits for an answer: when it asked, and for what.
    waiting: HashMap<Ticket, (Time, Command)>,
    /// The nodes that are down.
    down: NodeSet,
    /// Whether messages arrive only by name.
    manual: bool,
    /// The nodes that have refused entries, and have accepted no new ones since.
    refused: NodeSet,
}

/// Opens a story on this output: it tells what happens in a cluster of this many nodes, and the outcomes of
/// a script's lines. In a run moved by hand it tells every step, and no times. In `brief` it leaves reasons out,
/// and tells only the turning points unless the run is moved by hand.
pub(super) fn open(output: &Output, nodes: usize, by_hand: bool, brief: bool) -> Listeners {
    let columns = Columns::new(output, by_hand, brief);
    let story = Story {
        columns: columns.clone(),
        phases: 0,
        step: 0,
        parts: [0; 2],
        sent: SentMessages::default(),
        again: HashMap::new(),
        waiting: HashMap::new(),
        down: NodeSet::default(),
        manual: false,
        refused: NodeSet::default(),
    };
    let script = Some(Box::new(ScriptText::new(columns, nodes)) as _);
    Listeners { observers: vec![Box::new(story)], script }
}

/// The input of a step. If it is a command of one client, that client is named.
fn input(node: NodeId, step: &Step) -> String {
    match (&step.input, &step.tickets[..]) {
        (Input::Propose(commands), [ticket]) => {
            format!("client {} asks {node} for {}", ticket.client(), commands[0])
        }
        (input, _) => event_text::input(node, input),
    }
}

/// Something that may happen often in one part, and is told in full only the first time. `Overridden` and
/// `TooOld` are told in one line the second time, and then no more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Again {
    /// A broken rule did not stop a node that had compared these values.
    Overridden(Rule, Facts),
    /// A rule held that keeps the end of a log from being deleted, or from being acknowledged unverified.
    Spared,
    /// A node did nothing because of these facts.
    Waits(Facts),
    /// A message of an older term was refused.
    TooOld(MessageKind, Option<NodeId>, Term),
}

impl Story {
    /// Puts a line about the step that is told now.
    fn line(&self, time: Time, who: &str, text: &str) {
        self.columns.line(Some(self.step), time, who, text);
    }

    /// Begins a step. In a run moved by hand it has a first line, with a remark on a late message.
    fn begin(&mut self, text: &str, received: Option<MessageId>) {
        let [lately, _] = self.parts;
        let provenance =
            received.and_then(|MessageId(it)| self.sent.arrives(it, self.step, lately));
        if self.columns.by_hand {
            self.columns.begin(Some(self.step), &colour::strong(text));
            if let Some(provenance) = provenance {
                self.columns.remark(&colour::faint(&format!("({provenance})")));
            }
        }
    }

    /// Counts one more occurrence of `what`, and returns how many there were before in this part.
    fn told_before(&mut self, node: NodeId, what: Again) -> usize {
        let times = self.again.entry((node, what)).or_default();
        *times += 1;
        *times - 1
    }

    /// Whether somebody delivers the messages by name, now or in the whole run.
    const fn is_by_hand(&self) -> bool {
        self.columns.by_hand || self.manual
    }

    /// Whether an event is told, in a story or in brief.
    fn tells(&self, event: &Event, node: &RaftNode) -> bool {
        let (by_hand, brief) = (self.is_by_hand(), self.columns.brief);
        is_worth_telling(event, node, by_hand) && (by_hand || !brief || is_turning_point(event))
    }

    /// The place of the event that is told although it moves nothing on, because whoever delivers a message by
    /// name wants to see what it does: the last one of a step in which nothing else is told.
    fn only_effect(&self, events: &[Event], node: &RaftNode) -> Option<usize> {
        let is_told = |event: &Event| self.tells(event, node);
        let is_silent = self.is_by_hand() && !events.iter().any(is_told);
        if is_silent { events.iter().rposition(what_to_tell::is_effect) } else { None }
    }

    /// Whether to tell that a kept rule decided about the end of a log that a request does not cover. In a run
    /// moved by hand it is told each time. Otherwise only a story with reasons tells it, once in a part, for the
    /// first request with entries: overtaken heartbeats are too many.
    fn spares(&mut self, event: &Event, node: NodeId, verdicts: &[Verdict]) -> bool {
        let (by_hand, brief) = (self.is_by_hand(), self.columns.brief);
        matches!(event, Event::EntriesAccepted { count, .. } if by_hand || *count > 0)
            && verdicts.iter().any(what_to_tell::spares)
            && (by_hand || !brief && self.told_before(node, Again::Spared) == 0)
    }

    /// Whether an event is not told.
    fn passes_over(&mut self, event: &Event, node: &RaftNode, verdicts: &[Verdict]) -> bool {
        let repairs = self.repairs(event, node.id()) && !self.is_by_hand();
        !self.tells(event, node) && !repairs && !self.spares(event, node.id(), verdicts)
    }

    /// Whether a node accepts new entries for the first time after it had refused some.
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
        // The brief story leaves reasons out, but always says that a rule is broken.
        if self.columns.brief && verdict.outcome != Outcome::Overridden {
            return;
        }
        let text = event_text::verdict(speaker, verdict);
        let text = match verdict.outcome {
            Outcome::Overridden => colour::wrong(&text),
            _ => colour::faint(&text),
        };
        self.columns.reason(&text);
    }

    /// Tells that a node went on although a broken rule would have stopped it.
    fn overridden(&mut self, time: Time, speaker: Speaker, verdict: &Verdict) {
        let (node, rule) = (speaker.node, verdict.rule);
        match self.told_before(node, Again::Overridden(rule, verdict.facts)) {
            0 => {
                self.line(time, &node.to_string(), "acts against the rule:");
                self.why(speaker, verdict);
            }
            1 => {
                let text = format!("acts against {rule} again; repeats are not shown");
                self.line(time, &node.to_string(), &colour::wrong(&text));
            }
            _ => {}
        }
    }

    /// Tells a step, with the verdicts that are the reasons for its events.
    fn tell_step(&mut self, time: Time, node: &RaftNode, step: &Step, events: &[Event]) {
        let speaker = Speaker::of(node.id(), &step.input);
        self.begin(&input(node.id(), step), step.received);
        let only_effect = self.only_effect(events, node);
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (nth, event) in events.iter().enumerate() {
            if let Event::Checked(verdict) = event {
                let explains = |later: &Event| self.tells(later, node) && is_reason(later, verdict);
                // That a node went on against a broken rule is always told, if need be in a line of its own.
                if verdict.outcome == Outcome::Overridden && !events[nth..].iter().any(explains) {
                    self.overridden(time, speaker, verdict);
                } else {
                    verdicts.push(*verdict);
                }
                continue;
            }
            // The brief story has named the no-op in the line of the election.
            let is_named = self.columns.brief
                && matches!(event, Event::Appended { .. })
                && !matches!(step.input, Input::Propose(_));
            // Nor does it tell of messages that have only overtaken each other.
            let is_ahead = self.columns.brief
                && matches!(event, Event::EntriesRefused { .. })
                && too_old(event, &verdicts).is_none()
                && step.received.is_some_and(|MessageId(it)| self.sent.is_ahead(it))
                && !self.is_by_hand();
            let is_left_out = is_ahead || is_named || self.passes_over(event, node, &verdicts);
            if is_left_out && only_effect != Some(nth) {
                continue;
            }
            let (reasons, others) = verdicts.into_iter().partition(|it| is_reason(event, it));
            verdicts = others;
            if let Some(old) = too_old(event, &reasons) {
                self.too_old(time, speaker, old);
                continue;
            }
            let text = self.event(speaker, node, &events[nth..], &reasons);
            self.line(time, &node.id().to_string(), &text);
            for verdict in &reasons {
                self.why(speaker, verdict);
            }
            // In a run moved by hand the step has begun with this remark.
            if let (Event::EntriesRefused { .. }, Some(MessageId(it)), false) =
                (event, step.received, self.columns.by_hand || self.columns.brief)
                && let Some(missing) = self.sent.missing_before(it)
            {
                self.columns.reason(&colour::faint(&missing));
            }
        }
        // Whether there is a majority is asked after a vote or an acknowledgement was counted.
        let quorum = verdicts.iter().filter(|it| it.rule == Rule::MajorityQuorum);
        quorum.filter(|_| only_effect.is_some()).for_each(|it| self.why(speaker, it));
        self.tell_inaction(time, speaker, &verdicts, only_effect.is_some());
    }

    /// The first of these events in words, with its reasons where the brief story has no other place for them.
    fn event(
        &self,
        speaker: Speaker,
        node: &RaftNode,
        events: &[Event],
        reasons: &[Verdict],
    ) -> String {
        let brief = self.columns.brief;
        let text = event_text::event(speaker, &events[0]);
        match events[0] {
            Event::Appended { first, last, .. } => text + &deeds::contents(node, first, last),
            Event::EntriesRefused { .. } if brief => {
                let instead = reasons.iter().find_map(|it| instead(node.id(), it));
                instead.map_or_else(|| text.clone(), |instead| format!("{text}: {instead}"))
            }
            Event::BecameLeader { .. } => {
                let no_op = if brief { no_op(events) } else { String::new() };
                colour::role(RoleKind::Leader, &(text + &no_op))
            }
            _ => text,
        }
    }

    /// Tells that a node does nothing, if that matters, given the verdicts that caused no event. What has been told
    /// before is told again only if the step has no other effect.
    fn tell_inaction(
        &mut self,
        time: Time,
        speaker: Speaker,
        verdicts: &[Verdict],
        is_only_effect: bool,
    ) {
        let by_hand = self.is_by_hand();
        let untold = verdicts
            .iter()
            .find_map(|it| what_to_tell::without_event(it, by_hand).map(|text| (it, text)));
        if let Some((verdict, text)) = untold
            && (self.told_before(speaker.node, Again::Waits(verdict.facts)) == 0
                || self.columns.by_hand
                || is_only_effect)
        {
            self.line(time, &speaker.node.to_string(), &text);
            self.why(speaker, verdict);
        }
    }

    /// Tells what a client learns about its command.
    fn tell_client(&mut self, time: Time, deed: &Deed) {
        let (Deed::Answered { ticket, .. } | Deed::Refused { ticket, .. }) = deed else { return };
        let client = ticket.client();
        // The command is unknown if the client asked before the trace began.
        let asked = self.waiting.remove(ticket);
        let command =
            asked.as_ref().map_or_else(|| "its command".to_owned(), |(_, it)| it.to_string());
        let text = match deed {
            Deed::Refused { node, leader, .. } => {
                let why = deeds::refusal(*node, Some(!self.down.contains(*node)), *leader);
                format!("client {client} is refused {command}: {why}")
            }
            Deed::Answered { answer, .. } if self.columns.by_hand => {
                format!("client {client} {}", deeds::told(answer))
            }
            Deed::Answered { answer, node, .. } => {
                let after = asked.as_ref().map_or_else(String::new, |(since, _)| {
                    format!(", after {}", duration(time - *since))
                });
                let text = deeds::answered(&command, answer);
                let text = format!("answers client {client}: {text}{after}");
                let text = match answer {
                    Answer::Applied { .. } => colour::good(&text),
                    _ => text,
                };
                return self.line(time, &node.to_string(), &text);
            }
            _ => return,
        };
        // A refusal is no step, so it has no number.
        self.columns.line(None, time, "", &text);
    }

    /// Tells that a node refuses a message of an older term. When a network heals, such messages come in great
    /// numbers, so each kind is told at most twice in a part.
    fn too_old(&mut self, time: Time, speaker: Speaker, old: TooOld) {
        let node = speaker.node;
        match self.told_before(node, Again::TooOld(old.kind, speaker.from, old.message)) {
            0 => self.line(time, &node.to_string(), &old.sentence(speaker)),
            1 => {
                let (sender, kind) = (speaker.sender(), message::kind(old.kind));
                let text = format!("refuses {sender}'s {kind} again; repeats are not shown");
                self.line(time, &node.to_string(), &text);
            }
            _ => {}
        }
    }
}

/// What a node has in place of the entry on which a refused request builds.
fn instead(node: NodeId, verdict: &Verdict) -> Option<String> {
    match verdict.facts {
        Facts::PrevEntry { prev, found, last } if verdict.outcome == Outcome::Refused => {
            Some(facts::instead(node, prev, found, last))
        }
        _ => None,
    }
}

/// Names the entry with which a new leader begins its term. The brief story needs it to explain why a log
/// holds more entries than clients have asked for.
fn no_op(events: &[Event]) -> String {
    let appended = events.iter().find_map(|event| match *event {
        Event::Appended { first: index, term, .. } => Some(LogPosition { term, index }),
        _ => None,
    });
    appended.map_or_else(String::new, |it| format!(", and appends an empty entry, {it}"))
}

impl Observer for Story {
    fn batch(&mut self, batch: &Batch<'_>) {
        for (number, step, events, _) in batch.each() {
            self.step = number;
            self.tell_step(batch.time, batch.server.node(), step, events);
        }
        if batch.saved {
            self.sent.leaves(batch, self.step);
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        match deed {
            Deed::Crash { node, .. } => _ = self.down.insert(*node),
            Deed::Restart { node } => self.down.remove(*node),
            Deed::Manual => self.manual = true,
            Deed::Automatic => self.manual = false,
            Deed::Lost { message, .. } => self.sent.is_lost(message.0),
            _ => {}
        }
        match deed {
            Deed::Phase(text) => {
                self.phases += 1;
                self.again.clear();
                self.parts = [self.parts[1], self.step + 1];
                self.columns.output.begin_part();
                let title = colour::heading(&format!("{}  {text}", self.phases));
                self.columns.output.put_all(paragraph(&title, "", "   "));
            }
            Deed::Note(text) => {
                self.columns.output.put_all(beside(&colour::faint(text)));
            }
            Deed::Asked { ticket, node, command } => {
                self.waiting.insert(*ticket, (time, command.clone()));
                // In a run moved by hand, the request is told as the input of its step.
                if !self.columns.by_hand {
                    let text = format!("client {} asks {node} for {command}", ticket.client());
                    self.columns.line(None, time, "", &text);
                }
            }
            Deed::Answered { .. } | Deed::Refused { .. } => self.tell_client(time, deed),
            // Whoever delivers a message by name expects it to arrive.
            Deed::Lost { from, to, why: why @ (Loss::Cut | Loss::Down | Loss::Full), .. }
                if self.manual =>
            {
                let text = deeds::lost(*from, *to, *why);
                self.columns.line(None, time, "", &text);
            }
            _ => {
                if let Some((who, text)) = deeds::world(deed) {
                    let text = match deed {
                        Deed::Crash { .. } | Deed::Wipe { .. } => colour::wrong(&text),
                        _ => text,
                    };
                    if self.columns.by_hand {
                        let text = format!("{who} {text}");
                        self.columns.begin(None, &colour::strong(text.trim_start()));
                    } else {
                        self.columns.line(None, time, &who, &text);
                    }
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
