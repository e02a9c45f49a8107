//! The command `raft-cluster`: arguments in, exit code out.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use raft_in_practice::cli;
use raft_in_practice::cli::play::Play;
use raft_in_practice::cli::run::{Run, Telling};
use raft_in_practice::cli::{Format, check, hunt, play, replay, run};
use raft_in_practice::network::{parse_duration, parse_latency, parse_probability};
use raft_in_practice::raft::{Rule, RuleSet};
use raft_in_practice::scenario::script::Script;
use raft_in_practice::scenario::{library, nearest};
use raft_in_practice::search::exhaustive::{Bounds, preset, spare_memory};
use raft_in_practice::view::opening::Clock;
use raft_in_practice::view::paint::Color;
use raft_in_practice::view::{json, scenarios, stdout};

/// A Raft cluster to watch: election, replication, a leader's crash, and the proof.
#[derive(Parser, Debug)]
#[command(name = "raft-cluster", version, args_conflicts_with_subcommands = true)]
#[command(after_long_help = "Examples:
  raft-cluster                                  the story: five nodes on threads
  raft-cluster --nodes 4 --seed 7               another cluster, other draws
  raft-cluster --drop 0.2 --speed 10            a lossy network, ten times as fast
  raft-cluster run partition --virtual          another scenario, in virtual time
  raft-cluster run demo --trace demo.jsonl      record it
  raft-cluster replay demo.jsonl --verify       and make it again, step by step
  raft-cluster play --nodes 3                   a prompt: do it yourself, step by step

