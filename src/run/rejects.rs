//! Rejected rows once more, as a run of its own: on record, with the pipelines' leases.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ending::Ending;
use super::execute::blank;
use super::leases::Leases;
use super::perform::check_store;
use super::record::now;
use super::workspace::Workspace;
use crate::config::pipeline::Source;
use crate::error::{Error, Kind, Result};
use crate::lake::{
    Loading, Replayed, RunRecord, RunState, StepRecord, discard, replay, write_record,
};
use crate::names;

/// What is to become of rejects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejects {
    /// They are read again by what is declared now.
    Replay,
    /// They are given up.
    Discard,
}

/// Reads the rejects of `source` (of all sources where none is named) again, or gives them up, as
/// run `id`.
///
/// # Errors
/// When there is no such source, a pipeline is being run, or the store fails.
pub async fn settle_rejects(
    workspace: &Workspace,
    source: Option<&str>,
    what: Rejects,
    id: &str,
) -> Result<Vec<Replayed>> {
    let pipelines = &workspace.project.pipelines;
    let wanted = |name: &str| source.is_none_or(|source| source == name);
    let all = || pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    let sources: Vec<Arc<Source>> =
        all().filter(|one| wanted(&one.name)).map(|one| Arc::new(one.clone())).collect();
    if let (Some(source), true) = (source, sources.is_empty()) {
        return Err(Error::new(Kind::Nothing, format!("source \"{source}\" does not exist"))
            .hint(names::suggest(source, all().map(|one| one.name.as_str()))));
    }
    let _awaited = workspace.stop.under_way();
    check_store(workspace.lake.set(), id).await?;
    let concerned = pipelines.iter();
    let concerned: BTreeSet<&str> = concerned
        .filter(|pipeline| pipeline.sources.iter().any(|one| wanted(&one.name)))
        .map(|pipeline| pipeline.name.as_str())
        .collect();
    let leases = Leases::take(workspace, &concerned, id).await?;
    let named = concerned.iter().map(|name| (*name).to_owned()).collect();
    let mut record = blank(workspace, id, named, workspace.as_of(None));
    write_record(&workspace.lake, &record).await?;
    let settled = async {
        let base = workspace.lake.set().current().await?;
        let scratch = workspace.run_scratch()?;
        let loading = Loading {
            lake: &workspace.lake,
            base: &base,
            engine: &workspace.engine,
            scratch: scratch.path(),
            run: id,
            now: workspace.clock.now(),
            accept: false,
            refused: &|_| (),
            trial: false,
        };
        match what {
            Rejects::Replay => replay(&loading, &sources).await,
            Rejects::Discard => {
                let named: BTreeSet<&str> = sources.iter().map(|one| one.name.as_str()).collect();
                discard(&loading, &|name| named.contains(name)).await
            }
        }
    };
    let ending = Ending::new(&workspace.stop, &leases);
    let settled = tokio::select! {
        settled = settled => settled,
        error = ending.comes() => Err(error),
    };
    finish(workspace, &mut record, what, &settled);
    write_record(&workspace.lake, &record).await?;
    leases.give_back().await?;
    settled
}

fn finish(
    workspace: &Workspace,
    record: &mut RunRecord,
    what: Rejects,
    settled: &Result<Vec<Replayed>>,
) {
    record.ended_at = Some(now(workspace));
    match settled {
        Ok(all) => {
            record.state = if all.is_empty() { RunState::UpToDate } else { RunState::Done };
            record.steps = all.iter().map(|one| step(what, one)).collect();
        }
        Err(error) => {
            record.state = RunState::Failed;
            record.error = Some(workspace.project.redactor.clean(&error.message));
        }
    }
}

fn step(what: Rejects, one: &Replayed) -> StepRecord {
    let kind = match what {
        Rejects::Replay => "replay",
        Rejects::Discard => "discard",
    };
    StepRecord {
        kind: kind.to_owned(),
        name: format!("{}/{}", one.source, one.export),
        milliseconds: 0,
        rows: vec![("loaded".to_owned(), one.loaded), ("rejected".to_owned(), one.rejected)],
        notes: Vec::new(),
        files: Vec::new(),
    }
}
