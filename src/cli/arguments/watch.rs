//! The options for watching a run at a terminal: how fast lines come, and whether each part waits for Enter.

use std::io::{self, IsTerminal};

use clap::Args;

use super::Format;
use crate::cli::error::Error;
use crate::view::reader::Reader;

#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub(super) struct WatchOptions {
    /// On a terminal, how fast lines come: 0.1 to 50 times the usual speed, or none for no waiting. Only the
    /// output waits, never the cluster [default: 1]. Space goes on to the next part at once, Enter pauses
    #[arg(long, value_parser = parse_pace, allow_hyphen_values = true, value_name = "X|none")]
    pace: Option<f64>,
    /// On a terminal, wait for Enter before each part
    #[arg(long, conflicts_with = "format")]
    step: bool,
}

/// Reads how fast lines may come; for `none`, infinitely fast.
fn parse_pace(text: &str) -> Result<f64, &'static str> {
    match text.parse() {
        _ if text == "none" => Ok(f64::INFINITY),
        Ok(times) if (0.1..=50.0).contains(&times) => Ok(times),
        _ => Err("a pace is a number from 0.1 to 50, or 'none'"),
    }
}

impl WatchOptions {
    /// The reader of output in this format.
    pub(super) fn reader(&self, format: Format) -> Result<Reader, Error> {
        let (shown, typed) = (io::stdout().is_terminal(), io::stdin().is_terminal());
        if self.step && !(shown && typed) {
            let why =
                "--step waits for Enter, and nobody is at a terminal to press it; leave it out";
            return Err(Error::Usage(why.to_owned()));
        }
        let pace = Some(self.pace.unwrap_or(1.0));
        let pace = pace.filter(|pace| pace.is_finite() && shown && format == Format::Text);
        // With --step, Enter begins the next part, so it cannot pause too.
        Ok(Reader { pace, steps: self.step, keys: pace.is_some() && typed && !self.step })
    }
}
