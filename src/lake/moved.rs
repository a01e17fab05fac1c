//! Keys that come again from another period, and things whose parts come again: which export wins.
//!
//! A key stands in one place. Of the exports that bring it the newest wins: what comes now before
//! what is stored (behind it, where rejected rows come late), and among those that come together
//! the one with the later month, then the later one. The parts of one thing, as a document's lines,
//! are those of the newest export that has any.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::catalog::TableProvider;
use datafusion::common::hash_utils::{RandomState, with_hashes};
use datafusion::common::runtime::SpawnedTask;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::arriving::{Arrived, ORDER};
use super::intake::joined;
use super::merge::{STORED, column, exports_of};
use super::tables::EXPORT;
use crate::columnar::{Engine, ScratchRows};
use crate::config::canonical::Table;
use crate::config::pipeline::Into;
use crate::error::{Error, Kind, Result};

/// Keys, and things with parts, that several exports or months claim.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved {
    /// Whether keys begin again each January.
    yearly: bool,
    /// By key: `names`, `_top`, `_top_export`, `_clashes`.
    keys: Vec<RecordBatch>,
    /// The same by what rows are parts of.
    owners: Vec<RecordBatch>,
    /// Periods of stored rows that lose some.
    pub(super) stored_periods: BTreeSet<String>,
}

/// What becomes of a row whose key others claim too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// It stands elsewhere, or is no longer a part.
    Lost,
    /// Its own export has the key in another month too.
    Clashes,
}

/// A month as one number: later is larger.
pub(super) fn place_sql(table: &Table) -> String {
    let date = table.date.unwrap_or("date");
    format!(
        "cast(date_part('year', \"{date}\") * 12 + date_part('month', \"{date}\") - 1 as bigint)"
    )
}

/// Columns `names` as SQL, and the year where they begin again each January.
fn with_year(yearly: bool, names: &[&str]) -> Vec<String> {
    let mut columns: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    if yearly {
        columns.push("_year".to_owned());
    }
    columns
}

impl Moved {
    /// Finds what `incoming` rows and `stored` ones of other periods both claim. Where rows are
    /// only to be added, parts may come one after the other.
    pub(super) async fn find(
        engine: &Engine,
        into: &Into,
        incoming: &[&Arrived],
        stored: Option<Arc<dyn TableProvider>>,
        append: bool,
    ) -> Result<Self> {
        let (table, yearly) = (into.table, into.yearly);
        let mut moved = Self { yearly, ..Self::default() };
        let orders: BTreeSet<i32> =
            incoming.iter().flat_map(|arrived| arrived.orders.iter().copied()).collect();
        let alone = incoming.len() == 1 && orders.len() == 1 && stored.is_none();
        if table.date.is_none() || incoming.is_empty() || alone {
            return Ok(moved);
        }
        let several = stored.is_some() || orders.len() > 1;
        let session = engine.session(engine.limits().threads);
        let rows = claims(&session, into, incoming, stored)?;
        let (keys, owners) = (with_year(yearly, table.key), with_year(yearly, table.owner));
        if may_repeat(engine, &session, &keys, "_place", &rows).await? {
            // Two months of one export contradict each other.
            let clash = format!("min(_place) <> max(_place) and _order <> {STORED}");
            let claimed = "min(_least) <> max(_most)";
            moved.keys = winners(&session, &keys, &clash, claimed, &rows).await?;
        }
        if several
            && !append
            && !table.owner.is_empty()
            && may_repeat(engine, &session, &owners, "cast(_order as bigint)", &rows).await?
        {
            moved.owners = winners(&session, &owners, "false", "count(*) > 1", &rows).await?;
        }
        for (columns, winners) in [(&keys, &moved.keys), (&owners, &moved.owners)] {
            let periods = stored_periods(&session, columns, winners, &rows).await?;
            moved.stored_periods.extend(periods);
        }
        Ok(moved)
    }

    /// A key that stands in several months.
    pub(super) fn first_key(&self) -> Option<&RecordBatch> {
        self.keys.first()
    }
}

