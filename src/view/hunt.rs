//! What a hunt found, told to a reader.

use super::explain;
use super::page::Page;
use super::story::Story;
use super::table::{Table, paragraph};
use super::words::{Speaker, log_end, plural};
use super::{message, paint, story, violation};
use crate::check::{Bounds, Tier};
use crate::hunt::aim::Fallen;
use crate::hunt::calm::Stall;
use crate::hunt::hand::Hand;
use crate::hunt::panels::{Scene, panels};
use crate::hunt::parting::{Parting, Speaking};
use crate::hunt::schedule::Schedule;
use crate::hunt::trial::Finding;
use crate::hunt::{Bag, Progress, Short};
use crate::raft::{Event, NodeSet, Outcome, RaftNode, Rule, Settings};
use crate::scenario::script::{Line, Script};
use crate::scenario::verb::Verb;
use crate::world::MessageName;
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
            "{leader} leads, nothing is in its way, and {} uncommitted on some node",
            plural(*entries as usize, "entry of its log stays", "entries of its log stay")
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

/// The bounds of a search.
#[must_use]
pub fn within(bounds: &Bounds) -> String {
    let Bounds { nodes, terms, log, crashes, delayed, .. } = *bounds;
    let what = match bounds.tier {
        Tier::Messages => {
            "Every order of single messages, losses, duplicates and timeouts".to_owned()
        }
        Tier::Exchanges => {
            let tight = if bounds.tight { ", just a majority or one follower each" } else { "" };
            let astray = plural(delayed.into(), "message", "messages");
            format!("Every order of whole exchanges{tight}; {astray} may go astray")
        }
    };
    let batch = bounds.max_batch.filter(|_| bounds.max_batch != Settings::new(nodes).max_batch);
    let batch = batch.map_or_else(String::new, |batch| format!(", batches of {batch}"));
    format!(
        "{what}: {nodes} nodes, terms up to {terms}, commands up to index {log}, {}, {} no-op{batch}.",
        plural(crashes.into(), "crash", "crashes"),
        if bounds.no_op { "with a" } else { "without a" }
    )
}

/// How many whole exchanges are enough for a failure.
#[must_use]
pub fn suffice(exchanges: usize) -> String {
    format!(
        "An exhaustive search of whole exchanges: {exchanges} of them are enough for a failure, and \
         fewer are not."
    )
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
        Fallen::Clients(misled) => violation::misled_sentence(misled),
    }
}

/// Tells a counterexample: its moves, what fell, and where an intact node would have acted
/// otherwise.
pub fn tell(short: &Short, page: &Page) {
    let Schedule { settings, moves } = &short.schedule;
    let no_op = if settings.no_op { "" } else { ", no no-op on election" };
    let usual = Settings::new(settings.nodes).max_batch;
    let batch = match settings.max_batch.filter(|_| settings.max_batch != usual) {
        Some(batch) => format!(", batches of {batch}"),
        None => String::new(),
    };
    let proven = if short.proven { ", and none within the searched bounds is shorter" } else { "" };
    let head = format!("{} moves{proven}. {} nodes{no_op}{batch}.", moves.len(), settings.nodes);
    page.put_all(paragraph(&head, "", ""));
    page.put("");
    let mut hand = Hand::new(*settings, vec![Box::new(Story::numbered(page.clone()))]);
    for (nth, panel) in panels(moves).into_iter().enumerate() {
        let title = format!("{}  {}", nth + 1, scene(panel.scene));
        page.put_all(paragraph(&paint::heading(&title).to_string(), "", "   "));
        for verb in &moves[panel.moves] {
            hand.make(verb);
        }
    }
    if let Fallen::Clients(misled) = &short.fallen {
        page.put_all(violation::misled(misled));
    }
    drop(hand);
    if let Some(parting) = short.schedule.parting() {
        page.put("");
        tell_parting(&parting, page);
    }
}

/// Where a run is told that is longer than one that ships.
#[must_use]
pub fn shorter_is_known(name: &str, moves: usize) -> String {
    format!("A shorter run is known, of {moves} moves: 'raft-cluster run {name} --virtual'")
}

/// A counterexample as a scenario that anyone can run, with its panels as the parts of the story.
#[must_use]
pub fn script(short: &Short, name: &str) -> Script {
    let Schedule { moves, .. } = &short.schedule;
    let mut script = short.schedule.script(name, &short.fallen);
    let mut verbs = vec![Verb::Manual];
    for panel in panels(moves) {
        verbs.push(Verb::Phase(scene(panel.scene)));
        verbs.extend_from_slice(&moves[panel.moves]);
    }
    verbs.push(Verb::ExpectViolation(short.fallen.property()));
    script.lines = verbs.into_iter().map(|verb| Line { number: 0, verb }).collect();
    let asks = "At which move would an intact node have acted otherwise? --intact shows it.";
    script.question = Some(asks.to_owned());
    script
}

