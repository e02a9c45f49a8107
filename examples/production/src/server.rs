//! What a node answers over HTTP: to other nodes under `/raft`, to clients and their tools under the other paths.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    routing::{get, post},
};
use openraft::{
    BasicNode,
    error::{CheckIsLeaderError, Fatal, RaftError},
    raft::{
        AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
    },
};
use serde::{Deserialize, Serialize};

use crate::{
    network::InstallSnapshot,
    state_machine::{self, StateMachine, Value},
    types::{Command, LogId, Metrics, NodeId, Raft, RemoteError, Snapshot, TypeConfig},
};

/// The most that one client may write at once.
const LARGEST_COMMAND: usize = 64 << 10;
/// The most that one node sends another at once: 300 commands, or a snapshot.
const LARGEST_MESSAGE: usize = 64 << 20;

/// A write that is done: its entry is committed, and was applied before this was sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Written {
    /// Its entry.
    pub log_id: LogId,
    /// How many times its key has been written.
    pub version: u64,
}

/// Why a node does not do what it was asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub error: String,
    /// Whether the node does not lead. Then the request has changed nothing, and may be sent to the leader.
    pub not_leader: bool,
    /// Who leads, if the node knows.
    pub leader: Option<NodeId>,
}

type Answer<T> = Result<Json<T>, (StatusCode, Json<Refusal>)>;

/// What the handlers share.
#[derive(Clone)]
struct Node {
    raft: Raft,
    state_machine: StateMachine,
}

/// The paths of a node.
pub fn routes(raft: Raft, state_machine: StateMachine) -> Router {
    let from_nodes = Router::new()
        .route("/raft/append", post(append))
        .route("/raft/vote", post(vote))
        .route("/raft/snapshot", post(snapshot))
        .layer(DefaultBodyLimit::max(LARGEST_MESSAGE));
    Router::new()
        .route("/init", post(init))
        .route("/write", post(write))
        .route("/read/{key}", get(read))
        .route("/metrics", get(metrics))
        .route("/state", get(state))
        .layer(DefaultBodyLimit::max(LARGEST_COMMAND))
        .merge(from_nodes)
        .with_state(Node { raft, state_machine })
}

async fn append(
    State(node): State<Node>,
    Json(request): Json<AppendEntriesRequest<TypeConfig>>,
) -> Json<Result<AppendEntriesResponse<NodeId>, RemoteError>> {
    Json(node.raft.append_entries(request).await)
}

async fn vote(
    State(node): State<Node>,
    Json(request): Json<VoteRequest<NodeId>>,
) -> Json<Result<VoteResponse<NodeId>, RemoteError>> {
    Json(node.raft.vote(request).await)
}

async fn snapshot(
    State(node): State<Node>,
    Json(InstallSnapshot { vote, meta, values }): Json<InstallSnapshot>,
) -> Json<Result<SnapshotResponse<NodeId>, Fatal<NodeId>>> {
    let snapshot = Snapshot { meta, snapshot: Box::new(values) };
    Json(node.raft.install_full_snapshot(vote, snapshot).await)
}

/// Founds the cluster, with all its nodes and their addresses. Once, on one node.
async fn init(
    State(node): State<Node>,
    Json(members): Json<BTreeMap<NodeId, BasicNode>>,
) -> Answer<()> {
    node.raft.initialize(members).await.map(Json).map_err(|error| failed(&error))
}

/// `answer-only-applied`: the engine returns from `client_write` when the entry has been applied.
///
/// Only a node that knows beforehand that it does not lead says so. If the engine finds out later, the entry may have
/// been in its log, and from there in another's: whether it will ever be applied is unknown, and that is the answer.
async fn write(State(node): State<Node>, Json(command): Json<Command>) -> Answer<Written> {
    let (leads, leader) = {
        let metrics = node.raft.metrics();
        let now = metrics.borrow();
        (now.state.is_leader(), now.current_leader)
    };
    if !leads {
        return Err(not_leader(leader));
    }
    match node.raft.client_write(command).await {
        Ok(written) => Ok(Json(Written { log_id: written.log_id, version: written.data.version })),
        Err(error) => Err(failed(&format!("whether this will be applied is unknown: {error}"))),
    }
}

/// A read that sees every write that was answered before it was sent. The leader asks a majority whether it still
/// leads, and waits until it has applied what was committed then; only then is the value looked up.
async fn read(State(node): State<Node>, Path(key): Path<String>) -> Answer<Option<Value>> {
    match node.raft.ensure_linearizable().await {
        Ok(_) => Ok(Json(node.state_machine.value(&key))),
        Err(RaftError::APIError(CheckIsLeaderError::ForwardToLeader(to))) => {
            Err(not_leader(to.leader_id))
        }
        Err(error) => Err(failed(&error)),
    }
}

async fn metrics(State(node): State<Node>) -> Json<Metrics> {
    Json(node.raft.metrics().borrow().clone())
}

/// What this node has applied, asking nobody: for comparing nodes, not for clients.
async fn state(State(node): State<Node>) -> Json<state_machine::State> {
    Json(node.state_machine.state())
}

fn not_leader(leader: Option<NodeId>) -> (StatusCode, Json<Refusal>) {
    let error =
        leader.map_or_else(|| "nobody leads".to_owned(), |leader| format!("n{leader} leads"));
    (StatusCode::MISDIRECTED_REQUEST, Json(Refusal { error, not_leader: true, leader }))
}

fn failed(error: &dyn std::fmt::Display) -> (StatusCode, Json<Refusal>) {
    let refusal = Refusal { error: error.to_string(), not_leader: false, leader: None };
    (StatusCode::SERVICE_UNAVAILABLE, Json(refusal))
}
