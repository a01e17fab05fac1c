//! Loading: new exports of some sources into the lake, by one swap of its head.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::discover::Found;
use super::intake::{Intake, joined, periods_of, rows_of, take_in};
use super::ledger::{Entry, Ledger, Status};
use super::merge::{Merge, Merged, merge};
use super::moved;
use super::rejects::{REJECTS, rejects_schema};
use super::tables::{ALL, Lake, period_name, stored_schema};
use crate::columnar::{Engine, Written, type_name};
use crate::config::canonical::Table;
use crate::config::pipeline::{Load, Source};
use crate::domain::calendar::add_months;
use crate::error::{Error, Kind, Result};
use crate::pull::map::Tally;
use crate::store::{put_file, sha256_of};
use crate::tableset::{Change, Column, Committed, DataFile, Manifest};

/// Files put at a time.
const CONCURRENT_PUTS: usize = 8;

/// What a load works with.
pub struct Loading<'a> {
    /// The lake.
    pub lake: &'a Lake,
    /// The version to load onto.
    pub base: &'a Manifest,
    /// The queries' engine.
    pub engine: &'a Engine,
    /// A folder for rows on their way.
    pub scratch: &'a FsPath,
    /// The run.
    pub run: &'a str,
    /// When.
    pub now: DateTime<Utc>,
    /// Whether months may shrink.
    pub accept: bool,
}

/// What became of one export.
#[derive(Debug, Clone)]
pub struct ExportReport {
    /// The source.
    pub source: String,
    /// The export.
    pub name: String,
    /// Counts of rows.
    pub tally: Tally,
    /// Rows that moved here from another period, or lost to one.
    pub notes: Vec<String>,
}

/// What a load did.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The lake's version now.
    pub manifest: Manifest,
    /// One report for each export.
    pub exports: Vec<ExportReport>,
    /// Stored rows that a moved key took away.
    pub moved: u64,
}

/// New parts of tables: table → part → the file, or `None` where the part is emptied.
type Parts = BTreeMap<String, BTreeMap<String, Option<DataFile>>>;

/// Loads `found` exports (each with its source's position) into the lake.
///
/// # Errors
/// Every export that cannot be used, together; nothing is loaded then.
pub async fn load(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    found: Vec<(usize, Found)>,
) -> Result<Loaded> {
    let mut ledger = Ledger::of(loading.base)?;
    let intakes = take_all(loading, sources, found).await?;
    let covers = covers(loading, sources, &intakes, &ledger).await?;
    let jobs = jobs(loading, sources, &intakes, &covers, &ledger).await?;
    let mut parts = Parts::new();
    for (table, part) in jobs.emptied {
        parts.entry(table).or_default().insert(part, None);
    }
    let results: Vec<(String, String, Merged)> = stream::iter(jobs.merges)
        .map(|(table, part, job)| {
            let engine = loading.engine.clone();
            async move {
                let merged = tokio::spawn(merge(engine, job)).await.map_err(joined)??;
                Ok::<_, Error>((table, part, merged))
            }
        })
        .buffered(loading.engine.limits().threads)
        .try_collect()
        .await?;
    let mut intakes = intakes;
    let mut moved = 0;
    for (table, _, merged) in &results {
        moved += merged.moved;
        adjust(sources, &mut intakes, table, merged)?;
    }
    refuse_too_many_rejects(sources, &intakes)?;
    let files = results.into_iter().map(|(table, part, merged)| {
        let store = Arc::clone(loading.lake.set().store());
        async move {
            let path = data_path(&table, &part, &merged.written);
            let put = upload(store, path, part.clone(), merged.path, merged.written);
            let file = tokio::spawn(put).await.map_err(joined)??;
            Ok::<_, Error>((table, part, file))
        }
    });
    let files: Vec<_> = stream::iter(files).buffered(CONCURRENT_PUTS).try_collect().await?;
    for (table, part, file) in files {
        parts.entry(table).or_default().insert(part, Some(file));
    }
    let (reports, entered) = enter(loading, sources, intakes, &covers, &mut parts).await?;
    for (entry, replaces) in &entered {
        ledger.enter(entry.clone(), *replaces);
    }
    for entry in ledger.exports.iter().filter(|entry| !entry.is_live()) {
        let part = format!("{}/{}", entry.source, entry.short());
        let known = loading.base.tables.get(REJECTS);
        if known.is_some_and(|table| table.files.iter().any(|file| file.part == part)) {
            parts.entry(REJECTS.to_owned()).or_default().entry(part).or_insert(None);
        }
    }
    let manifest = commit(loading, &entered, &parts).await?;
    Ok(Loaded { manifest, exports: reports, moved })
}