/// What a few moves amount to, in words.
#[must_use]
pub fn scene(scene: Scene) -> String {
    match scene {
        Scene::Campaign { node, reached } => {
            format!("{node} campaigns, reaching {}", names(reached))
        }
        Scene::Append { leader, reached } if reached.is_empty() => {
            format!("{leader} takes a command in, and reaches nobody with it")
        }
        Scene::Append { leader, reached } => {
            format!("{leader} takes a command in, and replicates to {}", names(reached))
        }
        Scene::Replicate { leader, reached } => {
            format!("{leader} replicates to {}", names(reached))
        }
        Scene::Late(MessageName { kind, from, to, .. }) => {
            format!("{from}'s {} reaches {to}, late or again", message::kind(kind))
        }
        Scene::Crash { node, restarts: true } => format!("{node} crashes and starts again"),
        Scene::Crash { node, restarts: false } => format!("{node} crashes"),
        Scene::Restart(node) => format!("{node} starts again"),
    }
}

fn names(nodes: NodeSet) -> String {
    let names: Vec<_> = nodes.iter().map(|node| node.to_string()).collect();
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// How a node stands, where nothing that it did tells it apart.
fn stand(node: &RaftNode) -> String {
    let (id, term) = (node.id(), node.current_term());
    let vote = match node.voted_for() {
        Some(vote) if vote == id => "voted for itself".to_owned(),
        Some(vote) => format!("voted for {vote}"),
        None => "has not voted".to_owned(),
    };
    let (role, log) = (node.role().kind(), log_end(node.last()));
    format!("{id} is a {role} of term {term}, {vote} in it, and its log {log}")
}

fn tell_parting(parting: &Parting, page: &Page) {
    let head = format!(
        "Where an intact node parts from this run: after {} moves, at '{}'",
        parting.after, parting.verb
    );
    page.put_all(paragraph(&paint::heading(&head).to_string(), "", ""));
    let mut table = Table::new(2);
    if let Some((broken, intact)) = &parting.stands
        && parting.broken_events == parting.intact_events
    {
        table.row(["without the rule".to_owned(), stand(broken)]);
        table.row(["with the rule".to_owned(), stand(intact)]);
        page.put_all(table.lines());
        return;
    }
    let sides = [
        ("without the rule", &parting.broken_events, &parting.broken_answers),
        ("with the rule", &parting.intact_events, &parting.intact_answers),
    ];
    for (name, deeds, answers) in sides {
        let mut name = name;
        for (who, events) in deeds {
            for line in sentences(*who, events) {
                table.row([std::mem::take(&mut name).to_owned(), line]);
            }
        }
        // The same on both sides, it would only be in the way.
        if parting.broken_answers != parting.intact_answers {
            for answer in answers {
                table.row([String::new(), format!("a client {}", story::told(answer))]);
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
    /// The fewest whole exchanges that suffice, if a quick search says so.
    pub exchanges: Option<usize>,
}

impl Row {
    /// Whether the rule was caught.
    #[must_use]
    pub const fn is_caught(&self) -> bool {
        !self.bag.catches.is_empty() || self.short.is_some()
    }
}

/// What the columns of the table mean.
pub const LEGEND: &str = "seeds: how many were played; raw: the moves of the first catch; moves: of \
    the shortest run; exchanges: whole campaigns and replications of the shortest run told in those. \
    ✓: an exhaustive search found none shorter. A stall is about time and has no list of moves; \
    'raft-cluster hunt --break RULE' tells it.";

/// The table of all rules: what each protects, and how soon its breaking shows.
#[must_use]
pub fn matrix(rows: &[Row]) -> Vec<String> {
    let mut table = Table::new(0);
    let heads = ["rule", "what falls", "seeds", "found after", "raw", "moves", "exchanges"];
    table.row(heads.map(|head| paint::faint(head).to_string()));
    for row in rows {
        let first = row.bag.catches.first();
        let found = first.map(|found| found.finding.property());
        let found = row.short.as_ref().map(|short| short.fallen.property()).or(found);
        let raw = first.and_then(|found| found.raw.as_ref()).map(|raw| raw.moves.len());
        let short = row.short.as_ref().map(|short| {
            let proven = if short.proven { " ✓" } else { "" };
            format!("{:>3}{proven}", short.schedule.moves.len())
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
            row.exchanges.map_or_else(|| "  -".to_owned(), |count| format!("{count:>3} ✓")),
        ]);
    }
    table.lines()
}
