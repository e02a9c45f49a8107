//! Reads a trace and runs it again, with the same servers, the same journal and the same checker.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use super::error::TraceError;
use super::format::{
    BatchEnd, DeedLine, EndLine, Header, InputLine, LONGEST_LINE, Record, StepLine,
};
use crate::digest;
use crate::properties::linearizability::ClientHistory;
use crate::properties::report::{Judged, SafetyReport};
use crate::raft::{Envelope, Input, NodeId};
use crate::record::deed::Deed;
use crate::record::journal::{Journal, Observer};
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail, Ended, MessageId, take_turn};
use crate::server::{Disk, Proposal, Server, ServerConfig};

/// The result of a replay.
#[derive(Clone, PartialEq, Debug)]
pub struct Summary {
    /// The trace's header.
    pub header: Header,
    /// How many steps were made again.
    pub steps: u64,
    /// The state of every node at the end.
    pub status: Vec<NodeStatus>,
    /// What the checker found.
    pub safety: SafetyReport,
}

/// A node of the replay, with the steps that it will make in its next turn.
struct Replayed {
    server: Option<Server>,
    disk: Disk,
    batch: Vec<Recorded>,
    /// Whether its process is paused.
    paused: bool,
    /// Whether its last steps were not saved. Either a crash undid them, and the node handles no input
    /// before it has crashed and started again, or the trace ends within their batch.
    lost: bool,
}

/// A step as the trace records it.
struct Recorded {
    line: usize,
    step: u64,
    input: Input,
    received: Option<MessageId>,
    /// How many messages it wrote.
    sent: usize,
    digest: String,
}

/// Why the steps of a batch are given up.
enum GivenUp {
    /// The steps do not come out as recorded.
    Because(TraceError),
    /// The trace does not record how the batch ended.
    LeftOff,
}

/// A run that is made again, one line of its trace at a time.
pub struct ReplayedRun {
    header: Header,
    config: ServerConfig,
    nodes: Vec<Replayed>,
    journal: Journal,
    /// What clients asked and were told. Its clock counts the lines of the trace.
    history: ClientHistory,
    line: u64,
    messages: BTreeMap<MessageId, Envelope>,
    sent: u64,
    steps: u64,
    now: Time,
}

impl ReplayedRun {
    /// The cluster that `header` describes, at its beginning.
    pub fn new(header: Header, observers: Vec<Box<dyn Observer>>) -> Self {
        let config = header.server();
        let start = |id| Server::start(id, config, Disk::default(), Time::ZERO);
        let nodes = NodeId::all(header.nodes)
            .map(|id| Replayed {
                server: Some(start(id)),
                disk: Disk::default(),
                batch: Vec::new(),
                paused: false,
                lost: false,
            })
            .collect();
        Self {
            config,
            nodes,
            journal: Journal::new(header.nodes, observers),
            history: ClientHistory::default(),
            line: 0,
            messages: BTreeMap::new(),
            sent: 0,
            steps: 0,
            now: Time::ZERO,
            header,
        }
    }

    fn apply(&mut self, line: usize, record: Record) -> Result<(), TraceError> {
        let wrong = |what: String| TraceError::Line { line, what };
        self.line += 1;
        match record {
            Record::End(_) | Record::Computed => Ok(()),
            Record::Deed(DeedLine { time_us, deed }) => {
                self.now = time_us;
                deed.nodes().iter().try_for_each(|node| self.knows(node)).map_err(wrong)?;
                if let Deed::Crash { node, .. } = deed {
                    self.take_turn(node, None)?;
                }
                self.deed(&deed).map_err(wrong)
            }
            Record::Step(step) => {
                self.now = step.time_us;
                let (id, end) = (step.node, step.batch);
                self.step(line, step).map_err(wrong)?;
                end.map_or(Ok(()), |end| self.take_turn(id, Some(end)))
            }
        }
    }

    fn knows(&self, node: NodeId) -> Result<(), String> {
        let (number, nodes) = (node.index(), self.nodes.len());
        if number < nodes {
            Ok(())
        } else {
            Err(format!("there is no node {number} in a cluster of {nodes}"))
        }
    }

    /// Adds a step to its node's batch, to be made when the batch ends.
    fn step(&mut self, line: usize, recorded: StepLine) -> Result<(), String> {
        let StepLine { step, node, input, sent, digest, .. } = recorded;
        self.knows(node)?;
        let (input, received) = self.input(node, input)?;
        if step != self.steps + 1 {
            return Err(format!("step {step} follows step {}", self.steps));
        }
        self.steps = step;
        let replayed = &mut self.nodes[node.index()];
        if replayed.server.is_none() {
            return Err(format!("{node} is down and cannot handle an input"));
        }
        if replayed.paused {
            return Err(format!("{node} is paused and cannot handle an input"));
        }
        if replayed.lost {
            let what = "has lost its last steps in a crash, and handles no input before it";
            return Err(format!("{node} {what} starts again"));
        }
        replayed.batch.push(Recorded { line, step, input, received, sent, digest });
        Ok(())
    }

