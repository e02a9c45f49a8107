//! A run that is made again from the lines of its trace, and compared with what they say.

use std::collections::{BTreeMap, VecDeque};

use super::Summary;
use super::clients::Clients;
use crate::properties::report::{Judged, SafetyReport};
use crate::raft::{Envelope, Input, NodeId, RaftNode};
use crate::record::deed::Deed;
use crate::record::error::TraceError;
use crate::record::format::{
    BatchEnd, Clock, DeedLine, Header, InputLine, NO_SUCH_LINK, Proposed, Record, StepLine,
};
use crate::record::journal::{Journal, Observer};
use crate::server::status::NodeStatus;
use crate::server::timing::Time;
use crate::server::turn_order::{CrashPoint, Detail, Ended, MessageId, take_turn};
use crate::server::{Answer, Disk, Server, ServerConfig, Ticket};

/// A node of the replay, with the steps that it will make in its next turn.
struct Replayed {
    server: Option<Server>,
    disk: Disk,
    batch: Vec<Recorded>,
    /// The answers that it gave in its last turn, and of which no line has told yet.
    answers: VecDeque<(Ticket, Answer)>,
    /// Whether its process is paused.
    paused: bool,
    /// Whether its next input is given by hand, although timers act by themselves.
    by_hand: bool,
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
    tickets: Vec<Ticket>,
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
pub(super) struct ReplayedRun {
    header: Header,
    config: ServerConfig,
    nodes: Vec<Replayed>,
    journal: Journal,
    clients: Clients,
    /// Whether every input is given by hand.
    manual: bool,
    line: u64,
    messages: BTreeMap<MessageId, Envelope>,
    sent: u64,
    steps: u64,
    now: Time,
}

impl ReplayedRun {
    /// The cluster that `header` describes, at its beginning.
    pub(super) fn new(header: Header, observers: Vec<Box<dyn Observer>>) -> Self {
        let config = header.server();
        let mut journal = Journal::new(header.nodes, observers);
        let mut start = |id| {
            let server = Server::start(id, config, Disk::default(), Time::ZERO);
            journal.begins(Time::ZERO, &server);
            server
        };
        let nodes = NodeId::all(header.nodes)
            .map(|id| Replayed {
                server: Some(start(id)),
                disk: Disk::default(),
                batch: Vec::new(),
                answers: VecDeque::new(),
                paused: false,
                by_hand: false,
                lost: false,
            })
            .collect();
        Self {
            config,
            nodes,
            journal,
            clients: Clients::default(),
            manual: false,
            line: 0,
            messages: BTreeMap::new(),
            sent: 0,
            steps: 0,
            now: Time::ZERO,
            header,
        }
    }

    pub(super) fn apply(&mut self, line: usize, record: Record) -> Result<(), TraceError> {
        let wrong = |what: String| TraceError::Line { line, what };
        self.line += 1;
        match record {
            Record::End(_) | Record::Computed => Ok(()),
            Record::Deed(DeedLine { time_us, deed }) => {
                self.goes_on_to(time_us).map_err(wrong)?;
                deed.nodes().iter().try_for_each(|node| self.knows(node)).map_err(wrong)?;
                if let Deed::Crash { node, .. } = deed {
                    self.take_turn(node, None)?;
                }
                self.deed(&deed).map_err(wrong)
            }
            Record::Step(step) => {
                self.goes_on_to(step.time_us).map_err(wrong)?;
                let (id, end) = (step.node, step.batch);
                self.step(line, step).map_err(wrong)?;
                end.map_or(Ok(()), |end| self.take_turn(id, Some(end)))
            }
        }
    }

    /// How many steps there were.
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    /// Checks, before a line is applied, that it leaves out no answer.
    pub(super) fn check_answers_told(&self, line: usize, next: &Record) -> Result<(), TraceError> {
        for (node, replayed) in NodeId::all(self.nodes.len()).zip(&self.nodes) {
            if let Some((ticket, _)) = replayed.answers.front()
                && !self.may_come_before_answer(node, next)
            {
                let client = ticket.client();
                let what =
                    format!("{node} answers client {client} before this, and no line says so");
                return Err(TraceError::Line { line, what });
            }
        }
        Ok(())
    }

