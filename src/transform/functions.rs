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

use super::callers::Callers;
use super::classes::{By, ClassOf, Limits};
use super::collect::Collect;
use super::histories::{DirectionHistories, History};
use super::joining::{NearestNames, Plain, What};
use super::json::JsonText;
use super::moved::Moved;
use super::odds::{FitOdds, PSilent};
use super::parameters::ten_thousandths;
use super::phrase::Told;
use super::rhythm::{Given, Rhythm, Which};
use super::tax_id::TaxId;
use super::texts::{Listed, NamedOnLargest};
use crate::config::settings::{Settings, Value};
use crate::domain::Day;
use crate::domain::calendar::{Fiscal, add_months};
use crate::domain::history::Method;
use crate::domain::rhythm::{self, Base, silence_days};
use crate::domain::value::Share;
use crate::language::Language;

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
        call: "history(date, purchase_date, net, is_purchase, ordered_on)",
        gives: "aggregate, {moves, purchases, known}: of a client's documents the lists of {date, net}, \
                of {date, ordered_on, cycle} with his own cycle then, and of {quarter_start, days, \
                gaps}: his mean gap as each later quarter knows it",
    },
    FunctionHelp {
        call: "direction_histories(direction, date, purchase_date, net, is_purchase, ordered_on)",
        gives: "aggregate, {directions, known}: the same of each direction of a client; known of those \
                with domain.direction.min_purchases or more",
    },
    FunctionHelp {
        call: "rhythm(purchases, moves, cycles, days, sales_type, common, said, closed_on, asked_on)",
        gives: "{cycles, spells, states}: from a client's history, the rule of his sales type, the \
                common cycles, one list of {of, quarter_start, cycle} for all, and what was said: his \
                purchases with the cycle and threshold that hold since, his spells, his value and \
                whether he is awake on the last day of each closed quarter, on the day, on asked_on",
    },
    FunctionHelp {
        call: "direction_rhythms(directions, cycles, days, common, said, closed_on, whole_cycles, \
               whole_spells, whole_states)",
        gives: "{spells, main_directions}: the spells in each direction whose first day finds the \
                client awake as a whole, and where he bought most in the 52 weeks before each spell",
    },
    FunctionHelp {
        call: "moved(moves, first, last)",
        gives: "decimal(28, 2): what a client's moves come to from one day to the other; NULL if none",
    },
    FunctionHelp {
        call: "listed(text)",
        gives: "aggregate, text: the texts in their order, with commas between them",
    },
    FunctionHelp {
        call: "named_on_largest(name, amount, document_id, source)",
        gives: "aggregate, text: the name on the document of the largest amount; of equal amounts on \
                the first by document_id, then by source",
    },
    FunctionHelp {
        call: "value_limits(annual_value, client)",
        gives: "aggregate, {gold_value, gold_client, silver_value, …, a_…, b_…}: the last client of \
                each tier and class, by value and then by number",
    },
    FunctionHelp {
        call: "tier_of(annual_value, client, limits)",
        gives: "text: gold, silver or copper, by what value_limits gives",
    },
    FunctionHelp {
        call: "abc_of(annual_value, client, limits)",
        gives: "text: A, B or C, by what value_limits gives",
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
    FunctionHelp {
        call: "callers(rows, people)",
        gives: "list of {client_key, caller}: to each of the rows, {client_key, settled, role, lost_by, \
                passed_over} in the order of the list, who calls: settled, else of the people, {manager, \
                role}, the one of the row's role who has the fewest rows so far and is neither lost_by nor \
                passed_over",
    },
    FunctionHelp {
        call: "phrase(name, …)",
        gives: "text: the phrase of that name in the project's language, with numbers and days as the \
                language writes them; NULL where anything said in it is NULL",
    },
    FunctionHelp {
        call: "plain_name(text)",
        gives: "text: the name of a firm in lower case, without its legal form",
    },
    FunctionHelp {
        call: "plain_phones(text)",
        gives: "list of text: the last ten digits of each phone",
    },
    FunctionHelp { call: "plain_mails(text)", gives: "list of text: each mail in lower case" },
    FunctionHelp {
        call: "nearest_names(name, clients)",
        gives: "text: of the clients, one list of {client_key, name} for all, the three names that share \
                a word with the name and are most like it; NULL where none is",
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

/// Registers all functions for a run as of `as_of` that speaks `language`.
pub(super) fn register(
    session: &SessionContext,
    settings: &Settings,
    language: Language,
    as_of: Day,
) {
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
    session.register_udf(ScalarUDF::from(NearestNames::new()));
    for what in [What::Name, What::Phones, What::Mails] {
        session.register_udf(ScalarUDF::from(Plain::new(what)));
    }
    session.register_udf(ScalarUDF::from(Callers::new()));
    session.register_udf(ScalarUDF::from(Told::new(language)));
    session.register_udf(ScalarUDF::from(TaxId::normal()));
    session.register_udf(ScalarUDF::from(TaxId::state()));
    session.register_udaf(AggregateUDF::from(Collect::new(FitOdds)));
    session.register_udaf(AggregateUDF::from(Collect::new(Listed)));
    session.register_udaf(AggregateUDF::from(Collect::new(NamedOnLargest)));
    for function in calendar {
        session.register_udf(ScalarUDF::from(Function::new(function, settings.fiscal)));
    }
    let (rules, fiscal) = (settings.history, settings.fiscal);
    let given = given(settings, as_of);
    let history = History { rules, fiscal, as_of };
    let min_purchases = given.direction_min_purchases;
    let of_directions = DirectionHistories { history: history.clone(), min_purchases };
    session.register_udaf(AggregateUDF::from(Collect::new(history)));
    session.register_udaf(AggregateUDF::from(Collect::new(of_directions)));
    let shares = ["value_tiers_gold", "value_tiers_silver", "value_abc_a", "value_abc_b"];
    let shares = shares.map(|name| share(settings, name));
    session.register_udaf(AggregateUDF::from(Collect::new(Limits(shares))));
    session.register_udf(ScalarUDF::from(Moved::new()));
    session.register_udf(ScalarUDF::from(ClassOf::new(By::Tier)));
    session.register_udf(ScalarUDF::from(ClassOf::new(By::Abc)));
    session.register_udf(ScalarUDF::from(Rhythm::new(Which::Whole, given)));
    session.register_udf(ScalarUDF::from(Rhythm::new(Which::Direction, given)));
}

/// What cycles, thresholds and spells depend on.
fn given(settings: &Settings, as_of: Day) -> Given {
    let days = |name: &str| match settings.scalars.get(name) {
        Some(Value::Integer(days)) => Some(*days),
        _ => None,
    };
    let base = match settings.scalars.get("cycle_base") {
        Some(Value::Text(base)) if base == "company" => Base::Company,
        Some(Value::Text(base)) if base == "segment" => Base::Segment,
        _ => Base::Client,
    };
    Given {
        settings: rhythm::Settings {
            base,
            shrunk: settings.history.method == Method::Shrunk,
            fixed_days: days("cycle_fixed_days"),
            default_days: days("cycle_default_days").unwrap_or(0),
            min_days: days("sleep_min_days").unwrap_or(0),
            max_days: days("sleep_max_days").unwrap_or(i64::MAX),
        },
        fiscal: settings.fiscal,
        as_of,
        tail_days: days("refusal_tail_days").and_then(|it| i32::try_from(it).ok()).unwrap_or(0),
        direction_min_purchases: days("direction_min_purchases")
            .and_then(|it| usize::try_from(it).ok())
            .unwrap_or(0),
    }
}

/// The share that the setting `name` is.
fn share(settings: &Settings, name: &str) -> Share {
    let text = match settings.scalars.get(name) {
        Some(Value::Decimal(text)) => text.as_str(),
        _ => "0",
    };
    Share { parts: ten_thousandths(text).unwrap_or(0), of: 10_000 }
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
