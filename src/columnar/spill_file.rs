//! One file of rows, each column of each batch by itself: who wants few columns reads no others.
//!
//! Each column is an Arrow IPC stream; where its pieces lie in the file is kept in memory.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::buffer::Buffer;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamEncoder;

use crate::error::{Result, in_file};

/// Where a batch lies.
#[derive(Debug)]
struct Place {
    rows: usize,
    /// Beginning and length of each column.
    columns: Vec<(u64, usize)>,
}

/// Writes batches.
pub(super) struct SpillWriter {
    path: PathBuf,
    schema: SchemaRef,
    file: BufWriter<File>,
    columns: Vec<StreamEncoder>,
    places: Vec<Place>,
    end: u64,
}

/// Batches that were written.
#[derive(Debug, Clone)]
pub(super) struct SpillFile {
    path: PathBuf,
    schema: SchemaRef,
    places: Arc<[Place]>,
}

impl SpillWriter {
    /// Begins the file `path` of rows of `schema`.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn create(path: &Path, schema: &SchemaRef) -> Result<Self> {
        let columns = 0..schema.fields().len();
        let columns = columns.map(|column| StreamEncoder::try_new(&schema.project(&[column])?));
        Ok(Self {
            path: path.to_owned(),
            schema: Arc::clone(schema),
            file: BufWriter::new(File::create(path).map_err(in_file(path))?),
            columns: columns.collect::<Result<_, ArrowError>>()?,
            places: Vec::new(),
            end: 0,
        })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for (column, encoder) in self.columns.iter_mut().enumerate() {
            let begin = self.end;
            // Nothing but NULL has no bytes; its rows are known.
            let empty = *self.schema.field(column).data_type() == DataType::Null;
            let buffers =
                if empty { Vec::new() } else { encoder.encode(&batch.project(&[column])?)? };
            for buffer in buffers {
                self.file.write_all(&buffer).map_err(in_file(&self.path))?;
                self.end += buffer.len() as u64;
            }
            let length = usize::try_from(self.end - begin).unwrap_or(usize::MAX);
            columns.push((begin, length));
        }
        self.places.push(Place { rows: batch.num_rows(), columns });
        Ok(())
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn finish(mut self) -> Result<SpillFile> {
        self.file.flush().map_err(in_file(&self.path))?;
        Ok(SpillFile { path: self.path, schema: self.schema, places: self.places.into() })
    }
}

impl SpillFile {
    /// The batches in the order in which they were written, with the columns `wanted`.
    ///
    /// # Errors
    /// When there is no such column, or the disk fails.
    pub(super) fn batches(
        &self,
        wanted: &[usize],
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>> {
        let schema = Arc::new(self.schema.project(wanted)?);
        let mut file = File::open(&self.path).map_err(in_file(&self.path))?;
        let mut columns: Vec<(usize, StreamDecoder)> =
            wanted.iter().map(|column| (*column, StreamDecoder::new())).collect();
        let places = Arc::clone(&self.places);
        Ok((0..places.len()).map(move |number| {
            let place = &places[number];
            let arrays = columns.iter_mut().zip(schema.fields());
            let arrays = arrays.map(|((column, decoder), field)| {
                let (begin, length) = place.columns[*column];
                column_of(&mut file, (begin, length), decoder, (place.rows, field.data_type()))
            });
            let arrays = arrays.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(place.rows));
            RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)
        }))
    }
}

/// One column of one batch, from its place in `file`.
fn column_of(
    file: &mut File,
    (begin, length): (u64, usize),
    decoder: &mut StreamDecoder,
    (rows, kind): (usize, &DataType),
) -> Result<ArrayRef, ArrowError> {
    if *kind == DataType::Null {
        return Ok(new_null_array(kind, rows));
    }
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::with_capacity(length);
    file.take(length as u64).read_to_end(&mut bytes)?;
    let mut bytes = Buffer::from_vec(bytes);
    let batch = decoder.decode(&mut bytes)?;
    let early = || ArrowError::IpcError("a column of scratch rows ends early".to_owned());
    Ok(Arc::clone(batch.ok_or_else(early)?.column(0)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BooleanArray, Decimal128Array, Int32Array, ListArray, NullArray, RecordBatch,
        StringArray,
    };
    use arrow::datatypes::Int32Type;

    use super::SpillWriter;

    /// Rows of many types, among them nothing but NULL.
    fn batch(rows: i32) -> RecordBatch {
        let numbers = || (0..rows).map(|n| (n % 3 != 0).then_some(n));
        let texts = numbers().map(|n| n.map(|n| "ё".repeat(usize::try_from(n % 5).unwrap())));
        let lists = numbers().map(|n| n.map(|n| vec![Some(n); usize::try_from(n % 4).unwrap()]));
        let money = Decimal128Array::from_iter(numbers().map(|n| n.map(i128::from)));
        let columns: [(&str, ArrayRef); 6] = [
            ("number", Arc::new(Int32Array::from_iter(numbers()))),
            ("note", Arc::new(NullArray::new(usize::try_from(rows).unwrap()))),
            ("text", Arc::new(StringArray::from_iter(texts))),
            ("even", Arc::new(BooleanArray::from_iter((0..rows).map(|n| Some(n % 2 == 0))))),
            ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
            ("money", Arc::new(money.with_precision_and_scale(18, 2).unwrap())),
        ];
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .unwrap()
    }

    #[test]
    fn chosen_columns_come_back_batch_by_batch() {
        let folder = tempfile::tempdir().unwrap();
        let written = [batch(100), batch(7), batch(0), batch(3_000), batch(7)];
        let path = folder.path().join("rows");
        let mut writer = SpillWriter::create(&path, &written[0].schema()).unwrap();
        written.iter().for_each(|batch| writer.write(batch).unwrap());
        let file = writer.finish().unwrap();
        for wanted in [vec![], vec![1], vec![4, 0], vec![5, 1, 2], vec![0, 1, 2, 3, 4, 5]] {
            let found: Vec<_> =
                file.batches(&wanted).unwrap().map(|batch| batch.unwrap()).collect();
            let expected = written.iter().filter(|batch| batch.num_rows() > 0);
            let expected: Vec<_> = expected.map(|it| it.project(&wanted).unwrap()).collect();
            assert_eq!(found, expected, "{wanted:?}");
        }
    }
}
