//! `history`: a client's documents as his moves of money, his purchases, and what quarters know.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Date32Builder, Decimal128Builder,
    Int32Builder,
};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Fields};
use datafusion::error::{DataFusionError, Result};

use super::collect::{Kernel, fields, list, list_of};
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

impl Kernel for History {
    type Row = Sale;
    type Out = Histories;

    fn name(&self) -> &'static str {
        "history"
    }

    fn arguments() -> Fields {
        fields(&[
            ("date", DataType::Date32),
            ("purchase_date", DataType::Date32),
            ("net", MONEY),
            ("is_purchase", DataType::Boolean),
            ("ordered_on", DataType::Date32),
        ])
    }

    fn returns() -> DataType {
        DataType::Struct(histories())
    }

    fn read(arguments: &[ArrayRef], each: &mut dyn FnMut(usize, Sale)) -> Result<()> {
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

    fn write(rows: &[Sale]) -> Vec<ArrayRef> {
        let days = |get: fn(&Sale) -> Day| -> ArrayRef {
            Arc::new(Date32Array::from_iter_values(rows.iter().map(get)))
        };
        let mut nets = Decimal128Builder::with_capacity(rows.len()).with_data_type(MONEY);
        rows.iter().for_each(|sale| nets.append_value(i128::from(sale.net)));
        let purchases = rows.iter().map(|sale| Some(sale.is_purchase));
        vec![
            days(|sale| sale.date),
            days(|sale| sale.purchase_date),
            Arc::new(nets.finish()),
            Arc::new(purchases.collect::<BooleanArray>()),
            Arc::new(rows.iter().map(|sale| sale.ordered_on).collect::<Date32Array>()),
        ]
    }

    fn out(rows: usize) -> Histories {
        Histories {
            moved_on: Date32Builder::with_capacity(rows),
            net: Decimal128Builder::with_capacity(rows),
            bought_on: Date32Builder::with_capacity(rows),
            ordered_on: Date32Builder::with_capacity(rows),
            cycle: Decimal128Builder::with_capacity(rows),
            ..Histories::default()
        }
    }

    fn run(&self, rows: &[Sale], out: &mut Histories) {
        let (purchases, moves, days) = &mut out.found;
        sales::moves(rows, moves);
        for (day, net) in moves.iter() {
            out.moved_on.append_value(*day);
            out.net.append_value(i128::from(*net));
        }
        out.moves.push(moves.len());
        sales::purchases(rows, purchases);
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
        sales::known(days, self.rules.min_purchases, self.fiscal, self.as_of, |known| {
            count += 1;
            out.quarter_start.append_value(known.quarter_start);
            out.days.append_value(known.days);
            out.gaps.append_value(i32::try_from(known.gaps).unwrap_or(i32::MAX));
        });
        out.known.push(count);
    }

    fn finish(mut out: Histories) -> Result<ArrayRef> {
        let cycle = out.cycle.finish().with_data_type(CYCLE);
        let net = out.net.finish().with_data_type(MONEY);
        let columns = vec![
            list(moves(), vec![Arc::new(out.moved_on.finish()), Arc::new(net)], out.moves)?,
            list(
                purchases(),
                vec![
                    Arc::new(out.bought_on.finish()),
                    Arc::new(out.ordered_on.finish()),
                    Arc::new(cycle),
                ],
                out.purchases,
            )?,
            list(
                known(),
                vec![
                    Arc::new(out.quarter_start.finish()),
                    Arc::new(out.days.finish()),
                    Arc::new(out.gaps.finish()),
                ],
                out.known,
            )?,
        ];
        structs(histories(), columns)
    }
}
