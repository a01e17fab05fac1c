//! The kernels of `domain` as aggregates: `purchase_history`, `spells`, `annual_values`.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Date32Builder, Decimal128Builder, Int32Array,
    Int32Builder, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Fields, Int32Type};
use datafusion::error::{DataFusionError, Result};

use super::collect::Kernel;
use crate::domain::history::{self, Rules, round_4};
use crate::domain::spell::{self, Event, Trigger};
use crate::domain::{Day, value};

pub(super) fn fields(columns: &[(&str, DataType)]) -> Fields {
    columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect()
}

/// Cycles: decimal(18, 4).
const CYCLE: DataType = DataType::Decimal128(18, 4);
/// Money: decimal(18, 2).
const MONEY: DataType = DataType::Decimal128(18, 2);

/// `purchase_history(date, ordered_on)`: what each purchase of a client tells of his rhythm.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct History(pub(super) Rules);

pub(super) struct HistoryOut {
    date: Date32Builder,
    next: Date32Builder,
    first: Date32Builder,
    number: Int32Builder,
    cycle: Decimal128Builder,
    ordered_on: Date32Builder,
}

impl Kernel for History {
    type Row = (Day, Option<Day>);
    type Out = HistoryOut;

    fn name(&self) -> &'static str {
        "purchase_history"
    }

    fn arguments() -> Fields {
        fields(&[("date", DataType::Date32), ("ordered_on", DataType::Date32)])
    }

    fn columns() -> Fields {
        fields(&[
            ("date", DataType::Date32),
            ("next_date", DataType::Date32),
            ("first_date", DataType::Date32),
            ("number", DataType::Int32),
            ("cycle", CYCLE),
            ("ordered_on", DataType::Date32),
        ])
    }

    fn read(arguments: &[ArrayRef], each: &mut dyn FnMut(usize, Self::Row)) -> Result<()> {
        let days = arguments[0].as_primitive::<Date32Type>();
        let ordered = arguments[1].as_primitive::<Date32Type>();
        for row in (0..days.len()).filter(|row| days.is_valid(*row)) {
            let ordered_on = ordered.is_valid(row).then(|| ordered.value(row));
            each(row, (days.value(row), ordered_on));
        }
        Ok(())
    }

    fn write(rows: &[Self::Row]) -> Vec<ArrayRef> {
        vec![
            Arc::new(Date32Array::from_iter_values(rows.iter().map(|(day, _)| *day))),
            Arc::new(rows.iter().map(|(_, ordered_on)| *ordered_on).collect::<Date32Array>()),
        ]
    }

    fn out(rows: usize) -> HistoryOut {
        let days = || Date32Builder::with_capacity(rows);
        HistoryOut {
            date: days(),
            next: days(),
            first: days(),
            number: Int32Builder::with_capacity(rows),
            cycle: Decimal128Builder::with_capacity(rows),
            ordered_on: days(),
        }
    }

    fn run(&self, rows: &[Self::Row], out: &mut HistoryOut) -> usize {
        let days: Vec<Day> = rows.iter().map(|(day, _)| *day).collect();
        history::history(&days, self.0, |purchase| {
            out.date.append_value(purchase.day);
            out.next.append_option(purchase.next);
            out.first.append_value(purchase.first);
            out.number.append_value(i32::try_from(purchase.number).unwrap_or(i32::MAX));
            let cycle = purchase.cycle.map(|(days, gaps)| i128::from(round_4(days, gaps)));
            out.cycle.append_option(cycle);
        });
        rows.iter().for_each(|(_, ordered_on)| out.ordered_on.append_option(*ordered_on));
        rows.len()
    }

    fn finish(out: &mut HistoryOut) -> Vec<ArrayRef> {
        vec![
            Arc::new(out.date.finish()),
            Arc::new(out.next.finish()),
            Arc::new(out.first.finish()),
            Arc::new(out.number.finish()),
            Arc::new(out.cycle.finish().with_data_type(CYCLE)),
            Arc::new(out.ordered_on.finish()),
        ]
    }
}

/// `spells(kind, date, threshold, ordered_on)`: a client's spells of sleep.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Spells {
    pub(super) as_of: Day,
    pub(super) tail_days: i32,
}

