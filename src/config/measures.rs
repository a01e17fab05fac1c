//! The measures of quarterly tables in long form: a query written from a contract, by which a
//! quarter as it is now is held against the quarter as it was published.

use std::fmt::Write as _;

use super::contract::{Column, Contract};

/// Columns that say which quarter a row is of, beside its name.
const QUARTER: [&str; 3] = ["quarter", "quarter_start", "quarter_end"];

/// Columns and dimensions that say what clients are now, whatever they were then.
const ATTRIBUTES: [&str; 4] = ["region", "industry", "manager", "sales_type"];

/// Whether rows of the contract's table belong to quarters, and have something to compare.
#[must_use]
pub fn is_quarterly(contract: &Contract) -> bool {
    contract.grain.iter().any(|column| column == "quarter")
        && contract.model != "restatements"
        && measures(contract).next().is_some()
}

fn is_number(column: &Column) -> bool {
    let kind = column.kind.as_str();
    ["integer", "bigint", "double"].contains(&kind) || kind.starts_with("decimal")
}

fn measures(contract: &Contract) -> impl Iterator<Item = &Column> {
    let keys = &contract.grain;
    contract.columns.iter().filter(|column| is_number(column) && !keys.contains(&column.name))
}

fn is_sum(column: &Column) -> bool {
    column.additive && ["integer", "bigint", "decimal(18, 2)"].contains(&column.kind.as_str())
}

/// Of the key columns `keys`, as JSON each, those without what clients are now, and when rows are split by
/// it; `None` where they never are.
fn whole(contract: &Contract, keys: &[String]) -> Option<(Vec<String>, String)> {
    let grain: Vec<&str> = contract.grain.iter().map(String::as_str).collect();
    let without = |column: &str| {
        let own = format!("'\"{column}\":'");
        keys.iter().filter(|key| !key.starts_with(&own)).cloned().collect::<Vec<_>>()
    };
    if grain.contains(&"dimension") && grain.contains(&"value") {
        let dimensions = ATTRIBUTES.map(|name| format!("'{name}'")).join(", ");
        return Some((without("value"), format!("\"dimension\" in ({dimensions})")));
    }
    let column = ATTRIBUTES.into_iter().find(|column| grain.contains(column))?;
    Some((without(column), "true".to_owned()))
}

/// The query that turns rows of `table`, which `has` columns, into measures: quarter, `table_name`, key
/// (the other key columns as JSON), whole (those that stay when rows that are split by what clients are
/// now are added up; NULL where they are not), measured (measure, value, and whether it adds up).
#[must_use]
pub fn query(contract: &Contract, table: &str, has: &dyn Fn(&str) -> bool) -> String {
    let keys = contract.grain.iter().filter(|column| !QUARTER.contains(&column.as_str()));
    let keys: Vec<String> = keys
        .map(|column| format!("'\"{column}\":' || json_text(cast(\"{column}\" as varchar))"))
        .collect();
    let json = |keys: &[String]| match keys.len() {
        0 => "'{}'".to_owned(),
        _ => format!("'{{' || {} || '}}'", keys.join(" || ',' || ")),
    };
    let (key, whole) = (json(&keys), whole(contract, &keys));
    let whole = whole.map_or_else(
        || "cast(null as varchar)".to_owned(),
        |(keys, split)| format!("case when {split} then {} else null end", json(&keys)),
    );
    let mut structs = String::new();
    for column in measures(contract).filter(|column| has(&column.name)) {
        let comma = if structs.is_empty() { "" } else { "," };
        let name = &column.name;
        let _ = write!(
            structs,
            "{comma}\n            named_struct('measure', '{name}', 'value', \
             cast(\"{name}\" as decimal(38, 9)), 'adds_up', {})",
            is_sum(column)
        );
    }
    format!(
        "    select\n        quarter,\n        '{}' as table_name,\n        {key} as key,\n        \
         {whole} as whole,\n        unnest([{structs}\n        ]) as measured\n    from {table}\n",
        contract.model
    )
}
