//! The header of a dBase or `FoxPro` table: its fields, its records, the charset that it names.
//!
//! Source: dBase III's and Visual `FoxPro`'s descriptions of their files.

use std::io::Read;

use super::BadBytes;
use super::charset::Charset;

/// Bytes before the fields, and of each field.
const BLOCK: usize = 32;

/// Ends the fields.
const END: u8 = 0x0d;

/// The first byte of tables whose header is laid out so: dBase III to V, `FoxPro`, Visual `FoxPro`.
const VERSIONS: [u8; 11] = [0x03, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8b, 0xcb, 0xf5, 0xfb];

/// What bytes of the header name which charset.
const LANGUAGES: [(u8, &str); 16] = [
    (0x01, "cp437"),
    (0x02, "cp850"),
    (0x03, "windows-1252"),
    (0x26, "cp866"),
    (0x57, "windows-1252"),
    (0x58, "windows-1252"),
    (0x64, "cp852"),
    (0x65, "cp866"),
    (0x66, "cp865"),
    (0x67, "cp861"),
    (0x6a, "cp737"),
    (0x6b, "cp857"),
    (0xc8, "windows-1250"),
    (0xc9, "windows-1251"),
    (0xca, "windows-1254"),
    (0xcb, "windows-1253"),
];

/// The header.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) records: u32,
    /// The bytes of a record, its deletion flag included.
    pub(super) width: usize,
    pub(super) language: u8,
    pub(super) fields: Vec<Field>,
}

/// A field of each record.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Vec<u8>,
    pub(super) kind: u8,
    /// Its bytes in a record.
    pub(super) place: std::ops::Range<usize>,
}

pub(super) fn bad(row: Option<u64>, message: String) -> BadBytes {
    BadBytes { row, message, hint: "ask for the DBF file again, or correct \"read\"".to_owned() }
}

/// Fills `buffer` as far as the bytes go.
pub(super) fn fill(
    bytes: &mut impl Read,
    buffer: &mut Vec<u8>,
    limit: usize,
) -> Result<(), BadBytes> {
    buffer.clear();
    let read = bytes.take(limit as u64).read_to_end(buffer);
    read.map(drop).map_err(|error| bad(None, format!("reading failed: {error}")))
}

impl Header {
    /// Reads the header and stops before the first record.
    pub(super) fn new(bytes: &mut impl Read) -> Result<Self, BadBytes> {
        let mut start = Vec::new();
        fill(bytes, &mut start, BLOCK)?;
        match start.first() {
            Some(version) if VERSIONS.contains(version) => {}
            Some(version) => {
                let message =
                    format!("begins with {version:#04x}: expected a dBase or FoxPro table");
                return Err(bad(None, message));
            }
            None => return Err(bad(None, "the file is empty: expected a dBase table".to_owned())),
        }
        if start.len() < BLOCK {
            return Err(bad(None, "is cut off in its header".to_owned()));
        }
        let short = |at: usize| usize::from(u16::from_le_bytes([start[at], start[at + 1]]));
        let (length, width) = (short(8), short(10));
        let mut described = Vec::new();
        fill(bytes, &mut described, length.saturating_sub(BLOCK))?;
        if length <= BLOCK || described.len() < length - BLOCK {
            return Err(bad(None, "is cut off in its header".to_owned()));
        }
        let blocks = described.chunks_exact(BLOCK).take_while(|block| block[0] != END);
        let blocks: Vec<&[u8]> = blocks.collect();
        let fields = fields(&blocks, width)?;
        Ok(Self {
            records: u32::from_le_bytes([start[4], start[5], start[6], start[7]]),
            width: fields.last().map_or(1, |field| field.place.end),
            language: start[29],
            fields,
        })
    }

    /// The charset that the language byte names.
    pub(super) fn charset(&self) -> Option<Charset> {
        let (_, label) = LANGUAGES.iter().find(|(byte, _)| *byte == self.language)?;
        Charset::for_label(label)
    }
}

/// The fields, which with the deletion flag are as wide as a record, or which some programs count
/// without it; where they are not, texts may have the high byte of their width where numbers have
/// their decimals.
fn fields(blocks: &[&[u8]], width: usize) -> Result<Vec<Field>, BadBytes> {
    let short = |block: &[u8]| usize::from(block[16]);
    let long = |block: &[u8]| match block[11] {
        b'C' => usize::from(u16::from_le_bytes([block[16], block[17]])),
        _ => short(block),
    };
    let sum = |of: &dyn Fn(&[u8]) -> usize| 1 + blocks.iter().map(|block| of(block)).sum::<usize>();
    let fits = |total: usize| total == width || total == width + 1;
    let of: &dyn Fn(&[u8]) -> usize = match (sum(&short), sum(&long)) {
        (total, _) if fits(total) => &short,
        (_, total) if fits(total) => &long,
        (total, _) => {
            return Err(bad(
                None,
                format!("its fields make {total} bytes a record, its header says {width}"),
            ));
        }
    };
    if blocks.is_empty() {
        return Err(bad(None, "the header describes no field".to_owned()));
    }
    let mut start = 1;
    let fields = blocks.iter().map(|block| {
        let end = start + of(block);
        let place = std::mem::replace(&mut start, end)..end;
        let name = block[..11].split(|byte| *byte == 0).next().unwrap_or_default();
        Field { name: name.trim_ascii().to_vec(), kind: block[11], place }
    });
    Ok(fields.collect())
}
