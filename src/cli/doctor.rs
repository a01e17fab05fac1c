//! `doctor`: is everything there that runs need?

use chrono::{DateTime, Utc};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::print;
use super::verbs::run_id;
use crate::error::{Error, Kind, Result, in_file};
use crate::lake::{Ledger, discover, read_journal, read_lease};
use crate::layout::PROBE;
use crate::run::{Workspace, table_sets};
use crate::schedule::ahead;
use crate::store::{Depth, probe};
use crate::tableset::{Health, Look, TableSet, health};
use crate::transform::validated;

/// Rounds of racing updates.
const ROUNDS: usize = 10;

/// Seconds by which the clocks of this machine and of a store may differ: a lease lasts no less.
const MAX_SKEW_SECONDS: i64 = 20;

/// Faults of one set that are told.
const MAX_FAULTS: usize = 5;

/// What was found of one thing.
struct Finding {
    what: String,
    found: Result<String>,
}

/// Looks at declarations, scratch, stores, sources and runners; says what is wrong with each.
pub(super) async fn doctor(workspace: &Workspace, deep: bool, json: bool) -> Result<()> {
    let mut findings = Vec::new();
    let mut add = |what: String, found: Result<String>| findings.push(Finding { what, found });
    add("declarations and models".to_owned(), models(workspace).await);
    add("scratch".to_owned(), scratch(workspace));
    let look = if deep { Look::Digests } else { Look::Sizes };
    for (name, set) in table_sets(workspace)? {
        add(format!("{name} is whole"), whole(&set, look).await);
        add(name, place(workspace, &set).await);
    }
    let manifest = workspace.lake.set().current().await.unwrap_or_default();
    let ledger = Ledger::read(workspace.lake.set(), &manifest, |_| true).await.unwrap_or_default();
    for pipeline in &workspace.project.pipelines {
        for source in &pipeline.sources {
            let found = discover(source, &workspace.stores, &ledger)
                .await
                .map(|found| format!("{} exports to read, {} known", found.new.len(), found.known));
            add(format!("source {}/{}", pipeline.name, source.name), found);
        }
        add(format!("pipeline {}", pipeline.name), runner(workspace, &pipeline.name).await);
    }
    let mut wrong = 0;
    for Finding { what, found } in &findings {
        wrong += usize::from(found.is_err());
        if json {
            let (ok, told) = match found {
                Ok(told) => (true, workspace.project.redactor.clean(told)),
                Err(error) => (false, told(workspace, error)),
            };
            print::json(serde_json::json!({ "what": what, "ok": ok, "found": told }).to_string());
            continue;
        }
        match found {
            Ok(told) => print::line(format!("ok    {what}: {told}")),
            Err(error) => {
                print::line(format!("WRONG {what}: {}", told(workspace, error)));
                if let Some(hint) = &error.hint {
                    print::line(format!("      hint: {}", workspace.project.redactor.clean(hint)));
                }
            }
        }
    }
    if wrong > 0 {
        let all = findings.len();
        return Err(Error::new(Kind::Transient, format!("{wrong} of {all} things are wrong")));
    }
    Ok(())
}

fn told(workspace: &Workspace, error: &Error) -> String {
    let beneath = error.source.as_ref().map(|source| format!(": {source}")).unwrap_or_default();
    workspace.project.redactor.clean(&format!("{}{beneath}", error.message))
}

async fn models(workspace: &Workspace) -> Result<String> {
    let graph = validated(&workspace.project, &workspace.engine).await?;
    let pipelines = workspace.project.pipelines.len();
    Ok(format!("{pipelines} pipelines and {} models are valid", graph.order().len()))
}

fn scratch(workspace: &Workspace) -> Result<String> {
    let folder = workspace.scratch();
    let file = folder.join("doctor");
    let written = std::fs::write(&file, [0; 4096]).and_then(|()| std::fs::remove_file(&file));
    written.map_err(in_file(&file))?;
    Ok(format!("can be written, in {}", folder.display()))
}

/// Whether every file of the current version is there.
async fn whole(set: &TableSet, look: Look) -> Result<String> {
    let (faults, whole) = match health(set, look).await? {
        Health::Empty => return Ok("nothing was committed yet".to_owned()),
        Health::Whole(manifest) => {
            let files = manifest.paths().count();
            return Ok(format!("version {} with {files} files", manifest.version));
        }
        Health::Broken { faults, whole, .. } => (faults, whole),
    };
    let count = faults.len();
    let told = faults.into_iter().take(MAX_FAULTS).collect::<Vec<_>>().join("; ");
    let more = if count > MAX_FAULTS {
        format!(" and {} more", count - MAX_FAULTS)
    } else {
        String::new()
    };
    let error = Error::new(Kind::Transient, format!("{told}{more}"));
    Err(match whole {
        Some(whole) => error.hint(format!(
            "version {} is whole: \"pobudka repair\" makes it current again, as a new version",
            whole.version
        )),
        None => error.hint("no version is whole: bring the folder back from a copy"),
    })
}

/// Whether a place can be read and written, honours conditions, and has the right time.
async fn place(workspace: &Workspace, set: &TableSet) -> Result<String> {
    let version = set.head().await?.map_or(0, |head| head.version);
    probe(set.place(), &run_id(workspace.clock), Depth::Race(ROUNDS)).await?;
    let written: DateTime<Utc> = set.store().head(&Path::from(PROBE)).await?.last_modified;
    let skew = (workspace.clock.now() - written).num_seconds();
    if skew.abs() > MAX_SKEW_SECONDS {
        return Err(Error::new(
            Kind::Transient,
            format!("{}: its clock and this machine's differ by {skew} seconds", set.place()),
        )
        .hint("leases rest on clocks that agree: set this machine's by NTP"));
    }
    Ok(format!("{} at version {version}, conditions are honoured", set.place()))
}

/// Whether a run of `pipeline` was lost.
async fn runner(workspace: &Workspace, pipeline: &str) -> Result<String> {
    let now = workspace.clock.now();
    let lease = read_lease(&workspace.lake, pipeline).await?;
    let journal = read_journal(&workspace.lake, pipeline).await?;
    if let Some(error) = ahead(pipeline, &journal, now) {
        return Err(error);
    }
    if let Some(lease) = lease.filter(|lease| lease.is_live(workspace.lease_clock.now())) {
        let (run, host, until) = (&lease.run, &lease.holder.host, lease.until_text());
        return Ok(format!("being run by {run} on {host}, lease until {until}"));
    }
    match journal.open() {
        Some(open) => Err(Error::new(
            Kind::Transient,
            format!("the run of slot {} was lost", open.due.format("%FT%RZ")),
        )
        .hint("the next \"pobudka tick\", or the daemon, takes it over")),
        None => Ok("nobody is at it".to_owned()),
    }
}