Exit codes: 0 all is well; 1 a property fell or an expectation failed; 2 wrong usage.")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    color: Color,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run a scenario: one that ships with the program, or a file
    Run {
        /// A scenario's name ('raft-cluster scenarios' lists them), or a file
        #[arg(default_value = "demo", value_name = "NAME|FILE")]
        scenario: String,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Play with a cluster at a prompt, in the words of the scripts ('help' lists them)
    Play {
        /// A scenario to begin with: its cluster, and its lines
        #[arg(value_name = "NAME|FILE")]
        scenario: Option<String>,
        /// Run live, on a thread for each node, instead of in virtual time
        #[arg(long, conflicts_with = "is_virtual")]
        threads: bool,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Look for a run in which Raft fails; with a rule broken there is one, and it is told
    Hunt {
        /// Switch a rule off ('raft-node rules' lists them)
        #[arg(long = "break", value_parser = nearest::rule, value_name = "RULE", conflicts_with = "break_each")]
        broken: Vec<Rule>,
        /// Switch every rule off in turn, and print the table
        #[arg(long)]
        break_each: bool,
        /// The first seed
        #[arg(long, value_parser = cli::parse_seed, default_value_t = 0, allow_negative_numbers = true)]
        seed: u64,
        /// How many seeds
        #[arg(long, value_parser = cli::parse_count, allow_negative_numbers = true, value_name = "N")]
        seeds: Option<u64>,
        /// How long, as in 30s
        #[arg(long = "for", value_parser = parse_duration, allow_negative_numbers = true, value_name = "DURATION")]
        within: Option<Duration>,
        /// How many threads
        #[arg(long, value_parser = parse_jobs, allow_negative_numbers = true, value_name = "J")]
        jobs: Option<usize>,
        /// Keep the counterexample as a scenario file
        #[arg(long, value_name = "FILE", conflicts_with = "break_each")]
        save: Option<PathBuf>,
        /// What to write: text for people, or JSON, one object a line
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Try everything that can happen to a small cluster within bounds
    #[command(
        after_long_help = "Without bounds, a search with a rule broken takes those that are \
known to expose it, and any other takes three nodes, two terms and a log of one.

Examples:
  raft-cluster check                                    three nodes, two terms, one entry
  raft-cluster check --log 2                            two entries: about half a minute
  raft-cluster check --break up-to-date-log             the shortest way, proven
  raft-cluster check --break commit-only-current-term   Figure 8: about half a minute"
    )]
    Check {
        #[command(flatten)]
        bounds: BoundOptions,
        /// Switch a rule off and see the shortest way to a failure
        #[arg(long = "break", value_parser = nearest::rule, value_name = "RULE")]
        broken: Vec<Rule>,
        /// Keep the counterexample as a scenario file
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// What to write: text for people, or JSON, one object a line
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// List the scenarios that ship with the program
    Scenarios {
        /// What to write: text for people, or JSON, one object a line
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Run a recorded trace again
    Replay {
        /// The trace
        trace: PathBuf,
        /// Only say whether every step comes out as it was recorded
        #[arg(long)]
        verify: bool,
        /// Stop after this step
        #[arg(long, value_name = "STEP", conflicts_with = "verify")]
        at: Option<u64>,
        /// What to write: text for people, or JSON, one object a line
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
struct BoundOptions {
    /// How many nodes: 1 to 9
    #[arg(long, value_parser = cli::parse_nodes, allow_negative_numbers = true)]
    nodes: Option<usize>,
    /// The highest term: no node stands beyond it
    #[arg(long, value_parser = parse_bound, allow_negative_numbers = true, value_name = "T")]
    terms: Option<u64>,
    /// Up to which index leaders take commands in
    #[arg(long, value_parser = parse_bound, allow_negative_numbers = true, value_name = "L")]
    log: Option<u64>,
    /// How many crashes, each with the restart
    #[arg(long, value_parser = parse_bound, allow_negative_numbers = true, value_name = "C")]
    crashes: Option<u64>,
    /// Whether a new leader appends a no-op
    #[arg(long, value_name = "on|off", value_parser = parse_on_off)]
    no_op: Option<bool>,
    /// How many entries one AppendEntries may carry
    #[arg(long, value_parser = parse_batch, allow_negative_numbers = true, value_name = "N")]
    batch: Option<NonZeroUsize>,
    /// How many threads
    #[arg(long, value_parser = parse_jobs, allow_negative_numbers = true, value_name = "J")]
    jobs: Option<usize>,
    /// How much memory the search may use, in megabytes; if not said, half of what is free, or of a
    /// container's limit
    #[arg(long, value_parser = cli::parse_count, allow_negative_numbers = true, value_name = "MB")]
    memory: Option<u64>,
}

impl BoundOptions {
    /// The bounds: those that expose the rule that is broken, or small ones, changed as was said.
    fn for_rules(&self, broken: &[Rule]) -> Bounds {
        let preset = match broken {
            [rule] => preset(*rule),
            _ => None,
        };
        let bounds = preset.unwrap_or_else(|| Bounds::new(3, 2, 1).without_no_op());
        Bounds {
            nodes: self.nodes.unwrap_or(bounds.nodes),
            terms: self.terms.unwrap_or(bounds.terms),
            log: self.log.unwrap_or(bounds.log),
            crashes: self.crashes.map_or(bounds.crashes, |crashes| crashes as u8),
            no_op: self.no_op.unwrap_or(bounds.no_op),
            max_batch: self.batch.or(bounds.max_batch),
            jobs: jobs_or_all(self.jobs),
            memory: self.memory.map_or_else(spare_memory, |mb| mb.saturating_mul(1 << 20)),
            ..bounds
        }
    }
}

fn jobs_or_all(jobs: Option<usize>) -> usize {
    jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

fn parse_on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is 'on' or 'off'".to_owned()),
    }
}

#[derive(Args, Debug)]
struct RunOptions {
    /// Run in virtual time, on one thread: the same seed gives the same bytes
    #[arg(long = "virtual")]
    is_virtual: bool,
    /// How many nodes: 1 to 9
    #[arg(long, value_parser = cli::parse_nodes, allow_negative_numbers = true)]
    nodes: Option<usize>,
    /// Where all random draws come from
    #[arg(long, value_parser = cli::parse_seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// How many times as fast the threads' clock runs, links too: 0.1 to 50
    #[arg(long, value_parser = parse_speed, allow_negative_numbers = true, conflicts_with = "is_virtual")]
    speed: Option<f64>,
    /// The probability that a message is lost, as in 0.2 or 20%
    #[arg(long, value_parser = parse_probability, allow_negative_numbers = true, value_name = "P")]
    drop: Option<f64>,
    /// The probability that a message arrives twice
    #[arg(long, value_parser = parse_probability, allow_negative_numbers = true, value_name = "P")]
    duplicate: Option<f64>,
    /// How long messages take, as in 1ms..20ms
    #[arg(long, value_parser = parse_latency, allow_negative_numbers = true, value_name = "MIN..MAX")]
    latency: Option<(Duration, Duration)>,
    /// Switch a rule off and see what it protects ('raft-node rules' lists them)
    #[arg(long = "break", value_parser = nearest::rule, value_name = "RULE")]
    broken: Vec<Rule>,
    /// Keep all rules, whatever the scenario breaks
    #[arg(long, conflicts_with = "broken")]
    intact: bool,
    /// Record the run
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// How to tell it
    #[arg(long, value_enum, default_value_t)]
    view: View,
    /// What to write: text for people, or JSON, one object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
enum View {
    /// What happens, as it happens
    #[default]
    Story,
    /// Only how it ended
    Quiet,
}

fn parse_bound(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(bound) if bound <= 20 => Ok(bound),
        _ => Err("a bound of a search is a number from 0 to 20".to_owned()),
    }
}

fn parse_batch(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "a batch is a whole number of entries, at least 1".to_owned())
}

fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(jobs) if (1..=256).contains(&jobs) => Ok(jobs),
        _ => Err("a number of threads is from 1 to 256".to_owned()),
    }
}

