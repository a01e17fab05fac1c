//! Running models: staging as views, the rest written once to scratch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::TaskContext;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{
    ExecutionPlan, collect, execute_stream, execute_stream_partitioned,
};
use datafusion::prelude::{SessionContext, col};
use futures::TryStreamExt;

use super::later::{Later, without_empty};
use super::parameters::{Parameters, setting_tables};
use super::picks::only_picks;
use super::plan::{analysed, plan};
use super::{functions, reference};
use crate::columnar::{
    Engine, FilesTable, Limits, ParquetFile, ScratchRows, ScratchWriter, Written, by_key, conform,
    in_turn, plain,
};
use crate::config::settings::Settings;
use crate::config::{Fault, Model, Project, canonical};
use crate::domain::calendar::to_day;
use crate::error::{Error, Kind, Result};

/// The column by which rows of models lie in partitions: what is computed is computed by client.
const CLIENT_KEY: &str = "client_key";

/// Bytes of memory for each row that is read, beyond which a model counts as heavy.
const HEAVY_ROW_BYTES: u64 = 400;

/// The most partitions: each may be a file.
const MOST_PARTITIONS: usize = 512;

/// Memory for each row of the lake within which a partition's rows are grouped and joined.
const PARTITION_ROW_BYTES: usize = 640;

/// In how many partitions so many `rows` of the lake are gone through within `limits`.
fn partitions(limits: Limits, rows: u64) -> usize {
    let room = (limits.memory_mb << 20) / (2 * limits.threads);
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    rows.saturating_mul(PARTITION_ROW_BYTES)
        .div_ceil(room.max(1))
        .clamp(limits.threads, MOST_PARTITIONS.max(limits.threads))
}

/// `plan` with its rows in the order of `grain`.
fn sorted(plan: LogicalPlan, grain: &[String]) -> Result<LogicalPlan> {
    let order = grain.iter().map(|name| col(format!("\"{name}\"")).sort(true, false));
    if grain.is_empty() {
        return Ok(plan);
    }
    Ok(LogicalPlanBuilder::from(plan).sort(order)?.build()?)
}

/// Runs `work` on any thread; it ends when the result is no longer waited for.
async fn spawn<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let joined = SpawnedTask::spawn(work).join().await;
    joined.map_err(|error| Error::new(Kind::Defect, "a task ended early").because(error))?
}

/// A table of a few rows.
fn small_table(rows: RecordBatch) -> Result<Arc<dyn TableProvider>> {
    Ok(Arc::new(MemTable::try_new(rows.schema(), vec![vec![rows]])?))
}

/// A physical plan and the context to execute it in.
type Physical = (Arc<dyn ExecutionPlan>, Arc<TaskContext>);

/// A session in which the models of a project are planned, each once, and then run.
pub struct Models<'a> {
    project: &'a Project,
    engine: Engine,
    session: SessionContext,
    parameters: Parameters,
    /// Where rows are written, once it has begun.
    scratch: Option<PathBuf>,
    /// The tables that get their rows after they were planned with.
    later: Mutex<BTreeMap<String, Arc<Later>>>,
    /// What was planned so far, by file.
    plans: Mutex<BTreeMap<String, LogicalPlan>>,
    /// Rows of the tables so far.
    sizes: Mutex<BTreeMap<String, u64>>,
    /// The models with contracts that become files; all without.
    files: Option<BTreeSet<String>>,
    /// In how many parts the rows of models lie.
    partitions: usize,
}

/// Scans of one table by one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The table.
    pub table: String,
    /// How often the model's plan goes through it.
    pub scans: u64,
    /// Its rows, times that.
    pub rows: u64,
}

/// A model's table, written to scratch.
#[derive(Debug, Clone)]
pub struct Materialised {
    /// The Parquet file.
    pub path: PathBuf,
    /// Its columns.
    pub schema: SchemaRef,
    /// Its size, rows and digest.
    pub written: Written,
}

impl Materialised {
    /// The table as queries see it.
    ///
    /// # Errors
    /// When its path cannot be one of the store of files.
    pub fn provider(&self) -> Result<Arc<dyn TableProvider>> {
        let location = object_store::path::Path::from_absolute_path(&self.path)?;
        let file = (location.to_string(), self.written.bytes, self.written.rows);
        let schema = self.schema.as_ref().clone();
        Ok(FilesTable::table(schema, [file], ObjectStoreUrl::local_filesystem()))
    }
}

