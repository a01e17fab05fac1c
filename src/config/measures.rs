//! The measures of every quarterly table as one long table: a model written from the contracts,
//! by which quarters as they are now are held against quarters as they were published.

use std::fmt::Write as _;

use super::contract::{Column, Contract};
use super::project::Model;

/// The model that holds the measures of all quarterly tables.
pub const QUARTERLY_MEASURES: &str = "int_quarterly_measures";

/// Columns that say which quarter a row is of, beside its name.
const QUARTER: [&str; 3] = ["quarter", "quarter_start", "quarter_end"];

/// Whether rows of the contract's table belong to quarters that, once closed, should stay as they
/// are.
#[must_use]
pub fn is_quarterly(contract: &Contract) -> bool {
    contract.grain.iter().any(|column| column == "quarter")
        && contract.settled.as_deref() != Some("false")
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

/// The query that turns rows of `table`, which has `columns`, into measures: quarter,
/// `table_name`, key (the other key columns as JSON), measure, value (NULL where the row is not
/// settled).
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
    let settled = contract.settled.as_deref().unwrap_or("true");
    let mut structs = String::new();
    for column in measures(contract).filter(|column| has(&column.name)) {
        let comma = if structs.is_empty() { "" } else { "," };
        let name = &column.name;
        let _ = write!(
            structs,
            "{comma}\n            named_struct('measure', '{name}', 'value', \
             case when {settled} then cast(\"{name}\" as decimal(38, 9)) else null end)"
        );
    }
    format!(
        "    select\n        quarter,\n        '{}' as table_name,\n        {key} as key,\n        \
         unnest([{structs}\n        ]) as measured\n    from {table}\n",
        contract.model
    )
}

/// The model of all quarterly tables among `contracts`; `None` where there is none.
pub(super) fn model<'a>(contracts: impl Iterator<Item = &'a Contract>) -> Option<Model> {
    let selects: Vec<String> = contracts
        .filter(|contract| is_quarterly(contract))
        .map(|contract| query(contract, &contract.model, &|_| true))
        .collect();
    if selects.is_empty() {
        return None;
    }
    let sql = format!(
        "-- The measures of every quarterly table, in long form; written from the contracts.\n\
         -- grain: one row per quarter, table_name, key and measure\n\
         with measured as (\n{}),\n\n\
         final as (\n    select\n        measured.quarter,\n        measured.table_name,\n        \
         measured.key,\n        measured.measured['measure'] as measure,\n        \
         measured.measured['value'] as value\n    from measured\n    \
         inner join kept_quarters\n        on measured.quarter = kept_quarters.quarter\n        \
         and measured.table_name = kept_quarters.table_name\n)\n\nselect * from final\n",
        selects.join("    union all\n")
    );
    Some(Model {
        name: QUARTERLY_MEASURES.to_owned(),
        file: "(written from the contracts)".to_owned(),
        layer: "intermediate".to_owned(),
        sql,
    })
}
