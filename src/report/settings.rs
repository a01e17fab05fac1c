//! The settings in force, each with what the schema of the declarations says of it.

use std::collections::BTreeMap;

use chrono::Datelike;
use serde_json::Value as Json;

use super::dictionary::single;
use super::page::{Block, Line, Section, code, marked, plain};
use crate::config::schemas;
use crate::config::settings::{PurchaseKind, Settings, SleepRule, Value, defaults};
use crate::domain::calendar::to_date;
use crate::domain::history::Method;
use crate::error::{Error, Kind, Result};

/// What is told of a value that nothing gives.
const ABSENT: &str = "none";

/// Every setting of `settings`, with its default where that differs, and its meaning.
pub(super) fn section(settings: &Settings) -> Result<Section> {
    let described = described()?;
    let default = values(&defaults());
    let rows = values(settings).into_iter().map(|(name, value)| {
        let default = default.get(&name).map_or(ABSENT, String::as_str);
        let default = if value == default { plain("") } else { shown(default) };
        let (key, meaning) = match described.get(&name) {
            Some((key, meaning)) => (code(key), marked(meaning)),
            None => (code(format!("${name}")), plain("made of other settings, for models")),
        };
        vec![key, shown(&value), default, meaning]
    });
    let head = vec!["Setting", "In force", "Default, if another", "Meaning"];
    let table = Block::Table(head, rows.collect());
    let mut parts = vec![single("sleep-rules", "Sleep rules", vec![sleep_rules(settings)])];
    let kinds = &settings.purchase_kinds;
    if !kinds.is_empty() {
        parts.push(single("purchase-kinds", "Purchase kinds", vec![purchase_kinds(kinds)]));
    }
    Ok(Section { parts, ..single("settings", "Settings in force", vec![table]) })
}

fn shown(value: &str) -> Line {
    if value == ABSENT { plain(value) } else { code(value) }
}

/// Every setting that is one value or a short list, by the name its SQL parameter has or would
/// have.
fn values(settings: &Settings) -> BTreeMap<String, String> {
    let scalars = settings.scalars.iter();
    let mut values: BTreeMap<String, String> =
        scalars.map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    if let Some(window) = values.get_mut("cycle_window") {
        window.push_str(" months");
    }
    let list = |items: &[String]| match items {
        [] => ABSENT.to_owned(),
        items => items.join(", "),
    };
    let (method, quantile) = match settings.history.method {
        Method::MeanGap => ("mean_gap", None),
        Method::MedianGap => ("median_gap", None),
        Method::Quantile(millionths) => ("quantile", Some(millionths)),
        Method::WindowRate => ("window_rate", None),
        Method::Shrunk => ("shrunk", None),
    };
    let equivalents = settings.equivalents.iter();
    let equivalents: Vec<String> =
        equivalents.map(|(name, cost)| format!("{name}: {cost}")).collect();
    let year_start = settings.fiscal.parse_quarter("2000Q1");
    let year_start = year_start.map_or(1, |(first, _)| to_date(first).month());
    for (name, value) in [
        ("cycle_method", method.to_owned()),
        ("equivalents", list(&equivalents)),
        ("fiscal_year_start", year_start.to_string()),
        ("list_also", list(&settings.list_also)),
        ("list_tiers", list(&settings.list_tiers)),
        ("quarters_settle_days", settings.settle_days.to_string()),
    ] {
        values.insert(name.to_owned(), value);
    }
    if let Some(millionths) = quantile {
        let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
        let text = format!("{whole}.{rest:06}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        values.insert("cycle_quantile".to_owned(), text.to_owned());
    }
    values
}

fn text(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        Value::Decimal(text) | Value::Text(text) | Value::Condition(text) => text.clone(),
        Value::Date(day) => day.to_string(),
        Value::Boolean(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::NoInteger | Value::NoDecimal | Value::NoDate => ABSENT.to_owned(),
    }
}

/// Each key of `domain:` with its description, by the name its SQL parameter has or would have.
fn described() -> Result<BTreeMap<String, (String, String)>> {
    let schemas = schemas();
    let root = schemas.iter().find(|(path, _)| path.ends_with("/project.json"));
    let domain = root.and_then(|(_, root)| Some((root, root.pointer("/properties/domain")?)));
    let Some((root, domain)) = domain else {
        return Err(Error::new(Kind::Defect, "the schema of the project has no key \"domain\""));
    };
    let mut found = BTreeMap::new();
    describe(root, domain, "", &mut found);
    Ok(found)
}

fn describe(root: &Json, node: &Json, path: &str, found: &mut BTreeMap<String, (String, String)>) {
    let Some(keys) = resolved(root, node).get("properties").and_then(Json::as_object) else {
        return;
    };
    for (key, child) in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let meaning = child.get("description").and_then(Json::as_str).unwrap_or_default();
        // Docstrings are wrapped where the source's lines end.
        let meaning = meaning.split_whitespace().collect::<Vec<_>>().join(" ");
        found.insert(path.replace('.', "_"), (path.clone(), meaning));
        describe(root, child, &path, found);
    }
}

