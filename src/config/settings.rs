//! `domain:` settings: defaults, checked values, and the SQL parameters they become.
//!
//! Keeps true: every point on which practitioners differ is a setting here with the README's
//! default; shares and multiples are exact decimals, never floating point.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::canonical::SALES_TYPES;
use super::text::Checker;
use super::yaml::{Spanned, at};
use crate::domain::calendar::{Fiscal, to_day};
use crate::domain::history::{Method, Rules};
use crate::names;

/// The value of a SQL parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A decimal, as its text.
    Decimal(String),
    /// A text.
    Text(String),
    /// A calendar day.
    Date(chrono::NaiveDate),
    /// NULL of a whole number.
    NoInteger,
    /// NULL of a day.
    NoDate,
}

/// When a client of a sales type counts as asleep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SleepRule {
    /// Cycles without a purchase, as a decimal; `None` where days decide.
    pub cycles: Option<String>,
    /// Days without a purchase; `None` means never.
    pub days: Option<i64>,
    /// Whether a deal lost to a competitor counts as a refusal of the whole client.
    pub lost_deal: bool,
}

/// Which documents of a source are purchases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseKind {
    /// The source.
    pub source: String,
    /// `shipment`, `paid_invoice`, `invoice` or `order`.
    pub kind: String,
    /// The first day it holds for.
    pub from: Option<chrono::NaiveDate>,
    /// The last day it holds for.
    pub until: Option<chrono::NaiveDate>,
}

/// The checked settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The fiscal calendar.
    pub fiscal: Fiscal,
    /// Days after the end of a quarter until its books are closed.
    pub settle_days: i32,
    /// What the history of purchases depends on.
    pub history: Rules,
    /// Scalar settings by parameter name, without `$`.
    pub scalars: BTreeMap<&'static str, Value>,
    /// A rule per sales type, in the order of [`SALES_TYPES`].
    pub sleep_rules: Vec<(&'static str, SleepRule)>,
    /// Purchase kinds where given.
    pub purchase_kinds: Vec<PurchaseKind>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    fiscal_year_start: Option<Spanned<u32>>,
    history_from: Option<Spanned<String>>,
    #[serde(default)]
    purchase_kind: Vec<PurchaseKindMirror>,
    sales_type: Option<Spanned<String>>,
    client_key: Option<Spanned<String>>,
    tax_id_min_length: Option<Spanned<u32>>,
    tax_id_ignore: Option<Spanned<String>>,
    tax_id_max_clients: Option<Spanned<u32>>,
    #[serde(default)]
    cycle: CycleMirror,
    #[serde(default)]
    sleep: SleepMirror,
    #[serde(default)]
    lost: LostMirror,
    #[serde(default)]
    watch: WatchMirror,
    #[serde(default)]
    overdue: OverdueMirror,
    #[serde(default)]
    refusal: RefusalMirror,
    #[serde(default)]
    value: ValueMirror,
    #[serde(default)]
    list: ListMirror,
    #[serde(default)]
    norms: NormsMirror,
    #[serde(default)]
    rates: RatesMirror,
    #[serde(default)]
    conversion: ConversionMirror,
    #[serde(default)]
    quarters: QuartersMirror,
    #[serde(default)]
    direction: DirectionMirror,
}

