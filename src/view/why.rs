//! Answers to why and why not, in words.

use super::explain;
use super::table::{Table, paragraph};
use super::words::{Speaker, log_end, plural, when};
use super::{colour, deeds, message};
use crate::explain::{
    Change, Elsewhere, Explanation, Finding, Ground, LeadEnd, Leadership, Question, Silent,
    Standing, Unanswerable, Uncounted, why,
};
use crate::raft::{LogPosition, NodeId, Term};
use crate::record::History;
use crate::record::history::{ClientCall, Told};

/// What can be asked, one line each: the words, and what they ask.
pub(crate) const QUESTIONS: [(&str, &str); 9] = [
    ("committed INDEX[@TERM] [on N]", "why this entry is committed"),
    ("not committed INDEX[@TERM] [on N]", "why it is not: on node N, or as the leader sees it"),
    ("leader N", "why node N leads"),
    ("not leader N", "why it does not"),
    ("refused N -> M", "why M refused what N had sent, the last time"),
    ("truncated N", "why node N deleted entries, the last time"),
    ("stepped down N", "why node N gave up leading or campaigning, the last time"),
    ("acknowledged N", "why node N acknowledged what it did, the last time"),
    ("told COMMAND", "why a client was told what it was, or 'told client N'"),
];

/// The questions, as a table.
pub(crate) fn questions() -> Vec<String> {
    let mut table = Table::new(2);
    for (words, asks) in QUESTIONS {
        table.row([format!("why {words}"), asks.to_owned()]);
    }
    table.lines()
}

/// What is asked of a history at a step, answered.
///
/// # Errors
/// Why it has no answer, in a sentence.
pub(crate) fn answered(
    history: &History,
    step: u64,
    question: &Question,
) -> Result<Vec<String>, String> {
    let explained = why(history, step, question).map_err(|error| unanswerable(&error))?;
    Ok(answer(history, &explained))
}

/// An answer, with the reasons below it.
pub(crate) fn answer(history: &History, answer: &Explanation) -> Vec<String> {
    let time = history.step(answer.step).map_or_else(String::new, |step| when(step.time));
    let comma = if time.is_empty() { "" } else { ", " };
    let asked = format!("Step {}{comma}{time}: why {}?", answer.step, answer.question);
    let mut lines = vec![colour::heading(&asked).to_string()];
    if answer.contradicts {
        lines.extend(paragraph("It is not so; this is why it is as it is.", "  ", "  "));
    }
    lines.extend(reasons(answer));
    lines
}

/// A sentence of an answer.
pub(super) enum Sentence {
    /// What is so, what would change it, and on what it depends.
    Finding(String),
    /// A rule that was asked.
    Ground(String),
    /// How another node stands to it.
    Standing(NodeId, String),
}

/// The answer alone: what is so, the reasons behind it, how the others stand, what would change it.
pub(super) fn sentences(answer: &Explanation) -> Vec<Sentence> {
    let mut text = finding(&answer.finding);
    // Since its timer was started over last it has not been so: it has always been.
    let always = matches!(answer.finding, Finding::NeverCampaigned { .. });
    if let Some(step) = answer.decided_in.filter(|_| !always) {
        text = format!("{text} That is so since step {step}.");
    }
    let mut said = vec![Sentence::Finding(text)];
    if let Some((node, step)) = answer.paused {
        said.push(Sentence::Finding(format!("{node} stands still since step {step}.")));
    }
    said.extend(answer.grounds.iter().map(|ground| {
        let speaker = Speaker { node: ground.node, from: ground.from };
        Sentence::Ground(explain::verdict(speaker, &ground.verdict))
    }));
    if let (Finding::Committed { .. }, Some(step)) = (&answer.finding, answer.decided_in) {
        said.push(Sentence::Finding(format!("In step {step}:")));
    }
    let standing = |standing: &Standing| Sentence::Standing(standing.node, stands(standing));
    said.extend(answer.others.iter().map(standing));
    if let Some(change) = &answer.change {
        said.push(Sentence::Finding(format!("It would change if {}.", changes(change))));
    }
    if let Some(deeper) = &answer.follows_from {
        let other = matches!(answer.finding, Finding::Another { .. });
        let leads = if other { "Of that one:" } else { "It depends on this:" };
        said.push(Sentence::Finding(leads.to_owned()));
        said.extend(sentences(deeper));
    }
    said
}

