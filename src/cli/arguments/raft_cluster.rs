//! What `raft-cluster` can be told on the command line, and what each command does with it.

use std::io::{Read, stdin};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueHint};

use super::completed::{completions, place, rule, scenario};
use super::man_pages;
use super::search::{CheckOptions, HuntOptions};
use super::watch::WatchOptions;
use super::{Format, nodes, of_range, parse_steps, parse_view, put, seed};
use crate::cli::check;
use crate::cli::error::Error;
use crate::cli::explore::{self, IN_BROWSER};
use crate::cli::hunt;
use crate::cli::pager;
use crate::cli::play::{self, Play};
use crate::cli::replay::{self, AT_PROMPT, Beginning, Named, Replay};
use crate::cli::report::Report;
use crate::cli::run::{self, Run};
use crate::explain::Place;
use crate::raft::{Rule, RuleSet};
use crate::record::Clock;
use crate::scenario::library;
use crate::scenario::quantity::{parse_latency, parse_probability};
use crate::scenario::script::Script;
use crate::view::colour::Color;
use crate::view::page::ReportKind;
use crate::view::reader::Reader;
use crate::view::{self, JSON, QUIET, STORY, View, json, scenarios};

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

Exit codes: 0 all is well; 1 a property was violated or an expectation failed; 2 wrong usage; 130\n\
interrupted.")]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: Option<RaftClusterCommand>,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    watch: WatchOptions,
    /// When to use colour
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    color: Color,
    /// Do not show long output through $PAGER
    #[arg(long, global = true)]
    no_pager: bool,
}