impl Mirror {
    /// The fiscal calendar, where it is given and one.
    pub(super) fn fiscal(&self) -> Option<Fiscal> {
        Fiscal::new(self.fiscal_year_start.as_ref()?.value)
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PurchaseKindMirror {
    source: Spanned<String>,
    kind: Spanned<String>,
    from: Option<Spanned<String>>,
    until: Option<Spanned<String>>,
}

macro_rules! mirror {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Deserialize, Default, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $name { $($field: Option<Spanned<$kind>>,)* }
    };
}

mirror!(CycleMirror {
    base: String,
    fixed_days: u32,
    method: String,
    min_purchases: u32,
    window: String,
    quantile: String,
    min_clients: u32,
    default_days: u32,
});
mirror!(LostMirror { after_days: u32 });
mirror!(WatchMirror { purchases: u32 });
mirror!(OverdueMirror { grace_days: u32 });
mirror!(RefusalMirror { tail_days: u32 });
mirror!(ListMirror { closed: String, lost_twice: String });
mirror!(NormsMirror { fine: String, alarm: String });
mirror!(RatesMirror { max_age_days: u32 });
mirror!(DirectionMirror { min_purchases: u32 });
mirror!(QuartersMirror { settle_days: u32 });
mirror!(ConversionMirror { cycles: String, min_days: u32 });
mirror!(TiersMirror { gold: String, silver: String });

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ValueMirror {
    #[serde(default)]
    tiers: TiersMirror,
    small: Option<Spanned<String>>,
    small_potential: Option<Spanned<String>>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SleepMirror {
    #[serde(default)]
    rules: BTreeMap<String, Spanned<RuleMirror>>,
    min_days: Option<Spanned<u32>>,
    max_days: Option<Spanned<u32>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RuleMirror {
    Cycles(Spanned<String>),
    Days(Spanned<String>),
    LostDeal(LostDealMirror),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LostDealMirror {
    days: Spanned<String>,
}

/// `text` as a whole number of 10^-`places`; `None` where it is no plain decimal of that scale.
pub(super) fn parse_decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// The largest number of days, purchases or clients that a setting may name.
const MAX_INTEGER: u32 = 100_000;

fn integer(check: &mut Checker<'_>, value: Option<&Spanned<u32>>, default: i64) -> Value {
    if let Some(written) = value.filter(|written| written.value > MAX_INTEGER) {
        check.fault_hint(
            at(written),
            format!("{} is out of bounds", written.value),
            format!("write a whole number up to {MAX_INTEGER}"),
        );
    }
    Value::Integer(value.map_or(default, |value| i64::from(value.value)))
}

/// Reports `upper` where it is below `lower`.
fn ordered<T>(
    check: &mut Checker<'_>,
    names: (&str, &str),
    (lower, upper): (&Value, &Value),
    places: [Option<&Spanned<T>>; 2],
) {
    let number = |value: &Value| match value {
        Value::Integer(number) => number.checked_mul(10_000),
        Value::Decimal(text) => parse_decimal(text, 4),
        _ => None,
    };
    if let (Some(low), Some(high)) = (number(lower), number(upper))
        && low > high
        && let Some(place) = places.into_iter().flatten().next()
    {
        check.fault_hint(
            at(place),
            format!("{} lies above {}", names.0, names.1),
            format!("let {} be at least {}", names.1, names.0),
        );
    }
}

fn decimal(
    check: &mut Checker<'_>,
    value: Option<&Spanned<String>>,
    default: &str,
    places: usize,
) -> Value {
    let Some(written) = value else {
        return Value::Decimal(default.to_owned());
    };
    if parse_decimal(&written.value, places).is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a decimal with at most {places} places", written.value),
            format!("write as {default}"),
        );
    }
    Value::Decimal(written.value.clone())
}

fn word(
    check: &mut Checker<'_>,
    value: Option<&Spanned<String>>,
    default: &str,
    known: &[&str],
) -> String {
    let Some(written) = value else {
        return default.to_owned();
    };
    if !known.contains(&written.value.as_str()) {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not one of the choices", written.value),
            names::suggest(&written.value, known.iter().copied()),
        );
    }
    written.value.clone()
}

/// A day written `YYYY-MM-DD`; anything else is a fault.
pub(super) fn date(
    check: &mut Checker<'_>,
    written: &Spanned<String>,
) -> Option<chrono::NaiveDate> {
    let parsed = written.value.parse().ok();
    if parsed.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a day", written.value),
            "write YYYY-MM-DD, as 2026-09-30",
        );
    }
    parsed
}

