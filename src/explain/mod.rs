//! Why something is so at a step of a run, and why not: answers from verdicts and states, as values.
//!
//! An [`Explanation`] names what was found, the verdicts that are its grounds with the values of both sides, the
//! step in which it was decided, how the other nodes stood to it, and what would change it. It is made
//! of what the history holds, never of what a scenario means to show; words are made of it elsewhere.
//!
//! * `question`: what can be asked, as it is typed.
//! * `clients`, `commits`, `elections`, `logs`: the answers.
//! * `leaderships`: who led when, and what clients asked.
//! * `moments`: the steps at which something of a kind happened, to go to.

mod clients;
mod commits;
mod elections;
mod leaderships;
mod logs;
mod moments;
mod question;

use serde::Serialize;

use crate::raft::{
    Event, LogIndex, LogPosition, MessageKind, NodeId, RoleKind, Rule, Term, Verdict,
};
use crate::record::History;
use crate::record::history::{ClientCall, NodeState, SentMessage, StepRecord};
use crate::server::turn_order::MessageId;

pub use leaderships::{LeadEnd, Leadership, client_calls, leaderships};
pub use moments::{Kind, Place};
pub use question::Question;

/// What was found when a question was asked at a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explanation {
    /// What was asked.
    pub question: Question,
    /// At which step.
    pub step: u64,
    /// Whether what the question takes for granted is not so: this is the answer to its opposite.
    pub contradicts: bool,
    /// What is so.
    pub finding: Finding,
    /// The node that is asked about, if it stands still, and since which step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<(NodeId, u64)>,
    /// The step in which that was decided.
    pub decided_in: Option<u64>,
    /// The rules that were asked, with what they compared.
    pub grounds: Vec<Ground>,
    /// How the other nodes stand to it.
    pub others: Vec<Standing>,
    /// What would make it otherwise.
    pub change: Option<Change>,
    /// Why the node on which this depends stands as it does.
    pub follows_from: Option<Box<Self>>,
}

/// A verdict, and whose it was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ground {
    /// The step in which the rule was asked; none, if it is asked of the state as it is.
    pub step: Option<u64>,
    /// The node that asked.
    pub node: NodeId,
    /// Whose message it was handling.
    pub from: Option<NodeId>,
    /// The rule, the outcome, and what was compared.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What is so.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Finding {
    /// The `entry` is committed on `node`; a leader counted, or it was `told_by` one.
    Committed { entry: LogPosition, node: NodeId, told_by: Option<NodeId> },
    /// The `entry` is on too few nodes, as far as the `leader` of this term knows.
    TooFewCopies { entry: LogPosition, leader: NodeId, term: Term },
    /// The `entry` is on a majority, and is older than the term that the `leader` leads.
    OlderTerm { entry: LogPosition, leader: NodeId, term: Term },
    /// The follower has the `entry`, and no leader has told it that it is committed. `leader` is whom
    /// it follows, if anyone, and `elsewhere` who has committed it.
    NotTold {
        entry: LogPosition,
        node: NodeId,
        leader: Option<NodeId>,
        elsewhere: Option<Elsewhere>,
    },
    /// The `leader` of this term does not know that the `entry` is committed, as it is `elsewhere`.
    NotKnown { entry: LogPosition, leader: NodeId, term: Term, elsewhere: Elsewhere },
    /// The `entry` that the `node` has, or had, lost its index to another: `committed` was, in `step`.
    Superseded { entry: LogPosition, node: NodeId, committed: LogPosition, step: u64 },
    /// The `node` has another entry `there`, where the question has `entry`, which these others hold.
    Another { entry: LogPosition, node: NodeId, there: LogPosition, holders: Vec<NodeId> },
    /// The `entry` that the `node` has stands on `below`, which lost its index to another: `committed` was
    /// committed there, in `step`.
    OnSuperseded {
        entry: LogPosition,
        node: NodeId,
        below: LogPosition,
        committed: LogPosition,
        step: u64,
    },
    /// The `node` has no entry at this `index`: its log ends at `last`.
    Lacks { node: NodeId, index: LogIndex, last: LogPosition },
    /// The `node` is down, and commits nothing.
    Down { node: NodeId },
    /// `to` refused what `from` had sent, and had written in this step.
    Refused { from: NodeId, to: NodeId, message: MessageKind, written_in: u64 },
    /// The `node` leads this term by these votes, each with the step in which it was counted.
    Leads { node: NodeId, term: Term, votes: Vec<(NodeId, u64)> },
    /// The `node` has never campaigned: its timer was always started over. It follows `leader`.
    NeverCampaigned { node: NodeId, leader: Option<NodeId> },
    /// The `node` started again as a follower, and has not campaigned since. It follows `leader`.
    StartedAgain { node: NodeId, leader: Option<NodeId> },
    /// The `node` campaigned in this term, got so many votes, and needed more. If it has given up, that
    /// was in the step `ended_in`.
    TooFewVotes { node: NodeId, term: Term, have: usize, need: usize, ended_in: Option<u64> },
    /// The `node` left the role `role`, and is in this term now.
    SteppedDown { node: NodeId, role: RoleKind, term: Term },
    /// The `node` deleted the entries from `from` to `to`.
    Truncated { node: NodeId, from: LogPosition, to: LogPosition },
    /// The `node` acknowledged its log up to `index` to the leader that had sent `count` entries after `prev`.
    Acknowledged { node: NodeId, to: NodeId, index: LogIndex, prev: LogPosition, count: usize },
    /// What a client was told, or that it was told nothing, and what its node is `silent` for. The
    /// question fits so many earlier clients too.
    Told { call: ClientCall, silent: Option<Silent>, earlier: usize },
}

