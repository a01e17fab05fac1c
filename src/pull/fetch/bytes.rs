//! The bytes of one export: hashed as they are read, unpacked where they are gzip.

use std::fs::File;
use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::files::Export;
use crate::digest::hex;
use crate::error::Result;

/// A reader that hashes what passes.
struct Hashed {
    file: BufReader<File>,
    digest: Sha256,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

enum Unpacked {
    Plain(Hashed),
    Gzip(Box<MultiGzDecoder<Hashed>>),
}

/// The content of an export; gzip is known by its first two bytes.
pub struct ExportBytes(Unpacked);

impl ExportBytes {
    /// Opens `export`.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(export: &Export) -> io::Result<Self> {
        let mut magic = [0; 2];
        let packed = File::open(&export.path)?.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
        let file = BufReader::with_capacity(1 << 17, File::open(&export.path)?);
        let hashed = Hashed { file, digest: Sha256::new() };
        Ok(Self(if packed {
            Unpacked::Gzip(Box::new(MultiGzDecoder::new(hashed)))
        } else {
            Unpacked::Plain(hashed)
        }))
    }

    /// The SHA-256 of the file's bytes, once all have been read.
    ///
    /// # Errors
    /// When the rest cannot be read.
    pub fn finish(self) -> io::Result<String> {
        let mut hashed = match self.0 {
            Unpacked::Plain(hashed) => hashed,
            Unpacked::Gzip(gzip) => gzip.into_inner(),
        };
        io::copy(&mut hashed, &mut io::sink())?;
        Ok(hex(&hashed.digest.finalize()))
    }
}

impl Read for ExportBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Unpacked::Plain(reader) => reader.read(buffer),
            Unpacked::Gzip(reader) => reader.read(buffer),
        }
    }
}

/// The SHA-256 of an export's file.
///
/// # Errors
/// When it cannot be read.
pub fn sha256(export: &Export) -> Result<String> {
    let file = BufReader::with_capacity(1 << 17, File::open(&export.path)?);
    let mut hashed = Hashed { file, digest: Sha256::new() };
    io::copy(&mut hashed, &mut io::sink())?;
    Ok(hex(&hashed.digest.finalize()))
}