#[derive(Subcommand, Debug)]
enum RaftClusterCommand {
    /// Run a scenario: one that ships with the program, or a file
    #[command(after_long_help = "Examples:
  raft-cluster run partition --virtual
  raft-cluster run my.raft --seed 7 --view quiet
  raft-cluster run broken/up-to-date-log --intact
  raft-cluster run demo --virtual --format json
  printf 'wait until leader\\nwrite SET x=1\\n' | raft-cluster run - --virtual")]
    Run {
        /// A scenario's name ('raft-cluster scenarios' lists them), a file, or '-' for standard input
        #[arg(default_value = "demo", value_name = "NAME|FILE|-", value_parser = scenario(), hide_possible_values = true)]
        scenario: String,
        #[command(flatten)]
        options: RunOptions,
        #[command(flatten)]
        watch: WatchOptions,
    },
    /// Play with a cluster at a prompt, in the words of the scripts ('help' lists them)
    #[command(after_long_help = "Examples:
  raft-cluster play --nodes 3
  raft-cluster play figure-8
  raft-cluster play --threads --speed 0.5
  printf 'run until leader\\nwrite SET x=1\\n' | raft-cluster play")]
    // The prompt refuses these two and says what to do instead, so help does not list them.
    #[command(mut_arg("report", |it| it.hide(true)), mut_arg("format", |it| it.hide(true)))]
    Play {
        /// A scenario, whose lines wait for you, or a trace, to go on from its end
        #[arg(value_name = "NAME|FILE|TRACE", value_parser = scenario(), hide_possible_values = true)]
        scenario: Option<String>,
        /// Run live, on a thread for each node, instead of in virtual time
        #[arg(long, conflicts_with = "is_virtual")]
        threads: bool,
        #[command(flatten)]
        options: RunOptions,
    },
    /// Look for a run in which Raft fails; with a rule broken, find one and tell it
    #[command(after_long_help = "Examples:
  raft-cluster hunt --for 30s
  raft-cluster hunt --break one-vote-per-term --save found.raft
  raft-cluster hunt --break-each")]
    Hunt(HuntOptions),
    /// Try everything that can happen to a small cluster within bounds
    #[command(after_long_help = "If no bounds are given, a search with a broken rule uses bounds \
known to expose the rule; any other uses three nodes, two terms and a log of one.

Examples:
  raft-cluster check                                    three nodes, two terms, one entry
  raft-cluster check --log 2                            two entries: about twenty seconds
  raft-cluster check --break up-to-date-log             the shortest way, proven
  raft-cluster check --break commit-only-current-term   Figure 8: about twenty seconds")]
    Check(CheckOptions),
    /// List the scenarios that ship with the program
    #[command(after_long_help = "Examples:
  raft-cluster scenarios
  raft-cluster scenarios --format json")]
    Scenarios {
        /// What to write: text for people, or JSON, one object a line
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Run a recorded trace again
    #[command(after_long_help = "Examples:
  raft-cluster replay demo.jsonl
  raft-cluster replay demo.jsonl --verify
  raft-cluster replay demo.jsonl --at 12")]
    Replay(Replay),
    /// Write a run as one page to look at in a browser and to step through
    #[command(after_long_help = "Examples:
  raft-cluster report demo -o demo.html                      the story, in virtual time
  raft-cluster report figure-8 -o figure-8.html              the paper's Figure 8
  raft-cluster run demo --trace demo.jsonl                   a run on threads, recorded:
  raft-cluster report demo.jsonl -o demo.html                and as a page
  raft-cluster report figure-8 --as svg --steps 25..48 -o figure-8.svg

The page is one file that loads nothing from anywhere. A scenario runs in virtual time.")]
    Report {
        /// A scenario's name, a file, or a trace
        #[arg(value_name = "NAME|FILE|TRACE", value_parser = scenario(), hide_possible_values = true)]
        run: String,
        /// Where to write it
        #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: PathBuf,
        /// What to write
        #[arg(long = "as", value_enum, default_value_t, value_name = "KIND")]
        kind: ReportKind,
        /// Which steps, as in 25..48 [default: the first 20,000 for a page, 100 for a picture]
        #[arg(long, value_parser = parse_steps, value_name = "A..B")]
        steps: Option<RangeInclusive<u64>>,
        #[command(flatten)]
        options: ClusterOptions,
    },
    /// Open a cluster as a page in the browser: every click is a step of the real core
    #[command(after_long_help = "Examples:
  raft-cluster explore                          five nodes, nothing has happened yet
  raft-cluster explore figure-8                 a scenario, line by line
  raft-cluster explore --nodes 3 --break one-vote-per-term
  raft-cluster explore demo.jsonl --at 40       go on from step 40 of a recorded run

The page is served on this machine to this machine only.")]
    Explore {
        /// A scenario's name, a file, a trace, or a link that the page has made [default: a cluster in which
        /// nothing has happened]
        #[arg(value_name = "NAME|FILE|TRACE", value_parser = scenario(), hide_possible_values = true)]
        run: Option<String>,
        /// Of a trace, where to go on: a step, a time as in 0.014, or 'first EVENT'
        #[arg(long, value_parser = place(), hide_possible_values = true, value_name = "STEP|TIME|EVENT")]
        at: Option<Place>,
        /// The port to listen on [default: one that is free]
        #[arg(long, value_name = "P", value_parser = of_range(1..=65_535_u16, "a port is a number from 1 to 65535"))]
        port: Option<u16>,
        /// Only print the address
        #[arg(long)]
        no_open: bool,
        #[command(flatten)]
        options: ClusterOptions,
    },
    /// Write completions for a shell
    #[command(after_long_help = "Examples:
  raft-cluster completions bash > ~/.local/share/bash-completion/completions/raft-cluster
  raft-cluster completions fish > ~/.config/fish/completions/raft-cluster.fish
  raft-cluster completions zsh > _raft-cluster    in a folder of $fpath")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the man pages into a folder
    #[command(after_long_help = "Example:
  raft-cluster man ~/.local/share/man/man1")]
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

/// What one can say of a scenario's cluster.
#[derive(Args, PartialEq, Default, Debug)]
#[command(allow_negative_numbers = true)]
struct ClusterOptions {
    /// How many nodes: 1 to 9 [default: the scenario's]
    #[arg(long, value_parser = nodes())]
    nodes: Option<usize>,
    /// The seed of all random draws [default: the scenario's]
    #[arg(long, value_parser = seed())]
    seed: Option<u64>,
    /// The probability that a message is lost, as in 0.2 or 20% [default: 0]
    #[arg(long, value_parser = parse_probability, allow_hyphen_values = true, value_name = "P")]
    drop: Option<f64>,
    /// The probability that a message arrives twice [default: 0]
    #[arg(long, value_parser = parse_probability, allow_hyphen_values = true, value_name = "P")]
    duplicate: Option<f64>,
    /// How long messages take, as in 1ms..20ms [default: 1ms..5ms]
    #[arg(long, value_parser = parse_latency, allow_hyphen_values = true, value_name = "MIN..MAX")]
    latency: Option<(Duration, Duration)>,
    /// Switch a rule off and see what it protects ('raft-node rules' lists them)
    #[arg(long = "break", value_parser = rule(), hide_possible_values = true, value_name = "RULE")]
    broken: Vec<Rule>,
    /// Keep all rules, whatever the scenario breaks
    #[arg(long, conflicts_with = "broken")]
    intact: bool,
}

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
struct RunOptions {
    /// Run in virtual time, on one thread: the same seed gives the same bytes
    #[arg(long = "virtual")]
    is_virtual: bool,
    #[command(flatten)]
    cluster: ClusterOptions,
    /// How many times as fast the threads' clock runs, links too: 0.1 to 50 [default: 1]
    #[arg(long, value_parser = of_range(0.1..=50.0, "a speed is a number from 0.1 to 50"), conflicts_with = "is_virtual")]
    speed: Option<f64>,
    /// Record the run
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    trace: Option<PathBuf>,
    /// Write a page of the run, to look at in a browser
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    report: Option<PathBuf>,
    /// How to tell the run [default: brief on a terminal, else story; story at the prompt]
    #[arg(long, value_parser = parse_view())]
    view: Option<&'static View>,
    /// What to write: text for people, or JSON, one object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Arguments {
    /// Does what the command line asks for.
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Error> {
        self.color.apply();
        pager::switch(!self.no_pager);
        match self.command {
            None => self.run.run("demo", &self.watch),
            Some(RaftClusterCommand::Run { scenario, options, watch }) => {
                options.run(&scenario, &watch)
            }
            Some(RaftClusterCommand::Play { scenario, threads, options }) => {
                options.play(scenario.as_deref(), threads)
            }
            Some(RaftClusterCommand::Hunt(options)) => hunt::run(&options),
            Some(RaftClusterCommand::Check(options)) => check::run(&options),
            Some(RaftClusterCommand::Scenarios { format: Format::Text }) => {
                pager::show(scenarios::list())
            }
            Some(RaftClusterCommand::Scenarios { format: Format::Json }) => put(json::scenarios()),
            Some(RaftClusterCommand::Replay(replay)) => replay::run(&replay),
            Some(RaftClusterCommand::Report { run, output: file, kind, steps, options }) => {
                options.report(&run, Report { file, kind, steps })
            }
            Some(RaftClusterCommand::Explore { run, at, port, no_open, options }) => {
                let (script, is_recorded) =
                    options.named(run.as_deref(), "explore", at, &IN_BROWSER)?;
                explore::explore(script, is_recorded, port, !no_open)
            }
            Some(RaftClusterCommand::Completions { shell }) => completions::<Self>(shell),
            Some(RaftClusterCommand::Man { folder }) => man_pages::pages::<Self>(&folder),
        }
    }
}

impl RunOptions {
    fn run(self, name: &str, watch: &WatchOptions) -> Result<ExitCode, Error> {
        let reader = watch.reader(self.format)?;
        let (script, spared) = self.cluster.script(name, None)?;
        // Where a script takes time into its own hands, threads cannot follow.
        let by_itself = !script.on_threads && self.speed.is_none();
        let clock = if self.is_virtual || by_itself {
            Clock::Virtual
        } else {
            Clock::Threads { speed: self.speed.unwrap_or(1.0) }
        };
        let view = self.view.unwrap_or_else(|| view::usual());
        let view = if self.format == Format::Json { &JSON } else { view };
        run::run(&Run {
            script,
            clock,
            trace: self.trace,
            report: self.report.map(Report::page),
            view,
            reader,
            spared,
        })
    }

    fn play(self, name: Option<&str>, threads: bool) -> Result<ExitCode, Error> {
        if name == Some(STANDARD_INPUT) {
            let why =
                "the prompt takes its lines from standard input; give it the scenario in a file";
            return Err(Error::Usage(why.to_owned()));
        }
        let (script, is_recorded) = self.cluster.named(name, "play", None, &AT_PROMPT)?;
        let clock = match (threads, self.speed) {
            (true, speed) => Clock::Threads { speed: speed.unwrap_or(1.0) },
            (false, None) => Clock::Virtual,
            (false, Some(_)) => {
                let why = "--speed is for --threads: virtual time has none";
                return Err(Error::Usage(why.to_owned()));
            }
        };
        if self.format == Format::Json {
            let why = "the prompt is for people; --format json is for 'run'";
            return Err(Error::Usage(why.to_owned()));
        }
        if self.report.is_some() {
            let why = "--report is for 'run'; a session that is recorded with '--trace FILE' has its page \
                       by 'raft-cluster report FILE -o PAGE.html'";
            return Err(Error::Usage(why.to_owned()));
        }
        if let (Some(trace), Some(played), true) = (&self.trace, name, is_recorded) {
            let both = "the run that is played and the one that is recorded";
            run::check_apart(trace, Path::new(played), both)?;
        }
        let (trace, view) = (self.trace, self.view.unwrap_or(&STORY));
        play::play(Play { script, is_recorded, clock, trace, view })
    }
}

/// The name that stands for standard input.
const STANDARD_INPUT: &str = "-";

impl ClusterOptions {
    /// The scenario of this name, or with this text, and whether rules are kept that it breaks.
    fn script(&self, name: &str, text: Option<Box<dyn Read>>) -> Result<(Script, bool), Error> {
        let script = match text {
            Some(text) => library::read(name, text, self.nodes),
            None if name == STANDARD_INPUT => library::read(name, stdin(), self.nodes),
            None => library::load(name, self.nodes),
        };
        let script = script.map_err(Error::Scenario)?;
        let spared = self.intact && !script.broken.is_intact();
        Ok((self.change(script), spared))
    }

    /// The scenario that a word names, and whether it is a recorded run, as for [`replay::named`]. Without a word, a
    /// cluster of the name `new` in which nothing has happened yet.
    fn named(
        &self,
        word: Option<&str>,
        new: &str,
        at: Option<Place>,
        begins: &Beginning,
    ) -> Result<(Script, bool), Error> {
        let no_place =
            || Error::Usage("--at names a place in a recorded run; leave it out".to_owned());
        let Some(word) = word else {
            if at.is_some() {
                return Err(no_place());
            }
            let nodes = self.nodes.unwrap_or(5);
            return Ok((self.change(Script { nodes, ..Script::empty(new) }), false));
        };
        let (script, is_recorded) =
            replay::named(word, at, begins, |text| Ok(self.script(word, text)?.0))?;
        if at.is_some() && !is_recorded {
            return Err(no_place());
        }
        self.check_recorded(is_recorded)?;
        Ok((script, is_recorded))
    }

    /// Refuses these options for a recorded run.
    fn check_recorded(&self, is_recorded: bool) -> Result<(), Error> {
        if !is_recorded || *self == Self::default() {
            return Ok(());
        }
        let why = "a recorded run has its own cluster, links and rules; leave --nodes, --seed, --drop, \
                   --duplicate, --latency, --break and --intact out";
        Err(Error::Usage(why.to_owned()))
    }

    fn report(&self, run: &str, report: Report) -> Result<ExitCode, Error> {
        let text = match Named::of(run) {
            Named::Trace(trace) => {
                self.check_recorded(true)?;
                return report.of_trace(Path::new(run), trace);
            }
            Named::Scenario(text) => text,
        };
        let (script, spared) = self.script(run, text)?;
        let (trace, report, view) = (None, Some(report), &QUIET);
        let (clock, reader) = (Clock::Virtual, Reader::default());
        run::run(&Run { script, clock, trace, report, view, reader, spared })
    }

    /// Applies these options to a scenario.
    fn change(&self, mut script: Script) -> Script {
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
        script
    }
}
