//! The zip package of an XLSX or ODS workbook → its parts as streams of XML.
//!
//! Keeps true: a part is found whatever the case of its name; no part unpacks beyond the limits,
//! whatever sizes the package declares; a part whose checksum differs is damaged.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use zip::CompressionMethod;

use super::bad;
use crate::pull::read::BadBytes;

/// Parts that a package may have.
const MAX_PARTS: usize = 10_000;
/// How many times its packed size a part may have, once it is above [`RATIO_FROM_BYTES`].
const MAX_RATIO: u64 = 200;
/// Below this a part may be packed as tightly as it will.
const RATIO_FROM_BYTES: u64 = 16 << 20;

/// An open package.
pub(super) struct Package {
    file: File,
    entries: BTreeMap<String, Entry>,
    limit_bytes: u64,
    left_bytes: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    packed_bytes: u64,
    crc: u32,
    method: CompressionMethod,
    encrypted: bool,
}

/// A limit was passed; the text says which.
#[derive(Debug)]
struct Passed(String);

impl std::fmt::Display for Passed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Passed {}

impl Package {
    /// Opens `file`, whose parts may unpack to `limit_bytes` in all.
    pub(super) fn open(file: File, limit_bytes: u64) -> Result<Self, BadBytes> {
        let unusable = |error: zip::result::ZipError| {
            bad(None, format!("is no zip archive that can be read, as a workbook is: {error}"))
        };
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(unusable)?;
        if archive.len() > MAX_PARTS {
            let message = format!("holds {} parts, more than {MAX_PARTS}", archive.len());
            return Err(bad(None, message));
        }
        let mut entries = BTreeMap::new();
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index).map_err(unusable)?;
            let name = part.name().map_err(unusable)?.replace('\\', "/").to_lowercase();
            let Some(start) = part.data_start() else { continue };
            let entry = Entry {
                start,
                packed_bytes: part.compressed_size(),
                crc: part.crc32(),
                method: part.compression(),
                encrypted: part.encrypted(),
            };
            entries.insert(name, entry);
        }
        Ok(Self {
            file: archive.into_inner().into_inner(),
            entries,
            limit_bytes,
            left_bytes: Arc::new(AtomicU64::new(limit_bytes)),
        })
    }

    /// Whether it has the part at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        self.entries.contains_key(&path.to_lowercase())
    }

    /// The names of its parts, in lower case.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The part at `path` as XML; `None` without such a part. One part is read at a time: they
    /// share the file's position.
    pub(super) fn xml(&self, path: &str) -> Result<Option<XmlPart>, BadBytes> {
        let path = path.to_lowercase();
        let Some(entry) = self.entries.get(&path).copied() else { return Ok(None) };
        let unreadable = |error: io::Error| bad(None, format!("part \"{path}\": {error}"));
        if entry.encrypted {
            return Err(BadBytes {
                row: None,
                message: format!("part \"{path}\" is encrypted"),
                hint: "ask for the workbook without a password".to_owned(),
            });
        }
        let mut file = self.file.try_clone().map_err(unreadable)?;
        file.seek(SeekFrom::Start(entry.start)).map_err(unreadable)?;
        let bytes = BufReader::new(file.take(entry.packed_bytes));
        let bytes = match entry.method {
            CompressionMethod::Stored => Packed::Stored(bytes),
            CompressionMethod::Deflated => Packed::Deflated(DeflateDecoder::new(bytes)),
            other => {
                let message = format!("part \"{path}\" is packed by {other}, expected deflate");
                return Err(bad(None, message));
            }
        };
        let part = Part {
            bytes,
            entry,
            crc: Crc::new(),
            unpacked_bytes: 0,
            limit_bytes: self.limit_bytes,
            left_bytes: Arc::clone(&self.left_bytes),
        };
        let mut reader = quick_xml::Reader::from_reader(BufReader::with_capacity(1 << 16, part));
        reader.config_mut().expand_empty_elements = true;
        Ok(Some(XmlPart { path, reader, buffer: Vec::new() }))
    }
}

enum Packed {
    Stored(BufReader<io::Take<File>>),
    Deflated(DeflateDecoder<BufReader<io::Take<File>>>),
}

