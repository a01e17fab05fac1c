//! Loading: new exports of some sources into the lake, by one swap of its head.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::arriving::{Arriving, Gathering};
use super::commit::Parts;
use super::cover::covers;
use super::discover::Found;
use super::intake::{Intake, joined, take_in};
use super::jobs::{clash, jobs};
use super::ledger::{Entry, Ledger, Takes};
use super::loading::{Loading, together};
use super::merge::{Loss, Merge, Merged, merge};
use super::rejects::REJECTS;
use super::rows::Age;
use crate::config::canonical;
use crate::config::pipeline::{Read, Source};
use crate::error::{Error, Kind, Result};
use crate::pull::map::Tally;
use crate::tableset::Manifest;

/// Files put at a time.
const CONCURRENT_PUTS: usize = 8;

/// What became of one export.
#[derive(Debug, Clone)]
pub struct ExportReport {
    /// The source.
    pub source: String,
    /// The export.
    pub name: String,
    /// Counts of rows.
    pub tally: Tally,
    /// Things to tell.
    pub notes: Vec<String>,
}

/// What a load did.
#[derive(Debug)]
pub struct Loaded {
    /// The lake's version now.
    pub manifest: Manifest,
    /// One report for each export.
    pub exports: Vec<ExportReport>,
    /// Rows whose key stands in another month now, or whose whole came again without them.
    pub moved: u64,
    /// Why a run would not have loaded this, where it was tried out.
    pub refused: Option<Error>,
}

/// Loads `found` exports (each with its source's position) into the lake.
///
/// # Errors
/// Every export that cannot be used, together; nothing is loaded then.
pub async fn load(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    found: Vec<(usize, Found)>,
) -> Result<Loaded> {
    let loaded = |name: &str| sources.iter().any(|source| source.name == name);
    let before = Ledger::read(loading.lake.set(), loading.base, loaded).await?;
    let (mut intakes, arriving) = take_all(loading, sources, found).await?;
    let covers = covers(loading, sources, &mut intakes, &before).await?;
    let jobs = jobs(loading, sources, &intakes, &covers, &before, &arriving).await?;
    // Each merge holds its rows now, and gives their memory back when it is done.
    drop(arriving);
    let mut parts = Parts::new(loading);
    for (table, part) in jobs.emptied {
        parts.empty(&table, part);
    }
    let mut results = merge_all(loading, jobs.merges).await?;
    let mut moved = 0;
    for (table, part, merged) in &results {
        moved += merged.moved;
        if let (Some(key), Some(table)) = (&merged.clash, canonical::table(table)) {
            return Err(clash(part.split('/').next().unwrap_or(part), table, key));
        }
    }
    adjust(sources, &mut intakes, &mut results)?;
    let mut refused = refused(sources, &intakes);
    if let Some(error) = refused.take_if(|_| !loading.trial) {
        tell_rejected(loading, &intakes);
        return Err(error);
    }
    put_all(results, &mut parts).await?;
    let (reports, entered) = enter(sources, intakes, &covers, &before, &mut parts).await?;
    let mut ledger = before.clone();
    ledger.enter(entered);
    let (live, gone): (Vec<&Entry>, Vec<&Entry>) =
        ledger.entries().partition(|entry| entry.is_live());
    let shared: HashSet<String> = live.into_iter().map(Entry::former_rejects).collect();
    for entry in gone {
        parts.empty(REJECTS, entry.rejects());
        if !shared.contains(&entry.former_rejects()) {
            parts.empty(REJECTS, entry.former_rejects());
        }
    }
    parts.put_ledger(&before, &ledger).await?;
    let manifest = parts.commit().await?;
    Ok(Loaded { manifest, exports: reports, moved, refused })
}

/// A part of a table, merged.
pub(super) type MergedPart = (String, String, Merged);

/// Merges, as many at a time as there are threads.
pub(super) async fn merge_all(
    loading: &Loading<'_>,
    merges: Vec<(String, String, Merge)>,
) -> Result<Vec<MergedPart>> {
    stream::iter(merges)
        .map(|(table, part, job)| {
            let engine = loading.engine.clone();
            async move {
                let merged = tokio::spawn(merge(engine, job)).await.map_err(joined)??;
                Ok::<_, Error>((table, part, merged))
            }
        })
        .buffered(loading.engine.limits().threads)
        .try_collect()
        .await
}

