//! Keys that come again from another period, and wholes whose parts come again: which export wins.
//!
//! A key stands in one month, and the parts of one whole, as a document's lines, are of one export.
//! It is decided in three steps, of which each looks only at rows that the steps before let stand:
//!
//! 1. An export that has a key with two values contradicts itself: those rows claim nothing.
//! 2. Of the exports that have parts of a whole, one wins it.
//! 3. Of the exports that have a key in several months, one wins it.
//!
//! Who wins is told line by line:
//!
//! | before | comes |
//! |---|---|
//! | exports that come now | what is stored |
//! | what is stored | rows that come late |
//! | the later month | the earlier |
//! | the later export | the earlier |
//!
//! Most loads move nothing: hashes tell so in one pass, and only what they suspect is looked at.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, with_hashes};
use datafusion::common::runtime::SpawnedTask;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::TryStreamExt;

use super::arriving::Arrived;
use super::intake::joined;
use super::rows::{STORED, Stored, column, exports, months, orders, union};
use super::settle::Fate;
use crate::columnar::{Engine, ScratchRows};
use crate::config::canonical::Table;
use crate::config::pipeline::Into;
use crate::error::{Error, Result};

/// Parts that hashes may be looked through in, where memory does not hold all.
const MOST_PASSES: u64 = 256;

/// Memory of a suspected hash.
const SUSPECT_BYTES: usize = 16;

/// Memory of the claims of one thing: in each thread's table, and in that of all.
const CLAIMS_BYTES: u64 = 600;

/// Memory of a winner and its name.
const WINNER_BYTES: usize = 160;

/// What several exports or months claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// In the order of the steps.
    contested: Vec<Arc<Contested>>,
    /// Months of stored rows that lose some.
    pub(super) stored_periods: BTreeSet<String>,
}

/// What is claimed, in the order of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// The value of a key in one export.
    Value,
    /// What rows are parts of, which one export brings.
    Whole,
    /// A row's key, which stands in one month.
    Key,
}

/// What one export, or the lake, claims.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    order: i32,
    /// The first month; of a value the least.
    least: i64,
    /// The last month; of a value the greatest.
    most: i64,
    /// Of stored rows all months, and their export, the last by name.
    stored: Option<Box<(BTreeSet<i64>, String)>>,
}

impl Claim {
    /// That the export of `order`, stored as `export`, has the thing in `month`, or with that value.
    fn new(order: i32, month: i64, export: &str) -> Self {
        let stored = || Box::new((BTreeSet::from([month]), export.to_owned()));
        Self { order, least: month, most: month, stored: (order == STORED).then(stored) }
    }

    /// The same and what `other`, of the same order, says.
    fn add(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        if let (Some(own), Some(others)) = (&mut self.stored, other.stored) {
            own.0.extend(others.0);
            own.1 = std::mem::take(&mut own.1).max(others.1);
        }
    }
}

/// Who wins.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Winner {
    order: i32,
    export: String,
}

impl Winner {
    /// Who wins of `claims`; `None` where nothing is contested.
    fn of(what: What, claims: &[Claim]) -> Option<Self> {
        let (least, most) = (claims.iter().map(|it| it.least), claims.iter().map(|it| it.most));
        let contested = match what {
            What::Value | What::Key => least.min() != most.max(),
            What::Whole => claims.len() > 1,
        };
        let rank = |claim: &&Claim| {
            let age = claim.order.saturating_sub(STORED).signum();
            (age, claim.most, claim.order)
        };
        let top = claims.iter().max_by_key(rank).filter(|_| contested)?;
        let export = top.stored.as_ref().map_or_else(String::new, |stored| stored.1.clone());
        Some(Self { order: top.order, export })
    }

    /// What becomes of a row of the export of `order`, whose name is `export`.
    fn fate(&self, what: What, order: i32, export: &str) -> Fate {
        // Parts that an export brings late join those that it brought before.
        let joins =
            what == What::Whole && order < STORED && self.order == STORED && export == self.export;
        if what == What::Value {
            Fate::Clashes
        } else if order == self.order || joins {
            Fate::Stays
        } else {
            Fate::Lost
        }
    }
}

/// How a thing is known: the columns that name it, the year where names begin again each January,
/// and the export of values.
#[derive(Debug, Clone)]
struct Name {
    table: &'static Table,
    columns: &'static [&'static str],
    yearly: bool,
    by_export: bool,
}

