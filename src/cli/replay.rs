//! `raft-cluster replay`: a trace, run again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use super::error::Error;
use super::printing;
use crate::record::journal::Observer;
use crate::record::{Header, TraceError, replay};
use crate::view::output::WhenFull;
use crate::view::{STORY, ending, opening};

/// Runs a trace again.
///
/// With `verify` it only says whether every step came out as it was recorded;
/// otherwise it tells the story, up to step `at` if one is named. Exit code 1 if a step comes out
/// otherwise, or a property falls in a story that is told.
pub(super) fn run(path: &Path, verify: bool, at: Option<u64>) -> Result<ExitCode, Error> {
    let file = File::open(path).map_err(|error| Error::Unreadable(path.to_owned(), error))?;
    printing(WhenFull::Wait, |output| {
        let observers = |header: &Header| -> Vec<Box<dyn Observer>> {
            if verify {
                return Vec::new();
            }
            output.put_all(opening::replayed(header));
            (STORY.open)(output, header.nodes, false).observers
        };
        match replay(BufReader::new(file), observers, at) {
            Ok(summary) => {
                output.put_all(ending::replayed(path, &summary, !verify));
                // What the steps were is one question, what fell in them another.
                let good = verify || summary.safety.fallen() == 0;
                Ok(ExitCode::from(u8::from(!good)))
            }
            Err(error @ TraceError::Diverged { .. }) => {
                output.put(ending::diverged(path, &error));
                Ok(ExitCode::from(1))
            }
            Err(error) => Err(Error::Trace(path.to_owned(), error)),
        }
    })
}
