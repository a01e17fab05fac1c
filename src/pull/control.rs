//! The total that an export states, held against its rows, and what stands below its end.

use super::fetch::{Export, supplier};
use super::map::{Tally, Unproven, written};
use crate::config::pipeline::Source;
use crate::error::{Error, Result};

/// Holds the control total, and the footer, against what was read.
pub(super) fn control(source: &Source, export: &Export, tally: &Tally) -> Result<()> {
    let found = &tally.control;
    if let Some((footer, row)) = found.below {
        return Err(supplier(
            export,
            format!(
                "row {row}: a record stands below row {footer}, which was taken for the footer"
            ),
            format!("correct \"footer\", so that row {footer} is none, or ask for the file again"),
        ));
    }
    let Some(total) = &source.control_total else {
        return Ok(());
    };
    let last = found.unproven.as_ref().filter(|it| found.proven.is_none_or(|row| row < it.row));
    match (found.proven, last) {
        (Some(_), None) if found.open == 0 => Ok(()),
        (Some(row), None) => Err(supplier(
            export,
            format!("{} rows stand below row {row}, the last control total", found.open),
            format!("the file is cut off, or row {row} sums up a part: correct control_total: row"),
        )),
        (None, None) if total.optional => Ok(()),
        (None, None) => Err(supplier(
            export,
            format!("no row \"{}\" with the control total was found", total.rows.join("\", \"")),
            "the file is cut off; or write control_total: { …, optional: true }",
        )),
        (_, Some(unproven)) => Err(differs(&total.header, export, unproven, found.unread)),
    }
}

fn differs(header: &str, export: &Export, unproven: &Unproven, unread: u64) -> Error {
    let Unproven { row, stated, sum } = unproven;
    let stated = stated.map_or("no number".to_owned(), written);
    let unread = match unread {
        0 => String::new(),
        rows => format!(" ({rows} rows hold no number there)"),
    };
    let sum = written(*sum);
    supplier(
        export,
        format!(
            "row {row}: control total of \"{header}\" is {stated}, the rows above sum to {sum}{unread}"
        ),
        "rows are missing or misread: check the number format, or ask for the file again",
    )
}
