//! A promise → the SQL that finds its offenders.

use std::collections::BTreeSet;

use crate::config::Project;
use crate::config::contract::{Contract, Promise};

/// SQL whose rows break `promise`; `None` for queries of their own.
pub(super) fn offenders_sql(contract: &Contract, promise: &Promise) -> Option<String> {
    let table = quoted(&contract.model);
    Some(match promise {
        Promise::NotNull(columns) => {
            let tests: Vec<String> =
                columns.iter().map(|column| format!("{} is null", quoted(column))).collect();
            format!("select * from {table} where {}", tests.join(" or "))
        }
        Promise::Unique(columns) => unique(&table, columns),
        Promise::Grain => unique(&table, &contract.grain),
        Promise::AcceptedValues(column, values) => {
            let values: Vec<String> =
                values.iter().map(|value| format!("'{}'", value.replace('\'', "''"))).collect();
            let column = quoted(column);
            format!("select * from {table} where {column} not in ({})", values.join(", "))
        }
        Promise::Relationships { column, to, field } => {
            let (column, to, field) = (quoted(column), quoted(to), quoted(field));
            format!(
                "select distinct child.{column} from {table} as child left anti join {to} as parent \
                 on child.{column} = parent.{field} where child.{column} is not null"
            )
        }
        Promise::RowCount(min, max) => {
            let min = min.map(|min| format!("count(*) < {min}"));
            let max = max.map(|max| format!("count(*) > {max}"));
            let tests: Vec<String> = min.into_iter().chain(max).collect();
            let tests = if tests.is_empty() { "false".to_owned() } else { tests.join(" or ") };
            format!("select count(*) as rows from {table} having {tests}")
        }
        Promise::Query(_) => return None,
    })
}

fn unique(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let columns = columns.join(", ");
    format!(
        "select {columns}, count(*) as rows from {table} group by {columns} having count(*) > 1"
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The models that the checks of `contract` read besides its own.
#[must_use]
pub fn reads(project: &Project, contract: &Contract) -> BTreeSet<String> {
    let mut reads = BTreeSet::new();
    for check in &contract.checks {
        match &check.promise {
            Promise::Relationships { to, .. } => {
                reads.insert(to.clone());
            }
            Promise::Query(name) => {
                if let Some(model) = project.check_queries.get(name) {
                    reads.extend(crate::transform::reads_of(model));
                }
            }
            _ => {}
        }
    }
    reads
}
