//! `backtest`: the rules of sleep judged on the company's own past.

use std::sync::Arc;

use chrono::NaiveDate;

use super::args::Cli;
use super::verbs::{print_outcome, progress, run, run_id};
use super::{print, query};
use crate::config::settings::Value;
use crate::error::{Error, Kind, Result};
use crate::run::{Request, Workspace, compute};

/// The table that holds what came of it.
const TABLE: &str = "backtest";

/// The horizon that is over first.
const SHORTEST_HORIZON_DAYS: u64 = 90;

/// Lets the rules be judged on `day` alone.
pub(super) fn judge_on(workspace: &mut Workspace, day: NaiveDate) -> Result<()> {
    let project = Arc::get_mut(&mut workspace.project);
    let project = project.ok_or_else(|| Error::new(Kind::Defect, "the project is in use"))?;
    project.settings.scalars.insert("backtest_at", Value::Date(day));
    Ok(())
}

/// Runs the pipeline that publishes the backtest and prints the table; on one day, prints it only.
pub(super) async fn backtest(
    cli: &Cli,
    workspace: &Workspace,
    at: Option<NaiveDate>,
    as_of: Option<NaiveDate>,
) -> Result<()> {
    let request = Request { as_of, ..Request::default() };
    if at.is_some() {
        let id = run_id(workspace.clock);
        let rows = compute(workspace, &request, TABLE, &id, &progress(cli)).await?;
        if rows.iter().all(|batch| batch.num_rows() == 0) {
            let last = workspace.as_of(as_of) - chrono::Days::new(SHORTEST_HORIZON_DAYS);
            return Err(Error::new(
                Kind::Nothing,
                "no horizon after the day is over, or nobody had bought by then",
            )
            .hint(format!("name a day from the first purchase up to {last}")));
        }
        return print::rows(&rows, cli.json);
    }
    let publishes = workspace.project.pipelines.iter().find(|pipeline| {
        pipeline.sources.is_empty() && pipeline.publish.iter().any(|entry| entry.table == TABLE)
    });
    let Some(pipeline) = publishes else {
        return Err(Error::new(Kind::Nothing, format!("no pipeline publishes \"{TABLE}\""))
            .hint("add { table: backtest, to: … } to the publish list of one without sources"));
    };
    let request = Request { pipelines: vec![pipeline.name.clone()], ..request };
    let outcome = run(cli, workspace, &request).await?;
    let sorted = format!("select * from {TABLE} order by cutoff, horizon, population, rule");
    query::select(workspace, &sorted, cli.json).await?;
    if !cli.json {
        print_outcome(workspace, &outcome);
    }
    Ok(())
}
