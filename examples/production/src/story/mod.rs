//! The story of the lab's demo, told by five processes: an election, three writes, the leader is killed, a new
//! leader, two more writes, the killed node comes back, and a proof.

mod cluster;
pub mod proof;

use std::{
    error::Error,
    io::{self, Write as _},
    time::{Duration, Instant},
};

use self::{cluster::Cluster, proof::Acknowledged};
use crate::{
    client::Refused,
    node::asked_to_end,
    types::{Command, LogId, Metrics, NodeId},
};

/// How many servers there are: n0 to n4.
const SERVERS: u64 = 5;
/// How long anything may take that should come about.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Tells the story. Whatever ends it, the five processes are gone afterwards, and their folder too.
///
/// # Errors
///
/// If something does not come about in time, or if the proof fails.
pub async fn run() -> Result<()> {
    tokio::select! {
        // Signals first: none may come before it is listened for.
        biased;
        () = asked_to_end() => Err("interrupted".into()),
        told = tell() => told,
    }
}

async fn tell() -> Result<()> {
    let mut story = Story::begin()?;
    story.processes_start().await?;
    story.election().await?;
    story.part("Three writes")?;
    for (key, value) in [("balance", "1000"), ("account_7", "200"), ("balance", "800")] {
        story.write(key, value).await?;
    }
    story.all_apply().await?;
    let killed = story.leader_is_killed().await?;
    story.new_leader(killed).await?;
    story.part("Two more writes")?;
    for (key, value) in [("audit", "log entry"), ("session", "closed")] {
        story.write(key, value).await?;
    }
    story.all_apply().await?;
    story.reads().await?;
    story.comes_back(killed).await?;
    story.proof().await
}

/// What has been told so far.
struct Story {
    begin: Instant,
    parts: usize,
    cluster: Cluster,
    /// Who led when that was last asked.
    leader: NodeId,
    acknowledged: Vec<Acknowledged>,
}

impl Story {
    fn begin() -> Result<Self> {
        let (begin, cluster) = (Instant::now(), Cluster::new(SERVERS)?);
        writeln!(
            io::stdout(),
            "The cluster story on openraft: five processes, five disks, HTTP on this machine alone"
        )?;
        Ok(Self { begin, parts: 0, cluster, leader: 0, acknowledged: Vec::new() })
    }

    fn part(&mut self, title: &str) -> io::Result<()> {
        self.parts += 1;
        writeln!(io::stdout(), "\n{}  {title}", self.parts)
    }

    fn event(&self, text: &str) -> io::Result<()> {
        writeln!(io::stdout(), "{:>9.3}  {text}", self.begin.elapsed().as_secs_f64())
    }

    async fn processes_start(&mut self) -> Result<()> {
        self.part("Five processes start")?;
        for id in 0..SERVERS {
            let process = self.cluster.start(id)?;
            self.event(&format!("n{id} is process {process}, on {}", self.cluster.address(id)))?;
        }
        for id in 0..SERVERS {
            self.answers(id).await?;
        }
        self.event("all five answer; none of them knows of a cluster yet")?;
        Ok(())
    }

    async fn election(&mut self) -> Result<()> {
        self.part("An election")?;
        self.cluster.client(0).init(&self.cluster.members()).await?;
        self.event("n0 is told who the five are, and campaigns")?;
        let term = self.leader().await?;
        self.event(&format!("n{} leads term {term}, and all five know it", self.leader))?;
        Ok(())
    }

    /// Writes, and notes that the write was answered. A refusal because the node does not lead has changed nothing,
    /// so the write is sent to the leader. Any other failure ends the story: a write whose answer is lost may have
    /// been applied, and to send it again could apply it twice.
    async fn write(&mut self, key: &str, value: &str) -> Result<()> {
        let command = Command { key: key.to_owned(), value: value.to_owned() };
        let deadline = Instant::now() + DEADLINE;
        loop {
            let (asked, leader) = (Instant::now(), self.leader);
            match self.cluster.client(leader).write(&command).await {
                Ok(written) => {
                    let (entry, took) = (name(written.log_id), asked.elapsed().as_secs_f64() * 1e3);
                    self.event(&format!(
                        "n{leader} answers {command}: applied as {entry}, after {took:.1} ms"
                    ))?;
                    self.acknowledged.push(Acknowledged { command, written });
                    return Ok(());
                }
                Err(Refused::NotLeader(_)) if Instant::now() < deadline => {
                    self.leader().await?;
                }
                Err(error) => return Err(format!("{command}, sent to n{leader}: {error}").into()),
            }
        }
    }

    async fn leader_is_killed(&mut self) -> Result<NodeId> {
        self.part("The leader's process is killed")?;
        self.leader().await?;
        let (leader, process) = (self.leader, self.cluster.kill(self.leader)?);
        self.event(&format!(
            "n{leader} KILLED (kill -9, process {process}): what is left of it is its disk"
        ))?;
        Ok(leader)
    }

    async fn new_leader(&mut self, old: NodeId) -> Result<()> {
        self.part("A new leader")?;
        self.event("the other four hear no heartbeat; the first whose timer ends campaigns")?;
        let term = self.leader().await?;
        self.event(&format!("n{} leads term {term}, without n{old}", self.leader))?;
        Ok(())
    }

