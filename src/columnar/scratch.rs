//! Rows on their way: Arrow IPC files in a scratch folder, read back as a table.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;

use crate::error::Result;

/// Writes batches to one file, holding none back.
pub struct ScratchWriter {
    writer: StreamWriter<BufWriter<File>>,
    file: ScratchFile,
}

/// A finished scratch file.
#[derive(Debug, Clone)]
pub struct ScratchFile {
    path: PathBuf,
    schema: SchemaRef,
    /// Its rows.
    pub rows: u64,
}

impl ScratchWriter {
    /// Begins a file at `path`.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: PathBuf, schema: &SchemaRef) -> Result<Self> {
        let writer = StreamWriter::try_new(BufWriter::new(File::create(&path)?), schema)?;
        Ok(Self { writer, file: ScratchFile { path, schema: Arc::clone(schema), rows: 0 } })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.file.rows += batch.num_rows() as u64;
        Ok(self.writer.write(batch)?)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self) -> Result<ScratchFile> {
        self.writer.finish()?;
        Ok(self.file)
    }
}

impl ScratchFile {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn batches(
        &self,
    ) -> std::result::Result<StreamReader<BufReader<File>>, arrow::error::ArrowError> {
        StreamReader::try_new(BufReader::new(File::open(&self.path)?), None)
    }
}

/// Scratch files of one schema as a table; each file is one partition.
#[derive(Debug)]
pub struct ScratchTable(ScratchFile);

impl ScratchTable {
    /// The table of `files`, all of `schema`.
    ///
    /// # Errors
    /// When their schemas differ.
    pub fn table(schema: SchemaRef, files: &[ScratchFile]) -> Result<Arc<StreamingTable>> {
        let partitions = files.iter().map(|file| Arc::new(Self(file.clone())) as _).collect();
        Ok(Arc::new(StreamingTable::try_new(schema, partitions)?))
    }
}

impl PartitionStream for ScratchTable {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches: Box<dyn Iterator<Item = _> + Send> = match self.0.batches() {
            Ok(reader) => Box::new(reader.map(|batch| batch.map_err(DataFusionError::from))),
            Err(error) => Box::new(std::iter::once(Err(DataFusionError::from(error)))),
        };
        let stream = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.0.schema), stream))
    }
}
