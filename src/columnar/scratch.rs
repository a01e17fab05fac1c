//! Rows on their way: in memory while there is room, beyond it in files.
//!
//! Keeps true: rows held in memory are counted in the pool of the run's queries, and go to disk
//! once a third of it is taken; they come back in the order in which they were written.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, UInt64Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result as QueryResult;
use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::keyed::KeyedSource;
use super::parquet_file::BATCH_ROWS;
use super::session::Engine;
use super::spill_file::{SpillFile, SpillWriter};
use super::spilled::SpilledSource;
use crate::error::Result;

/// Memory that a batch may hold beyond its rows, whatever their number.
const SMALL_BYTES: usize = 64 << 10;

/// Takes rows, holding them in memory or appending them to one file.
pub struct ScratchWriter {
    rows: ScratchRows,
    path: PathBuf,
    held: Vec<RecordBatch>,
    reservation: MemoryReservation,
    pool: Arc<dyn MemoryPool>,
    room: usize,
    file: Option<SpillWriter>,
}

/// Rows that were written to scratch; their memory is free again when the last copy is dropped.
#[derive(Debug, Clone)]
pub struct ScratchRows {
    schema: SchemaRef,
    held: Arc<(Vec<RecordBatch>, Option<MemoryReservation>)>,
    spilled: Option<SpillFile>,
    /// How many.
    pub rows: u64,
}

impl ScratchWriter {
    /// Begins to take rows of `schema`; `path` is for those that find no room.
    #[must_use]
    pub fn new(engine: &Engine, path: PathBuf, schema: &SchemaRef) -> Self {
        let (pool, room) = engine.scratch_room();
        let held = Arc::new((Vec::new(), None));
        let schema = Arc::clone(schema);
        Self {
            rows: ScratchRows { schema, held, spilled: None, rows: 0 },
            path,
            held: Vec::new(),
            reservation: engine.reservation("scratch"),
            pool,
            room,
            file: None,
        }
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() <= BATCH_ROWS {
            return self.append(batch);
        }
        // Windows give whole partitions at once: who reads them again wants them piece by piece,
        // and each piece with memory of its own.
        let mut first = 0;
        while first < batch.num_rows() {
            let rows = BATCH_ROWS.min(batch.num_rows() - first);
            let places = UInt64Array::from_iter_values(first as u64..(first + rows) as u64);
            self.append(take_record_batch(&batch, &places)?)?;
            first += rows;
        }
        Ok(())
    }

    fn append(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows.rows += batch.num_rows() as u64;
        if self.file.is_none() {
            let mut bytes = 0;
            for column in batch.columns() {
                bytes += column.to_data().get_slice_memory_size()?;
            }
            if self.reserve(bytes) {
                // A slice keeps all of what it was cut from, and joins and sorts count it so.
                let whole = batch.get_array_memory_size();
                self.held.push(if whole > 2 * bytes + SMALL_BYTES {
                    copied(&batch)?
                } else {
                    batch
                });
                return Ok(());
            }
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(SpillWriter::create(&self.path, &self.rows.schema)?),
        };
        file.write(&batch)
    }

    /// Whether there was room in memory for so many bytes.
    fn reserve(&self, bytes: usize) -> bool {
        self.pool.reserved() + bytes <= self.room && self.reservation.try_grow(bytes).is_ok()
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<ScratchRows> {
        self.rows.spilled = self.file.take().map(SpillWriter::finish).transpose()?;
        self.rows.held = Arc::new((self.held, Some(self.reservation)));
        Ok(self.rows)
    }
}

/// The rows of `batch` in memory of their own.
fn copied(batch: &RecordBatch) -> Result<RecordBatch> {
    let places = UInt64Array::from_iter_values(0..batch.num_rows() as u64);
    Ok(take_record_batch(batch, &places)?)
}

impl ScratchRows {
    /// The columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows of `parts`, all of `schema`, as a table; each part is one partition.
    #[must_use]
    pub fn table(schema: &SchemaRef, parts: &[Self]) -> Arc<dyn TableProvider> {
        Arc::new(ScratchTable { schema: Arc::clone(schema), parts: parts.to_vec(), key: None })
    }

    /// As [`ScratchRows::table`]; the parts are the partitions of [`by_key`].
    #[must_use]
    pub fn keyed_table(schema: &SchemaRef, parts: &[Self], key: &str) -> Arc<dyn TableProvider> {
        let (schema, key) = (Arc::clone(schema), Some(key.into()));
        Arc::new(ScratchTable { schema, parts: parts.to_vec(), key })
    }

    /// The rows, in the order in which they were written.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn batches(&self) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        self.columns(&all)
    }

