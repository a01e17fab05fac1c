//! The footer of a Parquet file, walked before the library trusts it.
//!
//! Keeps true: no list in it claims more items than it has bytes. The library reserves room for what
//! a list claims, and the claim of a damaged one ends the process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// What a file ends with, behind its footer and the length of that.
const MARK: &[u8] = b"PAR1";

/// Structs within structs; the format has six.
const MAX_DEPTH: u32 = 32;

/// Whether the footer of `file` is whole; one that is none is left to the library to refuse.
pub(super) fn is_whole(file: &mut File) -> io::Result<bool> {
    let size = file.seek(SeekFrom::End(0))?;
    let Some(before) = size.checked_sub(8) else { return Ok(true) };
    file.seek(SeekFrom::Start(before))?;
    let mut end = [0; 8];
    file.read_exact(&mut end)?;
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]);
    let Some(start) = before.checked_sub(u64::from(length)) else { return Ok(true) };
    if &end[4..] != MARK {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut footer)?;
    Ok(holds_together(&footer))
}

/// Whether `footer` is a whole struct in Thrift's compact protocol.
fn holds_together(footer: &[u8]) -> bool {
    Walk { rest: footer }.fields(MAX_DEPTH).is_some()
}

struct Walk<'b> {
    rest: &'b [u8],
}

impl Walk<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// What must be in the bytes that are left, each at least one byte long.
    fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.rest.len())
    }

    fn fields(&mut self, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        loop {
            let field = self.byte()?;
            match (field >> 4, field & 15) {
                (_, 0) => return Some(()),
                (0, _) => drop(self.number()?),
                _ => {}
            }
            // A bool lies in the byte that names its field.
            if !matches!(field & 15, 1 | 2) {
                self.value(field & 15, depth)?;
            }
        }
    }

    fn value(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.number().map(drop),
            7 => self.skip(8),
            8 => {
                let length = self.count()?;
                self.skip(length)
            }
            9 | 10 => {
                let list = self.byte()?;
                let items = if list >> 4 == 15 { self.count()? } else { usize::from(list >> 4) };
                let depth = depth.checked_sub(1)?;
                (0..items).try_for_each(|_| self.value(list & 15, depth))
            }
            11 => {
                let items = self.count()?;
                let kinds = if items > 0 { self.byte()? } else { 0 };
                let depth = depth.checked_sub(1)?;
                (0..items).try_for_each(|_| {
                    self.value(kinds >> 4, depth)?;
                    self.value(kinds & 15, depth)
                })
            }
            12 => self.fields(depth),
            13 => self.skip(16),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::holds_together;

    #[test]
    fn a_list_holds_no_more_than_its_bytes() {
        // Field 1 is a number, field 2 a list of structs, each with a text.
        assert!(holds_together(&[0x15, 0x02, 0x19, 0x2c, 0x18, 1, b'a', 0, 0x18, 0, 0, 0]));
        assert!(!holds_together(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0]));
        assert!(!holds_together(&[0x18, 5, b'a', 0]));
        assert!(!holds_together(&[0x1c; 100]));
        assert!(!holds_together(&[]));
    }
}
