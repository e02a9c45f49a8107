//! The way to the other nodes: each message of the engine is a POST request with JSON, its reply the response.

use std::{future::Future, time::Duration};

use openraft::{
    BasicNode, OptionalSend, RaftNetwork, RaftNetworkFactory,
    error::{
        Fatal, NetworkError, RPCError, RemoteError as FromRemote, ReplicationClosed,
        StreamingError, Unreachable,
    },
    network::RPCOption,
    raft::{
        AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, VoteRequest, VoteResponse,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    state_machine::Values,
    types::{NodeId, RemoteError, Snapshot, SnapshotMeta, TypeConfig, Vote},
};

/// A snapshot on its way, in one piece.
#[derive(Debug, Serialize, Deserialize)]
pub struct InstallSnapshot {
    /// The vote by which its sender leads.
    pub vote: Vote,
    /// What it covers.
    pub meta: SnapshotMeta,
    /// What is stored.
    pub values: Values,
}

/// Makes the ways to the other nodes.
#[derive(Clone, Debug)]
pub struct Network {
    client: reqwest::Client,
}

impl Network {
    /// No way leads through a proxy: all nodes are on this machine.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be made.
    pub fn new() -> reqwest::Result<Self> {
        Ok(Self { client: reqwest::Client::builder().no_proxy().build()? })
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = Peer;

    async fn new_client(&mut self, target: NodeId, node: &BasicNode) -> Peer {
        Peer { client: self.client.clone(), target, address: node.addr.clone() }
    }
}

/// The way to one other node. A message may be lost, and may arrive although its reply is lost: the engine sends
/// again, and expects both.
#[derive(Clone, Debug)]
pub struct Peer {
    client: reqwest::Client,
    target: NodeId,
    address: String,
}

/// What can become of a message that is not answered as it should be.
enum Failed<E> {
    /// Nobody listens there. The engine waits a while before it tries again.
    Unreachable(Unreachable),
    /// The answer did not come, or was none.
    Network(NetworkError),
    /// The other node's engine said no.
    Remote(E),
}

impl Peer {
    async fn call<Q, A, E>(&self, path: &str, request: &Q, within: Duration) -> Result<A, Failed<E>>
    where
        Q: Serialize + Sync,
        A: DeserializeOwned,
        E: DeserializeOwned,
    {
        let url = format!("http://{}/raft/{path}", self.address);
        let lost = |error: reqwest::Error| {
            if error.is_connect() {
                Failed::Unreachable(Unreachable::new(&error))
            } else {
                Failed::Network(NetworkError::new(&error))
            }
        };
        let response =
            self.client.post(url).json(request).timeout(within).send().await.map_err(lost)?;
        let answer: Result<A, E> =
            response.error_for_status().map_err(lost)?.json().await.map_err(lost)?;
        answer.map_err(Failed::Remote)
    }

    fn failed(&self, failed: Failed<RemoteError>) -> RPCError<NodeId, BasicNode, RemoteError> {
        match failed {
            Failed::Unreachable(error) => RPCError::Unreachable(error),
            Failed::Network(error) => RPCError::Network(error),
            Failed::Remote(error) => RPCError::RemoteError(FromRemote::new(self.target, error)),
        }
    }
}

impl RaftNetwork<TypeConfig> for Peer {
    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, RPCError<NodeId, BasicNode, RemoteError>> {
        self.call("append", &request, option.hard_ttl()).await.map_err(|failed| self.failed(failed))
    }

    async fn vote(
        &mut self,
        request: VoteRequest<NodeId>,
        option: RPCOption,
    ) -> Result<VoteResponse<NodeId>, RPCError<NodeId, BasicNode, RemoteError>> {
        self.call("vote", &request, option.hard_ttl()).await.map_err(|failed| self.failed(failed))
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<NodeId>, StreamingError<TypeConfig, Fatal<NodeId>>> {
        let request = InstallSnapshot { vote, meta: snapshot.meta, values: *snapshot.snapshot };
        let answer = tokio::select! {
            closed = cancel => return Err(StreamingError::Closed(closed)),
            answer = self.call("snapshot", &request, option.hard_ttl()) => answer,
        };
        answer.map_err(|failed| match failed {
            Failed::Unreachable(error) => StreamingError::Unreachable(error),
            Failed::Network(error) => StreamingError::Network(error),
            Failed::Remote(error) => {
                StreamingError::RemoteError(FromRemote::new(self.target, error))
            }
        })
    }
}
