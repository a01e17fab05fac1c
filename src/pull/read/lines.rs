//! Bytes → lines, each with its number, before anything is known of their charset.
//!
//! Keeps true: a line ends with LF or CRLF, whatever the others end with; it has a limit; a byte
//! order mark is no part of the first one.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::BadBytes;

/// The longest line of a file that has a fact a line.
pub(super) const MAX_LINE_BYTES: usize = 1 << 16;

/// Reads lines.
pub(super) struct Lines<R> {
    bytes: BufReader<R>,
    number: u64,
    line: Vec<u8>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(bytes: R) -> Self {
        Self { bytes: BufReader::with_capacity(1 << 17, bytes), number: 0, line: Vec::new() }
    }

    /// The number of the last line, from 1.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The next line without its end; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, BadBytes> {
        self.line.clear();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let read = self.bytes.by_ref().take(limit).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| {
            let cut = error.kind() == ErrorKind::UnexpectedEof;
            let what = if cut { "the packed file is cut off" } else { "reading failed" };
            bad(self.number + 1, format!("{what}: {error}"))
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read > MAX_LINE_BYTES {
            let message = format!("line {} is longer than {MAX_LINE_BYTES} bytes", self.number);
            return Err(bad(self.number, message));
        }
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok(Some(match self.number {
            1 => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
            _ => line,
        }))
    }
}

fn bad(row: u64, message: String) -> BadBytes {
    let hint = "the file is damaged, or is of another format: ask for it again".to_owned();
    BadBytes { row: Some(row), message, hint }
}

#[cfg(test)]
mod tests {
    use super::{Lines, MAX_LINE_BYTES};

    #[test]
    fn line_ends_may_differ_from_line_to_line() {
        let mut lines = Lines::new(&b"\xef\xbb\xbfa\r\nb\n\nc"[..]);
        for (expected, number) in [(&b"a"[..], 1), (b"b", 2), (b"", 3), (b"c", 4)] {
            assert_eq!(lines.next().unwrap(), Some(expected));
            assert_eq!(lines.number(), number);
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_has_a_limit() {
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        let error = Lines::new(&long[..]).next().unwrap_err();
        assert_eq!(error.message, "line 1 is longer than 65536 bytes");
    }
}
