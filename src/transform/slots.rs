//! Tables whose rows lie in the session, so that equal plans of many sessions are optimised and made
//! physical once.
//!
//! Keeps true: an execution reads the rows of the session that it runs in; no two executions share a
//! physical plan at the same time, and each starts with its state reset.
//! Does not know: what the tables mean.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;

/// The rows of a session's tables, by name.
#[derive(Debug, Default)]
struct Contents(Mutex<HashMap<String, Vec<RecordBatch>>>);

/// The tables of one session.
#[derive(Debug, Clone)]
pub(super) struct Slots(Arc<Contents>);

impl Slots {
    /// Gives `session` an empty set of tables.
    pub(super) fn of(session: &SessionContext) -> Self {
        let contents = Arc::new(Contents::default());
        session.state_ref().write().config_mut().set_extension(Arc::clone(&contents));
        Self(contents)
    }

    /// The table `name` with `rows`, to be registered.
    ///
    /// # Errors
    /// When the schema is not that of the rows.
    pub(super) fn put(
        &self,
        name: &str,
        schema: SchemaRef,
        rows: Vec<RecordBatch>,
    ) -> Result<Arc<dyn TableProvider>> {
        let mut contents = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        contents.insert(name.to_owned(), rows);
        let slot = Slot { name: name.to_owned(), schema: Arc::clone(&schema) };
        Ok(Arc::new(StreamingTable::try_new(schema, vec![Arc::new(slot)])?))
    }
}

/// A table whose rows the executing session holds under its name.
#[derive(Debug)]
struct Slot {
    name: String,
    schema: SchemaRef,
}

impl PartitionStream for Slot {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = context.session_config().get_extension::<Contents>().and_then(|contents| {
            let contents = contents.0.lock().unwrap_or_else(PoisonError::into_inner);
            contents.get(&self.name).cloned()
        });
        let missing = || DataFusionError::Internal(format!("no rows for \"{}\"", self.name));
        let rows: Vec<Result<RecordBatch>> = match rows {
            Some(rows) => rows.into_iter().map(Ok).collect(),
            None => vec![Err(missing())],
        };
        let rows = futures::stream::iter(rows);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// Physical plans over slots, by their logical plans; only those that are not being executed.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<LogicalPlan, Vec<Arc<dyn ExecutionPlan>>>>);

impl Memo {
    /// The rows of `plan` in the session of `state`.
    ///
    /// # Errors
    /// When it cannot be planned or fails on the rows.
    pub(super) async fn collect(
        &self,
        state: &SessionState,
        plan: LogicalPlan,
    ) -> Result<Vec<RecordBatch>> {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().get_mut(&plan).and_then(Vec::pop);
        let physical = match known {
            Some(known) => known,
            None => state.create_physical_plan(&plan).await?,
        };
        let rows = collect(Arc::clone(&physical), state.task_ctx()).await?;
        let physical = reset_plan_states(physical)?;
        idle().entry(plan).or_default().push(physical);
        Ok(rows)
    }
}
