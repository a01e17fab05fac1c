//! Carrying a plan out: load, model, check, publish, record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::RecordBatch;
use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::claim::{Claim, Run};
use super::ending::Ending;
use super::made;
use super::missing::Missing;
use super::plan::{Plan, Request, plan_rows, plan_table, unread};
use super::record::{Recording, now, told};
use super::workspace::Workspace;
use crate::check::{self, Checked};
use crate::config::pipeline::Source;
use crate::error::{Error, Kind, Result};
use crate::lake::{
    ExportReport, Found, Loading, RunRecord, RunState, StepRecord, load, write_record,
};
use crate::publish::{Presentation, Publication, Published, TableFiles, publish, refresh};
use crate::tableset::{Manifest, TableSet};
use crate::transform::{Materialised, Models};

/// Something that happened in a run, for whoever watches it.
#[derive(Debug, Clone)]
pub enum Event {
    /// A step begins: its number, of how many, what it does.
    Step(usize, usize, String),
    /// Something to know.
    Note(String),
}

/// Who watches a run.
pub type Progress<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The run.
    pub run: String,
    /// Whether nothing was loaded and nothing was published.
    pub up_to_date: bool,
    /// One report for each export loaded.
    pub exports: Vec<ExportReport>,
    /// Every check.
    pub checks: Vec<Checked>,
    /// Each destination with its version, and whether that is new.
    pub destinations: Vec<(String, u64, bool)>,
    /// Each published table.
    pub tables: Vec<Made>,
}

/// A table that was published.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its name.
    pub table: String,
    /// Its rows.
    pub rows: u64,
    /// What of it is not available, and why.
    pub not_available: Vec<String>,
}

/// Carries `plan` out as `run`, as long as `ending` does not come.
///
/// # Errors
/// Whatever stopped it; the record says it too.
pub(super) async fn execute(
    workspace: &Workspace,
    (plan, models): (Plan, Models<'_>),
    run: &Run<'_>,
    ending: &Ending<'_>,
    progress: Progress<'_>,
) -> Result<Outcome> {
    let pipelines = plan.pipelines.iter().map(|pipeline| pipeline.name.clone()).collect();
    let record = RunRecord {
        slot: run.claim.map(Claim::name),
        retries: run.retries.map(str::to_owned),
        select: plan.select.clone(),
        quarter: plan.keep.clone(),
        ..blank(workspace, run.id, pipelines, plan.as_of)
    };
    write_record(&workspace.lake, &record).await?;
    let recording = Recording::new(record);
    let running = Running {
        workspace,
        id: run.id,
        progress,
        recording: &recording,
        scratch: workspace.run_scratch()?,
        late: run.claim.is_some() || run.retries.is_some(),
        step: 0,
        steps: steps(&plan),
        kind: "model",
    };
    let result = tokio::select! {
        result = running.carry_out(plan, models) => result,
        error = ending.comes() => Err(error),
    };
    // The journal decides whose slot it is; only then may the record say that it is done.
    let result = match run.claim {
        Some(claim) => claim.settle(workspace, run.id, result).await,
        None => result,
    };
    let mut record = recording.done();
    record.ended_at = Some(now(workspace));
    record.state = match &result {
        Ok(outcome) if outcome.up_to_date => RunState::UpToDate,
        Ok(_) => RunState::Done,
        Err(error) if matches!(error.kind, Kind::Interrupted(_)) => RunState::Interrupted,
        Err(_) => RunState::Failed,
    };
    if let Err(error) = &result {
        record.error = Some(workspace.project.redactor.clean(&error.message));
    }
    write_record(&workspace.lake, &record).await?;
    result
}

/// Runs the models of `plan` on the lake as it is, then the checks; publishes and records nothing.
pub(super) async fn only_check(
    workspace: &Workspace,
    (plan, models): (Plan, Models<'_>),
    id: &str,
    progress: Progress<'_>,
) -> Result<Vec<Checked>> {
    let recording = Recording::new(blank(workspace, id, Vec::new(), plan.as_of));
    let steps = plan.models.len() + 1;
    let mut running = Running {
        workspace,
        id,
        progress,
        recording: &recording,
        scratch: workspace.run_scratch()?,
        late: false,
        step: 0,
        steps,
        kind: "model",
    };
    Ok(running.model(&plan, models, &plan.lake).await?.1)
}

/// The rows of `table` as its models give them on the lake as it is; publishes and records nothing.
///
/// # Errors
/// As a run's models.
pub async fn compute(
    workspace: &Workspace,
    request: &Request,
    table: &str,
    id: &str,
    progress: Progress<'_>,
) -> Result<Vec<RecordBatch>> {
    let (plan, models) = plan_table(workspace, request, table).await?;
    let recording = Recording::new(blank(workspace, id, Vec::new(), plan.as_of));
    let steps = plan.models.len() + 1;
    let mut running = Running {
        workspace,
        id,
        progress,
        recording: &recording,
        scratch: workspace.run_scratch()?,
        late: false,
        step: 0,
        steps,
        kind: "model",
    };
    let (tables, checks, _) = running.model(&plan, models, &plan.lake).await?;
    refuse_failed(&checks, id)?;
    let made = tables.get(table).ok_or_else(|| {
        Error::new(Kind::Nothing, format!("table \"{table}\" has no contract"))
            .hint(format!("add sql/marts/{table}.yaml"))
    })?;
    let file = std::fs::File::open(&made.path)?;
    let rows = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    Ok(rows.collect::<std::result::Result<_, _>>()?)
}

/// Models whose rows can be queried as long as it lives.
pub struct Rows<'a> {
    models: Models<'a>,
    _scratch: tempfile::TempDir,
}

impl Rows<'_> {
    /// The rows of the model `name`, which was asked for.
    ///
    /// # Errors
    /// When it was not.
    pub async fn of(&self, name: &str) -> Result<Arc<dyn TableProvider>> {
        Ok(self.models.session().table_provider(name).await?)
    }
}

