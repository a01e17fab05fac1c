//! A posting of a DATEV file → its row.
//!
//! Source: DATEV's description of posting keys. Keeps true: one between a debtor and another account
//! is the debtor's, whichever stands first; one between two debtors is nobody's.

use super::datev::COLUMNS;
use super::datev_chart::movement;
use super::datev_header::Header;
use crate::config::pipeline::Chart;
use crate::pull::value::Rows;

/// Whose posting it was.
pub(super) enum Posted {
    /// Nobody's of interest.
    Creditor,
    /// Two debtors'.
    BetweenDebtors,
    /// A debtor's; the first digits of its contra account, and what moves where that is known.
    Debtor { contra: u64, movement: Option<&'static str> },
}

/// Whether a posting key says that the posting reverses another (Generalumkehr): of two digits, the
/// first is 2, or 3, 6, 7 or 8 where it says something of taxes too.
fn reverses(key: &str) -> bool {
    let key = key.trim_start_matches('0');
    key.len() == 2 && key.starts_with(['2', '3', '6', '7', '8'])
}

/// Adds a posting.
pub(super) fn posting<'r>(
    header: &Header,
    chart: Option<Chart>,
    row: u64,
    field: impl Fn(usize) -> &'r str,
    rows: &mut Rows,
) -> Posted {
    let (side, account, contra) = (field(1), field(2), field(3));
    let amount = match field(0) {
        amount if amount.contains('.') => amount.to_owned(),
        amount => amount.replace(',', "."),
    };
    let flagged = field(9) == "1" || field(9).eq_ignore_ascii_case("g");
    let reversed = flagged || reverses(field(6));
    let (debtor, other, debit) = match (header.is_debtor(account), header.is_debtor(contra)) {
        (true, false) => (account, contra, side == "S"),
        (false, true) => (contra, account, side == "H"),
        (both, _) => ("", "", both),
    };
    let between = debtor.is_empty() && debit;
    let known = !debtor.is_empty();
    // A reversal is written on the same side with the opposite sign.
    let debit = debit != reversed;
    let contra_digits = header.first_digits(other).unwrap_or_default();
    let moved = movement(chart, contra_digits);
    let mut fault = String::new();
    let date = header.date(field(4)).unwrap_or_else(|why| {
        fault = why;
        field(4).to_owned()
    });
    if fault.is_empty() && !["S", "H"].contains(&side) {
        fault = format!("Soll/Haben-Kennzeichen is \"{side}\": expected S or H");
    }
    if fault.is_empty() && amount.starts_with('-') {
        fault = format!("Umsatz is \"{}\": expected no sign", field(0));
    }
    if let (true, true, Err([skr03, skr04])) = (fault.is_empty(), known, moved) {
        fault = format!(
            "account {other} is of a {skr03} in SKR03, of a {skr04} in SKR04, and nothing tells which \
             of them it is: declare it, as read: {{ datev: {{ chart: skr03 }} }}"
        );
    }
    let moved = moved.ok();
    let turned = format!("-{amount}");
    let told = |positive: bool| match (known, positive) {
        (false, _) => "",
        (true, true) => amount.as_str(),
        (true, false) => turned.as_str(),
    };
    let id = if known { [debtor, &date, field(7)].join("/") } else { String::new() };
    let currency = if field(5).is_empty() { header.currency.as_str() } else { field(5) };
    let fields: [&str; COLUMNS.len()] = [
        "posting",
        &id,
        field(7),
        &date,
        &amount,
        side,
        account,
        field(3),
        debtor,
        moved.filter(|_| known).unwrap_or_default(),
        told(debit),
        told(debit != (moved == Some("payment"))),
        field(8),
        if reversed { "true" } else { "false" },
        debtor,
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        currency,
        &fault,
    ];
    rows.add_record(row, &fields);
    match (known, between) {
        (true, _) => Posted::Debtor { contra: contra_digits, movement: moved },
        (false, true) => Posted::BetweenDebtors,
        (false, false) => Posted::Creditor,
    }
}

#[cfg(test)]
mod tests {
    use super::reverses;

    #[test]
    fn posting_keys_of_reversals_are_known() {
        for key in ["20", "23", "30", "39", "60", "70", "80", "0020", "083"] {
            assert!(reverses(key), "{key}");
        }
        for key in ["", "2", "3", "02", "9", "10", "40", "50", "90", "203", "2000"] {
            assert!(!reverses(key), "{key}");
        }
    }
}
