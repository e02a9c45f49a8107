//! One server: its disk, the engine, and its socket, put together.

use std::{error::Error, io::Read as _, net::SocketAddr, path::PathBuf, sync::Arc};

use openraft::{Config, SnapshotPolicy};
use tokio::net::TcpListener;

use crate::{
    disk::{Folder, LogStore},
    network::Network,
    server,
    state_machine::StateMachine,
    types::{NodeId, Raft},
};

/// How a node is started.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// The node's number, for good: its disk belongs to it.
    #[arg(long)]
    pub id: NodeId,
    /// Where it listens: an address of this machine alone, such as 127.0.0.1:4000.
    #[arg(long)]
    pub listen: SocketAddr,
    /// Its folder, in which its log, its vote and its snapshots are.
    #[arg(long)]
    pub data: PathBuf,
    /// After how many entries it makes a snapshot and purges its log.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub snapshot_every: u64,
    /// End when standard input ends: whoever has started the node holds the other end, and so it never outlives them.
    #[arg(long)]
    pub until_stdin_ends: bool,
}

/// Runs a node until Ctrl-C, SIGTERM, or the end of its engine.
///
/// # Errors
///
/// If it would listen to other machines, if its disk or socket fails, or if its engine stops.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    if !options.listen.ip().is_loopback() {
        return Err(format!(
            "{} is not an address of this machine alone, such as 127.0.0.1",
            options.listen
        )
        .into());
    }
    if options.until_stdin_ends {
        std::thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
    }
    // Before the disk is touched: a second node with this address must not change anything.
    let listener = TcpListener::bind(options.listen).await?;
    let folder = Folder::open(&options.data, options.id)?;
    let log = LogStore::open(folder.path())?;
    let state_machine = StateMachine::open(folder.path())?;
    let config = Arc::new(config(options.snapshot_every).validate()?);
    let raft = Raft::new(options.id, config, Network::new()?, log, state_machine.clone()).await?;
    let served = axum::serve(listener, server::routes(raft.clone(), state_machine));
    println!("n{} listens on {}", options.id, options.listen);
    tokio::select! {
        ended = served => ended?,
        stopped = engine_stops(&raft) => return Err(stopped.into()),
        () = asked_to_end() => {}
    }
    raft.shutdown().await?;
    Ok(())
}

/// Times like those of the lab. A heartbeat leaves long before an election timer can end (`leader-heartbeat`), and
/// each node draws its timer between two bounds (`randomised-timeout`). This engine draws once, when it starts.
fn config(snapshot_every: u64) -> Config {
    Config {
        cluster_name: "raft-in-production".to_owned(),
        // Also how long the engine waits for an answer to entries, so a slow disk must have time to sync.
        heartbeat_interval: 200,
        election_timeout_min: 1000,
        election_timeout_max: 2000,
        install_snapshot_timeout: 5000,
        snapshot_policy: SnapshotPolicy::LogsSinceLast(snapshot_every),
        // A node that is behind by more than this gets a snapshot, not entries.
        replication_lag_threshold: 2 * snapshot_every,
        max_in_snapshot_log_to_keep: snapshot_every,
        ..Config::default()
    }
}

/// Waits until the engine has stopped, and says why. It stops for good when its disk fails, and a process that only
/// seems to live would be worse than none.
async fn engine_stops(raft: &Raft) -> String {
    let mut metrics = raft.metrics();
    loop {
        if let Err(error) = &metrics.borrow_and_update().running_state {
            return format!("the engine has stopped: {error}");
        }
        if metrics.changed().await.is_err() {
            return "the engine has stopped".to_owned();
        }
    }
}

/// Waits for Ctrl-C or, where there is one, SIGTERM.
pub(crate) async fn asked_to_end() {
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => tokio::select! {
                () = interrupted => {}
                _ = terminated.recv() => {}
            },
            Err(_) => interrupted.await,
        }
    }
    #[cfg(not(unix))]
    interrupted.await;
}
