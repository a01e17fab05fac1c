//! Named parameters of models: `$as_of`, the quarter's days, every scalar setting of the domain.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray,
};
use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType as SqlType, ExactNumberInfo, Expr, Statement, TypedString,
    Value as SqlValue, ValueWithSpan, visit_expressions_mut,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::config::Project;
use crate::config::condition;
use crate::config::settings::{Settings, Value};
use crate::domain::calendar::{to_date, to_day};
use crate::error::Result;

/// Parameters by name, without `$`.
#[derive(Debug, Clone)]
pub(super) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    pub(super) fn new(settings: &Settings, currency: &str, as_of: NaiveDate) -> Self {
        let day = to_day(as_of);
        let date = |day| Value::Date(to_date(day));
        let mut values: BTreeMap<String, Value> = settings
            .scalars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        values.insert("as_of".to_owned(), Value::Date(as_of));
        values.insert("currency".to_owned(), Value::Text(currency.to_owned()));
        values.insert("quarter_start".to_owned(), date(settings.fiscal.quarter_start(day)));
        values.insert("quarter_end".to_owned(), date(settings.fiscal.quarter_end(day)));
        values.entry("backtest_at".to_owned()).or_insert(Value::NoDate);
        Self(values)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts values in place of the parameters of `statement`; an unknown one comes back with its
    /// place.
    pub(super) fn apply(&self, statement: &mut Statement) -> Option<(String, Span)> {
        let flow = visit_expressions_mut(statement, |expression| {
            let Expr::Value(ValueWithSpan { value: SqlValue::Placeholder(name), span }) =
                expression
            else {
                return ControlFlow::Continue(());
            };
            let span = *span;
            let value = name.strip_prefix('$').and_then(|name| self.0.get(name));
            match value {
                Some(value) => {
                    *expression = literal(value, span);
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break((name.clone(), span)),
            }
        });
        match flow {
            ControlFlow::Break(unknown) => Some(unknown),
            ControlFlow::Continue(()) => None,
        }
    }
}

fn literal(value: &Value, span: Span) -> Expr {
    let number = |text: String| Expr::Value(SqlValue::Number(text, false).with_span(span));
    let text =
        |text: &str| Expr::Value(SqlValue::SingleQuotedString(text.to_owned()).with_span(span));
    let null = || Expr::Value(SqlValue::Null.with_span(span));
    match value {
        Value::Integer(value) => cast(number(value.to_string()), SqlType::BigInt(None)),
        Value::Decimal(value) => {
            let places = value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
            let places = i64::try_from(places).unwrap_or(0);
            let info = ExactNumberInfo::PrecisionAndScale(18, places);
            cast(text(value), SqlType::Decimal(info))
        }
        Value::Text(value) => text(value),
        Value::Date(value) => Expr::TypedString(TypedString {
            data_type: SqlType::Date,
            value: SqlValue::SingleQuotedString(value.to_string()).with_span(span),
            uses_odbc_syntax: false,
        }),
        Value::Boolean(value) => Expr::Value(SqlValue::Boolean(*value).with_span(span)),
        // Checked when the declarations were read.
        Value::Condition(text) => match condition::parse(text) {
            Ok(expression) => Expr::Nested(Box::new(expression)),
            Err(_) => null(),
        },
        Value::NoDecimal => {
            cast(null(), SqlType::Decimal(ExactNumberInfo::PrecisionAndScale(18, 2)))
        }
        Value::NoInteger => cast(null(), SqlType::BigInt(None)),
        Value::NoDate => cast(null(), SqlType::Date),
    }
}

fn cast(expression: Expr, data_type: SqlType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expression),
        data_type,
        array: false,
        format: None,
    }
}

