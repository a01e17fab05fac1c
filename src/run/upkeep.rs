//! Removing what no version needs, and making a whole version current again: as a run of its own,
//! with the leases of all pipelines, so that nobody writes meanwhile.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::path::Path;

use super::ending::Ending;
use super::leases::{Leases, taken};
use super::workspace::Workspace;
use crate::error::Result;
use crate::lake::read_lease;
use crate::layout::{LEASES, Object};
use crate::tableset::{Manifest, Sweep, TableSet, remove, restore, sweep};

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

/// Makes `old` the current version of `set` again, as run `id`; gives the new version.
///
/// # Errors
/// When a pipeline is being run, or the store fails.
pub async fn roll_back(
    workspace: &Workspace,
    set: &TableSet,
    old: &Manifest,
    id: &str,
) -> Result<u64> {
    alone(workspace, id, restore(set, old, id, workspace.clock.now())).await
}

/// Does `what` while no pipeline of the lake is being run, declared here or not.
async fn alone<T>(
    workspace: &Workspace,
    id: &str,
    what: impl Future<Output = Result<T>>,
) -> Result<T> {
    let _awaited = workspace.stop.under_way();
    let names = workspace.project.pipelines.iter().map(|pipeline| pipeline.name.as_str());
    let names: BTreeSet<&str> = names.collect();
    let leases = Leases::take(workspace, &names, id).await?;
    let done = async {
        refuse_others(workspace, id).await?;
        what.await
    };
    let ending = Ending::new(&workspace.stop, &leases);
    let done = tokio::select! {
        done = done => done,
        error = ending.comes() => Err(error),
    };
    let given_back = leases.give_back().await;
    let done = done?;
    given_back.map(|()| done)
}

/// Fails where a pipeline that is not declared here holds a lease.
async fn refuse_others(workspace: &Workspace, id: &str) -> Result<()> {
    let place = workspace.lake.set().place();
    let folder = Path::from(LEASES);
    let mut objects = place.store.list(Some(&folder));
    let failed = |error| place.failed(&folder, error);
    while let Some(meta) = objects.try_next().await.map_err(failed)? {
        let Some(Object::Lease(pipeline)) = Object::of(&meta.location) else { continue };
        let lease = read_lease(&workspace.lake, pipeline).await?;
        let now = workspace.clock.now();
        if let Some(lease) = lease.filter(|lease| lease.run != id && lease.is_live(now)) {
            return Err(taken(&lease));
        }
    }
    Ok(())
}
