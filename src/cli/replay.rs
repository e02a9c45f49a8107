//! `raft-cluster replay`: a trace, run again.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::Format;
use crate::properties::report::SafetyReport;
use crate::record::journal::Observer;
use crate::record::{Ending, Header, TraceError, TraceWriter, replay};
use crate::view::output::Output;
use crate::view::story::Story;
use crate::view::{json, opening, status, violation};

/// Runs a trace again.
///
/// With `verify` it only says whether every step came out as it was recorded;
/// otherwise it tells the story, up to step `at` if one is named. Exit code 1 if a step comes out
/// otherwise, or a property falls in a story that is told.
///
/// # Errors
/// A sentence, if the trace cannot be read.
pub fn run(path: &Path, verify: bool, at: Option<u64>, format: Format) -> Result<ExitCode, String> {
    if format == Format::Json {
        return for_programs(path, verify, at);
    }
    let name = path.display();
    let file = File::open(path).map_err(|error| format!("'{name}' cannot be read: {error}"))?;
    let (output_thread, output) = Output::open();
    let told = output.clone();
    let observers = |header: &Header| -> Vec<Box<dyn Observer>> {
        if verify {
            return Vec::new();
        }
        told.put_all(opening::replayed(header));
        vec![Box::new(Story::new(told.clone()))]
    };
    let ended = replay(BufReader::new(file), observers, at);
    let code = match ended {
        Ok(summary) => {
            if !verify {
                output.put("");
                output.put_all(status::table(&summary.status));
                output.put("");
                output.put_all(violation::report(&summary.safety, summary.header.nodes));
                output.put("");
            }
            output.put(format!(
                "✓ {name}: {} steps made again, each with the digest that was recorded",
                summary.steps
            ));
            output.put_all(opening::broken(summary.header.rules()));
            // What the steps were is one question, what fell in them another.
            let good = verify || summary.safety.fallen() == 0;
            Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
        }
        Err(error @ TraceError::Diverged { .. }) => {
            output.put(format!("✗ {name}: {error}"));
            Ok(ExitCode::from(1))
        }
        Err(error) => Err(format!("{name}: {error}")),
    };
    drop(output);
    drop(told);
    drop(output_thread);
    code
}

/// The same for programs: the record with all that is computed again, or only whether it was.
fn for_programs(path: &Path, verify: bool, at: Option<u64>) -> Result<ExitCode, String> {
    let name = path.display();
    let file = File::open(path).map_err(|error| format!("'{name}' cannot be read: {error}"))?;
    let (output_thread, output) = Output::open();
    let mut writer = None;
    let ended = replay(
        BufReader::new(file),
        |header| {
            if verify {
                return Vec::new();
            }
            let lines = TraceWriter::computed(json::Lines(output.clone()), header);
            vec![Box::new(writer.insert(lines).clone()) as Box<dyn Observer>]
        },
        at,
    );
    let (good, made, ending) = match ended {
        Ok(summary) => {
            let good = summary.safety.fallen() == 0;
            (verify || good, Ok(summary.steps), Ending::new(good, None, &summary.safety))
        }
        Err(error @ TraceError::Diverged { .. }) => {
            let failure = error.to_string();
            let ending = Ending::new(false, Some(failure.clone()), &SafetyReport::default());
            (false, Err(failure), ending)
        }
        Err(error) => return Err(format!("{name}: {error}")),
    };
    match writer {
        // What the output cannot take, it has complained of itself.
        Some(writer) => _ = writer.finish_with(ending),
        None => output.put(json::verified(&name.to_string(), made)),
    }
    drop(output);
    drop(output_thread);
    Ok(ExitCode::from(u8::from(!good)))
}
