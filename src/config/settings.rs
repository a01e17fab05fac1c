//! `domain:` settings: defaults, checked values, and the SQL parameters they become.
//!
//! Keeps true: every point on which practitioners differ is a setting here with the README's
//! default; shares and multiples are exact decimals, never floating point.

use std::collections::BTreeMap;

use super::canonical::{CONTACT_KINDS, SALES_TYPES};
use super::condition;
use super::fault::Faults;
use super::settings_mirror::{Mirror, PurchaseKindMirror, RuleMirror, SleepMirror, Switch};
use super::text::{Checker, Env};
use super::values::{date, decimal, integer, months, ordered, parse_decimal, whole, word};
use super::yaml::{Spanned, at};
use crate::domain::calendar::{Fiscal, to_day};
use crate::domain::history::{Method, Rules};
use crate::names;
use crate::secret::Redactor;

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
    /// True or false.
    Boolean(bool),
    /// A SQL condition, checked.
    Condition(String),
    /// NULL of a whole number.
    NoInteger,
    /// NULL of a decimal.
    NoDecimal,
    /// NULL of a day.
    NoDate,
}

/// Tiers of clients by annual value.
pub const TIERS: &[&str] = &["gold", "silver", "copper"];

/// The signs of `client_signs`.
pub const SIGNS: &[&str] = &[
    "silence",
    "no_requests",
    "requests_without_order",
    "no_answer",
    "detractor",
    "complaint",
    "no_outreach",
    "late_delivery",
    "falling_volume",
    "falling_frequency",
    "falling_invoices",
    "falling_paid_share",
    "drifting",
];

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
    /// Who should call, by sales type, in the order of [`SALES_TYPES`].
    pub roles: Vec<(&'static str, String)>,
    /// Tiers that are listed.
    pub list_tiers: Vec<String>,
    /// Signs for which an awake client stands on the call list.
    pub list_also: Vec<String>,
    /// Signs that put a client on the list of those who fade.
    pub list_fading: Vec<String>,
    /// Kinds of contacts by which a client may be woken.
    pub channels: Vec<String>,
    /// Units that lost value is told in, with what one costs.
    pub equivalents: Vec<(String, String)>,
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
        roles: roles(check, mirror),
        list_tiers: words(check, mirror.list.tiers.as_ref(), TIERS),
        list_also: words(check, Some(&mirror.list.also), &SIGNS[1..]),
        list_fading: words(check, mirror.list.fading.as_ref(), &SIGNS[1..]),
        channels: match &mirror.channels.allowed {
            None => ["call", "visit"].map(str::to_owned).to_vec(),
            Some(allowed) => words(check, Some(&allowed.value), CONTACT_KINDS),
        },
        equivalents: equivalents(check, mirror),
    }
}

/// The words of a list, each one of `known`; all of these where nothing is written.
fn words(
    check: &mut Checker<'_>,
    written: Option<&Vec<Spanned<String>>>,
    known: &[&str],
) -> Vec<String> {
    match written {
        None => known.iter().map(|word| (*word).to_owned()).collect(),
        Some(written) => {
            written.iter().map(|one| word(check, Some(one), known[0], known)).collect()
        }
    }
}

/// The settings where none is given.
///
/// # Panics
/// Never: the defaults have no faults.
#[must_use]
pub fn defaults() -> Settings {
    let (mut redactor, mut faults) = (Redactor::default(), Faults::default());
    let mut check = Checker {
        file: "",
        text: "",
        env: &Env::default(),
        redactor: &mut redactor,
        faults: &mut faults,
    };
    settings(&mut check, &Mirror::default())
}

fn roles(check: &mut Checker<'_>, mirror: &Mirror) -> Vec<(&'static str, String)> {
    for (name, role) in &mirror.list.role {
        known_sales_type(check, name, at(role));
    }
    SALES_TYPES
        .iter()
        .map(|name| {
            let default = match *name {
                "consultative" | "strategic" => "account_manager",
                _ => "developer",
            };
            let written = mirror.list.role.get(*name).map(|role| check.string(role));
            (*name, written.unwrap_or_else(|| default.to_owned()))
        })
        .collect()
}

fn equivalents(check: &mut Checker<'_>, mirror: &Mirror) -> Vec<(String, String)> {
    mirror
        .equivalents
        .iter()
        .filter_map(|(name, written)| {
            if !names::is_name(name) {
                check.fault_hint(
                    at(written),
                    format!("\"{name}\" is not a name"),
                    "use lower-case letters, digits and _",
                );
            }
            let cost = decimal(check, Some(written), "850000", 2);
            match cost {
                Value::Decimal(cost) if parse_decimal(&cost, 2).is_some_and(|cost| cost > 0) => {
                    Some((name.clone(), cost))
                }
                Value::Decimal(cost) if parse_decimal(&cost, 2).is_some() => {
                    check.fault_hint(
                        at(written),
                        format!("{name} costs nothing"),
                        "write what one costs in the base currency",
                    );
                    None
                }
                _ => None,
            }
        })
        .collect()
}