/// What `node` refers to, whether outright, beside a description, or as one that may be absent.
fn resolved<'a>(root: &'a Json, node: &'a Json) -> &'a Json {
    let choices = ["allOf", "anyOf"].iter().find_map(|key| node.get(key)?.as_array());
    let node = choices.and_then(|choices| choices.first()).unwrap_or(node);
    let target = node.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix('#'));
    target.and_then(|path| root.pointer(path)).unwrap_or(node)
}

fn sleep_rules(settings: &Settings) -> Block {
    let asleep = |rule: &SleepRule| match (&rule.cycles, rule.days) {
        (Some(cycles), _) => format!("{cycles} cycles without a purchase"),
        (None, Some(days)) => format!("{days} days without a purchase"),
        (None, None) => "never by silence".to_owned(),
    };
    let rows = settings.sleep_rules.iter().map(|(sales_type, rule)| {
        let role = settings.roles.iter().find(|(name, _)| name == sales_type);
        let lost_deal = if rule.lost_deal { "yes" } else { "no" };
        vec![
            code(*sales_type),
            plain(asleep(rule)),
            plain(lost_deal),
            code(role.map_or(ABSENT, |(_, role)| role)),
        ]
    });
    let head = vec!["Sales type", "Asleep after", "Or by a lost deal", "Called by"];
    Block::Table(head, rows.collect())
}

fn purchase_kinds(kinds: &[PurchaseKind]) -> Block {
    let rows = kinds.iter().map(|kind| {
        let day = |day: Option<chrono::NaiveDate>, open: &str| {
            plain(day.map_or_else(|| open.to_owned(), |day| day.to_string()))
        };
        let (from, until) = (day(kind.from, "the beginning"), day(kind.until, "the end"));
        vec![code(&kind.source), code(&kind.kind), from, until]
    });
    Block::Table(vec!["System", "Purchases are", "From", "Until"], rows.collect())
}

#[cfg(test)]
mod tests {
    use super::{defaults, described, values};

    #[test]
    fn every_setting_has_a_key_and_a_meaning() {
        let described = described().unwrap();
        let (key, meaning) = &described["cycle_min_purchases"];
        assert_eq!(key, "cycle.min_purchases");
        assert!(meaning.ends_with("3 by default."), "{meaning}");
        for name in values(&defaults()).keys().filter(|name| *name != "cycle_shrunk") {
            let meaning = described.get(name).map_or("", |(_, meaning)| meaning);
            assert!(!meaning.is_empty(), "{name} has no description");
        }
    }

    #[test]
    fn settings_that_are_not_given_are_told_as_they_are_written() {
        let values = values(&defaults());
        for (name, value) in [
            ("cycle_window", "12 months"),
            ("cycle_method", "mean_gap"),
            ("fiscal_year_start", "1"),
            ("history_from", "none"),
            ("list_tiers", "gold, silver, copper"),
            ("quarters_settle_days", "20"),
            ("rules_do_not_contact", "on"),
        ] {
            assert_eq!(values[name], value, "{name}");
        }
    }
}