impl Name {
    fn kinds(&self) -> Vec<DataType> {
        let schema = self.table.schema();
        let named = |name: &&str| schema.field_with_name(name).ok().map(Field::data_type).cloned();
        let year = self.yearly.then_some(DataType::Int64);
        let export = self.by_export.then_some(DataType::Int32);
        self.columns.iter().filter_map(named).chain(year).chain(export).collect()
    }

    /// What names each row's thing; `months` are those of the rows.
    fn of(&self, batch: &RecordBatch, months: &[i64]) -> Result<Vec<ArrayRef>> {
        let mut columns = Vec::with_capacity(self.columns.len() + 2);
        for (name, kind) in self.columns.iter().zip(self.kinds()) {
            columns.push(arrow::compute::cast(column(batch, name)?, &kind)?);
        }
        if self.yearly {
            columns.push(Arc::new(months.iter().map(|month| month / 12).collect::<Int64Array>()));
        }
        if self.by_export {
            columns.push(Arc::new(orders(batch)?.iter().copied().collect::<Int32Array>()));
        }
        Ok(columns)
    }
}

/// The winners of what is contested, by name.
#[derive(Debug)]
struct Contested {
    what: What,
    name: Name,
    converter: RowConverter,
    winners: HashMap<Box<[u8]>, Winner>,
    _memory: MemoryReservation,
}

impl Claims {
    /// Finds what the rows that come and those that stay, of whatever month, both claim; the exports
    /// that come are called `shorts`, by their position. Where rows are only added, parts may come
    /// one after the other.
    pub(super) async fn find(
        engine: &Engine,
        into: &Into,
        stored: &[Stored],
        coming: &[&Arrived],
        shorts: &Arc<[String]>,
        append: bool,
    ) -> Result<Self> {
        let orders: BTreeSet<i32> =
            coming.iter().flat_map(|arrived| arrived.orders.iter().copied()).collect();
        let several = !stored.is_empty() || orders.len() > 1;
        if into.table.date.is_none() || coming.is_empty() || !several && coming.len() == 1 {
            return Ok(Self::default());
        }
        let coming = coming.iter().flat_map(|arrived| arrived.rows.iter().cloned()).collect();
        let session = engine.session(engine.limits().threads);
        let (table, yearly) = (into.table, into.yearly);
        let search = Search { engine, session, table, yearly, stored, coming, shorts };
        let wholes = several && !append && !table.owner.is_empty();
        let asked: &[What] = if wholes { &[What::Whole, What::Key] } else { &[What::Key] };
        let mut suspected = Vec::new();
        for what in asked {
            suspected.extend(search.suspects(*what).await?);
        }
        // Values are looked at only where something is at stake; where rows are only added, a key
        // that comes again is an error whatever its values.
        if !suspected.is_empty() && !append {
            suspected.splice(..0, search.suspects(What::Value).await?);
        }
        let mut claims = Arc::new(Self::default());
        for suspects in suspected {
            let found = search.contested(suspects, &claims).await?;
            let claims = Arc::make_mut(&mut claims);
            if let Some((contested, periods)) = found {
                claims.contested.push(Arc::new(contested));
                claims.stored_periods.extend(periods);
            }
        }
        Ok(Arc::unwrap_or_clone(claims))
    }

    /// A key that stands in several months, as text: the first of all.
    pub(super) fn first_key(&self) -> Result<Option<String>> {
        let keys = self.contested.iter().find(|contested| contested.what == What::Key);
        let Some(keys) = keys else { return Ok(None) };
        let Some(first) = keys.winners.keys().min() else { return Ok(None) };
        let parser = keys.converter.parser();
        let columns = keys.converter.convert_rows([parser.parse(first)])?;
        let texts = columns[..keys.name.columns.len()]
            .iter()
            .map(|column| arrow::util::display::array_value_to_string(column, 0));
        let texts: Vec<String> = texts.collect::<std::result::Result<_, _>>()?;
        Ok(Some(texts.join(", ")))
    }

    /// What becomes of each row of `batch`; the exports are called `shorts`, by their position.
    pub(super) fn fates(
        &self,
        batch: &RecordBatch,
        table: &Table,
        shorts: &[String],
    ) -> Result<Vec<Fate>> {
        let mut fates = vec![Fate::Stays; batch.num_rows()];
        if self.contested.is_empty() {
            return Ok(fates);
        }
        let (orders, names) = (orders(batch)?, exports(batch, shorts)?);
        let months = months(batch, table)?;
        for contested in &self.contested {
            let rows = contested.converter.convert_columns(&contested.name.of(batch, &months)?)?;
            for (row, name) in rows.iter().enumerate() {
                let Some(winner) = contested.winners.get(name.as_ref()) else { continue };
                let export = if names.is_valid(row) { names.value(row) } else { "" };
                if fates[row] == Fate::Stays {
                    fates[row] = winner.fate(contested.what, orders[row], export);
                }
            }
        }
        Ok(fates)
    }
}

