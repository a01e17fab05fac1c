//! Known Parquet files as a table: no listing, no footers read while planning.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
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
    store: ObjectStoreUrl,
}

impl FilesTable {
    /// The table of `files` (path in the store, size in bytes); an empty table without any.
    #[must_use]
    pub fn table(
        schema: Schema,
        files: impl IntoIterator<Item = (String, u64)>,
        store: ObjectStoreUrl,
    ) -> Arc<dyn TableProvider> {
        let schema = Arc::new(schema);
        let files: Vec<PartitionedFile> =
            files.into_iter().map(|(path, bytes)| PartitionedFile::new(path, bytes)).collect();
        if files.is_empty() {
            return Arc::new(EmptyTable::new(schema));
        }
        Arc::new(Self { schema, files, store })
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
        let groups =
            FileGroup::new(self.files.clone()).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
