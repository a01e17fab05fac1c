//! Unit tests of SQL models: small tables in, the model's rows against the expected ones.
//!
//! Keeps true: a test sees the rows that it gives, the reference files that it does not give, its day and
//! what it says of settings, currency and language, never the project's; tests in which a model has the same plan share
//! that plan; outcomes come in the order of the declarations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::TableProvider;
use datafusion::datasource::ViewTable;
use datafusion::prelude::SessionContext;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::functions;
use super::graph::Graph;
use super::parameters::{Parameters, SETTING_TABLES, setting_tables};
use super::plan::plan;
use super::reference::{self, parse_csv};
use super::slots::{Memo, Slots};
use crate::columnar::Engine;
use crate::config::contract::UnitTest;
use crate::config::settings::defaults;
use crate::config::{Fault, Project, canonical};
use crate::domain::calendar::to_day;
use crate::error::{Error, Kind, Result};

/// How one unit test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// The model.
    pub model: String,
    /// What the test shows.
    pub name: String,
    /// What differs; empty when it passed.
    pub differences: Vec<String>,
}

/// The tests of a project and what all of them share.
struct Tests {
    project: Arc<Project>,
    engine: Engine,
    graph: Graph,
    memo: Memo,
    /// Model and position in its contract.
    tests: Vec<(String, usize)>,
    next: AtomicUsize,
}

/// Runs the unit tests of `models`, of every contract if none is named, on the engine's threads;
/// `report` receives the outcomes in the order of the declarations, as early as that allows.
///
/// # Errors
/// When a test cannot be set up.
pub async fn run_tests(
    project: &Arc<Project>,
    engine: &Engine,
    graph: Graph,
    models: &BTreeSet<String>,
    report: &mut (dyn FnMut(TestOutcome) + Send),
) -> Result<()> {
    let contracts = project.contracts.values();
    let contracts =
        contracts.filter(|contract| models.is_empty() || models.contains(&contract.model));
    let tests = contracts.flat_map(|contract| {
        (0..contract.tests.len()).map(|position| (contract.model.clone(), position))
    });
    let tests = Tests {
        project: Arc::clone(project),
        engine: engine.clone(),
        graph,
        memo: Memo::default(),
        tests: tests.collect(),
        next: AtomicUsize::new(0),
    };
    let tests = Arc::new(tests);
    let (sender, mut ended) = mpsc::unbounded_channel();
    // Small tables: what takes time is planning, which is a matter of one core each.
    let mut workers = JoinSet::new();
    for _ in 0..engine.limits().threads.max(1) {
        workers.spawn(work(Arc::clone(&tests), sender.clone()));
    }
    drop(sender);
    let mut waiting = BTreeMap::new();
    let mut following = 0;
    while let Some((number, outcome)) = ended.recv().await {
        waiting.insert(number, outcome);
        while let Some(outcome) = waiting.remove(&following) {
            report(outcome?);
            following += 1;
        }
    }
    match tests.tests.get(following) {
        None => Ok(()),
        Some((model, _)) => {
            Err(Error::new(Kind::Defect, format!("a unit test of \"{model}\" ended early")))
        }
    }
}

/// Runs test after test until none is left or the results are no longer waited for.
async fn work(tests: Arc<Tests>, ended: mpsc::UnboundedSender<(usize, Result<TestOutcome>)>) {
    loop {
        let number = tests.next.fetch_add(1, Ordering::Relaxed);
        let Some((model, position)) = tests.tests.get(number) else { return };
        let contract = &tests.project.contracts[model];
        let test = &contract.tests[*position];
        let outcome = run(&tests, model, test).await;
        let outcome = outcome
            .map(|differences| {
                let (model, name) = (model.clone(), test.name.clone());
                TestOutcome { model, name, differences }
            })
            .map_err(|error| error.at(format!("{}: test \"{}\"", contract.file, test.name)));
        if ended.send((number, outcome)).is_err() {
            return;
        }
        // On a single thread, this lets the outcome be reported before the next test.
        tokio::task::yield_now().await;
    }
}

