//! A run as it happens, line by line: when, who, what, and by which rule.

use std::collections::BTreeMap;

use super::explain;
use super::page::Page;
use super::table::paragraph;
use super::words::Speaker;
use super::{message, paint, violation};
use crate::journal::{Batch, CrashPoint, Deed, Detail, Loss, Observer};
use crate::network::Conditions;
use crate::raft::{
    Event, Facts, LogIndex, MessageKind, NodeId, Outcome, RaftNode, RoleKind, Rule, Verdict,
};
use crate::replica::Answer;
use crate::safety::Violation;
use crate::state_machine::Reply;
use crate::timing::Time;

/// Where the text of a line begins: behind the time and the node.
const MARGIN: &str = "               ";

/// Tells a journal as a story.
#[derive(Debug)]
pub struct Story {
    page: Page,
    phases: usize,
    /// How many steps were told, if they are numbered instead of timed.
    steps: Option<u64>,
    /// On what grounds a node went on last where a rule would not.
    overridden: BTreeMap<(NodeId, Rule), Facts>,
}

impl Story {
    /// A story on this page.
    #[must_use]
    pub const fn new(page: Page) -> Self {
        Self { page, phases: 0, steps: None, overridden: BTreeMap::new() }
    }

    /// A story of single steps, each with its number and its input: for a run in someone's hand,
    /// where time means nothing.
    #[must_use]
    pub fn numbered(page: Page) -> Self {
        Self { steps: Some(0), ..Self::new(page) }
    }

    /// Begins a step, if steps are numbered.
    fn begin(&mut self, text: &str) {
        if let Some(steps) = &mut self.steps {
            *steps += 1;
            let first = format!("  {steps:>8}  ");
            self.page.put_all(paragraph(&paint::strong(text).to_string(), &first, "            "));
        }
    }

    fn line(&self, time: Time, who: &str, text: &str) {
        let time = if self.steps.is_some() { String::new() } else { time.to_string() };
        let first = format!("  {time:>8}  {who:<3}");
        self.page.put_all(paragraph(text, &first, MARGIN));
    }

    fn why(&self, speaker: Speaker, verdict: &Verdict) {
        let text = explain::verdict(speaker, verdict);
        let text = match verdict.outcome {
            Outcome::Overridden => paint::wrong(&text),
            _ => paint::faint(&text),
        };
        let (first, others) = (format!("{MARGIN}└ "), format!("{MARGIN}  "));
        self.page.put_all(paragraph(&text.to_string(), &first, &others));
    }
}

impl Story {
    /// A node goes on where a rule would not. What it does again and again on the same grounds is
    /// told in full once.
    fn overridden(&mut self, time: Time, speaker: Speaker, verdict: &Verdict) {
        let who = speaker.node.to_string();
        if self.overridden.insert((speaker.node, verdict.rule), verdict.facts)
            == Some(verdict.facts)
        {
            let text = format!("goes on as before, without {}", verdict.rule);
            self.line(time, &who, &paint::wrong(&text).to_string());
            return;
        }
        self.line(time, &who, "goes on where the rule would not:");
        self.why(speaker, verdict);
    }
}

impl Observer for Story {
    fn batch(&mut self, batch: &Batch<'_>) {
        let node = batch.replica.node();
        let mut began = 0;
        for step in batch.steps {
            let speaker = Speaker::of(node.id(), &step.input);
            self.begin(&explain::input(node.id(), &step.input));
            let mut verdicts: Vec<Verdict> = Vec::new();
            let events = &batch.events[began..step.events_end];
            for (nth, event) in events.iter().enumerate() {
                if let Event::Checked(verdict) = event {
                    let explains =
                        |later: &Event| is_worth_telling(later, node) && is_reason(later, verdict);
                    // A broken rule that was made use of is never passed over.
                    if verdict.outcome == Outcome::Overridden && !events[nth..].iter().any(explains)
                    {
                        self.overridden(batch.time, speaker, verdict);
                    } else {
                        verdicts.push(*verdict);
                    }
                    continue;
                }
                if !is_worth_telling(event, node) {
                    continue;
                }
                let who = node.id().to_string();
                let mut text = explain::event(speaker, event);
                if let Event::Appended { first, last, .. } = event {
                    text.push_str(&contents(node, *first, *last));
                }
                let text = match event {
                    Event::BecameLeader { .. } => paint::role(RoleKind::Leader, &text).to_string(),
                    _ => text,
                };
                let told = |verdict: &Verdict| is_reason(event, verdict);
                if let Some(short) = too_old(speaker, event, &verdicts) {
                    self.line(batch.time, &who, &short);
                    verdicts.retain(|verdict| !told(verdict));
                    continue;
                }
                self.line(batch.time, &who, &text);
                verdicts.iter().filter(|verdict| told(verdict)).for_each(|verdict| {
                    self.why(speaker, verdict);
                });
                verdicts.retain(|verdict| !told(verdict));
            }
            began = step.events_end;
        }
        // What was decided when the steps were saved.
        for event in &batch.events[began..] {
            if let Event::Checked(verdict) = event
                && verdict.outcome == Outcome::Overridden
            {
                self.overridden(batch.time, Speaker { node: node.id(), from: None }, verdict);
            }
        }
    }