async fn take_all(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    found: Vec<(usize, Found)>,
) -> Result<Vec<Intake>> {
    let results: Vec<Result<Intake>> = stream::iter(found.into_iter().enumerate())
        .map(|(number, (source, found))| {
            let folder = loading.scratch.join(format!("export-{number}"));
            let engine = loading.engine.clone();
            take_in(source, Arc::clone(&sources[source]), found.export, folder, engine)
        })
        .buffered(loading.engine.limits().threads)
        .collect()
        .await;
    let (mut intakes, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(intake) => intakes.push(intake),
            Err(error) => errors.push(error),
        }
    }
    for intake in &intakes {
        let source = &sources[intake.source];
        let tally = &intake.reading.tally;
        if tally.loaded == 0 && tally.rejected == 0 && !source.allow_empty {
            errors.push(
                Error::new(
                    Kind::Supplier,
                    format!("export \"{}\": has no rows to load", intake.export.name),
                )
                .hint("ask for the file again, or write allow_empty: true"),
            );
        }
    }
    if let Some(error) = together(errors) {
        return Err(error);
    }
    refuse_too_many_rejects(sources, &intakes)?;
    Ok(intakes)
}

/// One error of many: all messages, the hint with each.
fn together(mut errors: Vec<Error>) -> Option<Error> {
    if errors.len() <= 1 {
        return errors.pop();
    }
    let kind = errors[0].kind;
    let count = errors.len();
    let mut message = format!("{count} exports cannot be loaded");
    for error in errors {
        let hint = error.hint.map(|hint| format!("\n    hint: {hint}")).unwrap_or_default();
        message = format!("{message}\n  {}{hint}", error.message);
    }
    Some(Error::new(kind, message))
}

fn refuse_too_many_rejects(sources: &[Arc<Source>], intakes: &[Intake]) -> Result<()> {
    let errors = intakes.iter().filter_map(|intake| {
        let source = &sources[intake.source];
        let tally = &intake.reading.tally;
        let candidates = tally.loaded + tally.rejected;
        if tally.rejected * 100 <= u64::from(source.max_percent) * candidates {
            return None;
        }
        let samples = intake.rejects.samples.iter().map(|reject| {
            let column = match reject.column.as_str() {
                "" => String::new(),
                column => format!(" column \"{column}\""),
            };
            let value = match reject.value.as_str() {
                "" => String::new(),
                value => format!(" \"{}\"", value.chars().take(60).collect::<String>()),
            };
            format!("\n    row {}{column}:{value} {}", reject.row, reject.message)
        });
        let samples: String = samples.collect();
        Some(
            Error::new(
                Kind::Supplier,
                format!(
                    "export \"{}\": {} of {candidates} rows rejected, {} percent allowed{samples}",
                    intake.export.name, tally.rejected, source.max_percent
                ),
            )
            .hint("correct how the source is declared, ask for the file again, or raise rejects: max_percent"),
        )
    });
    together(errors.collect()).map_or(Ok(()), Err)
}