    /// Whether this line may come before a node's answer is told: it tells of answers, or the node crashed before it
    /// gave any. On threads others may be faster than such a crash.
    fn may_come_before_answer(&self, node: NodeId, line: &Record) -> bool {
        let others_may = self.header.clock != Clock::Virtual;
        match line {
            Record::Computed => true,
            Record::Step(step) => others_may && step.node != node,
            Record::Deed(DeedLine { deed, .. }) => match deed {
                Deed::Answered { .. } | Deed::AnswerLost { .. } => true,
                Deed::Crash { node: crashed, point } if *crashed == node => {
                    *point == CrashPoint::BeforeSend
                }
                _ => others_may,
            },
            Record::End(_) => false,
        }
    }

    fn goes_on_to(&mut self, time: Time) -> Result<(), String> {
        if time < self.now {
            return Err("its time is before that of the line above".to_owned());
        }
        self.now = time;
        Ok(())
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
        let (input, received, tickets) = self.input(node, input)?;
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
        let by_hand = std::mem::take(&mut replayed.by_hand) || self.manual;
        if let Some(server) = replayed.server.as_mut().filter(|_| !by_hand) {
            let is_timer = matches!(input, Input::ElectionTimeout | Input::HeartbeatDue);
            // On threads a moment passes between the look at the clock and the entry in the journal.
            let is_exact = self.header.clock == Clock::Virtual;
            if is_timer && is_exact && server.due(self.now).as_ref() != Some(&input) {
                return Err(format!("this timer of {node} has not ended"));
            }
            server.reset_timer(&input, self.now);
        }
        replayed.batch.push(Recorded { line, step, input, received, tickets, sent, digest });
        Ok(())
    }

    /// The input that a line names: with the number of the message, or with the claims of the clients.
    fn input(
        &mut self,
        id: NodeId,
        line: InputLine,
    ) -> Result<(Input, Option<MessageId>, Vec<Ticket>), String> {
        Ok(match line {
            InputLine::ElectionTimeout => (Input::ElectionTimeout, None, Vec::new()),
            InputLine::HeartbeatDue => (Input::HeartbeatDue, None, Vec::new()),
            InputLine::Propose(proposed) => {
                let (mut commands, mut tickets) = (Vec::new(), Vec::new());
                for Proposed { command, ticket } in proposed {
                    tickets.push(self.clients.given(id, ticket, &command)?);
                    commands.push(command);
                }
                (Input::Propose(commands), None, tickets)
            }
            InputLine::Receive(message) => {
                let number = message.0;
                let envelope = self.messages.get(&message);
                let envelope = envelope.ok_or_else(|| format!("message {number} was not sent"))?;
                if envelope.to != id {
                    return Err(format!("message {number} is for {}, not for {id}", envelope.to));
                }
                (Input::Receive(envelope.clone()), Some(message), Vec::new())
            }
        })
    }

