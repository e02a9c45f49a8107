//! One node, no network: a walk through every role and every decision, and the rules by name.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use raft_in_practice::cli;
use raft_in_practice::cli::Format;
use raft_in_practice::raft::Rule;
use raft_in_practice::scenario::walkthrough::Options;
use raft_in_practice::scenario::{nearest, walkthrough};
use raft_in_practice::view::paint::Color;
use raft_in_practice::view::{json, paint, rules, stdout, walkthrough as text};

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
        raft-node --step                       a section at a time, with Enter\n  \
        raft-node --nodes 4 --seed 7           an even cluster, other timeouts\n  \
        raft-node --format json | head -1      one object a line, for programs\n  \
        raft-node rules                        every rule with its place in the paper\n  \
        raft-node rules up-to-date-log         one rule in full, and how to break it\n\n\
        Exit code: 0 if all is well, 2 if the command line is wrong."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    walkthrough: WalkthroughArgs,
    #[arg(
        long,
        value_enum,
        default_value_t,
        global = true,
        value_name = "WHEN",
        help = "When to use colour; NO_COLOR and CLICOLOR_FORCE are heeded too"
    )]
    color: Color,
}

#[derive(Subcommand)]
enum Command {
    /// One node through every role and every decision (the default)
    Walkthrough(WalkthroughArgs),
    /// The rules of Raft by name; one in full, if its id is given
    Rules {
        /// The id of a rule, such as one-vote-per-term
        id: Option<String>,
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
}

#[derive(Args, Clone, Copy, PartialEq, Eq, Default)]
struct WalkthroughArgs {
    /// Nodes in the cluster, 1 to 9 [default: 5]
    #[arg(long, value_name = "N", value_parser = cli::parse_nodes, allow_negative_numbers = true)]
    nodes: Option<usize>,
    /// Decides the random election timeouts; the same seed gives the same output [default: 1]
    #[arg(long, value_name = "S", value_parser = cli::parse_seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Wait for Enter between sections, if a terminal is there to thread it
    #[arg(long)]
    step: bool,
    /// How to write it [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", hide_default_value = true)]
    format: Option<Format>,
}

impl WalkthroughArgs {
    /// Options count before the subcommand and after it; after it they win.
    fn or(self, before: Self) -> Self {
        Self {
            nodes: self.nodes.or(before.nodes),
            seed: self.seed.or(before.seed),
            step: self.step || before.step,
            format: self.format.or(before.format),
        }
    }
}

fn main() -> ExitCode {
    let cli = match cli::parse::<Cli>() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    cli.color.apply();
    let before = cli.walkthrough;
    match cli.command {
        None => walk(before),
        Some(Command::Walkthrough(args)) => walk(args.or(before)),
        Some(_) if before != WalkthroughArgs::default() => cli::complain::<Cli>(
            "only the walkthrough takes --nodes, --seed, --step and --format (see --help)",
        ),
        Some(Command::Rules { id, format }) => tell_rules(id.as_deref(), format),
        Some(Command::Completions { shell }) => completions(shell),
    }
}

fn tell_rules(id: Option<&str>, format: Format) -> ExitCode {
    let rule = match id.map(nearest::rule).transpose() {
        Ok(rule) => rule,
        Err(error) => return cli::complain::<Cli>(&error.to_string()),
    };
    stdout::print(|out| {
        match (rule, format) {
            (None, Format::Text) => rules::list(out),
            (Some(rule), Format::Text) => rules::one(rule, out),
            (None, Format::Json) => json::rules(&Rule::ALL, out),
            (Some(rule), Format::Json) => json::rules(&[rule], out),
        }
        .map(|()| ExitCode::SUCCESS)
    })
}

fn completions(shell: Shell) -> ExitCode {
    // The generator panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "raft-node", &mut script);
    stdout::print(|out| out.write_all(&script).map(|()| ExitCode::SUCCESS))
}

fn walk(args: WalkthroughArgs) -> ExitCode {
    let options = Options::new(args.nodes.unwrap_or(NODES), args.seed.unwrap_or(SEED));
    let sections = walkthrough::play(options);
    stdout::print(|out| {
        if args.format.unwrap_or_default() == Format::Json {
            sections.iter().try_for_each(|section| json::section(section, out))?;
            return Ok(ExitCode::SUCCESS);
        }
        let wait = args.step && io::stdin().is_terminal() && io::stdout().is_terminal();
        text::introduction(out)?;
        for section in &sections {
            if wait && !enter_pressed(out)? {
                return Ok(ExitCode::SUCCESS);
            }
            text::section(section, out)?;
        }
        text::conclusion(out)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Waits for Enter. Says no if the input ended instead: the reader has had enough.
fn enter_pressed(out: &mut dyn Write) -> io::Result<bool> {
    write!(out, "\n{} ", paint::faint("Enter goes on, Ctrl-D ends:"))?;
    out.flush()?;
    for byte in io::stdin().lock().bytes() {
        if byte? == b'\n' {
            return Ok(true);
        }
    }
    writeln!(out)?;
    Ok(false)
}
