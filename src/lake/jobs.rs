//! Which files a load makes anew: the rows that stay and the rows that come, for each part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;

use super::arriving::{Arrived, Arriving};
use super::intake::Intake;
use super::ledger::{Entry, Ledger};
use super::load::Loading;
use super::merge::Merge;
use super::moved::Moved;
use super::tables::ALL;
use crate::config::canonical::Table;
use crate::config::pipeline::{Load, Source};
use crate::error::{Error, Kind, Result};
use crate::tableset::{DataFile, Manifest};

/// What is to be done to files.
pub(super) struct Jobs {
    pub(super) merges: Vec<(String, String, Merge)>,
    pub(super) emptied: Vec<(String, String)>,
}

pub(super) async fn jobs(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: &[Intake],
    covers: &[BTreeSet<String>],
    ledger: &Ledger,
    arriving: &Arriving,
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
        let brought = brought(&ours, covers);
        let replaced: BTreeSet<String> = match source.load {
            Load::Upsert | Load::Append | Load::Replace { .. } => BTreeSet::new(),
            Load::ReplacePeriod { .. } => {
                ours.iter().flat_map(|(index, _)| covers[*index].iter().cloned()).collect()
            }
        };
        for (table_index, into) in source.into.iter().enumerate() {
            let table = into.table;
            let dated = table.date.is_some();
            let whole = matches!(source.load, Load::Replace { .. });
            let replaced: BTreeSet<String> = if whole {
                stored_files(loading.base, table, source)
                    .map(|file| period_of(&file.part))
                    .collect()
            } else {
                replaced.clone()
            };
            let incoming: BTreeMap<&String, &Arrived> =
                arriving.of(source_index, table_index).collect();
            let mut touched: BTreeSet<String> =
                incoming.keys().map(|period| (*period).clone()).collect();
            if dated || whole {
                touched.extend(replaced.iter().cloned());
            }
            let part_of = |period: &str| format!("{}/{period}", source.name);
            let stored = |period: &str| has_part(loading.base, table, &part_of(period));
            let others = if whole {
                None
            } else {
                others(loading, table, source, &replaced, &brought, ledger).await?
            };
            let append = matches!(source.load, Load::Append);
            let coming: Vec<&Arrived> = incoming.values().copied().collect();
            let moved = Moved::find(loading.engine, into, &coming, others, append).await?;
            if let (true, Some(keys)) = (append, moved.first_key()) {
                return Err(known_key(source, table, keys)?);
            }
            let moved = Arc::new(moved);
            touched.extend(moved.stored_periods.iter().cloned());
            for period in touched {
                let part = part_of(&period);
                let coming = incoming.get(&period).map(|arrived| (*arrived).clone());
                let replaces = (dated || whole) && replaced.contains(&period);
                let staying = match (stored(&period), replaces) {
                    (false, _) => None,
                    (true, false) => {
                        Some(loading.lake.parts(loading.base, table, |name| name == part))
                    }
                    (true, true) if whole => None,
                    (true, true) => {
                        other_parts(loading, source, &brought, table, &part, ledger).await?
                    }
                };
                if coming.is_none() && staying.is_none() {
                    if stored(&period) {
                        jobs.emptied.push((table.name.to_owned(), part));
                    }
                    continue;
                }
                let path = loading
                    .scratch
                    .join(format!("{}-{}-{period}.parquet", table.name, source.name));
                let moved = Arc::clone(&moved);
                let shorts = Arc::clone(&arriving.shorts);
                let job = Merge { table, staying, coming, shorts, moved, append, path };
                jobs.merges.push((table.name.to_owned(), part, job));
            }
        }
    }
    Ok(jobs)
}

/// The files of `table` that hold rows of `source`.
pub(super) fn stored_files<'a>(
    manifest: &'a Manifest,
    table: &Table,
    source: &'a Source,
) -> impl Iterator<Item = &'a DataFile> {
    let files = manifest.files(table.name);
    files
        .iter()
        .filter(|file| file.part.split_once('/').is_some_and(|(name, _)| name == source.name))
}