/// What running a model made.
#[derive(Debug, Clone)]
pub enum Ran {
    /// A view: of staging, or of rows that lie in scratch already.
    View,
    /// So many rows in scratch.
    Scratch(u64),
    /// A table that may be published.
    Table(Materialised),
}

impl<'a> Models<'a> {
    /// A session by `settings` as of `as_of`, whose canonical tables have no rows before it
    /// [begins](Self::begin).
    ///
    /// # Errors
    /// When a reference file cannot be read.
    pub fn new(
        project: &'a Project,
        settings: &Settings,
        engine: &Engine,
        as_of: NaiveDate,
    ) -> Result<Self> {
        let session = engine.session(engine.limits().threads);
        functions::register(&session, settings, project.language, to_day(as_of));
        let parameters = Parameters::new(settings, &project.currency, as_of);
        let models = Self {
            project,
            engine: engine.clone(),
            session,
            parameters,
            scratch: None,
            later: Mutex::default(),
            plans: Mutex::default(),
            sizes: Mutex::default(),
            files: None,
            partitions: engine.limits().threads,
        };
        for (name, rows) in setting_tables(project, settings)? {
            models.declare_table(name, &rows.schema())?;
            models.put(name, small_table(rows)?)?;
        }
        for table in canonical::TABLES {
            let later = Later::new(&table.schema());
            models.later().insert(table.name.to_owned(), Arc::clone(&later));
            let provider = match project.references.get(table.name) {
                Some(path) => reference::with_rows(table, later, path)?,
                None => later,
            };
            models.session.register_table(table.name, provider)?;
        }
        let own = |name: &str| canonical::table(name).is_none();
        for (name, path) in project.references.iter().filter(|(name, _)| own(name)) {
            models.session.register_table(name, small_table(reference::rows(path)?)?)?;
        }
        Ok(models)
    }

    /// Begins to run models: on the canonical tables `canonical`, by name, with `scratch` for their
    /// rows.
    ///
    /// # Errors
    /// When a table has other columns.
    pub fn begin(
        &mut self,
        canonical: &BTreeMap<&str, Arc<dyn TableProvider>>,
        scratch: &Path,
    ) -> Result<()> {
        self.scratch = Some(std::path::absolute(scratch)?);
        for (name, provider) in canonical {
            let rows = provider.statistics().and_then(|known| known.num_rows.get_value().copied());
            self.sizes().insert((*name).to_owned(), rows.unwrap_or(0) as u64);
            self.put(name, Arc::clone(provider))?;
        }
        let rows = self.sizes().values().sum();
        self.partitions = partitions(self.engine.limits(), rows);
        Ok(())
    }

    fn scratch(&self) -> Result<&Path> {
        let begun = self.scratch.as_deref();
        begun.ok_or_else(|| Error::new(Kind::Defect, "models were run before they had a lake"))
    }

    fn later(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Later>>> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plans(&self) -> MutexGuard<'_, BTreeMap<String, LogicalPlan>> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sizes(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, for queries about the tables.
    #[must_use]
    pub fn session(&self) -> &SessionContext {
        &self.session
    }

    fn model(&self, name: &str) -> Result<&'a Model> {
        self.project
            .models
            .get(name)
            .ok_or_else(|| Error::new(Kind::Defect, format!("model \"{name}\" does not exist")))
    }

    /// The plan of a SQL file whose tables are registered, with the types that it is executed with.
    pub(super) async fn plan(&self, model: &Model) -> Result<LogicalPlan, Fault> {
        if let Some(plan) = self.plans().get(&model.file) {
            return Ok(plan.clone());
        }
        let plan = plan(&self.session, model, &self.parameters).await?;
        analysed(&self.session, model, plan)
    }

    /// Plans a SQL file, alone in its file, whose tables are registered and stay so.
    pub(super) async fn prepare(&self, model: &Model) -> Result<LogicalPlan, Fault> {
        let plan = self.plan(model).await?;
        self.plans().insert(model.file.clone(), plan.clone());
        Ok(plan)
    }

    /// Registers the table `name`, whose rows come later.
    fn declare_table(&self, name: &str, schema: &Schema) -> Result<()> {
        let later = Later::new(schema);
        self.later().insert(name.to_owned(), Arc::clone(&later));
        self.session.register_table(name, later)?;
        Ok(())
    }

