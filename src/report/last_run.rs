//! What the last run did.

use super::dictionary::{Scope, single};
use super::page::{Block, Line, Section, Span, code, codes, joined, listed, plain};
use crate::lake::{RunRecord, RunState};

/// The anchor of the section.
pub(super) const ANCHOR: &str = "last-run";

/// What the run of `record` did; that there is none, where there is none.
pub(super) fn section(scope: Scope<'_>, record: Option<&RunRecord>) -> Section {
    let blocks = match record {
        None => vec![Block::Paragraph(plain("no run yet"))],
        Some(record) => told(scope, record),
    };
    single(ANCHOR, "Last run", blocks)
}

fn told(scope: Scope<'_>, record: &RunRecord) -> Vec<Block> {
    let ended = record.ended_at.as_deref().unwrap_or("not ended");
    let versions = record.published.iter().map(|(destination, version)| {
        vec![Span::Code(destination.clone()), Span::Text(format!(" version {version}"))]
    });
    let mut facts = vec![
        ("Run", code(&record.id)),
        ("As of", plain(&record.as_of)),
        ("When", plain(format!("{} to {ended}", record.started_at))),
        ("Outcome", plain(outcome(record.state))),
        ("Pipelines", listed(codes(&record.pipelines), "all")),
        ("Published", joined(versions, ", ", "nothing")),
    ];
    if !record.select.is_empty() {
        facts.push(("Selected", listed(codes(&record.select), "all")));
    }
    if let Some(error) = &record.error {
        facts.push(("Error", plain(error)));
    }
    let made = record.steps.iter().filter(|step| step.kind == "model" && scope.is_mart(&step.name));
    let mut rows: Vec<(&str, u64)> = made
        .filter_map(|step| {
            let (_, rows) = step.rows.iter().find(|(what, _)| what == "out")?;
            Some((step.name.as_str(), *rows))
        })
        .collect();
    rows.sort_unstable();
    let rows = rows.into_iter().map(|(name, rows)| vec![vec![scope.link(name)], number(rows)]);
    let checks = record.checks.iter().map(|check| {
        vec![
            vec![scope.link(&check.table)],
            code(&check.check),
            plain(&check.outcome),
            number(check.offenders),
        ]
    });
    let tables = [
        Block::Table(vec!["Table", "Rows"], rows.collect()),
        Block::Table(vec!["Table", "Check", "Outcome", "Offenders"], checks.collect()),
    ];
    let filled = |block: &Block| !matches!(block, Block::Table(_, rows) if rows.is_empty());
    std::iter::once(Block::Facts(facts)).chain(tables.into_iter().filter(filled)).collect()
}

fn number(number: u64) -> Line {
    plain(number.to_string())
}

fn outcome(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::UpToDate => "up to date",
        RunState::Failed => "failed",
        RunState::Interrupted => "interrupted",
    }
}
