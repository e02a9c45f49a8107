//! Explains why something is so at a step of a run, or is not. The answers are values, made from verdicts
//! and states.
//!
//! An [`Explanation`] names what was found, the verdicts that are its grounds with the values of both
//! sides, the step in which it was decided, how the other nodes stand to it, and what would change it. It
//! is made only of what the history holds, never of what a scenario means to show. Other modules put it
//! into words.
//!
//! * `question`: the questions that can be asked, as they are typed.
//! * `explainer`: who answers them, and keeps for the next question what one has made again.
//! * `asked`: what all answers read of the history.
//! * `entry`: the entries that answers are about.
//! * `clients`, `commits`, `not_committed`, `elections`, `logs`: the answers.
//! * `election_votes`: the votes of a campaign, which `elections` counts.
//! * `telling`: what is under way that would tell a node of a commit.
//! * `leaderships`: who led when, and what clients asked.
//! * `moments`: the steps at which something of a kind happened, to go to.

mod asked;
mod clients;
mod commits;
mod election_votes;
mod elections;
mod entry;
mod explainer;
mod leaderships;
mod logs;
mod moments;
mod not_committed;
mod question;
mod telling;

use serde::Serialize;

use crate::raft::{LogIndex, LogPosition, MessageKind, NodeId, RoleKind, Term, Verdict};
use crate::record::history::ClientCall;
use crate::server::turn_order::MessageId;

use asked::Asked;
pub use explainer::{Explainer, why};
pub use leaderships::{LeadEnd, Leadership, client_calls, client_calls_from, leaderships};
pub use moments::{Kind, Place};
pub use question::Question;

/// The answer to a question about a step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explanation {
    /// The question.
    pub question: Question,
    /// The step at whose end it was asked.
    pub step: u64,
    /// Whether the question assumes something that is not so. Then this answers its opposite.
    pub contradicts: bool,
    /// What was found.
    pub finding: Finding,
    /// The node that is asked about and the step after which it was paused, if it is paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<(NodeId, u64)>,
    /// The step in which the finding was decided.
    pub decided_in: Option<u64>,
    /// The verdicts of the rules that were asked, with what they compared.
    pub grounds: Vec<Ground>,
    /// How the other nodes stand to the finding.
    pub others: Vec<Standing>,
    /// What would change the finding.
    pub change: Option<Change>,
    /// The explanation of what this one depends on.
    pub follows_from: Option<Box<Self>>,
}

