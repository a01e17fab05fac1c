//! The YAML of a contract, key by key, and its check.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::contract::{Check, Column, Condition, Contract, Limits, Promise, Sheet, UnitTest};
use super::text::Checker;
use super::yaml::{Spanned, at};
use super::{canonical, settings, settings_mirror, values};
use crate::language::Language;
use crate::names;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    /// What the table is.
    description: String,
    /// The columns whose values are unique together.
    grain: Vec<Spanned<String>>,
    /// Inputs without which the table has nothing to say: it is then reported as not available.
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    columns: Vec<ColumnMirror>,
    /// How the table looks in files that people open.
    #[serde(default)]
    sheet: SheetMirror,
    /// The columns that a sum over the table holds to one value each, as `dimension`: rows with
    /// different values of them count the same things again.
    #[serde(default)]
    additive_over: Vec<Spanned<String>>,
    #[serde(default)]
    checks: Vec<Spanned<CheckMirror>>,
    #[serde(default)]
    tests: Vec<TestMirror>,
}

#[derive(Deserialize, Default, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SheetMirror {
    /// The columns that are seen first, twelve at most; the others are grouped away behind them.
    #[serde(default)]
    columns: Vec<Spanned<String>>,
    /// What the rows are sorted by, as `[priority]` or `[idle_days desc, name]`.
    #[serde(default)]
    order: Vec<Spanned<String>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ColumnMirror {
    name: Spanned<String>,
    #[serde(rename = "type")]
    kind: Spanned<String>,
    description: String,
    /// Inputs without which the column is NULL or counts nothing.
    #[serde(default)]
    needs: Vec<Spanned<String>>,
    /// Its values are codes: files that people open tell them in the language of the project.
    #[serde(default)]
    coded: bool,
    /// Its values do not add up over rows: a mean, a median, a largest one.
    #[serde(default)]
    not_additive: bool,
}