    /// Gives the table `name` the rows of `provider`.
    ///
    /// # Errors
    /// When they have other columns than were planned with.
    pub fn put(&self, name: &str, provider: Arc<dyn TableProvider>) -> Result<()> {
        match self.later().get(name) {
            Some(later) => later.fill(name, provider),
            None => Err(Error::new(Kind::Defect, format!("table \"{name}\" was not declared"))),
        }
    }

    /// Forgets the rows of a table that nothing reads any more; in scratch they give their room
    /// back.
    pub fn forget(&self, name: &str) {
        if let Some(later) = self.later().get(name) {
            later.empty();
        }
    }

    /// Plans a model and registers it without running it: a view for staging, else a table whose rows
    /// come later. What is registered already stays.
    pub(super) async fn declare(&self, name: &str) -> Result<LogicalPlan, Fault> {
        let unknown = |error: Error| Fault::new(name, (0, 0), error.to_string());
        let model = self.model(name).map_err(unknown)?;
        let plan = self.prepare(model).await?;
        if self.session.table_exist(name).unwrap_or(false) {
            return Ok(plan);
        }
        let registered = if model.layer == "staging" {
            let view = Arc::new(ViewTable::new(plan.clone(), None));
            self.session.register_table(name, view).map(drop).map_err(Error::from)
        } else if self.project.contracts.contains_key(name) {
            plain(plan.schema().inner()).and_then(|written| self.declare_table(name, &written))
        } else {
            self.declare_table(name, plan.schema().inner())
        };
        registered.map_err(|error| {
            let fault = Fault::new(&model.file, (0, 0), format!("model \"{name}\": {error}"));
            fault.hint(error.hint.unwrap_or_default())
        })?;
        Ok(plan)
    }

    /// Lets only these models with contracts become files: nobody asks for the others'.
    pub fn only_files(&mut self, names: BTreeSet<String>) {
        self.files = Some(names);
    }

    /// Runs a model. Staging becomes a view; a model with a contract becomes one Parquet file,
    /// sorted by its grain, if files of it are asked for; any other becomes scratch, one part for each
    /// thread.
    ///
    /// # Errors
    /// When it cannot be planned or fails on the data.
    pub async fn run(&self, name: &str) -> Result<(Ran, Vec<Reads>)> {
        self.run_on(name, self.engine.limits().threads).await
    }

    /// The same on one thread, which needs the least memory.
    ///
    /// # Errors
    /// As [`Models::run`].
    pub async fn run_alone(&self, name: &str) -> Result<(Ran, Vec<Reads>)> {
        self.run_on(name, 1).await
    }

    async fn run_on(&self, name: &str, threads: usize) -> Result<(Ran, Vec<Reads>)> {
        let model = self.model(name)?;
        let declared = |fault: Fault| Error::new(Kind::Declaration, fault.to_string());
        let plan = self.declare(name).await.map_err(declared)?;
        if model.layer == "staging" {
            return Ok((Ran::View, Vec::new()));
        }
        let plan = without_empty(plan)?;
        let wanted = self.files.as_ref().is_none_or(|files| files.contains(name));
        let contract = self.project.contracts.get(name);
        let run = async {
            match contract {
                Some(contract) if wanted => {
                    let sorted =
                        sorted(plan, &contract.grain).and_then(|plan| self.optimised(plan))?;
                    let reads = self.reads(&sorted)?;
                    Ok((self.run_sorted(name, &sorted, threads).await?, reads))
                }
                _ => {
                    let stripped = plan.clone();
                    let plan = self.optimised(plan)?;
                    let reads = self.reads(&plan)?;
                    if contract.is_none() && only_picks(&plan, self.project)? {
                        self.put(name, Arc::new(ViewTable::new(stripped, None)))?;
                        return Ok((Ran::View, reads));
                    }
                    Ok((self.run_to_scratch(name, &plan, threads).await?, reads))
                }
            }
        };
        let (ran, reads): (Ran, Vec<Reads>) =
            run.await.map_err(|error: Error| error.at(format!("model \"{name}\"")))?;
        let rows = match &ran {
            Ran::View => reads.iter().map(|read| read.rows).sum(),
            Ran::Scratch(rows) => *rows,
            Ran::Table(made) => made.written.rows,
        };
        self.sizes().insert(name.to_owned(), rows);
        Ok((ran, reads))
    }

