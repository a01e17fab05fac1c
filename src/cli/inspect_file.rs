//! `inspect`: what an export is, what a load of it would bring, and a pipeline that reads it.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Decimal128Type;
use chrono::{DateTime, Utc};

use super::args::Cli;
use super::inspect_target::{Target, bring};
use super::{inspect_told, print};
use crate::clock::Clock;
use crate::columnar::Limits;
use crate::config::pipeline::Source;
use crate::config::{DEFAULT_MEMORY_MB, Env, Project};
use crate::error::{Error, Kind, Result, in_file};
use crate::pull::export;
use crate::pull::inspect::{Found, Proposal, inspect, lacks, proposals};
use crate::pull::map::{Reject, Sink};
use crate::run::{Trial, trial};
use crate::scratch::Scratch;
use crate::store::{Patience, Stores};

/// What a packed export may unpack to outside of a project.
const MOST_UNPACKED_BYTES: u64 = 16 << 30;

/// `inspect FILE|URL`.
pub(super) async fn inspect_file(
    cli: &Cli,
    target: &str,
    init: bool,
    read_by: Option<&Path>,
) -> Result<()> {
    let declared = cli.project.join("pipelines/project.yaml").is_file();
    let env = Env::of_process();
    let project = if declared { Some(super::verbs::loaded(&cli.project, &env)?) } else { None };
    let mut hidden = project.as_ref().map(|one| one.redactor.clone()).unwrap_or_default();
    hidden.hide_in_url(target);
    print::hide(&hidden);
    if init && project.is_none() {
        return Err(Error::new(Kind::Usage, "--init writes into a project, and here is none")
            .hint(
                "run inside a project, name one with --project, or make one with \"pobudka init\"",
            ));
    }
    let stores = match &project {
        Some(project) => Stores::new(&project.root, &project.stores, Patience::BRISK),
        None => Stores::new(&cli.project, &[], Patience::BRISK),
    };
    let folder = Scratch::new()?;
    let most = project.as_ref().map_or(MOST_UNPACKED_BYTES, |one| (one.unpacked_mb as u64) << 20);
    let target = bring(target, &stores, folder.path(), &cli.project, most).await?;
    let looking = Looking {
        target: &target,
        currency: project.as_ref().map_or("EUR", |project| project.currency.as_str()),
        zone: project.as_ref().map_or("UTC", |project| project.timezone.name()),
        limits: limits(cli, project.as_ref()),
        env: &env,
        now: cli.now.map_or(Clock::System, Clock::set_to).now(),
    };
    if let Some(pipeline) = read_by {
        let yaml = std::fs::read_to_string(pipeline).map_err(in_file(pipeline))?;
        let (source, mut seen) = looking.declared(&yaml)?;
        let read = export::read(&source, &target.export, &target.path, &mut seen)?;
        print::json(seen.told(read.tally.rejected).to_string());
        return Ok(());
    }
    let mut found = inspect(&target.path, most)
        .map_err(|error| error.at(format!("export \"{}\"", target.export.name)))?;
    let mut proposed = looking.propose(&found).await?;
    // Documents on several rows may come after the rows by which the table was understood.
    if proposed.as_ref().is_some_and(Proposed::contradicts)
        && let Some(table) = found.table.as_mut().filter(|table| !table.lines)
    {
        table.lines = true;
        let grouped = looking.propose(&found).await?;
        let more = |one: &Option<Proposed>| one.as_ref().map_or(0, Proposed::loads);
        if more(&grouped) > more(&proposed) {
            proposed = grouped;
        }
    }
    let tell = if cli.json { inspect_told::json } else { inspect_told::lines };
    let Some(Proposed { proposal, trial }) = proposed else {
        tell(&target, &found, None, None);
        let message = format!("{}: no source can be proposed", lacks(&found));
        return Err(Error::new(Kind::Nothing, message)
            .hint("map them by hand: see \"into:\" in the README"));
    };
    tell(&target, &found, Some(&proposal), trial.as_ref().ok());
    let yaml = proposal.yaml;
    let show = || {
        if !cli.json {
            print::text(format!("\n{}", yaml.trim_end()));
        }
    };
    trial.and_then(judge).inspect_err(|_| show())?;
    let file = cli.project.join(format!("pipelines/{}.yaml", target.stem));
    if init {
        if file.exists() {
            let message = format!("{} is there already", file.display());
            return Err(Error::new(Kind::Usage, message).hint("remove it, or rename the export"));
        }
        std::fs::write(&file, yaml).map_err(in_file(&file))?;
        print::aside(format!("written to {}", file.display()));
    } else {
        show();
    }
    Ok(())
}

/// Tells what a run would refuse of it; fails where it would load nothing.
fn judge(trial: Trial) -> Result<()> {
    match (trial.refused, trial.tables.is_empty()) {
        (Some(refused), true) => {
            let message = format!("a run would load nothing: {}", refused.message);
            Err(Error::new(Kind::Nothing, message).hint(refused.hint.unwrap_or_default()))
        }
        (Some(refused), false) => {
            let hint = refused.hint.map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
            print::aside(format!("  a run would refuse it: {}{hint}", refused.message));
            Ok(())
        }
        (None, true) => {
            let skipped: u64 = trial.exports.iter().map(|export| export.tally.skipped).sum();
            let message = format!(
                "a run would load nothing: {} rows are left out by rule, and no other makes a row of a \
                 table",
                print::grouped(skipped)
            );
            Err(Error::new(Kind::Nothing, message).hint("see the notes above, and its rules"))
        }
        (None, false) => Ok(()),
    }
}

