//! The diagram of a run as a picture that needs no other file: for docs, and for anyone who wants to show it.

use std::fmt::{self, Write};

use super::moments::{Mark, MomentKind, ShownMoment};
use super::run_record::{RunRecord, ShownMessage};
use crate::raft::RoleKind;
use crate::view::words::when;

pub(super) const MARKER: &str = "<!-- Written by raft-cluster, which may replace this file. -->";

const ROW: usize = 22;
const GUTTER: usize = 96;
const COLUMN: usize = 132;
const HEAD: usize = 30;
/// Of a message that was in flight for more rows than this before it was lost, only both ends are drawn.
const LONG_WAY: usize = 8;

/// The style: light or dark as the reader's system is. Line styles repeat what the colours say.
const STYLE: &str = "
svg { font: 12px system-ui, sans-serif; background: #fbfaf7; --text: #1d2329; --faint: #66707a; --line: #e4e1da;
  --leader: #0b6e4f; --candidate: #b25e00; --down: #b3261e; --append: #2457a6; --vote: #8a3ab9; --back: #fbfaf7 }
@media (prefers-color-scheme: dark) { svg { background: #14181c; --text: #e6e9ec; --faint: #9aa5b0;
  --line: #2b323a; --leader: #4cc796; --candidate: #f0a44b; --down: #ff8a80; --append: #84b1ff; --vote: #d7a3f5;
  --back: #14181c } }
text { fill: var(--text) } .head { font-weight: 600; font-size: 14px; text-anchor: middle }
.step { text-anchor: end } .time { fill: var(--faint); text-anchor: end } .phase { fill: var(--line) }
.phase-text { font-weight: 600 } .deed { fill: var(--down); font-style: italic } .note { fill: var(--faint) }
.deed, .note { paint-order: stroke; stroke: var(--back); stroke-width: 4 }
.life { stroke: var(--faint); stroke-width: 1.5 } .candidate { stroke: var(--candidate); stroke-width: 4;
  stroke-dasharray: 5 3 } .leader { stroke: var(--leader); stroke-width: 6 }
.paused { stroke-width: 6; stroke-dasharray: 2 4 }
.down { stroke: var(--down); stroke-width: 1; stroke-dasharray: 1 6 }
.message { stroke: var(--append); stroke-width: 1.4; fill: none } .vote { stroke: var(--vote);
  stroke-dasharray: 7 3 } .reply { stroke-width: .9 } .lost { stroke: var(--down) }
.tip { fill: var(--append); stroke: none } .tip.vote { fill: var(--vote) }
.act { fill: var(--text) } .mark { font-weight: 600; paint-order: stroke; stroke: var(--back); stroke-width: 4 }
.mark.elected { fill: var(--leader) } .mark.campaign { fill: var(--candidate) }
.mark.wrong { fill: var(--down) } .mark.client { fill: var(--faint); font-weight: 400 }
";

/// The heads of the arrows.
const TIPS: &str = "<defs><marker id=\"append\" class=\"tip\" viewBox=\"0 0 8 8\" refX=\"11\" refY=\"4\" \
    markerUnits=\"userSpaceOnUse\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker>\
    <marker id=\"vote\" class=\"tip vote\" viewBox=\"0 0 8 8\" refX=\"11\" refY=\"4\" markerUnits=\"userSpaceOnUse\" \
    markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>";

/// The run as a picture.
pub(super) fn picture(run: &RunRecord) -> String {
    let mut picture = Picture { run, text: String::new() };
    picture.draw();
    picture.text
}

struct Picture<'r> {
    run: &'r RunRecord,
    text: String,
}

/// The middle of a row.
const fn y(moment: usize) -> usize {
    HEAD + ROW * moment + ROW / 2
}

/// The middle of a node's column.
const fn x(node: usize) -> usize {
    GUTTER + COLUMN * node + COLUMN / 2
}

impl Picture<'_> {
    fn add(&mut self, element: fmt::Arguments<'_>) {
        self.text.write_fmt(element).expect("a string takes whatever is written");
        self.text.push('\n');
    }

    fn draw(&mut self) {
        let (width, height) =
            (GUTTER + COLUMN * self.run.heading.nodes, HEAD + ROW * self.run.moments.len() + 8);
        self.add(format_args!(
            "{MARKER}\n<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">"
        ));
        let (title, about) =
            (escaped(&self.run.heading.title), escaped(&self.run.heading.about.join(" ")));
        self.add(format_args!("<title>{title}: {about}</title><style>{STYLE}</style>{TIPS}"));
        for node in 0..self.run.heading.nodes {
            let x = x(node);
            self.add(format_args!("<text class=\"head\" x=\"{x}\" y=\"20\">n{node}</text>"));
            self.lifeline(node);
        }
        for message in &self.run.messages {
            self.message(message);
        }
        for at in 0..self.run.moments.len() {
            self.moment(at, width);
        }
        self.add(format_args!("</svg>"));
    }

    fn lifeline(&mut self, node: usize) {
        let (run, x) = (self.run, x(node));
        let mut line = |kind: &str, begin, end| {
            self.add(format_args!(
                "<line class=\"life {kind}\" x1=\"{x}\" x2=\"{x}\" y1=\"{begin}\" y2=\"{end}\"/>"
            ));
        };
        let (mut kind, mut begin) = (RoleKind::Follower.to_string(), HEAD);
        for (at, moment) in run.moments.iter().enumerate() {
            for after in moment.after.iter().filter(|after| after.node.index() == node) {
                let now = match (after.up, after.paused) {
                    (false, _) => "down".to_owned(),
                    (true, false) => after.role.to_string(),
                    // A node keeps its role while it is paused.
                    (true, true) => format!("{} paused", after.role),
                };
                if now != kind {
                    line(&kind, begin, y(at));
                    (kind, begin) = (now, y(at));
                }
            }
        }
        line(&kind, begin, HEAD + ROW * run.moments.len());
    }

    fn message(&mut self, message: &ShownMessage) {
        let (from, to) = (x(message.from.index()), x(message.to.index()));
        let begin = y(message.sent);
        let kind = format!("message {}{}", message.kind, if message.reply { " reply" } else { "" });
        for &at in &message.got {
            let end = y(at);
            let tip = message.kind;
            self.add(format_args!(
                "<line class=\"{kind}\" x1=\"{from}\" y1=\"{begin}\" x2=\"{to}\" y2=\"{end}\" \
                 marker-end=\"url(#{tip})\"/>"
            ));
        }
        // A message that has not arrived is a short line, with a cross where it was lost. If that was long after it
        // was sent, the cross has a line of its own, because many long lines would cover all else.
        if message.got.is_empty() {
            let (x, short) = ((from * 13 + to * 7) / 20, ROW * 2 / 5);
            let end = message.lost.map_or(begin, |(at, _)| y(at));
            let is_late = end - begin > LONG_WAY * ROW;
            let mut line = |lost: &str, from: usize, begin: usize, end: usize| {
                self.add(format_args!(
                    "<line class=\"{kind}{lost}\" x1=\"{from}\" y1=\"{begin}\" x2=\"{x}\" y2=\"{end}\"/>"
                ));
            };
            if message.lost.is_none() || is_late {
                line("", from, begin, begin + short);
            }
            if message.lost.is_some() {
                let (from, begin) =
                    if is_late { (from.midpoint(x), end - ROW) } else { (from, begin) };
                let end = end + short;
                line(" lost", from, begin, end);
                let (left, top) = (x - 4, end - 4);
                self.add(format_args!(
                    "<path class=\"message lost\" d=\"M{left} {top}l8 8m0 -8l-8 8\"/>"
                ));
            }
        }
    }

    fn moment(&mut self, at: usize, width: usize) {
        let ShownMoment { step, time_us, node, kind, title, marks, mark, .. } =
            &self.run.moments[at];
        let (y, base) = (y(at), y(at) + 4);
        if matches!(kind, MomentKind::Phase) {
            let (top, title) = (y - ROW / 2, escaped(title));
            self.add(format_args!(
                "<rect class=\"phase\" x=\"0\" y=\"{top}\" width=\"{width}\" height=\"{ROW}\"/>\
                 <text class=\"phase-text\" x=\"8\" y=\"{base}\">{title}</text>"
            ));
            return;
        }
        if *step > 0 {
            self.add(format_args!("<text class=\"step\" x=\"34\" y=\"{base}\">{step}</text>"));
        }
        let (at, time) = (GUTTER - 6, when(*time_us));
        if !time.is_empty() {
            self.add(format_args!("<text class=\"time\" x=\"{at}\" y=\"{base}\">{time}</text>"));
        }
        let mark = mark.as_deref().map(escaped);
        let Some(node) = node else {
            let class = if matches!(kind, MomentKind::Note) { "note" } else { "deed" };
            if let Some(mark) = mark {
                self.add(format_args!(
                    "<text class=\"{class}\" x=\"{GUTTER}\" y=\"{base}\">{mark}</text>"
                ));
            }
            return;
        };
        let x = x(node.index());
        self.add(format_args!("<circle class=\"act\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"));
        if let Some(mark) = mark {
            let last = node.index() + 1 == self.run.heading.nodes;
            let (x, anchor) = if last { (x - 9, "end") } else { (x + 9, "start") };
            let has = |mark| marks.contains(&mark);
            let class = match marks.first() {
                _ if has(Mark::Overridden) || has(Mark::Violated) => "wrong",
                _ if has(Mark::Elected) => "elected",
                Some(Mark::Campaign) => "campaign",
                Some(Mark::Crash | Mark::Refused) => "wrong",
                Some(Mark::Client) => "client",
                _ => "plain",
            };
            self.add(format_args!(
                "<text class=\"mark {class}\" x=\"{x}\" y=\"{base}\" text-anchor=\"{anchor}\">{mark}</text>"
            ));
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
