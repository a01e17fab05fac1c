//! Exports whose number of rows is the very limit of a page or of a sheet: perhaps more was there.

/// Rows that a page of a web service or of a CRM's export holds at most.
const PAGES: [u64; 5] = [50, 100, 250, 500, 1000];

/// Rows below a header that a sheet of Excel holds at most: before 2007, and since.
const SHEETS: [u64; 2] = [65_535, 1_048_575];

/// What to tell of an export with so many `rows` below its header.
pub(super) fn note(rows: u64) -> Option<String> {
    if PAGES.contains(&rows) {
        Some(format!("exactly {rows} rows: perhaps one page of more"))
    } else if SHEETS.contains(&rows) {
        Some(format!("exactly {rows} rows: perhaps one page of more, a sheet holds no others"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::note;

    #[test]
    fn pitfall_13_a_full_page_and_a_full_sheet_are_told() {
        for rows in [50, 100, 250, 500, 1000, 65_535, 1_048_575] {
            let note = note(rows).unwrap();
            assert!(note.starts_with(&format!("exactly {rows} rows: perhaps one page")), "{note}");
        }
        for rows in [0, 49, 51, 101, 999, 65_536] {
            assert_eq!(note(rows), None);
        }
    }
}
