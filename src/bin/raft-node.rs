//! The command `raft-node`: one node, step by step, and the rules by name.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_in_practice::cli::raft_node()
}
