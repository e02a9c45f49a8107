//! A run as a sequence diagram for Mermaid, which many wikis and README files draw.

use std::fmt::{self, Write};

use super::moments::MomentKind;
use super::run_record::RunRecord;

pub(super) const MARKER: &str = "%% Written by raft-cluster, which may replace this file.";

/// The run as a diagram. A message stands at the moment of its arrival, or of its loss.
pub(super) fn diagram(run: &RunRecord) -> String {
    let mut lines = format!("{MARKER}\nsequenceDiagram\n");
    let mut line = |text: fmt::Arguments<'_>| {
        lines.push_str("    ");
        lines.write_fmt(text).expect("a string takes whatever is written");
        lines.push('\n');
    };
    for node in 0..run.heading.nodes {
        line(format_args!("participant n{node}"));
    }
    for (at, moment) in run.moments.iter().enumerate() {
        if let Some(message) = moment.got.and_then(|got| run.message(got)) {
            let arrow = if message.reply { "-->>" } else { "->>" };
            line(format_args!("{}{arrow}{}: {}", message.from, message.to, message.name));
        }
        match (moment.node, &moment.mark) {
            (Some(node), Some(mark)) => line(format_args!("Note over {node}: {}", plain(mark))),
            (None, _) if !matches!(moment.kind, MomentKind::Note) => {
                let ends = format!("n0,n{}", run.heading.nodes - 1);
                line(format_args!("Note over {ends}: {}", plain(&moment.title)));
            }
            _ => {}
        }
        let is_lost = |lost: (usize, &str)| lost.0 == at;
        for message in run.messages.iter().filter(|it| it.lost.is_some_and(is_lost)) {
            line(format_args!("{}--x{}: {} (lost)", message.from, message.to, message.name));
        }
    }
    lines
}

/// Replaces the characters that have a meaning in Mermaid with spaces.
fn plain(text: &str) -> String {
    let sign = |letter: char| matches!(letter, '#' | ';' | '<' | '>' | '%' | '`' | '"');
    text.chars().map(|letter| if sign(letter) { ' ' } else { letter }).collect()
}