/// The periods that each intake covers.
async fn covers(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: &[Intake],
    ledger: &Ledger,
) -> Result<Vec<BTreeSet<String>>> {
    let covers: Vec<BTreeSet<String>> = intakes
        .iter()
        .map(|intake| {
            let source = &sources[intake.source];
            match (&source.load, &intake.reading.cover) {
                (Load::Upsert, _) => periods_of(source, intake),
                (Load::ReplacePeriod { .. }, Some(cover)) => months(cover.first, cover.last),
                (Load::ReplacePeriod { .. }, None) => contiguous(&periods_of(source, intake)),
            }
        })
        .collect();
    let part = |intake: &Intake| {
        intake.reading.cover.as_ref().map_or_else(String::new, |cover| cover.part.clone())
    };
    let mut errors = Vec::new();
    for (index, intake) in intakes.iter().enumerate() {
        let source = &sources[intake.source];
        let Load::ReplacePeriod { allow_empty, min_share_percent, .. } = &source.load else {
            continue;
        };
        for (earlier, other) in intakes[..index].iter().enumerate() {
            let shared = covers[earlier].intersection(&covers[index]).next();
            if let Some(period) = shared
                && other.source == intake.source
                && part(other) == part(intake)
            {
                errors.push(
                    Error::new(
                        Kind::Supplier,
                        format!(
                            "exports \"{}\" and \"{}\" both cover {period}",
                            other.export.name, intake.export.name
                        ),
                    )
                    .hint("remove the one that does not count"),
                );
            }
        }
        for period in &covers[index] {
            let shrunk = shrunk(loading, source, intake, ledger, period, &part(intake)).await?;
            let Some((table, before, now)) = shrunk else {
                continue;
            };
            let emptied = now == 0 && !allow_empty;
            let too_few = now * 100 < before * u64::from(*min_share_percent) && now > 0;
            if (emptied || too_few) && !loading.accept {
                errors.push(
                    Error::new(
                        Kind::Supplier,
                        format!(
                            "export \"{}\": brings {now} rows of \"{table}\" for {period}, the lake \
                             has {before}",
                            intake.export.name
                        ),
                    )
                    .hint("if the month really shrank, run once with --accept; else ask for the file again"),
                );
            }
        }
    }
    together(errors).map_or(Ok(covers), Err)
}

/// The dated table whose rows of `period` and `part` become fewer, with both counts.
async fn shrunk(
    loading: &Loading<'_>,
    source: &Source,
    intake: &Intake,
    ledger: &Ledger,
    period: &str,
    part: &str,
) -> Result<Option<(&'static str, u64, u64)>> {
    let live = ledger.exports.iter().filter(|entry| {
        entry.source == source.name && entry.is_live() && entry.periods.contains(period)
    });
    let (own, others): (Vec<_>, Vec<_>) = live.partition(|entry| entry.part == part);
    for (index, into) in
        source.into.iter().enumerate().filter(|(_, into)| into.table.date.is_some())
    {
        let name = format!("{}/{period}", source.name);
        let files = loading.base.tables.get(into.table.name).map_or(&[][..], |table| &table.files);
        let Some(file) = files.iter().find(|file| file.part == name) else { continue };
        let before = match (own.is_empty(), others.is_empty()) {
            (true, false) => 0,
            (_, true) => file.rows,
            (false, false) => {
                let own: Vec<String> =
                    own.iter().map(|entry| format!("'{}'", entry.short())).collect();
                let session = loading.engine.session(1);
                let stored = loading.lake.parts(loading.base, into.table, |part| part == name);
                session.register_table("stored", stored)?;
                let sql =
                    format!("select 1 as one from stored where _export in ({})", own.join(", "));
                session.sql(&sql).await?.count().await? as u64
            }
        };
        let now = rows_of(intake, index, period);
        if now < before {
            return Ok(Some((into.table.name, before, now)));
        }
    }
    Ok(None)
}

fn months(first: i32, last: i32) -> BTreeSet<String> {
    let mut months = BTreeSet::new();
    let mut day = first;
    while day <= last {
        months.insert(period_name(day));
        day = add_months(day, 1);
    }
    months
}

/// All months from the first to the last.
fn contiguous(periods: &BTreeSet<String>) -> BTreeSet<String> {
    let day =
        |period: &String| format!("{period}-01").parse().ok().map(crate::domain::calendar::to_day);
    match (periods.first().and_then(day), periods.last().and_then(day)) {
        (Some(first), Some(last)) => months(first, last),
        _ => BTreeSet::new(),
    }
}

/// What is to be done to files.
struct Jobs {
    merges: Vec<(String, String, Merge)>,
    emptied: Vec<(String, String)>,
}

