//! A compound file ([MS-CFB]): streams in chains of sectors, as a disk holds files.
//!
//! Keeps true: no count or size that the file declares reserves anything; no chain is longer than
//! its table, which has no more entries than the file has sectors; only what lies in the root is
//! found, so that no workbook embedded in a cell passes for the workbook.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::bad;
use crate::pull::read::BadBytes;

const SIGNATURE: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// The header, and the tables of sectors that it lists itself.
const HEADER_BYTES: usize = 512;
/// The first of the numbers that are no sector's: chains end with them.
const NO_SECTOR: u32 = 0xffff_fffa;
/// Streams below this size lie in sectors of 64 bytes within the root's stream.
const MINI_BELOW_BYTES: u64 = 4096;
const MINI_SECTOR_BYTES: u64 = 64;
const ENTRY_BYTES: usize = 128;
/// The longest directory.
const MAX_DIRECTORY_BYTES: u64 = 4 << 20;

/// An open compound file.
pub(super) struct Compound {
    file: File,
    sector_bytes: u64,
    sectors: u64,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    /// The sectors that hold the small ones.
    mini: Vec<u32>,
    streams: Vec<Entry>,
}

/// A stream in the root.
struct Entry {
    name: String,
    start: u32,
    bytes: u64,
}

/// Consecutive bytes of the file that are consecutive in a stream.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// Where it begins in the stream, and where in the file.
    at: u64,
    offset: u64,
    bytes: u64,
}

/// The bytes of a stream.
pub(super) struct Stream {
    file: File,
    extents: Vec<Extent>,
    at: u64,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..at + 4).and_then(|found| found.try_into().ok());
    found.map_or(u32::MAX, u32::from_le_bytes)
}

fn words(bytes: &[u8]) -> Vec<u32> {
    (0..bytes.len() / 4).map(|index| word(bytes, index * 4)).collect()
}

/// The chain in `table` that begins at `start`, `most` links long at most.
fn chain(table: &[u32], start: u32, most: u64) -> Vec<u32> {
    let next = |sector: &u32| table.get(*sector as usize).copied();
    let links = std::iter::successors(Some(start), next);
    let links = links.take_while(|sector| (*sector as usize) < table.len());
    links.take(usize::try_from(most).unwrap_or(usize::MAX).min(table.len())).collect()
}

fn unreadable(error: &io::Error) -> BadBytes {
    bad(None, format!("reading failed: {error}"))
}

