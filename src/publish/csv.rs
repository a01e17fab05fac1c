//! CSV twice: `.csv` for machines, `.excel.csv` for people.
//!
//! Machines get UTF-8 without BOM, RFC 4180, ISO dates, `.` decimals. People get the same with a
//! BOM, and with texts that a spreadsheet would take for formulas made harmless.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::csv::WriterBuilder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};

use crate::columnar::Written;
use crate::digest::hex;
use crate::error::{Result, in_file};

struct Hashed {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl Hashed {
    fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 17, File::create(path).map_err(in_file(path))?);
        Ok(Self { file, digest: Sha256::new(), bytes: 0 })
    }

    fn done(mut self, rows: u64) -> Result<Written> {
        self.file.flush()?;
        Ok(Written { bytes: self.bytes, rows, sha256: hex(&self.digest.finalize()) })
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Rows as CSV text, with a header where `header` says so.
fn text(batch: &RecordBatch, header: bool) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new()
        .with_header(header)
        .with_date_format("%Y-%m-%d".to_owned())
        .build(Vec::new());
    writer.write(batch)?;
    Ok(writer.into_inner())
}

/// Writes both CSV files of the Parquet file at `parquet`.
pub(super) fn write(parquet: &Path, plain: &Path, excel: &Path) -> Result<(Written, Written)> {
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(File::open(parquet).map_err(in_file(parquet))?)?;
    let header = text(&RecordBatch::new_empty(Arc::clone(builder.schema())), true)?;
    let (mut plain, mut excel) = (Hashed::create(plain)?, Hashed::create(excel)?);
    plain.write_all(&header)?;
    excel.write_all("\u{feff}".as_bytes())?;
    excel.write_all(&header)?;
    let mut rows = 0;
    for batch in builder.with_batch_size(8192).build()? {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        let for_machines = text(&batch, false)?;
        plain.write_all(&for_machines)?;
        match harmless(&batch)? {
            Some(guarded) => excel.write_all(&text(&guarded, false)?)?,
            None => excel.write_all(&for_machines)?,
        }
    }
    Ok((plain.done(rows)?, excel.done(rows)?))
}

/// The batch with a `'` before every text that begins like a formula; `None` where none does.
fn harmless(batch: &RecordBatch) -> Result<Option<RecordBatch>> {
    let dangerous = |text: &str| text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mut changed = false;
    let mut columns = batch.columns().to_vec();
    for column in &mut columns {
        let Some(texts) = column.as_string_opt::<i32>() else { continue };
        if !texts.iter().flatten().any(dangerous) {
            continue;
        }
        let guarded = texts.iter().map(|text| {
            text.map(|text| if dangerous(text) { format!("'{text}") } else { text.to_owned() })
        });
        *column = Arc::new(guarded.collect::<StringArray>());
        changed = true;
    }
    Ok(if changed { Some(RecordBatch::try_new(batch.schema(), columns)?) } else { None })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Decimal128Array, RecordBatch, StringArray};

    use super::write;
    use crate::columnar::ParquetFile;

    #[test]
    fn machines_get_plain_text_and_people_harmless_cells() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let money = Decimal128Array::from(vec![Some(-150), None]);
        let batch = RecordBatch::try_from_iter([
            ("name", Arc::new(StringArray::from(vec!["=1+1", "a \"b\", c"])) as _),
            ("amount", Arc::new(money.with_precision_and_scale(18, 2).unwrap()) as _),
            ("date", Arc::new(Date32Array::from(vec![20_000, 20_001])) as _),
        ])
        .unwrap();
        let mut file = ParquetFile::create(&path("t.parquet"), &batch.schema()).unwrap();
        file.write(&batch).unwrap();
        file.finish().unwrap();
        write(&path("t.parquet"), &path("t.csv"), &path("t.excel.csv")).unwrap();
        let plain = std::fs::read_to_string(path("t.csv")).unwrap();
        assert_eq!(
            plain,
            "name,amount,date\n=1+1,-1.50,2024-10-04\n\"a \"\"b\"\", c\",,2024-10-05\n"
        );
        let excel = std::fs::read_to_string(path("t.excel.csv")).unwrap();
        assert!(excel.starts_with("\u{feff}name,amount,date\n'=1+1,-1.50,"), "{excel}");
    }
}