/// Puts what was merged into the lake's store, and enters it among `parts`.
pub(super) async fn put_all(merged: Vec<MergedPart>, parts: &mut Parts<'_>) -> Result<()> {
    let puts = merged.into_iter().map(|(table, part, merged)| {
        let parts = &*parts;
        async move {
            let file = parts.put(&table, part.clone(), merged.path, merged.written).await?;
            Ok::<_, Error>((table, part, file))
        }
    });
    let files: Vec<_> = stream::iter(puts).buffered(CONCURRENT_PUTS).try_collect().await?;
    for (table, part, file) in files {
        parts.enter(&table, part, Some(file));
    }
    Ok(())
}

async fn take_all(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    found: Vec<(usize, Found)>,
) -> Result<(Vec<Intake>, Arriving)> {
    let mut taken = stream::iter(found.into_iter().enumerate())
        .map(|(number, (source, found))| {
            let folder = loading.scratch.join(format!("export-{number}"));
            let (engine, order) = (loading.engine.clone(), Age::Newer.order(number));
            let declared = Arc::clone(&sources[source]);
            take_in(source, declared, order, found.export, None, folder, engine)
        })
        .buffered(loading.engine.limits().threads);
    let mut gathering = Gathering::new(loading.engine, loading.scratch.to_owned(), Age::Newer);
    let (mut intakes, mut errors) = (Vec::new(), Vec::new());
    while let Some(taken) = taken.next().await {
        match taken {
            Ok(mut intake) => {
                let files = std::mem::take(&mut intake.files);
                gathering.take(intake.source, &intake.short, files)?;
                intakes.push(intake);
            }
            Err(error) => errors.push(error),
        }
    }
    if !loading.trial {
        errors.extend(refused(sources, &intakes));
    }
    match together(errors) {
        Some(error) => {
            tell_rejected(loading, &intakes);
            Err(error)
        }
        None => Ok((intakes, gathering.finish()?)),
    }
}

fn tell_rejected(loading: &Loading<'_>, intakes: &[Intake]) {
    (loading.refused)(intakes.iter().flat_map(|intake| intake.rejects.counts()).collect());
}

/// Why exports are not loaded that could be read: nothing in them, or too much that is rejected.
fn refused(sources: &[Arc<Source>], intakes: &[Intake]) -> Option<Error> {
    let errors = intakes.iter().filter_map(|intake| {
        let source = &sources[intake.source];
        nothing(source, intake).or_else(|| too_many_rejects(source, intake))
    });
    together(errors.collect())
}

/// Says that the export has no row to load, and what its reader knows of it.
fn nothing(source: &Source, intake: &Intake) -> Option<Error> {
    let tally = &intake.reading.tally;
    // A file of a format of its own may hold nothing but what is no business with clients.
    let others = tally.skipped > 0 && matches!(source.read, Read::Named(..));
    let any = tally.loaded + tally.rejected + tally.replaced + intake.repeated > 0;
    if any || others || source.allow_empty {
        return None;
    }
    let notes: String = intake.reading.notes.iter().map(|note| format!("\n    {note}")).collect();
    let hint = match notes.as_str() {
        "" => "ask for the file again, or write allow_empty: true",
        _ => "do what is said of it, or ask for the file again",
    };
    let message = format!("export \"{}\": has no rows to load{notes}", intake.export.name);
    Some(Error::new(Kind::Supplier, message).hint(hint))
}

