//! A run as one page that needs no other file and loads nothing: a diagram to walk through, the state of every
//! node at each moment, what happened and by which rule.
//!
//! The sources of the page lie beside this file and are compiled into the program: `run.js` keeps the run,
//! `draw.js` makes elements, `diagram.js` and `panels.js` show the run, `viewer.js` chooses the moment, and
//! `main.js` starts the page. The page of a run in progress (`live`) also has `ring.js` and `explore*.js`.
//! A recorded run is put in as data, [`RunRecord`]; its texts are escaped, and the page shows them only as
//! text. The content policy forbids every script and style without the page's own nonce.

mod answers;
pub(crate) mod live;
mod mermaid;
pub(crate) mod moments;
mod run_record;
mod svg;

use std::ops::RangeInclusive;
use std::path::Path;

use clap::ValueEnum;

use crate::digest;
use crate::properties::report::SafetyReport;
use crate::record::history::History;
use crate::scenario::library::{BROKEN, SHIPPED};
use crate::scenario::script::Script;
use crate::view::why::QUESTIONS;
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
    /// The text with which every file of this kind begins.
    pub(crate) const fn marker(self) -> &'static str {
        match self {
            Self::Page => MARKER,
            Self::Svg => svg::MARKER,
            Self::Mermaid => mermaid::MARKER,
        }
    }

    /// How many steps a report shows by default: as many as a reader can look at, and a browser can handle.
    const fn most(self) -> u64 {
        match self {
            Self::Page => 20_000,
            Self::Svg | Self::Mermaid => 100,
        }
    }

    /// Writes a run with its safety report: these steps of it, or by default the first ones. `script` is its
    /// scenario, if that is known.
    pub(crate) fn write(
        self,
        history: &History,
        safety: &SafetyReport,
        steps: Option<&RangeInclusive<u64>>,
        script: Option<&Script>,
    ) -> String {
        let first = 1..=self.most();
        let mut record =
            RunRecord::of(history, safety, steps.unwrap_or(&first), self == Self::Page);
        if let Some(script) = script {
            record.heading.add_script(script);
        }
        match self {
            Self::Page => html(&record),
            Self::Svg => svg::picture(&record),
            Self::Mermaid => mermaid::diagram(&record),
        }
    }
}

/// Says that a report was written, and what to do with it.
pub(crate) fn written(file: &Path, kind: ReportKind) -> String {
    let file = file.display();
    match kind {
        ReportKind::Page => format!("Written: {file}, to be opened in a browser."),
        ReportKind::Svg | ReportKind::Mermaid => format!("Written: {file}."),
    }
}

const MARKER: &str =
    "<!doctype html>\n<!-- Written by raft-cluster, which may replace this file. -->";

const HTML: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");

/// The scripts that both pages share.
const DRAWING: &str = concat!(
    include_str!("run.js"),
    include_str!("draw.js"),
    include_str!("diagram.js"),
    include_str!("panels.js"),
    include_str!("viewer.js"),
);

/// Returns the text for a place that both pages have.
fn shared(name: &str) -> &'static str {
    match name {
        "style" => STYLE,
        "diagram" => include_str!("diagram.html"),
        "panels" => include_str!("panels.html"),
        "drawing" => DRAWING,
        "cells" => {
            "A cell is an entry of a log: its term. A solid frame means that the node knows that the entry is committed. 2@1 is the entry at index 2, of term 1."
        }
        name => unreachable!("the page has no place called {name}"),
    }
}

fn html(record: &RunRecord) -> String {
    let run = serde_json::to_string(record).expect("a run's record has only names as keys");
    // Inside a script element only a tag can end the data, and every tag begins with `<`.
    let run = run.replace('<', "\\u003c");
    // A text in the run cannot carry this nonce, because the nonce is the digest of the run with that text.
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

/// The scripts that only the page of a run in progress has. The last of them starts the page.
const EXPLORE: &str = concat!(
    include_str!("ring.js"),
    include_str!("explore.js"),
    include_str!("explore_play.js"),
    include_str!("explore_acts.js"),
    include_str!("explore_answers.js"),
    include_str!("explore_session.js"),
);

/// Returns the page of a run in progress, and its policy: only scripts and styles with this nonce take effect.
pub(crate) fn explore(nonce: &str) -> (String, String) {
    let names = SHIPPED.iter().chain(BROKEN).map(|(name, _)| format!("<option>{name}</option>"));
    let scenarios: String = names.collect();
    let questions =
        QUESTIONS.map(|(words, asks)| format!("<option value=\"{words}\">{asks}</option>"));
    let questions = questions.concat();
    let page = filled(include_str!("explore.html"), |name| match name {
        "scenarios" => &scenarios,
        "questions" => &questions,
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

/// Fills each `{{place}}` of a page with its text.
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