/// A verdict, and the node that reached it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Ground {
    /// The step in which the rule was asked; `None` if it is asked of the state as it is.
    pub step: Option<u64>,
    /// The node that asked.
    pub node: NodeId,
    /// The sender of the message that the node was handling, if it was handling one.
    pub from: Option<NodeId>,
    /// The rule, the outcome, and what was compared.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Finding {
    /// The `entry` is committed on `node`. The node counted copies as a leader, or was `told_by` one. If it
    /// counted those of a later entry, `with` is that one. If the leader that told it has another entry there, `of`
    /// is that one.
    Committed {
        entry: LogPosition,
        node: NodeId,
        told_by: Option<NodeId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<LogPosition>,
        #[serde(skip_serializing_if = "Option::is_none")]
        with: Option<LogPosition>,
    },
    /// The `entry` is on too few nodes, as far as the `leader` of this `term` knows.
    TooFewCopies { entry: LogPosition, leader: NodeId, term: Term },
    /// The `entry` is on a majority, but is older than the `term` that the `leader` leads.
    OlderTerm { entry: LogPosition, leader: NodeId, term: Term },
    /// The follower `node` has the `entry`, but no leader has told it that the entry is committed. `leader`
    /// is the one it follows, if any, and `elsewhere` says who has committed the entry.
    NotTold {
        entry: LogPosition,
        node: NodeId,
        leader: Option<NodeId>,
        elsewhere: Option<Elsewhere>,
    },
    /// The `leader` of this `term` does not know that the `entry` is committed, although it is committed
    /// `elsewhere`.
    NotKnown { entry: LogPosition, leader: NodeId, term: Term, elsewhere: Elsewhere },
    /// The `entry` that the `node` has, or had, lost its index to another: `committed` was committed there,
    /// in `step`.
    Superseded { entry: LogPosition, node: NodeId, committed: LogPosition, step: u64 },
    /// The `node` has the entry `there` at the index of the `entry` that the question names. The `holders`
    /// have the latter.
    Another { entry: LogPosition, node: NodeId, there: LogPosition, holders: Vec<NodeId> },
    /// The `node` deleted the `entry` that the question names in `step`; the `holders` still have it.
    Deleted { entry: LogPosition, node: NodeId, step: u64, holders: Vec<NodeId> },
    /// The `entry` was committed, and these `nodes` have committed the entry `now` at its index, which violates State
    /// Machine Safety.
    Replaced { entry: LogPosition, now: LogPosition, nodes: Vec<NodeId> },
    /// The `entry` that the `node` has comes after `below`, which lost its index to another: `committed`
    /// was committed there, in `step`.
    OnSuperseded {
        entry: LogPosition,
        node: NodeId,
        below: LogPosition,
        committed: LogPosition,
        step: u64,
    },
    /// The `node` has no entry at this `index`: its log ends at `last`. If an entry was committed there, it is
    /// `committed`.
    Lacks {
        node: NodeId,
        index: LogIndex,
        last: LogPosition,
        #[serde(skip_serializing_if = "Option::is_none")]
        committed: Option<(LogPosition, Elsewhere)>,
    },
    /// The `node` is down, and commits nothing. `elsewhere` says who has committed the entry asked for.
    Down { node: NodeId, elsewhere: Option<Elsewhere> },
    /// `to` refused a `message` of this kind from `from`, which had written it in the step `written_in`. If the
    /// reply is `unsent`, a crash kept it from leaving.
    Refused {
        from: NodeId,
        to: NodeId,
        message: MessageKind,
        written_in: u64,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsent: bool,
    },
    /// The `node` won this term by these votes, each with the step in which it was counted, and leads. If it
    /// has gone on leading in a later term, that is `now`.
    Leads {
        node: NodeId,
        term: Term,
        votes: Vec<(NodeId, u64)>,
        #[serde(skip_serializing_if = "Option::is_none")]
        now: Option<Term>,
    },
    /// The `node` has never campaigned: its timer was always started over before it ended. It follows
    /// `leader`, if any leader's messages reach it.
    NeverCampaigned { node: NodeId, leader: Option<NodeId> },
    /// The `node` started again as a follower, and has not campaigned since. It follows `leader`, if any
    /// leader's messages reach it.
    StartedAgain { node: NodeId, leader: Option<NodeId> },
    /// The `node` campaigned in this `term` and got `have` of the votes, but needed `need`. If its election is
    /// over, that was in the step `ended_in`.
    TooFewVotes { node: NodeId, term: Term, have: usize, need: usize, ended_in: Option<u64> },
    /// The `node` left the role `role`, and is in this term now.
    SteppedDown { node: NodeId, role: RoleKind, term: Term },
    /// The `node` deleted the entries from `from` to `to`.
    Truncated { node: NodeId, from: LogPosition, to: LogPosition },
    /// The `node` acknowledged its log up to `index` to the leader `to`, which had sent `count` entries
    /// after `prev`. If the acknowledgement is `unsent`, a crash kept it from leaving.
    Acknowledged {
        node: NodeId,
        to: NodeId,
        index: LogIndex,
        prev: LogPosition,
        count: usize,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsent: bool,
    },
    /// What the client of this `call` was told, or why its node is `silent`. The question also fits so many
    /// `earlier` clients.
    Told { call: ClientCall, silent: Option<Silent>, earlier: usize },
}

/// The first commit of an entry that a node does not know to be committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Elsewhere {
    /// The step in which it was committed first.
    pub step: u64,
    /// The node that committed it first.
    pub by: NodeId,
    /// After how many steps the node crashed and forgot its `commitIndex`, if it had known of the commit.
    pub forgot_after: Option<u64>,
}

/// Why a node that was asked has not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silent {
    /// It crashed after this step, and forgot who had asked.
    CrashedAfter(u64),
    /// It was paused after this step, and still is.
    PausedAfter(u64),
    /// It answered in this step, and the answer was lost.
    AnswerLostIn(u64),
}

/// How another node stands to what was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// The node.
    pub node: NodeId,
    /// Whether it is up.
    pub up: bool,
    /// Whether it counts: the leader knows of its copy, or the candidate of its vote.
    pub counted: bool,
    /// Whether its log holds the entry, whether or not the leader knows; `None` if no entry is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holding>,
    /// Whether messages to it get through, and whether messages from it do.
    pub link: (bool, bool),
    /// Whether it is paused.
    pub paused: bool,
    /// The in-flight messages between it and the node that the finding is about.
    pub in_flight: Vec<MessageId>,
    /// How many of them are in flight to this node.
    pub in_flight_to: usize,
    /// The rule by which it refused, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<Ground>,
    /// What became of its vote, if a vote is asked about and was neither counted nor refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<Uncounted>,
}

/// Whether the log of a node holds an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holding {
    /// It holds it.
    Has,
    /// It holds another entry of the same index and term, which only a broken rule or a lost disk lets there be.
    HasAnother,
    /// It held it once, and does so no more. That is asked only of a node that is counted.
    HasLost,
    /// It does not.
    Lacks,
}