fn too_many_rejects(source: &Source, intake: &Intake) -> Option<Error> {
    let tally = &intake.reading.tally;
    let candidates = tally.loaded + tally.rejected + tally.replaced + intake.repeated;
    let money = tally.control.rejected_beyond(source.max_percent);
    if tally.rejected * 100 <= u64::from(source.max_percent) * candidates && money.is_none() {
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
    let money = money.map(|money| format!(", {money}")).unwrap_or_default();
    let message = format!(
        "export \"{}\": {} of {candidates} rows rejected{money}, {} percent allowed{samples}",
        intake.export.name, tally.rejected, source.max_percent
    );
    // Rows that are allowed to be rejected are not counted: nobody is advised to lose money.
    let hint = if tally.control.has_rejected_money() {
        "correct how the source is declared, or ask for the file again"
    } else {
        "correct how the source is declared, ask for the file again, or raise rejects: max_percent"
    };
    Some(Error::new(Kind::Supplier, message).hint(hint))
}

/// Takes what merges found into the counts of their exports: each row once, whatever it became in how
/// many tables. What a table without dates has of rows that also made other rows counts for nothing.
pub(super) fn adjust(
    sources: &[Arc<Source>],
    intakes: &mut [Intake],
    merged: &mut [MergedPart],
) -> Result<()> {
    let mut lost: Vec<BTreeMap<i64, Loss>> = vec![BTreeMap::new(); intakes.len()];
    for (table, _, merged) in merged {
        for (position, row, loss) in std::mem::take(&mut merged.lost) {
            let alone = sources[intakes[position].source].into.len() == 1;
            let dated = canonical::table(table).is_some_and(|table| table.date.is_some());
            let counted = intakes[position].folded.contains(&u64::try_from(row).unwrap_or(0));
            if !counted && (alone || dated || matches!(loss, Loss::Rejected(_))) {
                let known = lost[position].entry(row).or_insert(Loss::Repeated);
                if known.weight() <= loss.weight() {
                    *known = loss;
                }
            }
        }
    }
    for (intake, lost) in intakes.iter_mut().zip(lost) {
        let tally = &mut intake.reading.tally;
        tally.loaded = tally.loaded.saturating_sub(lost.len() as u64);
        for loss in lost.into_values() {
            match loss {
                Loss::Repeated => intake.repeated += 1,
                Loss::Replaced => tally.replaced += 1,
                Loss::Rejected(reject) => {
                    tally.rejected += 1;
                    intake.rejects.push(*reject)?;
                }
            }
        }
        tally.recognised += intake.repeated;
        tally.control.rejected = intake.rejects.money;
    }
    Ok(())
}

/// The ledger's entries for the exports (each with what it takes the place of); their rejects go
/// into the lake.
async fn enter(
    sources: &[Arc<Source>],
    intakes: Vec<Intake>,
    covers: &[BTreeSet<String>],
    before: &Ledger,
    parts: &mut Parts<'_>,
) -> Result<(Vec<ExportReport>, Vec<(Entry, Takes)>)> {
    let (mut reports, mut entered) = (Vec::new(), Vec::new());
    let mut next: HashMap<&str, u64> = HashMap::new();
    let mut charsets: HashMap<&str, Option<String>> = HashMap::new();
    for (intake, periods) in intakes.into_iter().zip(covers) {
        let source = &sources[intake.source];
        let part = intake.part().to_owned();
        let Intake { export, reading, rejects, repeated, .. } = intake;
        let tally = reading.tally;
        let next = next.entry(&source.name).or_insert_with(|| before.next(&source.name));
        let entry_is_first = *next == 0;
        let entry = Entry {
            source: source.name.clone(),
            number: *next,
            name: export.name.clone(),
            bytes: export.bytes,
            modified_ms: export.modified_ms,
            etag: export.etag.clone(),
            sha256: reading.sha256,
            header: reading.header,
            declaration: source.digest.clone(),
            periods: periods.clone(),
            part,
            read: tally.read,
            loaded: tally.loaded,
            rejected: tally.rejected + tally.rejected_by_rule,
            discarded: 0,
            skipped: tally.skipped,
            recognised: tally.recognised,
            replaced: tally.replaced,
            replaced_by: None,
            charset: reading.charset.map(|guess| guess.name.to_owned()),
        };
        if let Some((path, written)) = rejects.finish()? {
            let file = parts.put(REJECTS, entry.rejects(), path, written).await?;
            parts.enter(REJECTS, entry.rejects(), Some(file));
        }
        *next += 1;
        entered.push((entry, Takes::by(&source.load)));
        let mut notes = reading.notes;
        notes.extend(tally.notes());
        let known = charsets
            .entry(&source.name)
            .or_insert_with(|| before.charset(&source.name).map(str::to_owned));
        let guess = reading.charset.filter(|guess| !guess.sure);
        if let Some(known) =
            known.as_ref().filter(|known| guess.is_some_and(|it| it.name != *known))
        {
            notes.push(format!(
                "earlier exports of the source were {known}: look at its names, and declare \
                 encoding: {} if they are wrong",
                known.to_lowercase()
            ));
        }
        if let Some(guess) = reading.charset {
            *known = Some(guess.name.to_owned());
        }
        if entry_is_first {
            notes.extend(source.guessed.iter().map(|guess| {
                format!("a guess of \"inspect\": {guess}; once checked, remove it from \"guessed\"")
            }));
        }
        if repeated > 0 {
            notes.push(format!("{repeated} rows repeat a key of the export: the last one counts"));
        }
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
