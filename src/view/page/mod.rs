//! A run as one page that needs nothing else and loads nothing: a diagram to walk through, how every node
//! stood, what happened and by which rule.
//!
//! The page's own sources lie beside this file, and are part of the program: `run.js` keeps the run,
//! `draw.js` makes elements, `diagram.js` and `panels.js` show it, `viewer.js` decides which moment, `main.js`
//! begins. The page of a run that goes on (`live`) has `ring.js` and `explore*.js` besides. A recorded run
//! goes in as data, [`RunRecord`]; its texts are escaped, and the page shows them as text only. The content
//! policy forbids everything that does not carry the page's own nonce.

mod answers;
pub(crate) mod live;
mod mermaid;
mod moments;
mod run_record;
mod svg;

use std::ops::RangeInclusive;
use std::path::Path;

use clap::ValueEnum;

use crate::digest;
use crate::properties::report::SafetyReport;
use crate::record::history::History;
use crate::scenario::library::{BROKEN, SHIPPED};
use run_record::RunRecord;

/// A way to write a run down to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum ReportKind {
    /// A page to step through, in HTML
    #[default]
    Page,
    /// A picture of the steps, in SVG
    Svg,
    /// A sequence diagram in the language of Mermaid
    Mermaid,
}

impl ReportKind {
    /// What every file of this kind begins with.
    pub(crate) const fn marker(self) -> &'static str {
        match self {
            Self::Page => MARKER,
            Self::Svg => svg::MARKER,
            Self::Mermaid => mermaid::MARKER,
        }
    }

    /// How many steps it shows, if nobody says which: as many as one can look at, and as a browser bears.
    const fn most(self) -> u64 {
        match self {
            Self::Page => 20_000,
            Self::Svg | Self::Mermaid => 100,
        }
    }

    /// A run, with what the checks of it came to: these steps of it, or the first.
    pub(crate) fn write(
        self,
        history: &History,
        safety: &SafetyReport,
        steps: Option<&RangeInclusive<u64>>,
    ) -> String {
        let first = 1..=self.most();
        let record = RunRecord::of(history, safety, steps.unwrap_or(&first), self == Self::Page);
        match self {
            Self::Page => html(&record),
            Self::Svg => svg::picture(&record),
            Self::Mermaid => mermaid::diagram(&record),
        }
    }
}

/// That a report was written, and what to do with it.
pub(crate) fn written(file: &Path, kind: ReportKind) -> String {
    let file = file.display();
    match kind {
        ReportKind::Page => format!("Written: {file}, to be opened in a browser."),
        ReportKind::Svg | ReportKind::Mermaid => format!("Written: {file}."),
    }
}

/// What every page begins with.
const MARKER: &str =
    "<!doctype html>\n<!-- Written by raft-cluster, which may replace this file. -->";

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// What both pages are drawn with.
const DRAWING: &str = concat!(
    include_str!("run.js"),
    include_str!("draw.js"),
    include_str!("diagram.js"),
    include_str!("panels.js"),
    include_str!("viewer.js"),
);

/// What both pages have in them, at the same places.
fn shared(name: &str) -> &'static str {
    match name {
        "style" => STYLE,
        "diagram" => include_str!("diagram.html"),
        "panels" => include_str!("panels.html"),
        "drawing" => DRAWING,
        name => unreachable!("the page has no place called {name}"),
    }
}

fn html(record: &RunRecord) -> String {
    let run = serde_json::to_string(record).expect("a run's record has only names as keys");
    // Inside a script element only a tag could end the data.
    let run = run.replace('<', "\\u003c");
    // Whoever writes a text into a run would have to know the digest of the run with that text in it.
    let nonce = format!("{:016x}", digest::chain_line(0, &run));
    let title = record.heading.title.replace('&', "&amp;").replace('<', "&lt;");
    filled(HTML, |name| match name {
        "title" => &title,
        "nonce" => &nonce,
        "run" => &run,
        "script" => include_str!("main.js"),
        name => shared(name),
    })
}

/// What the page of a run that goes on does besides; the last begins.
const EXPLORE: &str = concat!(
    include_str!("ring.js"),
    include_str!("explore.js"),
    include_str!("explore_play.js"),
    include_str!("explore_acts.js"),
    include_str!("explore_answers.js"),
    include_str!("explore_session.js"),
);

/// The page of a run that goes on, in which only what has this nonce runs; and the policy that says so.
pub(crate) fn explore(nonce: &str) -> (String, String) {
    let names = SHIPPED.iter().chain(BROKEN).map(|(name, _)| format!("<option>{name}</option>"));
    let scenarios: String = names.collect();
    let page = filled(include_str!("explore.html"), |name| match name {
        "scenarios" => &scenarios,
        "nonce" => nonce,
        "own-style" => include_str!("explore.css"),
        "script" => EXPLORE,
        name => shared(name),
    });
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    (page, policy)
}

/// A page, with each `{{place}}` filled.
fn filled<'a>(page: &'a str, text: impl Fn(&str) -> &'a str) -> String {
    let mut whole = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a place in the page has an end");
        whole.push_str(before);
        whole.push_str(text(name));
        rest = after;
    }
    whole.push_str(rest);
    whole
}
