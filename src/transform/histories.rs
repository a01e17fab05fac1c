//! `history` and `direction_histories`: a client's documents as his moves of money, his purchases,
//! and what quarters know of his rhythm.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Date32Builder, Decimal128Builder,
    Int32Builder, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Fields};
use datafusion::error::{DataFusionError, Result};

use super::collect::{AddUp, Kernel, fields, list, list_of, with_direction};
use super::nested::{CYCLE, MONEY, at, structs};
use crate::domain::Day;
use crate::domain::calendar::Fiscal;
use crate::domain::history::{self, Rules, round_4};
use crate::domain::sales::{self, Sale};

/// `history(date, purchase_date, net, is_purchase, ordered_on)`: the documents of a client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct History {
    pub(super) rules: Rules,
    pub(super) fiscal: Fiscal,
    pub(super) as_of: Day,
}

/// `direction_histories(direction, date, purchase_date, net, is_purchase, ordered_on)`: the
/// documents of a client in each direction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct DirectionHistories {
    pub(super) history: History,
    /// Purchases from which a direction is a rhythm of its own.
    pub(super) min_purchases: usize,
}

/// Moves and purchases, each a list a history, and what quarters know.
#[derive(Default)]
pub(super) struct Histories {
    moves: Vec<usize>,
    moved_on: Date32Builder,
    net: Decimal128Builder,
    purchases: Vec<usize>,
    bought_on: Date32Builder,
    ordered_on: Date32Builder,
    cycle: Decimal128Builder,
    known: Vec<usize>,
    quarter_start: Date32Builder,
    days: Int32Builder,
    gaps: Int32Builder,
    found: (Vec<sales::Purchase>, Vec<(Day, i64)>, Vec<Day>),
}

#[derive(Default)]
pub(super) struct OfDirections {
    directions: Vec<usize>,
    direction: StringBuilder,
    histories: Histories,
    known: Vec<usize>,
    known_of: StringBuilder,
    sales: Vec<Sale>,
}

fn moves() -> Fields {
    fields(&[("date", DataType::Date32), ("net", MONEY)])
}

fn purchases() -> Fields {
    fields(&[("date", DataType::Date32), ("ordered_on", DataType::Date32), ("cycle", CYCLE)])
}

fn known() -> Fields {
    fields(&[
        ("quarter_start", DataType::Date32),
        ("days", DataType::Int32),
        ("gaps", DataType::Int32),
    ])
}

fn histories() -> Fields {
    fields(&[
        ("moves", list_of(moves())),
        ("purchases", list_of(purchases())),
        ("known", list_of(known())),
    ])
}

fn directions() -> Fields {
    let of = fields(&[("moves", list_of(moves())), ("purchases", list_of(purchases()))]);
    with_direction(&of)
}

fn of_directions() -> Fields {
    fields(&[("directions", list_of(directions())), ("known", list_of(with_direction(&known())))])
}

impl History {
    /// Appends the history of sorted `sales`; gives how many purchases they are.
    fn add(&self, sales: &[Sale], min_purchases: usize, out: &mut Histories) -> usize {
        let (purchases, moves, days) = &mut out.found;
        sales::moves(sales, moves);
        for (day, net) in moves.iter() {
            out.moved_on.append_value(*day);
            out.net.append_value(i128::from(*net));
        }
        out.moves.push(moves.len());
        sales::purchases(sales, purchases);
        days.clear();
        days.extend(purchases.iter().map(|purchase| purchase.day));
        for purchase in purchases.iter() {
            out.bought_on.append_value(purchase.day);
            out.ordered_on.append_option(purchase.ordered_on);
        }
        history::history(days, self.rules, |purchase| {
            let cycle = purchase.cycle.map(|(days, gaps)| i128::from(round_4(days, gaps)));
            out.cycle.append_option(cycle);
        });
        out.purchases.push(purchases.len());
        let mut count = 0;
        let enough = purchases.len() >= min_purchases;
        let days = if enough { days.as_slice() } else { &[] };
        sales::known(days, self.rules.min_purchases, self.fiscal, self.as_of, |known| {
            count += 1;
            out.quarter_start.append_value(known.quarter_start);
            out.days.append_value(known.days);
            out.gaps.append_value(i32::try_from(known.gaps).unwrap_or(i32::MAX));
        });
        out.known.push(count);
        count
    }
}

impl Histories {
    fn with_capacity(rows: usize) -> Self {
        Self {
            moved_on: Date32Builder::with_capacity(rows),
            net: Decimal128Builder::with_capacity(rows),
            bought_on: Date32Builder::with_capacity(rows),
            ordered_on: Date32Builder::with_capacity(rows),
            cycle: Decimal128Builder::with_capacity(rows),
            ..Self::default()
        }
    }

