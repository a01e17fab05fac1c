//! Writing one Parquet file with equal bytes.
//!
//! Keeps true: rows go to one writer in batches of exactly [`BATCH_ROWS`]; writer version 1,
//! plain and dictionary encodings, snappy, no Arrow schema inside, a fixed `created_by`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::hashed_file::{HashedFile, Written};
use crate::error::{Error, Kind, Result, in_file};

/// Rows per call of the writer: other cuts give other bytes.
pub(super) const BATCH_ROWS: usize = 8192;

const ROW_GROUP_ROWS: usize = 1_048_576;
const ROW_GROUP_BYTES: usize = 128 << 20;
const CREATED_BY: &str = "pobudka parquet writer 1";

/// A Parquet file that is being written.
pub struct ParquetFile {
    writer: ArrowWriter<HashedFile>,
    path: PathBuf,
    schema: SchemaRef,
    pending: Vec<RecordBatch>,
    pending_rows: usize,
    rows: u64,
}

impl ParquetFile {
    /// Begins a file at `path` for rows of `schema`.
    ///
    /// # Errors
    /// When the file cannot be made, or a type has no place in published files.
    pub fn create(path: &Path, schema: &Schema) -> Result<Self> {
        let schema = Arc::new(plain(schema)?);
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::SNAPPY)
            .set_created_by(CREATED_BY.to_owned())
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .build();
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let file = HashedFile::create(path)?;
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
        Ok(Self {
            writer,
            path: path.to_owned(),
            schema,
            pending: Vec::new(),
            pending_rows: 0,
            rows: 0,
        })
    }

    /// The schema that is written.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Takes rows; columns are cast to the plain types where they differ.
    ///
    /// # Errors
    /// When they do not fit the schema or the disk fails.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batch = conform(batch, &self.schema)?;
        self.rows += batch.num_rows() as u64;
        self.pending_rows += batch.num_rows();
        self.pending.push(batch);
        while self.pending_rows >= BATCH_ROWS {
            let whole = concat_batches(&self.schema, &self.pending)?;
            let mut at = 0;
            while whole.num_rows() - at >= BATCH_ROWS {
                self.writer.write(&whole.slice(at, BATCH_ROWS))?;
                at += BATCH_ROWS;
            }
            self.pending_rows = whole.num_rows() - at;
            self.pending = vec![whole.slice(at, self.pending_rows)];
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the disk fails or the footer does not hold the rows that were given.
    pub fn finish(mut self) -> Result<Written> {
        if self.pending_rows > 0 {
            let rest = concat_batches(&self.schema, &self.pending)?;
            self.writer.write(&rest)?;
        }
        let mut file = self.writer.into_inner()?;
        file.flush()?;
        let made = File::open(&self.path).map_err(in_file(&self.path))?;
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&made)?;
        let found = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        if found != self.rows {
            return Err(Error::new(
                Kind::Transient,
                format!("a Parquet footer reads back {found} rows, {} were written", self.rows),
            )
            .hint("the disk does not give back what it was given: check it"));
        }
        file.finish(self.rows)
    }
}

/// The schema with the plain types of published files, every column nullable.
///
/// # Errors
/// When a type has no place in them.
pub fn plain(schema: &Schema) -> Result<Schema> {
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
            DataType::Dictionary(_, values) if **values == DataType::Utf8 => DataType::Utf8,
            DataType::Timestamp(_, _) => {
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
            }
            DataType::UInt64 | DataType::UInt32 => DataType::Int64,
            DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => {
                DataType::Int32
            }
            kind @ (DataType::Utf8
            | DataType::Boolean
            | DataType::Int32
            | DataType::Int64
            | DataType::Float64
            | DataType::Date32
            | DataType::Decimal128(_, _)) => kind.clone(),
            other => {
                return Err(Error::new(
                    Kind::Declaration,
                    format!("column \"{}\" has type {other}, which no reader shares", field.name()),
                )
                .hint("cast it in the model: text, date, bigint, boolean or decimal(18, 2)"));
            }
        };
        Ok(Field::new(field.name(), kind, true))
    });
    Ok(Schema::new(fields.collect::<Result<Vec<_>>>()?))
}

/// The batch with the columns' types of `schema`.
///
/// # Errors
/// When a column cannot be cast.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            return Ok(Arc::clone(column));
        }
        Ok::<ArrayRef, Error>(arrow::compute::cast(column, field.data_type())?)
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_>>()?)?)
}

/// The name of a plain type, as contracts and manifests write it.
#[must_use]
pub fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => "text".into(),
        DataType::Boolean => "boolean".into(),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            "integer".into()
        }
        DataType::Int64 | DataType::UInt64 | DataType::UInt32 => "bigint".into(),
        DataType::Float64 | DataType::Float32 => "double".into(),
        DataType::Date32 => "date".into(),
        DataType::Timestamp(..) => "timestamp".into(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision}, {scale})"),
        other => other.to_string().to_lowercase(),
    }
}

/// The type that [`type_name`] calls `name`; `None` where it is none that is published.
#[must_use]
pub fn type_named(name: &str) -> Option<DataType> {
    Some(match name {
        "text" => DataType::Utf8,
        "boolean" => DataType::Boolean,
        "integer" => DataType::Int32,
        "bigint" => DataType::Int64,
        "double" => DataType::Float64,
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        decimal => {
            let (precision, scale) =
                decimal.strip_prefix("decimal(")?.strip_suffix(')')?.split_once(", ")?;
            DataType::Decimal128(precision.parse().ok()?, scale.parse().ok()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, RecordBatch, StringArray};

    use super::{ParquetFile, Written};

    fn rows() -> RecordBatch {
        let numbers = Int64Array::from_iter_values(0..30_000);
        let texts =
            StringArray::from_iter_values((0..30_000).map(|n| format!("client {}", n % 97)));
        RecordBatch::try_from_iter([
            ("n", Arc::new(numbers) as _),
            ("client", Arc::new(texts) as _),
        ])
        .unwrap()
    }

    fn written(cut: usize) -> Written {
        let folder = tempfile::tempdir().unwrap();
        let rows = rows();
        let mut file = ParquetFile::create(&folder.path().join("t"), &rows.schema()).unwrap();
        let mut at = 0;
        while at < rows.num_rows() {
            let length = cut.min(rows.num_rows() - at);
            file.write(&rows.slice(at, length)).unwrap();
            at += length;
        }
        file.finish().unwrap()
    }

    #[test]
    fn bytes_do_not_depend_on_how_rows_arrive() {
        let whole = written(30_000);
        assert_eq!(whole.rows, 30_000);
        for cut in [1_000, 8_191, 8_192, 8_193, 20_000] {
            assert_eq!(written(cut), whole, "cut {cut}");
        }
    }
}