/// Every row's key, `_year`, `_place`, `_order` and export.
fn claims(
    session: &SessionContext,
    into: &Into,
    incoming: &[&Arrived],
    stored: Option<Arc<dyn TableProvider>>,
) -> Result<String> {
    let (key, place) = (with_year(false, into.table.key).join(", "), place_sql(into.table));
    let rows: Vec<ScratchRows> =
        incoming.iter().flat_map(|arrived| arrived.rows.iter().cloned()).collect();
    let mut parts = Vec::new();
    if let Some(first) = rows.first() {
        session.register_table("incoming", ScratchRows::table(first.schema(), &rows))?;
        parts.push(format!(
            "select {key}, {place} as _place, {ORDER}, cast(null as varchar) as {EXPORT} \
             from incoming"
        ));
    }
    if let Some(stored) = stored {
        session.register_table("stored", stored)?;
        parts.push(format!(
            "select {key}, {place} as _place, cast({STORED} as int) as {ORDER}, \
             cast({EXPORT} as varchar) as {EXPORT} from stored"
        ));
    }
    let year = if into.yearly { "_place / 12 as _year, " } else { "" };
    Ok(format!("select {key}, {year}_place, _order, {EXPORT} from ({})", parts.join(" union all ")))
}

/// For each claimed value of `columns`: the order that wins, its export, and the orders of exports
/// that contradict themselves.
async fn winners(
    session: &SessionContext,
    columns: &[String],
    clash: &str,
    claimed: &str,
    rows: &str,
) -> Result<Vec<RecordBatch>> {
    let columns = columns.join(", ");
    // Newer exports have an order above what is stored, late ones one below.
    let sql = format!(
        "select {columns}, \
         first_value(_order order by _clash, signum(_order + 1) desc, _most desc, _order desc) as _top, \
         first_value({EXPORT} order by _clash, signum(_order + 1) desc, _most desc, _order desc) \
         as _top_export, \
         array_agg(_order) filter (where _clash) as _clashes \
         from (select {columns}, _order, min(_place) as _least, max(_place) as _most, \
               max({EXPORT}) as {EXPORT}, {clash} as _clash from ({rows}) as rows \
               group by {columns}, _order) as claims \
         group by {columns} having {claimed}"
    );
    let mut batches = session.sql(&sql).await?.collect().await?;
    batches.retain(|batch| batch.num_rows() > 0);
    Ok(batches)
}

/// Whether a value of `names` may stand with two values of `apart`: hashes are told apart here, keys
/// by the query that follows. Most loads move nothing, and need no more than this.
async fn may_repeat(
    engine: &Engine,
    session: &SessionContext,
    columns: &[String],
    apart: &str,
    rows: &str,
) -> Result<bool> {
    let sql = format!("select {}, {apart} as _apart from ({rows}) as rows", columns.join(", "));
    let streams = session.sql(&sql).await?.execute_stream_partitioned().await?;
    let tasks = streams.into_iter().map(|mut stream| {
        let memory = engine.reservation("moved keys");
        let task = SpawnedTask::spawn(async move {
            let mut places: Vec<(u64, i64)> = Vec::new();
            while let Some(batch) = stream.try_next().await? {
                // A vector that grows may have twice its length, and is copied in the end.
                let bytes = 4 * batch.num_rows() * size_of::<(u64, i64)>();
                if memory.try_grow(bytes).is_err() {
                    return Ok(None);
                }
                let (apart, key) = batch.columns().split_last().ok_or_else(no_columns)?;
                let apart = apart.as_primitive::<Int64Type>();
                with_hashes(key, &RandomState::default(), |hashes| {
                    places.extend(hashes.iter().copied().zip(apart.values().iter().copied()));
                    Ok(())
                })?;
            }
            Ok::<_, Error>(Some((places, memory)))
        });
        async { task.join().await.map_err(joined)? }
    });
    let parts = futures::future::try_join_all(tasks).await?;
    let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return Ok(true) };
    let mut places: Vec<(u64, i64)> =
        parts.iter().flat_map(|(places, _)| places).copied().collect();
    places.sort_unstable();
    Ok(places.windows(2).any(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1))
}

fn no_columns() -> Error {
    Error::new(Kind::Defect, "keys and places have no columns")
}

/// The periods of stored rows that lose to one of `winners`.
async fn stored_periods(
    session: &SessionContext,
    columns: &[String],
    winners: &[RecordBatch],
    rows: &str,
) -> Result<BTreeSet<String>> {
    let Some(first) = winners.first() else { return Ok(BTreeSet::new()) };
    let table = MemTable::try_new(first.schema(), vec![winners.to_vec()])?;
    session.register_table("winners", Arc::new(table))?;
    let on: Vec<String> = columns
        .iter()
        .map(|name| format!("(rows.{name} is not distinct from winners.{name})"))
        .collect();
    let sql = format!(
        "select distinct rows._place from ({rows}) as rows inner join winners on {} \
         where rows._order = {STORED} and winners._top <> {STORED}",
        on.join(" and ")
    );
    let mut periods = BTreeSet::new();
    for batch in session.sql(&sql).await?.collect().await? {
        let places = batch.column(0).as_primitive::<Int64Type>();
        let names =
            places.values().iter().map(|place| format!("{:04}-{:02}", place / 12, place % 12 + 1));
        periods.extend(names);
    }
    session.deregister_table("winners")?;
    Ok(periods)
}

