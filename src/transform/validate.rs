//! Faults of SQL and contracts: models are planned against the tables they would read.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::Schema;
use chrono::NaiveDate;

use super::graph::{Graph, tables};
use super::models::Models;
use super::plan::parse;
use crate::columnar::{Engine, type_name};
use crate::config::contract::{Contract, Promise};
use crate::config::{Fault, Faults, Project};
use crate::error::{Error, Kind, Result};
use crate::names;

/// Parses every model: which reads which table.
///
/// # Errors
/// All faults.
pub fn graph(project: &Project) -> Result<Graph> {
    Graph::new(project).map_err(all)
}

/// Plans every model and check; the graph with the columns of each model.
///
/// # Errors
/// All faults (the first of each model), or a failure to set the session up.
pub async fn validated(project: &Project, engine: &Engine) -> Result<Graph> {
    let mut graph = graph(project)?;
    let models = graph.order().to_vec();
    let any_day = NaiveDate::default();
    planned(project, engine, any_day, &mut graph, &models).await?;
    Ok(graph)
}

/// Plans `models` (in the graph's order, with all models that they read) and the checks that read only
/// these, as of `as_of`; compares contracts and pipelines with each other. The graph has the columns
/// of each model then.
///
/// # Errors
/// As [`validated`].
pub async fn planned<'a>(
    project: &'a Project,
    engine: &Engine,
    as_of: NaiveDate,
    graph: &mut Graph,
    models: &[String],
) -> Result<Models<'a>> {
    let session = Models::new(project, &project.settings, engine, as_of)?;
    let mut faults = Faults::default();
    let mut unplanned: BTreeSet<&str> = project.models.keys().map(String::as_str).collect();
    for name in models {
        if graph.reads(name).any(|read| unplanned.contains(read)) {
            continue;
        }
        match session.declare(name).await {
            Ok(plan) => {
                let schema = Arc::clone(plan.schema().inner());
                contract(project, name, &schema, &mut faults);
                graph.declare(name, schema);
                unplanned.remove(name.as_str());
            }
            Err(fault) => faults.push(fault),
        }
    }
    for (name, model) in &project.check_queries {
        let reads = parse(model).map(|statement| tables(&statement)).unwrap_or_default();
        if reads.iter().any(|read| unplanned.contains(read.as_str())) {
            continue;
        }
        if let Err(fault) = session.prepare(model).await {
            faults.push(fault);
        }
        let used = project.contracts.values().flat_map(|contract| &contract.checks);
        let mut used =
            used.filter(|check| matches!(&check.promise, Promise::Query(query) if query == name));
        if used.next().is_none() {
            let fault = Fault::new(
                &model.file,
                (0, 0),
                format!("check \"{name}\" is named by no contract"),
            );
            faults.push(fault.hint("name it under checks: - query: { name: … } of a contract"));
        }
    }
    promises(project, &mut faults);
    published(project, &mut faults);
    purchase_kinds(project, &mut faults);
    if faults.is_empty() { Ok(session) } else { Err(all(faults)) }
}

/// All faults as one error.
fn all(faults: Faults) -> Error {
    let faults: Vec<String> = faults.sorted().iter().map(ToString::to_string).collect();
    Error::new(Kind::Declaration, faults.join("\n"))
}

/// Holds a contract's columns against the model's.
fn contract(project: &Project, name: &str, schema: &Schema, faults: &mut Faults) {
    let Some(contract) = project.contracts.get(name) else {
        return;
    };
    let mut fault = |message: String, hint: String| {
        faults.push(Fault::new(&contract.file, (0, 0), message).hint(hint));
    };
    for (position, field) in schema.fields().iter().enumerate() {
        let kind = type_name(field.data_type());
        let Some(column) = contract.columns.iter().find(|column| column.name == *field.name())
        else {
            fault(
                format!("the contract lacks column \"{}\" of model \"{name}\"", field.name()),
                format!("add {{ name: {}, type: {kind}, description: … }}", field.name()),
            );
            continue;
        };
        if column.kind != kind {
            fault(
                format!(
                    "column \"{}\" is {kind} in the model, {} in the contract",
                    column.name, column.kind
                ),
                "cast it in the model, or correct the contract".to_owned(),
            );
        }
        if contract.columns.get(position).is_some_and(|other| other.name != *field.name()) {
            fault(
                format!("column \"{}\" stands at another place in the contract", field.name()),
                "give the columns in the model's order".to_owned(),
            );
            return;
        }
    }
    for column in &contract.columns {
        if schema.field_with_name(&column.name).is_err() {
            let known = schema.fields().iter().map(|field| field.name().as_str());
            fault(
                format!("model \"{name}\" has no column \"{}\"", column.name),
                names::suggest(&column.name, known),
            );
        }
    }
}

