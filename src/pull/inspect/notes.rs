//! What is told of an export so that nobody takes a part of it for the whole.

use super::format::Kind;

/// Other sheets that are named.
const SHOWN_SHEETS: usize = 5;

/// Says that `others` have cells beside the sheet that is `taken`, and how to read them.
pub(super) fn other_sheets(taken: &str, others: &[String], kind: Kind) -> Option<String> {
    let first = others.first()?;
    let shown: Vec<String> =
        others.iter().take(SHOWN_SHEETS).map(|name| format!("\"{name}\"")).collect();
    let more = match others.len().saturating_sub(SHOWN_SHEETS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let pattern = serde_json::to_string(first).unwrap_or_default();
    Some(format!(
        "only sheet \"{taken}\" is read; sheets with cells beside it: {}{more}; to read one, add a \
         source for it with read: {{ {}: {{ sheet: {pattern} }} }}",
        shown.join(", "),
        kind.reader()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::format::Kind;
    use super::other_sheets;

    #[test]
    fn sheets_that_are_not_read_are_named() {
        let sheets: Vec<String> = ["Февраль", "3", "4", "5", "6", "7"].map(str::to_owned).into();
        let told = |others| other_sheets("Январь", others, Kind::Workbook("xlsx"));
        let expected = "only sheet \"Январь\" is read; sheets with cells beside it: \"Февраль\", \"3\", \
                        \"4\", \"5\", \"6\" and 1 more; to read one, add a source for it with \
                        read: { xlsx: { sheet: \"Февраль\" } }";
        assert_eq!(told(&sheets).as_deref(), Some(expected));
        assert_eq!(told(&[]), None);
    }
}
