//! Verbs that look at what is there: tables, runs, rejects.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{print, query};
use crate::config::schedule::{Schedule, When};
use crate::error::Result;
use crate::lake::{Lake, RejectCount, read_journal, read_lease, read_record, read_records};
use crate::run::Workspace;
use crate::schedule::ahead;
use crate::tableset::Manifest;

/// When a schedule is due next, in words.
pub(super) fn due(schedule: &Schedule, now: DateTime<Utc>) -> String {
    match &schedule.when {
        When::After(others) => format!("due after {}", others.join(", ")),
        When::Cron(times) => times.after(now).map_or_else(String::new, |due| {
            format!("due {}", due.with_timezone(&times.zone()).format("%F %H:%M %Z"))
        }),
    }
}

/// `ls`.
pub(super) async fn ls(workspace: &Workspace, json: bool) -> Result<()> {
    let now = workspace.clock.now();
    let lake = workspace.lake.set().current().await?;
    let mut published = Vec::new();
    for destination in &workspace.project.destinations {
        let manifest = workspace.destination(&destination.name)?.current().await?;
        published.push((&destination.name, manifest));
    }
    if json {
        return ls_json(workspace, &lake, &published);
    }
    for pipeline in &workspace.project.pipelines {
        let due = pipeline
            .schedule
            .as_ref()
            .map_or_else(String::new, |schedule| format!("  {}", due(schedule, now)));
        print::line(format!("pipeline  {}{due}  {}", pipeline.name, pipeline.description));
    }
    for (name, rows) in Lake::rows(&lake).iter().filter(|(_, rows)| *rows > 0) {
        print::line(format!("lake      {name}  {} rows", print::grouped(*rows)));
    }
    for (destination, manifest) in &published {
        for (name, table) in &manifest.tables {
            let rows = table.files.first().map_or(0, |file| file.rows);
            let as_of = table.as_of.clone().unwrap_or_default();
            let rows = print::grouped(rows);
            print::line(format!("{destination}  {name}  {rows} rows as of {as_of}"));
        }
        for (quarter, tables) in &manifest.kept {
            let names: Vec<&str> = tables.keys().map(String::as_str).collect();
            print::line(format!("{destination}  {quarter} kept: {}", names.join(", ")));
        }
    }
    Ok(())
}

/// `ls --json`: one object a line for each pipeline, lake table, published and kept table.
fn ls_json(
    workspace: &Workspace,
    lake: &Manifest,
    published: &[(&String, Manifest)],
) -> Result<()> {
    let now = workspace.clock.now();
    for pipeline in &workspace.project.pipelines {
        let due = pipeline.schedule.as_ref().map(|schedule| due(schedule, now));
        let line = serde_json::json!({ "pipeline": pipeline.name, "due": due });
        print::json(line.to_string());
    }
    for (name, table) in &lake.tables {
        let files = serde_json::to_value(&table.files)?;
        print::json(serde_json::json!({ "lake": name, "files": files }).to_string());
    }
    for (destination, manifest) in published {
        let current = manifest.tables.iter().map(|(name, table)| (None, name, table));
        let kept = manifest.kept.iter().flat_map(|(quarter, tables)| {
            tables.iter().map(move |(name, table)| (Some(quarter), name, table))
        });
        for (quarter, name, table) in current.chain(kept) {
            let line = serde_json::json!({
                "destination": destination,
                "quarter": quarter,
                "table": name,
                "as_of": table.as_of,
                "run": table.run,
                "files": serde_json::to_value(&table.files)?,
            });
            print::json(line.to_string());
        }
    }
    Ok(())
}

/// `status`.
pub(super) async fn status(workspace: &Workspace, json: bool) -> Result<()> {
    let manifest = workspace.lake.set().current().await?;
    let records = read_records(&workspace.lake).await?;
    let last = records.first();
    let mut destinations = Vec::new();
    for destination in &workspace.project.destinations {
        let manifest = workspace.destination(&destination.name)?.current().await?;
        destinations.push((destination.name.clone(), manifest));
    }
    let mut scheduled = Vec::new();
    for pipeline in &workspace.project.pipelines {
        let Some(schedule) = &pipeline.schedule else { continue };
        let journal = read_journal(&workspace.lake, &pipeline.name).await?;
        let lease = read_lease(&workspace.lake, &pipeline.name).await?;
        let now = workspace.clock.now();
        let lease = lease.filter(|lease| lease.is_live(workspace.lease_clock.now()));
        let due = match ahead(&pipeline.name, &journal, now) {
            Some(error) => format!("will not be due: {}", error.message),
            None => due(schedule, now),
        };
        scheduled.push((&pipeline.name, due, journal, lease));
    }
    if json {
        let published: Vec<serde_json::Value> = destinations
            .iter()
            .map(|(name, manifest)| {
                serde_json::json!({
                    "destination": name,
                    "version": manifest.version,
                    "run": manifest.run,
                    "tables": manifest.tables.len(),
                })
            })
            .collect();
        let schedule: Vec<serde_json::Value> = scheduled
            .iter()
            .map(|(pipeline, due, journal, lease)| {
                let run = lease.as_ref().map(|lease| &lease.run);
                let slots = &journal.slots;
                serde_json::json!({ "pipeline": pipeline, "due": due, "run": run, "slots": slots })
            })
            .collect();
        let status = serde_json::json!({
            "project": workspace.project.name,
            "lake_version": manifest.version,
            "last_run": last,
            "published": published,
            "schedule": schedule,
        });
        print::json(status.to_string());
        return Ok(());
    }
    print::line(format!("project   {}", workspace.project.name));
    print::line(format!("lake      {} version {}", workspace.lake.set().url(), manifest.version));
    for (name, manifest) in &destinations {
        let tables = manifest.tables.len();
        print::line(format!("published {name} version {}, {tables} tables", manifest.version));
    }
    for (pipeline, due, journal, lease) in &scheduled {
        let last = journal.newest().map_or_else(
            || "never looked at".to_owned(),
            |slot| {
                let state = serde_json::to_value(slot.state).unwrap_or_default();
                let why = slot.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                let state = state.as_str().unwrap_or_default();
                format!("slot {} {state}{why}", slot.due.format("%FT%RZ"))
            },
        );
        let run = lease.as_ref().map_or_else(String::new, |lease| {
            format!(", being run by {} on {}", lease.run, lease.holder.host)
        });
        print::line(format!("schedule  {pipeline} {due}, {last}{run}"));
    }
    match last {
        Some(record) => {
            let state = serde_json::to_value(record.state)?;
            let state = state.as_str().unwrap_or_default().to_owned();
            print::line(format!("last run  {} {state}, as of {}", record.id, record.as_of));
        }
        None => print::line("last run  none"),
    }
    Ok(())
}