/// Who has committed an entry that a node does not know to be committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Elsewhere {
    /// The step in which it was committed first.
    pub step: u64,
    /// By whom.
    pub by: NodeId,
    /// After how many steps the node crashed and lost its `commitIndex`, if it had known.
    pub forgot_after: Option<u64>,
}

/// Why a node that was asked says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silent {
    /// It crashed after this step, and forgot who had asked.
    CrashedAfter(u64),
    /// It stands still since this step.
    PausedSince(u64),
    /// It answered in this step, and the answer was lost.
    AnswerLostIn(u64),
}

/// How another node stands to what was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// Which node.
    pub node: NodeId,
    /// Whether it runs.
    pub up: bool,
    /// Whether it counts: its copy is known to the leader, its vote to the candidate.
    pub counted: bool,
    /// Whether its log holds the entry, known or not; nothing, if no entry is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<bool>,
    /// Whether messages reach it, and whether its own come back.
    pub link: (bool, bool),
    /// Whether it stands still.
    pub paused: bool,
    /// The messages in flight between the two.
    pub in_flight: Vec<MessageId>,
    /// How many of them are on their way to it.
    pub in_flight_to: usize,
    /// By which rule it refused, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Ground>,
    /// What became of its vote, if a vote is asked about and was neither counted nor refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Uncounted>,
}

/// Why a vote was not counted that nobody refused. Each number is a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Uncounted {
    /// It was not asked in this term.
    NotAsked,
    /// The request was written in the step `asked`, and has not arrived so far.
    RequestUnderWay { asked: u64 },
    /// The request was lost in the step `lost`.
    RequestLost { lost: u64 },
    /// The request arrived in the step `arrived`, and no answer has left, because of a crash.
    Unanswered { arrived: u64 },
    /// The vote was given in the step `given`, and is under way.
    VoteUnderWay { given: u64 },
    /// The vote was given in the step `given`, and lost in the step `lost`.
    VoteLost { given: u64, lost: u64 },
    /// The vote was given in the step `given` and came in the step `came`, when the campaign was over.
    Late { given: u64, came: u64 },
}