async fn jobs(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: &[Intake],
    covers: &[BTreeSet<String>],
    ledger: &Ledger,
) -> Result<Jobs> {
    let mut jobs = Jobs { merges: Vec::new(), emptied: Vec::new() };
    for (source_index, source) in sources.iter().enumerate() {
        let ours: Vec<(usize, &Intake)> = intakes
            .iter()
            .enumerate()
            .filter(|(_, intake)| intake.source == source_index)
            .collect();
        if ours.is_empty() {
            continue;
        }
        let arriving = coming_parts(&ours);
        let replaced: BTreeSet<String> = match source.load {
            Load::Upsert => BTreeSet::new(),
            Load::ReplacePeriod { .. } => {
                ours.iter().flat_map(|(index, _)| covers[*index].iter().cloned()).collect()
            }
        };
        for (table_index, into) in source.into.iter().enumerate() {
            let table = into.table;
            let dated = table.date.is_some();
            let mut touched: BTreeSet<String> = ours
                .iter()
                .flat_map(|(_, intake)| intake.files.keys())
                .filter(|(number, _)| *number == table_index)
                .map(|(_, period)| period.clone())
                .collect();
            if dated {
                touched.extend(replaced.iter().cloned());
            }
            let incoming: Vec<_> = ours
                .iter()
                .flat_map(|(_, intake)| intake.files.iter())
                .filter(|((number, _), _)| *number == table_index)
                .map(|(_, file)| file.clone())
                .collect();
            let part_of = |period: &str| format!("{}/{period}", source.name);
            let stored = |period: &str| has_part(loading.base, table, &part_of(period));
            let others = others(loading, table, source, &replaced, &arriving, ledger).await?;
            let moved = Arc::new(moved::find(loading.engine, table, &incoming, others).await?);
            touched.extend(moved.stored_periods.iter().cloned());
            for period in touched {
                let part = part_of(&period);
                let coming: Vec<_> = ours
                    .iter()
                    .filter_map(|(order, intake)| {
                        let file = intake.files.get(&(table_index, period.clone()))?;
                        let short = intake.reading.sha256.get(..16)?.to_owned();
                        Some((*order, short, file.clone()))
                    })
                    .collect();
                let replaces = dated && replaced.contains(&period);
                let staying = match (stored(&period), replaces) {
                    (false, _) => None,
                    (true, false) => {
                        Some(loading.lake.parts(loading.base, table, |name| name == part))
                    }
                    (true, true) => {
                        other_parts(loading, source, &arriving, table, &part, ledger).await?
                    }
                };
                if coming.is_empty() && staying.is_none() {
                    if stored(&period) {
                        jobs.emptied.push((table.name.to_owned(), part));
                    }
                    continue;
                }
                let path = loading
                    .scratch
                    .join(format!("{}-{}-{period}.parquet", table.name, source.name));
                let job = Merge { table, staying, coming, moved: Arc::clone(&moved), path };
                jobs.merges.push((table.name.to_owned(), part, job));
            }
        }
    }
    Ok(jobs)
}

fn has_part(manifest: &Manifest, table: &Table, part: &str) -> bool {
    let files = manifest.tables.get(table.name).map_or(&[][..], |table| &table.files);
    files.iter().any(|file| file.part == part)
}

/// Parts of a source that the intakes bring.
fn coming_parts(intakes: &[(usize, &Intake)]) -> BTreeSet<String> {
    let part = |intake: &Intake| {
        intake.reading.cover.as_ref().map_or_else(String::new, |cover| cover.part.clone())
    };
    intakes.iter().map(|(_, intake)| part(intake)).collect()
}

/// Exports whose rows in `period` (any, where none is named) stay although `coming` parts arrive,
/// as a list for SQL.
fn staying_exports(
    ledger: &Ledger,
    source: &Source,
    period: &str,
    coming: &BTreeSet<String>,
) -> Vec<String> {
    let live = ledger.exports.iter().filter(|entry| entry.source == source.name && entry.is_live());
    live.filter(|entry| entry.periods.contains(period) && !coming.contains(&entry.part))
        .map(|entry| format!("'{}'", entry.short()))
        .collect()
}

