//! Verbs that look after what is there: vacuum, rollback, repair.

use super::args::RollbackArgs;
use super::print;
use super::verbs::run_id;
use crate::error::{Error, Kind, Result};
use crate::lake::{change, read_journal};
use crate::run::{Workspace, plan_vacuum, roll_back, table_sets, vacuum as sweep_all};
use crate::schedule::ahead;
use crate::tableset::{Health, Look, Manifest, Sweep, TableSet, health};

/// `vacuum`.
pub(super) async fn vacuum(workspace: &Workspace, plan: bool) -> Result<()> {
    let told = |set: &TableSet, sweep: &Sweep| {
        let url = set.url();
        for file in &sweep.garbage {
            print::line(format!("{url}/{}  {} bytes  {}", file.path, file.bytes, file.why));
        }
        let bytes: u64 = sweep.garbage.iter().map(|file| file.bytes).sum();
        let verb = if plan { "would be removed" } else { "are removed" };
        print::line(format!("{url}: {} files, {bytes} bytes {verb}", sweep.garbage.len()));
    };
    if plan {
        for (set, sweep) in plan_vacuum(workspace).await? {
            told(&set, &sweep);
        }
        return Ok(());
    }
    sweep_all(workspace, &run_id(workspace.clock), &told).await
}

/// The table set called `name`: `lake`, or a destination.
fn named(workspace: &Workspace, name: &str) -> Result<TableSet> {
    if name == "lake" { Ok(workspace.lake.set().clone()) } else { workspace.destination(name) }
}

/// `rollback`.
pub(super) async fn rollback(workspace: &Workspace, arguments: &RollbackArgs) -> Result<()> {
    let set = named(workspace, &arguments.what)?;
    let mut versions = Vec::new();
    let mut found = None;
    let mut next = set.head().await?.map(|head| head.manifest);
    while let Some(path) = next {
        // A version that vacuum took ends the line.
        let Ok(manifest) = set.manifest(&path).await else { break };
        versions.push((manifest.version, manifest.run.clone(), manifest.written_at.clone()));
        if Some(manifest.version) == arguments.to {
            found = Some(manifest);
            break;
        }
        next = manifest.parent;
    }
    let Some(to) = arguments.to else {
        for (version, run, when) in versions {
            print::line(format!("{version}  {when}  {run}"));
        }
        return Ok(());
    };
    let Some(old) = found else {
        return Err(Error::new(
            Kind::Nothing,
            format!("version {to} of {} does not exist any more", set.place()),
        )
        .hint(format!("list those that do with \"pobudka rollback {}\"", arguments.what)));
    };
    let version = roll_back(workspace, &set, &old, &run_id(workspace.clock)).await?;
    print::line(format!("{}: version {to} is current again, as version {version}", set.url()));
    Ok(())
}

/// `repair`.
pub(super) async fn repair(workspace: &Workspace, deep: bool) -> Result<()> {
    let look = if deep { Look::Digests } else { Look::Sizes };
    let mut lost = 0;
    for (name, set) in table_sets(workspace)? {
        match health(&set, look).await? {
            Health::Empty => print::line(format!("{name}: nothing was committed yet")),
            Health::Whole(manifest) => {
                print::line(format!("{name}: version {} is whole", manifest.version));
            }
            Health::Broken { faults, current, whole } => {
                faults.iter().for_each(|fault| print::line(format!("{name}: {fault}")));
                let Some(whole) = whole else {
                    print::line(format!("{name}: no version is whole any more"));
                    lost += 1;
                    continue;
                };
                let id = run_id(workspace.clock);
                let version = roll_back(workspace, &set, &whole, &id).await?;
                let old = whole.version;
                print::line(format!("{name}: version {old} is current again, as {version}"));
                told_lost(&name, current.as_deref(), &whole);
            }
        }
    }
    for pipeline in &workspace.project.pipelines {
        let now = workspace.clock.now();
        let name = &pipeline.name;
        if ahead(name, &read_journal(&workspace.lake, name).await?, now).is_none() {
            continue;
        }
        change(&workspace.lake, name, |journal| journal.forget_after(now)).await?;
        print::line(format!("pipeline {name}: slots ahead of the clock are forgotten"));
    }
    if lost > 0 {
        return Err(Error::new(Kind::Transient, format!("{lost} table sets are lost")).hint(
            "bring their folder back from a copy; else move it away, and load every export again",
        ));
    }
    Ok(())
}

/// Says what the version that is current again does not have.
fn told_lost(name: &str, current: Option<&Manifest>, whole: &Manifest) {
    let Some(current) = current else { return };
    for (table, made) in &current.tables {
        let stays = |path: &str| whole.files(table).iter().any(|file| file.path == path);
        let gone = made.files.iter().filter(|file| !stays(&file.path));
        let (files, rows) = gone.fold((0, 0), |(files, rows), file| (files + 1, rows + file.rows));
        if files > 0 {
            print::line(format!(
                "{name}: table \"{table}\" goes back: {files} files with {rows} rows are newer"
            ));
        }
    }
    print::line(format!("{name}: the next run brings what is newer again, as far as it is there"));
}
