//! One export, from its bytes to canonical rows.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::control::control;
use super::cover::{Cover, cover, named_cover};
use super::fetch::{Export, ExportBytes, supplier};
use super::layout::{GridRows, Groups, Report, ReportOptions, TextGrid};
use super::map::{
    Header, Mapper, Sink, Tally, missing_columns, named_headers, needed, summed_headers,
    text_headers,
};
use super::pages;
use super::read::{
    BadBytes, Decoded, FAULT, Ndjson, Parquet, RawTable, Splitter, TextReader, Workbook,
    WorkbookOptions, charset_of, named,
};
use super::value::{Row, Rows};
use crate::config::pipeline::{self as config, Source};
use crate::error::{Error, Result};
use crate::names::spelling;
use crate::store::file_sha256;

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
    let mut reading = match &source.read {
        config::Read::Csv(csv) => read_csv(source, csv, export, path, sink),
        config::Read::Ndjson(_) => read_ndjson(source, export, path, sink),
        config::Read::Parquet(zone, _) => read_parquet(source, *zone, export, path, sink),
        config::Read::Workbook(workbook) => read_workbook(source, workbook, export, path, sink),
        config::Read::Named(format, _) => read_named(source, format, export, path, sink),
    }?;
    control(source, export, &reading.tally)?;
    if paged(&source.read) {
        let rows = reading.tally.read - reading.tally.recognised;
        reading.notes.extend(pages::note(rows));
    }
    Ok(reading)
}

/// Whether the rows are those of a list, which services give page by page.
fn paged(read: &config::Read) -> bool {
    match read {
        config::Read::Csv(csv) => csv.report.is_none(),
        config::Read::Workbook(workbook) => workbook.report.is_none(),
        config::Read::Ndjson(_) | config::Read::Parquet(..) => true,
        config::Read::Named(..) => false,
    }
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
    let header = Header::named(header.iter().map(String::as_str)).renamed(source);
    if header.count(&body.needed) < body.needed.len() {
        return Err(body.no_header(&header));
    }
    // What a title said of its months is not on record; what its name says still holds.
    body.begin_in(named_cover(source, &export.name), &header, 0);
    let rows = Rows::of(rows.iter().map(|(number, fields)| (*number, fields.as_slice())));
    body.take(&rows, sink)?;
    body.finish(String::new(), Vec::new(), sink)
}

fn open(source: &Source, export: &Export, path: &Path) -> Result<ExportBytes> {
    ExportBytes::open(path, source.most_unpacked_bytes)
        .map_err(|error| Error::from(error).at(format!("export \"{}\"", export.name)))
}

/// Reads what is left of `bytes`, and gives the SHA-256 of all.
fn finish(export: &Export, mut bytes: ExportBytes) -> Result<String> {
    std::io::copy(&mut bytes.by_ref(), &mut std::io::sink())
        .map_err(|error| Error::from(error).at(format!("export \"{}\"", export.name)))?;
    Ok(bytes.finish()?)
}

fn read_csv(
    source: &Source,
    csv: &config::Csv,
    export: &Export,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let bytes = open(source, export, path)?;
    let mut text = if let Some(encoding) = csv.encoding {
        TextReader::new(bytes, encoding)
    } else {
        let charset = charset_of(open(source, export, path)?);
        TextReader::detected(bytes, charset.map_err(|error| bad_bytes(export, error))?)
    };
    if let Some(report) = &csv.report {
        let delimiter = u8::try_from(csv.delimiter).unwrap_or(b',');
        let mut grid = TextGrid::new(text, delimiter);
        let reading = read_report(source, &mut grid, report, export, sink)?;
        let sha256 = finish(export, grid.into_inner())?;
        return Ok(Reading { sha256, ..reading });
    }
    let notes = text.notes();
    let mut splitter = Splitter::new(u8::try_from(csv.delimiter).unwrap_or(b','));
    let mut body = Body::framed(source, export, &csv.frame);
    loop {
        let chunk = match text.next(splitter.row()).map_err(|error| bad_bytes(export, error))? {
            Decoded::Text(chunk) => chunk,
            Decoded::End => break,
        };
        let rows = splitter.push(chunk).map_err(|error| bad_bytes(export, error))?;
        body.take(rows, sink)?;
    }
    let rows = splitter.finish().map_err(|error| bad_bytes(export, error))?;
    body.take(rows, sink)?;
    let sha256 = finish(export, text.into_inner())?;
    body.finish(sha256, notes, sink)
}

fn read_ndjson(
    source: &Source,
    export: &Export,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let mut body = Body::new(source, export);
    let columns = named_headers(source);
    let mut reader = Ndjson::new(open(source, export, path)?, &columns);
    body.begin(&Header::named(columns.iter().copied().chain([FAULT])), 0)?;
    while let Some(rows) = reader.next_rows().map_err(|error| bad_bytes(export, error))? {
        body.take(rows, sink)?;
    }
    let missing = |column: &&str| body.needed.contains(column);
    let unseen: Vec<&str> = reader.unseen().filter(missing).collect();
    let any = body.mapper.as_ref().is_some_and(|(mapper, _)| mapper.tally.read > 0);
    if any && !unseen.is_empty() {
        let seen = columns.iter().copied().filter(|column| !unseen.contains(column));
        return Err(body.no_header(&Header::named(seen)));
    }
    let sha256 = finish(export, reader.into_inner())?;
    body.finish(sha256, Vec::new(), sink)
}