/// A time as `500ms`, `60s`, `15m` or `2h`; anything else is a fault.
pub(super) fn duration(
    check: &mut Checker<'_>,
    written: &Spanned<String>,
) -> Option<chrono::TimeDelta> {
    let text = written.value.as_str();
    let split = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let milliseconds = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    let number: Option<i64> = number.parse().ok().filter(|number| (1..=100_000).contains(number));
    let duration = number.zip(milliseconds);
    if duration.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{text}\" is not a time"),
            "write a number with its unit, as 500ms, 60s, 15m or 2h",
        );
    }
    duration.map(|(number, unit)| chrono::TimeDelta::milliseconds(number * unit))
}

fn months(check: &mut Checker<'_>, value: Option<&Spanned<String>>, default: u32) -> u32 {
    let Some(written) = value else { return default };
    let number =
        written.value.strip_suffix("months").map(str::trim).and_then(|text| text.parse().ok());
    if let Some(number) = number.filter(|number| (1..=1200).contains(number)) {
        number
    } else {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a number of months", written.value),
            format!("write as \"{default} months\""),
        );
        default
    }
}

fn days(check: &mut Checker<'_>, written: &Spanned<String>) -> Option<i64> {
    if written.value == "never" {
        return None;
    }
    let days = written.value.parse().ok().filter(|days| (1..=100_000).contains(days));
    if days.is_none() {
        check.fault_hint(
            at(written),
            format!("\"{}\" is not a number of days", written.value),
            "write a whole number of days, or never",
        );
    }
    days
}

const METHODS: &[&str] = &["mean_gap", "median_gap", "quantile", "window_rate", "shrunk"];
const PURCHASE_KINDS: &[&str] = &["shipment", "paid_invoice", "invoice", "order"];

/// Checks the settings; what is wrong goes to the checker's faults.
pub(super) fn settings(check: &mut Checker<'_>, mirror: &Mirror) -> Settings {
    let fiscal = mirror.fiscal_year_start.as_ref().map_or(Fiscal::new(1), |month| {
        let fiscal = Fiscal::new(month.value);
        if fiscal.is_none() {
            check.fault(at(month), "fiscal_year_start is a month, 1 to 12");
        }
        fiscal
    });
    let cycle = &mirror.cycle;
    let quantile = decimal(check, cycle.quantile.as_ref(), "0.75", 6);
    let method = match word(check, cycle.method.as_ref(), "mean_gap", METHODS).as_str() {
        "median_gap" => Method::MedianGap,
        "quantile" => Method::Quantile(millionths(&quantile)),
        "window_rate" => Method::WindowRate,
        "shrunk" => Method::Shrunk,
        _ => Method::MeanGap,
    };
    let history = Rules {
        method,
        min_purchases: cycle.min_purchases.as_ref().map_or(3, |value| value.value),
        window_months: months(check, cycle.window.as_ref(), 12),
    };
    if let Some(min) = cycle.min_purchases.as_ref().filter(|min| min.value < 2) {
        check.fault(at(min), "cycle.min_purchases below 2 gives no gap to measure");
    }
    let scalars = scalars(check, mirror, method, &quantile, history);
    let settle_days = integer(check, mirror.quarters.settle_days.as_ref(), 20);
    Settings {
        fiscal: fiscal.unwrap_or_else(calendar_year),
        settle_days: match settle_days {
            Value::Integer(days) => i32::try_from(days).unwrap_or(20),
            _ => 20,
        },
        history,
        scalars,
        sleep_rules: sleep_rules(check, &mirror.sleep),
        purchase_kinds: purchase_kinds(check, &mirror.purchase_kind),
    }
}

fn calendar_year() -> Fiscal {
    Fiscal::calendar_year()
}

fn millionths(quantile: &Value) -> u32 {
    let Value::Decimal(text) = quantile else {
        return 750_000;
    };
    parse_decimal(text, 6)
        .and_then(|value| u32::try_from(value).ok())
        .unwrap_or(750_000)
        .min(1_000_000)
}

