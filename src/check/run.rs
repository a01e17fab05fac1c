//! Running the checks of a contract on the tables of a run.

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::promise::offenders_sql;
use crate::config::Project;
use crate::config::contract::{Check, Condition, Contract, Limits, Promise};
use crate::error::{Error, Kind, Result};
use crate::transform::Models;

/// Offenders kept for the record.
const SAMPLES: usize = 5;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not hold, and the declaration only warns.
    Warned,
    /// It does not hold, or could not run.
    Failed,
}

/// One check of one table.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The table.
    pub table: String,
    /// What was promised.
    pub check: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Rows that break it.
    pub offenders: u64,
    /// Some of them, or why it could not run.
    pub samples: Vec<String>,
}

/// Runs all checks of `contract`; its grain is always one of them.
pub async fn run(project: &Project, models: &Models<'_>, contract: &Contract) -> Vec<Checked> {
    let limits = Limits { warn_if: None, error_if: Some(Condition::ANY) };
    let declared = contract.checks.iter().any(|check| matches!(check.promise, Promise::Grain));
    let grain = Check { place: (0, 0), promise: Promise::Grain, limits };
    let grain = (!declared && !contract.grain.is_empty()).then_some(grain);
    let mut checked = Vec::new();
    for check in grain.iter().chain(&contract.checks) {
        let found = offenders(project, models, contract, &check.promise).await;
        checked.push(judge(contract, check, found));
    }
    checked
}

async fn offenders(
    project: &Project,
    models: &Models<'_>,
    contract: &Contract,
    promise: &Promise,
) -> Result<Vec<RecordBatch>> {
    match (offenders_sql(contract, promise), promise) {
        (Some(sql), _) => models.query(&sql).await,
        (None, Promise::Query(name)) => {
            let model = project.check_queries.get(name).ok_or_else(|| {
                Error::new(Kind::Defect, format!("check query \"{name}\" does not exist"))
            })?;
            models.offenders(model).await
        }
        (None, _) => Ok(Vec::new()),
    }
}

fn judge(contract: &Contract, check: &Check, found: Result<Vec<RecordBatch>>) -> Checked {
    let mut checked = Checked {
        table: contract.model.clone(),
        check: check.promise.name(),
        outcome: Outcome::Passed,
        offenders: 0,
        samples: Vec::new(),
    };
    match found {
        Err(error) => {
            checked.outcome = Outcome::Failed;
            let source = error.source.as_ref().map(|source| format!(": {source}"));
            checked.samples.push(format!("could not run: {error}{}", source.unwrap_or_default()));
        }
        Ok(batches) => {
            checked.offenders = batches.iter().map(|batch| batch.num_rows() as u64).sum();
            let holds = |condition: Option<Condition>| {
                condition.is_some_and(|condition| condition.holds(checked.offenders))
            };
            checked.outcome = if holds(check.limits.error_if) {
                Outcome::Failed
            } else if holds(check.limits.warn_if) {
                Outcome::Warned
            } else {
                Outcome::Passed
            };
            checked.samples = batches.iter().flat_map(samples).take(SAMPLES).collect();
        }
    }
    checked
}

/// Rows as `column=value, …`.
fn samples(batch: &RecordBatch) -> Vec<String> {
    let options = FormatOptions::default().with_null("null");
    let schema = batch.schema();
    (0..batch.num_rows().min(SAMPLES))
        .map(|row| {
            let cells = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
                let value = ArrayFormatter::try_new(column.as_ref(), &options)
                    .map_or_else(|error| error.to_string(), |format| format.value(row).to_string());
                format!("{}={value}", field.name())
            });
            cells.collect::<Vec<_>>().join(", ")
        })
        .collect()
}