fn parse_speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.1..=50.0).contains(&speed) => Ok(speed),
        _ => Err("a speed is a number from 0.1 to 50".to_owned()),
    }
}

fn main() -> ExitCode {
    let arguments = match cli::parse::<Arguments>() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    arguments.color.apply();
    let done = match arguments.command {
        None => run_scenario("demo", arguments.run),
        Some(Command::Run { scenario, options }) => run_scenario(&scenario, options),
        Some(Command::Play { scenario, threads, options }) => {
            play(scenario.as_deref(), threads, options)
        }
        Some(Command::Hunt { broken, break_each, seed, seeds, within, jobs, save, format }) => {
            let jobs = jobs_or_all(jobs);
            let first = seed;
            hunt::run(&hunt::Options {
                broken,
                break_each,
                first,
                seeds,
                within,
                jobs,
                save,
                format,
            })
        }
        Some(Command::Check { bounds, broken, save, format }) => {
            let bounds = bounds.for_rules(&broken);
            check::run(&check::Options {
                rules: broken.into_iter().collect(),
                bounds,
                save,
                format,
            })
        }
        Some(Command::Scenarios { format: Format::Text }) => Ok(stdout::print(scenarios::list)),
        Some(Command::Scenarios { format: Format::Json }) => {
            Ok(stdout::print(|out| json::scenarios(out).map(|()| ExitCode::SUCCESS)))
        }
        Some(Command::Replay { trace, verify, at, format }) => {
            replay::run(&trace, verify, at, format)
        }
        Some(Command::Completions { shell }) => Ok(completions(shell)),
    };
    done.unwrap_or_else(|sentence| cli::complain::<Arguments>(&sentence))
}

fn completions(shell: clap_complete::Shell) -> ExitCode {
    // The generator panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "raft-cluster", &mut script);
    stdout::print(|out| out.write_all(&script).map(|()| ExitCode::SUCCESS))
}

fn run_scenario(name: &str, options: RunOptions) -> Result<ExitCode, String> {
    let mut script = library::load(name, options.nodes)?;
    let spared = options.intact && !script.broken.is_intact();
    options.change(&mut script);
    // Where a script takes time into its own hands, threads cannot follow.
    let by_itself = !script.on_threads && options.speed.is_none();
    let clock = if options.is_virtual || by_itself {
        Clock::Virtual
    } else {
        Clock::Threads { speed: options.speed.unwrap_or(1.0) }
    };
    let telling = match (options.format, options.view) {
        (Format::Json, _) => Telling::Json,
        (Format::Text, View::Story) => Telling::Story,
        (Format::Text, View::Quiet) => Telling::Quiet,
    };
    run::run(&Run { script, clock, trace: options.trace, telling, spared })
}

fn play(name: Option<&str>, threads: bool, options: RunOptions) -> Result<ExitCode, String> {
    let mut script = match name {
        Some(name) => library::load(name, options.nodes)?,
        None => Script { nodes: options.nodes.unwrap_or(5), ..Script::empty("play") },
    };
    options.change(&mut script);
    let clock = match (threads, options.speed) {
        (true, speed) => Clock::Threads { speed: speed.unwrap_or(1.0) },
        (false, None) => Clock::Virtual,
        (false, Some(_)) => return Err("--speed is for --threads: virtual time has none".into()),
    };
    if options.format == Format::Json {
        return Err("the prompt speaks to people; --format json is for 'run'".into());
    }
    play::play(&Play { script, clock, trace: options.trace, quiet: options.view == View::Quiet })
}

impl RunOptions {
    /// What they say of the cluster, said to a scenario.
    fn change(&self, script: &mut Script) {
        script.seed = self.seed.unwrap_or(script.seed);
        if self.intact {
            script.broken = RuleSet::INTACT;
        }
        if !self.broken.is_empty() {
            script.broken = self.broken.iter().copied().collect();
        }
        let conditions = &mut script.conditions;
        conditions.drop = self.drop.unwrap_or(conditions.drop);
        conditions.duplicate = self.duplicate.unwrap_or(conditions.duplicate);
        if let Some((min, max)) = self.latency {
            (conditions.latency_min, conditions.latency_max) = (min, max);
        }
    }
}