macro_rules! promise {
    ($name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $($(#[$meta])* $field: $kind,)*
            severity: Option<Severity>,
            warn_if: Option<Spanned<String>>,
            error_if: Option<Spanned<String>>,
        }
    };
}

promise!(Columns { columns: Vec<Spanned<String>> });
promise!(Grain {});
promise!(AcceptedValues { column: Spanned<String>, values: Vec<String> });
promise!(Relationships { column: Spanned<String>, to: Spanned<String>, field: Spanned<String> });
promise!(RowCount { min: Option<u64>, max: Option<u64> });
promise!(Query { name: Spanned<String> });

#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Severity {
    Warn,
    Error,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum CheckMirror {
    NotNull(Columns),
    Unique(Columns),
    Grain(Grain),
    AcceptedValues(AcceptedValues),
    Relationships(Relationships),
    RowCount(RowCount),
    Query(Query),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TestMirror {
    name: String,
    as_of: Spanned<String>,
    /// Settings of `domain:` that the test is run with; the defaults otherwise.
    #[serde(default)]
    domain: Option<settings_mirror::Mirror>,
    /// The base currency that the test is run with; RUB by default, whatever the project's.
    currency: Option<Spanned<String>>,
    /// The language of sentences; `en` by default, whatever the project's.
    language: Option<Spanned<String>>,
    given: BTreeMap<String, String>,
    expect: String,
}

/// Checks a contract of `model`; what is wrong goes to the checker's faults.
pub(super) fn contract(check: &mut Checker<'_>, model: &str, mirror: &Mirror) -> Contract {
    let columns: Vec<Column> = mirror
        .columns
        .iter()
        .map(|column| {
            if !names::is_name(&column.name.value) {
                check.fault_hint(
                    at(&column.name),
                    format!("column \"{}\" is not a name", column.name.value),
                    "use lower-case letters, digits and _",
                );
            }
            Column {
                name: column.name.value.clone(),
                kind: column.kind.value.clone(),
                description: column.description.clone(),
                needs: needs(check, &column.needs),
                coded: column.coded,
                additive: !column.not_additive,
            }
        })
        .collect();
    let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let grain = mirror.grain.iter().map(|name| column(check, name, &known)).collect();
    let checks = mirror
        .checks
        .iter()
        .map(|entry| {
            let place = at(entry);
            let (promise, limits) = promise(check, &entry.value, &known);
            Check { place, promise, limits }
        })
        .collect();
    let tests = mirror
        .tests
        .iter()
        .filter_map(|test| {
            Some(UnitTest {
                name: test.name.clone(),
                as_of: values::date(check, &test.as_of)?,
                settings: test.domain.as_ref().map(|domain| settings::settings(check, domain)),
                currency: match &test.currency {
                    Some(currency) => values::currency(check, currency),
                    None => "RUB".to_owned(),
                },
                language: values::language(check, test.language.as_ref(), Language::En),
                given: test.given.clone().into_iter().collect(),
                expect: test.expect.clone(),
            })
        })
        .collect();
    Contract {
        file: check.file.to_owned(),
        model: model.to_owned(),
        description: mirror.description.clone(),
        needs: needs(check, &mirror.needs),
        grain,
        sheet: sheet(check, &mirror.sheet, &known),
        additive_over: mirror
            .additive_over
            .iter()
            .map(|name| column(check, name, &known))
            .collect(),
        columns,
        checks,
        tests,
    }
}

/// Columns that people see first.
const MOST_SEEN: usize = 12;

fn sheet(check: &mut Checker<'_>, mirror: &SheetMirror, known: &[&str]) -> Sheet {
    if let Some(more) = mirror.columns.get(MOST_SEEN) {
        let message =
            format!("a sheet shows {MOST_SEEN} columns first, not {}", mirror.columns.len());
        check.fault_hint(at(more), message, "name those that people work from; the others follow");
    }
    let columns = mirror.columns.iter().map(|name| column(check, name, known)).collect();
    let order = mirror.order.iter().map(|written| {
        let (name, descending) = match written.value.strip_suffix(" desc") {
            Some(name) => (name, true),
            None => (written.value.as_str(), false),
        };
        (column_at(check, at(written), name, known), descending)
    });
    Sheet { order: order.collect(), columns }
}

/// Inputs that are known; others are faults.
fn needs(check: &mut Checker<'_>, written: &[Spanned<String>]) -> Vec<String> {
    for name in written.iter().filter(|name| !canonical::is_input(&name.value)) {
        check.fault_hint(
            at(name),
            format!("\"{}\" is not an input", name.value),
            format!(
                "name a canonical table, or a kind of documents as documents.invoice, or a column \
                 as document_lines.cost: {}",
                names::suggest(&name.value, canonical::TABLES.iter().map(|table| table.name))
            ),
        );
    }
    written.iter().map(|name| name.value.clone()).collect()
}

fn column(check: &mut Checker<'_>, name: &Spanned<String>, known: &[&str]) -> String {
    column_at(check, at(name), &name.value, known)
}

fn column_at(check: &mut Checker<'_>, place: (usize, usize), name: &str, known: &[&str]) -> String {
    if !known.contains(&name) {
        check.fault_hint(
            place,
            format!("the contract has no column \"{name}\""),
            names::suggest(name, known.iter().copied()),
        );
    }
    name.to_owned()
}

fn promise(check: &mut Checker<'_>, mirror: &CheckMirror, known: &[&str]) -> (Promise, Limits) {
    macro_rules! limits {
        ($entry:expr) => {
            limits(check, $entry.severity, $entry.warn_if.as_ref(), $entry.error_if.as_ref())
        };
    }
    match mirror {
        CheckMirror::NotNull(entry) => {
            let names = entry.columns.iter().map(|name| column(check, name, known)).collect();
            (Promise::NotNull(names), limits!(entry))
        }
        CheckMirror::Unique(entry) => {
            let names = entry.columns.iter().map(|name| column(check, name, known)).collect();
            (Promise::Unique(names), limits!(entry))
        }
        CheckMirror::Grain(entry) => (Promise::Grain, limits!(entry)),
        CheckMirror::AcceptedValues(entry) => {
            let name = column(check, &entry.column, known);
            (Promise::AcceptedValues(name, entry.values.clone()), limits!(entry))
        }
        CheckMirror::Relationships(entry) => {
            let promise = Promise::Relationships {
                column: column(check, &entry.column, known),
                to: entry.to.value.clone(),
                field: entry.field.value.clone(),
            };
            (promise, limits!(entry))
        }
        CheckMirror::RowCount(entry) => (Promise::RowCount(entry.min, entry.max), limits!(entry)),
        CheckMirror::Query(entry) => (Promise::Query(entry.name.value.clone()), limits!(entry)),
    }
}

fn limits(
    check: &mut Checker<'_>,
    severity: Option<Severity>,
    warn_if: Option<&Spanned<String>>,
    error_if: Option<&Spanned<String>>,
) -> Limits {
    let mut condition = |written: Option<&Spanned<String>>| {
        let written = written?;
        let parsed = Condition::parse(&written.value);
        if parsed.is_none() {
            check.fault_hint(
                at(written),
                format!("\"{}\" is not a condition", written.value),
                "write as \"> 0\" or \">= 10\"",
            );
        }
        parsed
    };
    let (warn_if, error_if) = (condition(warn_if), condition(error_if));
    match (severity, error_if) {
        (Some(Severity::Warn), _) => {
            Limits { warn_if: Some(warn_if.unwrap_or(Condition::ANY)), error_if: None }
        }
        (_, Some(_)) => Limits { warn_if, error_if },
        (_, None) => Limits { warn_if, error_if: Some(Condition::ANY) },
    }
}