/// The bytes of a part, counted against the limits as they unpack.
struct Part {
    bytes: Packed,
    entry: Entry,
    crc: Crc,
    unpacked_bytes: u64,
    limit_bytes: u64,
    left_bytes: Arc<AtomicU64>,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.bytes {
            Packed::Stored(bytes) => bytes.read(buffer)?,
            Packed::Deflated(bytes) => bytes.read(buffer)?,
        };
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.entry.crc {
            return Err(io::Error::other("its checksum differs: the workbook is damaged"));
        }
        self.crc.update(&buffer[..read]);
        let taken = self.left_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(read as u64)
        });
        if taken.is_err() {
            let limit = self.limit_bytes >> 20;
            return Err(io::Error::other(Passed(format!("unpacks to more than {limit} MiB"))));
        }
        self.unpacked_bytes += read as u64;
        let unpacked = self.unpacked_bytes;
        if unpacked > RATIO_FROM_BYTES && unpacked / MAX_RATIO > self.entry.packed_bytes {
            let passed = format!("unpacks to more than {MAX_RATIO} times its size, as a bomb does");
            return Err(io::Error::other(Passed(passed)));
        }
        Ok(read)
    }
}

/// One part, event by event.
pub(super) struct XmlPart {
    path: String,
    reader: quick_xml::Reader<BufReader<Part>>,
    buffer: Vec<u8>,
}

impl XmlPart {
    /// The next event; empty elements come as a start and an end.
    pub(super) fn next(&mut self) -> Result<Event<'_>, BadBytes> {
        self.buffer.clear();
        self.reader
            .read_event_into(&mut self.buffer)
            .map_err(|error| unreadable(&self.path, &error))
    }

    /// Says that the part ended before `element` did.
    pub(super) fn cut_off(&self, element: &str) -> BadBytes {
        bad(None, format!("part \"{}\" is cut off before the end of <{element}>", self.path))
    }
}

fn unreadable(path: &str, error: &quick_xml::Error) -> BadBytes {
    if let quick_xml::Error::Io(error) = error
        && let Some(passed) = error.get_ref().and_then(|error| error.downcast_ref::<Passed>())
    {
        return BadBytes {
            row: None,
            message: format!("part \"{path}\" {passed}"),
            hint: "raise limits: unpacked_mb in pipelines/project.yaml where the workbook is \
                   sound; else ask for it again"
                .to_owned(),
        };
    }
    bad(None, format!("part \"{path}\" cannot be read: {error}"))
}

/// The attribute of `element` whose name is `name`, whatever its prefix.
pub(super) fn attribute<'a>(element: &'a BytesStart<'_>, name: &str) -> Option<Cow<'a, str>> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten();
    let found = found
        .into_iter()
        .find(|found| found.key.as_ref() == name || found.key.local_name().as_ref() == name)?;
    match found.value {
        Cow::Borrowed(plain) if !plain.contains(['&', '\n', '\t', '\r']) => {
            Some(Cow::Borrowed(plain))
        }
        _ => found.normalized_value(XmlVersion::Implicit1_0).ok(),
    }
}

/// The attribute as a number.
pub(super) fn number_attribute<T: std::str::FromStr>(
    element: &BytesStart<'_>,
    name: &str,
) -> Option<T> {
    attribute(element, name)?.trim().parse().ok()
}

/// Whether the attribute says true; `None` without it.
pub(super) fn flag(element: &BytesStart<'_>, name: &str) -> Option<bool> {
    attribute(element, name).map(|value| matches!(&*value, "1" | "true" | "on"))
}

/// Adds the text of `event`, where it is one, to `text`.
pub(super) fn push_text(event: &Event<'_>, text: &mut String) {
    match event {
        Event::Text(piece) => text.push_str(&piece.xml10_content()),
        Event::CData(piece) => text.push_str(&piece.xml10_content()),
        Event::GeneralRef(name) => match &**name {
            "lt" => text.push('<'),
            "gt" => text.push('>'),
            "amp" => text.push('&'),
            "quot" => text.push('"'),
            "apos" => text.push('\''),
            _ => {
                if let Ok(Some(char)) = name.resolve_char_ref() {
                    text.push(char);
                } else {
                    text.push('&');
                    text.push_str(name);
                    text.push(';');
                }
            }
        },
        _ => {}
    }
}
