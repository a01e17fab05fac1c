//! Counts what a load of an export would bring, key by key over the whole file.
//!
//! Keeps true: rows are counted as a run counts them: lines become documents, a document with a bad
//! line or lines that differ is rejected whole, and so are rows with one key and different values.

use std::collections::HashMap;
use std::collections::{BTreeMap, hash_map::Entry};
use std::hash::BuildHasher;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
use arrow::row::{RowConverter, Rows, SortField};
use chrono::Datelike;

use crate::config::canonical::{Table, Type};
use crate::config::pipeline::Source;
use crate::domain::calendar::to_date;
use crate::error::Result;
use crate::pull::map::{Reject, Sink, Tally, normalise};

/// Rejected rows that are shown.
const SHOWN_REJECTS: usize = 3;

/// Keys that are remembered, so that memory stays flat; rows of others are counted as they come.
const MAX_KEYS: usize = 100_000;

type Hasher = foldhash::fast::FixedState;

/// What a load would bring.
pub(super) struct Count {
    counted: Vec<Counted>,
    /// Rows by table.
    pub(super) rows: BTreeMap<&'static str, u64>,
    /// Rows and hundredths by kind of document.
    pub(super) kinds: BTreeMap<String, (u64, i128)>,
    /// The first rejects.
    pub(super) rejects: Vec<Reject>,
    /// Rows with one key and different values, by table.
    pub(super) contradicting: BTreeMap<&'static str, Contradiction>,
}

/// Rows of a table that contradict each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Contradiction {
    /// How many.
    pub(super) rows: u64,
    /// Two of them.
    pub(super) first: (i64, i64),
    /// Whether the rows are lines of which documents are made.
    pub(super) grouped: bool,
}

/// A table and the keys in it.
struct Counted {
    table: &'static Table,
    /// Whether its ids begin again each January.
    yearly: bool,
    /// Columns by which rows are one document's lines; empty where rows are no lines.
    group: Vec<usize>,
    /// Columns that are equal on all rows of one key: of lines, all but those that are summed.
    same: Vec<usize>,
    keys: HashMap<u64, Known, Hasher>,
    kinds: Vec<String>,
    /// Rows whose keys are not remembered, and their amounts, by kind.
    beyond: Vec<(u64, i128)>,
}

/// A key.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The hash of the key without the kind of document.
    id: u64,
    /// The hash of the values that must be the same.
    same: u64,
    row: i64,
    lines: u64,
    kind: usize,
    amount: i128,
    /// Whether one of its lines is rejected.
    bad: bool,
    /// A later row that has other values.
    differs: Option<i64>,
}

impl Count {
    /// A count of what `source` makes of an export.
    pub(super) fn of(source: &Source) -> Self {
        let counted = source.into.iter().map(|into| {
            let once = into.once();
            let money = |at: &usize| into.table.columns[*at].kind == Type::Money;
            let summed = |at: &usize| !into.group_by.is_empty() && money(at) && !once.contains(at);
            Counted {
                table: into.table,
                yearly: into.yearly,
                group: into.group_by.clone(),
                same: (0..into.table.columns.len()).filter(|at| !summed(at)).collect(),
                keys: HashMap::default(),
                kinds: Vec::new(),
                beyond: Vec::new(),
            }
        });
        Self {
            counted: counted.collect(),
            rows: BTreeMap::new(),
            kinds: BTreeMap::new(),
            rejects: Vec::new(),
            contradicting: BTreeMap::new(),
        }
    }

    /// Ends the count: documents are known only now, and what their lines do to `tally`.
    pub(super) fn finish(&mut self, tally: &mut Tally) {
        let mut rejected = 0;
        for counted in std::mem::take(&mut self.counted) {
            let (name, grouped) = (counted.table.name, !counted.group.is_empty());
            let mut known: Vec<Known> = counted.keys.into_values().collect();
            known.sort_unstable_by_key(|known| known.row);
            // Documents that are grouped by more than their key may still have one key.
            let normal = |known: &Known| {
                let word = counted.kinds.get(known.kind).map_or("", String::as_str);
                if grouped { normalise(word, known.amount) } else { Some((word, known.amount)) }
            };
            let mut ids: HashMap<(u64, &str), usize, Hasher> = HashMap::default();
            for place in (0..known.len()).filter(|_| grouped) {
                let Some((word, _)) = normal(&known[place]) else { continue };
                if let Some(earlier) = ids.insert((known[place].id, word), place) {
                    known[earlier].differs = Some(known[place].row);
                    known[place].differs = Some(known[earlier].row);
                }
            }
            let mut rows = 0;
            let mut count = |word: &str, count: u64, amount: i128| {
                rows += count;
                if name == "documents" && count > 0 {
                    let (rows, sum) = self.kinds.entry(word.to_owned()).or_default();
                    *rows += count;
                    *sum += amount;
                }
            };
            for (kind, (rows, amount)) in counted.beyond.iter().enumerate() {
                count(counted.kinds.get(kind).map_or("", String::as_str), *rows, *amount);
            }
            for known in &known {
                if let Some(other) = known.differs {
                    let first = Contradiction { rows: 0, first: (known.row, other), grouped };
                    self.contradicting.entry(name).or_insert(first).rows += known.lines;
                }
                let sound = !known.bad && known.differs.is_none();
                let Some((word, amount)) = normal(known).filter(|_| sound) else {
                    rejected += known.lines;
                    continue;
                };
                count(word, 1, amount);
            }
            if rows > 0 {
                self.rows.insert(name, rows);
            }
        }
        let rejected = rejected.min(tally.loaded);
        tally.loaded -= rejected;
        tally.rejected += rejected;
    }
}

