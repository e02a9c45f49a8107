//! A run as one page that needs nothing else and loads nothing: a diagram to walk through, how every node
//! stood, what happened and by which rule.
//!
//! The page's own sources lie beside this file, and are part of the program: `run.js` keeps the run,
//! `draw.js` makes elements, `diagram.js` and `panels.js` show it, `main.js` decides which moment. The run
//! goes in as data, [`RunRecord`]; its texts are escaped, and the page shows them as text only. The content
//! policy forbids everything that does not carry the page's own nonce.

mod answers;
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
const SCRIPT: &str = concat!(
    include_str!("run.js"),
    include_str!("draw.js"),
    include_str!("diagram.js"),
    include_str!("panels.js"),
    include_str!("main.js"),
);

fn html(record: &RunRecord) -> String {
    let run = serde_json::to_string(record).expect("a run's record has only names as keys");
    // Inside a script element only a tag could end the data.
    let run = run.replace('<', "\\u003c");
    // Whoever writes a text into a run would have to know the digest of the run with that text in it.
    let nonce = format!("{:016x}", digest::chain_line(0, &run));
    let title = record.title.replace('&', "&amp;").replace('<', "&lt;");
    let mut page = String::with_capacity(run.len() + HTML.len() + STYLE.len() + SCRIPT.len());
    let mut rest = HTML;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("a place in the page has an end");
        page.push_str(before);
        page.push_str(match name {
            "title" => &title,
            "nonce" => &nonce,
            "style" => STYLE,
            "run" => &run,
            "script" => SCRIPT,
            name => unreachable!("the page has no place called {name}"),
        });
        rest = after;
    }
    page.push_str(rest);
    page
}