fn reasons(answer: &Explanation) -> Vec<String> {
    let mut lines = Vec::new();
    for sentence in sentences(answer) {
        lines.extend(match sentence {
            Sentence::Finding(text) => paragraph(&text, "  ", "  "),
            Sentence::Ground(text) => paragraph(&colour::faint(&text).to_string(), "  └ ", "    "),
            Sentence::Standing(node, text) => {
                paragraph(&format!("{node}  {text}"), "    ", "        ")
            }
        });
    }
    lines
}

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::Committed { entry, node, told_by: None } => {
            format!("{entry} is committed: {node} led, and counted a majority.")
        }
        Finding::Committed { entry, node, told_by: Some(leader) } => {
            format!("{entry} is committed on {node}: {leader} led, and had said so.")
        }
        Finding::TooFewCopies { entry, leader, term } => format!(
            "{entry} is not committed: {leader} leads term {term} and knows of too few copies."
        ),
        Finding::OlderTerm { entry, leader, term } => format!(
            "{entry} is not committed, though a majority holds it: it is of term {}, and {leader} \
             leads term {term}. A leader counts only entries of its own term; what stands before \
             one is committed with it.",
            entry.term
        ),
        Finding::NotTold { entry, node, leader, elsewhere } => {
            not_told(*entry, *node, *leader, elsewhere.as_ref())
        }
        Finding::NotKnown { entry, leader, term, elsewhere } => format!(
            "{leader}, which leads term {term}, does not know that {entry} is committed.{}",
            known(*leader, elsewhere)
        ),
        Finding::Superseded { entry, node, committed, step } => {
            superseded(*entry, *node, *committed, *step)
        }
        Finding::OnSuperseded { entry, node, below, committed, step } => {
            on_superseded(*entry, *node, *below, *committed, *step)
        }
        Finding::Another { entry, node, there, holders } => {
            let held = held_by(holders);
            format!("{node} has {there} at index {}, and not {entry}, {held}.", entry.index)
        }
        Finding::Lacks { node, index, last } => {
            format!("{node} has no entry at index {index}: its log {}.", log_end(*last))
        }
        Finding::Down { node } => format!("{node} is down: it leads nothing and commits nothing."),
        Finding::Refused { from, to, message: kind, number } => {
            let number = number.map_or_else(String::new, |it| format!(" (message {})", it.0));
            format!("{to} refused {from}'s {}{number}.", message::kind(*kind))
        }
        Finding::Leads { node, term, votes } => {
            format!("{node} leads term {term}, by the votes of {}.", voters(votes))
        }
        Finding::NeverCampaigned { node, leader } => {
            format!("{node} has never stood for election{}.", following(*leader))
        }
        Finding::StartedAgain { node, leader } => format!(
            "{node} has started again as a follower and not stood for election since{}.",
            following(*leader)
        ),
        Finding::TooFewVotes { node, term, have, need, ended_in } => {
            too_few_votes(*node, *term, *have, *need, *ended_in)
        }
        Finding::SteppedDown { node, role, term } => {
            format!("{node} was {role} and became follower in term {term}.")
        }
        Finding::Truncated { node, from, to } if from == to => format!("{node} deleted {from}."),
        Finding::Truncated { node, from, to } => format!("{node} deleted {from} to {to}."),
        Finding::Acknowledged { node, to, index, prev, count } => format!(
            "{node} acknowledged its log up to index {index}: {to} had sent {} after {prev}.",
            plural(*count, "entry", "entries")
        ),
        Finding::Told { call, silent, earlier: 0 } => told(call, *silent),
        Finding::Told { call, silent, earlier } => {
            format!("{} {earlier} more, asked before, also match.", told(call, *silent))
        }
    }
}

