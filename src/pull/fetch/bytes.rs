//! The bytes of one export, unpacked where they are gzip or Zstandard.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

/// The first bytes of a gzip file (RFC 1952) and of a Zstandard frame (RFC 8878).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

enum Unpacked<R> {
    Plain(BufReader<R>),
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    Zstd(ZstdDecoder<'static, BufReader<R>>),
}

/// The content of an export; how it is packed is known by its first bytes.
pub struct ExportBytes<R = File> {
    content: Unpacked<R>,
    most_bytes: u64,
    left: u64,
}

/// What to do about an export that unpacks to too much.
pub(super) const LIMIT_HINT: &str =
    "ask for smaller files, or raise limits: unpacked_mb in pipelines/project.yaml";

/// What is said of an export that unpacks to more than `most_bytes`.
pub(super) fn too_large(most_bytes: u64) -> String {
    format!("unpacks to more than {} MiB", most_bytes >> 20)
}

impl ExportBytes {
    /// Opens the file at `path`, which may unpack to at most `most_bytes`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path, most_bytes: u64) -> io::Result<Self> {
        Self::of(File::open(path)?, most_bytes)
    }
}

impl<R: Read> ExportBytes<R> {
    /// The content of `file` from where it stands.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(file: R, most_bytes: u64) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(1 << 17, file);
        let first = file.fill_buf()?;
        let content = if first.starts_with(&GZIP_MAGIC) {
            Unpacked::Gzip(Box::new(MultiGzDecoder::new(file)))
        } else if first.starts_with(&ZSTD_MAGIC) {
            Unpacked::Zstd(ZstdDecoder::with_buffer(file)?)
        } else {
            Unpacked::Plain(file)
        };
        Ok(Self { content, most_bytes, left: most_bytes })
    }
}

impl<R: Read> Read for ExportBytes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.content {
            Unpacked::Plain(reader) => return reader.read(buffer),
            Unpacked::Gzip(reader) => reader.read(buffer),
            Unpacked::Zstd(reader) => reader.read(buffer),
        }?;
        match self.left.checked_sub(read as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(too_large(self.most_bytes))),
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use proptest::prelude::*;

    use super::ExportBytes;
    use crate::pull::damage::damage;

    #[test]
    fn packed_bytes_are_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let text = "Номер;Дата\n".repeat(50_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let (first, second) = text.split_at(text.len() / 2);
        let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        let packed = [
            text.clone().into_bytes(),
            gzip.finish().unwrap(),
            frame(&text),
            [frame(first), frame(second)].concat(),
        ];
        for (number, bytes) in packed.iter().enumerate() {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, bytes).unwrap();
            let mut open = ExportBytes::open(&path, 1 << 30).unwrap();
            let mut read = String::new();
            open.read_to_string(&mut read).unwrap();
            assert!(read == text, "{number}: {} bytes", read.len());
        }
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let zeros = vec![0; 4 << 20];
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&zeros).unwrap();
        for packed in [gzip.finish().unwrap(), zstd::encode_all(zeros.as_slice(), 1).unwrap()] {
            assert!(packed.len() < 10_000);
            let path = folder.path().join("bomb");
            std::fs::write(&path, packed).unwrap();
            let mut open = ExportBytes::open(&path, 1 << 20).unwrap();
            let error = std::io::copy(&mut open, &mut std::io::sink()).unwrap_err();
            assert_eq!(error.to_string(), "unpacks to more than 1 MiB");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_unpack_to_no_more_than_the_limit(
            text in "(Номер;Дата\n){0,50}",
            zstd in any::<bool>(),
            damage in damage(),
        ) {
            const MOST: u64 = 1 << 9;
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            let gzip = gzip.finish().unwrap();
            let packed = if zstd { zstd::encode_all(text.as_bytes(), 1).unwrap() } else { gzip };
            let bytes = damage.of(&packed);
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), &bytes).unwrap();
            let Ok(mut open) = ExportBytes::open(file.path(), MOST) else { return Ok(()) };
            let most = bytes.len().max(usize::try_from(MOST).unwrap());
            let mut read = Vec::new();
            let _ = open.read_to_end(&mut read);
            prop_assert!(read.len() <= most);
        }
    }
}