/// Runs the models `names`, and those that they read, on the lake as it is; checks, publishes and
/// records nothing.
///
/// # Errors
/// As a run's models.
pub async fn rows<'a>(
    workspace: &'a Workspace,
    request: &Request,
    names: &BTreeSet<String>,
    progress: Progress<'_>,
) -> Result<Rows<'a>> {
    let (plan, mut models) = plan_rows(workspace, request, names).await?;
    models.only_files(BTreeSet::new());
    let recording = Recording::new(blank(workspace, "", Vec::new(), plan.as_of));
    let mut running = Running {
        workspace,
        id: "",
        progress,
        recording: &recording,
        scratch: workspace.run_scratch()?,
        late: false,
        step: 0,
        steps: plan.models.len(),
        kind: "model",
    };
    running.begin_models(&plan, &mut models, &plan.lake).await?;
    running.run_models(&plan, &models).await?;
    Ok(Rows { models, _scratch: running.scratch })
}

/// Fails where a check failed.
fn refuse_failed(checks: &[Checked], id: &str) -> Result<()> {
    let failed = checks.iter().filter(|check| check.outcome == check::Outcome::Failed);
    let failed: Vec<String> = failed.map(told).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let (count, failed) = (failed.len(), failed.join("\n  "));
    Err(Error::new(
        Kind::Check,
        format!("{count} checks failed, nothing was published\n  {failed}"),
    )
    .hint(format!("see \"pobudka runs show {id}\"")))
}

/// The record of run `id` of `pipelines` that has just begun.
pub(super) fn blank(
    workspace: &Workspace,
    id: &str,
    pipelines: Vec<String>,
    as_of: NaiveDate,
) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        state: RunState::Running,
        pipelines,
        select: Vec::new(),
        as_of: as_of.to_string(),
        quarter: None,
        slot: None,
        retries: None,
        started_at: now(workspace),
        ended_at: None,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        lake_version: None,
        published: Vec::new(),
        steps: Vec::new(),
        checks: Vec::new(),
        rejected: Vec::new(),
        error: None,
    }
}

