//! The result of a hunt, told to a reader.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::output::Output;
use super::table::{Table, apart, paragraph};
use super::words::{for_shell, names, plural};
use super::{STORY, colour, divergence, header, message, violation};
use crate::raft::{Property, Rule, RuleSet, Settings};
use crate::record::message_name::MessageName;
use crate::scenario::script::{Line, Script};
use crate::scenario::verb_table::Verb;
use crate::search::best_counterexample::{Best, Short, Source};
use crate::search::manual_cluster::ManualCluster;
use crate::search::objective::Violated;
use crate::search::random::recovery::Stall;
use crate::search::random::trial::HuntFinding;
use crate::search::random::{HuntProgress, sole_rule};
use crate::search::schedule::Schedule;
use crate::search::schedule_parts::{PartKind, parts};
use crate::server::timing::Timing;

/// A hunt's figures in one line.
pub fn figures(progress: &HuntProgress, took: Duration) -> String {
    let seeds = progress.seeds.load(Ordering::Relaxed);
    let faults = progress.faults.load(Ordering::Relaxed);
    format!(
        "{} in {:.1} s: {}, {}",
        plural(seeds as usize, "seed", "seeds"),
        took.as_secs_f64(),
        simulated(progress),
        plural(faults as usize, "fault", "faults")
    )
}

/// The progress of a hunt that goes on.
pub(crate) fn so_far(progress: &HuntProgress) -> String {
    let faults = progress.faults.load(Ordering::Relaxed);
    let caught = progress.caught.load(Ordering::Relaxed);
    format!("{}, {faults} faults, {caught} caught", simulated(progress))
}

/// The simulated time of a hunt: in minutes if it is less than a tenth of an hour, else in hours.
fn simulated(progress: &HuntProgress) -> String {
    let minutes = progress.simulated.load(Ordering::Relaxed) as f64 / 6e7;
    if minutes < 6.0 {
        format!("{minutes:.1} simulated minutes")
    } else {
        format!("{:.1} simulated hours", minutes / 60.0)
    }
}

/// What it means that nothing was caught. A hunt that was `stopped` speaks only of the runs it played.
/// `only` is the broken rule, if there is just one: its shipped scenario shows what to look for.
pub fn nothing(progress: &HuntProgress, stopped: bool, only: Option<Rule>) -> Vec<String> {
    let runs = progress.unjudged.load(Ordering::Relaxed);
    let mut lines = Vec::new();
    if stopped {
        lines.push("Stopped. So far no property was violated.".to_owned());
    } else {
        if runs == 0 {
            lines.push(colour::good("✓ no property was violated"));
        }
        if let Some(rule) = only {
            let shipped = shipped(rule);
            let text =
                format!("More seeds are needed. '{shipped}' shows what happens without {rule}.");
            lines.extend(paragraph(&text, "", ""));
        }
    }
    if runs > 0 {
        let runs = plural(runs as usize, "run", "runs");
        let text = format!(
            "In what could be judged no property was violated. In {runs} Linearizability was not \
             judged: too many open operations."
        );
        lines.extend(paragraph(&text, "", ""));
    }
    lines
}

/// The first catch, and how the run that is told next was made short. `recovers` says whether the
/// intact core recovers in the same world; none, if that was not tried.
pub(crate) fn caught(best: &Best, recovers: Option<bool>) -> Vec<String> {
    let mut lines = match best.result.catches.first() {
        Some(first) => paragraph(
            &format!("Seed {}, the first that fails: {}", first.seed, finding(&first.finding)),
            "",
            "",
        ),
        None => vec!["No seed found it; an exhaustive search did.".to_owned()],
    };
    lines.extend(recovers.into_iter().flat_map(|recovers| {
        let text = if recovers {
            "With every rule kept, the cluster of this seed recovers, and disturbs nobody."
        } else {
            "With every rule kept, the cluster of this seed does not recover either."
        };
        paragraph(text, "", "")
    }));
    lines.extend(best.short.iter().flat_map(|short| paragraph(&how_short(short), "", "")));
    lines
}

/// The heading before the run that ships for a rule whose breaking causes a stall, which only time can show.
pub(crate) fn stall_story(script: &Script) -> Vec<String> {
    let title = format!("The shortest story of it: 'raft-cluster run {}'", script.name);
    [header::heading(&title), header::question(script)].concat()
}

/// The heading before the same run with the rule kept.
pub(crate) fn intact_story(script: &Script) -> Vec<String> {
    let title = format!("The same with the rule: 'raft-cluster run {} --intact'", script.name);
    apart([Vec::new(), header::heading(&title)])
}

/// Says how to run a counterexample that was saved.
pub(crate) fn saved(file: &Path) -> Vec<String> {
    let file = for_shell(file);
    let text = format!(
        "Saved: 'raft-cluster run {file}' plays it again; with --intact every rule is kept in it."
    );
    apart([Vec::new(), paragraph(&text, "", "")])
}

/// Why there is nothing to save.
pub(crate) const NOT_SAVED: &str =
    "Nothing is saved: a stall is about time, and no list of moves shows it.";

