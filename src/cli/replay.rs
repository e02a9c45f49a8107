//! `raft-cluster replay`: a trace, run again.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::arguments::Format;
use super::error::Error;
use super::printing;
use crate::properties::report::SafetyReport;
use crate::record::journal::Observer;
use crate::record::{Ending, Header, TraceError, replay as again};
use crate::view::output::WhenFull;
use crate::view::{JSON, STORY, header, json, summary};

/// A trace to run again, as the command line asks for it.
#[derive(Args, Debug)]
pub(super) struct Replay {
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
}

/// Runs a trace again.
///
/// With `verify` it only says whether every step came out as it was recorded;
/// otherwise it tells the story, up to step `at` if one is named. Exit code 1 if a step comes out
/// otherwise, or a property falls in a story that is told.
pub(super) fn run(replay: &Replay) -> Result<ExitCode, Error> {
    let Replay { trace, verify, at, format } = replay;
    let path = trace.as_path();
    let file = File::open(path).map_err(|error| Error::Unreadable(path.to_owned(), error))?;
    let view = if *format == Format::Json { &JSON } else { &STORY };
    let mut record = None;
    printing(WhenFull::Wait, |output| {
        let observers = |header: &Header| -> Vec<Box<dyn Observer>> {
            if *verify {
                return Vec::new();
            }
            if let Some(open) = view.record {
                return vec![Box::new(record.insert(open(output, header)).clone())];
            }
            output.put_all(header::replayed(header));
            (view.open)(output, header.nodes, false).observers
        };
        let made = again(BufReader::new(file), observers, *at);
        let (good, lines, ending) = match &made {
            Ok(summary) => {
                // What the steps were is one question, what fell in them another.
                let good = *verify || summary.safety.fallen() == 0;
                let ending = Ending::new(summary.safety.fallen() == 0, None, &summary.safety);
                (good, summary::replayed(path, summary, !verify), ending)
            }
            Err(error @ TraceError::Diverged { .. }) => {
                let ending = Ending::new(false, Some(error.to_string()), &SafetyReport::default());
                (false, vec![summary::diverged(path, error)], ending)
            }
            Err(error) => return Err(Error::Trace(path.to_owned(), error.clone())),
        };
        match record {
            // What the output cannot take, it complains of itself.
            Some(record) => _ = record.finish_with(ending),
            None if *format == Format::Json => output.put(json::verified(path, &made)),
            None => output.put_all(lines),
        }
        Ok(ExitCode::from(u8::from(!good)))
    })
}
