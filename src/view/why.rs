//! Answers to why and why not, in words.

use super::table::{Table, paragraph};
use super::words::{Speaker, joined, when};
use super::{colour, event_text, finding_text};
use crate::explain::{
    Explanation, Finding, Ground, Holding, LeadEnd, Leadership, Question, Standing, Unanswerable,
    Uncounted, why,
};
use crate::raft::{NodeId, Rule};
use crate::record::History;
use crate::record::error::steps;

/// How many questions that have an answer are named in place of one that has none.
const MOST_OTHERS: usize = 3;

/// The questions that can be asked: the words of each, and what they ask.
pub(crate) const QUESTIONS: [(&str, &str); 9] = [
    ("committed INDEX[@TERM] [on N]", "why this entry is committed"),
    ("not committed INDEX[@TERM] [on N]", "why it is not, on node N or in the leader's view"),
    ("leader N", "why node N leads"),
    ("not leader N", "why node N does not lead"),
    ("refused N -> M", "why M refused what N had sent, the last time"),
    ("truncated N", "why node N deleted entries, the last time"),
    ("stepped down N", "why node N gave up leading or campaigning, the last time"),
    ("acknowledged N", "why node N acknowledged what it did, the last time"),
    ("told COMMAND", "why a client got its answer; or 'told client N'"),
];

/// The questions, as a table.
pub(crate) fn questions() -> Vec<String> {
    let rows = QUESTIONS.map(|(words, asks)| [format!("why {words}"), asks.to_owned()]);
    Table::new(2).rows(rows).lines()
}

/// Answers a question about a history at a step.
///
/// # Errors
/// If the question has no answer: a sentence that says why.
pub(crate) fn answered(
    history: &History,
    step: u64,
    question: &Question,
) -> Result<Vec<String>, String> {
    let explained = why(history, step, question).map_err(|error| unanswerable(&error))?;
    Ok(answer(history, &explained))
}

/// An answer under its question, with the reasons below it.
pub(crate) fn answer(history: &History, answer: &Explanation) -> Vec<String> {
    let time = history.step(answer.step).map_or_else(String::new, |step| when(step.time));
    let comma = if time.is_empty() { "" } else { ", " };
    let asked = format!("Step {}{comma}{time}: why {}?", answer.step, answer.question);
    let mut lines = vec![colour::heading(&asked)];
    if answer.contradicts {
        lines.extend(paragraph("The opposite is true:", "  ", "  "));
    }
    lines.extend(reasons(answer));
    lines
}

/// A sentence of an answer, by what it tells.
pub(super) enum Sentence {
    /// What is so, what would change it, or that it depends on what follows.
    Finding(String),
    /// The verdict of a rule, and the rule.
    Ground(String, Rule),
    /// The state of another node, as far as it concerns the question.
    Standing(NodeId, String),
}

/// The sentences of an answer: what is so, the reasons, the other nodes, what would change it, and the answer
/// on which it depends.
pub(super) fn sentences(answer: &Explanation) -> Vec<Sentence> {
    let mut text = finding_text::finding(&answer.finding);
    // A node that has never campaigned has not begun with that when its timer was last reset. What a client was
    // told says the step itself.
    let has_step = matches!(answer.finding, Finding::NeverCampaigned { .. } | Finding::Told { .. });
    if let Some(step) = answer.decided_in.filter(|_| !has_step) {
        text = format!("{text} {}", decided(&answer.finding, step));
    }
    if let Some(elsewhere) = finding_text::committed_elsewhere(&answer.finding) {
        text = format!("{text} {elsewhere}");
    }
    let mut said = vec![Sentence::Finding(text)];
    if let Some((node, step)) = answer.paused {
        let after = finding_text::after(step);
        said.push(Sentence::Finding(format!("{node} was paused {after}, and still is.")));
    }
    said.extend(answer.grounds.iter().map(|ground| {
        let speaker = Speaker { node: ground.node, from: ground.from };
        Sentence::Ground(event_text::verdict(speaker, &ground.verdict), ground.verdict.rule)
    }));
    if let (Finding::Committed { entry, with, .. }, Some(step)) =
        (&answer.finding, answer.decided_in)
    {
        let counted = with.unwrap_or(*entry);
        said.push(Sentence::Finding(format!("In step {step}, of {counted}:")));
    }
    let standing = |standing: &Standing| Sentence::Standing(standing.node, stands(standing));
    said.extend(answer.others.iter().map(standing));
    if let Some(change) = &answer.change {
        // None of this happens to a paused process.
        let resumed =
            answer.paused.map_or_else(String::new, |(node, _)| format!("{node} resumed, and "));
        said.push(Sentence::Finding(format!(
            "It would change if {resumed}{}.",
            finding_text::changes(change)
        )));
    }
    if let Some(deeper) = &answer.follows_from {
        let leads = match &answer.finding {
            Finding::Another { there, .. } => format!("As for {there}:"),
            Finding::Replaced { .. } => match &deeper.finding {
                Finding::Committed { entry, .. } => format!("As for {entry}:"),
                _ => unreachable!("what was replaced was committed"),
            },
            Finding::Deleted { entry, .. } => match &deeper.finding {
                Finding::Committed { entry: it, .. } if it == entry => "Before that:".to_owned(),
                _ => format!("As for what is at index {}:", entry.index),
            },
            _ => "It depends on this:".to_owned(),
        };
        said.push(Sentence::Finding(leads));
        said.extend(sentences(deeper));
    }
    said
}