fn read_parquet(
    source: &Source,
    zone: chrono_tz::Tz,
    export: &Export,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let (file, sha256) = hashed(export, path)?;
    let mut columns = named_headers(source);
    let others = source.renamed.iter().flat_map(|(_, others)| others);
    columns.extend(others.map(String::as_str));
    let reader = Parquet::new(file, &columns, zone);
    let mut reader = reader.map_err(|error| bad_bytes(export, error))?;
    let reading = read_table(source, &mut reader, export, sink)?;
    Ok(Reading { sha256, ..reading })
}

/// The open file at `path` and its SHA-256: what is hashed is what is read, whoever puts another
/// in its place.
fn hashed(export: &Export, path: &Path) -> Result<(File, String)> {
    let at = |error: std::io::Error| Error::from(error).at(format!("export \"{}\"", export.name));
    let file = File::open(path).map_err(at)?;
    let sha256 = file_sha256(file.try_clone().map_err(at)?).map_err(at)?;
    Ok((file, sha256))
}

fn read_workbook(
    source: &Source,
    read: &config::Workbook,
    export: &Export,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let (file, sha256) = hashed(export, path)?;
    let options = WorkbookOptions {
        sheet: read.sheet.clone(),
        encoding: read.encoding.clone(),
        date: read.locale.date.clone(),
        decimal: read.locale.decimal,
        max_unpacked_bytes: source.most_unpacked_bytes,
        ..WorkbookOptions::default()
    };
    let workbook = Workbook::open(file, &options).map_err(|error| bad_bytes(export, error))?;
    if let Some(report) = &read.report {
        let reading = read_report(source, workbook, report, export, sink)?;
        return Ok(Reading { sha256, ..reading });
    }
    let mut workbook = workbook;
    let mut body = Body::framed(source, export, &read.frame);
    while let Some(rows) = workbook.next_rows().map_err(|error| bad_bytes(export, error))? {
        body.take(rows, sink)?;
    }
    body.finish(sha256, workbook.notes(), sink)
}

/// Reads the leaves of a report; the digest is left to who opened the file.
fn read_report(
    source: &Source,
    grid: impl GridRows,
    read: &config::Report,
    export: &Export,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let options = ReportOptions {
        labels: read.labels.clone(),
        known: text_headers(source).iter().map(|header| spelling(header)).collect(),
        summed: summed_headers(source),
        not_summed: read.not_summed.clone(),
        summary: read.summary,
        year: read.year,
        ..ReportOptions::new(source.read.locale().clone())
    };
    let mut report = Report::new(grid, &options).map_err(|error| bad_bytes(export, error))?;
    let mut reading = read_table(source, &mut report, export, sink)?;
    reading.tally.read += report.recognised();
    reading.tally.recognised += report.recognised();
    Ok(reading)
}

/// Reads a table that names its columns itself; the digest is left to who opened the file.
fn read_table(
    source: &Source,
    table: &mut dyn RawTable,
    export: &Export,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let mut body = Body::new(source, export);
    let header = Header::named(table.columns().iter().map(String::as_str)).renamed(source);
    if header.count(&body.needed) < body.needed.len() {
        return Err(body.no_header(&header));
    }
    body.begin(&header, 0)?;
    while let Some(rows) = table.next_rows().map_err(|error| bad_bytes(export, error))? {
        body.take(rows, sink)?;
    }
    body.finish(String::new(), table.notes(), sink)
}

fn read_named(
    source: &Source,
    format: &config::Named,
    export: &Export,
    path: &Path,
    sink: &mut dyn Sink,
) -> Result<Reading> {
    let mut bytes = open(source, export, path)?;
    let mut table = named(format, &mut bytes).map_err(|error| bad_bytes(export, error))?;
    let reading = read_table(source, table.as_mut(), export, sink)?;
    drop(table);
    Ok(Reading { sha256: finish(export, bytes)?, ..reading })
}

/// The part of an export below its header.
struct Body<'s> {
    source: &'s Source,
    export: &'s Export,
    needed: Vec<&'s str>,
    header_row: Option<u64>,
    /// Carries the headings of groups down to their rows.
    groups: Option<Groups>,
    header: Vec<String>,
    mapper: Option<(Mapper<'s>, u64)>,
    titles: Vec<String>,
    best: Option<Header>,
    cover: Option<Cover>,
}

impl<'s> Body<'s> {
    /// Rows of texts, their header among them.
    fn framed(source: &'s Source, export: &'s Export, frame: &config::Frame) -> Self {
        Self {
            header_row: frame.header_row,
            groups: frame.groups.as_deref().map(Groups::new),
            ..Self::new(source, export)
        }
    }

    fn new(source: &'s Source, export: &'s Export) -> Self {
        Self {
            source,
            export,
            needed: needed(source),
            header_row: None,
            groups: None,
            header: Vec::new(),
            mapper: None,
            titles: Vec::new(),
            best: None,
            cover: None,
        }
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
        let mut groups = self.groups.take();
        let rows = groups.as_mut().map_or(rows, |groups| groups.carry(rows));
        let taken = self.take_all(rows, sink);
        self.groups = groups;
        taken
    }

    fn take_all(&mut self, rows: &Rows, sink: &mut dyn Sink) -> Result<()> {
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
                Ok(Reading { tally, sha256, header, cover, notes })
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