    async fn reads(&mut self) -> Result<()> {
        self.leader().await?;
        let leader = self.leader;
        let value = self.cluster.client(leader).read("balance").await;
        let value = value.map_err(|error| format!("reading from n{leader}: {error}"))?;
        let value = value.map_or_else(|| "nothing".to_owned(), |value| value.value);
        self.event(&format!(
            "n{leader} reads balance: {value}; it has asked a majority whether it still leads"
        ))?;
        let mut others = self.cluster.running().filter(|&id| id != leader);
        let other = others.next().ok_or("nobody else runs")?;
        match self.cluster.client(other).read("balance").await {
            Err(Refused::NotLeader(Some(leader))) => {
                self.event(&format!(
                    "n{other} refuses to read, for it could be behind: n{leader} leads"
                ))?;
                Ok(())
            }
            Err(error) => Err(format!("reading from n{other}: {error}").into()),
            Ok(_) => Err(format!("n{other} does not lead, and yet it has answered a read").into()),
        }
    }

    async fn comes_back(&mut self, id: NodeId) -> Result<()> {
        self.part("The killed node comes back")?;
        let process = self.cluster.start(id)?;
        self.event(&format!("n{id} starts again as process {process}, with what its disk holds"))?;
        let found = self.answers(id).await?;
        let (term, last) = (found.current_term, found.last_log_index.unwrap_or_default());
        self.event(&format!(
            "n{id} answers: it is in term {term}, and its log ends at index {last}"
        ))?;
        let term = self.leader().await?;
        self.event(&format!("n{id} knows that n{} leads term {term}", self.leader))?;
        self.all_apply().await
    }

    async fn proof(&mut self) -> Result<()> {
        self.part("The proof")?;
        let states = self.until("all five have applied the same entries", async |story| {
            let mut states = Vec::new();
            for id in 0..SERVERS {
                states.push((id, story.cluster.client(id).state().await.ok()?));
            }
            states
                .windows(2)
                .all(|pair| pair[0].1.last_applied == pair[1].1.last_applied)
                .then_some(states)
        });
        let findings = proof::check(&states.await?, &self.acknowledged);
        for finding in &findings {
            self.event(&format!("{} {}", if finding.holds { "✓" } else { "✗" }, finding.text))?;
        }
        let failed = findings.iter().filter(|finding| !finding.holds).count();
        if failed > 0 {
            return Err(format!("the proof fails: {failed} of {} findings", findings.len()).into());
        }
        let mut out = io::stdout();
        writeln!(
            out,
            "\n✓ passed: {} writes were acknowledged, and none is lost",
            self.acknowledged.len()
        )?;
        writeln!(
            out,
            "\nThe lab tells this story with the reason for every step: raft-cluster run demo"
        )?;
        Ok(())
    }

    /// The first answer of a process that has been started.
    async fn answers(&mut self, id: NodeId) -> Result<Metrics> {
        self.until(&format!("n{id} answers"), async |story| {
            story.cluster.client(id).metrics().await.ok()
        })
        .await
    }

    /// Waits until all nodes that run agree on who leads, and returns the term.
    async fn leader(&mut self) -> Result<u64> {
        let (id, term) = self
            .until("all that run know the same leader", async |story| {
                let all = story.metrics().await?;
                let (id, term) = (all.first()?.current_leader?, all.first()?.current_term);
                let agrees =
                    |node: &Metrics| node.current_leader == Some(id) && node.current_term == term;
                let leads = |node: &Metrics| node.id == id && node.state.is_leader();
                (all.iter().all(agrees) && all.iter().any(leads)).then_some((id, term))
            })
            .await?;
        self.leader = id;
        Ok(term)
    }

    /// Waits until all nodes that run have applied the last write that was answered.
    async fn all_apply(&mut self) -> Result<()> {
        let Some(last) = self.acknowledged.last().map(|last| last.written.log_id) else {
            return Ok(());
        };
        self.until("all that run have applied the last write", async |story| {
            let all = story.metrics().await?;
            all.iter().all(|node| node.last_applied >= Some(last)).then_some(())
        })
        .await?;
        let running: Vec<_> = self.cluster.running().map(|id| format!("n{id}")).collect();
        self.event(&format!(
            "{} have applied everything up to {}",
            running.join(", "),
            name(last)
        ))?;
        Ok(())
    }

    /// The metrics of all nodes that run, if all of them answer.
    async fn metrics(&self) -> Option<Vec<Metrics>> {
        let mut all = Vec::new();
        for id in self.cluster.running() {
            all.push(self.cluster.client(id).metrics().await.ok()?);
        }
        Some(all)
    }

    /// Looks again and again, until there is something or the deadline has passed.
    async fn until<T>(&mut self, what: &str, look: impl AsyncFn(&Self) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = look(self).await {
                return Ok(found);
            }
            self.cluster.none_has_ended()?;
            if Instant::now() >= deadline {
                return Err(format!("not within {} s: {what}", DEADLINE.as_secs()).into());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// An entry's name, as the lab writes it: 4@1 is index 4 of term 1.
fn name(entry: LogId) -> String {
    format!("{}@{}", entry.index, entry.leader_id.term)
}
