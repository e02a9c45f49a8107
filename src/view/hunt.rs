//! What a hunt found, told to a reader.

use super::explain::{self, Speaker};
use super::page::Page;
use super::story::Story;
use super::table::{Table, paragraph};
use super::{paint, violation};
use crate::hunt::calm::Stall;
use crate::hunt::schedule::{Fallen, Hand, Parting, Schedule, Speaking};
use crate::hunt::trial::Finding;
use crate::hunt::{Bag, Progress, Short};
use crate::raft::{Event, Outcome, Rule};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A hunt's figures in one line.
#[must_use]
pub fn figures(progress: &Progress, took: Duration) -> String {
    let seeds = progress.seeds.load(Ordering::Relaxed);
    let simulated = Duration::from_micros(progress.simulated.load(Ordering::Relaxed));
    let faults = progress.faults.load(Ordering::Relaxed);
    format!(
        "{seeds} seeds in {:.1} s: {:.1} simulated hours, {faults} faults",
        took.as_secs_f64(),
        simulated.as_secs_f64() / 3600.0
    )
}

/// What did not happen in time.
#[must_use]
pub fn stall(stall: &Stall) -> String {
    match stall {
        Stall::NoLeader { at, term } => format!(
            "all faults had ended, and 20 election timeouts later, at {at} s in term {term}, no \
             node led that the others followed"
        ),
        Stall::Uncommitted { leader, entries } => format!(
            "{leader} leads, nothing is in its way, and {entries} entries of its log stay \
             uncommitted on some node"
        ),
        Stall::Deposed { leader, from, to } => format!(
            "{leader} led term {from}, nothing disturbed it, and the cluster is in term {to} now"
        ),
        Stall::Unserved { at } => format!("at {at} s new commands are still not committed"),
        Stall::Unneeded(found) => format!(
            "{} stood for election in term {} at {} s, though it had heard the leader of the term \
             before at {} s",
            found.node, found.term, found.stood, found.heard
        ),
    }
}

/// A finding in one sentence.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    match finding {
        Finding::Fallen(fallen) => self::fallen(fallen),
        Finding::Stalled(found) => format!("Liveness has fallen: {}.", stall(found)),
    }
}

fn fallen(fallen: &Fallen) -> String {
    match fallen {
        Fallen::Safety(found) => {
            format!("{} has fallen: {}.", found.property, violation::sentence(&found.evidence))
        }
        Fallen::Clients(no) => format!(
            "Linearizability has fallen: no order of the {} operations on {} explains what their \
             clients were told; {} can be explained.",
            no.calls, no.key, no.explained
        ),
    }
}

/// Tells a counterexample: its moves, what fell, and where an intact node would have acted
/// otherwise.
pub fn tell(short: &Short, page: &Page) {
    let Schedule { settings, moves } = &short.schedule;
    let no_op = if settings.no_op { "" } else { ", no no-op on election" };
    let batch = settings.max_batch.map_or_else(String::new, |n| format!(", batches of {n}"));
    let proven = if short.proven { ", and none within the searched bounds is shorter" } else { "" };
    let head = format!("{} moves{proven}. {} nodes{no_op}{batch}.", moves.len(), settings.nodes);
    page.put_all(paragraph(&head, "", ""));
    page.put("");
    let mut hand = Hand::new(*settings, vec![Box::new(Story::numbered(page.clone()))]);
    for verb in moves {
        hand.make(verb);
    }
    if let Fallen::Clients(_) = &short.fallen {
        let text = paint::wrong(&fallen(&short.fallen)).to_string();
        page.put_all(paragraph(&text, "  ✗ ", "    "));
    }
    drop(hand);
    if let Some(parting) = short.schedule.parting() {
        page.put("");
        tell_parting(&parting, page);
    }
}

fn tell_parting(parting: &Parting, page: &Page) {
    let head = format!(
        "Where an intact node parts from this run: after {} moves, at '{}'",
        parting.after, parting.verb
    );
    page.put_all(paragraph(&paint::heading(&head).to_string(), "", ""));
    let mut table = Table::new(2);
    for (name, deeds) in
        [("without the rule", &parting.broken_events), ("with the rule", &parting.intact_events)]
    {
        let mut name = name;
        if deeds.is_empty() {
            table.row([name.to_owned(), "nothing happens".to_owned()]);
        }
        for (who, events) in deeds {
            for line in sentences(*who, events) {
                table.row([std::mem::take(&mut name).to_owned(), line]);
            }
        }
    }
    page.put_all(table.lines());
}

/// The deeds and the reasons that decided, without the rules that merely held.
fn sentences(who: Speaking, events: &[Event]) -> Vec<String> {
    let speaker = Speaker { node: who.node, from: who.from };
    let telling = |event: &&Event| match event {
        Event::Checked(verdict) => verdict.outcome != Outcome::Holds,
        _ => true,
    };
    events
        .iter()
        .filter(telling)
        .map(|event| format!("{} {}", who.node, explain::event(speaker, event)))
        .collect()
}

/// A row of the table of all rules.
#[derive(Clone, Debug)]
pub struct Row {
    /// The rule.
    pub rule: Rule,
    /// What the hunt caught.
    pub bag: Bag,
    /// Seeds that were tried.
    pub seeds: u64,
    /// The shortest counterexample, if it is one of moves.
    pub short: Option<Short>,
}

impl Row {
    /// Whether the rule was caught.
    #[must_use]
    pub const fn is_caught(&self) -> bool {
        !self.bag.catches.is_empty() || self.short.is_some()
    }
}

/// The table of all rules: what each protects, and how soon its breaking shows.
#[must_use]
pub fn matrix(rows: &[Row]) -> Vec<String> {
    let mut table = Table::new(0);
    let heads = ["rule", "what falls", "seeds", "found after", "raw", "shortest"];
    table.row(heads.map(|head| paint::faint(head).to_string()));
    for row in rows {
        let first = row.bag.catches.first();
        let found = first.map(|found| found.finding.property());
        let found = row.short.as_ref().map(|short| short.fallen.property()).or(found);
        let raw = first.and_then(|found| found.raw.as_ref()).map(|raw| raw.moves.len());
        let short = row.short.as_ref().map(|short| {
            let proven = if short.proven { " (proven)" } else { "" };
            format!("{} moves{proven}", short.schedule.moves.len())
        });
        let stalled =
            || if row.is_caught() { "a stall".to_owned() } else { "NOT CAUGHT".to_owned() };
        table.row([
            row.rule.to_string(),
            found.map_or_else(|| "-".to_owned(), |property| property.to_string()),
            format!("{:>5}", row.seeds),
            first.map_or_else(
                || "-".to_owned(),
                |c| format!("{:>8.1} ms", c.after.as_secs_f64() * 1e3),
            ),
            raw.map_or_else(|| format!("{:>4}", "-"), |moves| format!("{moves:>4}")),
            short.unwrap_or_else(stalled),
        ]);
    }
    table.lines()
}
