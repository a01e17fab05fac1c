//! XML exports → rows of text fields: one reader, and a description of each format.
//!
//! Keeps true: one outermost record is held at a time, so memory does not grow with the file;
//! what its columns do not ask for is skipped unread; entities that a file declares itself are
//! refused; a record that contradicts itself is a row whose column `fault` says why.

mod amount;
mod bundle;
mod cii;
mod commerceml;
#[cfg(test)]
mod commerceml_tests;
mod einvoice;
#[cfg(test)]
mod einvoice_tests;
mod format;
mod root;
mod saft;
#[cfg(test)]
mod saft_tests;
mod shape;
mod source;
mod tally;
#[cfg(test)]
mod tally_tests;
#[cfg(test)]
mod tests;
mod text;
mod ubl;

use std::fmt::Write;
use std::io::{BufRead, Read};

use quick_xml::Reader as Events;
use quick_xml::errors::Error;
use quick_xml::events::{BytesStart, Event};

use super::{BadBytes, Reader};
use crate::pull::value::Rows;
pub(super) use format::XmlFormat;

use bundle::{Bundle, FILE, OUTERMOST};
use shape::{Format, Paths};
use source::Source;

/// Rows given at a time.
const BATCH_ROWS: usize = 1024;

/// Text given at a time, past the last row of it.
const BATCH_BYTES: usize = 4 << 20;

/// Elements that may lie in each other.
const MAX_DEPTH: usize = 64;

/// The longest text of a column.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The largest outermost record, with all that lies in it.
const MAX_RECORD_BYTES: usize = 64 << 20;

/// Reads an XML export.
pub(super) struct Xml<R> {
    reader: Events<Source<R>>,
    buffer: Vec<u8>,
    format: &'static Format,
    columns: Vec<String>,
    paths: Paths,
    /// For each open element what is wanted of it, and the item that it began.
    elements: Vec<(Option<usize>, Option<usize>)>,
    /// The text of the innermost element.
    text: String,
    bundle: Bundle,
    /// The next item to become a row, where the bundle is whole.
    next: Option<usize>,
    ended: bool,
    /// The name of the outermost element.
    outermost: Option<String>,
    /// Open elements that only wrap roots, and the namespaces they declare: how many were open
    /// then, prefix, name.
    wrappers: usize,
    namespaces: Vec<(usize, String, String)>,
    row: u64,
    rows: Rows,
    notes: Vec<String>,
}

impl<R: Read> Xml<R> {
    /// Reads `bytes` as `format`.
    ///
    /// # Errors
    /// When bytes cannot be read, or their charset is unknown.
    pub(super) fn new(bytes: R, format: XmlFormat) -> Result<Self, BadBytes> {
        let source = Source::new(bytes)?;
        let notes = vec![format!("charset {}", source.charset())];
        let mut reader = Events::from_reader(source);
        reader.config_mut().allow_dangling_amp = true;
        let columns = format.columns();
        let format = format.describe();
        Ok(Self {
            reader,
            buffer: Vec::new(),
            format,
            columns,
            paths: Paths::of(format.records),
            elements: Vec::new(),
            text: String::new(),
            bundle: Bundle::new(format.records),
            next: None,
            ended: false,
            outermost: None,
            wrappers: 0,
            namespaces: Vec::new(),
            row: 0,
            rows: Rows::default(),
            notes,
        })
    }

    fn bad(&self, message: impl std::fmt::Display, hint: &str) -> BadBytes {
        let message = format!("line {}: {message}", self.reader.get_ref().line());
        BadBytes { row: None, message, hint: hint.to_owned() }
    }

    fn malformed(&self, message: impl std::fmt::Display) -> BadBytes {
        self.bad(message, "the file is damaged or cut off: ask for it again")
    }

    fn node(&self) -> Option<usize> {
        self.elements.last().map_or(Some(FILE), |(node, _)| *node)
    }

    /// Whether the innermost element's text is asked for.
    fn wants_text(&self) -> bool {
        self.node().is_some_and(|node| !self.paths.node(node).text.is_empty())
    }

