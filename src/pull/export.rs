//! One export, from its bytes to canonical rows.

use std::path::Path;

use super::control::control;
use super::cover::{Cover, cover, named_cover};
use super::fetch::{Export, supplier};
use super::layout::{Groups, Report, ReportOptions};
use super::map::{
    Header, Mapper, Sink, Tally, missing_columns, named_headers, needed, summed_headers,
    text_headers,
};
use super::pages;
use super::read::{BadBytes, Content, FAULT, Guess, Reader};
use super::value::{Row, Rows};
use crate::config::pipeline::{self as config, Source};
use crate::error::{Error, Result};
use crate::names::spelling;

/// Rows above a header that is looked for.
const MAX_TITLE_ROWS: u64 = 30;

/// What reading an export told.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What became of its rows.
    pub tally: Tally,
    /// The SHA-256 of its bytes, as they were read.
    pub sha256: String,
    /// The headers of its columns, in their order: what raw rows are read by again.
    pub header: Vec<String>,
    /// The months it says it covers, and its part.
    pub cover: Option<Cover>,
    /// What its charset was taken for, where nothing says it.
    pub charset: Option<Guess>,
    /// Things to tell: the charset that was detected, a page that is full.
    pub notes: Vec<String>,
}

fn bad_bytes(export: &Export, error: BadBytes) -> Error {
    let row = error.row.map(|row| format!("row {row}: ")).unwrap_or_default();
    supplier(export, format!("{row}{}", error.message), error.hint)
}

/// Reads `export`, whose bytes lie in the file at `path`, by `source`'s declaration into `sink`.
///
/// # Errors
/// When the file as a whole cannot be used: charset, header, cover, control total, cut off.
pub fn read(source: &Source, export: &Export, path: &Path, sink: &mut dyn Sink) -> Result<Reading> {
    let bad = |error| bad_bytes(export, error);
    let failed = |error| Error::from(error).at(format!("export \"{}\"", export.name));
    let content = Content::open(path, source.most_unpacked_bytes).map_err(failed)?;
    let mut columns = named_headers(source);
    if matches!(source.read, config::Read::Parquet(..)) {
        let others = source.renamed.iter().flat_map(|(_, others)| others);
        columns.extend(others.map(String::as_str));
    }
    let reader = content.reader(&source.read, &columns).map_err(bad)?;
    let mut reader = laid_out(source, reader).map_err(bad)?;
    let mut body = Body::new(source, export);
    if let Some(columns) = reader.columns() {
        body.begin(&body.complete(columns)?, 0)?;
    }
    while let Some(rows) = reader.next_rows().map_err(bad)? {
        body.take(rows, sink)?;
    }
    body.has_seen(reader.as_ref())?;
    let (charset, recognised) = (reader.charset(), reader.recognised());
    let mut notes =
        Vec::from_iter(charset.map(|guess| format!("charset detected: {}", guess.name)));
    notes.extend(reader.notes());
    drop(reader);
    let sha256 = content.sha256().map_err(failed)?;
    let mut reading = Reading { charset, ..body.finish(sha256, notes, sink)? };
    reading.tally.read += recognised;
    reading.tally.recognised += recognised;
    control(source, export, &reading.tally)?;
    if paged(&source.read) {
        let rows = reading.tally.read - reading.tally.recognised;
        reading.notes.extend(pages::note(rows));
    }
    Ok(reading)
}

/// The rows of `reader` as the layout that `source` declares gives them.
fn laid_out(source: &Source, mut reader: Box<dyn Reader>) -> Result<Box<dyn Reader>, BadBytes> {
    if let Some(report) = source.read.report() {
        let options = ReportOptions {
            labels: report.labels.clone(),
            known: text_headers(source).iter().map(|header| spelling(header)).collect(),
            summed: summed_headers(source),
            not_summed: report.not_summed.clone(),
            summary: report.summary,
            year: report.year,
            ..ReportOptions::new(source.read.locale().clone())
        };
        return Ok(Box::new(Report::new(reader.as_mut(), &options)?));
    }
    let groups = source.read.frame().and_then(|frame| frame.groups.as_deref());
    Ok(match groups {
        Some(name) => Box::new(Groups::new(name, reader)),
        None => reader,
    })
}

/// Whether the rows are those of a list, which services give page by page.
fn paged(read: &config::Read) -> bool {
    read.report().is_none() && !matches!(read, config::Read::Named(..))
}

/// Reads rows that were rejected, given by number and fields under `header`, once more by
/// `source`'s declaration into `sink`.
///
/// # Errors
/// When the declaration names columns that the export did not have, or the sink fails.
pub fn read_again(
    source: &Source,
    export: &Export,
    header: &[String],
    rows: &[(u64, Vec<String>)],
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let mut body = Body::new(source, export);
    let header = body.complete(header)?;
    // What a title said of its months is not on record; what its name says still holds.
    body.begin_in(named_cover(source, &export.name), &header, 0);
    let rows = Rows::of(rows.iter().map(|(number, fields)| (*number, fields.as_slice())));
    body.take(&rows, sink)?;
    body.finish(String::new(), Vec::new(), sink)
}