fn scalars(
    check: &mut Checker<'_>,
    mirror: &Mirror,
    method: Method,
    quantile: &Value,
    history: Rules,
) -> BTreeMap<&'static str, Value> {
    let cycle = &mirror.cycle;
    let base = word(check, cycle.base.as_ref(), "client", &["client", "segment", "company"]);
    let text = |value: String| Value::Text(value);
    let fixed = cycle.fixed_days.as_ref();
    let fixed = fixed.map_or(Value::NoInteger, |days| integer(check, Some(days), 0));
    let mut scalars = BTreeMap::from([
        ("cycle_base", text(base)),
        ("cycle_shrunk", Value::Integer(i64::from(method == Method::Shrunk))),
        ("cycle_min_purchases", Value::Integer(i64::from(history.min_purchases))),
        ("cycle_window", Value::Integer(i64::from(history.window_months))),
        ("cycle_min_clients", integer(check, cycle.min_clients.as_ref(), 30)),
        ("cycle_default_days", integer(check, cycle.default_days.as_ref(), 90)),
        ("cycle_fixed_days", fixed),
        ("sleep_min_days", integer(check, mirror.sleep.min_days.as_ref(), 14)),
        ("sleep_max_days", integer(check, mirror.sleep.max_days.as_ref(), 730)),
        ("lost_after_days", integer(check, mirror.lost.after_days.as_ref(), 365)),
        ("watch_purchases", integer(check, mirror.watch.purchases.as_ref(), 2)),
        ("overdue_grace_days", integer(check, mirror.overdue.grace_days.as_ref(), 5)),
        ("refusal_tail_days", integer(check, mirror.refusal.tail_days.as_ref(), 0)),
        ("direction_min_purchases", integer(check, mirror.direction.min_purchases.as_ref(), 3)),
        ("rates_max_age_days", integer(check, mirror.rates.max_age_days.as_ref(), 10)),
        ("conversion_min_days", integer(check, mirror.conversion.min_days.as_ref(), 30)),
        ("tax_id_min_length", integer(check, mirror.tax_id_min_length.as_ref(), 8)),
        ("tax_id_max_clients", integer(check, mirror.tax_id_max_clients.as_ref(), 5)),
    ]);
    let sales_type = word(check, mirror.sales_type.as_ref(), "transactional", SALES_TYPES);
    scalars.insert("sales_type", text(sales_type));
    let key = word(check, mirror.client_key.as_ref(), "tax_id", &["tax_id", "client_id"]);
    scalars.insert("client_key", text(key));
    let ignore: String = mirror
        .tax_id_ignore
        .as_ref()
        .map_or_else(|| "^$".to_owned(), |ignore| check.string(ignore));
    scalars.insert("tax_id_ignore", text(ignore.clone()));
    if let (Err(error), Some(written)) = (regex::Regex::new(&ignore), &mirror.tax_id_ignore) {
        let error = error.to_string();
        let error = error.lines().last().unwrap_or_default().to_owned();
        check.fault_hint(
            at(written),
            format!("\"{ignore}\" is not a regular expression: {error}"),
            "write one as Rust's regex crate reads it",
        );
    }
    let closed =
        word(check, mirror.list.closed.as_ref(), "exclude", &["exclude", "successor_check"]);
    scalars.insert("list_closed", text(closed));
    let twice = ["exclude", "keep", "any_spell"];
    let twice = word(check, mirror.list.lost_twice.as_ref(), "exclude", &twice);
    scalars.insert("list_lost_twice", text(twice));
    let tiers = &mirror.value.tiers;
    for (name, written, default, places) in [
        ("value_tiers_gold", &tiers.gold, "0.75", 4),
        ("value_tiers_silver", &tiers.silver, "0.95", 4),
        ("value_small", &mirror.value.small, "0", 2),
        ("value_small_potential", &mirror.value.small_potential, "0", 2),
        ("norms_fine", &mirror.norms.fine, "0.10", 4),
        ("norms_alarm", &mirror.norms.alarm, "0.20", 4),
        ("conversion_cycles", &mirror.conversion.cycles, "1.5", 4),
    ] {
        scalars.insert(name, decimal(check, written.as_ref(), default, places));
    }
    let one = Value::Decimal("1".to_owned());
    let (gold, silver) = (tiers.gold.as_ref(), tiers.silver.as_ref());
    let (fine, alarm) = (mirror.norms.fine.as_ref(), mirror.norms.alarm.as_ref());
    for (names, values, places) in [
        (
            ("value.tiers.gold", "value.tiers.silver"),
            ("value_tiers_gold", "value_tiers_silver"),
            [gold, silver],
        ),
        (("norms.fine", "norms.alarm"), ("norms_fine", "norms_alarm"), [fine, alarm]),
    ] {
        ordered(check, names, (&scalars[values.0], &scalars[values.1]), places);
        ordered(check, (names.1, "1"), (&scalars[values.1], &one), [places[1], None]);
    }
    let days = (&scalars["sleep_min_days"], &scalars["sleep_max_days"]);
    let places = [mirror.sleep.min_days.as_ref(), mirror.sleep.max_days.as_ref()];
    ordered(check, ("sleep.min_days", "sleep.max_days"), days, places);
    ordered(check, ("cycle.quantile", "1"), (quantile, &one), [cycle.quantile.as_ref(), None]);
    let from = mirror.history_from.as_ref().and_then(|written| date(check, written));
    scalars.insert("history_from", from.map_or(Value::NoDate, Value::Date));
    scalars
}

