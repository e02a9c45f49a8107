//! The options of hunts and of exhaustive searches.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::{Args, ValueHint};

use super::completed::{on_or_off, rule};
use super::{Format, count, nodes, of_range, seed};
use crate::cli::room::{self, jobs_or_all};
use crate::raft::Rule;
use crate::scenario::quantity::parse_hunting_time;
use crate::search::exhaustive::memory_limit::spare_memory;
use crate::search::exhaustive::{Bounds, preset};

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub(in crate::cli) struct HuntOptions {
    /// Switch a rule off ('raft-node rules' lists them)
    #[arg(long = "break", value_parser = rule(), hide_possible_values = true, value_name = "RULE", conflicts_with = "break_each")]
    pub(in crate::cli) broken: Vec<Rule>,
    /// Switch every rule off in turn, and print the table
    #[arg(long)]
    pub(in crate::cli) break_each: bool,
    /// The first seed
    #[arg(long, value_parser = seed(), default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// How many seeds [default: 10000, or what --for allows]
    #[arg(long, value_parser = count(), value_name = "N")]
    pub(in crate::cli) seeds: Option<u64>,
    /// How long, as in 30s [default: until the seeds end; 10s a rule with --break-each]
    #[arg(long = "for", value_parser = parse_hunting_time, allow_hyphen_values = true, value_name = "DURATION")]
    pub(in crate::cli) within: Option<Duration>,
    /// How many threads [default: as many as the machine has]
    #[arg(long, value_parser = jobs(), value_name = "J")]
    pub(in crate::cli) jobs: Option<usize>,
    /// Keep the counterexample as a scenario file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "break_each")]
    pub(in crate::cli) save: Option<PathBuf>,
    /// What to write: text for people, or JSON, one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct CheckOptions {
    #[command(flatten)]
    pub(in crate::cli) bounds: BoundOptions,
    /// Switch a rule off and see the shortest way to a failure
    #[arg(long = "break", value_parser = rule(), hide_possible_values = true, value_name = "RULE")]
    pub(in crate::cli) broken: Vec<Rule>,
    /// Keep the counterexample as a scenario file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) save: Option<PathBuf>,
    /// What to write: text for people, or JSON, one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub(in crate::cli) struct BoundOptions {
    /// How many nodes: 1 to 9 [default: 3]
    #[arg(long, value_parser = nodes())]
    nodes: Option<usize>,
    /// The highest term: no node stands beyond it [default: 2]
    #[arg(long, value_parser = bound(), value_name = "T")]
    terms: Option<u64>,
    /// The highest index at which leaders take in commands [default: 1]
    #[arg(long, value_parser = bound(), value_name = "L")]
    log: Option<u64>,
    /// How many crashes, each with the restart [default: 0]
    #[arg(long, value_parser = bound(), value_name = "C")]
    crashes: Option<u64>,
    /// Whether a new leader appends a no-op [default: off]
    #[arg(long, value_name = "on|off", value_parser = on_or_off(), hide_possible_values = true)]
    no_op: Option<bool>,
    /// How many entries one AppendEntries may carry [default: 64]
    #[arg(long, value_parser = of_range(
        NonZeroUsize::MIN..=NonZeroUsize::MAX, "a batch is a whole number of entries, at least 1"), value_name = "N")]
    batch: Option<NonZeroUsize>,
    /// How many threads [default: as many as the machine has]
    #[arg(long, value_parser = jobs(), value_name = "J")]
    jobs: Option<usize>,
    /// How much memory the search may use, in megabytes [default: half of what is free, or of a
    /// container's limit]
    #[arg(long, value_parser = of_range(1..=u64::MAX, "a memory limit is 1 MB or more"), value_name = "MB")]
    memory: Option<u64>,
}

impl BoundOptions {
    /// The bounds of a search: those known to expose the broken rule, or else small ones, each replaced where
    /// an option says so.
    pub(in crate::cli) fn for_rules(&self, broken: &[Rule]) -> Bounds {
        let preset = match broken {
            [rule] => preset(*rule),
            _ => None,
        };
        let bounds = preset.unwrap_or_else(|| Bounds::new(3, 2, 1).without_no_op());
        let jobs = jobs_or_all(self.jobs);
        let spare = || spare_memory().min(room::beside(jobs));
        Bounds {
            nodes: self.nodes.unwrap_or(bounds.nodes),
            terms: self.terms.unwrap_or(bounds.terms),
            log: self.log.unwrap_or(bounds.log),
            crashes: self.crashes.map_or(bounds.crashes, |crashes| crashes as u8),
            no_op: self.no_op.unwrap_or(bounds.no_op),
            max_batch: self.batch.or(bounds.max_batch),
            jobs,
            memory: self.memory.map_or_else(spare, |mb| mb.saturating_mul(1 << 20)),
            ..bounds
        }
    }
}

/// A parser of bounds.
fn bound() -> impl TypedValueParser<Value = u64> {
    of_range(0..=20, "a bound of a search is a number from 0 to 20")
}

/// A parser of numbers of threads.
fn jobs() -> impl TypedValueParser<Value = usize> {
    of_range(1..=256, "a number of threads is from 1 to 256")
}