/// One test: its session, the day and the settings.
struct Case<'a> {
    tests: &'a Tests,
    session: SessionContext,
    slots: Slots,
    parameters: Parameters,
}

async fn run(tests: &Tests, model: &str, test: &UnitTest) -> Result<Vec<String>> {
    let given: BTreeMap<&str, &str> =
        test.given.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let needed = tests.graph.needed(&[model.to_owned()].into());
    let mut strange = given.keys().filter(|name| {
        canonical::table(name).is_none()
            && !SETTING_TABLES.contains(name)
            && !tests.project.references.contains_key(**name)
            && !needed.iter().any(|model| model == *name)
    });
    if let Some(name) = strange.next() {
        let message = format!("table \"{name}\" is given, but not read");
        return Err(
            Error::new(Kind::Declaration, message).hint("give a table that the model reads")
        );
    }
    let case = Case::new(tests, test, &given)?;
    // Models between what is given and the one under test are computed; all others are empty.
    let mut live: BTreeSet<&str> = given.keys().copied().collect();
    for name in &needed {
        let declared = tests.graph.schema(name).ok_or_else(|| {
            Error::new(Kind::Defect, format!("model \"{name}\" was not validated"))
        })?;
        if let Some(text) = given.get(name.as_str()) {
            case.give(name, table_of(text, declared)?)?;
            continue;
        }
        let computed = tests.graph.reads(name).any(|read| live.contains(read));
        if name != model && (computed || tests.project.models[name].layer == "staging") {
            case.compute(name).await?;
            if computed {
                live.insert(name);
            }
        } else {
            case.give(name, RecordBatch::new_empty(nullable(declared)))?;
        }
    }
    let (header, mut expected) = parse_csv(&test.expect).map_err(broken)?;
    let mut found = rows(&case.rows(model).await?.1, &header)?;
    found.sort();
    expected.sort();
    // Rows are compared with how often they are there.
    let count = |rows: &[Vec<String>], row: &[String]| rows.iter().filter(|it| *it == row).count();
    let mut all: Vec<&Vec<String>> = expected.iter().chain(&found).collect();
    all.sort();
    all.dedup();
    let differences = all.into_iter().filter_map(|row| {
        let (wanted, there) = (count(&expected, row), count(&found, row));
        let told = row.join(",");
        match (wanted, there) {
            _ if wanted == there => None,
            (_, 0) => Some((0, format!("expected and not found: {told}"))),
            (0, _) => Some((2, format!("found and not expected: {told}"))),
            _ => Some((1, format!("expected {wanted} times and found {there} times: {told}"))),
        }
    });
    let mut differences: Vec<(u8, String)> = differences.collect();
    differences.sort_by_key(|(what, _)| *what);
    let differences = differences.into_iter().map(|(_, told)| told).collect();
    Ok(differences)
}

impl<'a> Case<'a> {
    /// A session with the functions and tables of the test's day and settings, and the canonical tables
    /// that are `given`; what a reference file adds to these is no part of a test.
    fn new(tests: &'a Tests, test: &UnitTest, given: &BTreeMap<&str, &str>) -> Result<Self> {
        let project = &tests.project;
        let defaults = defaults();
        let settings = test.settings.as_ref().unwrap_or(&defaults);
        let session = tests.engine.session(1);
        functions::register(&session, settings, test.language, to_day(test.as_of));
        let slots = Slots::of(&session);
        let parameters = Parameters::new(settings, &test.currency, test.as_of);
        let case = Self { tests, session, slots, parameters };
        let rows_of = |name: &str, rows: RecordBatch| match given.get(name) {
            Some(text) => table_of(text, &rows.schema()),
            None => Ok(rows),
        };
        for (name, rows) in setting_tables(project, settings)? {
            case.give(name, rows_of(name, rows)?)?;
        }
        for table in canonical::TABLES {
            let columns: SchemaRef = Arc::new(table.schema());
            let rows = match given.get(table.name) {
                Some(text) => table_of(text, &columns)?,
                None => RecordBatch::new_empty(nullable(&columns)),
            };
            case.give(table.name, rows)?;
        }
        for (name, path) in &project.references {
            if canonical::table(name).is_none() {
                case.give(name, rows_of(name, reference::rows(path)?)?)?;
            }
        }
        Ok(case)
    }

