//! Carries a script out on a world, line by line, and reports the outcome of each line.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::condition::{Memory, judge};
use super::early_end::EarlyEnd;
use super::line_outcome::{Failure, LineOutcome, ScriptObserver, Why};
use super::script::{Line, unrolled};
use super::verb_table::{Condition, LinkSet, Verb, Who};
use crate::network::Conditions;
use crate::properties::linearizability::ClientHistory;
use crate::properties::report::{Judged, SafetyReport};
use crate::raft::{NodeId, NodeSet};
use crate::record::history::Recorder;
use crate::scenario::world::{CannotDo, VirtualWorld, World};

/// How long a line waits, in the cluster's own time, if it does not say.
pub const PATIENCE: Duration = Duration::from_secs(12);

/// Carries lines out on a world.
pub struct Runner<'a, W> {
    pub(super) world: W,
    observer: &'a mut dyn ScriptObserver,
    pub(super) memory: Memory,
    /// What clients have asked, and what they were told. Each line of the script counts as two moments:
    /// commands are sent at its first, and answers arrive at its second, before the next line begins.
    pub(super) history: ClientHistory,
    /// How many commands were settled at the last call of `listen`.
    pub(super) heard: u64,
    pub(super) moment: u64,
    pub(super) spared: bool,
    early_end: EarlyEnd,
}

impl<'a, W: World> Runner<'a, W> {
    /// Returns a runner for this world.
    pub fn new(world: W, observer: &'a mut dyn ScriptObserver) -> Self {
        let history = ClientHistory::default();
        let memory = Memory::default();
        let early_end = EarlyEnd::default();
        Self { world, observer, memory, history, heard: 0, moment: 0, spared: false, early_end }
    }

    /// Makes the run end with a failure once `stop` is set.
    pub fn stopped_by(mut self, stop: &Arc<AtomicBool>) -> Self {
        self.early_end.stop = Arc::clone(stop);
        self
    }

    /// Makes the run end with a failure once the history that `recorder` keeps of it is full.
    pub fn recorded_by(&mut self, recorder: &Recorder) {
        self.early_end.recorder = Some(recorder.clone());
    }

    /// Says whether the cluster keeps the rules that the script breaks. If so, a violation or stall that the
    /// script expects may happen or not.
    pub const fn spared(mut self, spared: bool) -> Self {
        self.spared = spared;
        self
    }

    /// Returns the safety report so far, with a judgement of what the clients were told.
    pub fn safety(&mut self) -> SafetyReport {
        let report = self.world.safety();
        self.listen();
        let clients =
            Judged::of(&self.history, |told, command| self.world.is_committed(told, command));
        SafetyReport { clients, ..report }
    }

    /// Ends the run, and reports on all of it, including answers that came after the last line, which is
    /// possible on threads.
    pub fn finish(&mut self) -> SafetyReport {
        self.world.end();
        self.safety()
    }

    /// Returns the world.
    pub const fn world(&mut self) -> &mut W {
        &mut self.world
    }

    /// Returns the world, and ends the runner.
    pub fn into_world(self) -> W {
        self.world
    }

    /// Carries lines out until one fails.
    ///
    /// # Errors
    /// If a wait times out, an expectation does not hold, or a line cannot be carried out.
    pub fn run(&mut self, lines: &[Line]) -> Result<(), Box<Failure>> {
        unrolled(lines).into_iter().try_for_each(|Line { number, verb }| {
            self.early_end.check().map_err(|why| self.failure(*number, verb, why))?;
            self.execute(*number, verb)
        })
    }

    /// Carries one line out.
    ///
    /// # Errors
    /// As for [`run`](Self::run).
    pub fn execute(&mut self, line: usize, verb: &Verb) -> Result<(), Box<Failure>> {
        self.tell(&LineOutcome::Began(verb.clone()));
        self.memory.note_crashes(&self.world.status());
        let done = self.carry_out(verb).and_then(|()| self.early_end.check_history());
        self.listen();
        self.moment += 1;
        done.map_err(|why| self.failure(line, verb, why))
    }

    fn failure(&mut self, line: usize, verb: &Verb, why: Why) -> Box<Failure> {
        let (mut manual, mut in_flight) = (false, Vec::new());
        if let Some(world) = self.world.as_virtual() {
            manual = world.is_manual();
            if matches!(why, Why::Cannot(CannotDo::NoSuchMessage(_))) {
                in_flight.extend(world.in_flight().into_iter().map(|message| message.name));
                in_flight.dedup();
            }
        }
        let (verb, status) = (verb.clone(), self.world.status());
        Box::new(Failure { line, verb, why, status, manual, in_flight })
    }

    /// Lets the world run until `done` returns true, or `bound` has passed. Returns whether `done` was true.
    pub(super) fn run_until(
        &mut self,
        bound: Duration,
        done: impl FnMut(&W) -> bool,
    ) -> Result<bool, Why> {
        self.early_end.run_until(&mut self.world, bound, done)
    }

