//! Parquet → rows: values as texts that the mapping reads back without loss.
//!
//! Keeps true: decimals keep their digits; an instant becomes its day in a named zone; a time
//! without a zone its own day; a damaged file is an error even where the library panics.

use std::fmt::Write;
use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono_tz::Tz;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::panics::caught;
use super::parquet_footer::is_whole;
use super::{BadBytes, Reader};
use crate::pull::value::Rows;

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// Reads rows of one file.
pub struct Parquet {
    columns: Vec<String>,
    reader: ParquetRecordBatchReader,
    zone: Tz,
    row: u64,
    rows: Rows,
}

fn bad(row: Option<u64>, message: impl Into<String>) -> BadBytes {
    let hint = "ask for the file again, or read it by another format".to_owned();
    BadBytes { row, message: message.into(), hint }
}

/// What `read` gives; an error where the library panics, as it does on some damaged metadata.
fn whole<T>(row: Option<u64>, read: impl FnOnce() -> Result<T, BadBytes>) -> Result<T, BadBytes> {
    caught(read).unwrap_or_else(|| Err(bad(row, "is damaged")))
}

/// Whether a column lies in a file of so many bytes: the library reserves room for what it claims.
fn lies_within(chunk: &ColumnChunkMetaData, bytes: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let place = u64::try_from(start).ok().zip(u64::try_from(chunk.compressed_size()).ok());
    let end = place.and_then(|(start, length)| start.checked_add(length));
    end.is_some_and(|end| end <= bytes)
}

impl Parquet {
    /// Reads `columns`, those that `file` has, its instants in `zone`.
    ///
    /// # Errors
    /// When it is no Parquet file.
    pub fn new(file: File, columns: &[&str], zone: Tz) -> Result<Self, BadBytes> {
        whole(None, || Self::open(file, columns, zone))
    }

    fn open(mut file: File, columns: &[&str], zone: Tz) -> Result<Self, BadBytes> {
        let failed = |error: std::io::Error| bad(None, format!("reading failed: {error}"));
        if !is_whole(&mut file).map_err(failed)? {
            return Err(bad(None, "is no Parquet file that can be read: its footer is damaged"));
        }
        let bytes = file.metadata().map_err(failed)?.len();
        let unusable = |error: parquet::errors::ParquetError| {
            bad(None, format!("is no Parquet file that can be read: {error}"))
        };
        let read = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(unusable)?;
        let read = match wider(&read) {
            Some(schema) => {
                let options = ArrowReaderOptions::new().with_schema(schema);
                ArrowReaderMetadata::load(&file, options).map_err(unusable)?
            }
            None => read,
        };
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, read);
        let mut chunks = builder.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
        if !chunks.all(|chunk| lies_within(chunk, bytes)) {
            return Err(bad(None, "is damaged: a column lies outside of the file"));
        }
        let roots: Vec<usize> = builder
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| columns.contains(&field.name().as_str()))
            .map(|(index, _)| index)
            .collect();
        let names = roots.iter().map(|index| builder.schema().field(*index).name().clone());
        let names = names.collect();
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
        let reader = reader.map_err(unusable)?;
        Ok(Self { columns: names, reader, zone, row: 0, rows: Rows::default() })
    }
}

impl Reader for Parquet {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        let row = Some(self.row + 1);
        let any = whole(row, || {
            let Some(batch) = self.reader.next() else { return Ok(false) };
            let batch = batch.map_err(|error| bad(row, error.to_string()))?;
            self.add(&batch).map_err(|error| bad(row, error))?;
            Ok(true)
        })?;
        Ok(any.then_some(&self.rows))
    }
}