    fn input(&self, id: NodeId, line: InputLine) -> Result<(Input, Option<MessageId>), String> {
        Ok(match line {
            InputLine::ElectionTimeout => (Input::ElectionTimeout, None),
            InputLine::HeartbeatDue => (Input::HeartbeatDue, None),
            InputLine::Propose(commands) => (Input::Propose(commands), None),
            InputLine::Receive(message) => {
                let number = message.0;
                let envelope = self.messages.get(&message);
                let envelope = envelope.ok_or_else(|| format!("message {number} was not sent"))?;
                if envelope.to != id {
                    return Err(format!("message {number} is for {}, not for {id}", envelope.to));
                }
                (Input::Receive(envelope.clone()), Some(message))
            }
        })
    }

    /// Makes the steps of a node's batch again, in one turn. Without an `end` the trace does not record how
    /// the batch ended: the steps are made and compared, but nothing follows from them.
    fn take_turn(&mut self, id: NodeId, end: Option<BatchEnd>) -> Result<(), TraceError> {
        let replayed = &mut self.nodes[id.index()];
        let Some(server) = &mut replayed.server else { return Ok(()) };
        let (now, journal, batch) = (self.now, &mut self.journal, &mut replayed.batch);
        let Some(&Recorded { line: first, .. }) = batch.first() else { return Ok(()) };
        replayed.lost = end != Some(BatchEnd::Saved);
        let mut written = 0;
        let ended = take_turn(
            server,
            now,
            Detail::Digests,
            &mut (end == Some(BatchEnd::Lost)).then_some(CrashPoint::BeforeSave),
            |steps| {
                for Recorded { line, step, input, received, sent, digest } in batch.drain(..) {
                    let began = steps.messages();
                    let made =
                        steps.make(input, received).map(|made| format!("{:016x}", made.digest));
                    written = steps.messages();
                    if made != Some(digest) || written - began != sent {
                        let diverged = TraceError::Diverged { line, step, node: id };
                        return Err(GivenUp::Because(diverged));
                    }
                }
                end.map(|_| ()).ok_or(GivenUp::LeftOff)
            },
            |entry| journal.enter(now, entry),
        );
        match ended {
            Err(GivenUp::Because(diverged)) => return Err(diverged),
            Err(GivenUp::LeftOff) => {}
            Ok(Ended::Crashed(_)) => self.sent += written as u64,
            Ok(Ended::Saved { .. }) if replayed.lost => {
                let what = format!("{id} has lost nothing in the batch that begins here");
                return Err(TraceError::Line { line: first, what });
            }
            Ok(Ended::Saved { sendable, .. }) => {
                for envelope in sendable.messages() {
                    self.messages.insert(MessageId(self.sent), envelope.clone());
                    self.sent += 1;
                }
            }
        }
        Ok(())
    }

    fn deed(&mut self, deed: &Deed) -> Result<(), String> {
        match deed {
            Deed::Crash { node, .. } => {
                let replayed = &mut self.nodes[node.index()];
                let server =
                    replayed.server.take().ok_or_else(|| format!("{node} is down already"))?;
                replayed.disk = server.crash();
                replayed.batch.clear();
                replayed.lost = false;
                replayed.paused = false;
            }
            Deed::Restart { node } => {
                let replayed = &mut self.nodes[node.index()];
                if replayed.server.is_some() {
                    return Err(format!("{node} is up already"));
                }
                let disk = std::mem::take(&mut replayed.disk);
                let server = Server::start(*node, self.config, disk, self.now);
                self.journal.restarted(self.now, &server);
                replayed.server = Some(server);
                return Ok(());
            }
            Deed::Wipe { node } => {
                let replayed = &mut self.nodes[node.index()];
                if replayed.server.is_some() {
                    return Err(format!("{node} is up, and its disk cannot be lost"));
                }
                replayed.disk.wipe();
            }
            Deed::Pause { node } | Deed::Resume { node } => {
                let replayed = &mut self.nodes[node.index()];
                let pauses = matches!(deed, Deed::Pause { .. });
                if replayed.server.is_none() || replayed.paused == pauses {
                    return Err(format!("{node} is down, or does so already"));
                }
                replayed.paused = pauses;
            }
            Deed::Asked { ticket, command, .. } => {
                self.history.asked(*ticket, command.as_str(), self.line);
            }
            Deed::Refused { ticket, leader, .. } => {
                self.history.told(*ticket, &Proposal::Refused { leader: *leader }, self.line);
            }
            Deed::Answered { ticket, answer, .. } => {
                self.history.told(*ticket, &Proposal::Answered(answer.clone()), self.line);
            }
            _ => {}
        }
        self.journal.deed(self.now, deed);
        Ok(())
    }

