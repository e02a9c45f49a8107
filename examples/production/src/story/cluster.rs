//! Five processes of this program, on ports that were free, with their disks in a folder that goes with them.

use std::{
    collections::BTreeMap,
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Stdio},
};

use openraft::BasicNode;
use tempfile::TempDir;

use crate::{client::Client, types::NodeId};

/// The servers. When this is dropped, they are killed first, and then their folder is removed.
pub(super) struct Cluster {
    servers: Vec<Server>,
    program: PathBuf,
    folder: TempDir,
}

struct Server {
    address: SocketAddr,
    client: Client,
    process: Option<Process>,
}

/// A process that does not outlive this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // A process that has ended cannot be killed, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Cluster {
    /// So many servers, none of which runs yet.
    pub(super) fn new(servers: u64) -> Result<Self, Box<dyn Error>> {
        // All ports are taken at once, so they differ, and given back for the servers.
        let ports = (0..servers).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let ports = ports.collect::<io::Result<Vec<_>>>()?;
        let http = Client::http()?;
        let server = |port: &TcpListener| {
            let address = port.local_addr()?;
            Ok(Server { address, client: Client::new(http.clone(), address), process: None })
        };
        let servers = ports.iter().map(server).collect::<io::Result<_>>()?;
        Ok(Self { servers, program: std::env::current_exe()?, folder: tempfile::tempdir()? })
    }

    /// Starts a server, with what its folder holds, and returns the number of its process.
    pub(super) fn start(&mut self, id: NodeId) -> io::Result<u32> {
        let mut node = std::process::Command::new(&self.program);
        node.args(["node", "--until-stdin-ends", "--id", &id.to_string()]);
        node.args(["--listen", &self.address(id).to_string(), "--data"]);
        node.arg(self.folder.path().join(format!("n{id}")));
        // Its standard input ends when this process ends, in whatever way, and the server ends then too.
        let child = node.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let number = child.id();
        self.servers[place(id)].process = Some(Process(child));
        Ok(number)
    }

    /// Kills a server as `kill -9` does: it has no time to save, answer or say anything.
    pub(super) fn kill(&mut self, id: NodeId) -> Result<u32, Box<dyn Error>> {
        let process =
            self.servers[place(id)].process.take().ok_or_else(|| format!("n{id} does not run"))?;
        Ok(process.0.id())
    }

    /// The servers that were started and not killed.
    pub(super) fn running(&self) -> impl Iterator<Item = NodeId> {
        (0..).zip(&self.servers).filter(|(_, server)| server.process.is_some()).map(|(id, _)| id)
    }

    /// Says so if a server has ended that nobody has killed.
    pub(super) fn none_has_ended(&mut self) -> Result<(), Box<dyn Error>> {
        for (id, server) in self.servers.iter_mut().enumerate() {
            if let Some(process) = server.process.as_mut()
                && let Some(status) = process.0.try_wait()?
            {
                return Err(format!("n{id} has ended by itself: {status}").into());
            }
        }
        Ok(())
    }

    pub(super) fn address(&self, id: NodeId) -> SocketAddr {
        self.server(id).address
    }

    pub(super) fn client(&self, id: NodeId) -> &Client {
        &self.server(id).client
    }

    /// All servers with their addresses, as the engine wants them.
    pub(super) fn members(&self) -> BTreeMap<NodeId, BasicNode> {
        (0..).zip(&self.servers).map(|(id, server)| (id, BasicNode::new(server.address))).collect()
    }

    fn server(&self, id: NodeId) -> &Server {
        &self.servers[place(id)]
    }
}

fn place(id: NodeId) -> usize {
    usize::try_from(id).expect("the servers are few")
}