    /// Registers the table `name` with `rows`.
    fn give(&self, name: &str, rows: RecordBatch) -> Result<()> {
        let table = self.slots.put(name, rows.schema(), vec![rows])?;
        self.put(name, table)
    }

    /// Registers `table` in place of what bears its name.
    fn put(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
        self.session.deregister_table(name)?;
        self.session.register_table(name, table)?;
        Ok(())
    }

    /// Registers a model with the rows that it gives; staging as a view.
    async fn compute(&self, name: &str) -> Result<()> {
        let project = &self.tests.project;
        if project.models[name].layer == "staging" {
            let plan = plan(&self.session, &project.models[name], &self.parameters).await;
            let view = ViewTable::new(plan.map_err(|fault| declaration(&fault))?, None);
            return self.put(name, Arc::new(view));
        }
        let (schema, rows) = self.rows(name).await?;
        let schema = nullable(&schema);
        let rows = rows
            .into_iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()));
        let rows = rows.collect::<std::result::Result<Vec<_>, _>>()?;
        let table = self.slots.put(name, schema, rows)?;
        self.put(name, table)
    }

    /// The columns and rows of a model whose inputs are registered.
    async fn rows(&self, model: &str) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let model = &self.tests.project.models[model];
        let plan = plan(&self.session, model, &self.parameters)
            .await
            .map_err(|fault| declaration(&fault))?;
        let schema = Arc::clone(plan.schema().inner());
        Ok((schema, self.tests.memo.collect(&self.session.state(), plan).await?))
    }
}

fn declaration(fault: &Fault) -> Error {
    Error::new(Kind::Declaration, fault.to_string())
}

/// The same columns, each of which may be NULL.
fn nullable(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn broken(message: String) -> Error {
    Error::new(Kind::Declaration, message).hint("write comma-separated text with a header")
}

/// CSV text as rows of `schema`; columns that the text lacks are NULL.
fn table_of(text: &str, schema: &Schema) -> Result<RecordBatch> {
    let (header, rows) = parse_csv(text).map_err(broken)?;
    if let Some(name) = header.iter().find(|name| schema.index_of(name).is_err()) {
        let known = schema.fields().iter().map(|field| field.name().as_str());
        return Err(Error::new(Kind::Declaration, format!("the table has no column \"{name}\""))
            .hint(crate::names::suggest(name, known)));
    }
    let columns = schema.fields().iter().map(|field| {
        let position = header.iter().position(|name| name == field.name());
        let texts = rows.iter().map(|row| {
            position.map(|position| row[position].as_str()).filter(|text| !text.is_empty())
        });
        let texts: ArrayRef = Arc::new(texts.collect::<StringArray>());
        let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
        Ok(arrow::compute::cast_with_options(&texts, field.data_type(), &options)?)
    });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    Ok(RecordBatch::try_new(nullable(schema), columns)?)
}

/// The columns `header` of `batches` as text.
fn rows(batches: &[RecordBatch], header: &[String]) -> Result<Vec<Vec<String>>> {
    let options = FormatOptions::default().with_null("");
    let mut rows = Vec::new();
    for batch in batches {
        let columns = header.iter().map(|name| {
            batch.column_by_name(name).ok_or_else(|| {
                Error::new(Kind::Declaration, format!("the model has no column \"{name}\""))
            })
        });
        let columns: Vec<&ArrayRef> = columns.collect::<Result<_>>()?;
        let formatters: Vec<ArrayFormatter<'_>> = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref() as &dyn Array, &options))
            .collect::<std::result::Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            rows.push(formatters.iter().map(|format| format.value(row).to_string()).collect());
        }
    }
    Ok(rows)
}