fn superseded(entry: LogPosition, node: NodeId, committed: LogPosition, step: u64) -> String {
    format!(
        "{entry} is not committed on {node} and, by State Machine Safety, never will be: {committed} was \
         committed at index {} in step {step}.",
        entry.index
    )
}

fn on_superseded(
    entry: LogPosition,
    node: NodeId,
    below: LogPosition,
    committed: LogPosition,
    step: u64,
) -> String {
    format!(
        "{entry} is not committed on {node} and, by Log Matching, never will be as it stands there: \
         {node} has it behind {below}, and {committed} was committed at index {} in step {step}.",
        below.index
    )
}

fn too_few_votes(
    node: NodeId,
    term: Term,
    have: usize,
    need: usize,
    ended_in: Option<u64>,
) -> String {
    let votes = plural(have, "vote", "votes");
    let ended = match ended_in {
        Some(step) => format!("it gave up in step {step}"),
        None => "its election goes on".to_owned(),
    };
    format!(
        "{node} stood for election in term {term} and got {votes}, where {need} are needed: {ended}."
    )
}

fn not_told(
    entry: LogPosition,
    node: NodeId,
    leader: Option<NodeId>,
    elsewhere: Option<&Elsewhere>,
) -> String {
    let leader = match leader {
        Some(leader) => format!("its leader, {leader}, has not told it that it is"),
        None => "it knows of no leader that could tell it".to_owned(),
    };
    let elsewhere = elsewhere.map_or_else(String::new, |it| known(node, it));
    format!("{entry} is not committed on {node}: {leader}.{elsewhere}")
}

fn held_by(holders: &[NodeId]) -> String {
    match holders {
        [] => "which no log holds".to_owned(),
        [holder] => format!("which {holder} holds"),
        holders => format!("which {} hold", names(holders)),
    }
}

/// Who has voted, and in which step each vote was counted.
fn voters(votes: &[(NodeId, u64)]) -> String {
    let votes = votes.iter().map(|(voter, step)| format!("{voter} (step {step})"));
    votes.collect::<Vec<_>>().join(", ")
}

/// Who has committed an entry, and whether a node has known.
fn known(node: NodeId, Elsewhere { step, by, forgot_after }: &Elsewhere) -> String {
    let forgot = forgot_after.map_or_else(String::new, |after| {
        format!(" {node} knew, and lost its commitIndex when it crashed after step {after}.")
    });
    format!(" It is committed since step {step}, by {by}.{forgot}")
}

fn following(leader: Option<NodeId>) -> String {
    match leader {
        Some(leader) => format!(": {leader} leads, and its messages start the timer over"),
        None => ": its election timer has not ended".to_owned(),
    }
}

/// Who led when, in a few words.
pub(super) fn leadership(led: &Leadership) -> String {
    let Leadership { node, term, from, end } = led;
    let until = match end {
        None => "on".to_owned(),
        Some(LeadEnd::SteppedDown(step)) => format!("until it steps down in step {step}"),
        Some(LeadEnd::Crashed(step)) => format!("until it crashes after step {step}"),
    };
    format!("{node} leads term {term} from step {from} {until}")
}