    /// The lists of moves and purchases, and the columns of what quarters know with the number of
    /// entries of each history.
    fn finish(mut self) -> Result<(ArrayRef, ArrayRef, Vec<ArrayRef>, Vec<usize>)> {
        let net = self.net.finish().with_data_type(MONEY);
        let moved: Vec<ArrayRef> = vec![Arc::new(self.moved_on.finish()), Arc::new(net)];
        let cycle = self.cycle.finish().with_data_type(CYCLE);
        let bought: Vec<ArrayRef> = vec![
            Arc::new(self.bought_on.finish()),
            Arc::new(self.ordered_on.finish()),
            Arc::new(cycle),
        ];
        let known: Vec<ArrayRef> = vec![
            Arc::new(self.quarter_start.finish()),
            Arc::new(self.days.finish()),
            Arc::new(self.gaps.finish()),
        ];
        let moves = list(moves(), moved, self.moves)?;
        Ok((moves, list(purchases(), bought, self.purchases)?, known, self.known))
    }
}

fn sale_arguments() -> Fields {
    fields(&[
        ("date", DataType::Date32),
        ("purchase_date", DataType::Date32),
        ("net", MONEY),
        ("is_purchase", DataType::Boolean),
        ("ordered_on", DataType::Date32),
    ])
}

fn read_sales(arguments: &[ArrayRef], each: &mut dyn FnMut(usize, Sale)) -> Result<()> {
    let days = |column: usize| arguments[column].as_primitive::<Date32Type>();
    let (dates, purchase_dates, ordered) = (days(0), days(1), days(4));
    let nets = arguments[2].as_primitive::<Decimal128Type>();
    let purchases = arguments[3].as_boolean();
    let given = |row: &usize| arguments[..4].iter().all(|column| column.is_valid(*row));
    for row in (0..dates.len()).filter(given) {
        let net = i64::try_from(nets.value(row)).map_err(|_| {
            DataFusionError::Execution("history: an amount is too large".to_owned())
        })?;
        let sale = Sale {
            purchase_date: purchase_dates.value(row),
            date: dates.value(row),
            net,
            is_purchase: purchases.value(row),
            ordered_on: at(ordered, row),
        };
        each(row, sale);
    }
    Ok(())
}

fn write_sales<'a>(sales: impl Iterator<Item = &'a Sale> + Clone) -> Vec<ArrayRef> {
    let days = |get: fn(&Sale) -> Day| -> ArrayRef {
        Arc::new(Date32Array::from_iter_values(sales.clone().map(get)))
    };
    let mut nets = Decimal128Builder::new().with_data_type(MONEY);
    sales.clone().for_each(|sale| nets.append_value(i128::from(sale.net)));
    let purchases = sales.clone().map(|sale| Some(sale.is_purchase));
    vec![
        days(|sale| sale.date),
        days(|sale| sale.purchase_date),
        Arc::new(nets.finish()),
        Arc::new(purchases.collect::<BooleanArray>()),
        Arc::new(sales.map(|sale| sale.ordered_on).collect::<Date32Array>()),
    ]
}

impl Kernel for History {
    type Row = Sale;
    type Names = ();
    type Out = Histories;

    const FOLD: Option<AddUp<Sale>> = Some(Sale::fold);

    fn name(&self) -> &'static str {
        "history"
    }

    fn arguments() -> Fields {
        sale_arguments()
    }

    fn returns() -> DataType {
        DataType::Struct(histories())
    }

    fn read(arguments: &[ArrayRef], (): &mut (), each: &mut dyn FnMut(usize, Sale)) -> Result<()> {
        read_sales(arguments, each)
    }

    fn write(rows: &[Sale], (): &()) -> Vec<ArrayRef> {
        write_sales(rows.iter())
    }

    fn out(rows: usize) -> Histories {
        Histories::with_capacity(rows)
    }

    fn run(&self, rows: &[Sale], (): &(), out: &mut Histories) {
        self.add(rows, 0, out);
    }

    fn finish(out: Histories) -> Result<ArrayRef> {
        let (moves, purchases, columns, lengths) = out.finish()?;
        structs(histories(), vec![moves, purchases, list(known(), columns, lengths)?])
    }
}

/// Names, by number.
#[derive(Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

impl Names {
    /// The number of `name`, given as names come.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// The name of a number that was given.
    pub(super) fn of(&self, number: u32) -> &str {
        &self.names[number as usize]
    }
}

