//! One export, open for the reader of its format.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::ahead::Ahead;
use super::text::unreadable;
use super::{
    BadBytes, Csv, Ndjson, Parquet, Reader, TextReader, Workbook, WorkbookOptions, charset_of,
    named,
};
use crate::config::pipeline::Read;
use crate::digest::hex;
use crate::pull::fetch::ExportBytes;

/// Bytes from which on the rows of a file are read ahead by a thread of their own.
const LARGE_BYTES: u64 = 1 << 20;

/// An open file. Where its format is read in order, the bytes that made the rows are those that are
/// hashed.
pub struct Content {
    file: File,
    most_bytes: u64,
    hashed: Arc<Mutex<Hashed>>,
}

/// The digest of the first bytes of a file, as the last reader read them.
#[derive(Default)]
struct Hashed {
    digest: Sha256,
    bytes: u64,
}

/// A file that is hashed as it is read.
struct Hashing {
    file: File,
    hashed: Arc<Mutex<Hashed>>,
}

impl io::Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        let mut hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        hashed.digest.update(&buffer[..read]);
        hashed.bytes += read as u64;
        Ok(read)
    }
}

impl Content {
    /// Opens the file at `path`, which may unpack to at most `most_bytes`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, most_bytes: u64) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, most_bytes, hashed: Arc::default() })
    }

    /// The SHA-256 of its bytes as they lie, before they are unpacked.
    ///
    /// # Errors
    /// When what no reader has read cannot be read.
    pub fn sha256(self) -> io::Result<String> {
        let at = self.hashed.lock().unwrap_or_else(PoisonError::into_inner).bytes;
        let mut file = self.file;
        file.seek(io::SeekFrom::Start(at))?;
        let mut rest = Hashing { file, hashed: Arc::clone(&self.hashed) };
        io::copy(&mut rest, &mut io::sink())?;
        let hashed = self.hashed.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(hex(&hashed.digest.clone().finalize()))
    }

    /// Reads its rows as `read` says, one reader at a time; `columns` are those that are read of a
    /// format that finds them by name.
    ///
    /// # Errors
    /// When the bytes are not of that format.
    pub fn reader(&self, read: &Read, columns: &[&str]) -> Result<Box<dyn Reader>, BadBytes> {
        let reader = self.reader_here(read, columns)?;
        if self.file.metadata().is_ok_and(|file| file.len() < LARGE_BYTES) {
            return Ok(reader);
        }
        let ahead = Ahead::new(reader).map_err(|error| BadBytes {
            row: None,
            message: format!("there is no thread to read it: {error}"),
            hint: "let the process have more threads (ulimit -u), then run again".to_owned(),
        });
        Ok(Box::new(ahead?))
    }

    /// The same on the thread that asks for rows.
    pub(super) fn reader_here(
        &self,
        read: &Read,
        columns: &[&str],
    ) -> Result<Box<dyn Reader>, BadBytes> {
        Ok(match read {
            Read::Csv(csv) => {
                let text = if let Some(encoding) = csv.encoding {
                    TextReader::new(self.bytes()?, encoding)
                } else {
                    let looked = ExportBytes::of(self.file()?, self.most_bytes);
                    let charset = charset_of(looked.map_err(|error| unreadable(&error))?)?;
                    TextReader::detected(self.bytes()?, charset)
                };
                Box::new(Csv::new(text, u8::try_from(csv.delimiter).unwrap_or(b',')))
            }
            Read::Ndjson(_) => Box::new(Ndjson::new(self.bytes()?, columns)),
            Read::Parquet(zone, _) => Box::new(Parquet::new(self.file()?, columns, *zone)?),
            Read::Workbook(workbook) => {
                let options = WorkbookOptions {
                    sheet: workbook.sheet.clone(),
                    encoding: workbook.encoding.clone(),
                    date: workbook.locale.date.clone(),
                    decimal: workbook.locale.decimal,
                    max_unpacked_bytes: self.most_bytes,
                    ..WorkbookOptions::default()
                };
                Box::new(Workbook::open(self.file()?, &options)?)
            }
            Read::Named(format, _) => named(format, self.bytes()?)?,
        })
    }

    fn bytes(&self) -> Result<ExportBytes<impl io::Read + Send + 'static>, BadBytes> {
        *self.hashed.lock().unwrap_or_else(PoisonError::into_inner) = Hashed::default();
        let file = Hashing { file: self.file()?, hashed: Arc::clone(&self.hashed) };
        ExportBytes::of(file, self.most_bytes).map_err(|error| unreadable(&error))
    }

    /// The file from its beginning.
    fn file(&self) -> Result<File, BadBytes> {
        let rewound = self.file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
        rewound.map_err(|error| unreadable(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use sha2::{Digest, Sha256};

    use super::Content;
    use crate::digest::hex;

    #[test]
    fn all_bytes_are_hashed_however_often_and_far_they_are_read() {
        let text = "Номер;Дата\n".repeat(50_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
        for bytes in [text.as_bytes(), &gzip.finish().unwrap(), &zstd] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(bytes).unwrap();
            for parts in [vec![], vec![100_000], vec![100, 200_000, 150_000], vec![u64::MAX; 2]] {
                let content = Content::open(file.path(), 1 << 30).unwrap();
                for part in &parts {
                    let mut read = content.bytes().unwrap().take(*part);
                    std::io::copy(&mut read, &mut std::io::sink()).unwrap();
                }
                assert_eq!(content.sha256().unwrap(), hex(&Sha256::digest(bytes)), "{parts:?}");
            }
        }
    }
}
