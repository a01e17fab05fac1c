//! `run --profile`: what each model took.

use super::print;
use crate::error::Result;
use crate::lake::{StepRecord, read_record};
use crate::run::Workspace;

/// Prints the models of `run`: time, rows out, rows that their plans went through, and the tables
/// that a plan went through more than once.
pub(super) async fn print(workspace: &Workspace, run: &str, json: bool) -> Result<()> {
    let record = read_record(&workspace.lake, run).await?;
    let models = record.steps.iter().filter(|step| step.kind == "model");
    if !json {
        print::line(format!("{:>8}  {:>13}  {:>13}  model", "ms", "rows out", "rows read"));
    }
    for step in models {
        let rows =
            |name: &str| step.rows.iter().find(|(key, _)| key == name).map_or(0, |row| row.1);
        if json {
            let object = serde_json::json!({
                "model": step.name,
                "milliseconds": step.milliseconds,
                "rows_out": rows("out"),
                "rows_read": rows("read"),
                "scans": scans(step).collect::<std::collections::BTreeMap<_, _>>(),
            });
            print::json(object.to_string());
            continue;
        }
        let again: Vec<String> = scans(step)
            .filter(|(_, count)| *count > 1)
            .map(|(table, count)| format!("{table} ×{count}"))
            .collect();
        let again =
            if again.is_empty() { String::new() } else { format!("  ({})", again.join(", ")) };
        print::line(format!(
            "{:>8}  {:>13}  {:>13}  {}{again}",
            print::grouped(step.milliseconds),
            print::grouped(rows("out")),
            print::grouped(rows("read")),
            step.name
        ));
    }
    Ok(())
}

/// The tables that a model's plan went through, and how often.
fn scans(step: &StepRecord) -> impl Iterator<Item = (&str, u64)> {
    let rows = step.rows.iter();
    rows.filter_map(|(key, count)| Some((key.strip_prefix("scans ")?, *count)))
}
