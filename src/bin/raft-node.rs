//! The command `raft-node`, which walks through one node step by step and lists the rules by name.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_in_practice::cli::raft_node()
}