impl Parquet {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let options = FormatOptions::default();
        let zone = self.zone;
        let names = batch.schema();
        let columns = batch.columns().iter().zip(names.fields()).map(|(column, field)| {
            plain(column, zone).map_err(|error| format!("column \"{}\" {error}", field.name()))
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let formatters: Vec<ArrayFormatter<'_>> = columns
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?;
        for row in 0..batch.num_rows() {
            self.row += 1;
            self.rows.add(self.row, columns.len(), |field, text| {
                if columns[field].is_null(row) {
                    return Ok(());
                }
                write!(text, "{}", formatters[field].value(row)).map_err(|error| error.to_string())
            })?;
        }
        Ok(())
    }
}

/// The schema of a file with instants of 96 bits, which nanoseconds of 64 do not hold: with
/// microseconds in their place. `None` where it has none.
fn wider(read: &ArrowReaderMetadata) -> Option<SchemaRef> {
    let leaves = read.parquet_schema().columns();
    let is_wide = |root: usize| {
        let schema = read.parquet_schema();
        let mut own = (0..leaves.len()).filter(|leaf| schema.get_column_root_idx(*leaf) == root);
        own.any(|leaf| leaves[leaf].physical_type() == PhysicalType::INT96)
    };
    let fields = read.schema().fields().iter().enumerate();
    let wide = fields.clone().any(|(root, _)| is_wide(root));
    let fields = fields.map(|(root, field)| match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) if is_wide(root) => {
            let kind = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
            std::sync::Arc::new(field.as_ref().clone().with_data_type(kind))
        }
        _ => std::sync::Arc::clone(field),
    });
    let fields: Vec<_> = fields.collect();
    let schema = Schema::new_with_metadata(fields, read.schema().metadata().clone());
    wide.then(|| std::sync::Arc::new(schema))
}