    /// The columns `wanted` of the rows, in the order in which they were written.
    ///
    /// # Errors
    /// When there is no such column, or the disk fails.
    pub(super) fn columns(
        &self,
        wanted: &[usize],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>> {
        let spilled = self.spilled.as_ref().map(|file| file.batches(wanted)).transpose()?;
        let (held, wanted) = (Arc::clone(&self.held), wanted.to_vec());
        let held = (0..held.0.len()).map(move |number| held.0[number].project(&wanted));
        Ok(held.chain(spilled.into_iter().flatten()))
    }
}

/// Scratch rows as a table. Rows in memory are scanned where they lie, with their statistics.
#[derive(Debug)]
struct ScratchTable {
    schema: SchemaRef,
    parts: Vec<ScratchRows>,
    key: Option<Arc<str>>,
}

#[async_trait]
impl TableProvider for ScratchTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = usize::try_from(self.parts.iter().map(|part| part.rows).sum::<u64>());
        let rows = rows.map_or(Precision::Absent, Precision::Exact);
        Some(Statistics::new_unknown(&self.schema).with_num_rows(rows))
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> QueryResult<Arc<dyn ExecutionPlan>> {
        let schema = Arc::clone(&self.schema);
        if self.parts.iter().any(|part| part.spilled.is_some()) {
            let parts = Arc::from(self.parts.as_slice());
            let source = SpilledSource::new(schema, parts, projection.cloned(), limit)?;
            let source = Arc::new(source);
            return Ok(match &self.key {
                None => Arc::new(DataSourceExec::new(source)),
                Some(key) => KeyedSource::scan(source, Arc::clone(key)),
            });
        }
        let parts: Vec<Vec<RecordBatch>> =
            self.parts.iter().map(|part| part.held.0.clone()).collect();
        let source = MemorySourceConfig::try_new(&parts, schema, projection.cloned())?;
        let source = Arc::new(source.with_limit(limit));
        Ok(match &self.key {
            None => Arc::new(DataSourceExec::new(source)),
            Some(key) => KeyedSource::scan(source, Arc::clone(key)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch};
    use arrow::util::pretty::pretty_format_batches;

    use super::{ScratchRows, ScratchWriter};
    use crate::columnar::{Engine, Limits};

    /// Writes 200 batches of 8 000 bytes each with so much memory; gives the rows as queried, and
    /// whether a file was needed.
    async fn written(memory_mb: usize) -> (String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(Limits { threads: 2, memory_mb }, folder.path()).unwrap();
        let path = folder.path().join("rows");
        let batch = |number: i64| {
            let numbers = Int64Array::from_iter_values(number * 1_000..(number + 1) * 1_000);
            RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap()
        };
        let mut writer = ScratchWriter::new(&engine, path.clone(), &batch(0).schema());
        for number in 0..200 {
            writer.write(batch(number)).unwrap();
        }
        let rows = writer.finish().unwrap();
        assert_eq!(rows.rows, 200_000);
        let (pool, room) = engine.scratch_room();
        assert!(pool.reserved() > 0 && pool.reserved() <= room, "{} of {room}", pool.reserved());
        let session = engine.session(2);
        let table = ScratchRows::table(rows.schema(), std::slice::from_ref(&rows));
        session.register_table("rows", table).unwrap();
        let sql = "select count(*), sum(n), min(n), max(n) from rows where n <> 7";
        let found = session.sql(sql).await.unwrap().collect().await.unwrap();
        session.deregister_table("rows").unwrap();
        drop(rows);
        assert_eq!(pool.reserved(), 0, "memory is given back");
        (pretty_format_batches(&found).unwrap().to_string(), path.exists())
    }

    #[tokio::test]
    async fn rows_come_back_from_memory_and_from_files_alike() {
        let (in_memory, no_file) = written(64).await;
        let (in_part, file) = written(1).await;
        assert_eq!(in_memory, in_part);
        assert!(in_memory.contains("| 19999899993 |"), "{in_memory}");
        assert!(!no_file && file);
    }

    #[test]
    fn a_slice_does_not_keep_what_it_was_cut_from() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::new(Limits { threads: 2, memory_mb: 64 }, folder.path()).unwrap();
        let numbers = Int64Array::from_iter_values(0..1_000_000);
        let whole = RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap();
        let mut writer = ScratchWriter::new(&engine, folder.path().join("rows"), &whole.schema());
        for place in 0..100 {
            writer.write(whole.slice(place * 10_000, 1_000)).unwrap();
        }
        let rows = writer.finish().unwrap();
        let batches = rows.batches().unwrap().map(|batch| batch.unwrap());
        let counted: usize = batches.map(|batch| batch.get_array_memory_size()).sum();
        assert!(counted < 2 * 100 * 8_000, "{counted} bytes are held for 800 000");
    }
}