impl Kernel for DirectionHistories {
    type Row = (u32, Sale);
    type Names = Names;
    type Out = OfDirections;

    const FOLD: Option<AddUp<Self::Row>> =
        Some(|first, next| first.0 == next.0 && first.1.fold(&next.1));

    fn name(&self) -> &'static str {
        "direction_histories"
    }

    fn arguments() -> Fields {
        with_direction(&sale_arguments())
    }

    fn returns() -> DataType {
        DataType::Struct(of_directions())
    }

    fn read(
        arguments: &[ArrayRef],
        names: &mut Names,
        each: &mut dyn FnMut(usize, Self::Row),
    ) -> Result<()> {
        let directions = arguments[0].as_string::<i32>();
        read_sales(&arguments[1..], &mut |row, sale| {
            if directions.is_valid(row) {
                each(row, (names.number(directions.value(row)), sale));
            }
        })
    }

    fn write(rows: &[Self::Row], names: &Names) -> Vec<ArrayRef> {
        let directions = rows.iter().map(|(direction, _)| names.of(*direction));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from_iter_values(directions))];
        columns.extend(write_sales(rows.iter().map(|(_, sale)| sale)));
        columns
    }

    fn out(rows: usize) -> OfDirections {
        OfDirections { histories: Histories::with_capacity(rows), ..OfDirections::default() }
    }

    fn run(&self, rows: &[Self::Row], names: &Names, out: &mut OfDirections) {
        let mut parts: Vec<&[Self::Row]> = rows.chunk_by(|one, other| one.0 == other.0).collect();
        // Numbers are given as rows come: the order is that of the names.
        parts.sort_unstable_by_key(|part| names.of(part[0].0));
        let mut known = 0;
        for part in &parts {
            let direction = names.of(part[0].0);
            out.sales.clear();
            out.sales.extend(part.iter().map(|(_, sale)| *sale));
            out.direction.append_value(direction);
            let more = self.history.add(&out.sales, self.min_purchases, &mut out.histories);
            (0..more).for_each(|_| out.known_of.append_value(direction));
            known += more;
        }
        out.directions.push(parts.len());
        out.known.push(known);
    }

    fn finish(mut out: OfDirections) -> Result<ArrayRef> {
        let (moves, purchases, known_columns, _) = out.histories.finish()?;
        let of: Vec<ArrayRef> = vec![Arc::new(out.direction.finish()), moves, purchases];
        let mut columns: Vec<ArrayRef> = vec![Arc::new(out.known_of.finish())];
        columns.extend(known_columns);
        let columns = vec![
            list(directions(), of, out.directions)?,
            list(with_direction(&known()), columns, out.known)?,
        ];
        structs(of_directions(), columns)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::ArrayRef;
    use datafusion::error::Result;
    use datafusion::logical_expr::{EmitTo, GroupsAccumulator};

    use super::super::collect::Gathered;
    use super::{Fiscal, History, Rules, Sale, write_sales};
    use crate::domain::history::Method;

    /// Histories of 2 clients of 300 000 documents on 50 days, and how many bytes were held.
    fn histories(folds: bool) -> Result<(ArrayRef, usize)> {
        let rules = Rules { method: Method::MeanGap, min_purchases: 3, window_months: 24 };
        let history = History { rules, fiscal: Fiscal::calendar_year(), as_of: 1_000 };
        let mut gathered = Gathered::new(history);
        if !folds {
            gathered.keep_all();
        }
        let sales: Vec<Sale> = (0..10_000)
            .map(|row| {
                let day = row * 7 % 50;
                let is_purchase = row % 3 > 0;
                let net = if is_purchase { 1_000 } else { -700 };
                let ordered_on = (row % 5 > 0 && is_purchase).then_some(day - 3);
                Sale { purchase_date: day, date: day + row % 2, is_purchase, ordered_on, net }
            })
            .collect();
        let clients: Vec<usize> = (0..10_000).map(|row| row / 100 % 2).collect();
        for _ in 0..60 {
            gathered.update_batch(&write_sales(sales.iter()), &clients, None, 2)?;
        }
        let held = gathered.size();
        Ok((gathered.evaluate(EmitTo::All)?, held))
    }

    #[test]
    fn a_client_of_any_number_of_documents_is_held_as_his_days() -> Result<()> {
        let ((all, held), (folded, fewer)) = (histories(false)?, histories(true)?);
        assert_eq!(&all, &folded);
        assert!(held > 40_000_000 && fewer < 22_000_000, "{held} and {fewer} bytes");
        Ok(())
    }
}