/// Who claims a key, and wins.
struct Claim {
    top: i32,
    export: String,
    clashes: Vec<i32>,
}

/// What becomes of the rows of a merge.
pub(super) struct Fates {
    keys: Option<Claims>,
    owners: Option<Claims>,
    shorts: Arc<[String]>,
}

/// What claims there are, by what is claimed.
struct Claims {
    names: &'static [&'static str],
    converter: RowConverter,
    types: Vec<DataType>,
    by_key: HashMap<OwnedRow, Claim>,
}

impl Fates {
    pub(super) fn new(table: &Table, moved: &Moved, shorts: &Arc<[String]>) -> Result<Self> {
        let claims = |names, winners: &[RecordBatch]| {
            winners.first().map(|_| Claims::new(moved.yearly, names, winners)).transpose()
        };
        Ok(Self {
            keys: claims(table.key, &moved.keys)?,
            owners: claims(table.owner, &moved.owners)?,
            shorts: Arc::clone(shorts),
        })
    }

    /// What becomes of each row of `batch`; `None` where nothing is claimed twice.
    pub(super) fn of(&self, batch: &RecordBatch) -> Result<Option<Vec<Fate>>> {
        if self.keys.is_none() && self.owners.is_none() {
            return Ok(None);
        }
        let orders = column(batch, ORDER)?.as_primitive::<Int32Type>();
        let exports = exports_of(batch, &self.shorts)?;
        let mut fates = vec![Fate::Stays; batch.num_rows()];
        if let Some(keys) = &self.keys {
            keys.each(batch, |row, claim| {
                let order = orders.value(row);
                if claim.clashes.contains(&order) {
                    fates[row] = Fate::Clashes;
                } else if order != claim.top {
                    fates[row] = Fate::Lost;
                }
            })?;
        }
        if let Some(owners) = &self.owners {
            owners.each(batch, |row, claim| {
                let order = orders.value(row);
                // Rows of an export that come late join those that it brought before.
                let joins =
                    order < STORED && claim.top == STORED && exports.value(row) == claim.export;
                if order != claim.top && !joins && fates[row] == Fate::Stays {
                    fates[row] = Fate::Lost;
                }
            })?;
        }
        Ok(Some(fates))
    }
}

impl Claims {
    fn new(yearly: bool, names: &'static [&'static str], winners: &[RecordBatch]) -> Result<Self> {
        let width = names.len() + usize::from(yearly);
        let schema = winners.first().ok_or_else(no_columns)?.schema();
        let types: Vec<DataType> =
            schema.fields()[..width].iter().map(|field| field.data_type().clone()).collect();
        let converter = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        let mut by_key = HashMap::new();
        for batch in winners {
            let rows = converter.convert_columns(&batch.columns()[..width])?;
            let tops = column(batch, "_top")?.as_primitive::<Int32Type>();
            let exports = arrow::compute::cast(column(batch, "_top_export")?, &DataType::Utf8)?;
            let exports = exports.as_string::<i32>();
            let clashes = column(batch, "_clashes")?.as_list::<i32>();
            for row in 0..batch.num_rows() {
                // Only what a stored export claims is looked up by its name.
                let export = if exports.is_null(row) { "" } else { exports.value(row) };
                let clashes = if clashes.is_null(row) {
                    Vec::new()
                } else {
                    clashes.value(row).as_primitive::<Int32Type>().values().to_vec()
                };
                let claim = Claim { top: tops.value(row), export: export.to_owned(), clashes };
                by_key.insert(rows.row(row).owned(), claim);
            }
        }
        Ok(Self { names, converter, types, by_key })
    }

    /// Gives `found` the rows of `batch` that are claimed.
    fn each(&self, batch: &RecordBatch, mut found: impl FnMut(usize, &Claim)) -> Result<()> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.types.len());
        for name in self.names {
            columns.push(Arc::clone(column(batch, name)?));
        }
        if columns.len() < self.types.len() {
            let years = column(batch, "_place")?.as_primitive::<Int64Type>();
            let years: Int64Array = years.unary(|place| place / 12);
            columns.push(Arc::new(years));
        }
        for (column, kind) in columns.iter_mut().zip(&self.types) {
            if column.data_type() != kind {
                *column = arrow::compute::cast(column, kind)?;
            }
        }
        let rows = self.converter.convert_columns(&columns)?;
        for (row, key) in rows.iter().enumerate() {
            if let Some(claim) = self.by_key.get(&key.owned()) {
                found(row, claim);
            }
        }
        Ok(())
    }
}
