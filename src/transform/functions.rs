//! pobudka's own SQL functions.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Date32Builder, Int32Array, ListBuilder, StringArray,
};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{
    AggregateUDF, ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::prelude::SessionContext;

use super::collect::Collect;
use super::json::JsonText;
use super::kernels::{AnnualValues, History, Spells};
use super::odds::{FitOdds, PSilent};
use super::tax_id::TaxId;
use crate::config::settings::{Settings, Value};
use crate::domain::Day;
use crate::domain::calendar::{Fiscal, add_months};

/// A function and what it does.
#[derive(Debug, Clone, Copy)]
pub struct FunctionHelp {
    /// How it is called.
    pub call: &'static str,
    /// What it gives.
    pub gives: &'static str,
}

/// Every function that pobudka adds to SQL.
pub const FUNCTIONS: &[FunctionHelp] = &[
    FunctionHelp {
        call: "add_months(date, months)",
        gives: "date: the same day of another month, or that month's last day",
    },
    FunctionHelp { call: "add_days(date, days)", gives: "date: that many days later" },
    FunctionHelp {
        call: "days_between(from, until)",
        gives: "integer: days from one to the other",
    },
    FunctionHelp { call: "quarter_start(date)", gives: "date: first day of the fiscal quarter" },
    FunctionHelp { call: "quarter_end(date)", gives: "date: last day of the fiscal quarter" },
    FunctionHelp { call: "quarter_name(date)", gives: "text: the fiscal quarter, as 2026Q3" },
    FunctionHelp {
        call: "quarter_starts(from, until)",
        gives: "list of date: first days of the fiscal quarters of from, …, until",
    },
    FunctionHelp {
        call: "silence_days(multiple, cycle)",
        gives: "integer: multiple × cycle, rounded half up to 2 places, then up to whole days",
    },
    FunctionHelp {
        call: "purchase_history(date, ordered_on)",
        gives: "aggregate, list of {date, next_date, first_date, number, cycle, ordered_on}: each purchase of \
                a client and his own cycle then",
    },
    FunctionHelp {
        call: "spells(kind, date, threshold, ordered_on)",
        gives: "aggregate, list of {spell, last_purchase, fell_asleep_on, trigger, spoken_on, \
                returned_on}: a client's spells; kind is purchase, closed, refusal, lost_deal or spoken",
    },
    FunctionHelp {
        call: "annual_values(kind, date, amount)",
        gives: "aggregate, list of {date, last_purchase, annual_value}: a client's annual value on \
                each date of kind ask, from those of kind purchase and move",
    },
    FunctionHelp {
        call: "p_silent(r, alpha, a, b, repeats, recency, age, horizon)",
        gives: "double: the odds of no purchase in the next horizon days by MBG/NBD; recency and \
                age are days from the first purchase to the last one and to the cut-off",
    },
    FunctionHelp {
        call: "fit_odds(repeats, recency, age)",
        gives: "aggregate, list of one {clients, repeaters, r, alpha, a, b, log_likelihood}: the \
                parameters of MBG/NBD that fit best, rounded to 4 significant digits",
    },
    FunctionHelp { call: "json_text(text)", gives: "text: the text as a JSON string, or null" },
    FunctionHelp {
        call: "normal_tax_id(text)",
        gives: "text: digits and letters, upper case, without a label before it and without the КПП \
                behind an ИНН; NULL where it stands for nobody: one repeated character, 999999990",
    },
    FunctionHelp {
        call: "tax_id_state(text)",
        gives: "text: valid, wrong_check_digit, lost_zero (an ИНН whose leading zero a spreadsheet \
                took away) or unknown_format",
    },
];

/// Registers all functions for a run as of `as_of`.
pub(super) fn register(session: &SessionContext, settings: &Settings, as_of: Day) {
    let calendar = [
        Calendar::AddMonths,
        Calendar::AddDays,
        Calendar::DaysBetween,
        Calendar::QuarterStart,
        Calendar::QuarterEnd,
        Calendar::QuarterName,
        Calendar::QuarterStarts,
        Calendar::SilenceDays,
    ];
    session.register_udf(ScalarUDF::from(PSilent::new()));
    session.register_udf(ScalarUDF::from(JsonText::new()));
    session.register_udf(ScalarUDF::from(TaxId::normal()));
    session.register_udf(ScalarUDF::from(TaxId::state()));
    session.register_udaf(AggregateUDF::from(Collect::new(FitOdds)));
    for function in calendar {
        session.register_udf(ScalarUDF::from(Function::new(function, settings.fiscal)));
    }
    let tail_days = match settings.scalars.get("refusal_tail_days") {
        Some(Value::Integer(days)) => i32::try_from(*days).unwrap_or(0),
        _ => 0,
    };
    session.register_udaf(AggregateUDF::from(Collect::new(History(settings.history))));
    session.register_udaf(AggregateUDF::from(Collect::new(Spells { as_of, tail_days })));
    session.register_udaf(AggregateUDF::from(Collect::new(AnnualValues)));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Calendar {
    AddMonths,
    AddDays,
    DaysBetween,
    QuarterStart,
    QuarterEnd,
    QuarterName,
    QuarterStarts,
    SilenceDays,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    function: Calendar,
    fiscal: Fiscal,
    signature: Signature,
}

impl Function {
    fn new(function: Calendar, fiscal: Fiscal) -> Self {
        let arguments = match function {
            Calendar::AddMonths | Calendar::AddDays => vec![DataType::Date32, DataType::Int64],
            Calendar::QuarterStart | Calendar::QuarterEnd | Calendar::QuarterName => {
                vec![DataType::Date32]
            }
            Calendar::QuarterStarts | Calendar::DaysBetween => {
                vec![DataType::Date32, DataType::Date32]
            }
            Calendar::SilenceDays => {
                vec![DataType::Decimal128(18, 4), DataType::Decimal128(18, 4)]
            }
        };
        Self { function, fiscal, signature: Signature::exact(arguments, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        match self.function {
            Calendar::AddMonths => "add_months",
            Calendar::AddDays => "add_days",
            Calendar::DaysBetween => "days_between",
            Calendar::QuarterStart => "quarter_start",
            Calendar::QuarterEnd => "quarter_end",
            Calendar::QuarterName => "quarter_name",
            Calendar::QuarterStarts => "quarter_starts",
            Calendar::SilenceDays => "silence_days",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.function {
            Calendar::AddMonths
            | Calendar::AddDays
            | Calendar::QuarterStart
            | Calendar::QuarterEnd => DataType::Date32,
            Calendar::QuarterName => DataType::Utf8,
            Calendar::QuarterStarts => {
                DataType::List(Arc::new(Field::new("item", DataType::Date32, true)))
            }
            Calendar::SilenceDays | Calendar::DaysBetween => DataType::Int32,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let fiscal = self.fiscal;
        let result: ArrayRef = match self.function {
            Calendar::AddMonths => {
                let months = arrays[1].as_primitive::<Int64Type>();
                let days = arrays[0].as_primitive::<Date32Type>();
                let pairs = days
                    .iter()
                    .zip(months.iter())
                    .map(|(day, months)| Some(add_months(day?, i32::try_from(months?).ok()?)));
                Arc::new(pairs.collect::<Date32Array>())
            }
            Calendar::AddDays => {
                let days = arrays[1].as_primitive::<Int64Type>();
                let pairs = arrays[0].as_primitive::<Date32Type>().iter().zip(days.iter());
                let sums = pairs.map(|(day, days)| day?.checked_add(i32::try_from(days?).ok()?));
                Arc::new(sums.collect::<Date32Array>())
            }
            Calendar::DaysBetween => {
                let until = arrays[1].as_primitive::<Date32Type>();
                let pairs = arrays[0].as_primitive::<Date32Type>().iter().zip(until.iter());
                Arc::new(
                    pairs.map(|(from, until)| until?.checked_sub(from?)).collect::<Int32Array>(),
                )
            }
            Calendar::QuarterStart => by_day(&arrays[0], |day| fiscal.quarter_start(day)),
            Calendar::QuarterEnd => by_day(&arrays[0], |day| fiscal.quarter_end(day)),
            Calendar::QuarterName => quarter_names(&arrays[0], fiscal),
            Calendar::QuarterStarts => quarter_starts(&arrays[0], &arrays[1], fiscal),
            Calendar::SilenceDays => {
                let multiples = arrays[0].as_primitive::<Decimal128Type>();
                let cycles = arrays[1].as_primitive::<Decimal128Type>();
                let pairs = multiples.iter().zip(cycles.iter());
                Arc::new(pairs.map(|(k, cycle)| silence_days(k?, cycle?)).collect::<Int32Array>())
            }
        };
        Ok(ColumnarValue::Array(result))
    }
}

/// Applies `each` to days, one computation per run of equal days.
fn by_day(days: &ArrayRef, each: impl Fn(Day) -> Day) -> ArrayRef {
    let days = days.as_primitive::<Date32Type>();
    let mut last: Option<(Day, Day)> = None;
    let mapped = days.iter().map(|day| {
        let day = day?;
        match last {
            Some((known, result)) if known == day => Some(result),
            _ => {
                let result = each(day);
                last = Some((day, result));
                Some(result)
            }
        }
    });
    Arc::new(mapped.collect::<Date32Array>())
}

fn quarter_names(days: &ArrayRef, fiscal: Fiscal) -> ArrayRef {
    let days = days.as_primitive::<Date32Type>();
    let names = days.iter().map(|day| day.map(|day| fiscal.quarter(day)));
    Arc::new(names.collect::<StringArray>())
}

fn quarter_starts(from: &ArrayRef, until: &ArrayRef, fiscal: Fiscal) -> ArrayRef {
    let (from, until) = (from.as_primitive::<Date32Type>(), until.as_primitive::<Date32Type>());
    let mut lists = ListBuilder::new(Date32Builder::new());
    for row in 0..from.len() {
        let valid = from.is_valid(row) && until.is_valid(row);
        if valid {
            let mut day = fiscal.quarter_start(from.value(row));
            while day <= until.value(row) {
                lists.values().append_value(day);
                day = add_months(day, 3);
            }
        }
        lists.append(valid);
    }
    Arc::new(lists.finish())
}

/// `ceil(round(multiple × cycle, 2))`; both arguments in units of 10⁻⁴.
fn silence_days(multiple: i128, cycle: i128) -> Option<i32> {
    let product = multiple.checked_mul(cycle)?;
    let hundredths = (product + 500_000).div_euclid(1_000_000);
    i32::try_from((hundredths + 99).div_euclid(100)).ok()
}

#[cfg(test)]
mod tests {
    use super::silence_days;

    #[test]
    fn the_product_is_rounded_to_hundredths_then_up_to_days() {
        for (multiple, cycle, days) in [
            (20_000, 300_000, 60),
            (10_000, 300_000, 30),
            (15_000, 300_000, 45),
            (10_000, 300_001, 30),
            (10_000, 300_049, 30),
            (10_000, 300_050, 31),
            (20_000, 203_333, 41),
        ] {
            assert_eq!(silence_days(multiple, cycle), Some(days), "{multiple} × {cycle}");
        }
    }
}