/// Stored rows of the source that the intakes do not replace, where there are any.
async fn others(
    loading: &Loading<'_>,
    table: &Table,
    source: &Source,
    replaced: &BTreeSet<String>,
    coming: &BTreeSet<String>,
    ledger: &Ledger,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let Some(date) = table.date else { return Ok(None) };
    let wanted = |part: &str| {
        part.split_once('/').is_some_and(|(name, period)| name == source.name && period != ALL)
    };
    let files = loading.base.tables.get(table.name).map_or(&[][..], |table| &table.files);
    let mut kept = Vec::new();
    let mut any = false;
    for file in files.iter().filter(|file| wanted(&file.part)) {
        let period = file.part.split_once('/').map_or("", |(_, period)| period);
        let month = format!("to_char(\"{date}\", '%Y-%m') = '{period}'");
        if replaced.contains(period) {
            let staying = staying_exports(ledger, source, period, coming);
            if staying.is_empty() {
                kept.push(format!("not ({month})"));
            } else {
                any = true;
                kept.push(format!("(not ({month}) or _export in ({}))", staying.join(", ")));
            }
        } else {
            any = true;
        }
    }
    if !any {
        return Ok(None);
    }
    let stored = loading.lake.parts(loading.base, table, wanted);
    if kept.is_empty() {
        return Ok(Some(stored));
    }
    let session = loading.engine.session(1);
    session.register_table("stored", stored)?;
    let sql = format!("select * from stored where {}", kept.join(" and "));
    Ok(Some(session.sql(&sql).await?.into_view()))
}

/// Rows of a replaced period that another part of the same source brought.
async fn other_parts(
    loading: &Loading<'_>,
    source: &Source,
    coming: &BTreeSet<String>,
    table: &Table,
    part: &str,
    ledger: &Ledger,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let period = part.split_once('/').map_or("", |(_, period)| period);
    let staying = staying_exports(ledger, source, period, coming);
    if staying.is_empty() {
        return Ok(None);
    }
    let session = loading.engine.session(1);
    session
        .register_table("stored", loading.lake.parts(loading.base, table, |name| name == part))?;
    let sql = format!("select * from stored where _export in ({})", staying.join(", "));
    Ok(Some(session.sql(&sql).await?.into_view()))
}

/// Takes what a merge found into the counts of its exports.
fn adjust(
    sources: &[Arc<Source>],
    intakes: &mut [Intake],
    table: &str,
    merged: &Merged,
) -> Result<()> {
    let dated = crate::config::canonical::table(table).is_some_and(|table| table.date.is_some());
    for (order, rows) in &merged.repeated {
        let intake = &mut intakes[*order];
        if dated || sources[intake.source].into.len() == 1 {
            intake.reading.tally.loaded -= (*rows).min(intake.reading.tally.loaded);
            intake.reading.tally.recognised += rows;
        }
    }
    for (order, reject) in &merged.contradicting {
        let intake = &mut intakes[*order];
        intake.reading.tally.loaded -= 1.min(intake.reading.tally.loaded);
        intake.reading.tally.rejected += 1;
        intake.rejects.push(reject.clone())?;
    }
    Ok(())
}

/// Where a part of a table lies: under its content's name.
fn data_path(table: &str, part: &str, written: &Written) -> Path {
    Path::from(format!("data/{table}/{part}-{}.parquet", &written.sha256[..16]))
}

/// Puts a finished file at `path` and reads it back.
async fn upload(
    store: Arc<dyn ObjectStore>,
    path: Path,
    part: String,
    from: PathBuf,
    written: Written,
) -> Result<DataFile> {
    let there = store.head(&path).await.is_ok_and(|meta| meta.size == written.bytes);
    if !there {
        put_file(store.as_ref(), &from, &path).await?;
    }
    let (sha256, bytes) = sha256_of(store.as_ref(), &path).await?;
    if sha256 != written.sha256 || bytes != written.bytes {
        return Err(Error::new(
            Kind::Transient,
            format!("file \"{path}\" of the lake reads back other bytes than were written"),
        )
        .hint("the disk or the store is failing: check it, then run again"));
    }
    Ok(DataFile { path: path.to_string(), bytes, rows: written.rows, sha256, part })
}

