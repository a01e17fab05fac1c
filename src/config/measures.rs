//! The measures of quarterly tables in long form: a query written from a contract, by which a
//! quarter as it is now is held against the quarter as it was published.

use std::fmt::Write as _;

use super::contract::{Column, Contract};

/// Columns that say which quarter a row is of, beside its name.
const QUARTER: [&str; 3] = ["quarter", "quarter_start", "quarter_end"];

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

/// The query that turns rows of `table`, which `has` columns, into measures: quarter,
/// `table_name`, key (the other key columns as JSON), measured (measure and value).
#[must_use]
pub fn query(contract: &Contract, table: &str, has: &dyn Fn(&str) -> bool) -> String {
    let keys = contract.grain.iter().filter(|column| !QUARTER.contains(&column.as_str()));
    let keys: Vec<String> = keys
        .map(|column| format!("'\"{column}\":' || json_text(cast(\"{column}\" as varchar))"))
        .collect();
    let key = match keys.len() {
        0 => "'{}'".to_owned(),
        _ => format!("'{{' || {} || '}}'", keys.join(" || ',' || ")),
    };
    let mut structs = String::new();
    for column in measures(contract).filter(|column| has(&column.name)) {
        let comma = if structs.is_empty() { "" } else { "," };
        let name = &column.name;
        let _ = write!(
            structs,
            "{comma}\n            named_struct('measure', '{name}', 'value', \
             cast(\"{name}\" as decimal(38, 9)))"
        );
    }
    format!(
        "    select\n        quarter,\n        '{}' as table_name,\n        {key} as key,\n        \
         unnest([{structs}\n        ]) as measured\n    from {table}\n",
        contract.model
    )
}