    /// Makes the steps of a node's batch again, in one turn. Without an `end` the trace does not record how
    /// the batch ended: the steps are made and compared, but nothing follows from them.
    fn take_turn(&mut self, id: NodeId, end: Option<BatchEnd>) -> Result<(), TraceError> {
        let replayed = &mut self.nodes[id.index()];
        let Some(server) = &mut replayed.server else { return Ok(()) };
        let (now, journal, clients) = (self.now, &mut self.journal, &mut self.clients);
        let batch = &mut replayed.batch;
        let Some(&Recorded { line: first, .. }) = batch.first() else { return Ok(()) };
        replayed.lost = end != Some(BatchEnd::Saved);
        let mut written = 0;
        let ended = take_turn(
            server,
            now,
            Detail::Digests,
            &mut (end == Some(BatchEnd::Lost)).then_some(CrashPoint::BeforeSave),
            |steps| {
                for recorded in batch.drain(..) {
                    let Recorded { line, step, input, received, tickets, sent, digest } = recorded;
                    let began = steps.messages();
                    let made = match input {
                        Input::Propose(commands) => {
                            if !steps.node().is_leader() {
                                clients.not_taken(id, &tickets);
                            }
                            steps.propose(commands, tickets)
                        }
                        input => steps.make(input, received),
                    };
                    let made = made.map(|made| format!("{:016x}", made.digest));
                    written = steps.messages();
                    if made != Some(digest) || written - began != sent {
                        let diverged = TraceError::Diverged { line, step, node: id };
                        return Err(GivenUp::Because(diverged));
                    }
                }
                end.map(|_| ()).ok_or(GivenUp::LeftOff)
            },
            |entry| journal.enter(now, entry.without_answers()),
        );
        match ended {
            Err(GivenUp::Because(diverged)) => return Err(diverged),
            Err(GivenUp::LeftOff) => {}
            Ok(Ended::Crashed(_)) => self.sent += written as u64,
            Ok(Ended::Saved { .. }) if replayed.lost => {
                let what = format!("{id} has lost nothing in the batch that begins here");
                return Err(TraceError::Line { line: first, what });
            }
            Ok(Ended::Saved { sendable, answers, .. }) => {
                replayed.answers = answers.into();
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
                replayed.by_hand = false;
                replayed.answers.clear();
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
            Deed::Asked { ticket, node, command } => {
                self.clients.ask(*ticket, *node, command, self.line)?;
            }
            Deed::Refused { ticket, node, leader } => {
                self.clients.refuse(*ticket, *node, *leader, self.line)?;
                self.check_refusal(*node, *leader)?;
            }
            Deed::Answered { ticket, node, answer } => {
                self.gives(*node, *ticket, Some(answer))?;
                self.clients.answer(*ticket, answer, self.line);
            }
            Deed::AnswerLost { ticket, node } => self.gives(*node, *ticket, None)?,
            Deed::Conditions(conditions) | Deed::LinkConditions { conditions, .. }
                if !conditions.are_possible() =>
            {
                return Err(NO_SUCH_LINK.to_owned());
            }
            Deed::Manual | Deed::Automatic => self.manual = *deed == Deed::Manual,
            Deed::ByHand { node } => self.nodes[node.index()].by_hand = true,
            _ => {}
        }
        self.journal.deed(self.now, deed);
        Ok(())
    }

    /// Checks that the next answer of a node's last turn is to this client and, unless it was lost, this.
    fn gives(
        &mut self,
        node: NodeId,
        ticket: Ticket,
        answer: Option<&Answer>,
    ) -> Result<(), String> {
        let is_it = |given: &(Ticket, Answer)| {
            given.0 == ticket && answer.is_none_or(|answer| *answer == given.1)
        };
        let given = self.nodes[node.index()].answers.pop_front();
        if given.as_ref().is_some_and(is_it) {
            Ok(())
        } else {
            Err(format!("{node} does not give client {} this answer here", ticket.client()))
        }
    }

    /// Checks that a node takes no commands here, and that this is the leader it knows of.
    fn check_refusal(&self, node: NodeId, leader: Option<NodeId>) -> Result<(), String> {
        let asked = self.nodes[node.index()].server.as_ref().map(Server::node);
        let refuses = asked.is_none_or(|asked| !asked.is_leader());
        // When a cluster on threads ends, its nodes take no more commands, whatever they are.
        let ends = self.header.clock != Clock::Virtual && leader.is_none();
        if ends || refuses && asked.and_then(RaftNode::leader) == leader {
            Ok(())
        } else {
            Err(format!("{node} does not refuse a client like this here"))
        }
    }

    /// The state of every node.
    fn status(&self) -> Vec<NodeStatus> {
        NodeId::all(self.nodes.len())
            .zip(&self.nodes)
            .map(|(id, replayed)| match &replayed.server {
                Some(server) => NodeStatus { paused: replayed.paused, ..NodeStatus::of(server) },
                None => NodeStatus::down(id, &replayed.disk),
            })
            .collect()
    }

    /// Makes the steps of the batches within which the trace ends.
    pub(super) fn leave_off(&mut self) -> Result<(), TraceError> {
        NodeId::all(self.nodes.len()).try_for_each(|id| self.take_turn(id, None))
    }

    pub(super) fn finish(mut self) -> Result<Summary, TraceError> {
        self.leave_off()?;
        // The checker has not seen steps that were not saved, so it cannot audit their nodes.
        let whole = self.nodes.iter().filter(|replayed| !replayed.lost);
        for server in whole.filter_map(|replayed| replayed.server.as_ref()) {
            self.journal.audit(self.now, server);
        }
        let checker = self.journal.checker();
        let clients =
            Judged::of(self.clients.history(), |told, command| checker.is_committed(told, command));
        Ok(Summary {
            steps: self.steps,
            status: self.status(),
            safety: SafetyReport { clients, ..SafetyReport::of(checker) },
            header: self.header,
        })
    }
}