fn known_sales_type(check: &mut Checker<'_>, name: &str, place: (usize, usize)) {
    if !SALES_TYPES.contains(&name) {
        check.fault_hint(
            place,
            format!("sales type \"{name}\" is not known"),
            names::suggest(name, SALES_TYPES.iter().copied()),
        );
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
    let (cycle, signs) = (&mirror.cycle, &mirror.signs);
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
        ("conversion_min_attempts", integer(check, mirror.conversion.min_attempts.as_ref(), 10)),
        ("conversion_min_days", integer(check, mirror.conversion.min_days.as_ref(), 30)),
        ("tax_id_min_length", integer(check, mirror.tax_id_min_length.as_ref(), 8)),
        ("tax_id_max_clients", integer(check, mirror.tax_id_max_clients.as_ref(), 5)),
        ("signs_no_request_months", integer(check, signs.no_request_months.as_ref(), 3)),
        ("signs_requests", integer(check, signs.requests.as_ref(), 3)),
        ("signs_unanswered", integer(check, signs.unanswered.as_ref(), 3)),
        ("signs_score_months", integer(check, signs.score_months.as_ref(), 12)),
        ("signs_neglect_days", integer(check, signs.neglect_days.as_ref(), 180)),
        ("signs_request_window_days", integer(check, signs.request_window_days.as_ref(), 30)),
        ("follow_up_days", integer(check, mirror.follow_up.days.as_ref(), 2)),
        ("follow_up_late_days", integer(check, mirror.follow_up.late_days.as_ref(), 7)),
        ("follow_up_drop_days", integer(check, mirror.follow_up.drop_days.as_ref(), 60)),
        ("odds_horizon_days", integer(check, mirror.odds.horizon_days.as_ref(), 90)),
        ("key_contact_days", integer(check, mirror.key.contact_days.as_ref(), 180)),
        ("key_visit_months", integer(check, mirror.key.visit_months.as_ref(), 12)),
        ("data_stale_months", integer(check, mirror.data.stale_months.as_ref(), 12)),
        ("rules_head_silent_days", integer(check, mirror.rules.head_silent_days.as_ref(), 7)),
        ("odds_min_clients", integer(check, mirror.odds.min_clients.as_ref(), 200)),
    ]);
    let rules = &mirror.rules;
    for (name, switch) in [
        ("rules_called_by_loser", &rules.called_by_loser),
        ("rules_unknown_reason_same_manager", &rules.unknown_reason_same_manager),
        ("rules_do_not_contact", &rules.do_not_contact),
        ("rules_lost_twice_attempted", &rules.lost_twice_attempted),
        ("rules_judged_early", &rules.judged_early),
        ("rules_letter_after_call", &rules.letter_after_call),
        ("rules_listed_not_called", &rules.listed_not_called),
        ("rules_head_silent", &rules.head_silent),
        ("rules_woken_before_survey", &rules.woken_before_survey),
        ("rules_offended_without_improvement", &rules.offended_without_improvement),
        ("rules_mail_only", &rules.mail_only),
        ("rules_same_problem_again", &rules.same_problem_again),
    ] {
        let on = switch.as_ref().is_none_or(|switch| switch.value == Switch::On);
        scalars.insert(name, Value::Boolean(on));
    }
    let is = word(check, mirror.client_is.as_ref(), "purchaser", &["purchaser", "negotiated"]);
    scalars.insert("client_is", text(is));
    let amounts = word(check, mirror.amounts.as_ref(), "with_tax", &["with_tax", "without_tax"]);
    scalars.insert("amounts", text(amounts));
    let orders = ["expected_gain", "annual_value", "return_odds", "days_asleep"];
    let order = word(check, mirror.list.order.as_ref(), "expected_gain", &orders);
    scalars.insert("list_order", text(order));
    let only = mirror.list.only.as_ref();
    let only = only.map_or_else(|| "true".to_owned(), |only| condition::on_clients(check, only));
    scalars.insert("list_only", Value::Condition(only));
    let since = mirror.list.since.as_ref().and_then(|written| date(check, written));
    scalars.insert("list_since", since.map_or(Value::NoDate, Value::Date));
    let cost = mirror.acquisition_cost.as_ref();
    let cost = cost.map_or(Value::NoDecimal, |cost| decimal(check, Some(cost), "1000", 2));
    scalars.insert("acquisition_cost", cost);
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
    let list = &mirror.list;
    for (name, written, choices) in [
        ("list_in_attempt", &list.in_attempt, ["mark", "exclude"]),
        ("list_gold_by", &list.gold_by, ["off", "head"]),
        ("list_unknown_reason", &list.unknown_reason, ["another", "anyone"]),
    ] {
        scalars.insert(name, text(word(check, written.as_ref(), choices[0], &choices)));
    }
    let most = list.max_attempts.as_ref().map_or(Some(3), |most| whole(check, most, "attempts"));
    scalars.insert("list_max_attempts", most.map_or(Value::NoInteger, Value::Integer));
    let (tiers, abc, xyz) = (&mirror.value.tiers, &mirror.value.abc, &mirror.value.xyz);
    let (conversion, odds) = (&mirror.conversion, &mirror.odds);
    for (name, written, default, places) in [
        ("value_tiers_gold", &tiers.gold, "0.75", 4),
        ("value_tiers_silver", &tiers.silver, "0.95", 4),
        ("value_small", &mirror.value.small, "0", 2),
        ("value_small_potential", &mirror.value.small_potential, "0", 2),
        ("norms_fine", &mirror.norms.fine, "0.10", 4),
        ("norms_alarm", &mirror.norms.alarm, "0.20", 4),
        ("conversion_cycles", &conversion.cycles, "1.5", 4),
        ("conversion_calls_alone", &conversion.calls_alone, "0.05", 4),
        ("conversion_average", &conversion.average, "0.30", 4),
        ("conversion_best", &conversion.best, "0.61", 4),
        ("value_abc_a", &abc.a, "0.80", 4),
        ("value_abc_b", &abc.b, "0.95", 4),
        ("value_xyz_x", &xyz.x, "0.50", 4),
        ("value_xyz_y", &xyz.y, "1.00", 4),
        ("signs_volume_drop", &signs.volume_drop, "0.50", 4),
        ("signs_frequency_drop", &signs.frequency_drop, "1.5", 4),
        ("list_keep_rate", &list.keep_rate, "0.5", 4),
        ("restatements_min_share", &mirror.restatements.min.share, "0.001", 4),
        ("restatements_min_amount", &mirror.restatements.min.amount, "0", 2),
        ("odds_fixed_r", &odds.fixed_r, "1", 4),
        ("odds_fixed_a", &odds.fixed_a, "0.5", 4),
        ("odds_fixed_b", &odds.fixed_b, "2", 4),
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
        (
            ("value.abc.a", "value.abc.b"),
            ("value_abc_a", "value_abc_b"),
            [abc.a.as_ref(), abc.b.as_ref()],
        ),
        (
            ("conversion.calls_alone", "conversion.average"),
            ("conversion_calls_alone", "conversion_average"),
            [conversion.calls_alone.as_ref(), conversion.average.as_ref()],
        ),
        (
            ("conversion.average", "conversion.best"),
            ("conversion_average", "conversion_best"),
            [conversion.average.as_ref(), conversion.best.as_ref()],
        ),
    ] {
        ordered(check, names, (&scalars[values.0], &scalars[values.1]), places);
        ordered(check, (names.1, "1"), (&scalars[values.1], &one), [places[1], None]);
    }
    for (name, written) in [
        ("odds.fixed_r", &odds.fixed_r),
        ("odds.fixed_a", &odds.fixed_a),
        ("odds.fixed_b", &odds.fixed_b),
    ] {
        if let Some(written) =
            written.as_ref().filter(|one| parse_decimal(&one.value, 4) == Some(0))
        {
            check.fault_hint(at(written), format!("{name} is 0"), "write a decimal above 0");
        }
    }
    let places = [xyz.x.as_ref(), xyz.y.as_ref()];
    let bounds = (&scalars["value_xyz_x"], &scalars["value_xyz_y"]);
    ordered(check, ("value.xyz.x", "value.xyz.y"), bounds, places);
    for (names, values, places) in [
        (
            ("follow_up.days", "follow_up.late_days"),
            ("follow_up_days", "follow_up_late_days"),
            [mirror.follow_up.days.as_ref(), mirror.follow_up.late_days.as_ref()],
        ),
        (
            ("follow_up.late_days", "follow_up.drop_days"),
            ("follow_up_late_days", "follow_up_drop_days"),
            [mirror.follow_up.late_days.as_ref(), mirror.follow_up.drop_days.as_ref()],
        ),
    ] {
        ordered(check, names, (&scalars[values.0], &scalars[values.1]), places);
    }
    let days = (&scalars["sleep_min_days"], &scalars["sleep_max_days"]);
    let places = [mirror.sleep.min_days.as_ref(), mirror.sleep.max_days.as_ref()];
    ordered(check, ("sleep.min_days", "sleep.max_days"), days, places);
    let keep_rate = (&scalars["list_keep_rate"], &one);
    ordered(check, ("list.keep_rate", "1"), keep_rate, [list.keep_rate.as_ref(), None]);
    ordered(check, ("cycle.quantile", "1"), (quantile, &one), [cycle.quantile.as_ref(), None]);
    let from = mirror.history_from.as_ref().and_then(|written| date(check, written));
    scalars.insert("history_from", from.map_or(Value::NoDate, Value::Date));
    scalars
}

fn sleep_rules(check: &mut Checker<'_>, mirror: &SleepMirror) -> Vec<(&'static str, SleepRule)> {
    for (name, rule) in &mirror.rules {
        known_sales_type(check, name, at(rule));
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
                Some(RuleMirror::Days(written)) => rule(None, whole(check, written, "days"), false),
                Some(RuleMirror::LostDeal(lost)) => {
                    rule(None, whole(check, &lost.days, "days"), true)
                }
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
