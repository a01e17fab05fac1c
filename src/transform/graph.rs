//! Which model reads which table: from the parsed statements, in the order to run them.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::SchemaRef;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;

use super::parameters::SETTING_TABLES;
use super::plan::parse;
use crate::config::{Fault, Faults, Model, Project, canonical};
use crate::names;

/// The models of a project: what each reads and, for those that were planned, its columns.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    reads: BTreeMap<String, BTreeSet<String>>,
    order: Vec<String>,
    schemas: BTreeMap<String, SchemaRef>,
}

/// The tables that `statement` reads.
pub(super) fn tables(statement: &Statement) -> BTreeSet<String> {
    match resolve_table_references(statement, true) {
        Ok((tables, _)) => tables.iter().map(|table| table.table().to_owned()).collect(),
        Err(_) => BTreeSet::new(),
    }
}

/// The tables that a SQL file reads; none where it does not parse.
#[must_use]
pub fn reads_of(model: &Model) -> BTreeSet<String> {
    parse(model).map(|statement| tables(&statement)).unwrap_or_default()
}

/// Whether a table is given by pobudka or the project's reference files.
pub(super) fn is_given(project: &Project, table: &str) -> bool {
    canonical::table(table).is_some()
        || SETTING_TABLES.contains(&table)
        || project.references.contains_key(table)
}

impl Graph {
    /// Parses every model; a model that does not parse, reads an unknown table or reads itself in
    /// a circle is a fault.
    ///
    /// # Errors
    /// All faults.
    pub fn new(project: &Project) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let mut reads = BTreeMap::new();
        for model in project.models.values() {
            match parse(model) {
                Ok(statement) => {
                    let tables = tables(&statement);
                    unknown_tables(project, model, &tables, &mut faults);
                    reads.insert(model.name.clone(), tables);
                }
                Err(fault) => faults.push(fault),
            }
        }
        let order = match order(&reads) {
            Ok(order) => order,
            Err(circle) => {
                if let Some(model) = circle.first().and_then(|name| project.models.get(name)) {
                    let path = circle.join("\" → \"");
                    faults.push(
                        Fault::new(
                            &model.file,
                            (0, 0),
                            format!("models read each other in a circle: \"{path}\""),
                        )
                        .hint("let one of them read an earlier layer"),
                    );
                }
                Vec::new()
            }
        };
        if faults.is_empty() {
            Ok(Self { reads, order, schemas: BTreeMap::new() })
        } else {
            Err(faults)
        }
    }

    /// All models, each after those it reads.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// The tables that `model` reads.
    pub fn reads(&self, model: &str) -> impl Iterator<Item = &str> {
        self.reads.get(model).into_iter().flatten().map(String::as_str)
    }

    /// The tables whose rows are read where `name` is: itself, and where it is a view, those that it
    /// goes through.
    #[must_use]
    pub fn rows_of<'a>(&'a self, project: &Project, name: &'a str) -> BTreeSet<&'a str> {
        let (mut rows, mut open) = (BTreeSet::new(), vec![name]);
        while let Some(name) = open.pop() {
            let view = project.models.get(name).is_some_and(|model| model.layer == "staging");
            if rows.insert(name) && view {
                open.extend(self.reads(name));
            }
        }
        rows
    }

    /// Records the columns of `model`.
    pub(super) fn declare(&mut self, model: &str, schema: SchemaRef) {
        self.schemas.insert(model.to_owned(), schema);
    }

    /// The columns of `model` under the project's settings, if it was planned.
    pub(super) fn schema(&self, model: &str) -> Option<&SchemaRef> {
        self.schemas.get(model)
    }

    /// `wanted` and every model that they read, in the order to run them.
    #[must_use]
    pub fn needed(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<&str> = wanted.iter().map(String::as_str).collect();
        while let Some(name) = open.pop() {
            if self.reads.contains_key(name) && needed.insert(name) {
                open.extend(self.reads(name));
            }
        }
        self.order.iter().filter(|name| needed.contains(name.as_str())).cloned().collect()
    }
}

fn unknown_tables(
    project: &Project,
    model: &Model,
    tables: &BTreeSet<String>,
    faults: &mut Faults,
) {
    for table in tables {
        if project.models.contains_key(table) || is_given(project, table) {
            continue;
        }
        let known = project
            .models
            .keys()
            .map(String::as_str)
            .chain(canonical::TABLES.iter().map(|table| table.name))
            .chain(SETTING_TABLES)
            .chain(project.references.keys().map(String::as_str));
        let line = model.sql.lines().position(|line| {
            line.split(|char: char| !(char.is_alphanumeric() || char == '_'))
                .any(|word| word == table)
        });
        let place = line.map_or((0, 0), |line| {
            let column = model.sql.lines().nth(line).and_then(|text| text.find(table.as_str()));
            (line + 1, column.unwrap_or(0) + 1)
        });
        let message = format!("model \"{}\": table \"{table}\" is not known", model.name);
        faults.push(
            Fault::new(&model.file, place, message)
                .in_text(&model.sql)
                .hint(names::suggest(table, known)),
        );
    }
    if model.layer != "staging" {
        for table in tables.iter().filter(|table| canonical::table(table).is_some()) {
            let message = format!("model \"{}\" reads canonical table \"{table}\"", model.name);
            faults.push(
                Fault::new(&model.file, (0, 0), message).hint(format!(
                    "read stg_{table}: only the staging layer reads canonical tables"
                )),
            );
        }
    }
}

/// Models in the order to run them, or the circle that prevents it.
fn order(reads: &BTreeMap<String, BTreeSet<String>>) -> Result<Vec<String>, Vec<String>> {
    fn visit<'a>(
        name: &'a str,
        reads: &'a BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<&'a str>,
        order: &mut Vec<String>,
    ) -> Result<(), Vec<String>> {
        if order.iter().any(|done| done == name) {
            return Ok(());
        }
        if let Some(start) = path.iter().position(|open| *open == name) {
            let circle = path[start..].iter().chain(std::iter::once(&name));
            return Err(circle.map(|name| (*name).to_owned()).collect());
        }
        let Some(tables) = reads.get(name) else {
            return Ok(());
        };
        path.push(name);
        for table in tables {
            visit(table, reads, path, order)?;
        }
        path.pop();
        order.push(name.to_owned());
        Ok(())
    }
    let mut order = Vec::new();
    for name in reads.keys() {
        visit(name, reads, &mut Vec::new(), &mut order)?;
    }
    Ok(order)
}
