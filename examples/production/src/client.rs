//! A client of one server: it asks what it is told to ask, and tries nothing again.

use std::{collections::BTreeMap, fmt, net::SocketAddr, time::Duration};

use openraft::BasicNode;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use crate::{
    server::{Refusal, Written},
    state_machine::{State, Value},
    types::{Command, Metrics, NodeId},
};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks one server.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    address: SocketAddr,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Refused {
    /// The server does not lead, and has changed nothing; who leads, if it knows.
    NotLeader(Option<NodeId>),
    /// It says why not.
    Because(String),
    /// No answer came. Whether the request was carried out is unknown.
    NoAnswer(reqwest::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLeader(_) => write!(f, "it does not lead"),
            Self::Because(reason) => write!(f, "{reason}"),
            Self::NoAnswer(error) => write!(f, "no answer: {error}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        Self::NoAnswer(error)
    }
}

impl Client {
    /// What all clients share. No way leads through a proxy.
    ///
    /// # Errors
    ///
    /// If the HTTP client cannot be made.
    pub fn http() -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()
    }

    /// A client of the server that listens there.
    pub const fn new(http: reqwest::Client, address: SocketAddr) -> Self {
        Self { http, address }
    }

    /// Has the server found the cluster, with these members.
    ///
    /// # Errors
    ///
    /// If the server refuses, or does not answer.
    pub async fn init(&self, members: &BTreeMap<NodeId, BasicNode>) -> Result<(), Refused> {
        answer(self.http.post(self.url("init")).json(members)).await
    }

    /// Writes, and waits until the write has been applied.
    ///
    /// # Errors
    ///
    /// If the server refuses, or does not answer.
    pub async fn write(&self, command: &Command) -> Result<Written, Refused> {
        answer(self.http.post(self.url("write")).json(command)).await
    }

    /// Reads a value that no write answered before is missing from.
    ///
    /// # Errors
    ///
    /// If the server refuses, or does not answer.
    pub async fn read(&self, key: &str) -> Result<Option<Value>, Refused> {
        answer(self.http.get(self.url(&format!("read/{key}")))).await
    }

    /// How the server is.
    ///
    /// # Errors
    ///
    /// If the server refuses, or does not answer.
    pub async fn metrics(&self) -> Result<Metrics, Refused> {
        answer(self.http.get(self.url("metrics"))).await
    }

    /// What the server has applied, which may be behind.
    ///
    /// # Errors
    ///
    /// If the server refuses, or does not answer.
    pub async fn state(&self) -> Result<State, Refused> {
        answer(self.http.get(self.url("state"))).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Refused> {
    let response = request.send().await?;
    if response.status().is_success() {
        return Ok(response.json().await?);
    }
    let refusal: Refusal = response.json().await?;
    Err(if refusal.not_leader {
        Refused::NotLeader(refusal.leader)
    } else {
        Refused::Because(refusal.error)
    })
}