    pub(super) fn tell(&mut self, outcome: &LineOutcome) {
        self.observer.line_outcome(self.world.now(), outcome);
    }

    /// Starts over with another world, in which nothing has happened yet.
    pub fn start_over(&mut self, world: W) {
        self.world = world;
        self.memory = Memory::default();
        self.history = ClientHistory::default();
        self.heard = 0;
    }

    fn carry_out(&mut self, verb: &Verb) -> Result<(), Why> {
        match verb {
            Verb::Phase(text) => self.world.phase(text.clone()),
            Verb::Note(text) => self.world.note(text.clone()),
            Verb::Submit { to, command } => {
                let node = self.resolve_waiting(*to)?;
                self.submit(node, command);
            }
            Verb::Write(command) => self.write(command, PATIENCE)?,
            Verb::Retry(command) => self.retry(command)?,
            Verb::Crash { who, point } => self.world.crash(self.resolve(*who)?, *point)?,
            Verb::Restart(who) => self.world.restart(self.resolve(*who)?)?,
            Verb::Wipe(who) => self.world.wipe(self.resolve(*who)?)?,
            Verb::Pause(who) => self.world.pause(self.resolve(*who)?)?,
            Verb::Resume(who) => self.world.resume(self.resolve(*who)?)?,
            Verb::LoseAnswer(who) => self.world.lose_answer(self.resolve(*who)?)?,
            Verb::RestartAll => self.restart_all()?,
            Verb::Timeout(who) => self.world.election_timeout(self.resolve(*who)?)?,
            Verb::Elect(who) => self.elect(*who)?,
            Verb::Heartbeat(who) => {
                let node = self.resolve(*who)?;
                self.virtual_world()?.heartbeat(node)?;
            }
            Verb::Deliver(name) => self.virtual_world()?.deliver(*name)?,
            Verb::Wait(time) => {
                let until = self.world.now() + *time;
                self.run_until(*time, |world| world.now() >= until)?;
            }
            Verb::WaitUntil { condition, within } => {
                self.wait_until(condition, within.unwrap_or(PATIENCE))?;
            }
            Verb::Step(events) => self.step(*events)?,
            Verb::Repeat(_) | Verb::End => return Err(Why::OnlyInScripts),
            Verb::Try(verb) => {
                if let Err(why) = self.carry_out(verb) {
                    if why.ends_run() {
                        return Err(why);
                    }
                    let failure = self.failure(0, verb, why);
                    self.tell(&LineOutcome::Excused(failure));
                }
            }
            Verb::Expect(condition) => self.expect(condition)?,
            Verb::ExpectSafe => self.expect_safe()?,
            Verb::ExpectStall { condition, within } => self.expect_stall(condition, *within)?,
            Verb::ExpectViolation(properties) => self.expect_violation(properties)?,
            Verb::Status => {
                let nodes = self.world.status();
                let logs = NodeId::all(nodes.len()).map(|node| self.world.log(node)).collect();
                self.tell(&LineOutcome::Status { nodes, logs });
            }
            verb => self.change_network(verb)?,
        }
        Ok(())
    }

    fn change_network(&mut self, verb: &Verb) -> Result<(), Why> {
        match verb {
            Verb::Partition(groups) => {
                let groups = self.groups(groups)?;
                self.world.partition(&groups);
            }
            Verb::Cut(links) => {
                for (from, to) in self.links(*links)? {
                    self.world.cut(from, to);
                }
            }
            Verb::HealLinks(links) => {
                for (from, to) in self.links(*links)? {
                    self.world.heal_link(from, to);
                }
            }
            Verb::Heal => self.world.heal(),
            Verb::DropRate(rate, links) => self.change(*links, |it| it.drop = *rate)?,
            Verb::DuplicateRate(rate, links) => self.change(*links, |it| it.duplicate = *rate)?,
            Verb::Delay((min, max), links) => {
                self.change(*links, |it| (it.latency_min, it.latency_max) = (*min, *max))?;
            }
            Verb::Manual => self.virtual_world()?.set_manual(true),
            Verb::Automatic => self.virtual_world()?.set_manual(false),
            Verb::Hold(name) => self.virtual_world()?.hold(*name)?,
            Verb::Duplicate(name) => self.virtual_world()?.duplicate(*name)?,
            Verb::Remove(name) => self.virtual_world()?.remove(*name)?,
            _ => unreachable!("a verb that does not change the network is carried out elsewhere"),
        }
        Ok(())
    }

    fn restart_all(&mut self) -> Result<(), Why> {
        let down = self.world.status().into_iter().filter(|status| !status.up);
        down.map(|status| status.id).try_for_each(|node| Ok(self.world.restart(node)?))
    }

    fn step(&mut self, events: u64) -> Result<(), Why> {
        let world = self.world.as_virtual().ok_or(Why::OnlyVirtual)?;
        for _ in 0..events {
            let mut told = |time, event| {
                self.observer.line_outcome(time, &LineOutcome::Happens(event));
            };
            world.next_event(&mut told)?;
        }
        Ok(())
    }