/// Says in which step a finding was decided: one that lasts, or one that happened then.
fn decided(finding: &Finding, step: u64) -> String {
    match finding {
        Finding::Refused { .. }
        | Finding::SteppedDown { .. }
        | Finding::Truncated { .. }
        | Finding::Acknowledged { .. } => format!("That was in step {step}."),
        Finding::StartedAgain { .. } => format!("That was {}.", finding_text::after(step)),
        _ => format!("That has been so since step {step}."),
    }
}

fn reasons(answer: &Explanation) -> Vec<String> {
    let lines = |sentence| match sentence {
        Sentence::Finding(text) => paragraph(&text, "  ", "  "),
        Sentence::Ground(text, _) => paragraph(&colour::faint(&text), "  └ ", "    "),
        Sentence::Standing(node, text) => paragraph(&format!("{node}  {text}"), "    ", "        "),
    };
    sentences(answer).into_iter().flat_map(lines).collect()
}

/// Says in a few words who led, in which term, and from when to when.
pub(super) fn leadership(led: &Leadership) -> String {
    let Leadership { node, term, from, end } = led;
    let until = match end {
        None => "on".to_owned(),
        Some(LeadEnd::SteppedDown(step)) => format!("until it steps down in step {step}"),
        Some(LeadEnd::Crashed(step)) => format!("until it crashes after step {step}"),
    };
    format!("{node} leads term {term} from step {from} {until}")
}

fn stands(standing: &Standing) -> String {
    if let Some(Ground { node, from, verdict, step }) = &standing.refused {
        let speaker = Speaker { node: *node, from: *from };
        let step = step.map_or_else(String::new, |step| format!(" in step {step}"));
        return format!("refused{step}: {}", event_text::reason(speaker, verdict));
    }
    let holds = match (standing.holds, standing.counted) {
        (Some(Holding::Has), true) => "has it".to_owned(),
        (Some(Holding::Has), false) => "has it, unknown to its leader".to_owned(),
        (Some(Holding::HasLost), _) => "no longer has it".to_owned(),
        (Some(Holding::Lacks), false) => "lacks it".to_owned(),
        (Some(Holding::Lacks), true) => "lacks it, though its leader counts it".to_owned(),
        (Some(Holding::HasAnother), false) => "has another of this index and term".to_owned(),
        (Some(Holding::HasAnother), true) => {
            "has another of this index and term, though its leader counts it".to_owned()
        }
        (None, _) => standing.uncounted.map_or_else(|| "counted".to_owned(), uncounted),
    };
    // The text on an uncounted vote is about an earlier step, so what follows has to say "now".
    let (and, now) = if standing.uncounted.is_some() { ("; it", " now") } else { (",", "") };
    let link = match (standing.up, standing.link) {
        (false, _) => format!("{and} is down{now}"),
        (true, (true, true)) => String::new(),
        (true, (false, false)) => format!("{and} is cut off{now}"),
        (true, (false, true)) => format!("{and} cannot be reached{now}"),
        (true, (true, false)) => ", and its replies cannot come back".to_owned(),
    };
    let to = standing.in_flight_to;
    let directions = [(to, "to it"), (standing.in_flight.len() - to, "from it")];
    let directions = directions.iter().filter(|(count, _)| *count > 0);
    let directions: Vec<_> = directions.map(|(count, way)| format!("{count} {way}")).collect();
    // They change nothing for a node that counts already or cannot hear.
    let in_flight = match directions[..] {
        _ if standing.counted || !standing.up => String::new(),
        [] => String::new(),
        _ => format!(", messages in flight: {}", directions.join(" and ")),
    };
    let still = if standing.paused { format!("{and} is paused{now}") } else { String::new() };
    format!("{holds}{link}{still}{in_flight}")
}