/// A look through all rows for what is contested.
struct Search<'a> {
    engine: &'a Engine,
    session: SessionContext,
    table: &'static Table,
    yearly: bool,
    stored: &'a [Stored],
    coming: Vec<ScratchRows>,
    shorts: &'a Arc<[String]>,
}

/// Hashes of names that may be contested.
struct Suspects {
    what: What,
    hashes: HashSet<u64>,
    memory: MemoryReservation,
}

/// Claims by the name of what is claimed, sorted by order.
type ByName = HashMap<Box<[u8]>, Vec<Claim>>;

impl Search<'_> {
    fn name(&self, what: What) -> Name {
        let (table, yearly) = (self.table, self.yearly);
        let columns = if what == What::Whole { table.owner } else { table.key };
        Name { table, columns, yearly, by_export: what == What::Value }
    }

    /// What is contested of the rows that stand by the steps `before`, and the months of stored rows
    /// that lose some; `None` where nothing is.
    async fn contested(
        &self,
        suspects: Suspects,
        before: &Arc<Claims>,
    ) -> Result<Option<(Contested, BTreeSet<String>)>> {
        let Suspects { what, hashes: suspects, memory } = suspects;
        let suspects = Arc::new(suspects);
        let name = self.name(what);
        let converter =
            || RowConverter::new(name.kinds().into_iter().map(SortField::new).collect());
        let (mut winners, mut periods) = (HashMap::new(), BTreeSet::new());
        // Winners are kept to the end, claims for one pass.
        memory.try_grow(suspects.len() * WINNER_BYTES)?;
        let passes = passes(&memory, suspects.len() as u64 * CLAIMS_BYTES)?;
        for pass in 0..passes {
            let (name, suspects, converter) = (name.clone(), Arc::clone(&suspects), converter()?);
            let (before, shorts) = (Arc::clone(before), Arc::clone(self.shorts));
            let collected = self.each(what, ByName::new, move |claims, batch| {
                let months = months(batch, name.table)?;
                let columns = name.of(batch, &months)?;
                let (orders, names) = (orders(batch)?, exports(batch, &[])?);
                let places = what.places(batch, name.table, &months)?;
                let fates = before.fates(batch, name.table, &shorts)?;
                let rows = converter.convert_columns(&columns)?;
                with_hashes(&columns, &RandomState::default(), |hashes| {
                    for (row, hash) in hashes.iter().enumerate() {
                        let stands = fates[row] == Fate::Stays;
                        if !stands || hash % passes != pass || !suspects.contains(hash) {
                            continue;
                        }
                        let export = if names.is_valid(row) { names.value(row) } else { "" };
                        let claim = Claim::new(orders[row], places[row], export);
                        add(claims, rows.row(row).as_ref(), claim);
                    }
                    Ok(())
                })?;
                Ok(())
            });
            let mut claims = ByName::new();
            for (name, of) in collected.await?.into_iter().flatten() {
                of.into_iter().for_each(|claim| add(&mut claims, &name, claim));
            }
            for (name, claims) in claims {
                let Some(winner) = Winner::of(what, &claims) else { continue };
                if winner.order != STORED {
                    let stored = claims.iter().filter_map(|claim| claim.stored.as_ref());
                    let months = stored.flat_map(|stored| &stored.0);
                    periods.extend(months.map(|month| period_of(*month)));
                }
                winners.insert(name, winner);
            }
        }
        if winners.is_empty() {
            return Ok(None);
        }
        let converter = converter()?;
        memory.resize(winners.len() * WINNER_BYTES);
        Ok(Some((Contested { what, name, converter, winners, _memory: memory }, periods)))
    }

    /// What may be contested, if anything: as few parts at a time as the memory asks for.
    async fn suspects(&self, what: What) -> Result<Option<Suspects>> {
        let memory = self.engine.reservation("claims");
        let stored = if what == What::Value { &[][..] } else { self.stored };
        let stored = stored.iter().filter_map(|stored| {
            let known = stored.rows.statistics()?;
            known.num_rows.get_value().copied()
        });
        let rows = stored.sum::<usize>() as u64
            + self.coming.iter().map(|coming| coming.rows).sum::<u64>();
        // A vector that grows may have twice its length, and all are copied into one.
        let passes = passes(&memory, 4 * rows * size_of::<(u64, i64)>() as u64)?;
        let mut suspects = HashSet::new();
        for pass in 0..passes {
            let name = self.name(what);
            let places = self.each(what, Vec::new, move |places: &mut Vec<(u64, i64)>, batch| {
                let months = months(batch, name.table)?;
                let of = match what {
                    What::Whole => orders(batch)?.iter().copied().map(i64::from).collect(),
                    What::Value | What::Key => what.places(batch, name.table, &months)?,
                };
                with_hashes(&name.of(batch, &months)?, &RandomState::default(), |hashes| {
                    let hashes = hashes.iter().enumerate();
                    let ours = hashes.filter(|(_, hash)| **hash % passes == pass);
                    places.extend(ours.map(|(row, hash)| (*hash, of[row])));
                    Ok(())
                })?;
                Ok(())
            });
            let mut places = places.await?.concat();
            places.sort_unstable();
            let pairs = places.windows(2);
            let contested = pairs.filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
            suspects.extend(contested.map(|pair| pair[0].0));
        }
        memory.resize(suspects.len() * SUSPECT_BYTES);
        Ok((!suspects.is_empty()).then_some(Suspects { what, hashes: suspects, memory }))
    }

    /// Takes every batch of rows; gives what each thread has made of its own.
    async fn each<T: Send + 'static>(
        &self,
        what: What,
        begin: impl Fn() -> T,
        take: impl Fn(&mut T, &RecordBatch) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Vec<T>> {
        let table = self.table;
        let names = table.key.iter().chain(table.owner).chain(table.date.as_ref()).copied();
        let (names, stored): (BTreeSet<&str>, _) = match what {
            What::Value => (table.columns.iter().map(|column| column.name).collect(), &[][..]),
            What::Whole | What::Key => (names.collect(), self.stored),
        };
        let rows: DataFrame = union(&self.session, &names.iter().copied(), stored, &self.coming)?;
        let streams = rows.execute_stream_partitioned().await?;
        let take = Arc::new(take);
        let tasks = streams.into_iter().map(|mut stream| {
            let (mut made, take) = (begin(), Arc::clone(&take));
            let task = SpawnedTask::spawn(async move {
                while let Some(batch) = stream.try_next().await? {
                    take(&mut made, &batch)?;
                }
                Ok::<_, Error>(made)
            });
            async { task.join().await.map_err(joined)? }
        });
        futures::future::try_join_all(tasks).await
    }
}