/// What would make it otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Change {
    /// So many `more` of the `missing` nodes acknowledge the log of `leader` up to `index`.
    Acknowledgements { leader: NodeId, index: LogIndex, more: usize, missing: Vec<NodeId> },
    /// An entry of the leader's own `term` comes on a majority: the one at `index`, which so many have
    /// and so many need; or, if there is none, one that a client has yet to propose.
    EntryOfOwnTerm { leader: NodeId, term: Term, index: Option<LogIndex>, have: usize, need: usize },
    /// The `leader` it follows, or one that is yet to be elected, says that it has committed `index`.
    LeaderCommits { leader: Option<NodeId>, index: LogIndex },
    /// The `leader` has committed `index`, and says so in a message that is not written yet.
    LeaderSays { leader: NodeId, index: LogIndex },
    /// A later leader that has the entry commits one of its own: a majority is in a later term than
    /// `term`, in which the `leader` leads.
    LaterLeader { leader: NodeId, term: Term },
    /// This AppendEntries, in flight, arrives. It verifies the log `up_to` an index. In this run it
    /// arrives in the step `arrives_in`.
    Arrival {
        message: MessageId,
        from: NodeId,
        written_in: u64,
        leader_commit: LogIndex,
        up_to: LogIndex,
        arrives_in: Option<u64>,
    },
    /// AppendEntries brings the entry at `index`.
    Replication { index: LogIndex },
    /// The `node` starts again.
    Restart { node: NodeId },
    /// So many `more` of the `missing` nodes vote for it, in this term or a later one.
    Votes { more: usize, missing: Vec<NodeId> },
    /// A later term begins: too few voters have a vote left in the `term`.
    LaterElection { term: Term },
    /// Its election timer ends first.
    Timeout { node: NodeId },
    /// The sender is in term `least` or a later one.
    Term { least: Term },
    /// The message is of term `most` or of an earlier one.
    NoLaterTerm { most: Term },
    /// The candidate asks in a later term than this: the vote in it is given.
    LaterTerm { after: Term },
    /// The candidate's log ends at `least`, or is more up to date.
    Log { least: LogPosition },
    /// The leader sends from an entry that both have, which is before `index`.
    EarlierEntry { index: LogIndex },
    /// The leader had the same entry, of the term `term`, at `index`.
    SameEntry { index: LogIndex, term: Term },
}

/// Why a question has no answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Unanswerable {
    /// It is no question that is known.
    NotUnderstood { typed: String },
    /// There is no node of this number among so many.
    NoSuchNode { node: usize, nodes: usize },
    /// There is no such step among so many.
    NoSuchStep { step: u64, last: u64 },
    /// No log has an entry at this index; the longest ends at `last`.
    NoSuchEntry { index: LogIndex, last: LogIndex },
    /// It has not happened up to this step; it has to `others`, the last time in these steps.
    NotHappened { question: Question, step: u64, others: Vec<(NodeId, u64)> },
}

impl Explanation {
    fn of(question: &Question, step: u64, finding: Finding) -> Self {
        Self {
            question: question.clone(),
            step,
            contradicts: false,
            finding,
            paused: None,
            decided_in: None,
            grounds: Vec::new(),
            others: Vec::new(),
            change: None,
            follows_from: None,
        }
    }

    fn contradicting(self, contradicts: bool) -> Self {
        Self { contradicts, ..self }
    }
}

/// Answers a question about the end of a step.
///
/// # Errors
/// Why it has none.
pub fn why(history: &History, step: u64, question: &Question) -> Result<Explanation, Unanswerable> {
    let last = history.last();
    if !(1..=last).contains(&step) {
        return Err(Unanswerable::NoSuchStep { step, last });
    }
    let nodes = history.header().nodes;
    if let Some(node) = question.nodes().into_iter().find(|node| node.index() >= nodes) {
        return Err(Unanswerable::NoSuchNode { node: node.index(), nodes });
    }
    let asked = Asked { history, step, question };
    match *question {
        Question::Committed { index, term, on } => asked.committed(index, term, on, true),
        Question::NotCommitted { index, term, on } => asked.committed(index, term, on, false),
        Question::Leader { node } => asked.leads(node, true),
        Question::NotLeader { node } => asked.leads(node, false),
        Question::SteppedDown { node } => asked.stepped_down(node),
        Question::Refused { from, to } => asked.refused(from, to),
        Question::Truncated { node } => asked.truncated(node),
        Question::Acknowledged { node } => asked.acknowledged(node),
        Question::Told { ref command } => asked.told(command),
    }
}

