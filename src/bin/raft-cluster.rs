//! The command `raft-cluster`: a cluster to run, to play with, to break and to search.

use std::process::ExitCode;

fn main() -> ExitCode {
    raft_in_practice::cli::raft_cluster()
}
