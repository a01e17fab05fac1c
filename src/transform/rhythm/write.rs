//! The lists that `rhythm` and `direction_rhythms` give.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int32Builder, StringBuilder,
};
use arrow::datatypes::{DataType, Fields};
use datafusion::error::Result;

use super::{Given, Row};
use crate::domain::spell::Spell;
use crate::domain::value::Valued;
use crate::transform::collect::{fields, list, list_of, with_direction};
use crate::transform::nested::{CYCLE, MONEY, structs};

fn cycles() -> Fields {
    fields(&[
        ("date", DataType::Date32),
        ("next_date", DataType::Date32),
        ("first_date", DataType::Date32),
        ("number", DataType::Int32),
        ("ordered_on", DataType::Date32),
        ("cycle", CYCLE),
        ("cycle_basis", DataType::Utf8),
        ("threshold", DataType::Int32),
    ])
}

fn spells() -> Fields {
    fields(&[
        ("spell", DataType::Int32),
        ("last_purchase", DataType::Date32),
        ("purchases", DataType::Int32),
        ("cycle", CYCLE),
        ("cycle_basis", DataType::Utf8),
        ("threshold", DataType::Int32),
        ("fell_asleep_on", DataType::Date32),
        ("trigger", DataType::Utf8),
        ("spoken_on", DataType::Date32),
        ("returned_on", DataType::Date32),
        ("returned_purchase", DataType::Int32),
        ("annual_value", MONEY),
        ("value_before", MONEY),
    ])
}

fn states() -> Fields {
    fields(&[
        ("date", DataType::Date32),
        ("last_purchase", DataType::Date32),
        ("annual_value", MONEY),
        ("awake", DataType::Boolean),
        ("awake_quarter_before", DataType::Boolean),
        ("awake_year_before", DataType::Boolean),
    ])
}

pub(super) fn whole() -> Fields {
    fields(&[
        ("cycles", list_of(cycles())),
        ("spells", list_of(spells())),
        ("states", list_of(states())),
    ])
}

fn main_directions() -> Fields {
    fields(&[("spell", DataType::Int32), ("direction", DataType::Utf8)])
}

pub(super) fn in_directions() -> Fields {
    fields(&[
        ("spells", list_of(with_direction(&spells()))),
        ("main_directions", list_of(main_directions())),
    ])
}

/// Spells, and how many each row has.
#[derive(Default)]
pub(super) struct Spells {
    lengths: Vec<usize>,
    number: Int32Builder,
    last_purchase: Date32Builder,
    purchases: Int32Builder,
    cycle: Decimal128Builder,
    basis: StringBuilder,
    threshold: Int32Builder,
    fell_asleep_on: Date32Builder,
    trigger: StringBuilder,
    spoken_on: Date32Builder,
    returned_on: Date32Builder,
    returned_purchase: Int32Builder,
    annual_value: Decimal128Builder,
    value_before: Decimal128Builder,
}

impl Spells {
    /// Appends the spells of `row`; `before` is the client's value at the end of the quarter before.
    pub(super) fn add(&mut self, row: &Row, before: impl Fn(&Spell) -> Option<i128>) {
        for spell in &row.spells {
            let after = row.purchases.partition_point(|bought| bought.day <= spell.last_purchase);
            let place = after.saturating_sub(1);
            let (cycle, basis) = row.cycles[place];
            self.number.append_value(whole_number(spell.number));
            self.last_purchase.append_value(spell.last_purchase);
            self.purchases.append_value(whole_number(after));
            self.cycle.append_option(cycle);
            self.basis.append_value(basis.name());
            self.threshold.append_option(row.purchases[place].threshold);
            self.fell_asleep_on.append_value(spell.fell_asleep_on);
            self.trigger.append_value(spell.trigger.name());
            self.spoken_on.append_option(spell.spoken_on);
            self.returned_on.append_option(spell.returned_on);
            let returned = spell
                .returned_on
                .map(|day| whole_number(row.purchases.partition_point(|bought| bought.day <= day)));
            self.returned_purchase.append_option(returned);
            self.annual_value.append_option(row.value(spell.fell_asleep_on));
            self.value_before.append_option(before(spell));
        }
        self.lengths.push(row.spells.len());
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.number.finish()),
            Arc::new(self.last_purchase.finish()),
            Arc::new(self.purchases.finish()),
            Arc::new(self.cycle.finish().with_data_type(CYCLE)),
            Arc::new(self.basis.finish()),
            Arc::new(self.threshold.finish()),
            Arc::new(self.fell_asleep_on.finish()),
            Arc::new(self.trigger.finish()),
            Arc::new(self.spoken_on.finish()),
            Arc::new(self.returned_on.finish()),
            Arc::new(self.returned_purchase.finish()),
            Arc::new(self.annual_value.finish().with_data_type(MONEY)),
            Arc::new(self.value_before.finish().with_data_type(MONEY)),
        ]
    }
}

/// What `rhythm` gives.
#[derive(Default)]
pub(super) struct Wholes {
    cycles: Vec<usize>,
    date: Date32Builder,
    next: Date32Builder,
    first: Date32Builder,
    number: Int32Builder,
    ordered_on: Date32Builder,
    cycle: Decimal128Builder,
    basis: StringBuilder,
    threshold: Int32Builder,
    spells: Spells,
    states: Vec<usize>,
    state_date: Date32Builder,
    last_purchase: Date32Builder,
    annual_value: Decimal128Builder,
    awake: [BooleanBuilder; 3],
}

