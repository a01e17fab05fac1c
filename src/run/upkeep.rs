//! Removing what no version needs, and making a whole version current again: as a run of its own,
//! with the leases of all pipelines, so that nobody writes meanwhile.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::ending::Ending;
use super::leases::Leases;
use super::workspace::Workspace;
use crate::error::{Error, Kind, Result};
use crate::lake::change;
use crate::layout::{LEASES, Object};
use crate::publish::refresh;
use crate::tableset::{
    Health, Look, Manifest, Sweep, TableSet, health, missing, remove, restore, sweep,
};

/// The lake and the destinations, each with its name for people.
///
/// # Errors
/// When a place cannot be opened.
pub fn table_sets(workspace: &Workspace) -> Result<Vec<(String, TableSet)>> {
    let mut sets = vec![("lake".to_owned(), workspace.lake.set().clone())];
    for destination in &workspace.project.destinations {
        let set = workspace.destination(&destination.name)?;
        sets.push((format!("destination {}", destination.name), set));
    }
    Ok(sets)
}

/// What `vacuum` would remove now.
///
/// # Errors
/// When a store fails, or a kept manifest cannot be read.
pub async fn plan_vacuum(workspace: &Workspace) -> Result<Vec<(TableSet, Sweep)>> {
    let (keep, now) = (workspace.project.keep, workspace.clock.now());
    let mut swept = Vec::new();
    for (_, set) in table_sets(workspace)? {
        let sweep = sweep(&set, keep, now).await?;
        swept.push((set, sweep));
    }
    Ok(swept)
}

/// Removes what no kept version needs, as run `id`; `told` hears of each set before its files go.
///
/// # Errors
/// When a pipeline is being run, a store fails, or a head moves meanwhile.
pub async fn vacuum(
    workspace: &Workspace,
    id: &str,
    told: &(dyn Fn(&TableSet, &Sweep) + Send + Sync),
) -> Result<()> {
    alone(workspace, id, async {
        for (set, sweep) in plan_vacuum(workspace).await? {
            told(&set, &sweep);
            remove(&set, &sweep).await?;
        }
        Ok(())
    })
    .await
}

/// Makes the version at `path` the current one of `set` again, as run `id`; gives the new version.
///
/// # Errors
/// When it is gone or not whole, a pipeline is being run, or the store fails.
pub async fn roll_back(workspace: &Workspace, set: &TableSet, path: &str, id: &str) -> Result<u64> {
    let rolled_back = async {
        let old = set.manifest(path).await?;
        if let Some(fault) = missing(set, &old).await?.first() {
            let version = old.version;
            return Err(Error::new(
                Kind::Nothing,
                format!("version {version} of {} is not whole: {fault}", set.place()),
            )
            .hint("go back to another one"));
        }
        made_current(workspace, set, &old, id).await
    };
    alone(workspace, id, rolled_back).await
}

/// What `repair` did for one table set.
pub enum Repaired {
    /// Nothing was to be done.
    Not(Health),
    /// The old version is current again, as the new one, after `faults`.
    Done {
        /// What was wrong.
        faults: Vec<String>,
        /// The version that was current, where it can be read.
        before: Option<Box<Manifest>>,
        /// The version that is current again.
        whole: Box<Manifest>,
        /// Its new number.
        version: u64,
    },
}

/// Makes the newest whole version of every damaged table set current again, as run `id`.
///
/// # Errors
/// When a pipeline is being run, or a store fails.
pub async fn repair(
    workspace: &Workspace,
    look: Look,
    id: &str,
) -> Result<Vec<(String, Repaired)>> {
    let repaired = async {
        let mut repaired = Vec::new();
        for (name, set) in table_sets(workspace)? {
            let what = match health(&set, look).await? {
                Health::Broken { faults, current: before, whole: Some(whole) } => {
                    let version = made_current(workspace, &set, &whole, id).await?;
                    Repaired::Done { faults, before, whole, version }
                }
                other => Repaired::Not(other),
            };
            repaired.push((name, what));
        }
        Ok(repaired)
    };
    alone(workspace, id, Box::pin(repaired)).await
}

/// Makes `old` current; what is derived from the head follows it.
async fn made_current(
    workspace: &Workspace,
    set: &TableSet,
    old: &Manifest,
    id: &str,
) -> Result<u64> {
    let version = restore(set, old, id, workspace.clock.now()).await?;
    if set.url() != workspace.lake.set().url() {
        refresh(set).await?;
    }
    Ok(version)
}

/// Forgets the slots of `pipeline` that lie ahead of the clock, as run `id`; gives whether there
/// were any.
///
/// # Errors
/// When the pipeline is being run, or the store fails.
pub async fn forget_ahead(workspace: &Workspace, pipeline: &str, id: &str) -> Result<bool> {
    let now = workspace.clock.now();
    let forgotten = change(&workspace.lake, pipeline, |journal| journal.forget_after(now));
    let forgotten = async { forgotten.await.map(|(_, took)| took) };
    alone(workspace, id, forgotten).await
}

/// Does `what` while no pipeline of the lake is being run, declared here or not.
async fn alone<T>(
    workspace: &Workspace,
    id: &str,
    what: impl Future<Output = Result<T>>,
) -> Result<T> {
    let _awaited = workspace.stop.under_way();
    let ran = ever_run(workspace).await?;
    let declared = workspace.project.pipelines.iter().map(|pipeline| pipeline.name.as_str());
    let names: BTreeSet<&str> = declared.chain(ran.iter().map(String::as_str)).collect();
    let leases = Leases::take(workspace, &names, id).await?;
    let ending = Ending::new(&workspace.stop, &leases);
    let done = tokio::select! {
        done = what => done,
        error = ending.comes() => Err(error),
    };
    let given_back = leases.give_back().await;
    let done = done?;
    given_back.map(|()| done)
}

/// The pipelines that have a lease: some may be declared by other projects only.
async fn ever_run(workspace: &Workspace) -> Result<Vec<String>> {
    let place = workspace.lake.set().place();
    let folder = Path::from(LEASES);
    let objects: Vec<ObjectMeta> = place
        .store
        .list(Some(&folder))
        .try_collect()
        .await
        .map_err(|error| place.failed(&folder, error))?;
    let names = objects.iter().filter_map(|meta| match Object::of(&meta.location) {
        Some(Object::Lease(pipeline)) => Some(pipeline.to_owned()),
        _ => None,
    });
    Ok(names.collect())
}