/// What a row of `spells` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum SpellKind {
    Purchase,
    Event(Trigger),
    /// A refusal that begins nothing.
    Spoken,
}

impl SpellKind {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "purchase" => Some(Self::Purchase),
            "spoken" => Some(Self::Spoken),
            name => Trigger::from_name(name).map(Self::Event),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Spoken => "spoken",
            Self::Event(trigger) => trigger.name(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpellRow {
    day: Day,
    kind: SpellKind,
    threshold: Option<i32>,
    ordered_on: Option<Day>,
}

#[derive(Default)]
pub(super) struct SpellsOut {
    number: Int32Builder,
    last_purchase: Date32Builder,
    fell_asleep_on: Date32Builder,
    trigger: StringBuilder,
    spoken_on: Date32Builder,
    returned_on: Date32Builder,
}

impl Kernel for Spells {
    type Row = SpellRow;
    type Out = SpellsOut;

    fn name(&self) -> &'static str {
        "spells"
    }

    fn arguments() -> Fields {
        fields(&[
            ("kind", DataType::Utf8),
            ("date", DataType::Date32),
            ("threshold", DataType::Int32),
            ("ordered_on", DataType::Date32),
        ])
    }

    fn columns() -> Fields {
        fields(&[
            ("spell", DataType::Int32),
            ("last_purchase", DataType::Date32),
            ("fell_asleep_on", DataType::Date32),
            ("trigger", DataType::Utf8),
            ("spoken_on", DataType::Date32),
            ("returned_on", DataType::Date32),
        ])
    }

    fn read(arguments: &[ArrayRef], each: &mut dyn FnMut(usize, SpellRow)) -> Result<()> {
        let kinds = arguments[0].as_string::<i32>();
        let days = arguments[1].as_primitive::<Date32Type>();
        let thresholds = arguments[2].as_primitive::<Int32Type>();
        let ordered = arguments[3].as_primitive::<Date32Type>();
        for row in (0..days.len()).filter(|row| days.is_valid(*row) && kinds.is_valid(*row)) {
            let name = kinds.value(row);
            let kind = SpellKind::from_name(name).ok_or_else(|| {
                DataFusionError::Execution(format!(
                    "spells: kind \"{name}\" is none of purchase, closed, refusal, lost_deal, spoken"
                ))
            })?;
            each(
                row,
                SpellRow {
                    day: days.value(row),
                    kind,
                    threshold: thresholds.is_valid(row).then(|| thresholds.value(row)),
                    ordered_on: ordered.is_valid(row).then(|| ordered.value(row)),
                },
            );
        }
        Ok(())
    }

    fn write(rows: &[SpellRow]) -> Vec<ArrayRef> {
        let kind = |row: &SpellRow| row.kind.name();
        vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(kind))),
            Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.day))),
            Arc::new(Int32Array::from_iter(rows.iter().map(|row| row.threshold))),
            Arc::new(Date32Array::from_iter(rows.iter().map(|row| row.ordered_on))),
        ]
    }

    fn out(_: usize) -> SpellsOut {
        SpellsOut::default()
    }

    fn run(&self, rows: &[SpellRow], out: &mut SpellsOut) -> usize {
        let (mut purchases, mut events, mut spoken) = (Vec::new(), Vec::new(), Vec::new());
        for SpellRow { day, kind, threshold, ordered_on } in rows.iter().copied() {
            match kind {
                SpellKind::Purchase => {
                    purchases.push(spell::Purchase { day, threshold, ordered_on });
                }
                SpellKind::Event(trigger) => events.push(Event { day, trigger }),
                SpellKind::Spoken => spoken.push(day),
            }
        }
        let mut count = 0;
        spell::spells(&purchases, &events, &spoken, self.as_of, self.tail_days, |spell| {
            count += 1;
            out.number.append_value(i32::try_from(spell.number).unwrap_or(i32::MAX));
            out.last_purchase.append_value(spell.last_purchase);
            out.fell_asleep_on.append_value(spell.fell_asleep_on);
            out.trigger.append_value(spell.trigger.name());
            out.spoken_on.append_option(spell.spoken_on);
            out.returned_on.append_option(spell.returned_on);
        });
        count
    }

    fn finish(out: &mut SpellsOut) -> Vec<ArrayRef> {
        vec![
            Arc::new(out.number.finish()),
            Arc::new(out.last_purchase.finish()),
            Arc::new(out.fell_asleep_on.finish()),
            Arc::new(out.trigger.finish()),
            Arc::new(out.spoken_on.finish()),
            Arc::new(out.returned_on.finish()),
        ]
    }
}

