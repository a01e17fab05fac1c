//! Known Parquet files as a table: no listing, no footers read while planning.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

/// Parquet files of one schema in one store.
#[derive(Debug)]
pub struct FilesTable {
    schema: SchemaRef,
    files: Vec<PartitionedFile>,
    rows: u64,
    store: ObjectStoreUrl,
}

impl FilesTable {
    /// The table of `files` (path in the store, bytes, rows); an empty table without any.
    #[must_use]
    pub fn table(
        schema: Schema,
        files: impl IntoIterator<Item = (String, u64, u64)>,
        store: ObjectStoreUrl,
    ) -> Arc<dyn TableProvider> {
        let schema = Arc::new(schema);
        let mut total = 0;
        let files = files.into_iter().map(|(path, bytes, rows)| {
            total += rows;
            PartitionedFile::new(path, bytes)
        });
        let files: Vec<PartitionedFile> = files.collect();
        if files.is_empty() {
            return Arc::new(EmptyTable::new(schema));
        }
        Arc::new(Self { schema, files, rows: total, store })
    }
}

#[async_trait]
impl TableProvider for FilesTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = usize::try_from(self.rows).map_or(Precision::Absent, Precision::Inexact);
        Some(Statistics::new_unknown(&self.schema).with_num_rows(rows))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let runtime = state.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&self.store)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_parquet_file_reader_factory(Arc::new(reader));
        let statistics = self.statistics().unwrap_or_else(|| Statistics::new_unknown(&self.schema));
        let groups =
            FileGroup::new(self.files.clone()).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_statistics(statistics)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
