//! The command `raft-cluster`, which runs, explores, breaks and searches a cluster.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_in_practice::cli::raft_cluster()
}