/// `runs`.
pub(super) async fn runs(workspace: &Workspace, json: bool) -> Result<()> {
    for record in read_records(&workspace.lake).await? {
        if json {
            print::json(serde_json::to_string(&record)?);
            continue;
        }
        let state = serde_json::to_value(record.state)?;
        let state = state.as_str().unwrap_or_default().to_owned();
        let asked = record.asked();
        print::line(format!("{}  {state}  as of {}  {asked}", record.id, record.as_of));
    }
    Ok(())
}

/// `runs show ID`.
pub(super) async fn run(workspace: &Workspace, id: &str, json: bool) -> Result<()> {
    let record = read_record(&workspace.lake, id).await?;
    if json {
        print::json(serde_json::to_string(&record)?);
        return Ok(());
    }
    let state = serde_json::to_value(record.state)?;
    print::line(format!("run        {}", record.id));
    print::line(format!("state      {}", state.as_str().unwrap_or_default()));
    print::line(format!("as of      {}", record.as_of));
    print::line(format!("pipelines  {}", record.asked()));
    let ended = record.ended_at.as_deref().unwrap_or("not ended");
    print::line(format!("time       {} to {ended}", record.started_at));
    if let Some(version) = record.lake_version {
        print::line(format!("lake       version {version}"));
    }
    for (destination, version) in &record.published {
        print::line(format!("published  {destination} version {version}"));
    }
    for step in &record.steps {
        let rows: Vec<String> =
            step.rows.iter().map(|(name, rows)| format!("{rows} {name}")).collect();
        let what = format!("{:<8} {}", step.kind, step.name);
        print::line(format!("step       {what}  {} ms  {}", step.milliseconds, rows.join(", ")));
        step.notes.iter().for_each(|note| print::line(format!("             {note}")));
        step.files.iter().for_each(|file| print::line(format!("             {file}")));
    }
    for check in &record.checks {
        let what = format!("{} {}", check.table, check.check);
        print::line(format!("check      {}  {what}  {} offenders", check.outcome, check.offenders));
        check.samples.iter().for_each(|sample| print::line(format!("             {sample}")));
    }
    if let Some(error) = &record.error {
        print::line(format!("error      {error}"));
    }
    Ok(())
}

/// `rejects ls`.
pub(super) async fn rejects(workspace: &Workspace, json: bool) -> Result<()> {
    let mut query = "select source, export, reason, by_rule, count(*) as rows, \
                     cast(null as varchar) as failed_run from lake.rejects \
                     group by source, export, reason, by_rule"
        .to_owned();
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut values = Vec::new();
    // What a later run of the same pipelines could load is in the lake.
    let mut later: BTreeSet<String> = BTreeSet::new();
    for record in read_records(&workspace.lake).await? {
        if record.pipelines.iter().any(|pipeline| !later.contains(pipeline)) {
            for RejectCount { source, export, reason, by_rule, rows } in &record.rejected {
                let [source, export, reason, run] =
                    [source, export, reason, &record.id].map(|text| quoted(text));
                values.push(format!("({source}, {export}, {reason}, {by_rule}, {rows}, {run})"));
            }
        }
        if record.lake_version.is_some() || !record.rejected.is_empty() {
            later.extend(record.pipelines);
        }
    }
    if !values.is_empty() {
        query.push_str(" union all select * from (values ");
        query.push_str(&values.join(", "));
        query.push_str(") as failed");
    }
    query.push_str(" order by source, export, reason, failed_run");
    query::select(workspace, &query, json).await
}

/// `rejects show`.
pub(super) async fn rejected(
    workspace: &Workspace,
    source: Option<&str>,
    limit: usize,
    json: bool,
) -> Result<()> {
    let only = source
        .map(|source| format!("where source = '{}'", source.replace('\'', "''")))
        .unwrap_or_default();
    let query = format!(
        "select source, export, row, \"column\", reason, message, value, raw from lake.rejects {only} \
         order by source, export, row limit {limit}"
    );
    query::select(workspace, &query, json).await
}

/// The current version of a destination.
pub(super) async fn published(workspace: &Workspace, name: &str) -> Result<Manifest> {
    workspace.destination(name)?.current().await
}
