//! Keys that come again from another period, and wholes whose parts come again: which export wins.
//!
//! A key stands in one month, and the parts of one whole, as a document's lines, are of one export.
//! Of the exports that claim it, this decides, line by line:
//!
//! | before | comes |
//! |---|---|
//! | an export that has the key in one month | one that has it in two, and contradicts itself |
//! | exports that come now | what is stored |
//! | what is stored | rows that come late |
//! | the later month | the earlier |
//! | the later export | the earlier |
//!
//! Most loads move nothing: hashes tell so in one pass, and only what they suspect is looked at.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
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
use crate::pull::map::schema;

/// Parts that hashes may be looked through in, where memory does not hold all.
const MOST_PASSES: u64 = 256;

/// Memory of a suspected hash.
const SUSPECT_BYTES: usize = 16;

/// Memory of the claims of one thing: in each thread's table, and in that of all.
const CLAIMS_BYTES: u64 = 600;

/// Memory of a winner and its name.
const WINNER_BYTES: usize = 160;

/// What several exports or months claim.
#[derive(Debug, Default)]
pub(super) struct Claims {
    keys: Option<Contested>,
    wholes: Option<Contested>,
    /// Months of stored rows that lose some.
    pub(super) stored_periods: BTreeSet<String>,
}

/// What is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// A row's key, which stands in one month.
    Key,
    /// What rows are parts of, which one export brings.
    Whole,
}

/// What one export, or the lake, claims.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    order: i32,
    /// The first month.
    least: i64,
    /// The last month.
    most: i64,
    /// Of stored rows all months, and their export, the last by name.
    stored: Option<Box<(BTreeSet<i64>, String)>>,
}

impl Claim {
    /// That the export of `order`, stored as `export`, has the thing in `month`.
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
    /// Orders of exports that contradict themselves.
    clashing: Vec<i32>,
}

impl Winner {
    /// Who wins of `claims`; `None` where nothing is contested.
    fn of(what: What, claims: &[Claim]) -> Option<Self> {
        let (least, most) = (claims.iter().map(|it| it.least), claims.iter().map(|it| it.most));
        let contested = match what {
            What::Key => least.min() != most.max(),
            What::Whole => claims.len() > 1,
        };
        let clashes =
            |claim: &Claim| what == What::Key && claim.order != STORED && claim.least != claim.most;
        let rank = |claim: &&Claim| {
            let age = claim.order.saturating_sub(STORED).signum();
            (!clashes(claim), age, claim.most, claim.order)
        };
        let top = claims.iter().max_by_key(rank).filter(|_| contested)?;
        let clashing = claims.iter().filter(|claim| clashes(claim)).map(|claim| claim.order);
        let export = top.stored.as_ref().map_or_else(String::new, |stored| stored.1.clone());
        let order = top.order;
        Some(Self { order, export, clashing: clashing.collect() })
    }

    /// What becomes of a row of the export of `order`, whose name is `export`.
    fn fate(&self, what: What, order: i32, export: &str) -> Fate {
        // Parts that an export brings late join those that it brought before.
        let joins =
            what == What::Whole && order < STORED && self.order == STORED && export == self.export;
        if self.clashing.contains(&order) {
            Fate::Clashes
        } else if order == self.order || joins {
            Fate::Stays
        } else {
            Fate::Lost
        }
    }
}

/// How a thing is known: the columns that name it, and the year where names begin again each
/// January.
#[derive(Debug, Clone)]
struct Name {
    table: &'static Table,
    columns: &'static [&'static str],
    yearly: bool,
}

impl Name {
    fn kinds(&self) -> Vec<DataType> {
        let schema = schema(self.table);
        let named = |name: &&str| schema.field_with_name(name).ok().map(Field::data_type).cloned();
        let year = self.yearly.then_some(DataType::Int64);
        self.columns.iter().filter_map(named).chain(year).collect()
    }