    /// The state of every node.
    pub fn status(&self) -> Vec<NodeStatus> {
        NodeId::all(self.nodes.len())
            .zip(&self.nodes)
            .map(|(id, replayed)| match &replayed.server {
                Some(server) => NodeStatus { paused: replayed.paused, ..NodeStatus::of(server) },
                None => NodeStatus::down(id, &replayed.disk),
            })
            .collect()
    }

    /// Makes the steps of the batches within which the trace ends.
    fn leave_off(&mut self) -> Result<(), TraceError> {
        NodeId::all(self.nodes.len()).try_for_each(|id| self.take_turn(id, None))
    }

    fn finish(mut self) -> Result<Summary, TraceError> {
        self.leave_off()?;
        // The checker has not seen steps that were not saved, so it cannot audit their nodes.
        let whole = self.nodes.iter().filter(|replayed| !replayed.lost);
        for server in whole.filter_map(|replayed| replayed.server.as_ref()) {
            self.journal.audit(self.now, server);
        }
        let checker = self.journal.checker();
        let clients =
            Judged::of(&self.history, |told, command| checker.is_committed(told, command));
        Ok(Summary {
            steps: self.steps,
            status: self.status(),
            safety: SafetyReport { clients, ..SafetyReport::of(checker) },
            header: self.header,
        })
    }
}

/// Reads a trace and runs it again, reporting to `observers` what happens. Goes up to step `until`, if one
/// is named, and to the end otherwise.
///
/// # Errors
/// If the trace cannot be read, is not a trace, was changed or cut, or does not come out as recorded, or if
/// it has no step `until`.
pub fn replay(
    trace: impl BufRead,
    observers: impl FnOnce(&Header) -> Vec<Box<dyn Observer>>,
    until: Option<u64>,
) -> Result<Summary, TraceError> {
    let mut lines = TraceLines { trace, count: 0 };
    let Some(first) = lines.next()? else {
        return Err(TraceError::NotATrace("it is empty".to_owned()));
    };
    let header = Header::read(&first)?;
    let observers = observers(&header);
    let mut replay = ReplayedRun::new(header, observers);
    let mut seen = digest::chain_line(0, &first);
    while let Some(text) = lines.next()? {
        let line = lines.count;
        let record = Record::read(&text).map_err(|what| TraceError::Line { line, what })?;
        if let Record::End(EndLine { steps, lines: digest }) = &record {
            if *steps != replay.steps || *digest != format!("{seen:016x}") {
                return Err(TraceError::Altered);
            }
            if lines.next()?.is_none() {
                let last = replay.steps;
                return match until {
                    Some(asked) if asked == 0 || asked > last => {
                        Err(TraceError::NoStep { asked, last })
                    }
                    _ => replay.finish(),
                };
            }
            let what = "it stands behind the last line of the run; one file holds one run";
            return Err(TraceError::Line { line: line + 1, what: what.to_owned() });
        }
        replay.apply(line, record)?;
        if until.is_some_and(|until| until > 0 && replay.steps >= until) {
            return replay.finish();
        }
        seen = digest::chain_line(seen, &text);
    }
    replay.leave_off()?;
    Err(TraceError::Truncated { lines: lines.count, steps: replay.steps })
}

/// The lines of a file, one after the other.
struct TraceLines<R> {
    trace: R,
    count: usize,
}

impl<R: BufRead> TraceLines<R> {
    /// The next line without its end, which is `\n` or `\r\n`.
    fn next(&mut self) -> Result<Option<String>, TraceError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.trace).take(LONGEST_LINE as u64);
        let read = bounded.read_until(b'\n', &mut line);
        if read.map_err(|error| TraceError::Io(error.to_string()))? == 0 {
            return Ok(None);
        }
        self.count += 1;
        if line.len() == LONGEST_LINE {
            let which = if self.count == 1 { "its first line" } else { "it" };
            return Err(self.wrong(&format!("{which} is longer than {} MiB", LONGEST_LINE >> 20)));
        }
        let text = String::from_utf8(line).map_err(|_| self.wrong("it is not text"))?;
        let text =
            text.strip_suffix('\n').map_or(&*text, |text| text.strip_suffix('\r').unwrap_or(text));
        Ok(Some(text.to_owned()))
    }

    fn wrong(&self, what: &str) -> TraceError {
        match self.count {
            1 => TraceError::NotATrace(what.to_owned()),
            line => TraceError::Line { line, what: what.to_owned() },
        }
    }
}
