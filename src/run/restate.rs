//! The measures of kept quarters as they were published, for the table of restatements.
//!
//! Keeps true: what was published is read from the kept files themselves, with the columns that
//! they had.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{Fields, Schema};
use datafusion::datasource::MemTable;

use super::plan::Plan;
use super::workspace::Workspace;
use crate::config::measures;
use crate::error::Result;
use crate::publish::published;
use crate::transform::{KEPT_MEASURES, KEPT_QUARTERS, Models, RESTATEMENTS};

/// Gives `models` the measures of every quarter that the destinations of the plan's restatements
/// keep; nothing where the plan publishes none.
pub(super) async fn give_kept(
    workspace: &Workspace,
    plan: &Plan,
    models: &Models<'_>,
) -> Result<()> {
    let mut batches: Vec<RecordBatch> = Vec::new();
    let (mut quarters, mut tables) = (Vec::new(), Vec::new());
    for publish in plan.publish.iter().filter(|publish| publish.table == RESTATEMENTS) {
        let set = workspace.destination(&publish.to)?;
        let manifest = set.current().await?;
        let name = format!("to-{}", publish.to);
        let store = workspace.engine.register(&name, Arc::clone(set.store()))?;
        for (quarter, kept) in &manifest.kept {
            for (name, table) in kept {
                let contract = workspace.project.contracts.get(name);
                let Some(contract) = contract.filter(|one| measures::is_quarterly(one)) else {
                    continue;
                };
                let provider = published(name, table, &store)?;
                let has = |column: &str| table.schema.iter().any(|known| known.name == column);
                batches.extend(models.kept_measures(contract, provider, quarter, &has).await?);
                quarters.push(quarter.clone());
                tables.push(name.clone());
            }
        }
    }
    if quarters.is_empty() {
        return Ok(());
    }
    let named = RecordBatch::try_from_iter([
        ("quarter", Arc::new(StringArray::from(quarters)) as _),
        ("table_name", Arc::new(StringArray::from(tables)) as _),
    ])?;
    models.put(KEPT_QUARTERS, Arc::new(MemTable::try_new(named.schema(), vec![vec![named]])?))?;
    if let Some(first) = batches.first() {
        // Files of different quarters differ in which columns may be NULL.
        let fields = first
            .schema()
            .fields()
            .iter()
            .map(|field| Arc::new(field.as_ref().clone().with_nullable(true)))
            .collect::<Fields>();
        let schema = Arc::new(Schema::new(fields));
        let batches = batches
            .iter()
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()));
        let batches = batches.collect::<std::result::Result<Vec<_>, _>>()?;
        models.put(KEPT_MEASURES, Arc::new(MemTable::try_new(schema, vec![batches])?))?;
    }
    Ok(())
}