impl Wholes {
    pub(super) fn new(purchases: usize) -> Self {
        let days = || Date32Builder::with_capacity(purchases);
        Self {
            date: days(),
            next: days(),
            first: days(),
            number: Int32Builder::with_capacity(purchases),
            ordered_on: days(),
            cycle: Decimal128Builder::with_capacity(purchases),
            basis: StringBuilder::with_capacity(purchases, 7 * purchases),
            threshold: Int32Builder::with_capacity(purchases),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, row: &Row, given: &Given) {
        let first = row.purchases.first().map(|purchase| purchase.day);
        for (place, (purchase, (cycle, basis))) in row.purchases.iter().zip(&row.cycles).enumerate()
        {
            self.date.append_value(purchase.day);
            self.next.append_option(row.purchases.get(place + 1).map(|next| next.day));
            self.first.append_option(first);
            self.number.append_value(whole_number(place + 1));
            self.ordered_on.append_option(purchase.ordered_on);
            self.cycle.append_option(*cycle);
            self.basis.append_value(basis.name());
            self.threshold.append_option(purchase.threshold);
        }
        self.cycles.push(row.purchases.len());
        self.spells.add(row, |spell| row.value(given.quarter_before(spell)));
        let asked = |valued: &&Valued| row.states.binary_search(&valued.day).is_ok();
        let (mut count, mut quarters) = (0, Vec::with_capacity(row.states.len()));
        for valued in row.valued.iter().filter(asked) {
            count += 1;
            self.state_date.append_value(valued.day);
            self.last_purchase.append_value(valued.last_purchase);
            self.annual_value.append_value(valued.annual_value);
            let awake = row.is_awake(valued.day);
            let ends = given.fiscal.quarter_end(valued.day) == valued.day;
            let before = |count: usize| {
                let place = quarters.len().checked_sub(count).filter(|_| ends)?;
                quarters.get(place).copied()
            };
            let awakes = [Some(awake), before(1), before(4)];
            for (column, awake) in self.awake.iter_mut().zip(awakes) {
                column.append_option(awake);
            }
            quarters.extend(ends.then_some(awake));
        }
        self.states.push(count);
    }

    pub(super) fn finish(mut self) -> Result<ArrayRef> {
        let of_cycles: Vec<ArrayRef> = vec![
            Arc::new(self.date.finish()),
            Arc::new(self.next.finish()),
            Arc::new(self.first.finish()),
            Arc::new(self.number.finish()),
            Arc::new(self.ordered_on.finish()),
            Arc::new(self.cycle.finish().with_data_type(CYCLE)),
            Arc::new(self.basis.finish()),
            Arc::new(self.threshold.finish()),
        ];
        let mut of_states: Vec<ArrayRef> = vec![
            Arc::new(self.state_date.finish()),
            Arc::new(self.last_purchase.finish()),
            Arc::new(self.annual_value.finish().with_data_type(MONEY)),
        ];
        let awake = self.awake.iter_mut().map(|awake| Arc::new(awake.finish()) as ArrayRef);
        of_states.extend(awake);
        let columns = vec![
            list(cycles(), of_cycles, self.cycles)?,
            list(spells(), self.spells.finish(), self.spells.lengths)?,
            list(states(), of_states, self.states)?,
        ];
        structs(whole(), columns)
    }
}

fn whole_number(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// What `direction_rhythms` gives.
#[derive(Default)]
pub(super) struct InDirections {
    lengths: Vec<usize>,
    directions: StringBuilder,
    spells: Spells,
    main_lengths: Vec<usize>,
    spell: Int32Builder,
    main_direction: StringBuilder,
}

impl InDirections {
    /// Appends the spells of `row`, which are in `direction`.
    pub(super) fn add(
        &mut self,
        direction: &str,
        row: &Row,
        before: impl Fn(&Spell) -> Option<i128>,
    ) {
        self.spells.add(row, before);
        row.spells.iter().for_each(|_| self.directions.append_value(direction));
    }

    /// Ends a client, who bought most in the direction `main` before his spell of that number.
    pub(super) fn end<'a>(&mut self, main: impl Iterator<Item = (usize, &'a str)>) {
        self.lengths.push(self.spells.lengths.drain(..).sum());
        let mut count = 0;
        for (spell, direction) in main {
            count += 1;
            self.spell.append_value(whole_number(spell));
            self.main_direction.append_value(direction);
        }
        self.main_lengths.push(count);
    }

    pub(super) fn finish(mut self) -> Result<ArrayRef> {
        let mut of_spells: Vec<ArrayRef> = vec![Arc::new(self.directions.finish())];
        of_spells.extend(self.spells.finish());
        let main: Vec<ArrayRef> =
            vec![Arc::new(self.spell.finish()), Arc::new(self.main_direction.finish())];
        let columns = vec![
            list(with_direction(&spells()), of_spells, self.lengths)?,
            list(main_directions(), main, self.main_lengths)?,
        ];
        structs(in_directions(), columns)
    }
}
