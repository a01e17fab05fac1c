//! Made-up companies: lists, attempts and quarters against the naive twin.

use std::collections::{BTreeMap, BTreeSet};

use crate::made_up::{Shape, company, project};
use crate::naive::Day;
use crate::naive_reports::Twin;
use crate::naive_tables::Row;
use crate::project::Project;

/// The cells of a line of CSV.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            letter => cells.last_mut().unwrap().push(letter),
        }
    }
    cells
}

/// The rows of a published CSV as maps.
fn rows(project: &Project, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = project.read(&format!("published/latest/{table}.csv"));
    let mut lines = text.lines();
    let header = cells(lines.next().unwrap());
    lines.map(|line| header.iter().cloned().zip(cells(line)).collect()).collect()
}

/// Whether two cells say the same; doubles may differ in their last digits.
fn agree(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (left.parse::<f64>(), right.parse::<f64>()) {
        (Ok(left), Ok(right)) => (left - right).abs() <= 1e-8,
        _ => false,
    }
}

/// Every difference between what was published and what the twin says, as lines of text.
fn differences(
    table: &str,
    keys: usize,
    found: &[BTreeMap<String, String>],
    expected: &[Row],
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut matched = BTreeSet::new();
    let names: Vec<&str> = match expected.first() {
        Some(row) => row[..keys].iter().map(|(name, _)| *name).collect(),
        None => Vec::new(),
    };
    let mut by_key: BTreeMap<Vec<&str>, &BTreeMap<String, String>> = BTreeMap::new();
    for row in found {
        let key = names.iter().map(|name| row[*name].as_str()).collect();
        if by_key.insert(key, row).is_some() {
            differences.push(format!("{table}: twice {row:?}"));
        }
    }
    for row in expected {
        let key: Vec<&str> = row[..keys].iter().map(|(_, value)| value.as_str()).collect();
        let Some(found) = by_key.get(&key) else {
            differences.push(format!("{table}: missing {row:?}"));
            continue;
        };
        for (column, value) in &row[keys..] {
            if !agree(&found[*column], value) {
                let published = &found[*column];
                differences.push(format!(
                    "{table}: {key:?}: {column} is {published:?}, the twin has {value:?}"
                ));
            }
        }
        matched.insert(key);
    }
    for (key, row) in by_key {
        if !matched.contains(&key) {
            differences.push(format!("{table}: only published {row:?}"));
        }
    }
    differences
}

const LISTS: [&str; 13] = [
    "dim_clients",
    "fct_spells",
    "client_signs",
    "sleeping_clients",
    "never_ordered",
    "watchlist",
    "untouched",
    "list_changes",
    "follow_ups",
    "rule_breaches",
    "attempts",
    "value_bridge",
    "call_list",
];

fn lists(project: &Project, twin: &Twin) -> Vec<String> {
    let mut all = Vec::new();
    for table in LISTS {
        let found = rows(project, table);
        let (keys, expected) = match table {
            "dim_clients" => (1, twin.dim_clients()),
            "fct_spells" => (2, twin.fct_spells()),
            "client_signs" => (2, twin.client_signs()),
            "sleeping_clients" => (1, twin.sleeping_clients()),
            "never_ordered" => (1, twin.never_ordered()),
            "watchlist" => (1, twin.watchlist()),
            "untouched" => (1, twin.untouched()),
            "list_changes" => (3, twin.list_changes()),
            "follow_ups" => (3, twin.follow_ups()),
            "attempts" => (1, twin.attempt_rows()),
            "value_bridge" => (3, twin.value_bridge()),
            "call_list" => {
                all.extend(twin.faults_of_calls(&found));
                continue;
            }
            _ => (3, twin.rule_breaches()),
        };
        all.extend(differences(table, keys, &found, &expected));
    }
    all
}

const QUARTERS: [&str; 10] = [
    "return_conversion",
    "lost_again",
    "request_conversion",
    "invoice_losses",
    "manager_book",
    "data_coverage",
    "loss_cost",
    "pareto",
    "refusal_dynamics",
    "quarter_to_date",
];

/// Dimensions of an attempt that say something of its spell.
const OF_SPELLS: [&str; 9] = [
    "tier",
    "reason_group",
    "human_factor",
    "competitor",
    "attempt",
    "months_asleep",
    "sales_type",
    "region",
    "direction",
];

fn quarters(project: &Project, twin: &Twin) -> Vec<String> {
    let mut all = Vec::new();
    for table in QUARTERS {
        let mut found = rows(project, table);
        let (keys, expected) = match table {
            "return_conversion" => {
                found.retain(|row| row["kind"] != "period");
                // What is without a spell is held by the other dimensions.
                let of_spells =
                    |row: &BTreeMap<_, String>| OF_SPELLS.contains(&row["dimension"].as_str());
                found.retain(|row| row["base"] != "0" || !of_spells(row));
                let attempts = found.iter_mut().filter(|row| row["kind"] == "reactivation");
                for row in attempts.filter(|row| of_spells(row)) {
                    row.extend(["preventive", "kept"].map(|name| (name.to_owned(), "0".into())));
                }
                (4, [twin.reactivation(), twin.expected()].concat())
            }
            "lost_again" => (3, twin.lost_again()),
            "request_conversion" => (3, twin.request_conversion()),
            "invoice_losses" => (1, twin.invoice_losses()),
            "manager_book" => (2, twin.manager_book()),
            "data_coverage" => (2, twin.data_coverage()),
            "loss_cost" => (4, twin.loss_cost()),
            "pareto" => (2, twin.pareto()),
            "refusal_dynamics" => {
                found.retain(|row| row["scope"] == "client");
                (4, twin.refusal_dynamics())
            }
            _ => (1, twin.quarter_to_date()),
        };
        all.extend(differences(table, keys, &found, &expected));
    }
    all
}

fn held(shape: Shape, as_of: &str) {
    let as_of: Day = as_of.parse().unwrap();
    let company = company(shape, as_of);
    let twin = Twin::new(&company, as_of);
    let project = project(&company, as_of, &[&LISTS[..], &QUARTERS[..]].concat());
    project.run(&["run"]).ends_with(0);
    let all = [lists(&project, &twin), quarters(&project, &twin)].concat();
    let first = all.iter().take(40).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(all.is_empty(), "{shape:?}: {} differences:\n{first}", all.len());
}

#[test]
fn a_closed_quarter_is_as_plain_loops_have_it() {
    held(Shape { seed: 1, clients: 200, links: true, knows_waking: true }, "2026-09-30");
}

#[test]
fn a_running_quarter_is_as_plain_loops_have_it() {
    held(Shape { seed: 2, clients: 250, links: true, knows_waking: true }, "2026-08-17");
}

#[test]
fn documents_that_name_nothing_are_as_plain_loops_have_it() {
    held(Shape { seed: 3, clients: 250, links: false, knows_waking: false }, "2026-06-30");
}
