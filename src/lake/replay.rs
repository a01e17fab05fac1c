//! Rejected rows once more: read again by what is declared now, or given up.
//!
//! The raw rows lie in the lake, so the export itself may be gone. What is stored wins over a row
//! that comes late; rows that are rejected again stay rejected.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::arriving::Gathering;
use super::commit::Parts;
use super::cover::Standing;
use super::intake::{Intake, Rejected, periods_of, take_in};
use super::jobs::jobs;
use super::ledger::{Entry, Ledger};
use super::load::{adjust, merge_all, put_all};
use super::loading::Loading;
use super::rejects::REJECTS;
use super::rows::Age;
use crate::config::pipeline::{Load, Source};
use crate::error::{Error, Kind, Result};
use crate::pull::fetch::{At, Export};
use crate::pull::map::Reject;

/// What became of the rejects of one export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The source.
    pub source: String,
    /// The export.
    pub export: String,
    /// Rows that are loaded now.
    pub loaded: u64,
    /// Rows that stay rejected, or were given up.
    pub rejected: u64,
}

/// Takes out rows of months that a later export of the same part has replaced: they were gone, and
/// stay gone.
fn leave_to_later_exports(
    source: &Source,
    standing: &Standing<'_>,
    entry: &Entry,
    intake: &mut Intake,
) {
    let taken = |period: &str| {
        let mut others = standing.of(&entry.source, period);
        others.any(|other| other.part == entry.part && other.number != entry.number)
    };
    let mut gone = 0;
    intake.files.retain(|(table, period), rows| {
        let goes = source.into[*table].table.date.is_some()
            && !entry.periods.contains(period)
            && taken(period);
        gone += if goes { rows.rows } else { 0 };
        !goes
    });
    let left = &intake.files;
    intake.rows.retain(|key, _| left.contains_key(key));
    let tally = &mut intake.reading.tally;
    let gone = gone.min(tally.loaded);
    tally.loaded -= gone;
    tally.replaced += gone;
}

/// Live entries of `ledger` with rejects, of the sources `wanted`.
fn with_rejects(
    loading: &Loading<'_>,
    ledger: &Ledger,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Entry> {
    let parts = Parts::new(loading);
    let has = |entry: &&Entry| parts.rejects_of(entry).is_some();
    let live = ledger.entries().filter(|entry| entry.is_live() && wanted(&entry.source));
    live.filter(has).cloned().collect()
}

/// The raw rows of an export's rejects, in order, and the rejects that cannot be read again: a row
/// that contradicted another is kept as what it became.
async fn raw_rows(
    loading: &Loading<'_>,
    part: &str,
) -> Result<(Vec<(u64, Vec<String>)>, Vec<Reject>)> {
    let session = loading.engine.session(1);
    session.register_table(REJECTS, loading.lake.rejects_of(loading.base, part))?;
    let sql = format!(
        "select row, \"column\", reason, message, value, raw, by_rule from {REJECTS} order by row"
    );
    let batches: Vec<RecordBatch> = session.sql(&sql).await?.collect().await?;
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let mut kept = Vec::new();
    for batch in &batches {
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        let texts = batch.columns()[1..6]
            .iter()
            .map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8));
        let texts: Vec<_> = texts.collect::<std::result::Result<_, _>>()?;
        let text = |column: usize, row: usize| {
            let column = texts[column].as_string::<i32>();
            if column.is_null(row) { String::new() } else { column.value(row).to_owned() }
        };
        for row in 0..batch.num_rows() {
            let number = u64::try_from(numbers.value(row)).unwrap_or(0);
            if text(1, row) == "repeated_key" {
                kept.push(Reject {
                    row: number,
                    column: text(0, row),
                    reason: text(1, row),
                    message: text(2, row),
                    value: text(3, row),
                    raw: text(4, row),
                    money: 0,
                    by_rule: batch.column(6).as_boolean().value(row),
                });
            } else if rows.last().is_none_or(|(last, _)| *last != number) {
                rows.push((number, serde_json::from_str(&text(4, row))?));
            }
        }
    }
    Ok((rows, kept))
}