/// Why a vote that was not refused is not counted.
fn uncounted(why: Uncounted) -> String {
    match why {
        Uncounted::NotAsked => "was not asked in this term".to_owned(),
        Uncounted::RequestUnderWay { asked } => {
            format!("has not been reached: the request was written in step {asked}")
        }
        Uncounted::RequestLost { lost } => {
            format!("was not told of the election: the request was lost in step {lost}")
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

/// The questions that begin with a word that was typed or with one like it; all of them, if none does.
fn asked_like(typed: &str) -> Vec<String> {
    let likeness = |words: &str| {
        let known = words.strip_prefix("not ").unwrap_or(words).split(' ').next().unwrap_or(words);
        let alike = typed.split_whitespace().map(|word| strsim::jaro_winkler(word, known));
        alike.fold(0.0, f64::max)
    };
    let all = QUESTIONS.map(|(words, _)| (likeness(words), format!("'{words}'")));
    let best = all.iter().map(|(likeness, _)| *likeness).fold(0.0, f64::max);
    let is_near = |likeness: f64| best < 0.85 || likeness >= best;
    all.into_iter().filter(|(likeness, _)| is_near(*likeness)).map(|(_, words)| words).collect()
}

/// Why a question has no answer, and what to do, in one sentence.
pub(crate) fn unanswerable(why: &Unanswerable) -> String {
    match why {
        Unanswerable::NotUnderstood { typed } if typed.contains("vote") => format!(
            "'{typed}' is not a question known here; 'blame 0 votedFor' says when and for whom n0 voted, and \
             'why refused 1 -> 0' why it refused n1 its vote"
        ),
        Unanswerable::NotUnderstood { typed } if typed.contains("committed ") => format!(
            "'{typed}' is not a question known here; ask about an index, as in 'committed 2'; 'why told x=1' says at which \
             index a client's command is"
        ),
        Unanswerable::NotUnderstood { typed } => {
            let ask = asked_like(typed).join(" or ");
            format!("'{typed}' is not a question known here; ask {ask}")
        }
        Unanswerable::NoSuchNode { node, nodes } => {
            format!("there is no node {node} in this run; its nodes are 0 to {}", nodes - 1)
        }
        Unanswerable::NoSuchStep { last: 0, .. } => {
            "no node has made a step yet, so nothing can be asked; let one happen first".to_owned()
        }
        Unanswerable::NoSuchStep { step, last } => {
            format!("there is no step {step} in this run; {}", steps(*last))
        }
        Unanswerable::NoSuchEntry { index, last } if last.get() == 0 => {
            format!(
                "no node has an entry at index {index} here: all logs are empty; ask at another step"
            )
        }
        Unanswerable::NoSuchEntry { index, last } => format!(
            "no node has an entry at index {index} here; ask about an index from 1 to {last}, or at another step"
        ),
        Unanswerable::NotHappened { question, step, others } if !others.is_empty() => {
            let others = others.iter().take(MOST_OTHERS);
            let others = others.map(|(other, step)| format!("'{other}' did in step {step}"));
            format!("'{question}' has not happened up to step {step}; {}", joined(others, ", "))
        }
        Unanswerable::NotHappened { question: Question::Told { .. }, step, .. } => format!(
            "no such client has asked up to step {step}; name one by its number, as in 'told client 1', or by a part \
             of its command"
        ),
        Unanswerable::NotHappened { question, step, .. } => format!(
            "'{question}' has not happened up to step {step}; ask at another step, or \
             'committed', 'not committed', 'leader' or 'not leader' of any node"
        ),
    }
}