/// What a client asked and was told, in a sentence.
pub(super) fn told(call: &ClientCall, silent: Option<Silent>) -> String {
    let ClientCall { ticket, node, command, asked_in, told } = call;
    let client =
        format!("Client {} asked {node} for {command} in step {asked_in}", ticket.client());
    match told {
        None => match silent {
            Some(Silent::CrashedAfter(step)) => format!(
                "{client} and was told nothing: {node} crashed after step {step} and forgot who had \
                 asked, so nobody will answer."
            ),
            Some(Silent::PausedSince(step)) => {
                format!("{client} and was told nothing yet: {node} stands still since step {step}.")
            }
            Some(Silent::AnswerLostIn(step)) => {
                format!(
                    "{client} and was told nothing: {node} answered in step {step}, and the answer was lost."
                )
            }
            None => format!("{client} and was told nothing yet."),
        },
        Some((_, Told::Refused { leader: Some(leader) })) => {
            format!("{client} and was refused: {leader} leads.")
        }
        Some((_, Told::Refused { leader: None })) => {
            format!("{client} and was refused: {node} does not lead.")
        }
        Some((step, Told::Answered(answer))) => {
            let told = deeds::told(answer);
            let told = told.strip_prefix("is told ").unwrap_or(&told);
            format!("{client} and is told by {node}, in step {step}, {told}.")
        }
    }
}

fn stands(standing: &Standing) -> String {
    if let Some(Ground { node, from, verdict, step }) = &standing.refused {
        let speaker = Speaker { node: *node, from: *from };
        let step = step.map_or_else(String::new, |step| format!(" in step {step}"));
        return format!("refused{step}: {}", explain::reason(speaker, verdict));
    }
    let holds = match (standing.holds, standing.counted) {
        (Some(true), true) => "has it".to_owned(),
        (Some(true), false) => "has it, and its leader does not know that".to_owned(),
        (Some(false), true) => "has it no more".to_owned(),
        (Some(false), false) => "lacks it".to_owned(),
        (None, _) => standing.uncounted.map_or_else(|| "counted".to_owned(), uncounted),
    };
    let link = match (standing.up, standing.link) {
        (false, _) => ", is down",
        (true, (true, true)) => "",
        (true, (false, false)) => ", is cut off",
        (true, (false, true)) => ", cannot be reached",
        (true, (true, false)) => ", and its replies cannot come back",
    };
    let to = standing.in_flight_to;
    let directions = [(to, "to it"), (standing.in_flight.len() - to, "from it")];
    let directions = directions.iter().filter(|(count, _)| *count > 0);
    let directions: Vec<_> = directions.map(|(count, way)| format!("{count} {way}")).collect();
    let in_flight = match directions[..] {
        [] => String::new(),
        _ => format!(", in flight: {}", directions.join(" and ")),
    };
    let still = if standing.paused { ", stands still" } else { "" };
    format!("{holds}{link}{still}{in_flight}")
}

