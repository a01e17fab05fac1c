//! Keys that come again from another period: moved documents.
//!
//! The newest place of a key wins: an incoming row before a stored one, and among incoming rows
//! the later month. Every other place loses its row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::catalog::TableProvider;
use datafusion::common::hash_utils::{RandomState, with_hashes};
use datafusion::common::runtime::SpawnedTask;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::intake::joined;
use crate::columnar::{Engine, ScratchRows};
use crate::config::canonical::Table;
use crate::error::{Error, Kind, Result};

/// Keys that stand in more than one period.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved {
    /// Key columns, then `_year` where the key has it, then `_place`: the winner's.
    pub(super) keys: Vec<RecordBatch>,
    /// Periods of stored rows that lose some.
    pub(super) stored_periods: BTreeSet<String>,
}

/// A place as one number: later is larger, incoming beats stored.
pub(super) fn place_sql(table: &Table, incoming: bool) -> String {
    let date = table.date.unwrap_or("date");
    let base = if incoming { 1_000_000 } else { 0 };
    format!(
        "cast(date_part('year', \"{date}\") * 12 + date_part('month', \"{date}\") - 1 + {base} as bigint)"
    )
}

/// The key's columns as SQL, the year among them where keys begin again each January.
pub(super) fn key_sql(table: &Table) -> Vec<String> {
    let mut key: Vec<String> = table.key.iter().map(|name| format!("\"{name}\"")).collect();
    if let (true, Some(date)) = (table.yearly, table.date) {
        key.push(format!("cast(date_part('year', \"{date}\") as bigint) as _year"));
    }
    key
}

fn key_names(table: &Table) -> String {
    let mut key: Vec<String> = table.key.iter().map(|name| format!("\"{name}\"")).collect();
    if table.yearly {
        key.push("_year".to_owned());
    }
    key.join(", ")
}

/// Finds moved keys between `incoming` rows and `stored` ones of other periods.
pub(super) async fn find(
    engine: &Engine,
    table: &Table,
    incoming: &[ScratchRows],
    stored: Option<Arc<dyn TableProvider>>,
) -> Result<Moved> {
    let Some(first) = incoming.first() else {
        return Ok(Moved::default());
    };
    if table.date.is_none() || (incoming.len() == 1 && stored.is_none()) {
        return Ok(Moved::default());
    }
    let session = engine.session(engine.limits().threads);
    let files = ScratchRows::table(first.schema(), incoming);
    session.register_table("incoming", files)?;
    let columns = key_sql(table).join(", ");
    let mut rows = format!("select {columns}, {} as _place from incoming", place_sql(table, true));
    if let Some(stored) = stored {
        session.register_table("stored", stored)?;
        rows =
            format!("{rows} union all select {columns}, {} from stored", place_sql(table, false));
    }
    if !may_repeat(engine, &session, &rows).await? {
        return Ok(Moved::default());
    }
    let names = key_names(table);
    let sql = format!(
        "select {names}, max(_place) as _place, min(_place) as _least from ({rows}) as places \
         group by {names} having min(_place) <> max(_place) and max(_place) >= 1000000"
    );
    let keys = session.sql(&sql).await?.collect().await?;
    let stored_loses = keys.iter().any(|batch| {
        let least =
            batch.column_by_name("_least").map(arrow::array::AsArray::as_primitive::<Int64Type>);
        least.is_some_and(|least| least.values().iter().any(|place| *place < 1_000_000))
    });
    let mut moved = Moved { keys, stored_periods: BTreeSet::new() };
    moved.keys.retain(|batch| batch.num_rows() > 0);
    if stored_loses {
        moved.stored_periods = stored_periods(&session, table, &moved.keys).await?;
    }
    Ok(moved)
}

/// Whether some key may stand in two places: hashes are told apart here, keys by the query that
/// follows. Most loads move nothing, and need no more than this.
async fn may_repeat(engine: &Engine, session: &SessionContext, rows: &str) -> Result<bool> {
    let streams = session.sql(rows).await?.execute_stream_partitioned().await?;
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
                let (place, key) = batch.columns().split_last().ok_or_else(no_columns)?;
                let place = place.as_primitive::<Int64Type>();
                with_hashes(key, &RandomState::default(), |hashes| {
                    places.extend(hashes.iter().copied().zip(place.values().iter().copied()));
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

/// The periods of stored rows whose key is among `keys`.
async fn stored_periods(
    session: &SessionContext,
    table: &Table,
    keys: &[RecordBatch],
) -> Result<BTreeSet<String>> {
    let schema = keys
        .first()
        .map_or_else(|| Arc::new(arrow::datatypes::Schema::empty()), RecordBatch::schema);
    let moved = datafusion::datasource::MemTable::try_new(schema, vec![keys.to_vec()])?;
    session.register_table("moved", Arc::new(moved))?;
    let date = table.date.unwrap_or("date");
    let mut on: Vec<String> = table
        .key
        .iter()
        .map(|name| format!("(places.\"{name}\" is not distinct from moved.\"{name}\")"))
        .collect();
    if table.yearly {
        on.push("places._year = moved._year".to_owned());
    }
    let sql = format!(
        "select distinct to_char(places._day, '%Y-%m') as period from (select {}, \"{date}\" as _day \
         from stored) as places inner join moved on {}",
        key_sql(table).join(", "),
        on.join(" and ")
    );
    let mut periods = BTreeSet::new();
    for batch in session.sql(&sql).await?.collect().await? {
        let column = arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8)?;
        let column = column.as_string::<i32>();
        periods.extend((0..column.len()).map(|row| column.value(row).to_owned()));
    }
    Ok(periods)
}