impl What {
    /// What a claim says of each row: the month, or a number that differs where the values do.
    fn places(self, batch: &RecordBatch, table: &Table, months: &[i64]) -> Result<Vec<i64>> {
        if self != Self::Value {
            return Ok(months.to_vec());
        }
        let values = table.columns.iter().map(|it| Ok(Arc::clone(column(batch, it.name)?)));
        let values: Vec<ArrayRef> = values.collect::<Result<_>>()?;
        let kinds = values.iter().map(|column| SortField::new(column.data_type().clone()));
        // Hashes of several columns do not tell which of them holds a value: those of rows do.
        let rows = RowConverter::new(kinds.collect())?.convert_columns(&values)?;
        let rows: ArrayRef = Arc::new(rows.try_into_binary()?);
        let numbers = with_hashes([&rows], &RandomState::default(), |hashes| {
            Ok(hashes.iter().map(|hash| hash.cast_signed()).collect())
        });
        Ok(numbers?)
    }
}

/// Adds to `claims` what is said of the thing `name`.
fn add(claims: &mut ByName, name: &[u8], claim: Claim) {
    let Some(known) = claims.get_mut(name) else {
        claims.insert(name.into(), vec![claim]);
        return;
    };
    match known.binary_search_by_key(&claim.order, |known| known.order) {
        Ok(place) => known[place].add(claim),
        Err(place) => known.insert(place, claim),
    }
}

/// In how many parts to work so that one finds room in `memory`, where all need `bytes`.
fn passes(memory: &MemoryReservation, bytes: u64) -> Result<u64> {
    let mut passes = 1;
    while let Err(error) = memory.try_grow(usize::try_from(bytes / passes).unwrap_or(usize::MAX)) {
        passes *= 2;
        if passes > MOST_PASSES {
            return Err(error.into());
        }
    }
    Ok(passes)
}

/// The period of a month's number.
fn period_of(month: i64) -> String {
    format!("{:04}-{:02}", month / 12, month % 12 + 1)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
