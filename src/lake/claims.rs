//! Keys that come again from another period, and wholes whose parts come again: which export wins.
//!
//! A key stands in one place. Of the exports that claim it the first of this order wins: one that
//! does not contradict itself before one that does; what comes now before what is stored, and that
//! before rows that come late; the later month; the later export. The parts of one whole, as a
//! document's lines, are those of the export that wins it.
//!
//! Most loads move nothing: hashes tell so in one pass, and only what they suspect is looked at.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::hash_utils::{RandomState, with_hashes};
use datafusion::common::runtime::SpawnedTask;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::TryStreamExt;

use super::arriving::Arrived;
use super::intake::joined;
use super::rows::{STORED, Stored, column, exports, months, orders, together};
use super::settle::Fate;
use crate::columnar::{Engine, ScratchRows};
use crate::config::canonical::Table;
use crate::config::pipeline::Into;
use crate::error::{Error, Result};
use crate::pull::map::schema;

/// Parts that hashes may be looked through in, where memory does not hold all.
const MOST_PASSES: u64 = 256;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Claim {
    order: i32,
    months: BTreeSet<i64>,
    /// The stored export, the last by name.
    export: String,
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
        let months = || claims.iter().flat_map(|claim| &claim.months);
        let contested = match what {
            What::Key => months().min() != months().max(),
            What::Whole => claims.len() > 1,
        };
        let clashes =
            |claim: &Claim| what == What::Key && claim.order != STORED && claim.months.len() > 1;
        let rank = |claim: &&Claim| {
            let age = claim.order.saturating_sub(STORED).signum();
            (!clashes(claim), age, claim.months.last().copied(), claim.order)
        };
        let top = claims.iter().max_by_key(rank).filter(|_| contested)?;
        let clashing = claims.iter().filter(|claim| clashes(claim)).map(|claim| claim.order);
        let (order, export) = (top.order, top.export.clone());
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

/// Claims by the name of what is claimed, then by order.
type ByName = HashMap<Box<[u8]>, HashMap<i32, Claim>>;

impl Search<'_> {
    /// What is contested, and the months of stored rows that lose some; `None` where nothing is.
    async fn contested(self) -> Result<Option<(Contested, BTreeSet<String>)>> {
        let suspects = Arc::new(self.suspects().await?);
        if suspects.is_empty() {
            return Ok(None);
        }
        let sort = self.name.kinds().into_iter().map(SortField::new);
        let converter = RowConverter::new(sort.collect())?;
        let name = self.name.clone();
        let collected = self.each(ByName::new, move |claims, batch| {
            let months = months(batch, name.table)?;
            let columns = name.of(batch, &months)?;
            let (orders, names) = (orders(batch)?, exports(batch, &[])?);
            let rows = converter.convert_columns(&columns)?;
            with_hashes(&columns, &RandomState::default(), |hashes| {
                for (row, hash) in hashes.iter().enumerate() {
                    if !suspects.contains(hash) {
                        continue;
                    }
                    let export = if names.is_valid(row) { names.value(row) } else { "" };
                    add(claims, rows.row(row).as_ref(), orders[row], months[row], export);
                }
                Ok(())
            })?;
            Ok(())
        });
        let mut claims = ByName::new();
        for part in collected.await? {
            for (name, by_order) in part {
                for claim in by_order.into_values() {
                    for month in &claim.months {
                        add(&mut claims, &name, claim.order, *month, &claim.export);
                    }
                }
            }
        }
        let (mut winners, mut periods) = (HashMap::new(), BTreeSet::new());
        for (name, claims) in claims {
            let claims: Vec<Claim> = claims.into_values().collect();
            let Some(winner) = Winner::of(self.what, &claims) else { continue };
            if winner.order != STORED {
                let stored = claims.iter().filter(|claim| claim.order == STORED);
                let months = stored.flat_map(|claim| &claim.months);
                periods
                    .extend(months.map(|month| format!("{:04}-{:02}", month / 12, month % 12 + 1)));
            }
            winners.insert(name, winner);
        }
        if winners.is_empty() {
            return Ok(None);
        }
        let sort = self.name.kinds().into_iter().map(SortField::new);
        let converter = RowConverter::new(sort.collect())?;
        Ok(Some((Contested { what: self.what, name: self.name, converter, winners }, periods)))
    }

    /// Hashes of names that may be contested: as few parts at a time as the memory asks for.
    async fn suspects(&self) -> Result<HashSet<u64>> {
        let stored = self.stored.iter().filter_map(|stored| {
            let known = stored.rows.statistics()?;
            known.num_rows.get_value().copied()
        });
        let rows = stored.sum::<usize>() as u64
            + self.coming.iter().map(|coming| coming.rows).sum::<u64>();
        let memory = self.engine.reservation("claims");
        let mut passes = 1;
        // A vector that grows may have twice its length, and all are copied into one.
        let bytes = |passes: u64| {
            let bytes = 4 * rows / passes * size_of::<(u64, i64)>() as u64;
            usize::try_from(bytes).unwrap_or(usize::MAX)
        };
        while let Err(error) = memory.try_grow(bytes(passes)) {
            passes *= 2;
            if passes > MOST_PASSES {
                return Err(error.into());
            }
        }
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
            let contested =
                places.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
            suspects.extend(contested.map(|pair| pair[0].0));
        }
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
            together(self.session, names.iter().copied(), self.stored, self.coming)?;
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

/// Adds to `claims` that the export of `order`, stored as `export`, has the thing `name` in `month`.
fn add(claims: &mut ByName, name: &[u8], order: i32, month: i64, export: &str) {
    if !claims.contains_key(name) {
        claims.insert(name.into(), HashMap::new());
    }
    let Some(by_order) = claims.get_mut(name) else { return };
    let claim = by_order.entry(order).or_insert_with(|| Claim { order, ..Claim::default() });
    claim.months.insert(month);
    if *claim.export < *export {
        export.clone_into(&mut claim.export);
    }
}

#[cfg(test)]
mod tests {
    use super::What::{Key, Whole};
    use super::{Claim, Winner};
    use crate::lake::rows::{Age, STORED};
    use crate::lake::settle::Fate::{Clashes, Lost, Stays};

    fn claim(order: i32, months: &[i64]) -> Claim {
        let export = if order == STORED { "stored" } else { "" };
        let months = months.iter().copied().collect();
        Claim { order, months, export: export.to_owned() }
    }

    /// The order that wins, in whatever order the claims come.
    fn top(what: super::What, claims: &[Claim]) -> Option<i32> {
        let mut turned = claims.to_vec();
        turned.reverse();
        let winner = Winner::of(what, claims);
        assert_eq!(winner, Winner::of(what, &turned));
        winner.map(|winner| winner.order)
    }

    #[test]
    fn a_key_in_one_month_is_not_contested() {
        assert_eq!(top(Key, &[claim(0, &[5])]), None);
        assert_eq!(top(Key, &[claim(STORED, &[5]), claim(0, &[5]), claim(1, &[5])]), None);
    }

    #[test]
    fn of_a_key_in_two_months_the_newest_wins() {
        let late = Age::Older.order(0);
        assert_eq!(top(Key, &[claim(STORED, &[5]), claim(0, &[4])]), Some(0));
        assert_eq!(top(Key, &[claim(STORED, &[5]), claim(late, &[6])]), Some(STORED));
        // Of those that come together, the later month, then the later export.
        assert_eq!(top(Key, &[claim(0, &[6]), claim(1, &[5])]), Some(0));
        assert_eq!(top(Key, &[claim(0, &[6]), claim(1, &[6]), claim(STORED, &[5])]), Some(1));
        assert_eq!(top(Key, &[claim(late, &[5]), claim(late + 1, &[4])]), Some(late));
    }

    #[test]
    fn who_contradicts_itself_wins_over_nobody_else() {
        let claims = [claim(1, &[5, 6]), claim(0, &[5]), claim(STORED, &[4])];
        let winner = Winner::of(Key, &claims).unwrap();
        let fates = [1, 0, STORED].map(|order| winner.fate(Key, order, ""));
        assert_eq!(fates, [Clashes, Stays, Lost]);
        let winner = Winner::of(Key, &claims[..1]).unwrap();
        assert_eq!(winner.fate(Key, 1, ""), Clashes);
        // What is stored in two months was so before: the load cannot say which is wrong.
        assert_eq!(top(Key, &[claim(STORED, &[4, 5])]), Some(STORED));
    }

    #[test]
    fn a_whole_is_that_of_the_newest_export_that_has_parts_of_it() {
        assert_eq!(top(Whole, &[claim(0, &[5, 6])]), None);
        let winner = Winner::of(Whole, &[claim(STORED, &[5]), claim(0, &[5])]).unwrap();
        assert_eq!(
            [winner.fate(Whole, 0, ""), winner.fate(Whole, STORED, "stored")],
            [Stays, Lost]
        );
    }

    #[test]
    fn late_parts_join_those_of_their_own_export_only() {
        let late = Age::Older.order(0);
        let winner = Winner::of(Whole, &[claim(STORED, &[5]), claim(late, &[5])]).unwrap();
        assert_eq!(winner.fate(Whole, late, "stored"), Stays);
        assert_eq!(winner.fate(Whole, late, "another"), Lost);
        assert_eq!(winner.fate(Whole, STORED, "stored"), Stays);
    }
}
