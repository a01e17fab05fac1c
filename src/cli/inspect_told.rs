//! What `inspect` tells of an export.

use super::inspect_count::{Contradiction, Count};
use super::inspect_file::Target;
use super::print;
use crate::config::presets;
use crate::pull::export::Reading;
use crate::pull::inspect::{Found, Meaning, Proposal};

fn money(hundredths: i128) -> String {
    let sign = if hundredths < 0 { "-" } else { "" };
    let whole = u64::try_from(hundredths.unsigned_abs() / 100).unwrap_or(u64::MAX);
    format!("{sign}{}.{:02}", print::grouped(whole), hundredths.unsigned_abs() % 100)
}

/// What rows of `table` contradict, and what to do.
fn contradiction(table: &str, found: &Contradiction) -> String {
    let Contradiction { rows, first: (one, other), grouped } = found;
    let todo = match (table, grouped) {
        ("documents", false) => {
            "where they are lines of one document, write group_by: [kind, document_id]; else make \
             the id longer, as document_id: { join: [Series, Number] }"
        }
        _ => "make the id longer, as document_id: { join: [Series, Number] }",
    };
    format!(
        "{} rows of {table} have a key in common and other values, as rows {one} and {other}: a run \
         rejects them; {todo}",
        print::grouped(*rows)
    )
}

/// Prints what was found and counted as lines.
pub(super) fn lines(
    target: &Target,
    found: &Found,
    proposal: Option<&Proposal>,
    counted: Option<&(Reading, Count)>,
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
    let Some((reading, count)) = counted else { return };
    for note in &reading.notes {
        line("note", note);
    }
    let tally = &reading.tally;
    line(
        "rows",
        &format!(
            "{} read: {} loaded, {} rejected, {} left out by rule, {} totals and blanks",
            tally.read,
            tally.loaded,
            tally.rejected + tally.rejected_by_rule,
            tally.skipped,
            tally.recognised
        ),
    );
    for (table, rows) in &count.rows {
        line("table", &format!("{table}, {} rows", print::grouped(*rows)));
    }
    for (kind, (rows, sum)) in &count.kinds {
        line("sum", &format!("{kind}: {} in {} rows", money(*sum), print::grouped(*rows)));
    }
    for (table, found) in &count.contradicting {
        line("keys", &contradiction(table, found));
    }
    for reject in &count.rejects {
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
    counted: Option<&(Reading, Count)>,
) {
    let columns = found.table.as_ref().map(|table| {
        let named = table.columns.iter().zip(&table.meanings);
        let columns = named.map(|(header, meaning)| {
            serde_json::json!({ "header": header, "meaning": meaning.map(Meaning::word) })
        });
        columns.collect::<Vec<_>>()
    });
    let total = found.table.as_ref().and_then(|table| table.total.as_ref());
    let tally = counted.map(|(reading, _)| &reading.tally);
    let sums = counted.map(|(_, count)| {
        let named = count.kinds.iter().map(|(kind, (rows, sum))| {
            (kind.clone(), serde_json::json!({ "rows": rows, "sum": money(*sum).replace(' ', "") }))
        });
        named.collect::<serde_json::Map<_, _>>()
    });
    let rejects = counted.map(|(_, count)| {
        let rejects = count.rejects.iter().map(|reject| {
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
    let read = counted.iter().flat_map(|(reading, _)| &reading.notes);
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
        "rows": tally.map(|tally| serde_json::json!({
            "read": tally.read,
            "loaded": tally.loaded,
            "rejected": tally.rejected + tally.rejected_by_rule,
            "skipped": tally.skipped,
            "recognised": tally.recognised,
        })),
        "tables": counted.map(|(_, count)| &count.rows),
        "documents": sums,
        "rejects": rejects,
        "contradictions": counted.map(|(_, count)| {
            let told = count.contradicting.iter().map(|(table, found)| contradiction(table, found));
            told.collect::<Vec<_>>()
        }),
        "notes": notes,
        "pipeline": proposal.map(|proposal| &proposal.yaml),
    });
    print::json(line.to_string());
}
