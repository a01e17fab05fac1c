//! Verbs that look after what is there: vacuum, rollback, repair.

use super::args::{Cli, RepairArgs, RollbackArgs};
use super::operate::refuse_supposed;
use super::print;
use super::verbs::run_id;
use crate::error::{Error, Kind, Result};
use crate::run::{
    Repaired, Workspace, forget_ahead, plan_vacuum, repair as mend, roll_back, vacuum as sweep_all,
};
use crate::tableset::{Health, Look, Manifest, Sweep, TableSet};

/// `vacuum`.
pub(super) async fn vacuum(cli: &Cli, workspace: &Workspace, plan: bool) -> Result<()> {
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
    refuse_supposed(cli)?;
    sweep_all(workspace, &run_id(workspace.clock), &told).await
}

/// The table set called `name`: `lake`, or a destination.
fn named(workspace: &Workspace, name: &str) -> Result<TableSet> {
    if name == "lake" { Ok(workspace.lake.set().clone()) } else { workspace.destination(name) }
}

/// `rollback`.
pub(super) async fn rollback(
    cli: &Cli,
    workspace: &Workspace,
    arguments: &RollbackArgs,
) -> Result<()> {
    let set = named(workspace, &arguments.what)?;
    let mut next = set.head().await?.map(|head| head.manifest);
    let mut found = None;
    while let Some(path) = next {
        // What vacuum took ends the line.
        let Some(manifest) = set.manifest_if_there(&path).await? else { break };
        if arguments.to.is_none() {
            let Manifest { version, written_at, run, .. } = &manifest;
            print::line(format!("{version}  {written_at}  {run}"));
        } else if Some(manifest.version) == arguments.to {
            found = Some(path);
            break;
        }
        next = manifest.parent;
    }
    let Some(to) = arguments.to else { return Ok(()) };
    let Some(path) = found else {
        return Err(Error::new(
            Kind::Nothing,
            format!("version {to} of {} does not exist any more", set.place()),
        )
        .hint(format!("list those that do with \"pobudka rollback {}\"", arguments.what)));
    };
    refuse_supposed(cli)?;
    let version = roll_back(workspace, &set, &path, &run_id(workspace.clock)).await?;
    print::line(format!("{}: version {to} is current again, as version {version}", set.url()));
    Ok(())
}

/// `repair`.
pub(super) async fn repair(cli: &Cli, workspace: &Workspace, arguments: RepairArgs) -> Result<()> {
    refuse_supposed(cli)?;
    let look = if arguments.deep { Look::Digests } else { Look::Sizes };
    let mut lost = 0;
    for (name, what) in mend(workspace, look, &run_id(workspace.clock)).await? {
        match what {
            Repaired::Not(Health::Empty) => {
                print::line(format!("{name}: nothing was committed yet"));
            }
            Repaired::Not(Health::Whole(manifest)) => {
                print::line(format!("{name}: version {} is whole", manifest.version));
            }
            Repaired::Not(Health::Broken { faults, .. }) => {
                faults.iter().for_each(|fault| print::line(format!("{name}: {fault}")));
                print::line(format!("{name}: no version is whole any more"));
                lost += 1;
            }
            Repaired::Done { faults, before, whole, version } => {
                faults.iter().for_each(|fault| print::line(format!("{name}: {fault}")));
                let old = whole.version;
                print::line(format!("{name}: version {old} is current again, as {version}"));
                told_lost(&name, before.as_deref(), &whole);
            }
        }
    }
    for pipeline in workspace.project.pipelines.iter().filter(|_| arguments.forget_ahead) {
        let name = &pipeline.name;
        if forget_ahead(workspace, name, &run_id(workspace.clock)).await? {
            print::line(format!("pipeline {name}: slots ahead of the clock are forgotten"));
        }
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