fn sleep_rules(check: &mut Checker<'_>, mirror: &SleepMirror) -> Vec<(&'static str, SleepRule)> {
    for (name, rule) in &mirror.rules {
        if !SALES_TYPES.contains(&name.as_str()) {
            check.fault_hint(
                at(rule),
                format!("sales type \"{name}\" is not known"),
                names::suggest(name, SALES_TYPES.iter().copied()),
            );
        }
    }
    let rule = |cycles: Option<&str>, days, lost_deal| SleepRule {
        cycles: cycles.map(str::to_owned),
        days,
        lost_deal,
    };
    SALES_TYPES
        .iter()
        .map(|name| {
            let given = mirror.rules.get(*name).map(|rule| &rule.value);
            let rule = match given {
                Some(RuleMirror::Cycles(cycles)) => {
                    let value = decimal(check, Some(cycles), "2", 4);
                    let most = Value::Decimal("1000".to_owned());
                    ordered(check, ("cycles", "1000"), (&value, &most), [Some(cycles), None]);
                    rule(Some(&cycles.value), None, false)
                }
                Some(RuleMirror::Days(written)) => rule(None, days(check, written), false),
                Some(RuleMirror::LostDeal(lost)) => rule(None, days(check, &lost.days), true),
                None if *name == "transactional" => rule(Some("2"), None, false),
                None if *name == "transactional_consultative" => rule(Some("1"), None, false),
                None => rule(None, Some(730), true),
            };
            (*name, rule)
        })
        .collect()
}

fn purchase_kinds(check: &mut Checker<'_>, mirrors: &[PurchaseKindMirror]) -> Vec<PurchaseKind> {
    let mut kinds: Vec<PurchaseKind> = Vec::new();
    for mirror in mirrors {
        let kind = PurchaseKind {
            source: mirror.source.value.clone(),
            kind: word(check, Some(&mirror.kind), "shipment", PURCHASE_KINDS),
            from: mirror.from.as_ref().and_then(|written| date(check, written)),
            until: mirror.until.as_ref().and_then(|written| date(check, written)),
        };
        let span = |kind: &PurchaseKind| {
            (kind.from.map_or(i32::MIN, to_day), kind.until.map_or(i32::MAX, to_day))
        };
        let overlaps = kinds.iter().any(|other| {
            let ((from, until), (other_from, other_until)) = (span(&kind), span(other));
            other.source == kind.source && from <= other_until && other_from <= until
        });
        if overlaps {
            check.fault_hint(
                at(&mirror.source),
                format!("source \"{}\" has two purchase kinds for one day", kind.source),
                "give \"until\" to the earlier and \"from\" to the later",
            );
        }
        kinds.push(kind);
    }
    kinds
}
