//! Snapshots: on one disk, and on the way to a node that has missed what was purged.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::{Duration, Instant},
};

use openraft::{
    BasicNode, CommittedLeaderId, EntryPayload, RaftSnapshotBuilder as _,
    storage::RaftStateMachine as _,
};
use raft_in_production::{
    client::{Client, Refused},
    node::{Options, run},
    state_machine::StateMachine,
    types::{Command, Entry, LogId},
};
use tempfile::tempdir;

fn set(key: &str, index: u64) -> Entry {
    let command = Command { key: key.to_owned(), value: index.to_string() };
    Entry {
        log_id: LogId::new(CommittedLeaderId::new(1, 0), index),
        payload: EntryPayload::Normal(command),
    }
}

#[tokio::test]
async fn a_state_machine_starts_from_its_snapshot() {
    let folder = tempdir().unwrap();
    let mut machine = StateMachine::open(folder.path()).unwrap();
    machine.apply([set("x", 1), set("y", 2), set("x", 3)]).await.unwrap();
    let snapshot = machine.get_snapshot_builder().await.build_snapshot().await.unwrap();
    let at_snapshot = machine.state();
    let applied = machine.apply([set("x", 4)]).await.unwrap();
    assert_eq!(applied[0].version, 3);

    let mut restarted = StateMachine::open(folder.path()).unwrap();
    assert_eq!(restarted.state(), at_snapshot);
    assert_eq!(restarted.get_current_snapshot().await.unwrap().unwrap().meta, snapshot.meta);
    restarted.apply([set("x", 4)]).await.unwrap();
    assert_eq!(restarted.state(), machine.state());
}

#[tokio::test]
async fn an_installed_snapshot_is_on_disk_and_takes_the_place_of_what_was() {
    let (here, there) = (tempdir().unwrap(), tempdir().unwrap());
    let mut leader = StateMachine::open(here.path()).unwrap();
    leader.apply([set("x", 1), set("y", 2)]).await.unwrap();
    let snapshot = leader.build_snapshot().await.unwrap();
    let mut follower = StateMachine::open(there.path()).unwrap();
    follower.apply([set("x", 1)]).await.unwrap();
    follower.install_snapshot(&snapshot.meta, snapshot.snapshot).await.unwrap();
    assert_eq!(follower.state(), leader.state());
    assert_eq!(StateMachine::open(there.path()).unwrap().state(), leader.state());
}

fn start(id: u64, listen: SocketAddr, data: PathBuf) {
    let options = Options { id, listen, data, snapshot_every: 5, until_stdin_ends: false };
    tokio::spawn(async move {
        run(options).await.map_err(|error| error.to_string()).expect("a node that runs");
    });
}

/// Looks until there is something. What does not come within half a minute will not come.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_missed_what_was_purged_gets_a_snapshot() {
    let folder = tempdir().unwrap();
    let ports: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<_> = ports.iter().map(|port| port.local_addr().unwrap()).collect();
    drop(ports);
    let http = Client::http().unwrap();
    let clients: Vec<_> =
        addresses.iter().map(|&address| Client::new(http.clone(), address)).collect();
    let members =
        (0..).zip(&addresses).map(|(id, address)| (id, BasicNode::new(address))).collect();

    // n2 does not run yet.
    for id in [0, 1] {
        start(id, addresses[usize::from(id == 1)], folder.path().join(id.to_string()));
        until("an answer", async || clients[usize::from(id == 1)].metrics().await.ok()).await;
    }
    clients[0].init(&members).await.unwrap();
    until("n0 leads", async || {
        clients[0].metrics().await.ok().filter(|metrics| metrics.state.is_leader())
    })
    .await;
    for number in 0..40 {
        let command = Command { key: format!("key {}", number % 7), value: number.to_string() };
        clients[0].write(&command).await.unwrap();
    }
    let elsewhere = clients[1].write(&Command { key: "x".to_owned(), value: "1".to_owned() }).await;
    assert!(matches!(elsewhere, Err(Refused::NotLeader(Some(0)))), "{elsewhere:?}");
    until("n0 has purged", async || {
        clients[0].metrics().await.ok()?.purged.filter(|purged| purged.index > 20)
    })
    .await;

    start(2, addresses[2], folder.path().join("2"));
    let leader = clients[0].state().await.unwrap();
    let caught_up = until("n2 has caught up", async || {
        let state = clients[2].state().await.ok()?;
        (state.last_applied >= leader.last_applied).then_some(state)
    });
    assert_eq!(caught_up.await, leader);
    let metrics = clients[2].metrics().await.unwrap();
    assert!(
        metrics.snapshot.is_some() && metrics.purged.is_some(),
        "it came as a snapshot: {metrics}"
    );
}