impl Sink for Count {
    fn rows(&mut self, table: usize, batch: RecordBatch) -> Result<()> {
        self.counted[table].take(&batch)
    }

    fn reject(&mut self, reject: Reject) -> Result<()> {
        if self.rejects.len() < SHOWN_REJECTS {
            self.rejects.push(reject);
        }
        Ok(())
    }
}

impl Counted {
    /// Counts a row whose key is not remembered.
    fn pass(&mut self, kind: usize, amount: i128) {
        if self.beyond.len() <= kind {
            self.beyond.resize(kind + 1, (0, 0));
        }
        self.beyond[kind].0 += 1;
        self.beyond[kind].1 += amount;
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<()> {
        let table = self.table;
        let place = |name: &&str| table.column(name).map(|(index, _)| index);
        let key: Vec<usize> = table.key.iter().filter_map(place).collect();
        let kind = if table.name == "documents" { place(&"kind") } else { None };
        let amount = if table.name == "documents" { place(&"amount") } else { None };
        let kinds = kind.map(|at| batch.column(at + 1).as_string::<i32>());
        let amounts = amount.map(|at| batch.column(at + 1).as_primitive::<Decimal128Type>());
        let amount_of = |row: usize| {
            amounts.filter(|amounts| amounts.is_valid(row)).map_or(0, |amounts| amounts.value(row))
        };
        let grouped = !self.group.is_empty();
        if key.is_empty() || (!grouped && self.keys.len() >= MAX_KEYS) {
            for row in 0..batch.num_rows() {
                let kind = kinds.map_or(0, |kinds| interned(&mut self.kinds, kinds.value(row)));
                self.pass(kind, amount_of(row));
            }
            return Ok(());
        }
        let id: Vec<usize> = key.iter().copied().filter(|at| Some(*at) != kind).collect();
        let of = if self.group.is_empty() { &key } else { &self.group };
        let (of, id, same) = (rows(batch, of)?, rows(batch, &id)?, rows(batch, &self.same)?);
        let days = table.date.filter(|_| self.yearly).and_then(|date| place(&date));
        let days = days.map(|at| batch.column(at + 1).as_primitive::<Date32Type>());
        let numbers = batch.column_by_name("_row").map(AsArray::as_primitive::<Int64Type>);
        let bad: Option<&BooleanArray> = batch.column_by_name("_bad").map(AsArray::as_boolean);
        let hasher = Hasher::default();
        for row in 0..batch.num_rows() {
            let year = days.filter(|days| days.is_valid(row)).map(|days| to_date(days.value(row)));
            let year = year.map_or(0, |day| day.year());
            let coming = Known {
                id: hasher.hash_one((id.row(row).as_ref(), year)),
                same: hasher.hash_one(same.row(row).as_ref()),
                row: numbers.map_or(0, |numbers| numbers.value(row)),
                lines: u64::from(bad.is_none_or(|bad| !bad.value(row))),
                kind: kinds.map_or(0, |kinds| interned(&mut self.kinds, kinds.value(row))),
                amount: amount_of(row),
                bad: bad.is_some_and(|bad| bad.value(row)),
                differs: None,
            };
            let year = if grouped { 0 } else { year };
            let full = self.keys.len() >= MAX_KEYS;
            match self.keys.entry(hasher.hash_one((of.row(row).as_ref(), year))) {
                Entry::Vacant(place) if !full => {
                    place.insert(coming);
                }
                Entry::Vacant(_) if !coming.bad => self.pass(coming.kind, coming.amount),
                Entry::Vacant(_) => {}
                Entry::Occupied(mut place) => {
                    let known = place.get_mut();
                    // A rejected line has no values that could differ.
                    let comparable = table.date.is_some() && !known.bad && !coming.bad;
                    if comparable && known.same != coming.same {
                        known.differs.get_or_insert(coming.row);
                    }
                    known.bad |= coming.bad;
                    known.lines += coming.lines;
                    known.amount += if grouped { coming.amount } else { 0 };
                }
            }
        }
        Ok(())
    }
}

/// The columns at `places` among the canonical ones, as rows that can be compared.
fn rows(batch: &RecordBatch, places: &[usize]) -> Result<Rows> {
    let columns: Vec<ArrayRef> = places.iter().map(|at| batch.column(at + 1).clone()).collect();
    let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    Ok(RowConverter::new(fields)?.convert_columns(&columns)?)
}

/// The place of `kind` among `kinds`.
fn interned(kinds: &mut Vec<String>, kind: &str) -> usize {
    kinds.iter().position(|known| known == kind).unwrap_or_else(|| {
        kinds.push(kind.to_owned());
        kinds.len() - 1
    })
}