    fn deed(&mut self, time: Time, deed: &Deed) {
        match deed {
            Deed::Phase(text) => {
                self.phases += 1;
                self.page.put("");
                self.page.put(paint::heading(&format!("{}  {text}", self.phases)).to_string());
            }
            Deed::Note(text) => {
                self.page.put_all(paragraph(&paint::faint(text).to_string(), MARGIN, MARGIN));
            }
            // Told where single moves are told; elsewhere the script's own lines say it.
            Deed::Answered { answer, .. } if self.steps.is_some() => {
                self.line(time, "", &format!("a client {}", told(answer)));
            }
            _ => {
                if let Some((who, text)) = world(deed) {
                    if self.steps.is_some() {
                        self.begin(&format!("{who} {text}"));
                        return;
                    }
                    self.line(time, &who, &text);
                }
            }
        }
    }

    fn violation(&mut self, _: Time, found: &Violation) {
        self.page.put_all(violation::lines(found));
    }

    fn wants(&self) -> Detail {
        Detail::Steps
    }
}

/// What a client is told.
#[must_use]
pub fn told(answer: &Answer) -> String {
    match answer {
        Answer::Applied { position, reply } => {
            let done = format!("is told that its command, entry {position}, is done");
            match reply {
                // To who has written, "done" is all there is to say.
                Reply::Set | Reply::Done => done,
                Reply::Deleted(_) | Reply::Value(_) => {
                    format!("{done}: {}", violation::reply_words(reply))
                }
            }
        }
        Answer::Superseded { lost } => {
            format!("is told that its command, entry {lost}, is lost: another was committed there")
        }
        Answer::Uncertain { position } => {
            format!("is told that nobody knows what becomes of its command, entry {position}")
        }
    }
}

/// Whether an event moves the story on. The rest is for those who ask for every step.
fn is_worth_telling(event: &Event, node: &RaftNode) -> bool {
    match *event {
        Event::ElectionStarted { .. }
        | Event::VoteRefused { .. }
        | Event::BecameLeader { .. }
        | Event::Appended { .. }
        | Event::Truncated { .. }
        | Event::EntriesRefused { .. }
        | Event::BackedOff { .. }
        | Event::ProposalRefused { .. } => true,
        Event::VoteGranted { to, .. } => to != node.id(),
        Event::RoleChanged { from, to, .. } => {
            to == RoleKind::Follower && from != RoleKind::Follower
        }
        Event::CommitAdvanced { .. } => node.is_leader(),
        _ => false,
    }
}

/// Whether a verdict is the reason for an event: a refusal has one, a deed may have several.
fn is_reason(event: &Event, verdict: &Verdict) -> bool {
    let refusal = matches!(event, Event::VoteRefused { .. } | Event::EntriesRefused { .. });
    reasons(event).contains(&verdict.rule) && (!refusal || verdict.outcome == Outcome::Refused)
}

