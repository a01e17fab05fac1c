//! Rows of which some lie in files, as a source that says how many they are: joins are planned by it.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source::DataSource;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::DisplayFormatType;
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::projection::{all_alias_free_columns, new_projections_for_columns};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

use super::scratch::ScratchRows;

/// Parts of scratch rows, each one partition, with some of their columns.
#[derive(Debug, Clone)]
pub(super) struct SpilledSource {
    parts: Arc<[ScratchRows]>,
    full: SchemaRef,
    columns: Vec<usize>,
    schema: SchemaRef,
    fetch: Option<usize>,
}

impl SpilledSource {
    /// At most `fetch` rows of each part, the columns of `projection`; the parts have
    /// the columns of `full`.
    ///
    /// # Errors
    /// When there is no such column.
    pub(super) fn new(
        full: SchemaRef,
        parts: Arc<[ScratchRows]>,
        projection: Option<Vec<usize>>,
        fetch: Option<usize>,
    ) -> Result<Self> {
        let columns = projection.unwrap_or_else(|| (0..full.fields().len()).collect());
        let schema = Arc::new(full.project(&columns)?);
        Ok(Self { parts, full, columns, schema, fetch })
    }

    fn rows(&self, partition: Option<usize>) -> usize {
        let chosen = self.parts.iter().enumerate();
        let chosen = chosen.filter(|(number, _)| partition.is_none_or(|one| one == *number));
        let rows: u64 = chosen.map(|(_, part)| part.rows).sum();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        self.fetch.map_or(rows, |fetch| rows.min(fetch))
    }
}

impl DataSource for SpilledSource {
    fn open(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let mut left = self.fetch.unwrap_or(usize::MAX);
        let limited = move |batch: RecordBatch| {
            let taken = batch.num_rows().min(left);
            left -= taken;
            (taken > 0 || batch.num_rows() == 0).then(|| batch.slice(0, taken))
        };
        let mut limited = limited;
        let batches = self.parts[partition].columns(&self.columns);
        let batches = batches.map_err(|error| DataFusionError::External(error.into()))?;
        let batches = batches.map_while(move |batch| match batch {
            Ok(batch) => limited(batch).map(Ok),
            Err(error) => Some(Err(DataFusionError::from(error))),
        });
        let stream = futures::stream::iter(batches);
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), stream)))
    }

    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "scratch, partitions={}", self.parts.len())
    }

    fn output_partitioning(&self) -> Partitioning {
        Partitioning::UnknownPartitioning(self.parts.len())
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        EquivalenceProperties::new(Arc::clone(&self.schema))
    }

    fn scheduling_type(&self) -> SchedulingType {
        SchedulingType::NonCooperative
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        let rows = Precision::Exact(self.rows(partition));
        Ok(Arc::new(Statistics::new_unknown(&self.schema).with_num_rows(rows)))
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        Some(Arc::new(Self { fetch: limit, ..self.clone() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    fn try_swapping_with_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let expressions: Vec<_> = projection.iter().cloned().collect();
        if !all_alias_free_columns(&expressions) {
            return Ok(None);
        }
        let columns = new_projections_for_columns(&expressions, &self.columns);
        let full = Arc::clone(&self.full);
        let narrower = Self::new(full, Arc::clone(&self.parts), Some(columns), self.fetch)?;
        Ok(Some(Arc::new(narrower)))
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }
}