/// Why a vote is not counted that nobody refused.
fn uncounted(why: Uncounted) -> String {
    match why {
        Uncounted::RequestUnderWay { asked } => {
            format!("has not been reached: the request was written in step {asked}")
        }
        Uncounted::RequestLost { lost } => {
            format!("does not know of the election: the request was lost in step {lost}")
        }
        Uncounted::Unanswered { arrived } => {
            format!("was asked in step {arrived}: no answer has left it")
        }
        Uncounted::VoteUnderWay { given } => {
            format!("voted for it in step {given}: the vote has not arrived")
        }
        Uncounted::VoteLost { given, lost } => {
            format!("voted for it in step {given}: the vote was lost in step {lost}")
        }
        Uncounted::Late { given, came } => format!(
            "voted for it in step {given}: the vote came in step {came}, when the campaign was over"
        ),
    }
}

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn changes(change: &Change) -> String {
    match change {
        Change::Acknowledgements { leader, index, more, missing } => format!(
            "{more} more of {} acknowledged {leader}'s log up to index {index}",
            names(missing)
        ),
        Change::EntryOfOwnTerm { leader, term, index: Some(index), have, need } => format!(
            "the entry of term {term} at index {index} came on a majority: {have} of the {need} that \
             {leader} needs have it"
        ),
        Change::EntryOfOwnTerm { leader, term, index: None, .. } => format!(
            "a client proposed a command to {leader}, and that entry of term {term} came on a majority"
        ),
        Change::LeaderCommits { leader: Some(leader), index } => {
            format!(
                "{leader} committed index {index} and said so in an AppendEntries that it accepts"
            )
        }
        Change::LeaderCommits { leader: None, index } => {
            format!("a leader that holds it were elected, committed index {index}, and said so")
        }
        Change::LaterLeader { leader, term } => format!(
            "a later leader that has it committed an entry of its own: a majority is past term {term}, so \
             {leader} can commit nothing more in it"
        ),
        Change::LeaderSays { leader, index } => format!(
            "{leader}, which has committed index {index}, said so in an AppendEntries that it accepts"
        ),
        Change::Arrival { message, from, written_in, leader_commit, up_to, arrives_in } => format!(
            "the AppendEntries arrived ({}) that {from} wrote in step {written_in}, message {}: it has \
             leaderCommit {leader_commit} and verifies the log up to index {up_to} (commit-only-verified)",
            arrives_in.map_or_else(
                || "by the last step it has not".to_owned(),
                |it| format!("it does in step {it}"),
            ),
            message.0
        ),
        Change::Replication { index } => {
            format!("a leader's AppendEntries brought it the entry at index {index}")
        }
        Change::Restart { node } => format!("{node} started again"),
        Change::Votes { more, missing } => {
            format!("{more} more of {} voted for it", names(missing))
        }
        Change::LaterElection { term } => {
            format!("a timer ended and a later term began: too few have a vote left in term {term}")
        }
        Change::Timeout { node } => {
            format!("{node}'s election timer ended, and a majority voted for it")
        }
        Change::Term { least } => format!("the sender were in term {least} or a later one"),
        Change::NoLaterTerm { most } => {
            format!("the message were of term {most} or an earlier one")
        }
        Change::LaterTerm { after } => {
            format!("the candidate asked in a term after {after}: the vote in that one is given")
        }
        Change::Log { least } => {
            format!("the candidate's log ended at {least}, or were more up to date")
        }
        Change::EarlierEntry { index } => {
            format!("the leader sent from an entry before index {index} that both have")
        }
        Change::SameEntry { index, term } => {
            format!("the leader's entry at index {index} were of term {term} too")
        }
    }
}

/// Why a question has no answer, and what to do, in one sentence.
pub(crate) fn unanswerable(why: &Unanswerable) -> String {
    match why {
        Unanswerable::NotUnderstood { typed } => {
            let all = QUESTIONS.map(|(words, _)| format!("'{words}'"));
            format!("'{typed}' is no question that is known here; ask {}", all.join(", "))
        }
        Unanswerable::NoSuchNode { node, nodes } => {
            format!("there is no node {node} in this run; its nodes are 0 to {}", nodes - 1)
        }
        Unanswerable::NoSuchStep { step, last } => {
            format!("there is no step {step} in this run; its steps are 1 to {last}")
        }
        Unanswerable::NoSuchEntry { index, last } if last.get() == 0 => {
            format!(
                "no node has an entry at index {index} here: all logs are empty; ask at a later step"
            )
        }
        Unanswerable::NoSuchEntry { index, last } => format!(
            "no node has an entry at index {index} here; ask of one from 1 to {last}, or at a later step"
        ),
        Unanswerable::NotHappened { question, step, others } if !others.is_empty() => {
            let others = others.iter().map(|(node, step)| format!("to {node} in step {step}"));
            format!(
                "up to step {step} nothing happened of which '{question}' asks; it did {}: ask of that",
                others.collect::<Vec<_>>().join(", ")
            )
        }
        Unanswerable::NotHappened { question, step, .. } => format!(
            "up to step {step} nothing happened of which '{question}' asks; ask at a later step, or \
             'committed', 'not committed', 'leader' or 'not leader' of any node"
        ),
    }
}
