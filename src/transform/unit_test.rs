//! Unit tests of SQL models: small tables in, the model's rows against the expected ones.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use tokio::runtime::Handle;

use super::graph::Graph;
use super::models::Models;
use super::reference::parse_csv;
use crate::columnar::Engine;
use crate::config::contract::{Contract, UnitTest};
use crate::config::settings::defaults;
use crate::config::{Fault, Project, canonical};
use crate::error::{Error, Kind, Result};
use crate::pull::map::schema;

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

/// Runs the unit tests of every contract, by model.
///
/// # Errors
/// When a test cannot be set up.
pub fn run_tests(project: &Project, engine: &Engine, graph: &Graph) -> Result<Vec<TestOutcome>> {
    let tests = project
        .contracts
        .values()
        .flat_map(|contract| contract.tests.iter().map(move |test| (contract, test)));
    let tests: Vec<(&Contract, &UnitTest)> = tests.collect();
    let next = AtomicUsize::new(0);
    let runtime = Handle::current();
    // Small tables: what takes time is planning, which is a matter of one core each.
    let worker = || -> Result<Vec<(usize, TestOutcome)>> {
        let mut outcomes = Vec::new();
        while let Some((number, (contract, test))) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            tests.get(number).map(|test| (number, *test))
        } {
            let place = || format!("{}: test \"{}\"", contract.file, test.name);
            let differences = runtime
                .block_on(run(project, engine, graph, &contract.model, test))
                .map_err(|error| error.at(place()))?;
            let (model, name) = (contract.model.clone(), test.name.clone());
            outcomes.push((number, TestOutcome { model, name, differences }));
        }
        Ok(outcomes)
    };
    let threads = engine.limits().threads.max(1);
    let mut outcomes = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
            let mut outcomes = Vec::new();
            for worker in workers {
                let ended = worker.join();
                let ended =
                    ended.map_err(|_| Error::new(Kind::Defect, "a unit test ended early"))?;
                outcomes.extend(ended?);
            }
            Ok::<_, Error>(outcomes)
        })
    })?;
    outcomes.sort_unstable_by_key(|(number, _)| *number);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

async fn run(
    project: &Project,
    engine: &Engine,
    graph: &Graph,
    model: &str,
    test: &UnitTest,
) -> Result<Vec<String>> {
    let defaults = defaults();
    let settings = test.settings.as_ref().unwrap_or(&defaults);
    let models =
        Models::new(project, settings, engine, test.as_of, &BTreeMap::new(), Path::new("."))?;
    let given: BTreeMap<&str, &str> =
        test.given.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    for table in canonical::TABLES {
        let columns: SchemaRef = Arc::new(schema(table));
        match given.get(table.name) {
            Some(text) => models.put(table.name, Arc::new(table_of(text, &columns)?))?,
            // What a reference file adds is no part of a test.
            None if project.references.contains_key(table.name) => {
                models.put(table.name, Arc::new(EmptyTable::new(columns)))?;
            }
            None => {}
        }
    }
    let wanted = [model.to_owned()].into();
    let declaration = |fault: Fault| Error::new(Kind::Declaration, fault.to_string());
    // Models between what is given and the one under test are computed; all others are empty.
    let mut live: BTreeSet<String> = given.keys().map(|name| (*name).to_owned()).collect();
    for name in graph.needed(&wanted) {
        let schema = models.declare(&name).await.map_err(declaration)?;
        let computed = graph.reads(&name).any(|read| live.contains(read));
        if let Some(text) = given.get(name.as_str()) {
            models.put(&name, Arc::new(table_of(text, &Arc::new(schema))?))?;
        } else if computed && name != model {
            live.insert(name.clone());
            let between = &project.models[&name];
            if between.layer != "staging" {
                let plan = models.plan(between).await.map_err(declaration)?;
                let rows = models.session().execute_logical_plan(plan).await?.collect().await?;
                models.put(&name, Arc::new(table_of_rows(&schema, &rows)?))?;
            }
        }
    }
    for name in given.keys() {
        let needed = graph.needed(&wanted).iter().any(|model| model == name);
        if !needed && canonical::table(name).is_none() {
            return Err(Error::new(
                Kind::Declaration,
                format!("table \"{name}\" is given, but not read"),
            )
            .hint("give a table that the model reads"));
        }
    }
    let (header, expected) = parse_csv(&test.expect).map_err(broken)?;
    let plan = models.plan(&project.models[model]).await;
    let plan = plan.map_err(|fault| Error::new(Kind::Declaration, fault.to_string()))?;
    let found = models.session().execute_logical_plan(plan).await?.collect().await?;
    let mut found = rows(&found, &header)?;
    let mut expected = expected;
    found.sort();
    expected.sort();
    let mut differences = Vec::new();
    for row in expected.iter().filter(|row| !found.contains(row)) {
        differences.push(format!("expected and not found: {}", row.join(",")));
    }
    for row in found.iter().filter(|row| !expected.contains(row)) {
        differences.push(format!("found and not expected: {}", row.join(",")));
    }
    if differences.is_empty() && found.len() != expected.len() {
        differences.push(format!("expected {} rows, found {}", expected.len(), found.len()));
    }
    Ok(differences)
}

/// Rows of a query as a table; any of its columns may be NULL.
fn table_of_rows(schema: &Schema, rows: &[RecordBatch]) -> Result<MemTable> {
    let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batches = rows
        .iter()
        .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()));
    let batches = batches.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(MemTable::try_new(schema, vec![batches])?)
}

fn broken(message: String) -> Error {
    Error::new(Kind::Declaration, message).hint("write comma-separated text with a header")
}

/// CSV text as a table of `schema`; columns that the text lacks are NULL.
fn table_of(text: &str, schema: &SchemaRef) -> Result<MemTable> {
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
    let fields: Vec<_> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    Ok(MemTable::try_new(schema, vec![vec![batch]])?)
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