/// Holds references from one contract to another.
fn promises(project: &Project, faults: &mut Faults) {
    for contract in project.contracts.values() {
        for check in &contract.checks {
            let fault = |message: String, hint: String| {
                Fault::new(&contract.file, check.place, message).hint(hint)
            };
            match &check.promise {
                Promise::Query(name) if !project.check_queries.contains_key(name) => {
                    faults.push(fault(
                        format!("check query \"{name}\" does not exist"),
                        names::suggest(name, project.check_queries.keys().map(String::as_str)),
                    ));
                }
                Promise::Relationships { to, field, .. } => match project.contracts.get(to) {
                    None => faults.push(fault(
                        format!("model \"{to}\" has no contract"),
                        names::suggest(to, project.contracts.keys().map(String::as_str)),
                    )),
                    Some(other) if !has_column(other, field) => faults.push(fault(
                        format!("model \"{to}\" has no column \"{field}\""),
                        names::suggest(
                            field,
                            other.columns.iter().map(|column| column.name.as_str()),
                        ),
                    )),
                    Some(_) => {}
                },
                _ => {}
            }
        }
    }
}

fn has_column(contract: &Contract, name: &str) -> bool {
    contract.columns.iter().any(|column| column.name == *name)
}

/// What is published must be a mart with a contract.
fn published(project: &Project, faults: &mut Faults) {
    for pipeline in &project.pipelines {
        for publish in &pipeline.publish {
            let name = &publish.table;
            let (message, hint) = match project.models.get(name) {
                None => {
                    let marts = project.models.values().filter(|model| model.layer == "marts");
                    let hint = names::suggest(name, marts.map(|model| model.name.as_str()));
                    (format!("published table \"{name}\" has no model"), hint)
                }
                Some(model) if model.layer != "marts" => (
                    format!("published table \"{name}\" is not a mart but lies in {}", model.file),
                    "publish a model of sql/marts".to_owned(),
                ),
                Some(_) => match project.contracts.get(name) {
                    None => (
                        format!("published table \"{name}\" has no contract"),
                        format!("add sql/marts/{name}.yaml with description, grain and columns"),
                    ),
                    Some(contract) if contract.grain.is_empty() => (
                        format!("published table \"{name}\" has no grain"),
                        "name the columns that are unique together".to_owned(),
                    ),
                    Some(contract) => match &publish.split {
                        Some(split) if !has_column(contract, split) => {
                            let known = contract.columns.iter().map(|column| column.name.as_str());
                            (
                                format!(
                                    "table \"{name}\" has no column \"{split}\" to be split by"
                                ),
                                names::suggest(split, known),
                            )
                        }
                        _ => continue,
                    },
                },
            };
            faults.push(Fault::new(&pipeline.file, (0, 0), message).hint(hint));
        }
    }
}

/// A purchase kind must be that of a system that some source declares.
fn purchase_kinds(project: &Project, faults: &mut Faults) {
    let sources = || project.pipelines.iter().flat_map(|pipeline| &pipeline.sources);
    for kind in &project.settings.purchase_kinds {
        if !sources().any(|source| source.system == kind.source) {
            let message = format!("purchase_kind: no source has the system \"{}\"", kind.source);
            let known = sources().map(|source| source.system.as_str());
            faults.push(
                Fault::new("pipelines/project.yaml", (0, 0), message)
                    .hint(names::suggest(&kind.source, known)),
            );
        }
    }
}
