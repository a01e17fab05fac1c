//! Rows of a load on their way, gathered by the file that they will come into.
//!
//! Keeps true: rows carry the order of their export, so that any number of exports is one table; an
//! export of a few rows does not have a file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use super::rows::Age;
use crate::columnar::{Engine, ScratchRows, ScratchWriter};
use crate::error::Result;

/// Rows below which an export's rows go together with those of others.
const FEW_ROWS: u64 = 8_192;

/// Which table of which source, and which period.
type Key = (usize, usize, String);

/// Rows of one table and period.
#[derive(Default)]
struct Pile {
    whole: Vec<ScratchRows>,
    gathered: Option<ScratchWriter>,
    waiting: Vec<RecordBatch>,
    orders: BTreeSet<i32>,
}

/// What a load gathers.
pub(super) struct Gathering {
    engine: Engine,
    folder: PathBuf,
    age: Age,
    /// The short name of each export, by its position.
    shorts: Vec<String>,
    piles: BTreeMap<Key, Pile>,
}

/// Rows of all exports, by table and period.
pub(super) struct Arriving {
    piles: BTreeMap<Key, Arrived>,
    /// The short name of each export, by its position.
    pub(super) shorts: Arc<[String]>,
}

/// The rows that come into one file.
#[derive(Clone)]
pub(super) struct Arrived {
    /// The rows, each with its export's order.
    pub(super) rows: Vec<ScratchRows>,
    /// The orders of their exports.
    pub(super) orders: BTreeSet<i32>,
}

impl Gathering {
    /// Nothing yet; `folder` is for rows that find no room in memory.
    pub(super) fn new(engine: &Engine, folder: PathBuf, age: Age) -> Self {
        let (engine, piles) = (engine.clone(), BTreeMap::new());
        Self { engine, folder, age, shorts: Vec::new(), piles }
    }

    /// Takes the rows of the next export of `source`, called `short`, by table and period.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn take(
        &mut self,
        source: usize,
        short: &str,
        files: BTreeMap<(usize, String), ScratchRows>,
    ) -> Result<()> {
        let order = self.age.order(self.shorts.len());
        self.shorts.push(short.to_owned());
        for ((table, period), rows) in files {
            let place = self.folder.join(format!("{source}-{table}-{period}.few"));
            let pile = self.piles.entry((source, table, period)).or_default();
            pile.orders.insert(order);
            if rows.rows >= FEW_ROWS {
                pile.whole.push(rows);
                continue;
            }
            for batch in rows.batches()? {
                pile.waiting.push(batch?);
            }
            let waiting: usize = pile.waiting.iter().map(RecordBatch::num_rows).sum();
            if waiting as u64 >= FEW_ROWS || pile.waiting.len() > 1_024 {
                pile.gather(&self.engine, &place)?;
            }
        }
        Ok(())
    }

    /// The rows of all exports.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn finish(mut self) -> Result<Arriving> {
        let mut piles = BTreeMap::new();
        for (key, mut pile) in std::mem::take(&mut self.piles) {
            let (source, table, period) = &key;
            let place = self.folder.join(format!("{source}-{table}-{period}.few"));
            pile.gather(&self.engine, &place)?;
            let mut rows = pile.whole;
            rows.extend(pile.gathered.map(ScratchWriter::finish).transpose()?);
            piles.insert(key, Arrived { rows, orders: pile.orders });
        }
        Ok(Arriving { piles, shorts: self.shorts.into() })
    }
}

impl Pile {
    /// Writes what waits in one piece.
    fn gather(&mut self, engine: &Engine, place: &std::path::Path) -> Result<()> {
        let Some(first) = self.waiting.first() else { return Ok(()) };
        let schema = first.schema();
        let batch = concat_batches(&schema, &std::mem::take(&mut self.waiting))?;
        let new = || ScratchWriter::new(engine, place.to_owned(), &schema);
        self.gathered.get_or_insert_with(new).write(batch)
    }
}

impl Arriving {
    /// The rows of table `table` of `source`, by period.
    pub(super) fn of(&self, source: usize, table: usize) -> impl Iterator<Item = (&str, &Arrived)> {
        let range = (source, table, String::new())..(source, table + 1, String::new());
        self.piles.range(range).map(|((_, _, period), arrived)| (period.as_str(), arrived))
    }
}