    /// Reads until an outermost record or the file is whole.
    fn read(&mut self) -> Result<(), BadBytes> {
        self.bundle.clear();
        let mut buffer = std::mem::take(&mut self.buffer);
        while self.next.is_none() && !self.ended {
            if !self.elements.is_empty() && !self.wants_text() {
                self.skip_text()?;
            }
            buffer.clear();
            self.reader.get_mut().progress();
            match self.reader.read_event_into(&mut buffer) {
                Ok(Event::Start(start)) => self.start(&start)?,
                Ok(Event::Empty(start)) => {
                    self.start(&start)?;
                    self.end();
                }
                Ok(Event::End(_)) => self.end(),
                Ok(Event::Text(text)) => self.take(&text),
                Ok(Event::CData(text)) => self.take(&text),
                Ok(Event::GeneralRef(name)) => self.refer(&name)?,
                Ok(Event::DocType(text)) => self.doctype(&text)?,
                Ok(Event::Eof) => self.eof()?,
                Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => {}
                Err(error) => return Err(self.error(&error)),
            }
            if self.bundle.held() > MAX_RECORD_BYTES {
                let what = format!("one record is larger than {} MiB", MAX_RECORD_BYTES >> 20);
                return Err(self.bad(what, "ask for the file in parts"));
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Passes over text without holding it.
    fn skip_text(&mut self) -> Result<(), BadBytes> {
        loop {
            self.reader.get_mut().progress();
            let mut stream = self.reader.stream();
            let (count, found) = match stream.fill_buf() {
                Ok(bytes) => match memchr::memchr(b'<', bytes) {
                    Some(place) => (place, true),
                    None => (bytes.len(), bytes.is_empty()),
                },
                Err(error) => return Err(self.error(&Error::from(error))),
            };
            stream.consume(count);
            if found {
                return Ok(());
            }
        }
    }

    fn start(&mut self, start: &BytesStart) -> Result<(), BadBytes> {
        if self.elements.len() >= MAX_DEPTH {
            let what = format!("elements lie more than {MAX_DEPTH} deep in each other");
            return Err(self.bad(what, "check that this is the export it should be"));
        }
        let name = start.local_name().into_inner();
        if self.elements.len() == self.wrappers && !self.root(name, start)? {
            return self.wrap(start);
        }
        self.text.clear();
        let Some(above) = self.node() else {
            self.elements.push((None, None));
            return Ok(());
        };
        let raw = |key: &str| start.try_get_attribute(key).ok().flatten().map(|one| one.value);
        let node = self
            .paths
            .child(above, name, |key, value| raw(key).is_some_and(|found| found.trim() == value));
        let opens = node.and_then(|node| self.paths.node(node).opens);
        let item = opens.map(|record| {
            let parent = self.elements.iter().rev().find_map(|(_, item)| *item);
            self.bundle.open(record, parent.unwrap_or(FILE))
        });
        self.elements.push((node, item));
        let Some(node) = node else { return Ok(()) };
        if self.paths.node(node).attributes.is_empty() {
            return Ok(());
        }
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            let key = attribute.key.local_name().into_inner();
            let wanted = self.paths.node(node).attributes.iter();
            let wanted: Vec<_> = wanted.filter(|(name, _)| *name == key).collect();
            if wanted.is_empty() {
                continue;
            }
            let mut value = String::new();
            text::resolve(&attribute.value, &mut value).map_err(|name| self.unknown(&name))?;
            let value = text::tidy(&value);
            for (_, target) in wanted {
                keep(&mut self.bundle, &self.elements, *target, &value);
            }
        }
        Ok(())
    }

    fn end(&mut self) {
        let Some((node, item)) = self.elements.pop() else { return };
        if self.elements.len() < self.wrappers {
            self.wrappers -= 1;
            self.namespaces.retain(|(depth, ..)| *depth < self.wrappers);
        }
        if let Some(node) = node
            && !self.paths.node(node).text.is_empty()
        {
            let value = text::tidy(&self.text);
            self.elements.push((None, item));
            for target in &self.paths.node(node).text {
                keep(&mut self.bundle, &self.elements, *target, &value);
            }
            if self.text.len() > MAX_TEXT_BYTES {
                let item = self.elements.iter().rev().find_map(|(_, item)| *item);
                let fault = format!("a text is longer than {} MiB", MAX_TEXT_BYTES >> 20);
                self.bundle.blame(item.unwrap_or(FILE), &fault);
            }
            self.elements.pop();
        }
        self.text.clear();
        if item == Some(OUTERMOST) {
            (self.format.finish)(&mut self.bundle);
            self.next = Some(OUTERMOST);
        }
    }

    fn take(&mut self, text: &str) {
        if self.text.len() <= MAX_TEXT_BYTES && self.wants_text() {
            self.text.push_str(text);
        }
    }

    fn refer(&mut self, name: &str) -> Result<(), BadBytes> {
        if self.wants_text() && !text::entity(name, &mut self.text) {
            return Err(self.unknown(name));
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> BadBytes {
        self.malformed(format!("&{name}; stands for nothing that XML knows"))
    }

    fn doctype(&self, text: &str) -> Result<(), BadBytes> {
        if text.contains('[') || text.contains("ENTITY") {
            let what = "the file declares entities of its own, which is refused";
            return Err(self.bad(what, "ask for the file without <!DOCTYPE"));
        }
        Ok(())
    }

    fn eof(&mut self) -> Result<(), BadBytes> {
        self.ended = true;
        if !self.elements.is_empty() {
            return Err(self.malformed("the file ends in the middle of an element"));
        }
        if self.outermost.is_none() {
            return Err(self.bad("there is no element", "check that this is an XML file"));
        }
        if self.bundle.root.is_empty() {
            return Err(self.no_root());
        }
        let told = (self.format.verify)(&self.bundle);
        self.notes.extend(told.map_err(|what| BadBytes {
            row: None,
            message: what,
            hint: "the file is cut off or was changed: ask for it again".to_owned(),
        })?);
        self.notes.extend(self.bundle.told());
        Ok(())
    }

    fn error(&mut self, error: &Error) -> BadBytes {
        let failed = self.reader.get_mut().failed();
        failed.unwrap_or_else(|| self.malformed(error))
    }

    /// Adds an item to the rows.
    fn add(&mut self, item: usize) {
        let Self { bundle, rows, format, .. } = self;
        if !bundle.item(item).shown {
            return;
        }
        self.row += 1;
        let within = bundle.place(item, self.row);
        let last = format.columns.len() + 2;
        let _: std::fmt::Result = rows.add(self.row, last + 1, |field, text| {
            text.push_str(match field {
                0 => bundle.name(item),
                _ if field == last => bundle.fault(item),
                _ if field == last - 1 => {
                    return within.map_or(Ok(()), |row| write!(text, "{row}"));
                }
                _ => bundle.get(item, format.columns[field - 1]),
            });
            Ok(())
        });
    }
}

/// Keeps a text for the innermost open item of its record.
fn keep(
    bundle: &mut Bundle,
    elements: &[(Option<usize>, Option<usize>)],
    target: shape::Target,
    text: &str,
) {
    let mut open = elements.iter().rev().filter_map(|(_, item)| *item).chain([FILE]);
    if let Some(item) = open.find(|item| bundle.item(*item).record == target.record) {
        bundle.keep(item, target.field, text);
    }
}

impl<R: Read + Send> Reader for Xml<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        let mut given = 0;
        let mut bytes = 0;
        loop {
            while let Some(item) = self.next {
                if given >= BATCH_ROWS || bytes >= BATCH_BYTES {
                    return Ok(Some(&self.rows));
                }
                if self.bundle.items().contains(&item) {
                    self.add(item);
                    self.next = Some(item + 1);
                    given = self.rows.starts.len();
                    bytes = self.rows.text.len();
                } else {
                    self.next = None;
                }
            }
            if self.ended {
                return Ok(Some(&self.rows).filter(|_| given > 0));
            }
            if let Err(bad) = self.read() {
                self.ended = true;
                self.next = None;
                return Err(bad);
            }
        }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }
}
