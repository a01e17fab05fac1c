//! Reading new exports into scratch: one file for each (export, table, period).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Date32Type;
use futures::TryStreamExt;

use super::rejects::RejectsFile;
use super::rows::with_order;
use super::tables::{ALL, period_name};
use crate::columnar::{Engine, ScratchRows, ScratchWriter};
use crate::config::canonical::Table;
use crate::config::pipeline::Source;
use crate::domain::Day;
use crate::domain::calendar::{add_months, month_start};
use crate::error::{Result, in_file};
use crate::pull::export::{self, Reading};
use crate::pull::fetch::Export;
use crate::pull::map::{Fold, Folded, Reject, Sink, rejected_money};

/// An export whose rows lie in scratch.
pub(super) struct Intake {
    /// Which source.
    pub(super) source: usize,
    /// The export.
    pub(super) export: Export,
    /// The short name of its content, as rows carry it.
    pub(super) short: String,
    /// What reading it told.
    pub(super) reading: Reading,
    /// Its rows by table number and period, until they are gathered.
    pub(super) files: BTreeMap<(usize, String), ScratchRows>,
    /// How many those are.
    pub(super) rows: BTreeMap<(usize, String), u64>,
    /// Its rejects.
    pub(super) rejects: RejectsFile,
    /// Lines that were rejected when they were folded to documents.
    pub(super) folded: BTreeSet<u64>,
    /// Rows whose key it has again.
    pub(super) repeated: u64,
}

impl Intake {
    /// The part that its name says it is; empty without one.
    pub(super) fn part(&self) -> &str {
        self.reading.cover.as_ref().map_or("", |cover| &cover.part)
    }
}

/// Takes rows of one export: to their period's file, or to one file of lines.
struct ExportSink<'s> {
    source: &'s Source,
    order: i32,
    engine: &'s Engine,
    folder: PathBuf,
    open: BTreeMap<(usize, String), ScratchWriter>,
    lines: BTreeMap<usize, ScratchWriter>,
    rejects: RejectsFile,
}

impl Sink for ExportSink<'_> {
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()> {
        if self.source.into[table].group_by.is_empty() {
            return self.dated(table, &batch);
        }
        if !self.lines.contains_key(&table) {
            let path = self.folder.join(format!("lines-{table}"));
            self.lines.insert(table, ScratchWriter::new(self.engine, path, &batch.schema()));
        }
        self.lines.get_mut(&table).map_or(Ok(()), |writer| writer.write(batch))
    }

    fn reject(&mut self, reject: Reject) -> Result<()> {
        self.rejects.push(reject)
    }
}

impl ExportSink<'_> {
    /// Writes rows to the files of their periods.
    fn dated(&mut self, table: usize, batch: &RecordBatch) -> Result<()> {
        let batch = with_order(batch, self.order)?;
        for (period, rows) in by_period(self.source.into[table].table, batch)? {
            let key = (table, period);
            if !self.open.contains_key(&key) {
                let path = self.folder.join(format!("{table}-{}", key.1));
                self.open
                    .insert(key.clone(), ScratchWriter::new(self.engine, path, &rows.schema()));
            }
            if let Some(writer) = self.open.get_mut(&key) {
                writer.write(rows)?;
            }
        }
        Ok(())
    }
}

/// Cuts rows by the month of the table's date.
fn by_period(table: &Table, batch: RecordBatch) -> Result<Vec<(String, RecordBatch)>> {
    let Some(column) = table.date.and_then(|date| batch.column_by_name(date)) else {
        return Ok(vec![(ALL.to_owned(), batch)]);
    };
    let days = column.as_primitive::<Date32Type>();
    let mut months: BTreeMap<Day, Vec<u32>> = BTreeMap::new();
    let mut month: Option<(Day, Day)> = None;
    for (row, day) in days.values().iter().enumerate() {
        let first = match month {
            Some((first, last)) if (first..=last).contains(day) => first,
            _ => {
                let first = month_start(*day);
                month = Some((first, add_months(first, 1) - 1));
                first
            }
        };
        months.entry(first).or_default().push(u32::try_from(row).unwrap_or(u32::MAX));
    }
    if let (1, Some(first)) = (months.len(), months.keys().next()) {
        return Ok(vec![(period_name(*first), batch)]);
    }
    let cut = months.into_iter().map(|(first, rows)| {
        let rows = take_record_batch(&batch, &UInt32Array::from(rows))?;
        Ok((period_name(first), rows))
    });
    cut.collect()
}

