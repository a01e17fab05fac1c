//! Kept quarters as they were published and as the same run would publish them today, for the
//! table of restatements.
//!
//! Keeps true: what was published is read from the kept files, with the columns that they had; what
//! is known now is computed as of the quarter's last day, so that time alone restates nothing; a
//! quarter is not computed again where documents, settings and models are those it was made from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Fields, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::execution::object_store::ObjectStoreUrl;

use super::execute::Running;
use super::made;
use super::plan::Plan;
use crate::config::pipeline::Publish;
use crate::config::{canonical, measures};
use crate::domain::Day;
use crate::domain::calendar::to_date;
use crate::error::{Error, Kind, Result};
use crate::lake::period_name;
use crate::publish::published;
use crate::tableset::{MadeBy, Manifest, Table, TableSet};
use crate::transform::{KEPT_MEASURES, MEASURES_NOW, Models, RESTATEMENTS};

/// How many versions of the lake are looked through for the one that a quarter was made from.
const MOST_VERSIONS: usize = 2_000;

/// The canonical tables as queries see them.
type Canonical<'a> = BTreeMap<&'a str, Arc<dyn TableProvider>>;

/// Files of the lake by table, part and digest.
type Files<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

/// The files of the lake that hold documents up to the month of `last`, and those of tables without dates.
fn files_up_to(manifest: &Manifest, last: Day) -> (Files<'_>, Files<'_>) {
    let month = period_name(last);
    let tables = manifest.tables.iter().filter(|(name, _)| canonical::table(name).is_some());
    let files =
        tables.flat_map(|(name, table)| table.files.iter().map(move |file| (name.as_str(), file)));
    let (mut dated, mut undated) = (Files::new(), Files::new());
    for (name, file) in files {
        let period = file.part.rsplit('/').next().unwrap_or_default();
        let entry = (name, file.part.as_str(), file.sha256.as_str());
        if !period.starts_with(|first: char| first.is_ascii_digit()) {
            undated.insert(entry);
        } else if period <= month.as_str() {
            dated.insert(entry);
        }
    }
    (dated, undated)
}

/// The manifest of the lake in its `version`, where it is still known.
async fn version_of(set: &TableSet, lake: &Manifest, version: u64) -> Option<Manifest> {
    let mut then = lake.clone();
    for _ in 0..MOST_VERSIONS {
        if then.version <= version {
            break;
        }
        then = set.manifest(&then.parent.take()?).await.ok()?;
    }
    (then.version == version).then_some(then)
}

/// Why numbers may have changed, and whether what is known of clients has.
type Cause = (&'static str, bool);

/// Why tables that were made `by` that, of `version` of the lake, may come out otherwise for the time up
/// to `last`: other documents, else other settings, else other models; `None` where nothing has changed.
async fn why(
    set: &TableSet,
    lake: &Manifest,
    version: Option<u64>,
    last: Day,
    by: (Option<&MadeBy>, &MadeBy),
) -> Option<Cause> {
    let then = match version {
        Some(version) => version_of(set, lake, version).await,
        None => None,
    };
    let Some(then) = then else { return Some(("documents", true)) };
    let ((dated, undated), (dated_now, undated_now)) =
        (files_up_to(&then, last), files_up_to(lake, last));
    // What was published before this was remembered is taken to be made by the same.
    let (before, now) = (by.0.unwrap_or(by.1), by.1);
    let clients = undated != undated_now;
    let cause = match () {
        () if dated != dated_now => "documents",
        () if before.settings != now.settings => "settings",
        () if before.models != now.models => "models",
        () if clients => "documents",
        () => return None,
    };
    Some((cause, clients))
}

/// Batches of one shape, as a table whose columns may be NULL.
fn table(batches: &[RecordBatch]) -> Result<Option<Arc<dyn TableProvider>>> {
    let Some(first) = batches.first() else { return Ok(None) };
    let nullable = first
        .schema()
        .fields()
        .iter()
        .map(|field| field.as_ref().clone().with_nullable(true))
        .collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(nullable.into_iter().map(Arc::new).collect::<Fields>()));
    let batches = batches
        .iter()
        .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()));
    let batches = batches.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(Some(Arc::new(MemTable::try_new(schema, vec![batches])?)))
}

/// A kept quarter, its last day, and why its tables may have changed.
#[derive(Clone, Copy)]
struct Of<'a> {
    quarter: &'a str,
    last: Day,
    cause: Cause,
}

