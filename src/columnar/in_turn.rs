//! Partitions that are computed in turn: as many at once as there are threads.
//!
//! A plan may have more partitions than threads, so that the rows of a few fit into memory. Joins,
//! groups and sorts then hold the rows of the partitions that run; the others wait. A merge needs a
//! row of each partition before it gives its first: each partition leaves its rows in scratch, and
//! the merge reads them from there. Keeps true: a partition that runs comes to its end, whatever
//! waits.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::internal_datafusion_err;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, replace_children_if_necessary};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
};
use futures::{StreamExt, TryStreamExt};
use tokio::sync::Semaphore;

use super::parquet_file::BATCH_ROWS;
use super::scratch::ScratchWriter;
use super::session::Engine;

/// `plan` with no more than `at_once` of its partitions, and of those beneath each exchange and
/// merge, running at a time.
///
/// # Errors
/// When the plan cannot be rewritten.
pub fn in_turn(
    plan: Arc<dyn ExecutionPlan>,
    at_once: usize,
    engine: &Engine,
) -> Result<Arc<dyn ExecutionPlan>> {
    let turns = |inner: Arc<dyn ExecutionPlan>, kept: bool| -> Arc<dyn ExecutionPlan> {
        let partitions = inner.output_partitioning().partition_count();
        if partitions <= at_once {
            return inner;
        }
        let kept = kept.then(|| (engine.clone(), (BATCH_ROWS * at_once / partitions).max(1)));
        Arc::new(InTurn { inner, at_once, kept, running: Arc::new(Semaphore::new(at_once)) })
    };
    let plan = plan.transform_up(|node| {
        let Some(kept) = waits_for_all(&node) else { return Ok(Transformed::no(node)) };
        let children = node.children().into_iter().cloned();
        let children = children.map(|child| turns(child, kept)).collect();
        Ok(Transformed::yes(replace_children_if_necessary(node, children)?))
    });
    Ok(turns(plan.data()?, false))
}

/// Whether `plan` waits for a row of each partition beneath it before it gives one. `None` where each
/// of its partitions comes from one partition beneath.
fn waits_for_all(plan: &Arc<dyn ExecutionPlan>) -> Option<bool> {
    if let Some(exchange) = plan.downcast_ref::<RepartitionExec>() {
        return Some(exchange.preserve_order());
    }
    let merges = plan.is::<SortPreservingMergeExec>();
    (merges || plan.is::<CoalescePartitionsExec>()).then_some(merges)
}

/// Another plan; it lets a few of its partitions run at once.
#[derive(Debug, Clone)]
struct InTurn {
    inner: Arc<dyn ExecutionPlan>,
    at_once: usize,
    running: Arc<Semaphore>,
    /// The scratch where a partition's rows are left in its turn, and in batches of how many.
    kept: Option<(Engine, usize)>,
}

impl InTurn {
    fn over(&self, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let inner = children.pop().ok_or_else(|| internal_datafusion_err!("no child"))?;
        Ok(Arc::new(Self { inner, ..self.clone() }))
    }
}

/// Leaves `rows` in scratch, in batches of at most `length`; gives them from there.
async fn keep(
    mut rows: SendableRecordBatchStream,
    length: usize,
    engine: &Engine,
    context: &TaskContext,
) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let file = context.runtime_env().disk_manager.create_tmp_file("rows to be merged")?;
    let path = file.path().ok_or_else(|| internal_datafusion_err!("scratch has no path"))?;
    let mut writer = ScratchWriter::new(engine, path.to_owned(), &rows.schema());
    while let Some(batch) = rows.try_next().await? {
        for first in (0..batch.num_rows()).step_by(length) {
            let piece = batch.slice(first, length.min(batch.num_rows() - first));
            writer.write(piece).map_err(external)?;
        }
    }
    let batches = writer.finish().and_then(|rows| rows.batches()).map_err(external)?;
    Ok(batches.map(move |batch| {
        let _held = &file;
        Ok(batch?)
    }))
}

fn external(error: crate::error::Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

impl DisplayAs for InTurn {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InTurn: at_once={}", self.at_once)
    }
}