/// The part of an export below its header.
struct Body<'s> {
    source: &'s Source,
    export: &'s Export,
    needed: Vec<&'s str>,
    header_row: Option<u64>,
    header: Vec<String>,
    mapper: Option<(Mapper<'s>, u64)>,
    titles: Vec<String>,
    best: Option<Header>,
    cover: Option<Cover>,
}

impl<'s> Body<'s> {
    fn new(source: &'s Source, export: &'s Export) -> Self {
        Self {
            source,
            export,
            needed: needed(source),
            header_row: source.read.frame().and_then(|frame| frame.header_row),
            header: Vec::new(),
            mapper: None,
            titles: Vec::new(),
            best: None,
            cover: None,
        }
    }

    /// The header of these columns, which has all that are needed.
    fn complete(&self, columns: &[String]) -> Result<Header> {
        let header = Header::named(columns.iter().map(String::as_str)).renamed(self.source);
        if header.count(&self.needed) < self.needed.len() {
            return Err(self.no_header(&header));
        }
        Ok(header)
    }

    /// Fails where rows were read and none has a column that is needed.
    fn has_seen(&self, reader: &dyn Reader) -> Result<()> {
        let unseen = reader.unseen();
        let lacks = self.needed.iter().any(|column| unseen.contains(column));
        let any = self.mapper.as_ref().is_some_and(|(mapper, _)| mapper.tally.read > 0);
        if !lacks || !any {
            return Ok(());
        }
        let columns = reader.columns().unwrap_or_default().iter().map(String::as_str);
        let seen = columns.filter(|column| !unseen.contains(column) && *column != FAULT);
        Err(self.no_header(&Header::named(seen)))
    }

    /// Makes the mapper for the rows below `header`, which stands in row `row`.
    ///
    /// # Errors
    /// When several columns have a name that the source names.
    fn begin(&mut self, header: &Header, row: u64) -> Result<()> {
        for name in named_headers(self.source) {
            if let Some((message, hint)) = header.doubled(name) {
                let at = if row > 0 { format!("row {row}: ") } else { String::new() };
                return Err(supplier(self.export, format!("{at}{message}"), hint));
            }
        }
        self.begin_in(cover(self.source, self.export, &self.titles)?, header, row);
        Ok(())
    }

    /// The same for rows of the months that `cover` names.
    fn begin_in(&mut self, cover: Option<Cover>, header: &Header, row: u64) {
        self.cover = cover;
        let span = self.cover.as_ref().map(|cover| (cover.first, cover.last));
        let mapper = Mapper::new(self.source, header, span);
        self.header = header.names();
        self.mapper = Some((mapper, row));
    }

    fn take(&mut self, rows: &Rows, sink: &mut dyn Sink) -> Result<()> {
        if self.mapper.is_none() {
            for row in rows.iter() {
                if self.try_header(&row)? {
                    break;
                }
            }
        }
        match &mut self.mapper {
            Some((mapper, header)) => mapper.map(rows, *header, sink),
            None => Ok(()),
        }
    }

    /// Makes the mapper if `row` is the header.
    fn try_header(&mut self, row: &Row<'_>) -> Result<bool> {
        let header = Header::of(row).renamed(self.source);
        let complete = header.count(&self.needed) == self.needed.len();
        let found = match self.header_row {
            None => complete,
            Some(wanted) if row.number == wanted && complete => true,
            Some(wanted) if row.number == wanted => return Err(self.no_header(&header)),
            Some(_) => false,
        };
        if !found {
            if row.number >= MAX_TITLE_ROWS && self.header_row.is_none() {
                let best = self.best.take().unwrap_or(header);
                return Err(self.no_header(&best));
            }
            let score = |header: &Header| (header.count(&self.needed), header.width());
            if !row.is_blank() && self.best.as_ref().is_none_or(|best| score(best) < score(&header))
            {
                self.best = Some(header);
            }
            self.titles.extend((0..row.len()).map(|index| row.field(index).to_owned()));
            return Ok(false);
        }
        self.begin(&header, row.number)?;
        Ok(true)
    }

    fn no_header(&self, found: &Header) -> Error {
        let (message, hint) = missing_columns(self.source, found);
        supplier(self.export, message, hint)
    }

    fn finish(self, sha256: String, notes: Vec<String>, sink: &mut dyn Sink) -> Result<Reading> {
        match self.mapper {
            Some((mut mapper, _)) => {
                mapper.finish(sink)?;
                let (tally, cover, header) = (mapper.tally, self.cover, self.header);
                Ok(Reading { tally, sha256, header, cover, charset: None, notes })
            }
            None => match &self.best {
                Some(best) => Err(self.no_header(best)),
                None => Err(supplier(
                    self.export,
                    "is empty: expected a header",
                    "ask for the file again; an export without rows still has its header",
                )),
            },
        }
    }
}