/// What a load works with: as in the project, or as in none.
fn limits(cli: &Cli, project: Option<&Project>) -> Limits {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cli.threads.or(project.and_then(|project| project.threads)).unwrap_or(cores);
    let memory_mb = project.map_or(DEFAULT_MEMORY_MB, |project| project.memory_mb);
    Limits { threads: threads.max(1), memory_mb }
}

/// A pipeline that is proposed, and what a load by it brings.
struct Proposed {
    proposal: Proposal,
    trial: Result<Trial>,
}

impl Proposed {
    /// The rows that are loaded.
    fn loads(&self) -> u64 {
        let trial = self.trial.as_ref().ok();
        trial.map_or(0, |trial| trial.exports.iter().map(|export| export.tally.loaded).sum())
    }

    /// Whether rows with one key have different values.
    fn contradicts(&self) -> bool {
        self.trial.as_ref().is_ok_and(|trial| trial.contradicting > 0)
    }
}

/// What proposals are made and tried with.
struct Looking<'a> {
    target: &'a Target,
    currency: &'a str,
    zone: &'a str,
    limits: Limits,
    env: &'a Env,
    now: DateTime<Utc>,
}

impl Looking<'_> {
    /// The pipeline that is proposed, tried out.
    async fn propose(&self, found: &Found) -> Result<Option<Proposed>> {
        let Some(Best { proposal, source, .. }) = self.best(found)? else { return Ok(None) };
        let folder = Scratch::new()?;
        let exports = self.target.exports.clone();
        let trial = trial(&source, exports, self.limits, folder.path(), self.now).await;
        Ok(Some(Proposed { proposal, trial }))
    }

    /// The first of the pipelines proposed that takes all rows of the export, else the one that
    /// takes most.
    fn best(&self, found: &Found) -> Result<Option<Best>> {
        let Target { stem, fetch, export, path, .. } = self.target;
        let mut best: Option<Best> = None;
        for proposal in proposals(found, stem, fetch, self.currency) {
            let (source, mut seen) = self.declared(&proposal.yaml)?;
            let read = export::read(&source, export, path, &mut seen);
            let (loaded, rejected) =
                read.map_or((0, 1), |read| (read.tally.loaded, read.tally.rejected));
            let good = rejected == 0 && loaded > 0;
            if good || best.as_ref().is_none_or(|best| loaded > best.loaded) {
                best = Some(Best { proposal, source, loaded });
            }
            if good {
                break;
            }
        }
        Ok(best)
    }

    /// The source that the pipeline in `yaml` declares, and what counts its rows.
    fn declared(&self, yaml: &str) -> Result<(Source, Seen)> {
        let folder = Scratch::new()?;
        let pipelines = folder.path().join("pipelines");
        std::fs::create_dir_all(&pipelines).map_err(in_file(&pipelines))?;
        let project = format!(
            "version: 1\nname: inspected\ntimezone: {}\ncurrency: {}\nlake: lake\n",
            self.zone, self.currency
        );
        for (name, text) in [("project.yaml", project.as_str()), ("inspected.yaml", yaml)] {
            let file = pipelines.join(name);
            std::fs::write(&file, text).map_err(in_file(&file))?;
        }
        let project = super::verbs::loaded(folder.path(), self.env)?;
        let sources = project.pipelines.into_iter().flat_map(|pipeline| pipeline.sources).next();
        // Told as guesses already.
        let told = sources.map(|source| Source { guessed: Vec::new(), ..source });
        let source =
            told.ok_or_else(|| Error::new(Kind::Defect, "the proposed pipeline has no source"))?;
        let seen = Seen::of(&source);
        Ok((source, seen))
    }
}

/// The likeliest pipeline, and what reading by it gave.
struct Best {
    proposal: Proposal,
    source: Source,
    loaded: u64,
}

/// Counts rows that are read and not kept.
struct Seen {
    /// The tables, and their rows.
    tables: Vec<(&'static str, u64)>,
    /// The amounts of documents, in hundredths.
    amount: i128,
}

impl Seen {
    fn of(source: &Source) -> Self {
        let tables = source.into.iter().map(|into| (into.table.name, 0));
        Self { tables: tables.collect(), amount: 0 }
    }

    fn told(&self, rejected: u64) -> serde_json::Value {
        let tables: BTreeMap<&str, u64> = self.tables.iter().copied().collect();
        serde_json::json!({ "tables": tables, "amount": self.amount.to_string(), "rejected": rejected })
    }
}

impl Sink for Seen {
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()> {
        let (name, rows) = &mut self.tables[table];
        *rows += batch.num_rows() as u64;
        if let ("documents", Some(amounts)) = (*name, batch.column_by_name("amount")) {
            let amounts = amounts.as_primitive::<Decimal128Type>();
            self.amount += amounts.iter().flatten().sum::<i128>();
        }
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<()> {
        Ok(())
    }
}