/// Reads the rejected rows of `sources` again; gives what became of each export's.
///
/// # Errors
/// When a declaration names columns that an export did not have, or the store fails: nothing is
/// changed then.
pub async fn replay(loading: &Loading<'_>, sources: &[Arc<Source>]) -> Result<Vec<Replayed>> {
    // Whatever an export replaces, its rejects only add to what it brought.
    let late = sources
        .iter()
        .map(|source| Arc::new(Source { load: Load::Upsert, ..source.as_ref().clone() }));
    let late: Vec<Arc<Source>> = late.collect();
    let position = |name: &str| sources.iter().position(|source| source.name == name);
    let before =
        Ledger::read(loading.lake.set(), loading.base, |name| position(name).is_some()).await?;
    let entries = with_rejects(loading, &before, |name| position(name).is_some());
    let mut parts = Parts::new(loading);
    let standing = Standing::new(sources.iter().map(AsRef::as_ref), &before);
    let mut gathering = Gathering::new(loading.engine, loading.scratch.to_owned(), Age::Older);
    let mut intakes: Vec<Intake> = Vec::new();
    let mut known: Vec<Entry> = Vec::new();
    for (number, entry) in entries.into_iter().enumerate() {
        let Some(index) = position(&entry.source) else { continue };
        if entry.header.is_empty() {
            return Err(Error::new(
                Kind::Supplier,
                format!("export \"{}\": its header is not on record", entry.name),
            )
            .hint("it was loaded by an older version: load it again, or discard its rejects"));
        }
        let Some(part) = parts.rejects_of(&entry) else { continue };
        let (rows, kept) = raw_rows(loading, &part).await?;
        if rows.is_empty() {
            continue;
        }
        let export = Export {
            name: entry.name.clone(),
            at: At::File(std::path::PathBuf::new()),
            bytes: entry.bytes,
            modified_ms: entry.modified_ms,
            etag: entry.etag.clone(),
        };
        let rejected = Some(Rejected { header: entry.header.clone(), rows });
        let folder = loading.scratch.join(format!("rejects-{number}"));
        // The cover is held as it was when the export was loaded.
        let source = Arc::clone(&sources[index]);
        let engine = loading.engine.clone();
        let order = Age::Older.order(intakes.len());
        let mut intake = take_in(index, source, order, export, rejected, folder, engine).await?;
        entry.short().clone_into(&mut intake.short);
        if matches!(sources[index].load, Load::ReplacePeriod { .. }) {
            leave_to_later_exports(&sources[index], &standing, &entry, &mut intake);
        }
        gathering.take(index, &intake.short, std::mem::take(&mut intake.files))?;
        for reject in kept {
            intake.rejects.push(reject)?;
        }
        intakes.push(intake);
        known.push(entry);
    }
    let covers: Vec<_> =
        intakes.iter().map(|intake| periods_of(&late[intake.source], intake)).collect();
    let arriving = gathering.finish()?;
    let jobs = jobs(loading, &late, &intakes, &covers, &before, &arriving).await?;
    drop(arriving);
    let mut merged = merge_all(loading, jobs.merges).await?;
    adjust(&late, &mut intakes, &mut merged)?;
    put_all(merged, &mut parts).await?;
    let (mut replayed, mut changed) = (Vec::new(), Vec::new());
    for ((intake, entry), covered) in intakes.into_iter().zip(known).zip(covers) {
        let tally = intake.reading.tally;
        let rejected = match intake.rejects.finish()? {
            Some((path, written)) => {
                Some(parts.put(REJECTS, entry.rejects(), path, written).await?)
            }
            None => None,
        };
        parts.empty(REJECTS, entry.former_rejects());
        parts.empty(REJECTS, entry.rejects());
        if rejected.is_some() {
            parts.enter(REJECTS, entry.rejects(), rejected);
        }
        let stays = tally.rejected + tally.rejected_by_rule;
        replayed.push(Replayed {
            source: entry.source.clone(),
            export: entry.name.clone(),
            loaded: tally.loaded,
            rejected: stays,
        });
        changed.push((entry, tally, covered));
    }
    if replayed.is_empty() {
        return Ok(replayed);
    }
    let mut ledger = before.clone();
    for (entry, tally, covered) in changed {
        let Some(one) = ledger.entry_mut(&entry.source, entry.number) else { continue };
        one.periods.extend(covered);
        let gone = tally.loaded + tally.skipped + tally.recognised + tally.replaced;
        one.rejected = one.rejected.saturating_sub(gone);
        one.loaded += tally.loaded;
        one.skipped += tally.skipped;
        one.recognised += tally.recognised;
        one.replaced += tally.replaced;
    }
    parts.put_ledger(&before, &ledger).await?;
    parts.commit().await?;
    Ok(replayed)
}

/// Gives the rejected rows of sources `wanted` up; the ledger goes on counting them.
///
/// # Errors
/// When the store fails.
pub async fn discard(
    loading: &Loading<'_>,
    wanted: &(dyn Fn(&str) -> bool + Send + Sync),
) -> Result<Vec<Replayed>> {
    let before = Ledger::read(loading.lake.set(), loading.base, wanted).await?;
    let entries = with_rejects(loading, &before, wanted);
    if !entries.is_empty() {
        let mut parts = Parts::new(loading);
        let mut ledger = before.clone();
        for entry in &entries {
            parts.empty(REJECTS, entry.rejects());
            parts.empty(REJECTS, entry.former_rejects());
            if let Some(one) = ledger.entry_mut(&entry.source, entry.number) {
                one.discarded = one.rejected;
            }
        }
        parts.put_ledger(&before, &ledger).await?;
        parts.commit().await?;
    }
    let given_up = entries.into_iter().map(|entry| Replayed {
        source: entry.source,
        export: entry.name,
        loaded: 0,
        rejected: entry.rejected,
    });
    Ok(given_up.collect())
}
