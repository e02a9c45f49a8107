//! Completions: the values that a shell offers, and the scripts that let it offer them.

use std::ffi::OsStr;
use std::fmt::Write;
use std::process::ExitCode;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, CommandFactory};
use clap_complete::Shell;

use crate::cli::error::Error;
use crate::cli::printing;
use crate::cli::typed_line::node_of;
use crate::explain::Place;
use crate::raft::{MAX_NODES, NodeId, Rule};
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::nearest;
use crate::scenario::script::Script;
use crate::view::places;

/// A parser with the likely values, which a shell may offer.
#[derive(Clone)]
struct Completed<P> {
    parser: P,
    values: fn() -> Vec<PossibleValue>,
}

impl<P: TypedValueParser> TypedValueParser for Completed<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<Self::Value, clap::Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.values)().into_iter()))
    }
}

/// A parser of rules, by id.
pub(super) fn rule() -> impl TypedValueParser<Value = Rule> {
    let values =
        || Rule::ALL.map(|rule| PossibleValue::new(rule.id()).help(rule.statement())).into();
    Completed { parser: nearest::rule, values }
}

/// A parser of nodes, `2` or `n2`. A shell may offer as many as a cluster can have.
pub(in crate::cli) fn node() -> impl TypedValueParser<Value = NodeId> {
    let parser = |text: &str| {
        let last = MAX_NODES - 1;
        node_of(text, MAX_NODES).ok_or_else(|| format!("a node is a number from 0 to {last}"))
    };
    let values =
        || NodeId::all(MAX_NODES).map(|node| PossibleValue::new(node.to_string())).collect();
    Completed { parser, values }
}

/// A parser of the names of scenarios and files. A shell may offer the scenarios that ship.
pub(super) fn scenario() -> impl TypedValueParser<Value = String> {
    let parser = |name: &str| Ok::<_, Error>(name.to_owned());
    let values = || {
        let all = SHIPPED.iter().chain(BROKEN);
        let value = |(name, text): &(&'static str, &str)| {
            let shows = Script::parse(name, text).map_or_else(|_| String::new(), |it| it.shows);
            PossibleValue::new(*name).help(shows)
        };
        all.map(value).collect()
    };
    Completed { parser, values }
}

/// A parser of places in a run. A shell may offer those that name an event.
pub(in crate::cli) fn place() -> impl TypedValueParser<Value = Place> {
    let parser = |text: &str| Place::parse(text).ok_or_else(places::places);
    let values = || {
        let named = |which| {
            let value =
                move |(event, what)| PossibleValue::new(format!("{which} {event}")).help(what);
            places::events().map(value)
        };
        ["first", "last"].into_iter().flat_map(named).collect()
    };
    Completed { parser, values }
}

/// A parser of `on` and `off`.
pub(super) fn on_or_off() -> impl TypedValueParser<Value = bool> {
    let parser = |text: &str| match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is 'on' or 'off'"),
    };
    Completed { parser, values: || ["on", "off"].map(PossibleValue::new).into() }
}

/// Prints completions for a shell.
pub(super) fn completions<T: CommandFactory>(shell: Shell) -> Result<ExitCode, Error> {
    let mut command = T::command();
    let name = command.get_name().to_owned();
    // The generator panics if it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, &name, &mut script);
    let mut script = String::from_utf8_lossy(&script).trim_end_matches('\n').to_owned();
    match shell {
        // The generator writes the hyphen in a program's name in two ways, so its script finds no subcommand.
        Shell::Bash => {
            script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
            script = bash_places(&script);
        }
        Shell::Fish => {
            script = fish_places(&script) + &operands(&command, &name);
        }
        _ => {}
    }
    printing(|output| {
        output.put_text(script);
        Ok(ExitCode::SUCCESS)
    })
}

/// The places that a shell may offer, each of several words.
fn offered_places() -> Vec<String> {
    let values = place();
    let values = values.possible_values().into_iter().flatten();
    values.map(|value| value.get_name().to_owned()).collect()
}

/// Keeps places whole in the script for bash, where the generator would split values of several words. Here
/// each value is one line, and its spaces are escaped unless a quote is open.
fn bash_places(script: &str) -> String {
    let places = offered_places();
    let offer = |values: &str| format!("COMPREPLY=($(compgen -W \"{values}\" -- \"${{cur}}\"))");
    let whole = format!(
        "local IFS=$'\\n'
                    {}
                    [[ ${{COMP_WORDS[COMP_CWORD]}} == [\\\"\\']* ]] || COMPREPLY=(\"${{COMPREPLY[@]// /\\\\ }}\")",
        offer(&places.join("\n"))
    );
    script.replace(&offer(&places.join(" ")), &whole)
}

/// Escapes the spaces of places in the script for fish, where a space ends a value.
fn fish_places(script: &str) -> String {
    let escaped = |script: String, place: &String| {
        script.replace(&format!("{place}\\t"), &format!("{}\\t", place.replace(' ', "\\ ")))
    };
    offered_places().iter().fold(script.to_owned(), escaped)
}

/// Lines that let fish offer the operands of subcommands, which the generator leaves out.
fn operands(command: &Command, name: &str) -> String {
    let function = format!("__fish_{}_using_subcommand", name.replace('-', "_"));
    let mut lines = String::new();
    for subcommand in command.get_subcommands() {
        for operand in subcommand.get_positionals() {
            for value in operand.get_possible_values() {
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                let (sub, value) = (subcommand.get_name(), value.get_name());
                let help = help.replace('\\', "\\\\").replace('\'', "\\'");
                let _ = write!(
                    lines,
                    "\ncomplete -c {name} -n \"{function} {sub}\" -a {value} -d '{help}'"
                );
            }
        }
    }
    lines
}
