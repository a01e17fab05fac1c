//! The total that an export states, held against its rows.

use super::export::supplier;
use super::fetch::Export;
use super::map::Tally;
use crate::config::pipeline::Source;
use crate::error::Result;

/// Holds the control total against what was read.
pub(super) fn control(source: &Source, export: &Export, tally: &Tally) -> Result<()> {
    let Some(total) = &source.control_total else {
        return Ok(());
    };
    let money = |amount: i128| {
        let sign = if amount < 0 { "-" } else { "" };
        format!("{sign}{}.{:02}", amount.abs() / 100, amount.abs() % 100)
    };
    match tally.control_total {
        None if total.optional => Ok(()),
        None => Err(supplier(
            export,
            format!("no row \"{}\" with the control total was found", total.row),
            "the file is cut off; or write control_total: { …, optional: true }",
        )),
        Some((stated, _)) if stated == tally.control_sum => Ok(()),
        Some((stated, row)) => {
            let stated = if stated == i128::MAX { "no number".to_owned() } else { money(stated) };
            let unread = match tally.control_unread {
                0 => String::new(),
                rows => format!(" ({rows} rows hold no number there)"),
            };
            Err(supplier(
                export,
                format!(
                    "row {row}: control total of \"{}\" is {stated}, the rows above sum to {}{unread}",
                    total.header,
                    money(tally.control_sum)
                ),
                "rows are missing or misread: check the number format, or ask for the file again",
            ))
        }
    }
}
