//! Rows in memory whose partitions are known: equal keys lie in the same one.
//!
//! Sorting rows into partitions is what grouping and joining wait for; a table that says how its
//! rows lie is grouped and joined in place.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Statistics;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source::{DataSource, DataSourceExec};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, ExecutionPlanProperties};

/// Whether rows of `plan` lie in as many partitions as `partitions`, by the hash of column `key`.
fn lies_by(plan: &Arc<dyn ExecutionPlan>, key: &str, partitions: usize) -> bool {
    let Partitioning::Hash(expressions, count) = plan.output_partitioning() else { return false };
    let [expression] = expressions.as_slice() else { return false };
    let column = (expression.as_ref() as &dyn Any).downcast_ref::<Column>();
    *count == partitions && column.is_some_and(|column| column.name() == key)
}

/// `plan` with its rows in partitions by the hash of column `key`.
///
/// # Errors
/// When it has no such column.
pub fn by_key(
    plan: Arc<dyn ExecutionPlan>,
    key: &str,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    if lies_by(&plan, key, partitions) {
        return Ok(plan);
    }
    let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new_with_schema(key, &plan.schema())?);
    Ok(Arc::new(RepartitionExec::try_new(plan, Partitioning::Hash(vec![column], partitions))?))
}

/// Another source, whose rows lie by the hash of a column.
#[derive(Debug, Clone)]
pub(super) struct KeyedSource {
    inner: Arc<dyn DataSource>,
    key: Arc<str>,
}

impl KeyedSource {
    /// A scan of `inner`, whose partitions are those of [`by_key`].
    pub(super) fn scan(inner: Arc<dyn DataSource>, key: Arc<str>) -> Arc<dyn ExecutionPlan> {
        Arc::new(DataSourceExec::new(Arc::new(Self { inner, key })))
    }

    fn with(&self, inner: Arc<dyn DataSource>) -> Arc<dyn DataSource> {
        Arc::new(Self { inner, key: Arc::clone(&self.key) })
    }
}

/// How rows of `schema` lie in `partitions` by `key`; unknown where a projection left it out.
pub(super) fn partitioning(
    schema: &arrow::datatypes::Schema,
    key: &str,
    partitions: usize,
) -> Partitioning {
    match schema.index_of(key) {
        Ok(index) => Partitioning::Hash(vec![Arc::new(Column::new(key, index))], partitions),
        Err(_) => Partitioning::UnknownPartitioning(partitions),
    }
}

impl DataSource for KeyedSource {
    fn open(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.inner.open(partition, context)
    }

    fn fmt_as(&self, kind: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "key={}, ", self.key)?;
        self.inner.fmt_as(kind, formatter)
    }

    fn output_partitioning(&self) -> Partitioning {
        let count = self.inner.output_partitioning().partition_count();
        partitioning(self.eq_properties().schema(), &self.key, count)
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.inner.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.inner.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        self.inner.partition_statistics(partition)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.inner.with_fetch(limit).map(|inner| self.with(inner))
    }

    fn fetch(&self) -> Option<usize> {
        self.inner.fetch()
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let inner = self.inner.try_swapping_with_projection(projection)?;
        Ok(inner.map(|inner| self.with(inner)))
    }

    fn apply_expressions(
        &self,
        each: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(each)
    }
}
