//! A file that knows what was written to it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::error::{Result, in_file};

/// A finished file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// The SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// A file that is being written, with the digest and the number of its bytes.
pub struct HashedFile {
    file: BufWriter<File>,
    digest: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Begins a file at `path`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let file = BufWriter::with_capacity(1 << 17, File::create(path).map_err(in_file(path))?);
        Ok(Self { file, digest: Sha256::new(), bytes: 0 })
    }

    /// Ends it; it has so many `rows`.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(mut self, rows: u64) -> Result<Written> {
        self.file.flush()?;
        Ok(Written { bytes: self.bytes, rows, sha256: hex(&self.digest.finalize()) })
    }
}

impl Write for HashedFile {
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