impl Compound {
    /// Opens `file`.
    pub(super) fn open(mut file: File) -> Result<Self, BadBytes> {
        let bytes = file.seek(SeekFrom::End(0)).map_err(|error| unreadable(&error))?;
        let mut header = [0; HEADER_BYTES];
        file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(&error))?;
        let read = file.read_exact(&mut header);
        let shift = u16::from_le_bytes([header[30], header[31]]);
        let told = match read {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(unreadable(&error));
            }
            Err(_) => Some(format!("{bytes} bytes, fewer than the {HEADER_BYTES} of a header")),
            Ok(()) if !header.starts_with(&SIGNATURE) => Some("another signature".to_owned()),
            Ok(()) if !matches!(shift, 9 | 12) => {
                Some(format!("sectors of 2^{shift} bytes, expected 2^9 or 2^12"))
            }
            Ok(()) => None,
        };
        if let Some(told) = told {
            return Err(bad(None, format!("is no XLS that can be read: it has {told}")));
        }
        let sector_bytes = 1 << shift;
        let sectors = (bytes.div_ceil(sector_bytes) - 1).min(u64::from(NO_SECTOR));
        let mut compound = Self {
            file,
            sector_bytes,
            sectors,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini: Vec::new(),
            streams: Vec::new(),
        };
        compound.fat = compound.read_fat(&header)?;
        let most = compound.sectors;
        let directory = compound.whole(chain(&compound.fat, word(&header, 48), most), most)?;
        let mini_fat = chain(&compound.fat, word(&header, 60), most);
        for sector in mini_fat {
            let more = compound.table(sector)?;
            compound.mini_fat.extend(more);
        }
        compound.mini = chain(&compound.fat, word(&directory, 116), most);
        compound.streams = compound.list(&directory);
        Ok(compound)
    }

    /// The table of what follows which sector: the header lists the first 109 sectors of it, a
    /// chain of sectors (DIFAT) the others.
    fn read_fat(&mut self, header: &[u8]) -> Result<Vec<u32>, BadBytes> {
        let links = self.sector_bytes / 4;
        let wanted = usize::try_from(self.sectors.div_ceil(links)).unwrap_or(usize::MAX);
        let mut places = words(&header[76..]);
        let mut next = word(header, 68);
        while places.len() < wanted && u64::from(next) < self.sectors {
            let mut more = self.table(next)?;
            next = more.pop().unwrap_or(NO_SECTOR);
            places.extend(more);
        }
        places.truncate(wanted);
        let mut fat = Vec::new();
        for place in places {
            fat.extend(self.table(place)?);
        }
        fat.truncate(usize::try_from(self.sectors).unwrap_or(usize::MAX));
        Ok(fat)
    }

    /// The numbers in `sector`, none in place of those beyond the end of the file.
    fn table(&mut self, sector: u32) -> Result<Vec<u32>, BadBytes> {
        let mut bytes = self.whole(vec![sector], 1)?;
        bytes.resize(usize::try_from(self.sector_bytes).unwrap_or(0), u8::MAX);
        Ok(words(&bytes))
    }

    /// The bytes in `sectors`, as many as a directory may have.
    fn whole(&self, sectors: Vec<u32>, most: u64) -> Result<Vec<u8>, BadBytes> {
        let sectors = sectors.into_iter().filter(|sector| u64::from(*sector) < self.sectors);
        let places = sectors.map(|sector| self.place(sector));
        let extents = extents(places, self.sector_bytes, most * self.sector_bytes);
        let mut bytes = Vec::new();
        let file = self.file.try_clone().map_err(|error| unreadable(&error))?;
        let stream = Stream { file, extents, at: 0 };
        let read = stream.take(MAX_DIRECTORY_BYTES).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&error))?;
        Ok(bytes)
    }

    fn place(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) * self.sector_bytes
    }

    /// The streams in the root, whose children are a tree of siblings.
    fn list(&self, directory: &[u8]) -> Vec<Entry> {
        let entries: Vec<&[u8]> = directory.chunks_exact(ENTRY_BYTES).collect();
        let mut seen = vec![false; entries.len()];
        let mut ahead = vec![word(directory, 76)];
        let mut streams = Vec::new();
        while let Some(index) = ahead.pop() {
            let index = index as usize;
            let Some(entry) = entries.get(index) else { continue };
            if std::mem::replace(&mut seen[index], true) {
                continue;
            }
            ahead.extend([word(entry, 68), word(entry, 72)]);
            if entry[66] == 2 {
                // A name ends with a zero; in sectors of 512 bytes a size has 32 bits.
                let name = entry[..64].chunks_exact(2).map(|unit| [unit[0], unit[1]]);
                let name = name.map(u16::from_le_bytes).take_while(|unit| *unit != 0);
                let name = char::decode_utf16(name).map(|char| char.unwrap_or('\u{fffd}'));
                let high = if self.sector_bytes == 512 { 0 } else { word(entry, 124) };
                let bytes = u64::from(high) << 32 | u64::from(word(entry, 120));
                streams.push(Entry { name: name.collect(), start: word(entry, 116), bytes });
            }
        }
        streams
    }

    /// The names of the streams in the root.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.streams.iter().map(|stream| stream.name.as_str())
    }

    /// The stream called `name`, as far as the file holds it.
    pub(super) fn stream(&self, name: &str) -> Result<Option<Stream>, BadBytes> {
        let named = |entry: &&Entry| entry.name.eq_ignore_ascii_case(name);
        let Some(entry) = self.streams.iter().find(named) else { return Ok(None) };
        let extents = if entry.bytes < MINI_BELOW_BYTES {
            let sectors = chain(&self.mini_fat, entry.start, MINI_BELOW_BYTES / MINI_SECTOR_BYTES);
            let places = sectors.into_iter().map_while(|sector| {
                let at = u64::from(sector) * MINI_SECTOR_BYTES;
                let index = usize::try_from(at / self.sector_bytes).ok()?;
                Some(self.place(*self.mini.get(index)?) + at % self.sector_bytes)
            });
            extents(places, MINI_SECTOR_BYTES, entry.bytes)
        } else {
            let most = entry.bytes.div_ceil(self.sector_bytes);
            let sectors = chain(&self.fat, entry.start, most).into_iter();
            extents(sectors.map(|sector| self.place(sector)), self.sector_bytes, entry.bytes)
        };
        let file = self.file.try_clone().map_err(|error| unreadable(&error))?;
        Ok(Some(Stream { file, extents, at: 0 }))
    }
}

/// The extents of a stream of `bytes` bytes whose sectors lie at `places` of the file.
fn extents(places: impl Iterator<Item = u64>, sector_bytes: u64, bytes: u64) -> Vec<Extent> {
    let mut extents: Vec<Extent> = Vec::new();
    let mut at = 0;
    for offset in places {
        let held = sector_bytes.min(bytes - at);
        match extents.last_mut() {
            Some(last) if last.offset + last.bytes == offset => last.bytes += held,
            _ => extents.push(Extent { at, offset, bytes: held }),
        }
        at += held;
    }
    extents
}

impl Stream {
    /// Goes to `at`, from 0.
    pub(super) fn go_to(&mut self, at: u64) {
        self.at = at;
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let index = self.extents.partition_point(|extent| extent.at + extent.bytes <= self.at);
        let Some(extent) = self.extents.get(index) else { return Ok(0) };
        let into = self.at - extent.at;
        let most = usize::try_from(extent.bytes - into).unwrap_or(usize::MAX).min(buffer.len());
        self.file.seek(SeekFrom::Start(extent.offset + into))?;
        let read = self.file.read(&mut buffer[..most])?;
        self.at += read as u64;
        Ok(read)
    }
}