impl ExecutionPlan for InTurn {
    fn name(&self) -> &'static str {
        "InTurn"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.inner]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.over(children)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Self { inner, running, kept, .. } = self.clone();
        let rows = async move {
            let turn = running.acquire_owned().await;
            let turn = turn.map_err(|error| internal_datafusion_err!("no turn comes: {error}"))?;
            let rows = inner.execute(partition, Arc::clone(&context))?;
            let Some((engine, length)) = kept else {
                // The turn ends with the stream that holds it.
                return Ok(rows
                    .inspect(move |_| {
                        let _held = &turn;
                    })
                    .boxed());
            };
            let rows = keep(rows, length, &engine, &context).await?;
            Ok::<_, DataFusionError>(futures::stream::iter(rows).boxed())
        };
        let rows = futures::stream::once(rows).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
    use arrow::util::pretty::pretty_format_batches;
    use datafusion::catalog::streaming::StreamingTable;
    use datafusion::execution::{SendableRecordBatchStream, TaskContext};
    use datafusion::physical_plan::collect;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use datafusion::physical_plan::streaming::PartitionStream;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::in_turn;
    use crate::columnar::{Engine, Limits};

    const PARTITIONS: u8 = 16;

    /// Rows of one partition; how many partitions run, and the most that ever did.
    #[derive(Debug)]
    struct Watched {
        schema: SchemaRef,
        number: i64,
        running: Arc<(AtomicUsize, AtomicUsize)>,
    }

    impl PartitionStream for Watched {
        fn schema(&self) -> &SchemaRef {
            &self.schema
        }

        fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
            let running = Arc::clone(&self.running);
            let now = running.0.fetch_add(1, Ordering::SeqCst) + 1;
            running.1.fetch_max(now, Ordering::SeqCst);
            let (schema, number) = (Arc::clone(&self.schema), self.number);
            let batches = (0..20).map(move |batch| {
                let last = batch == 19;
                if last {
                    running.0.fetch_sub(1, Ordering::SeqCst);
                }
                let n = Int64Array::from_iter_values((0..500).map(|row| row * 20 + batch));
                let part = Int64Array::from_value(number, 500);
                Ok(RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(n), Arc::new(part)])?)
            });
            let stream = futures::stream::iter(batches);
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream))
        }
    }

    /// What a query about the watched rows gives, and how many of their partitions ran at once.
    async fn found(sql: &str, at_once: usize) -> (String, usize) {
        let fields = ["n", "part"].map(|name| Field::new(name, DataType::Int64, false));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let running = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let parts = (0..PARTITIONS).map(i64::from).map(|number| {
            let (schema, running) = (Arc::clone(&schema), Arc::clone(&running));
            Arc::new(Watched { schema, number, running }) as Arc<dyn PartitionStream>
        });
        let table = StreamingTable::try_new(Arc::clone(&schema), parts.collect()).unwrap();
        let config = SessionConfig::new().with_target_partitions(PARTITIONS.into());
        let session = SessionContext::new_with_config(config);
        session.register_table("rows", Arc::new(table)).unwrap();
        let plan = session.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(Limits { threads: 2, memory_mb: 16 }, folder.path()).unwrap();
        let plan = in_turn(plan, at_once, &engine).unwrap();
        let rows = collect(plan, session.task_ctx()).await.unwrap();
        (pretty_format_batches(&rows).unwrap().to_string(), running.1.load(Ordering::SeqCst))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_partitions_run_than_are_let() {
        for sql in [
            "select count(*), sum(n) from rows",
            "select n % 7 as seven, count(*), max(part) from rows group by seven order by seven",
            "select n, part from rows order by n, part limit 100",
            "select part, n, row_number() over (partition by part order by n) as place from rows \
             order by part, n",
            "select a.n, count(*) from rows as a inner join rows as b on a.n = b.n and a.part < b.part \
             group by a.n order by a.n",
        ] {
            let (expected, _) = found(sql, PARTITIONS.into()).await;
            for at_once in [1, 2] {
                let (rows, most) = found(sql, at_once).await;
                assert_eq!(rows, expected, "{sql}");
                // A join goes through the table twice.
                let scans = if sql.contains("join") { 2 } else { 1 };
                assert!((1..=at_once * scans).contains(&most), "{sql}: {most} ran at once");
            }
        }
    }
}