    /// Whether the tables in `reads` have so many rows that grouping them may fill the memory.
    pub fn is_heavy<'r>(&self, reads: impl Iterator<Item = &'r str>) -> bool {
        let sizes = self.sizes();
        let rows: u64 = reads.filter_map(|table| sizes.get(table)).sum();
        rows.saturating_mul(HEAVY_ROW_BYTES) > (self.engine.limits().memory_mb as u64) << 20
    }

    /// The tables that an optimised plan goes through.
    fn reads(&self, plan: &LogicalPlan) -> Result<Vec<Reads>> {
        let mut scans: BTreeMap<String, u64> = BTreeMap::new();
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node {
                *scans.entry(scan.table_name.table().to_owned()).or_default() += 1;
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        let sizes = self.sizes();
        let reads = scans.into_iter().map(|(table, scans)| {
            let rows = scans * sizes.get(&table).copied().unwrap_or(0);
            Reads { table, scans, rows }
        });
        Ok(reads.collect())
    }

    /// `plan`, which was analysed and stripped of empty tables, made ready to be executed.
    fn optimised(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let state = self.session.state();
        Ok(state.optimizer().optimize(plan, &state, |_, _| {})?)
    }

    /// How an optimised plan is executed on so many threads, its rows by client if it is `keyed`.
    pub(super) async fn physical(
        &self,
        plan: &LogicalPlan,
        keyed: bool,
        threads: usize,
    ) -> Result<Physical> {
        let mut state = self.session.state();
        self.engine.lay(state.config_mut().options_mut(), self.partitions);
        let mut plan = state.query_planner().create_physical_plan(plan, &state).await?;
        if keyed {
            plan = by_key(plan, CLIENT_KEY, self.partitions)?;
        }
        Ok((in_turn(plan, threads, &self.engine)?, state.task_ctx()))
    }

    /// The rows of `plan`, which was analysed.
    pub(super) async fn collected(&self, plan: LogicalPlan) -> Result<Vec<RecordBatch>> {
        let plan = self.optimised(without_empty(plan)?)?;
        let (plan, context) = self.physical(&plan, false, self.engine.limits().threads).await?;
        Ok(collect(plan, context).await?)
    }

    async fn run_sorted(&self, name: &str, plan: &LogicalPlan, threads: usize) -> Result<Ran> {
        let (plan, context) = self.physical(plan, false, threads).await?;
        let mut stream = execute_stream(plan, context)?;
        let path = self.scratch()?.join(format!("model-{name}.parquet"));
        let made = spawn(async move {
            let mut file = ParquetFile::create(&path, &stream.schema())?;
            while let Some(batch) = stream.try_next().await? {
                file.write(&batch)?;
            }
            let schema = file.schema();
            Ok(Materialised { path, schema, written: file.finish()? })
        });
        let made = made.await?;
        self.put(name, made.provider()?)?;
        Ok(Ran::Table(made))
    }

    async fn run_to_scratch(&self, name: &str, plan: &LogicalPlan, threads: usize) -> Result<Ran> {
        let keyed = plan.schema().has_column_with_unqualified_name(CLIENT_KEY);
        // What has a contract has the types of its file, whether or not there is one.
        let contract = self.project.contracts.contains_key(name);
        let types = contract.then(|| plain(plan.schema().inner())).transpose()?.map(Arc::new);
        let (plan, context) = self.physical(plan, keyed, threads).await?;
        let scratch = self.scratch()?;
        let streams = execute_stream_partitioned(plan, context)?;
        let tasks = streams.into_iter().enumerate().map(|(number, mut stream)| {
            let path = scratch.join(format!("model-{name}-{number}.arrow"));
            let schema = types.clone().unwrap_or_else(|| stream.schema());
            let mut rows = ScratchWriter::new(&self.engine, path, &schema);
            spawn(async move {
                while let Some(batch) = stream.try_next().await? {
                    let conforms = batch.schema() == schema;
                    rows.write(if conforms { batch } else { conform(&batch, &schema)? })?;
                }
                rows.finish()
            })
        });
        let parts: Vec<ScratchRows> = futures::future::try_join_all(tasks).await?;
        if let Some(first) = parts.first() {
            let table = if keyed {
                ScratchRows::keyed_table(first.schema(), &parts, CLIENT_KEY)
            } else {
                ScratchRows::table(first.schema(), &parts)
            };
            self.put(name, table)?;
        }
        Ok(Ran::Scratch(parts.iter().map(|part| part.rows).sum()))
    }
}