fn period_of(part: &str) -> String {
    part.split_once('/').map_or("", |(_, period)| period).to_owned()
}

/// Says that an export that is only to add rows brings a key that stands in another month.
fn known_key(source: &Source, table: &Table, keys: &RecordBatch) -> Result<Error> {
    let width = table.key.len().min(keys.num_columns());
    let texts = keys.columns()[..width]
        .iter()
        .map(|column| arrow::util::display::array_value_to_string(column, 0));
    let key: Vec<String> = texts.collect::<std::result::Result<_, _>>()?;
    Ok(clash(&source.name, table, &key.join(", ")))
}

/// The error of a key that is there already, where rows are only added.
pub(super) fn clash(source: &str, table: &Table, key: &str) -> Error {
    Error::new(
        Kind::Supplier,
        format!(
            "source \"{source}\": key {} \"{key}\" of table \"{}\" is there already",
            table.key.join(", "),
            table.name
        ),
    )
    .hint("load: append only adds; write load: upsert if later rows may replace earlier ones")
}

fn has_part(manifest: &Manifest, table: &Table, part: &str) -> bool {
    let files = manifest.files(table.name);
    files.iter().any(|file| file.part == part)
}

/// Parts of a source, each with a period, that the intakes bring anew.
type Brought = BTreeSet<(String, String)>;

fn brought(intakes: &[(usize, &Intake)], covers: &[BTreeSet<String>]) -> Brought {
    let part = |intake: &Intake| {
        intake.reading.cover.as_ref().map_or_else(String::new, |cover| cover.part.clone())
    };
    let pairs = intakes.iter().flat_map(|(index, intake)| {
        covers[*index].iter().map(|period| (part(intake), period.clone()))
    });
    pairs.collect()
}

/// Exports whose rows in `period` stay although others are `brought` anew, as a list for SQL.
fn staying_exports(
    ledger: &Ledger,
    source: &Source,
    period: &str,
    brought: &Brought,
) -> Vec<String> {
    let live = ledger.of(&source.name).iter().filter(|entry| entry.is_live());
    let again = |entry: &Entry| brought.contains(&(entry.part.clone(), period.to_owned()));
    live.filter(|entry| entry.periods.contains(period) && !again(entry))
        .map(|entry| format!("'{}'", entry.short()))
        .collect()
}

/// Stored rows of the source that the intakes do not replace, where there are any.
async fn others(
    loading: &Loading<'_>,
    table: &Table,
    source: &Source,
    replaced: &BTreeSet<String>,
    brought: &Brought,
    ledger: &Ledger,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let Some(date) = table.date else { return Ok(None) };
    let wanted = |part: &str| {
        part.split_once('/').is_some_and(|(name, period)| name == source.name && period != ALL)
    };
    let files = loading.base.files(table.name);
    let mut kept = Vec::new();
    let mut any = false;
    for file in files.iter().filter(|file| wanted(&file.part)) {
        let period = file.part.split_once('/').map_or("", |(_, period)| period);
        let month = format!("to_char(\"{date}\", '%Y-%m') = '{period}'");
        if replaced.contains(period) {
            let staying = staying_exports(ledger, source, period, brought);
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
    brought: &Brought,
    table: &Table,
    part: &str,
    ledger: &Ledger,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let period = part.split_once('/').map_or("", |(_, period)| period);
    let staying = staying_exports(ledger, source, period, brought);
    if staying.is_empty() {
        return Ok(None);
    }
    let session = loading.engine.session(1);
    session
        .register_table("stored", loading.lake.parts(loading.base, table, |name| name == part))?;
    let sql = format!("select * from stored where _export in ({})", staying.join(", "));
    Ok(Some(session.sql(&sql).await?.into_view()))
}
