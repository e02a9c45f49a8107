//! What `raft-node` can be told on the command line, and what each command does with it.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::completed::{completions, rule};
use super::man_pages;
use super::{Format, nodes, of_range, put, seed};
use crate::cli::error::Error;
use crate::cli::pager;
use crate::cli::printing;
use crate::raft::Rule;
use crate::scenario::walkthrough::{self, Options, SECTIONS};
use crate::view::colour::Color;
use crate::view::reader::enter_pressed;
use crate::view::{json, rules, walkthrough as text};

const NODES: usize = 5;
const SEED: u64 = 1;

/// One Raft node, step by step, with the reason for each step
///
/// Walks one node through every role and every decision of Raft, in ten sections. Each line says
/// what the node did, which rule it followed, what it compared, and where the Raft paper says so.
/// There is no network and no clock: the node is handed one input after the other.
#[derive(Parser)]
#[command(
    name = "raft-node",
    version,
    after_long_help = "Examples:\n  \
        raft-node                              the walkthrough\n  \
        raft-node --section 9                  one section: how a log that diverged is repaired\n  \
        raft-node --step                       a section at a time, with Enter\n  \
        raft-node --nodes 4 --seed 7           an even cluster, other timeouts\n  \
        raft-node --format json | head -1      one object a line, for programs\n  \
        raft-node rules                        every rule with its place in the paper\n  \
        raft-node rules up-to-date-log         one rule in full, and how to break it\n\n\
        Exit code: 0 if all is well, 2 if the command line is wrong."
)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    command: Option<RaftNodeCommand>,
    #[command(flatten)]
    walkthrough: WalkthroughOptions,
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        help = "When to use colour; NO_COLOR and CLICOLOR_FORCE are heeded too"
    )]
    color: Color,
    /// Do not show long output through $PAGER
    #[arg(long, global = true)]
    no_pager: bool,
}

#[derive(Subcommand)]
enum RaftNodeCommand {
    /// One node through every role and every decision (the default)
    #[command(after_long_help = "Examples:
  raft-node walkthrough --section 9
  raft-node walkthrough --step
  raft-node walkthrough --nodes 4 --seed 7")]
    Walkthrough(WalkthroughOptions),
    /// The rules of Raft by name; one in full, if its id is given
    #[command(after_long_help = "Examples:
  raft-node rules
  raft-node rules up-to-date-log
  raft-node rules --format json")]
    Rules {
        /// The id of a rule, such as one-vote-per-term
        #[arg(value_parser = rule(), hide_possible_values = true)]
        id: Option<Rule>,
        /// How to write it
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
        format: Format,
    },
    /// A completion script for a shell
    #[command(after_long_help = "Example:\n  raft-node completions bash > raft-node.bash")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man pages into a folder
    #[command(after_long_help = "Example:\n  raft-node man ~/.local/share/man/man1")]
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
}

#[derive(Args, Clone, Copy, PartialEq, Eq, Default)]
#[command(allow_negative_numbers = true)]
struct WalkthroughOptions {
    /// Only this section, from 1 to 10
    #[arg(long, value_name = "N", value_parser = of_range(1..=SECTIONS, format!("there are sections 1 to {SECTIONS}")))]
    section: Option<usize>,
    /// Nodes in the cluster, 1 to 9 [default: 5]
    #[arg(long, value_name = "N", value_parser = nodes())]
    nodes: Option<usize>,
    /// Decides the random election timeouts; the same seed gives the same output [default: 1]
    #[arg(long, value_name = "S", value_parser = seed())]
    seed: Option<u64>,
    /// On a terminal, wait for Enter between sections
    #[arg(long)]
    step: bool,
    /// How to write it [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", hide_default_value = true)]
    format: Option<Format>,
}

impl WalkthroughOptions {
    /// Merges the options before the subcommand with those after it. Those after it win.
    fn or(self, before: Self) -> Self {
        Self {
            section: self.section.or(before.section),
            nodes: self.nodes.or(before.nodes),
            seed: self.seed.or(before.seed),
            step: self.step || before.step,
            format: self.format.or(before.format),
        }
    }
}

impl Arguments {
    /// Does what the command line asks for.
    pub(in crate::cli) fn run(self) -> Result<ExitCode, Error> {
        self.color.apply();
        pager::switch(!self.no_pager);
        let before = self.walkthrough;
        match self.command {
            None => before.walk(),
            Some(RaftNodeCommand::Walkthrough(args)) => args.or(before).walk(),
            Some(_) if before != WalkthroughOptions::default() => {
                let why = "only the walkthrough takes --section, --nodes, --seed, --step and --format (see --help)";
                Err(Error::Usage(why.to_owned()))
            }
            Some(RaftNodeCommand::Rules { id, format }) => match (format, id) {
                (Format::Text, None) => pager::show(rules::list()),
                (Format::Text, Some(rule)) => pager::show(rules::one(rule)),
                (Format::Json, None) => put(json::rules(&Rule::ALL)),
                (Format::Json, Some(rule)) => put(json::rules(&[rule])),
            },
            Some(RaftNodeCommand::Completions { shell }) => completions::<Self>(shell),
            Some(RaftNodeCommand::Man { folder }) => man_pages::pages::<Self>(&folder),
        }
    }
}

impl WalkthroughOptions {
    fn walk(self) -> Result<ExitCode, Error> {
        let options = Options::new(self.nodes.unwrap_or(NODES), self.seed.unwrap_or(SEED));
        let mut sections = walkthrough::play(options);
        sections.retain(|section| self.section.is_none_or(|number| number == section.number));
        if self.format == Some(Format::Json) {
            return put(sections.iter().flat_map(json::section));
        }
        if let (Some(_), [section]) = (self.section, &sections[..]) {
            // A section begins with an empty line to set it off from the text above; here there is none.
            return pager::show(text::section(section).split_off(1));
        }
        if !(self.step && io::stdin().is_terminal() && io::stdout().is_terminal()) {
            let told = sections.iter().flat_map(text::section);
            return pager::show(
                text::introduction().into_iter().chain(told).chain(text::conclusion()).collect(),
            );
        }
        printing(|output| {
            output.put_all(text::introduction());
            for section in &sections {
                output.settle().map_err(Error::Output)?;
                if !enter_pressed(|| false).map_err(Error::Terminal)? {
                    return Ok(ExitCode::SUCCESS);
                }
                output.put_all(text::section(section));
            }
            output.put_all(text::conclusion());
            Ok(ExitCode::SUCCESS)
        })
    }
}
