//! Printing results. A reader that goes away, as `head` does, is no error: it has seen enough.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

/// The exit code for wrong usage, unreadable input, and output that cannot be written.
pub const WRONG_USAGE: u8 = 2;

/// Lets `print` write to standard output and turns what comes of it into an exit code: that of
/// `print`, or 0 if the reader went away.
///
/// Any other failure, a full disk for one, is told on standard error, and the code is 2: 1 would
/// say that a property of Raft had been violated.
pub fn print(print: impl FnOnce(&mut dyn Write) -> io::Result<ExitCode>) -> ExitCode {
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = print(&mut out).and_then(|code| out.flush().map(|()| code));
    // What is left in the buffer could only fail once more.
    drop(out.into_parts());
    settle(printed)
}

fn settle(printed: io::Result<ExitCode>) -> ExitCode {
    match printed {
        Ok(code) => code,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error fails too.
            let _ = writeln!(io::stderr(), "the output cannot be written: {error}");
            ExitCode::from(WRONG_USAGE)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_went_away_is_forgiven() {
        let code = |result| format!("{:?}", settle(result));
        let success = format!("{:?}", ExitCode::SUCCESS);
        assert_eq!(code(Err(ErrorKind::BrokenPipe.into())), success);
        assert_eq!(code(Err(ErrorKind::StorageFull.into())), format!("{:?}", ExitCode::from(2)));
        assert_eq!(code(Ok(ExitCode::SUCCESS)), success);
    }
}
