//! Making quarters of the past, one after the other, as they would have been made at the time.
//!
//! A marker in the lake says how far it came: a backfill that was stopped is carried on by another
//! process, on another machine if need be. Each quarter is kept; tables of newer days stay as they
//! are.

use serde::{Deserialize, Serialize};

use super::claim::Run;
use super::execute::{Event, Progress};
use super::perform::perform;
use super::plan::Request;
use super::workspace::Workspace;
use crate::config::pipeline::MadeFor;
use crate::error::{Error, Kind, Result};
use crate::layout;
use crate::store::{Edit, Register};

/// How far a backfill has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// The first quarter.
    pub from: String,
    /// The last quarter.
    pub to: String,
    /// The pipelines.
    pub pipelines: Vec<String>,
    /// Quarters that are made, each with its run.
    pub done: Vec<(String, String)>,
    /// Whether all are.
    pub finished: bool,
}

impl Backfill {
    /// Whether `quarter` is made.
    fn has(&self, quarter: &str) -> bool {
        self.done.iter().any(|(done, _)| done == quarter)
    }

    /// Whether it makes the same quarters of the same pipelines.
    fn is_of(&self, other: &Self) -> bool {
        (&self.from, &self.to, &self.pipelines) == (&other.from, &other.to, &other.pipelines)
    }
}

fn register(workspace: &Workspace) -> Register<Backfill> {
    Register::new(workspace.lake.set().place(), layout::backfill())
}

/// The last backfill; `None` where there never was one.
///
/// # Errors
/// When the store fails.
pub async fn last_backfill(workspace: &Workspace) -> Result<Option<Backfill>> {
    register(workspace).read().await
}

/// The quarters from `from` to `to`, in order.
fn quarters(workspace: &Workspace, from: &str, to: &str) -> Result<Vec<String>> {
    let fiscal = workspace.project.settings.fiscal;
    let parse = |name: &str| {
        fiscal.parse_quarter(name).ok_or_else(|| {
            Error::new(Kind::Usage, format!("\"{name}\" is not a quarter")).hint("write as 2026Q3")
        })
    };
    let ((mut first, _), (_, last)) = (parse(from)?, parse(to)?);
    let mut quarters = Vec::new();
    while first <= last {
        quarters.push(fiscal.quarter(first));
        first = fiscal.quarter_end(first) + 1;
    }
    if quarters.is_empty() {
        return Err(Error::new(Kind::Usage, format!("quarter {to} lies before {from}"))
            .hint("let --from be the earlier of the two"));
    }
    Ok(quarters)
}

/// A new backfill of `pipelines`; of those made for quarters where none is named.
///
/// # Errors
/// When the span is none, or no pipeline is made for quarters.
pub fn new_backfill(
    workspace: &Workspace,
    from: &str,
    to: &str,
    pipelines: &[String],
) -> Result<Backfill> {
    let quarters = quarters(workspace, from, to)?;
    let mut pipelines = pipelines.to_vec();
    if pipelines.is_empty() {
        let all = workspace.project.pipelines.iter();
        let all = all.filter(|pipeline| pipeline.made_for == MadeFor::Quarter);
        pipelines.extend(all.map(|pipeline| pipeline.name.clone()));
    }
    if pipelines.is_empty() {
        return Err(Error::new(Kind::Nothing, "no pipeline is made for quarters")
            .hint("name pipelines, or write made_for: quarter in one"));
    }
    Ok(Backfill {
        from: quarters.first().cloned().unwrap_or_default(),
        to: quarters.last().cloned().unwrap_or_default(),
        pipelines,
        done: Vec::new(),
        finished: false,
    })
}

/// Makes the quarters of `backfill` that are not made yet; gives it as it then stands.
///
/// # Errors
/// Whatever stopped it; the marker says how far it came.
pub async fn run_backfill(
    workspace: &Workspace,
    mut backfill: Backfill,
    early: bool,
    ids: &(dyn Fn() -> String + Send + Sync),
    progress: Progress<'_>,
) -> Result<Backfill> {
    let quarters = quarters(workspace, &backfill.from, &backfill.to)?;
    let request = |quarter: &str| {
        let request = Request { pipelines: backfill.pipelines.clone(), ..Request::default() };
        request.for_quarter(workspace, quarter, early)
    };
    // All are asked for before any is made: the last may be too young.
    let requests: Vec<Request> =
        quarters.iter().map(|quarter| request(quarter)).collect::<Result<_>>()?;
    begin(workspace, &backfill).await?;
    let all = quarters.len();
    for (number, (quarter, request)) in quarters.into_iter().zip(requests).enumerate() {
        if backfill.has(&quarter) {
            continue;
        }
        progress(Event::Note(format!("quarter {quarter}, {} of {all}", number + 1)));
        let id = ids();
        let run = Run { id: &id, claim: None, retries: None };
        perform(workspace, &request, &run, progress).await.map_err(|error| {
            let hint = error.hint.clone().unwrap_or_default();
            let hint = format!("{hint}; then carry on with \"pobudka backfill --resume\"");
            error.at(format!("quarter {quarter}")).hint(hint.trim_start_matches("; ").to_owned())
        })?;
        backfill = enter(workspace, &backfill, &quarter, &id, all).await?;
    }
    Ok(backfill)
}

/// Writes the marker of a backfill that begins, or is carried on.
async fn begin(workspace: &Workspace, backfill: &Backfill) -> Result<()> {
    let begun = |_| std::future::ready(Ok(Edit::Write(backfill.clone(), ())));
    register(workspace).update(begun).await
}

/// Enters a quarter that `run` has made, and gives the marker as it then stands.
async fn enter(
    workspace: &Workspace,
    backfill: &Backfill,
    quarter: &str,
    run: &str,
    all: usize,
) -> Result<Backfill> {
    let entered = |found: Option<Backfill>| {
        let mut backfill = found.filter(|found| found.is_of(backfill)).unwrap_or(backfill.clone());
        if !backfill.has(quarter) {
            backfill.done.push((quarter.to_owned(), run.to_owned()));
        }
        backfill.finished = backfill.done.len() == all;
        Edit::Write(backfill.clone(), backfill)
    };
    register(workspace).update(|found| std::future::ready(Ok(entered(found)))).await
}
