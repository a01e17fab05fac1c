//! Which months each export stands for, and whether they may become smaller.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::intake::{Intake, periods_of, rows_of};
use super::ledger::{Entry, Ledger};
use super::loading::{Loading, together};
use super::plan::stored_files;
use super::tables::period_name;
use crate::config::pipeline::{Load, Source};
use crate::domain::calendar::add_months;
use crate::error::{Error, Kind, Result};

/// The periods that each intake covers.
pub(super) async fn covers(
    loading: &Loading<'_>,
    sources: &[Arc<Source>],
    intakes: &mut [Intake],
    ledger: &Ledger,
) -> Result<Vec<BTreeSet<String>>> {
    let covers: Vec<BTreeSet<String>> = intakes
        .iter()
        .map(|intake| {
            let source = &sources[intake.source];
            match (&source.load, &intake.reading.cover) {
                (Load::Upsert | Load::Append | Load::Replace { .. }, _) => {
                    periods_of(source, intake)
                }
                (Load::ReplacePeriod { .. }, Some(cover)) => months(cover.first, cover.last),
                (Load::ReplacePeriod { .. }, None) => contiguous(&periods_of(source, intake)),
            }
        })
        .collect();
    let mut errors = Vec::new();
    let mut notes: Vec<(usize, String)> = Vec::new();
    // Which export of this load covers a period of a part first.
    let mut first: HashMap<(usize, &str, &str), &str> = HashMap::new();
    let live = Standing::new(sources.iter().map(AsRef::as_ref), ledger);
    for (index, intake) in intakes.iter().enumerate() {
        let source = &sources[intake.source];
        if let Load::Replace { min_share_percent } = source.load {
            match shrunk_whole(loading, source, intake, min_share_percent) {
                Some(Shrunk::Told(note)) => notes.push((index, note)),
                Some(Shrunk::Refused(error)) => errors.push(error),
                None => {}
            }
        }
        let Load::ReplacePeriod { allow_empty, min_share_percent, .. } = &source.load else {
            continue;
        };
        let mut told = BTreeSet::new();
        for period in &covers[index] {
            let name = intake.export.name.as_str();
            let other = *first.entry((intake.source, intake.part(), period)).or_insert(name);
            if other != name && told.insert(other) {
                errors.push(
                    Error::new(
                        Kind::Supplier,
                        format!("exports \"{other}\" and \"{name}\" both cover {period}"),
                    )
                    .hint("remove the one that does not count"),
                );
            }
        }
        for period in &covers[index] {
            let shrunk = shrunk(loading, source, intake, &live, period, intake.part()).await?;
            let Some((table, before, now)) = shrunk else {
                continue;
            };
            if now < before {
                notes.push((
                    index,
                    format!("{period} had {before} rows of \"{table}\" and has {now} now"),
                ));
            }
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
    if let Some(error) = together(errors) {
        return Err(error);
    }
    for (index, note) in notes {
        intakes[index].reading.notes.push(note);
    }
    Ok(covers)
}

/// A table that becomes smaller.
enum Shrunk {
    /// So little that it is only told.
    Told(String),
    /// So much that nobody wanted it.
    Refused(Error),
}

/// What is wrong with an export that is to be everything, and brings far less than the lake has.
fn shrunk_whole(
    loading: &Loading<'_>,
    source: &Source,
    intake: &Intake,
    min_share_percent: u32,
) -> Option<Shrunk> {
    let (table, before, now) = source.into.iter().enumerate().find_map(|(index, into)| {
        let stored = stored_files(loading.base, into.table, source);
        let before: u64 = stored.values().map(|file| file.rows).sum();
        let coming = intake.rows.iter().filter(|((number, _), _)| *number == index);
        let now: u64 = coming.map(|(_, rows)| rows).sum();
        (now < before).then_some((into.table.name, before, now))
    })?;
    if now * 100 >= before * u64::from(min_share_percent) || loading.accept {
        return Some(Shrunk::Told(format!("had {before} rows of \"{table}\" and has {now} now")));
    }
    let name = &intake.export.name;
    let message =
        format!("export \"{name}\": brings {now} rows of \"{table}\", the lake has {before}");
    let error = Error::new(Kind::Supplier, message)
        .hint("if so many are gone, run once with --accept; else ask for the file again");
    Some(Shrunk::Refused(error))
}

/// The dated table whose rows of `period` and `part` become fewer, with both counts.
async fn shrunk(
    loading: &Loading<'_>,
    source: &Source,
    intake: &Intake,
    live: &Standing<'_>,
    period: &str,
    part: &str,
) -> Result<Option<(&'static str, u64, u64)>> {
    let (own, others): (Vec<_>, Vec<_>) =
        live.of(&source.name, period).partition(|entry| entry.part == part);
    for (index, into) in
        source.into.iter().enumerate().filter(|(_, into)| into.table.date.is_some())
    {
        let name = format!("{}/{period}", source.name);
        let files = loading.base.files(into.table.name);
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

/// Exports that stand, by source and period.
pub(super) struct Standing<'a>(HashMap<(&'a str, &'a str), Vec<&'a Entry>>);

impl<'a> Standing<'a> {
    pub(super) fn new<'s>(sources: impl Iterator<Item = &'s Source>, ledger: &'a Ledger) -> Self {
        let mut standing: HashMap<_, Vec<&Entry>> = HashMap::new();
        let entries = sources.flat_map(|source| ledger.of(&source.name));
        for entry in entries.filter(|entry| entry.is_live()) {
            for period in &entry.periods {
                standing.entry((entry.source.as_str(), period.as_str())).or_default().push(entry);
            }
        }
        Self(standing)
    }

    pub(super) fn of<'b>(
        &'b self,
        source: &'b str,
        period: &'b str,
    ) -> impl Iterator<Item = &'a Entry> + 'b {
        self.0.get(&(source, period)).into_iter().flatten().copied()
    }
}

/// The months from that of the day `first` to that of `last`.
pub(super) fn months(first: i32, last: i32) -> BTreeSet<String> {
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