    /// What names each row's thing; `months` are those of the rows.
    fn of(&self, batch: &RecordBatch, months: &[i64]) -> Result<Vec<ArrayRef>> {
        let mut columns = Vec::with_capacity(self.columns.len() + 1);
        for (name, kind) in self.columns.iter().zip(self.kinds()) {
            columns.push(arrow::compute::cast(column(batch, name)?, &kind)?);
        }
        if self.yearly {
            columns.push(Arc::new(months.iter().map(|month| month / 12).collect::<Int64Array>()));
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
    /// Finds what the rows that come and those that stay, of whatever month, both claim. Where rows
    /// are only added, parts may come one after the other.
    pub(super) async fn find(
        engine: &Engine,
        into: &Into,
        stored: &[Stored],
        coming: &[&Arrived],
        append: bool,
    ) -> Result<Self> {
        let mut claims = Self::default();
        let orders: BTreeSet<i32> =
            coming.iter().flat_map(|arrived| arrived.orders.iter().copied()).collect();
        let several = !stored.is_empty() || orders.len() > 1;
        if into.table.date.is_none() || coming.is_empty() || !several && coming.len() == 1 {
            return Ok(claims);
        }
        let rows: Vec<ScratchRows> =
            coming.iter().flat_map(|arrived| arrived.rows.iter().cloned()).collect();
        let session = engine.session(engine.limits().threads);
        let (table, yearly) = (into.table, into.yearly);
        let find = async |what: What, columns: &'static [&'static str]| {
            let search = Search {
                engine,
                session: &session,
                what,
                name: Name { table, columns, yearly },
                stored,
                coming: &rows,
            };
            search.contested().await
        };
        if let Some((contested, periods)) = find(What::Key, table.key).await? {
            claims.keys = Some(contested);
            claims.stored_periods.extend(periods);
        }
        if several
            && !append
            && !table.owner.is_empty()
            && let Some((contested, periods)) = find(What::Whole, table.owner).await?
        {
            claims.wholes = Some(contested);
            claims.stored_periods.extend(periods);
        }
        Ok(claims)
    }

    /// A key that stands in several months, as text: the first of all.
    pub(super) fn first_key(&self) -> Result<Option<String>> {
        let Some(keys) = &self.keys else { return Ok(None) };
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
        if self.keys.is_none() && self.wholes.is_none() {
            return Ok(fates);
        }
        let (orders, names) = (orders(batch)?, exports(batch, shorts)?);
        let months = months(batch, table)?;
        // What a key's fate is counts before that of the whole that its row is a part of.
        for contested in [&self.keys, &self.wholes].into_iter().flatten() {
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
    session: &'a SessionContext,
    what: What,
    name: Name,
    stored: &'a [Stored],
    coming: &'a [ScratchRows],
}

/// Claims by the name of what is claimed, sorted by order.
type ByName = HashMap<Box<[u8]>, Vec<Claim>>;

impl Search<'_> {
    /// What is contested, and the months of stored rows that lose some; `None` where nothing is.
    async fn contested(self) -> Result<Option<(Contested, BTreeSet<String>)>> {
        let memory = self.engine.reservation("claims");
        let suspects = Arc::new(self.suspects(&memory).await?);
        if suspects.is_empty() {
            return Ok(None);
        }
        let converter = || {
            let sort = self.name.kinds().into_iter().map(SortField::new);
            RowConverter::new(sort.collect())
        };
        let (mut winners, mut periods) = (HashMap::new(), BTreeSet::new());
        // Winners are kept to the end, claims for one pass.
        memory.try_grow(suspects.len() * WINNER_BYTES)?;
        let passes = passes(&memory, suspects.len() as u64 * CLAIMS_BYTES)?;
        for pass in 0..passes {
            let (name, suspects, converter) =
                (self.name.clone(), Arc::clone(&suspects), converter()?);
            let collected = self.each(ByName::new, move |claims, batch| {
                let months = months(batch, name.table)?;
                let columns = name.of(batch, &months)?;
                let (orders, names) = (orders(batch)?, exports(batch, &[])?);
                let rows = converter.convert_columns(&columns)?;
                with_hashes(&columns, &RandomState::default(), |hashes| {
                    for (row, hash) in hashes.iter().enumerate() {
                        if hash % passes != pass || !suspects.contains(hash) {
                            continue;
                        }
                        let export = if names.is_valid(row) { names.value(row) } else { "" };
                        let claim = Claim::new(orders[row], months[row], export);
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
                let Some(winner) = Winner::of(self.what, &claims) else { continue };
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
        let (what, name) = (self.what, self.name);
        Ok(Some((Contested { what, name, converter, winners, _memory: memory }, periods)))
    }

    /// Hashes of names that may be contested: as few parts at a time as the memory asks for.
    async fn suspects(&self, memory: &MemoryReservation) -> Result<HashSet<u64>> {
        let stored = self.stored.iter().filter_map(|stored| {
            let known = stored.rows.statistics()?;
            known.num_rows.get_value().copied()
        });
        let rows = stored.sum::<usize>() as u64
            + self.coming.iter().map(|coming| coming.rows).sum::<u64>();
        // A vector that grows may have twice its length, and all are copied into one.
        let passes = passes(memory, 4 * rows * size_of::<(u64, i64)>() as u64)?;
        let mut suspects = HashSet::new();
        for pass in 0..passes {
            let (what, name) = (self.what, self.name.clone());
            let places = self.each(Vec::new, move |places: &mut Vec<(u64, i64)>, batch| {
                let months = months(batch, name.table)?;
                let orders = orders(batch)?;
                with_hashes(&name.of(batch, &months)?, &RandomState::default(), |hashes| {
                    let hashes = hashes.iter().enumerate();
                    places.extend(hashes.filter(|(_, hash)| **hash % passes == pass).map(
                        |(row, hash)| match what {
                            What::Key => (*hash, months[row]),
                            What::Whole => (*hash, i64::from(orders[row])),
                        },
                    ));
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
        Ok(suspects)
    }

    /// Takes every batch of rows; gives what each thread has made of its own.
    async fn each<T: Send + 'static>(
        &self,
        begin: impl Fn() -> T,
        take: impl Fn(&mut T, &RecordBatch) -> Result<()> + Send + Sync + 'static,
    ) -> Result<Vec<T>> {
        let table = self.name.table;
        let names: BTreeSet<&str> =
            table.key.iter().chain(table.owner).chain(table.date.as_ref()).copied().collect();
        let rows: DataFrame =
            union(self.session, &names.iter().copied(), self.stored, self.coming)?;
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