/// A small table by its name.
pub(super) type Named = (&'static str, RecordBatch);

/// The tables of [`SETTING_TABLES`]: settings that are maps or lists, what reports need, and what is
/// kept, which is empty until a run restates.
pub(super) fn setting_tables(project: &Project, settings: &Settings) -> Result<Vec<Named>> {
    let mut tables = kept()?;
    tables.extend(lists(settings)?);
    tables.push(reports(project)?);
    Ok(tables)
}

/// Settings that are maps or lists.
fn lists(settings: &Settings) -> Result<Vec<Named>> {
    let rules = &settings.sleep_rules;
    let cycles = rules.iter().map(|(_, rule)| rule.cycles.as_deref().and_then(ten_thousandths));
    let days = rules.iter().map(|(_, rule)| rule.days.and_then(|days| i32::try_from(days).ok()));
    let cycles: Decimal128Array = cycles.collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("sales_type", Arc::new(StringArray::from_iter_values(rules.iter().map(|(name, _)| name)))),
        ("cycles", Arc::new(cycles.with_precision_and_scale(18, 4)?)),
        ("days", Arc::new(days.collect::<Int32Array>())),
        (
            "lost_deal",
            Arc::new(BooleanArray::from_iter(rules.iter().map(|(_, rule)| Some(rule.lost_deal)))),
        ),
    ];
    let mut tables = vec![named("set_sleep_rules", columns)?];
    let kinds = &settings.purchase_kinds;
    let text = |get: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..kinds.len()).map(get)))
    };
    let dates = |get: &dyn Fn(usize) -> Option<NaiveDate>| -> ArrayRef {
        Arc::new((0..kinds.len()).map(|row| get(row).map(to_day)).collect::<Date32Array>())
    };
    let columns = vec![
        ("source", text(&|row| kinds[row].source.clone())),
        ("kind", text(&|row| kinds[row].kind.clone())),
        ("from_date", dates(&|row| kinds[row].from)),
        ("until_date", dates(&|row| kinds[row].until)),
    ];
    tables.push(named("set_purchase_kinds", columns)?);
    let texts = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let roles = &settings.roles;
    let columns = vec![
        ("sales_type", texts(roles.iter().map(|(name, _)| *name).collect())),
        ("role", texts(roles.iter().map(|(_, role)| role.as_str()).collect())),
    ];
    tables.push(named("set_list_roles", columns)?);
    for (name, column, words) in [
        ("set_list_tiers", "tier", &settings.list_tiers),
        ("set_list_also", "sign", &settings.list_also),
        ("set_list_fading", "sign", &settings.list_fading),
        ("set_channels", "channel", &settings.channels),
    ] {
        tables
            .push(named(name, vec![(column, texts(words.iter().map(String::as_str).collect()))])?);
    }
    let equivalents = &settings.equivalents;
    let costs: Decimal128Array = equivalents.iter().map(|(_, cost)| hundredths(cost)).collect();
    let columns = vec![
        ("unit", texts(equivalents.iter().map(|(unit, _)| unit.as_str()).collect())),
        ("cost", Arc::new(costs.with_precision_and_scale(18, 2)?) as ArrayRef),
    ];
    tables.push(named("set_equivalents", columns)?);
    Ok(tables)
}

/// What each report needs, as its contract says.
fn reports(project: &Project) -> Result<Named> {
    let contracts = project.contracts.values().filter(|contract| {
        project.models.get(&contract.model).is_some_and(|model| model.layer == "marts")
    });
    let needs: Vec<(&str, &str)> = contracts
        .flat_map(|contract| {
            let named = contract.needs.iter().map(String::as_str);
            let named: Vec<&str> =
                if contract.needs.is_empty() { vec!["documents"] } else { named.collect() };
            named.into_iter().map(|input| (contract.model.as_str(), input))
        })
        .collect();
    let texts = |values: Vec<&str>| -> ArrayRef { Arc::new(StringArray::from(values)) };
    let columns = vec![
        ("report", texts(needs.iter().map(|(report, _)| *report).collect())),
        ("input", texts(needs.iter().map(|(_, input)| *input).collect())),
    ];
    named("set_reports", columns)
}

/// The measures of kept quarters as they were published.
pub const KEPT_MEASURES: &str = "kept_measures";
/// The same as the same documents would give them today.
pub const MEASURES_NOW: &str = "measures_now";
/// The model that holds the one against the other.
pub const RESTATEMENTS: &str = "restatements";

/// Empty tables of what is kept; runs that restate give them rows.
fn kept() -> Result<Vec<Named>> {
    let texts = || -> ArrayRef { Arc::new(StringArray::from(Vec::<&str>::new())) };
    let tables = [KEPT_MEASURES, MEASURES_NOW].into_iter().map(|name| {
        let values = Decimal128Array::from(Vec::<i128>::new()).with_precision_and_scale(38, 9)?;
        let columns = vec![
            ("quarter", texts()),
            ("table_name", texts()),
            ("key", texts()),
            ("whole", texts()),
            ("measure", texts()),
            ("value", Arc::new(values) as ArrayRef),
            ("adds_up", Arc::new(BooleanArray::from(Vec::<bool>::new()))),
            ("cause", texts()),
        ];
        named(name, columns)
    });
    tables.collect()
}

/// The tables that settings and contracts become, and those of what is kept.
pub(super) const SETTING_TABLES: [&str; 11] = [
    KEPT_MEASURES,
    MEASURES_NOW,
    "set_sleep_rules",
    "set_purchase_kinds",
    "set_list_roles",
    "set_list_tiers",
    "set_list_also",
    "set_list_fading",
    "set_channels",
    "set_equivalents",
    "set_reports",
];

fn hundredths(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().ok()
}

/// A decimal of at most 4 places in units of 10⁻⁴.
pub(super) fn ten_thousandths(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<4}").parse().ok()
}

fn named(name: &'static str, columns: Vec<(&str, ArrayRef)>) -> Result<Named> {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    Ok((name, RecordBatch::try_from_iter_with_nullable(columns)?))
}