/// Why a vote that was not refused was not counted. Each number is a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Uncounted {
    /// The node was not asked for its vote in this term.
    NotAsked,
    /// The request was written in the step `asked`, and has not arrived yet.
    RequestUnderWay { asked: u64 },
    /// The request was lost in the step `lost`.
    RequestLost { lost: u64 },
    /// The request arrived in the step `arrived`, and no answer has left, because of a crash.
    Unanswered { arrived: u64 },
    /// The vote was given in the step `given`, and is under way.
    VoteUnderWay { given: u64 },
    /// The vote was given in the step `given`, and lost in the step `lost`.
    VoteLost { given: u64, lost: u64 },
    /// The vote was given in the step `given` and arrived in the step `came`, when the campaign was over.
    Late { given: u64, came: u64 },
}

/// What would change a finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Change {
    /// So many `more` of the `missing` nodes acknowledge the log of `leader` up to `index`.
    Acknowledgements { leader: NodeId, index: LogIndex, more: usize, missing: Vec<NodeId> },
    /// An entry of the leader's own `term` reaches a majority: the one at `index`, which `have` nodes hold
    /// and `need` must hold; or, if there is none, one that a client has yet to propose.
    EntryOfOwnTerm { leader: NodeId, term: Term, index: Option<LogIndex>, have: usize, need: usize },
    /// The `leader` it follows, or one that is yet to be elected, says that it has committed `index`.
    LeaderCommits { leader: Option<NodeId>, index: LogIndex },
    /// The `leader` has committed `index`, and says so in a message that is not written yet.
    LeaderSays { leader: NodeId, index: LogIndex },
    /// A later leader that has the entry commits one of its own. A majority is already in a later term than
    /// `term`, in which the `leader` leads.
    LaterLeader { leader: NodeId, term: Term },
    /// This in-flight AppendEntries `message` arrives. The leader `from` wrote it in the step `written_in`.
    /// It carries `leader_commit`, and verifies the log `up_to` an index. In this run it arrives in the step
    /// `arrives_in`, and tells of the commit; or it arrives `in_vain`, because it is refused or a crash came first.
    Arrival {
        message: MessageId,
        from: NodeId,
        written_in: u64,
        leader_commit: LogIndex,
        up_to: LogIndex,
        arrives_in: Option<u64>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        in_vain: bool,
    },
    /// A client proposes to the `leader` what then stands at `index`, and enough copies of it become known.
    Proposal { leader: NodeId, index: LogIndex },
    /// The `leader` follows a later one, which brings it the entry at `index`: a majority is past the `term` that it
    /// leads.
    StepDown { leader: NodeId, term: Term, index: LogIndex },
    /// AppendEntries brings the entry at `index`.
    Replication { index: LogIndex },
    /// Some entry is committed at `index`.
    CommitAt { index: LogIndex },
    /// The `node` starts again and is elected or, if an `index` is asked about, learns that it is committed.
    Restart { node: NodeId, index: Option<LogIndex> },
    /// So many `more` of the `missing` nodes vote for the candidate, in this term or a later one.
    Votes { more: usize, missing: Vec<NodeId> },
    /// A later term begins, because too few voters have a vote left in the `term`.
    LaterElection { term: Term },
    /// The election timer of the `node` ends before it is started over.
    Timeout { node: NodeId },
    /// The sender is in term `least` or a later one and, if a vote is asked for and it matters, its log is as up to
    /// date as the voter's. If entries are sent and it matters, they are sent from one before `sent_from` that both
    /// logs have.
    Term {
        least: Term,
        #[serde(skip_serializing_if = "Option::is_none")]
        log: Option<LogPosition>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sent_from: Option<LogIndex>,
    },
    /// The message is of term `most` or of an earlier one.
    NoLaterTerm { most: Term },
    /// The candidate asks in a later term than `after`, because the vote in `after` is given and, if it matters,
    /// with a log that is as up to date as the voter's.
    LaterTerm {
        after: Term,
        #[serde(skip_serializing_if = "Option::is_none")]
        log: Option<LogPosition>,
    },
    /// The candidate's log ends at `least`, or is more up to date.
    Log { least: LogPosition },
    /// The leader sends from an entry that both have, which is before `index`.
    EarlierEntry { index: LogIndex },
    /// The leader's entry at `index` is of this `term`, and so the same as the node's own.
    SameEntry { index: LogIndex, term: Term },
}

/// Why a question has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the sentence of each variant names its fields")]
pub enum Unanswerable {
    /// The question, as it was `typed`, is not a known one.
    NotUnderstood { typed: String },
    /// There is no `node` of this number: the cluster has so many `nodes`.
    NoSuchNode { node: usize, nodes: usize },
    /// There is no such `step`: the last one is `last`.
    NoSuchStep { step: u64, last: u64 },
    /// No log has an entry at this index; the longest ends at `last`.
    NoSuchEntry { index: LogIndex, last: LogIndex },
    /// What the `question` asks about has not happened up to this `step`. What `others` of its kind ask about
    /// has, each with the step in which it last did, the latest first.
    NotHappened { question: Question, step: u64, others: Vec<(Question, u64)> },
}