/// The ledger's entries for the exports (each with whether it replaces periods); their rejects go
/// into the lake.
async fn enter(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: Vec<Intake>,
    covers: &[BTreeSet<String>],
    parts: &mut Parts,
) -> Result<(Vec<ExportReport>, Vec<(Entry, bool)>)> {
    let (mut reports, mut entered) = (Vec::new(), Vec::new());
    for (intake, periods) in intakes.into_iter().zip(covers) {
        let source = &sources[intake.source];
        let Intake { export, reading, rejects, .. } = intake;
        let part = reading.cover.as_ref().map_or_else(String::new, |cover| cover.part.clone());
        let tally = reading.tally;
        let entry = Entry {
            source: source.name.clone(),
            name: export.name.clone(),
            bytes: export.bytes,
            modified_ms: export.modified_ms,
            sha256: reading.sha256,
            declaration: source.digest.clone(),
            periods: periods.clone(),
            part,
            read: tally.read,
            loaded: tally.loaded,
            rejected: tally.rejected + tally.rejected_by_rule,
            skipped: tally.skipped,
            recognised: tally.recognised,
            status: Status::Live,
        };
        if let Some((path, written)) = rejects.finish()? {
            let part = format!("{}/{}", source.name, entry.short());
            let store = Arc::clone(loading.lake.set().store());
            let to = data_path(REJECTS, &part, &written);
            let file = upload(store, to, part.clone(), path, written).await?;
            parts.entry(REJECTS.to_owned()).or_default().insert(part, Some(file));
        }
        entered.push((entry, matches!(source.load, Load::ReplacePeriod { .. })));
        let mut notes = reading.notes;
        if tally.rounded != 0 {
            let sign = if tally.rounded < 0 { "-" } else { "" };
            let (whole, part) =
                (tally.rounded.abs() / 100_000_000, tally.rounded.abs() % 100_000_000);
            notes.push(format!("rounding amounts changed their sum by {sign}{whole}.{part:08}"));
        }
        reports.push(ExportReport { source: source.name.clone(), name: export.name, tally, notes });
    }
    Ok((reports, entered))
}

/// Swaps the lake's head; on a head moved by others the change is made again if they touched none
/// of our files.
async fn commit(
    loading: &Loading<'_>,
    entered: &[(Entry, bool)],
    parts: &Parts,
) -> Result<Manifest> {
    let set = loading.lake.set();
    let mut base = loading.base.clone();
    loop {
        let mut merged = Ledger::of(&base)?;
        for (entry, replaces) in entered {
            merged.enter(entry.clone(), *replaces);
        }
        let change = Change {
            run: loading.run.to_owned(),
            tables: tables(loading, &base, parts),
            extra: Some(merged.to_extra()?),
            base: base.version,
            bound: true,
        };
        match set.commit(&change, loading.now).await? {
            Committed::Version(_) => return set.current().await,
            Committed::Moved(_) => {
                let moved = set.current().await?;
                if touched_by_others(loading.base, &moved, parts) {
                    return Err(Error::new(
                        Kind::Superseded,
                        "another run loaded the same months meanwhile; nothing was loaded",
                    )
                    .hint("run again"));
                }
                base = moved;
            }
        }
    }
}

fn touched_by_others(base: &Manifest, now: &Manifest, parts: &Parts) -> bool {
    parts.iter().any(|(table, parts)| {
        let file = |manifest: &Manifest, part: &String| {
            let files = manifest.tables.get(table).map_or(&[][..], |table| &table.files);
            files.iter().find(|file| file.part == *part).map(|file| file.sha256.clone())
        };
        parts.keys().any(|part| file(base, part) != file(now, part))
    })
}

/// The tables of the lake with `parts` in place of those of `base`.
fn tables(
    loading: &Loading<'_>,
    base: &Manifest,
    parts: &Parts,
) -> BTreeMap<String, crate::tableset::Table> {
    parts
        .iter()
        .map(|(name, parts)| {
            let canonical = crate::config::canonical::table(name);
            let schema = canonical.map_or_else(rejects_schema, stored_schema);
            let columns = schema.fields().iter().map(|field| Column {
                name: field.name().clone(),
                kind: type_name(field.data_type()),
            });
            let before = base.tables.get(name).map_or(&[][..], |table| &table.files);
            let mut files: Vec<DataFile> =
                before.iter().filter(|file| !parts.contains_key(&file.part)).cloned().collect();
            files.extend(parts.values().flatten().cloned());
            files.sort_by(|left, right| left.path.cmp(&right.path));
            let table = crate::tableset::Table {
                run: loading.run.to_owned(),
                as_of: None,
                lake_version: None,
                schema: columns.collect(),
                key: canonical
                    .map_or(&["source", "export", "row"][..], |table| table.key)
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
                files,
            };
            (name.clone(), table)
        })
        .collect()
}