/// A question that is being answered.
#[derive(Clone, Copy)]
struct Asked<'h> {
    history: &'h History,
    step: u64,
    question: &'h Question,
}

impl<'h> Asked<'h> {
    fn answer(&self, finding: Finding) -> Explanation {
        Explanation::of(self.question, self.step, finding)
    }

    fn never(&self) -> Unanswerable {
        let (question, step) = (self.question.clone(), self.step);
        Unanswerable::NotHappened { question, step, others: Vec::new() }
    }

    fn node(&self, id: NodeId) -> NodeState<'static> {
        let stood = self.history.node_at(id, self.step);
        stood.expect("the question names nodes and a step that there are")
    }

    /// The node, if it stands still, and since which step.
    fn paused(&self, id: NodeId) -> Option<(NodeId, u64)> {
        let since = || self.history.since(id, self.step, |stood| stood.paused);
        self.node(id).paused.then(since).flatten().map(|since| (id, since))
    }

    fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        NodeId::all(self.history.header().nodes)
    }

    /// The steps of a node up to the one that was asked about, the latest first.
    fn steps_of(&self, id: NodeId) -> impl Iterator<Item = StepRecord<'h>> + use<'h> {
        self.history.steps_of(id, self.step).rev()
    }

    /// The latest step of a node in which something happened, and what it was.
    fn latest<T>(
        &self,
        id: NodeId,
        what: impl Fn(&Event) -> Option<T>,
    ) -> Option<(StepRecord<'h>, T)> {
        self.steps_of(id).find_map(|step| {
            let happened = step.events.iter().rev().find_map(&what)?;
            Some((step, happened))
        })
    }

    /// Whose message a step handled.
    fn sender(&self, step: &StepRecord<'_>) -> Option<NodeId> {
        Some(self.history.message(step.received?)?.envelope.from)
    }

    /// What some rules said in a step.
    fn grounds(&self, step: &StepRecord<'_>, rules: &[Rule]) -> Vec<Ground> {
        let from = self.sender(step);
        let verdicts = step.events.iter().filter_map(|event| match event {
            Event::Checked(verdict) if rules.contains(&verdict.rule) => Some(*verdict),
            _ => None,
        });
        verdicts
            .map(|verdict| Ground { step: Some(step.step), node: step.node, from, verdict })
            .collect()
    }

    /// How every other node stands to one that counts them.
    fn others(&self, center: NodeId, stands: impl Fn(NodeId, &mut Standing)) -> Vec<Standing> {
        let network = self.history.network_at(self.step);
        let all: Vec<&SentMessage> = self.history.in_flight(self.step).collect();
        let between = |from: NodeId, to: NodeId| {
            let these = all.iter();
            let these =
                these.filter(move |sent| (sent.envelope.from, sent.envelope.to) == (from, to));
            these.map(|sent| sent.message)
        };
        let others = self.ids().filter(|&id| id != center).map(|node| {
            let stood = self.node(node);
            let mut in_flight: Vec<MessageId> = between(center, node).collect();
            let in_flight_to = in_flight.len();
            in_flight.extend(between(node, center));
            in_flight.sort_unstable();
            let mut standing = Standing {
                node,
                up: stood.up,
                paused: stood.paused,
                counted: false,
                holds: None,
                link: (!network.is_cut(center, node), !network.is_cut(node, center)),
                in_flight,
                in_flight_to,
                refused: None,
                uncounted: None,
            };
            stands(node, &mut standing);
            standing
        });
        others.collect()
    }
}
