//! What `inspect` tells of an export.

use std::collections::BTreeMap;

use super::inspect_target::Target;
use super::print;
use crate::config::presets;
use crate::pull::inspect::{Found, Meaning, Proposal};
use crate::pull::map::Tally;
use crate::run::Trial;

fn money(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let whole = u64::try_from(hundredths.unsigned_abs() / 100).unwrap_or(u64::MAX);
    format!("{sign}{}.{:02}", print::grouped(whole), hundredths.unsigned_abs() % 100)
}

/// What to say of rows that contradict each other.
fn contradiction(found: &Found, trial: &Trial) -> Option<String> {
    let lines = found.table.as_ref().is_some_and(|table| table.lines);
    let todo = if lines {
        "make the id longer, as document_id: { join: [Series, Number] }"
    } else {
        "where they are lines of one document, write group_by: [kind, document_id]; else make the id \
         longer, as document_id: { join: [Series, Number] }"
    };
    let rows = print::grouped(trial.contradicting);
    (trial.contradicting > 0).then(|| {
        format!("{rows} rows have a key in common and other values: a run rejects them; {todo}")
    })
}

/// The counts of all exports.
fn counts(trial: &Trial) -> [u64; 5] {
    let tallies = || trial.exports.iter().map(|export| &export.tally);
    let sum = |get: fn(&Tally) -> u64| tallies().map(get).sum();
    [
        sum(|tally| tally.read),
        sum(|tally| tally.loaded),
        sum(|tally| tally.rejected + tally.rejected_by_rule),
        sum(|tally| tally.skipped),
        sum(|tally| tally.recognised),
    ]
}

/// Prints what was found and counted as lines.
pub(super) fn lines(
    target: &Target,
    found: &Found,
    proposal: Option<&Proposal>,
    trial: Option<&Trial>,
) {
    let line = |what: &str, text: &str| print::line(format!("{what:<11} {text}"));
    line("file", &target.export.name);
    line("format", found.kind.name());
    if let Some(preset) = proposal.and_then(|proposal| proposal.preset) {
        let description = presets::description(preset).unwrap_or_default();
        line("preset", &format!("{preset}: {}", description.trim_end_matches('.')));
    }
    if !found.charset.is_empty() {
        line("charset", &found.charset);
    }
    match found.separator {
        Some('\t') => line("separator", "tab"),
        Some(separator) => line("separator", &format!("\"{separator}\"")),
        None => {}
    }
    if let Some(row) = found.header_row() {
        line("header", &format!("row {row}"));
    }
    if let Some(order) = found.dates() {
        line("dates", &order);
    }
    if let Some(table) = &found.table {
        for (header, meaning) in table.columns.iter().zip(&table.meanings) {
            if !header.is_empty() {
                let meaning = meaning.map_or("", |meaning| meaning.word());
                line("column", format!("{header:<28} {meaning}").trim_end());
            }
        }
        if let Some(total) = &table.total {
            line("total row", &format!("row {}, \"{}\"", total.row, total.word));
        }
    }
    let proposed = proposal.iter().flat_map(|proposal| &proposal.notes);
    for note in found.notes.iter().chain(proposed) {
        line("note", note);
    }
    for guess in proposal.iter().flat_map(|proposal| &proposal.guesses) {
        line("guess", guess);
    }
    let Some(trial) = trial else { return };
    for note in trial.exports.iter().flat_map(|export| &export.notes) {
        line("note", note);
    }
    let [read, loaded, rejected, skipped, recognised] = counts(trial);
    line(
        "rows",
        &format!(
            "{read} read: {loaded} loaded, {rejected} rejected, {skipped} left out by rule, \
             {recognised} totals and blanks"
        ),
    );
    for (table, rows) in &trial.tables {
        line("table", &format!("{table}, {} rows", print::grouped(*rows)));
    }
    let several = trial.documents.iter().any(|sum| sum.currency != trial.documents[0].currency);
    for sum in &trial.documents {
        let amount = |amount, rows| {
            let currency = if several { format!(" {}", sum.currency) } else { String::new() };
            format!("{}{currency} in {} rows", money(amount), print::grouped(rows))
        };
        let cancelled = match sum.cancelled {
            0 => String::new(),
            rows => format!(", cancelled: {}", amount(sum.cancelled_amount, rows)),
        };
        line("sum", &format!("{}: {}{cancelled}", sum.kind, amount(sum.amount, sum.rows)));
    }
    if let Some(told) = contradiction(found, trial) {
        line("keys", &told);
    }
    for reject in &trial.rejects {
        let column = if reject.column.is_empty() { "" } else { &reject.column };
        line(
            "reject",
            &format!("row {} {column}: \"{}\" {}", reject.row, reject.value, reject.message),
        );
    }
}

/// Prints the same as one object.
pub(super) fn json(
    target: &Target,
    found: &Found,
    proposal: Option<&Proposal>,
    trial: Option<&Trial>,
) {
    let columns = found.table.as_ref().map(|table| {
        let named = table.columns.iter().zip(&table.meanings);
        let columns = named.map(|(header, meaning)| {
            serde_json::json!({ "header": header, "meaning": meaning.map(Meaning::word) })
        });
        columns.collect::<Vec<_>>()
    });
    let total = found.table.as_ref().and_then(|table| table.total.as_ref());
    let counts = trial.map(counts);
    let plain = |amount| money(amount).replace(' ', "");
    let documents = trial.map(|trial| {
        let sums = trial.documents.iter().map(|sum| {
            serde_json::json!({
                "kind": sum.kind,
                "currency": sum.currency,
                "rows": sum.rows,
                "sum": plain(sum.amount),
                "cancelled": { "rows": sum.cancelled, "sum": plain(sum.cancelled_amount) },
            })
        });
        sums.collect::<Vec<_>>()
    });
    let rejects = trial.map(|trial| {
        let rejects = trial.rejects.iter().map(|reject| {
            serde_json::json!({
                "row": reject.row,
                "column": reject.column,
                "value": reject.value,
                "message": reject.message,
            })
        });
        rejects.collect::<Vec<_>>()
    });
    let proposed = proposal.iter().flat_map(|proposal| &proposal.notes);
    let read = trial.iter().flat_map(|trial| &trial.exports).flat_map(|export| &export.notes);
    let notes: Vec<&String> = found.notes.iter().chain(proposed).chain(read).collect();
    let line = serde_json::json!({
        "file": target.export.name,
        "format": found.kind.name(),
        "preset": proposal.and_then(|proposal| proposal.preset),
        "charset": found.charset,
        "separator": found.separator,
        "header_row": found.header_row(),
        "dates": found.dates(),
        "columns": columns,
        "total_row": total.map(|total| total.row),
        "rows": counts.map(|[read, loaded, rejected, skipped, recognised]| serde_json::json!({
            "read": read,
            "loaded": loaded,
            "rejected": rejected,
            "skipped": skipped,
            "recognised": recognised,
        })),
        "tables": trial.map(|trial| trial.tables.iter().copied().collect::<BTreeMap<_, _>>()),
        "documents": documents,
        "rejects": rejects,
        "contradictions": trial.map(|trial| Vec::from_iter(contradiction(found, trial))),
        "guesses": proposal.map(|proposal| &proposal.guesses),
        "notes": notes,
        "pipeline": proposal.map(|proposal| &proposal.yaml),
    });
    print::json(line.to_string());
}