/// Says what did not happen in time.
pub fn stall(stall: &Stall) -> String {
    match stall {
        Stall::NoLeader { at, term } => format!(
            "20 election timeouts after all faults had ended, at {at} s in term {term}, there was \
             no leader that the others followed"
        ),
        Stall::Uncommitted { leader, entries } => format!(
            "{leader} leads, nothing is in its way, and {} uncommitted on some node",
            plural(*entries as usize, "entry of its log stays", "entries of its log stay")
        ),
        Stall::Deposed { leader, from, to } => format!(
            "{leader} led term {from}, nothing disturbed it, and the cluster is in term {to} now"
        ),
        Stall::Unserved { at } => format!("at {at} s new commands are still not committed"),
        Stall::ManyElections { held, most } => format!(
            "after all faults had ended there were {held} elections; electing a leader takes {most} at most"
        ),
        Stall::Slow { leader } => format!(
            "{leader} leads, all have its log, and a new command waits for more than a round trip"
        ),
        Stall::UnneededElection(found) => format!(
            "{} campaigned in term {} at {} s, though it had heard the leader of the term before at {} s",
            found.node, found.term, found.campaigned, found.heard
        ),
    }
}

/// Says how a run was made short, and what is violated in it.
pub fn how_short(short: &Short) -> String {
    let property = short.violated.property();
    match short.source {
        Source::Seed => {
            format!("The same run made short, in a new cluster, until {property} is violated:")
        }
        Source::Search => {
            format!(
                "An exhaustive search finds the shortest run that violates a property; here it is {property}:"
            )
        }
        Source::Shipped { found } => {
            let moves = short.schedule.moves.len();
            let rule = sole_rule(short.schedule.settings.rules);
            let name = rule.map_or_else(String::new, |rule| format!(": '{}'", shipped(rule)));
            format!(
                "Made short, this has {found} moves. A shorter run is known, of {moves} \
                 moves{name}. Here it is, until {property} is violated:"
            )
        }
    }
}

/// The command that plays the shipped run for a rule.
fn shipped(rule: Rule) -> String {
    format!("raft-cluster run broken/{rule}")
}

/// The note on a rule whose breaking makes only match indexes go back.
const ONLY_COUNTERS: &str = "None of Figure 3's five properties is violated by this, as far as any \
    search went: a leader that knows less than it did only sends again. What is violated is what a reader \
    of the code relies on: that a match index grows.";

/// A finding in one sentence.
pub fn finding(finding: &HuntFinding) -> String {
    match finding {
        HuntFinding::Violated(violated) => self::violated(violated),
        HuntFinding::Stalled(found) => format!("Liveness is violated: {}.", stall(found)),
        HuntFinding::Panicked(words) => format!(
            "the program panicked: {words}. That is a bug in it; '--seed' with this number and \
             '--seeds 1' meets it again."
        ),
    }
}

fn violated(violated: &Violated) -> String {
    match violated {
        Violated::Safety(found) => {
            format!("{} is violated: {}.", found.property, violation::sentence(&found.evidence))
        }
        Violated::Clients(misled) => violation::misled_sentence(misled),
    }
}

/// Tells a counterexample: its moves, what was violated, and where an intact node would have acted
/// differently.
pub fn tell(short: &Short, output: &Output) {
    let Schedule { settings, moves } = &short.schedule;
    let no_op = if settings.no_op { "" } else { " without no-ops" };
    let usual = Settings::new(settings.nodes).max_batch;
    let batch = match settings.max_batch.filter(|_| settings.max_batch != usual) {
        Some(batch) => format!(", batches of {batch}"),
        None => String::new(),
    };
    let proven =
        if short.is_proven() { ", and no run within the searched bounds is shorter" } else { "" };
    let nodes = plural(settings.nodes, "node", "nodes");
    let head = format!("{} moves{proven}. {nodes}{no_op}{batch}.", moves.len());
    let notation = colour::faint("Entries are written index@term.");
    output.put_all(paragraph(&format!("{head} {notation}"), "", ""));
    output.put("");
    let told = (STORY.open)(output, settings.nodes, true);
    let mut cluster = ManualCluster::new(*settings, told.observers);
    for part in parts(moves) {
        cluster.begin_part(part_title(part.kind));
        for verb in &moves[part.moves] {
            cluster.make(verb);
        }
    }
    if let Violated::Clients(misled) = &short.violated {
        output.put_all(violation::misled(misled));
    }
    drop(cluster);
    if let Some(divergence) = short.schedule.divergence() {
        output.put("");
        divergence::tell(&divergence, output);
    }
}

/// A note on what a counterexample means to a reader of the paper, if it means less than it seems to.
pub(crate) fn worth(rules: RuleSet) -> Vec<String> {
    if sole_rule(rules).map(Rule::protects) != Some(Property::Monotonicity) {
        return Vec::new();
    }
    apart([Vec::new(), paragraph(ONLY_COUNTERS, "", "")])
}