impl Running<'_> {
    /// Gives `models` the measures of the quarters that the destination of the plan's restatements
    /// keeps, then and now; nothing where the plan publishes none.
    pub(super) async fn give_kept(
        &mut self,
        plan: &Plan,
        lake: &Manifest,
        canonical: &Canonical<'_>,
        models: &Models<'_>,
    ) -> Result<()> {
        let mut destinations = plan.publish.iter().filter(|entry| entry.table == RESTATEMENTS);
        let Some(publish) = destinations.next() else { return Ok(()) };
        if let Some(other) = destinations.next() {
            let (one, other) = (&publish.to, &other.to);
            return Err(Error::new(
                Kind::Declaration,
                format!("\"{RESTATEMENTS}\" is published to \"{one}\" and to \"{other}\", and each keeps quarters of its own"),
            )
            .hint("publish it to one of them, or run their pipelines one by one"));
        }
        let set = self.workspace.destination(&publish.to)?;
        let kept = set.current().await?.kept;
        let store = format!("to-{}", publish.to);
        let store = self.workspace.engine.register(&store, Arc::clone(set.store()))?;
        let made_by = made::by(&self.workspace.project)?;
        let (mut then, mut now) = (Vec::new(), Vec::new());
        for (quarter, tables) in &kept {
            let parsed = self.workspace.project.settings.fiscal.parse_quarter(quarter);
            let Some((_, last)) = parsed.filter(|(_, last)| to_date(*last) < plan.as_of) else {
                continue;
            };
            let contracts = &self.workspace.project.contracts;
            let tables: BTreeMap<&str, &Table> = tables
                .iter()
                .filter(|(name, _)| contracts.get(*name).is_some_and(measures::is_quarterly))
                .map(|(name, table)| (name.as_str(), table))
                .collect();
            let version = tables.values().filter_map(|table| table.lake_version).min();
            let before = tables.values().find_map(|table| table.made_by.as_ref());
            let set = self.workspace.lake.set();
            let Some(cause) = why(set, lake, version, last, (before, &made_by)).await else {
                continue;
            };
            let of = Of { quarter, last, cause };
            let measured = self.measure(plan, of, &tables, &store, canonical).await?;
            then.extend(measured.0);
            now.extend(measured.1);
        }
        for (name, batches) in [(KEPT_MEASURES, then), (MEASURES_NOW, now)] {
            if let Some(table) = table(&batches)? {
                models.put(name, table)?;
            }
        }
        Ok(())
    }

    /// The measures of a kept quarter: of its files, and of the same tables computed today.
    async fn measure(
        &mut self,
        plan: &Plan,
        Of { quarter, last, cause }: Of<'_>,
        tables: &BTreeMap<&str, &Table>,
        store: &ObjectStoreUrl,
        canonical: &Canonical<'_>,
    ) -> Result<(Vec<RecordBatch>, Vec<RecordBatch>)> {
        let project = &self.workspace.project;
        let names: Vec<&str> =
            tables.keys().copied().filter(|name| project.models.contains_key(*name)).collect();
        let wanted = names.iter().map(|name| (*name).to_owned()).collect();
        let again = Plan {
            as_of: to_date(last),
            lake: plan.lake.clone(),
            pipelines: Vec::new(),
            models: plan.graph.needed(&wanted),
            graph: plan.graph.clone(),
            checked: BTreeSet::new(),
            publish: Vec::<Publish>::new(),
            select: Vec::new(),
            keep: None,
            accept: false,
            stands: false,
        };
        let scratch = tempfile::tempdir_in(self.scratch.path())?;
        let engine = &self.workspace.engine;
        let mut models = Models::new(project, &project.settings, engine, again.as_of)?;
        models.begin(canonical, scratch.path())?;
        self.steps += again.models.len();
        self.kind = "restated";
        let made = self.run_models(&again, &models).await;
        self.kind = "model";
        let made = made?;
        let (mut then, mut now) = (Vec::new(), Vec::new());
        for name in names {
            let (kept, contract) = (tables[name], &project.contracts[name]);
            let Some(made) = made.get(name) else { continue };
            let has = |column: &str| kept.schema.iter().any(|known| known.name == column);
            let published = published(name, kept, store)?;
            then.extend(
                models.measures(contract, published, (quarter, cause.0, cause.1), &has).await?,
            );
            now.extend(
                models
                    .measures(contract, made.provider()?, (quarter, cause.0, cause.1), &has)
                    .await?,
            );
        }
        Ok((then, now))
    }
}
