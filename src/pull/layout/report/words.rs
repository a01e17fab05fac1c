//! What the label of a report's row says it is: a total, a part of the row above, a measure.
//!
//! Keeps true: a word alone makes no subtotal, for clients are called so too; a sum does.

use super::Table;
use super::header::Header;

/// Words that name the kind of amount of a row below another one.
const MEASURES: [&str; 14] = [
    "бу",
    "ну",
    "пр",
    "вр",
    "кол",
    "кол-во",
    "количество",
    "в валюте",
    "вал",
    "валюта",
    "quantity",
    "qty",
    "amount",
    "сумма",
];

/// Words that name a total of everything.
const TOTALS: [&str; 5] = ["итого", "всего", "total", "grand total", "totals"];

/// Words with which a subtotal may begin, and a client's name too.
const CLAIMS: [&str; 3] = ["итого", "всего", "total"];

/// Words that begin a part of the row above.
const PARTS: [&str; 2] = ["в т.ч.", "в том числе"];

/// What a row is by its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    /// A total by its word alone.
    Total,
    /// A subtotal if its amounts prove it, else a row as others.
    Claim,
    /// A part of the row above.
    Part,
    Measure,
    Node,
}

/// The label of a row: its first text in the columns of the label.
pub(super) fn label<'a>(table: &'a Table, header: &Header, row: usize) -> &'a str {
    let row = table.row(row);
    let mut fields = (0..header.label_columns).map(|index| row.field(index));
    fields.find(|text| !text.is_empty()).unwrap_or_default()
}

/// The kind of amount that a row without a label of its own states.
pub(super) fn measure<'a>(table: &'a Table, header: &Header, row: usize) -> Option<&'a str> {
    let own = label(table, header, row);
    let stated = header.indicator.map_or("", |column| table.row(row).field(column));
    let word = if own.is_empty() { stated } else { own };
    let plain = word.trim_end_matches(['.', ':']).to_lowercase();
    MEASURES.contains(&plain.as_str()).then_some(word)
}

/// Whether `label` names a total of everything.
pub(super) fn is_total(label: &str) -> bool {
    TOTALS.contains(&label.trim_end_matches([':', '.', ' ']).to_lowercase().as_str())
}

/// Whether `label` names a document with its day, as `Реализация 1 от 05.03.2026 12:00:00`.
pub(super) fn is_document(label: &str) -> bool {
    let day = label.rsplit_once(" от ").map(|(_, day)| day.as_bytes());
    day.and_then(|day| day.get(..10)).is_some_and(|day| {
        day.iter().enumerate().all(|(place, byte)| match place {
            2 | 5 => *byte == b'.',
            _ => byte.is_ascii_digit(),
        })
    })
}

fn begins(label: &str, words: &[&str]) -> bool {
    let label = label.to_lowercase();
    let begins = |word: &&str| {
        label.strip_prefix(*word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    words.iter().any(begins)
}

/// What row `row` is.
pub(super) fn kind(table: &Table, header: &Header, row: usize) -> Kind {
    let text = label(table, header, row);
    if table.row(row).is_blank() {
        Kind::Blank
    } else if is_total(text) {
        Kind::Total
    } else if begins(text, &CLAIMS) {
        Kind::Claim
    } else if begins(text, &PARTS) {
        Kind::Part
    } else if measure(table, header, row).is_some() {
        Kind::Measure
    } else {
        Kind::Node
    }
}

#[cfg(test)]
mod tests {
    use super::is_document;

    #[test]
    fn a_document_is_known_by_its_day() {
        for (label, expected) in [
            ("Реализация 00БП-1 от 05.03.2026 12:00:00", true),
            ("Возврат от покупателя 1 от 05.03.2026", true),
            ("Возврат от покупателя", false),
            ("Договор 5 от 05.03.26", false),
            ("Чай от 05.03.", false),
        ] {
            assert_eq!(is_document(label), expected, "{label}");
        }
    }
}
