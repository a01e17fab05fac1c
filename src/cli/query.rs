//! Verbs that query: published tables, the lake's, and models on the lake as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::prelude::{SQLOptions, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;

use super::args::Cli;
use super::print;
use super::verbs::progress;
use crate::columnar::{MAX_EXPRESSION, too_deep};
use crate::config::canonical;
use crate::error::{Error, Kind, Result};
use crate::lake::{EXPORTS, REJECTS, RunState, read_records};
use crate::names;
use crate::publish::published as published_table;
use crate::run::{Request, Rows, Workspace, rows};
use crate::transform::RESTATEMENTS;

/// The schema in which models are queried.
const MODELS: &str = "models";

/// A session in which published tables and lake tables can be queried; published ones by their
/// name, the lake's as `lake.<table>`.
async fn session(workspace: &Workspace) -> Result<(SessionContext, Vec<String>)> {
    let session = workspace.engine.session(workspace.engine.limits().threads);
    let mut known = Vec::new();
    for destination in &workspace.project.destinations {
        let set = workspace.destination(&destination.name)?;
        let manifest = set.current().await?;
        let url = workspace
            .engine
            .register(&format!("to-{}", destination.name), Arc::clone(set.store()))?;
        for (name, table) in &manifest.tables {
            let provider = published_table(name, table, &url)?;
            session.deregister_table(name.as_str())?;
            session.register_table(name.as_str(), provider)?;
            known.push(name.clone());
        }
    }
    let manifest = workspace.lake.set().current().await?;
    session.sql("create schema lake").await?;
    for table in canonical::TABLES {
        let provider: Arc<dyn TableProvider> = workspace.lake.provider(&manifest, table);
        session.register_table(format!("lake.{}", table.name), provider)?;
        known.push(format!("lake.{}", table.name));
    }
    for (name, provider) in
        [(REJECTS, workspace.lake.rejects(&manifest)), (EXPORTS, workspace.lake.exports(&manifest))]
    {
        session.register_table(format!("lake.{name}"), provider)?;
        known.push(format!("lake.{name}"));
    }
    Ok((session, known))
}

/// The models that `query` names as `models.<model>`; none where it is no query.
fn models_of(session: &SessionContext, query: &str) -> BTreeSet<String> {
    let state = session.state();
    let dialect = state.config_options().sql_parser.dialect;
    let Ok(statement) = state.sql_to_statement(query, &dialect) else { return BTreeSet::new() };
    let asks = match &statement {
        Statement::Statement(inner) => matches!(**inner, ast::Statement::Query(_)),
        Statement::Explain(_) => true,
        _ => false,
    };
    if !asks {
        return BTreeSet::new();
    }
    let tables = state.resolve_table_references(&statement).unwrap_or_default();
    let models =
        tables.iter().filter(|table| table.schema() == Some(MODELS) && table.catalog().is_none());
    models.map(|table| table.table().to_owned()).collect()
}

/// Runs the models `names` on the lake as it is, as of the day of the last run where none is given,
/// and lets `session` query them.
async fn add_models<'a>(
    (cli, workspace): (&Cli, &'a Workspace),
    session: &SessionContext,
    names: &BTreeSet<String>,
    as_of: Option<NaiveDate>,
) -> Result<Option<Rows<'a>>> {
    let models = &workspace.project.models;
    if names.is_empty() {
        return Ok(None);
    }
    if let Some(name) = names.iter().find(|name| !models.contains_key(*name)) {
        return Err(Error::new(Kind::Nothing, format!("model \"{name}\" does not exist"))
            .hint(names::suggest(name, models.keys().map(String::as_str))));
    }
    if names.contains(RESTATEMENTS) {
        let message = format!("model \"{RESTATEMENTS}\" is computed only when it is published");
        return Err(Error::new(Kind::Usage, message)
            .hint(format!("query the published table: select … from {RESTATEMENTS}")));
    }
    let last = || async {
        let records = read_records(&workspace.lake).await?;
        let done = records.iter().find(|it| it.state == RunState::Done && it.quarter.is_none());
        Ok::<_, Error>(done.and_then(|record| record.as_of.parse().ok()))
    };
    let as_of = if as_of.is_some() { as_of } else { last().await? };
    let request = Request { as_of, ..Request::default() };
    let rows = rows(workspace, &request, names, &progress(cli)).await?;
    session.sql(&format!("create schema {MODELS}")).await?;
    for name in names {
        session.register_table(format!("{MODELS}.{name}"), rows.of(name).await?)?;
    }
    Ok(Some(rows))
}

/// `sql 'select …'`.
pub(super) async fn sql(
    cli: &Cli,
    workspace: &Workspace,
    query: &str,
    as_of: Option<NaiveDate>,
) -> Result<()> {
    if let Some((line, column)) = too_deep(query) {
        let message = format!(
            "an expression has more than {MAX_EXPRESSION} words and signs, at {line}:{column}"
        );
        return Err(Error::new(Kind::Usage, message).hint("write long lists as \"in (…)\""));
    }
    let (session, known) = session(workspace).await?;
    let models = models_of(&session, query);
    let _rows = add_models((cli, workspace), &session, &models, as_of).await?;
    answer(&session, &known, query, cli.json).await
}

/// The answer to a query about published and lake tables.
pub(super) async fn select(workspace: &Workspace, query: &str, json: bool) -> Result<()> {
    let (session, known) = session(workspace).await?;
    answer(&session, &known, query, json).await
}

async fn answer(session: &SessionContext, known: &[String], query: &str, json: bool) -> Result<()> {
    let options =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = session.sql_with_options(query, options).await.map_err(|error| {
        let message = error.find_root().strip_backtrace();
        let tables = known.join(", ");
        Error::new(Kind::Usage, message).hint(format!("tables: {tables}, models.<model>"))
    })?;
    print::rows(&frame.collect().await?, json)
}

/// `show TABLE`.
pub(super) async fn show(
    cli: &Cli,
    workspace: &Workspace,
    (table, limit): (&str, usize),
    as_of: Option<NaiveDate>,
) -> Result<()> {
    let (session, mut known) = session(workspace).await?;
    let models = workspace.project.models.keys();
    known.extend(models.clone().map(|name| format!("{MODELS}.{name}")));
    let written = ["", "lake.", "models."].map(|schema| format!("{schema}{table}"));
    let Some(name) = written.into_iter().find(|name| known.contains(name)) else {
        let known = known.iter().chain(models).map(String::as_str);
        return Err(Error::new(Kind::Nothing, format!("table \"{table}\" does not exist"))
            .hint(names::suggest(table, known)));
    };
    let query = format!("select * from {name} limit {limit}");
    let models = models_of(&session, &query);
    let _rows = add_models((cli, workspace), &session, &models, as_of).await?;
    print::rows(&session.sql(&query).await?.collect().await?, cli.json)
}