/// Rows that were rejected: by number, fields under a header.
#[derive(Debug, Clone)]
pub(super) struct Rejected {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

/// Reads one export into `folder`, its rows with their `order`; of an export whose `rejected` rows
/// are given, only those.
pub(super) async fn take_in(
    source_index: usize,
    source: Arc<Source>,
    order: i32,
    export: Export,
    rejected: Option<Rejected>,
    folder: PathBuf,
    engine: Engine,
) -> Result<Intake> {
    std::fs::create_dir_all(&folder).map_err(in_file(&folder))?;
    let from = match rejected {
        Some(rejected) => From::Rejected(rejected),
        None => From::File(export.bring(&folder, source.most_unpacked_bytes).await?),
    };
    let read = {
        let (source, export) = (Arc::clone(&source), export.clone());
        let (engine, folder) = (engine.clone(), folder.clone());
        tokio::task::spawn_blocking(move || read(&source, order, &engine, &export, &from, &folder))
    };
    let (mut reading, mut files, lines, rejects) = read.await.map_err(joined)??;
    let mut sink = ExportSink {
        source: &source,
        order,
        engine: &engine,
        folder,
        open: BTreeMap::new(),
        lines: BTreeMap::new(),
        rejects,
    };
    let mut folded = BTreeSet::new();
    for (table, file) in lines {
        fold((&source, &reading.header), table, &file, &engine, &mut sink, &mut folded).await?;
    }
    reading.tally.loaded -= (folded.len() as u64).min(reading.tally.loaded);
    reading.tally.rejected += folded.len() as u64;
    reading.tally.control.rejected = sink.rejects.money;
    for (key, writer) in std::mem::take(&mut sink.open) {
        files.insert(key, writer.finish()?);
    }
    let short = reading.sha256.get(..16).unwrap_or_default().to_owned();
    let rows = files.iter().map(|(key, file)| (key.clone(), file.rows)).collect();
    Ok(Intake {
        source: source_index,
        export,
        short,
        reading,
        files,
        rows,
        rejects: sink.rejects,
        folded,
        repeated: 0,
    })
}

pub(super) fn joined(error: tokio::task::JoinError) -> crate::error::Error {
    crate::error::Error::new(crate::error::Kind::Defect, "a task ended early").because(error)
}

enum From {
    File(PathBuf),
    Rejected(Rejected),
}

type Read =
    (Reading, BTreeMap<(usize, String), ScratchRows>, Vec<(usize, ScratchRows)>, RejectsFile);

fn read(
    source: &Source,
    order: i32,
    engine: &Engine,
    export: &Export,
    from: &From,
    folder: &Path,
) -> Result<Read> {
    let rejects = RejectsFile::new(&source.name, &export.name, folder.join("rejects.parquet"));
    let mut sink = ExportSink {
        source,
        order,
        engine,
        folder: folder.to_owned(),
        open: BTreeMap::new(),
        lines: BTreeMap::new(),
        rejects,
    };
    let reading = match from {
        From::File(path) => export::read(source, export, path, &mut sink),
        From::Rejected(Rejected { header, rows }) => {
            export::read_again(source, export, header, rows, &mut sink)
        }
    }?;
    let finished = sink.open.into_iter().map(|(key, writer)| Ok((key, writer.finish()?)));
    let files = finished.collect::<Result<_>>()?;
    let lines = sink.lines.into_iter().map(|(table, writer)| Ok((table, writer.finish()?)));
    Ok((reading, files, lines.collect::<Result<_>>()?, sink.rejects))
}

/// Folds lines to documents, sorted by document on the way; adds the numbers of those that are
/// `rejected`.
async fn fold(
    (source, header): (&Source, &[String]),
    table: usize,
    lines: &ScratchRows,
    engine: &Engine,
    sink: &mut ExportSink<'_>,
    rejected: &mut BTreeSet<u64>,
) -> Result<()> {
    let into = &source.into[table];
    let session = engine.session(1);
    let rows = ScratchRows::table(lines.schema(), std::slice::from_ref(lines));
    session.register_table("lines", rows)?;
    let group: Vec<String> = into
        .group_by
        .iter()
        .map(|index| format!("\"{}\"", into.table.columns[*index].name))
        .collect();
    let sql = format!("select * from lines order by {}, _row", group.join(", "));
    let mut stream = session.sql(&sql).await?.execute_stream().await?;
    let mut fold = Fold::new(into.table, &into.group_by, into.once());
    let mut take = |folded: Folded, sink: &mut ExportSink<'_>| -> Result<()> {
        for mut reject in folded.rejects {
            rejected.insert(reject.row);
            reject.money = rejected_money(source, header, &reject.raw).unwrap_or(0);
            sink.rejects.push(reject)?;
        }
        folded.documents.map_or(Ok(()), |documents| sink.dated(table, &documents))
    };
    while let Some(batch) = stream.try_next().await? {
        take(fold.push(&batch)?, sink)?;
    }
    take(fold.finish()?, sink)
}

/// The periods of an intake's rows in dated tables.
pub(super) fn periods_of(source: &Source, intake: &Intake) -> BTreeSet<String> {
    let dated = |table: &usize| source.into[*table].table.date.is_some();
    let keys = intake.rows.keys().filter(|(table, _)| dated(table));
    keys.map(|(_, period)| period.clone()).collect()
}

/// Rows of an intake by table and period.
pub(super) fn rows_of(intake: &Intake, table: usize, period: &str) -> u64 {
    intake.rows.get(&(table, period.to_owned())).copied().unwrap_or(0)
}
