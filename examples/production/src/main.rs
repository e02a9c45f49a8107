//! One program: a node, or the story that starts five of them.
#![forbid(unsafe_code)]

use std::{io::Write as _, process::ExitCode};

use clap::{Parser, Subcommand};
use raft_in_production::{node, story};

/// The cluster story of raft-in-practice as processes with disks that talk over HTTP, on openraft.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Run one server.
    Node(node::Options),
    /// Start five servers, kill the leader, and prove that no write is lost.
    Story,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Node(options) => node::run(options).await,
        What::Story => story::run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