/// Turns a counterexample into a scenario that anyone can run, with a phase for each part.
pub fn script(short: &Short, name: &str) -> Script {
    let Schedule { settings, moves } = &short.schedule;
    let rules: Vec<Rule> = settings.rules.broken().collect();
    let shows = match rules.first() {
        Some(rule) => format!("What happens without {rule}: {}", rule.when_broken()),
        None => "A run in which a property is violated.".to_owned(),
    };
    let asks = "At which move would an intact node have acted differently? --intact shows it.";
    let mut verbs = vec![Verb::Manual];
    for part in parts(moves) {
        verbs.push(Verb::Phase(part_title(part.kind)));
        verbs.extend_from_slice(&moves[part.moves]);
    }
    let mut properties = short.schedule.violated_properties();
    properties.retain(|property| *property != short.violated.property());
    properties.insert(0, short.violated.property());
    verbs.push(Verb::ExpectViolation(properties));
    Script {
        shows,
        rules,
        question: Some(asks.to_owned()),
        nodes: settings.nodes,
        no_op: settings.no_op,
        max_batch: settings.max_batch,
        broken: settings.rules,
        timing: Timing::PAPER,
        on_threads: false,
        lines: verbs.into_iter().map(|verb| Line { number: 0, verb }).collect(),
        ..Script::empty(name)
    }
}

/// The title of a part: what its moves do together.
pub fn part_title(kind: PartKind) -> String {
    match kind {
        PartKind::Campaign { node, reached } => {
            format!("{node} campaigns, reaching {}", names(reached.iter()))
        }
        PartKind::Append { leader, reached } if reached.is_empty() => {
            format!("{leader} takes in a command, and reaches nobody with it")
        }
        PartKind::Append { leader, reached } => {
            format!("{leader} takes in a command, and replicates to {}", names(reached.iter()))
        }
        PartKind::Replicate { leader, reached } => {
            format!("{leader} replicates to {}", names(reached.iter()))
        }
        PartKind::Late(MessageName { kind, from, to, .. }) => {
            format!("{from}'s {} reaches {to}, late or again", message::kind(kind))
        }
        PartKind::Crash { node, restarts: true } => format!("{node} crashes and starts again"),
        PartKind::Crash { node, restarts: false } => format!("{node} crashes"),
        PartKind::Restart(node) => format!("{node} starts again"),
    }
}

/// A row of the table of all rules.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// The rule.
    pub rule: Rule,
    /// The result of the hunt, and the shortest counterexample.
    pub best: Best,
    /// The number of seeds tried, up to the first with a catch.
    pub tried: u64,
}

/// What the columns of the table mean.
const LEGEND: &str = "seeds: how many were tried until one caught the broken rule; time: how long \
    that took; moves: of the shortest run known. ✓: an exhaustive search found none shorter. A stall \
    is about time and has no list of moves; 'raft-cluster hunt --break RULE' shows each.";

/// The columns of the table of all rules. Its rows are written one by one, so the widths are fixed before.
fn columns() -> Table {
    let rule = Rule::ALL.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let property = Property::ALL.iter().map(|property| property.to_string().len()).max();
    Table::new(0).at_least(&[rule, property.unwrap_or(0), 5, 9])
}

/// The head of the table of all rules.
pub fn matrix_head() -> Vec<String> {
    let heads = ["rule", "what is violated", "seeds", "time", "moves"];
    columns().rows([heads.map(colour::faint)]).lines()
}

/// A row of the table of all rules: what is violated without the rule, how soon, and in how many moves.
pub fn matrix_row(row: &MatrixRow) -> Vec<String> {
    let mut table = columns();
    let first = row.best.result.catches.first();
    let found = first.and_then(|found| found.finding.property());
    let found = row.best.short.as_ref().map(|short| short.violated.property()).or(found);
    let short = row.best.short.as_ref().map(|short| {
        let proven = if short.is_proven() { " ✓" } else { "" };
        format!("{:>3}{proven}", short.schedule.moves.len())
    });
    let stalled =
        || if row.best.has_caught() { "a stall".to_owned() } else { "NOT CAUGHT".to_owned() };
    table.row([
        row.rule.to_string(),
        found.map_or_else(|| "-".to_owned(), |property| property.to_string()),
        format!("{:>5}", row.tried),
        first.map_or_else(|| "-".to_owned(), |found| milliseconds(found.after)),
        short.unwrap_or_else(stalled),
    ]);
    table.lines()
}

fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1e3;
    let decimals = usize::from(time < 10.0);
    format!("{time:>6.decimals$} ms")
}

/// The rule that is hunted now, and its number among all.
pub(crate) fn at_work(nth: usize) -> String {
    format!("{} of {}: {}", nth + 1, Rule::ALL.len(), Rule::ALL[nth])
}

/// The lines after the rows: the meaning of the columns, and how many rules were caught.
pub fn matrix_end(rows: &[MatrixRow]) -> Vec<String> {
    let mut lines = apart([Vec::new(), paragraph(LEGEND, "", ""), Vec::new()]);
    if rows.len() < Rule::ALL.len() {
        lines.push(format!("Stopped: only the first {} rules were tried.", rows.len()));
    }
    let caught = rows.iter().filter(|row| row.best.has_caught()).count();
    lines.push(format!("{caught} of {} rules were caught when broken", Rule::ALL.len()));
    lines
}