    /// Returns the world, for what only virtual time can do.
    fn virtual_world(&mut self) -> Result<&mut dyn VirtualWorld, Why> {
        self.world.as_virtual().ok_or(Why::OnlyVirtual)
    }

    /// Changes the conditions of these links. Without `links`, gives every link the same conditions.
    fn change(
        &mut self,
        links: Option<LinkSet>,
        change: impl Fn(&mut Conditions),
    ) -> Result<(), Why> {
        let network = self.world.network();
        let Some(links) = links else {
            let mut conditions = network.conditions();
            change(&mut conditions);
            self.world.set_conditions(conditions);
            return Ok(());
        };
        for (from, to) in self.links(links)? {
            let mut conditions = *network.link_conditions(from, to);
            change(&mut conditions);
            self.world.set_link_conditions(from, to, conditions);
        }
        Ok(())
    }

    /// Returns each of the links, in the world as it is now.
    fn links(&self, links: LinkSet) -> Result<Vec<(NodeId, NodeId)>, Why> {
        let ends = |a, b| {
            let (a, b) = (self.resolve(a)?, self.resolve(b)?);
            if a == b { Err(Why::NamedTwice(a)) } else { Ok((a, b)) }
        };
        Ok(match links {
            LinkSet::OneWay(from, to) => vec![ends(from, to)?],
            LinkSet::Between(a, b) => {
                let (a, b) = ends(a, b)?;
                vec![(a, b), (b, a)]
            }
            LinkSet::All(node) => {
                let node = self.resolve(node)?;
                let others = NodeId::all(self.world.size()).filter(|&other| other != node);
                others.flat_map(|other| [(node, other), (other, node)]).collect()
            }
        })
    }

    /// Returns the nodes of each group, in the world as it is now.
    fn groups(&self, groups: &[Vec<Who>]) -> Result<Vec<NodeSet>, Why> {
        let mut seen = NodeSet::default();
        let mut place = |who: &Who| {
            let node = self.resolve(*who)?;
            if seen.insert(node) { Ok(node) } else { Err(Why::NamedTwice(node)) }
        };
        groups.iter().map(|group| group.iter().map(&mut place).collect()).collect()
    }

    pub(super) fn resolve(&self, who: Who) -> Result<NodeId, Why> {
        self.memory.resolve(who, &self.world.status())
    }

    /// Resolves `who`; if it is the leader, first waits until one is elected.
    fn resolve_waiting(&mut self, who: Who) -> Result<NodeId, Why> {
        if who == Who::Leader {
            self.wait_for_leader(PATIENCE)?;
        }
        self.resolve(who)
    }

    /// Lets a node campaign until it leads: over bad links votes are lost, or another node wins first. A
    /// node that still leads an older term has to hear of the later one before it can campaign.
    fn elect(&mut self, who: Who) -> Result<(), Why> {
        let node = self.resolve(who)?;
        let (began, bound) = (self.world.now(), PATIENCE);
        let condition = Condition::Leader(Some(Who::Node(node)));
        let alone = self.world.status().len() == 1;
        let by_hand = self.world.as_virtual().is_some_and(|world| world.is_manual());
        if by_hand && !alone && judge(&self.world, &condition, &self.memory).is_err() {
            // It would campaign every second, and no vote would arrive.
            return Err(CannotDo::NoEvent.into());
        }
        let mut why = Why::NoLeader;
        while self.world.now() - began < bound {
            match self.world.election_timeout(node) {
                Ok(()) | Err(CannotDo::Leads(_)) => {}
                Err(cannot) => return Err(cannot.into()),
            }
            match self.comes_true(&condition, Duration::from_secs(1))? {
                Ok(()) => {
                    let took = self.world.now() - began;
                    self.tell(&LineOutcome::Waited { condition, took, bound });
                    return Ok(());
                }
                Err(stood) => why = stood,
            }
        }
        Err(Why::TimedOut(bound, Box::new(why)))
    }

    fn wait_until(&mut self, condition: &Condition, bound: Duration) -> Result<(), Why> {
        let began = self.world.now();
        if let Err(why) = self.comes_true(condition, bound)? {
            return Err(Why::TimedOut(bound, Box::new(why)));
        }
        let took = self.world.now() - began;
        self.tell(&LineOutcome::Waited { condition: condition.clone(), took, bound });
        Ok(())
    }

    /// Lets the world run until a condition is true, or `bound` has passed. Returns why it was not true last.
    pub(super) fn comes_true(
        &mut self,
        condition: &Condition,
        bound: Duration,
    ) -> Result<Result<(), Why>, Why> {
        let Self { world, memory, early_end, .. } = self;
        let mut judged = judge(world, condition, memory);
        early_end.run_until(world, bound, |world| {
            judged = judge(world, condition, memory);
            judged.is_ok()
        })?;
        Ok(judged)
    }

    pub(super) fn wait_for_leader(&mut self, bound: Duration) -> Result<(), Why> {
        self.comes_true(&Condition::Leader(None), bound)?
    }
}