/// The column with instants as days, where it holds plain values.
fn plain(column: &ArrayRef, zone: Tz) -> Result<ArrayRef, String> {
    let cast = |to: &DataType| {
        arrow::compute::cast(column, to).map_err(|error| format!("cannot be read: {error}"))
    };
    match column.data_type() {
        DataType::Timestamp(_, None) | DataType::Date64 => cast(&DataType::Date32),
        DataType::Timestamp(..) => {
            let instants = cast(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?;
            let instants = instants.as_primitive::<TimestampMicrosecondType>();
            let day = |micros| {
                let instant = chrono::DateTime::from_timestamp_micros(micros)
                    .ok_or_else(|| format!("holds {micros} µs since 1970, which is no day"))?;
                let day = instant.with_timezone(&zone).date_naive();
                Ok::<_, String>(crate::domain::calendar::to_day(day))
            };
            let days = instants.iter().map(|instant| instant.map(day).transpose());
            let days = days.collect::<Result<arrow::array::Date32Array, _>>()?;
            Ok(std::sync::Arc::new(days))
        }
        DataType::Dictionary(..) => cast(&DataType::Utf8),
        kind if kind.is_nested() || kind.is_binary() => {
            Err(format!("holds {kind}, expected plain values"))
        }
        _ => Ok(std::sync::Arc::clone(column)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Date32Array, Decimal128Array, Float64Array, RecordBatch, StringArray,
        TimestampMicrosecondArray,
    };

    use proptest::prelude::*;

    use super::{Parquet, Reader};
    use crate::pull::damage::cases;

    /// Reads all rows of `bytes`, and counts them.
    fn count(bytes: &[u8]) -> Result<usize, super::BadBytes> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let mut reader = Parquet::new(file.reopen().unwrap(), &["a", "b", "c"], chrono_tz::UTC)?;
        let mut rows = 0;
        while let Some(more) = reader.next_rows()? {
            rows += more.iter().count();
        }
        Ok(rows)
    }

    fn small() -> Vec<u8> {
        let amount = Decimal128Array::from(vec![Some(120_050), None, Some(7)]);
        let batch = RecordBatch::try_from_iter([
            ("a", Arc::new(StringArray::from(vec!["x", "y", "x"])) as _),
            ("b", Arc::new(amount) as _),
            ("c", Arc::new(TimestampMicrosecondArray::from(vec![1, 2, i64::MAX])) as _),
        ])
        .unwrap();
        let mut bytes = Vec::new();
        let writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None);
        let mut writer = writer.unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn any_bytes_that_are_negative_lengths_are_an_error() {
        let bytes = small();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] = 5;
            let _ = count(&damaged);
        }
    }

    proptest! {
        #![proptest_config(cases(128))]

        #[test]
        fn any_bytes_between_the_marks_are_rows_or_an_error(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            footer in 0_u32..200,
        ) {
            let length = footer.to_le_bytes();
            let _ = count(&[b"PAR1", &bytes[..], &length, b"PAR1"].concat());
        }
    }

    #[test]
    fn values_become_texts_without_loss_and_instants_days_of_the_zone() {
        let amount = Decimal128Array::from(vec![Some(120_050), None]);
        // 2026-06-30 21:30 UTC is the first of July in Moscow.
        let instants = TimestampMicrosecondArray::from(vec![1_782_855_000_000_000; 2]);
        let batch = RecordBatch::try_from_iter([
            ("unasked", Arc::new(StringArray::from(vec!["x", "y"])) as _),
            ("amount", Arc::new(amount.with_precision_and_scale(18, 2).unwrap()) as _),
            ("instant", Arc::new(instants.clone().with_timezone("UTC")) as _),
            ("wall", Arc::new(instants) as _),
            ("date", Arc::new(Date32Array::from(vec![20_000, 20_001])) as _),
            ("share", Arc::new(Float64Array::from(vec![0.1, 1e21])) as _),
        ])
        .unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None)
                .unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let asked = ["amount", "instant", "wall", "date", "share", "missing"];
        let zone = chrono_tz::Europe::Moscow;
        let mut reader = Parquet::new(file.reopen().unwrap(), &asked, zone).unwrap();
        assert_eq!(reader.columns().unwrap(), ["amount", "instant", "wall", "date", "share"]);
        let rows = reader.next_rows().unwrap().unwrap();
        let table: Vec<Vec<&str>> =
            rows.iter().map(|row| (0..row.len()).map(|index| row.field(index)).collect()).collect();
        assert_eq!(table[0], ["1200.50", "2026-07-01", "2026-06-30", "2024-10-04", "0.1"]);
        assert_eq!(table[1][0], "");
    }

    #[test]
    fn days_beyond_nanoseconds_are_not_wrapped() {
        use parquet::data_type::{Int96, Int96Type};
        use parquet::file::writer::SerializedFileWriter;
        use parquet::schema::parser::parse_message_type;

        let schema = Arc::new(parse_message_type("message m { required int96 due; }").unwrap());
        let file = tempfile::NamedTempFile::new().unwrap();
        let reopened = file.reopen().unwrap();
        let mut writer = SerializedFileWriter::new(reopened, schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        // Julian days of 9999-12-31, 2299-12-31, 2026-07-01 and 0001-01-01.
        let days = [5_373_484_u32, 2_561_117, 2_461_223, 1_721_426];
        let days = days.map(|day| {
            let mut value = Int96::new();
            value.set_data(0, 0, day);
            value
        });
        column.typed::<Int96Type>().write_batch(&days, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let mut reader = Parquet::new(file.reopen().unwrap(), &["due"], chrono_tz::UTC).unwrap();
        let rows = reader.next_rows().unwrap().unwrap();
        let days: Vec<&str> = rows.iter().map(|row| row.field(0)).collect();
        assert_eq!(days, ["9999-12-31", "2299-12-31", "2026-07-01", "0001-01-01"]);
    }

    #[test]
    fn a_file_of_another_kind_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a;b\n1;2\n").unwrap();
        let error = Parquet::new(file.reopen().unwrap(), &["a"], chrono_tz::UTC).err().unwrap();
        assert!(error.message.starts_with("is no Parquet file"), "{}", error.message);
    }
}