/// `annual_values(kind, date, amount)`: a client's annual value on the days asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct AnnualValues;

/// What a row of `annual_values` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ValueKind {
    Purchase,
    Move,
    Ask,
}

const VALUE_KINDS: [(&str, ValueKind); 3] =
    [("purchase", ValueKind::Purchase), ("move", ValueKind::Move), ("ask", ValueKind::Ask)];

#[derive(Default)]
pub(super) struct AnnualOut {
    date: Date32Builder,
    last_purchase: Date32Builder,
    annual_value: Decimal128Builder,
}

impl Kernel for AnnualValues {
    type Row = (Day, ValueKind, i64);
    type Out = AnnualOut;

    fn name(&self) -> &'static str {
        "annual_values"
    }

    fn arguments() -> Fields {
        fields(&[("kind", DataType::Utf8), ("date", DataType::Date32), ("amount", MONEY)])
    }

    fn columns() -> Fields {
        fields(&[
            ("date", DataType::Date32),
            ("last_purchase", DataType::Date32),
            ("annual_value", MONEY),
        ])
    }

    fn read(arguments: &[ArrayRef], each: &mut dyn FnMut(usize, Self::Row)) -> Result<()> {
        let kinds = arguments[0].as_string::<i32>();
        let days = arguments[1].as_primitive::<Date32Type>();
        let amounts = arguments[2].as_primitive::<Decimal128Type>();
        for row in (0..days.len()).filter(|row| days.is_valid(*row) && kinds.is_valid(*row)) {
            let name = kinds.value(row);
            let kind = VALUE_KINDS.iter().find(|(known, _)| *known == name);
            let (_, kind) = kind.ok_or_else(|| {
                DataFusionError::Execution(format!(
                    "annual_values: kind \"{name}\" is none of purchase, move, ask"
                ))
            })?;
            let amount = if amounts.is_valid(row) { amounts.value(row) } else { 0 };
            let amount = i64::try_from(amount).map_err(|_| {
                DataFusionError::Execution("annual_values: an amount is too large".to_owned())
            })?;
            each(row, (days.value(row), *kind, amount));
        }
        Ok(())
    }

    fn write(rows: &[Self::Row]) -> Vec<ArrayRef> {
        let name = |kind: ValueKind| {
            VALUE_KINDS.iter().find(|(_, known)| *known == kind).map_or("", |(name, _)| name)
        };
        let mut amounts = Decimal128Builder::new().with_data_type(MONEY);
        rows.iter().for_each(|(_, _, amount)| amounts.append_value(i128::from(*amount)));
        vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(|(_, kind, _)| name(*kind)))),
            Arc::new(Date32Array::from_iter_values(rows.iter().map(|(day, ..)| *day))),
            Arc::new(amounts.finish()),
        ]
    }

    fn out(_: usize) -> AnnualOut {
        AnnualOut::default()
    }

    fn run(&self, rows: &[Self::Row], out: &mut AnnualOut) -> usize {
        let days = |wanted: ValueKind| -> Vec<Day> {
            let rows = rows.iter().filter(|(_, kind, _)| *kind == wanted);
            rows.map(|(day, ..)| *day).collect()
        };
        let moves: Vec<(Day, i64)> = rows
            .iter()
            .filter(|(_, kind, _)| *kind == ValueKind::Move)
            .map(|(day, _, amount)| (*day, *amount))
            .collect();
        let mut count = 0;
        let (purchases, asked) = (days(ValueKind::Purchase), days(ValueKind::Ask));
        value::annual_values(&moves, &purchases, &asked, |valued| {
            count += 1;
            out.date.append_value(valued.day);
            out.last_purchase.append_value(valued.last_purchase);
            out.annual_value.append_value(valued.annual_value);
        });
        count
    }

    fn finish(out: &mut AnnualOut) -> Vec<ArrayRef> {
        vec![
            Arc::new(out.date.finish()),
            Arc::new(out.last_purchase.finish()),
            Arc::new(out.annual_value.finish().with_data_type(MONEY)),
        ]
    }
}
