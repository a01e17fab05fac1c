//! Inputs that were not there, and what of each table is therefore not available.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};

use crate::config::contract::Contract;
use crate::error::Result;
use crate::transform::Models;

/// The model that counts what there is of each input.
pub(super) const INPUTS: &str = "int_inputs";

/// The inputs of which there is anything; `None` where the project does not count them.
#[derive(Debug, Default)]
pub(super) struct Missing(Option<BTreeSet<String>>);

/// Reads what the models that `ran` counted.
pub(super) async fn missing_inputs(models: &Models<'_>, ran: &[String]) -> Result<Missing> {
    if !ran.iter().any(|model| model == INPUTS) {
        return Ok(Missing::default());
    }
    let there = models.query(&format!("select input from {INPUTS} where rows > 0")).await?;
    let mut inputs = BTreeSet::new();
    for batch in &there {
        let names = batch.column(0).as_string::<i32>();
        inputs.extend((0..names.len()).map(|row| names.value(row).to_owned()));
    }
    Ok(Missing(Some(inputs)))
}

impl Missing {
    /// What of the contract's table is not available, and why, as `not available: no contacts` or
    /// `margin not available: no document_lines.cost`.
    pub(super) fn of(&self, contract: &Contract) -> Vec<String> {
        let Some(there) = &self.0 else { return Vec::new() };
        let lacks = |needs: &[String]| -> Option<String> {
            let lacking: Vec<String> = needs
                .iter()
                .filter(|input| !there.contains(*input))
                .map(|input| format!("no {input}"))
                .collect();
            (!lacking.is_empty()).then(|| lacking.join(", "))
        };
        if let Some(because) = lacks(&contract.needs) {
            return vec![format!("not available: {because}")];
        }
        let columns = contract.columns.iter().filter_map(|column| {
            Some(format!("{} not available: {}", column.name, lacks(&column.needs)?))
        });
        columns.collect()
    }
}