fn steps(plan: &Plan) -> usize {
    plan.models.len() + 3
}

/// A run under way.
pub(super) struct Running<'a> {
    pub(super) workspace: &'a Workspace,
    id: &'a str,
    pub(super) progress: Progress<'a>,
    pub(super) recording: &'a Recording,
    pub(super) scratch: tempfile::TempDir,
    late: bool,
    step: usize,
    pub(super) steps: usize,
    /// What the record calls the models that run: `model`, or `restated`.
    pub(super) kind: &'static str,
}

impl Running<'_> {
    pub(super) fn begin(&mut self, what: impl Into<String>) -> Instant {
        self.step += 1;
        (self.progress)(Event::Step(self.step, self.steps, what.into()));
        Instant::now()
    }

    pub(super) fn end(&self, kind: &str, name: &str, since: Instant, rows: Vec<(String, u64)>) {
        let milliseconds = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let step = StepRecord {
            kind: kind.to_owned(),
            name: name.to_owned(),
            milliseconds,
            rows,
            notes: Vec::new(),
            files: Vec::new(),
        };
        self.recording.edit(|record| record.steps.push(step));
    }

    async fn carry_out(mut self, plan: Plan, mut models: Models<'_>) -> Result<Outcome> {
        models.only_files(plan.publish.iter().map(|entry| entry.table.clone()).collect());
        let mut bases = BTreeMap::new();
        for publish in &plan.publish {
            if !bases.contains_key(&publish.to) {
                let set = self.workspace.destination(&publish.to)?;
                let current = set.current().await?;
                bases.insert(publish.to.clone(), (set, current));
            }
        }
        let (manifest, exports) = self.load(&plan).await?;
        self.recording.edit(|record| record.lake_version = Some(manifest.version));
        if plan.publish.is_empty() || plan.stands {
            let mut destinations = Vec::new();
            for (name, (set, current)) in bases {
                refresh(&set).await?;
                self.recording
                    .edit(|record| record.published.push((name.clone(), current.version)));
                destinations.push((name, current.version, false));
            }
            return Ok(Outcome {
                run: self.id.to_owned(),
                up_to_date: exports.is_empty(),
                exports,
                checks: Vec::new(),
                destinations,
                tables: Vec::new(),
            });
        }
        let (tables, checks, missing) = self.model(&plan, models, &manifest).await?;
        refuse_failed(&checks, self.id)?;
        let destinations = self.publish(&plan, &manifest, &tables, &missing, bases).await?;
        let contracts = &self.workspace.project.contracts;
        let rows = plan.publish.iter().filter_map(|entry| {
            let rows = tables.get(&entry.table)?.written.rows;
            let not_available = missing.of(contracts.get(&entry.table)?);
            Some(Made { table: entry.table.clone(), rows, not_available })
        });
        Ok(Outcome {
            run: self.id.to_owned(),
            up_to_date: exports.is_empty() && destinations.iter().all(|(_, _, new)| !new),
            exports,
            checks,
            destinations,
            tables: rows.collect(),
        })
    }

    async fn load(&mut self, plan: &Plan) -> Result<(Manifest, Vec<ExportReport>)> {
        let mut sources: Vec<Arc<Source>> = Vec::new();
        let mut found: Vec<(usize, Found)> = Vec::new();
        for planned in &plan.pipelines {
            let declared = self.workspace.project.pipelines.iter();
            let Some(pipeline) = declared.into_iter().find(|entry| entry.name == planned.name)
            else {
                continue;
            };
            for (source, (_, new, _)) in pipeline.sources.iter().zip(&planned.sources) {
                found.extend(new.iter().map(|found| (sources.len(), found.clone())));
                sources.push(Arc::new(source.clone()));
            }
        }
        let since = self.begin(format!("load {} exports", found.len()));
        for note in unread(self.workspace, &plan.pipelines) {
            (self.progress)(Event::Note(note));
        }
        if found.is_empty() {
            return Ok((plan.lake.clone(), Vec::new()));
        }
        let loading = Loading {
            lake: &self.workspace.lake,
            base: &plan.lake,
            engine: &self.workspace.engine,
            scratch: self.scratch.path(),
            run: self.id,
            now: self.workspace.clock.now(),
            accept: plan.accept,
            refused: &|counts| self.recording.edit(|record| record.rejected = counts),
            trial: false,
        };
        let loaded = load(&loading, &sources, found).await?;
        for export in &loaded.exports {
            for note in &export.notes {
                (self.progress)(Event::Note(format!("{}: {note}", export.name)));
            }
            let tally = &export.tally;
            let rows = vec![
                ("read".to_owned(), tally.read),
                ("loaded".to_owned(), tally.loaded),
                ("rejected".to_owned(), tally.rejected),
                ("rejected_by_rule".to_owned(), tally.rejected_by_rule),
                ("skipped".to_owned(), tally.skipped),
                ("recognised".to_owned(), tally.recognised),
                ("replaced".to_owned(), tally.replaced),
            ];
            self.end("export", &format!("{}/{}", export.source, export.name), since, rows);
            let notes = export.notes.clone();
            self.recording.edit(|record| {
                if let Some(step) = record.steps.last_mut() {
                    step.notes = notes;
                }
            });
        }
        let mut rows = vec![("exports".to_owned(), loaded.exports.len() as u64)];
        rows.push(("moved".to_owned(), loaded.moved));
        self.end("load", "lake", since, rows);
        Ok((loaded.manifest, loaded.exports))
    }

    async fn publish(
        &mut self,
        plan: &Plan,
        manifest: &Manifest,
        tables: &BTreeMap<String, Materialised>,
        missing: &Missing,
        bases: BTreeMap<String, (TableSet, Manifest)>,
    ) -> Result<Vec<(String, u64, bool)>> {
        let since = self.begin(format!("publish {} tables", plan.publish.len()));
        let made_by = made::by(&self.workspace.project)?;
        let mut destinations = Vec::new();
        for (name, (set, current)) in bases {
            let entries = plan.publish.iter().filter(|entry| entry.to == name);
            let (day, base) = (plan.as_of, current.version);
            let from = made::digest(self.workspace, entries.clone(), day, manifest, &current)?;
            let files = entries.filter_map(|entry| {
                let made = tables.get(&entry.table)?;
                let contract = self.workspace.project.contracts.get(&entry.table)?;
                Some(TableFiles {
                    name: entry.table.clone(),
                    parquet: made.path.clone(),
                    written: made.written.clone(),
                    schema: Arc::clone(&made.schema),
                    grain: contract.grain.clone(),
                    presentation: Presentation::new(
                        contract,
                        entry,
                        self.workspace.project.language,
                    ),
                    not_available: missing.of(contract),
                })
            });
            let files: Vec<TableFiles> = files.collect();
            let publication = Publication {
                run: self.id,
                as_of: plan.as_of,
                lake_version: manifest.version,
                made_by: &made_by,
                now: self.workspace.clock.now(),
                scratch: self.scratch.path(),
                base,
                late: self.late,
                keep: plan.keep.as_deref(),
            };
            let (version, written) = match publish(&set, &files, publication).await? {
                Published::UpToDate(version) => (version, Vec::new()),
                Published::Version(version, files) => (version, files),
            };
            let keep = plan.keep.as_deref();
            if let Err(error) = made::remember(self.workspace, &name, keep, &from, &files).await {
                // What is published stands; only the next run computes it once more.
                (self.progress)(Event::Note(format!("what \"{name}\" was made from: {error}")));
            }
            let new = !written.is_empty();
            let rows = vec![("rows".to_owned(), files.iter().map(|file| file.written.rows).sum())];
            self.end("publish", &name, since, rows);
            self.recording.edit(|record| {
                record.published.push((name.clone(), version));
                if let Some(step) = record.steps.last_mut() {
                    step.files = written;
                }
            });
            destinations.push((name, version, new));
        }
        Ok(destinations)
    }
}