/// The rules whose verdicts are the reason for an event.
const fn reasons(event: &Event) -> &'static [Rule] {
    match event {
        Event::VoteGranted { .. } => &[Rule::OneVotePerTerm, Rule::UpToDateLog],
        Event::VoteRefused { .. } => {
            &[Rule::OneVotePerTerm, Rule::UpToDateLog, Rule::StaleTermRejected]
        }
        Event::BecameLeader { .. } => &[Rule::MajorityQuorum],
        Event::RoleChanged { .. } => &[Rule::HigherTermStepsDown, Rule::CandidateYieldsToLeader],
        Event::CommitAdvanced { .. } => &[Rule::MajorityQuorum, Rule::CommitOnlyCurrentTerm],
        Event::Truncated { .. } => &[Rule::ConflictTruncates, Rule::LeaderAppendOnly],
        Event::EntriesRefused { .. } => &[Rule::LogMatchingCheck, Rule::StaleTermRejected],
        _ => &[],
    }
}

/// The refusal of an older term, in one line: its reason is its whole story, and such messages come
/// in swarms when a network heals.
fn too_old(speaker: Speaker, event: &Event, verdicts: &[Verdict]) -> Option<String> {
    let kind = match event {
        Event::VoteRefused { .. } => MessageKind::VoteRequest,
        Event::EntriesRefused { .. } => MessageKind::AppendEntriesRequest,
        _ => return None,
    };
    let stale = |verdict: &&Verdict| {
        verdict.rule == Rule::StaleTermRejected && verdict.outcome == Outcome::Refused
    };
    let Facts::Terms { message, own } = verdicts.iter().find(stale)?.facts else { return None };
    let (node, sender, kind) = (speaker.node, speaker.sender(), message::kind(kind));
    let rule = Rule::StaleTermRejected;
    let section = explain::section(rule);
    Some(format!(
        "refuses {sender}'s {kind} of term {message}: {node} is in term {own} ({rule}, {section})"
    ))
}

/// What was appended, behind the sentence that says where.
fn contents(node: &RaftNode, first: LogIndex, last: LogIndex) -> String {
    let entry = |index| {
        let entry = node.log().get(LogIndex::new(index))?;
        Some(message::payload(&entry.payload).to_owned())
    };
    let all: Vec<String> = (first.get()..=last.get()).filter_map(entry).collect();
    format!(": {}", all.join(", "))
}

/// What the world did: who is concerned, and what happened.
fn world(deed: &Deed) -> Option<(String, String)> {
    let nobody = String::new();
    Some(match deed {
        Deed::Crash { node, point } => {
            let text = match point {
                CrashPoint::Between => "CRASHES: all that was not durable is lost",
                CrashPoint::BeforeSave => {
                    "CRASHES: what it has just decided was not saved, and is gone"
                }
                CrashPoint::BeforeSend => "CRASHES after saving, before its messages have left",
            };
            (node.to_string(), paint::wrong(text).to_string())
        }
        Deed::Restart { node } => {
            (node.to_string(), "starts again, as a follower, with what its disk held".to_owned())
        }
        Deed::Cut { from, to } => (nobody, format!("the link from {from} to {to} is cut")),
        Deed::Partition { groups } => {
            let names = |nodes: &mut dyn Iterator<Item = NodeId>| {
                nodes.map(|node| node.to_string()).collect::<Vec<_>>().join(" ")
            };
            let groups: Vec<String> = groups.iter().map(|group| names(&mut group.iter())).collect();
            (nobody, format!("the network splits: {}", groups.join(" | ")))
        }
        Deed::Heal => (nobody, "every link is whole again".to_owned()),
        Deed::Conditions(conditions) => (nobody, format!("links: {}", links(conditions))),
        Deed::Lost { from, to, why: Loss::Removed, .. } => {
            (nobody, format!("a message from {from} to {to} is taken out of the network"))
        }
        _ => return None,
    })
}

/// What the links are like, in a few words.
#[must_use]
pub fn links(conditions: &Conditions) -> String {
    let (min, max) = (conditions.latency_min, conditions.latency_max);
    let mut text = if min == max { format!("{min:?}") } else { format!("{min:?} to {max:?}") };
    for (share, what) in [(conditions.drop, "lost"), (conditions.duplicate, "doubled")] {
        if share > 0.0 {
            let percent = (share * 1000.0).round() / 10.0;
            text = format!("{text}, {percent}% {what}");
        }
    }
    text
}
