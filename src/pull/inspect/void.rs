//! Columns that say which documents do not count: deleted, not posted, cancelled.

use super::meaning::normalised;

/// Values of a column that are named.
const SHOWN_VALUES: usize = 5;

/// A column that may say which documents do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// Its header.
    pub header: String,
    /// The regular expression that values of documents match that do not count, where it is known.
    pub pattern: Option<&'static str>,
    /// Values of which it is not known whether they say so.
    pub unknown: Vec<String>,
}

/// What such a column is about: its headers, how values begin that say that a document counts,
/// how those do that say that it does not, and the expression that matches the latter.
struct Words {
    headers: &'static [&'static str],
    counts: &'static [&'static str],
    void: &'static [&'static str],
    pattern: &'static str,
}

/// All of them, values in lower case.
const WORDS: [Words; 3] = [
    Words {
        headers: &[
            "пометка удаления",
            "пометка на удаление",
            "помечен на удаление",
            "удален",
            "deleted",
            "is deleted",
            "deletion mark",
        ],
        counts: &["нет", "false", "no", "0", "ложь", "не ", "-"],
        void: &[
            "да",
            "true",
            "yes",
            "1",
            "истина",
            "удален",
            "помечен",
            "deleted",
            "отменен",
            "аннулирован",
            "cancel",
            "void",
            "+",
            "x",
            "v",
        ],
        pattern: r"(?i)^(да|true|yes|1|истина|удал[её]н|помечен|deleted|отмен[её]н|аннулирован|cancel|void|\+|x$|v$)",
    },
    Words {
        headers: &["проведен", "проведено", "posted", "is posted"],
        counts: &["да", "true", "yes", "1", "истина", "проведен", "posted", "+"],
        void: &["нет", "false", "no", "0", "ложь", "не "],
        pattern: "(?i)^(нет|false|no|0|ложь|не )",
    },
    Words {
        headers: &[
            "статус",
            "статус документа",
            "состояние",
            "status",
            "document status",
            "invoice status",
            "order status",
        ],
        counts: &[
            "проведен",
            "оплачен",
            "не оплачен",
            "частично",
            "выставлен",
            "отгружен",
            "выполнен",
            "закрыт",
            "открыт",
            "подписан",
            "paid",
            "unpaid",
            "partial",
            "overdue",
            "sent",
            "posted",
            "open",
            "closed",
            "approved",
            "authorised",
            "authorized",
            "issued",
            "completed",
            "shipped",
            "delivered",
        ],
        void: &[
            "удален",
            "помечен на удал",
            "отменен",
            "аннулирован",
            "не проведен",
            "черновик",
            "void",
            "deleted",
            "cancel",
            "draft",
        ],
        pattern: "(?i)^(удал[её]н|помечен на удал|отмен[её]н|аннулирован|не провед[её]н|черновик|void|deleted|cancel|draft)",
    },
];

/// Parts of headers of each of [`WORDS`], in one spelling, where the header itself is not listed.
const STEMS: [&[&str]; 3] = [
    &["отмен", "аннул", "удал", "void", "cancel", "deleted", "storniert"],
    &["провед", "posted"],
    &["status", "статус", "состояни", "state"],
];

/// What a day in such a column is of: a document that has one does not count.
const DAYS: [&str; 4] = ["date", "дата", "datum", "cancelledat"];

/// Whether a column under `header` says how a document stands.
pub(super) fn is_status(header: &str) -> bool {
    let named = normalised(header);
    STEMS[2].iter().any(|stem| named.contains(stem))
}

/// Whether `value` is a word for whether a document counts.
pub(super) fn is_word(value: &str) -> bool {
    let lower = value.to_lowercase().replace('ё', "е");
    let status = &WORDS[2];
    status.counts.iter().chain(status.void).any(|word| lower.starts_with(word))
}

/// The column under `header`, by its `values` that are not empty; `None` where it says no such
/// thing. `gaps` tells whether others are empty.
pub(super) fn of(header: &str, values: &[&str], gaps: bool) -> Option<Void> {
    let named = normalised(header);
    let listed = |words: &&Words| words.headers.iter().any(|one| normalised(one) == named);
    let stemmed = |stems: &[&str]| stems.iter().any(|stem| named.contains(stem));
    let words = WORDS.iter().find(listed);
    let words =
        words.or_else(|| WORDS.iter().zip(STEMS).find(|(_, it)| stemmed(it)).map(|it| it.0));
    let words = words?;
    if std::ptr::eq(words, &WORDS[0]) && DAYS.iter().any(|day| named.contains(day)) {
        let pattern = (!values.is_empty()).then_some(".");
        return Some(Void { header: header.to_owned(), pattern, unknown: Vec::new() });
    }
    let begins = |value: &str, with: &[&str]| with.iter().any(|word| value.starts_with(word));
    let (mut known, mut void, mut unknown) = (false, false, Vec::new());
    for value in values {
        let lower = value.to_lowercase().replace('ё', "е");
        let says_void = begins(&lower, words.void);
        void |= says_void;
        if says_void || begins(&lower, words.counts) {
            known = true;
        } else if !unknown.iter().any(|other| other == value) {
            unknown.push((*value).to_owned());
        }
    }
    // Where only "posted" is written, an empty value may be the other one.
    if gaps && !void && words.headers.contains(&"posted") {
        unknown.push(String::new());
    }
    Some(Void { header: header.to_owned(), pattern: known.then_some(words.pattern), unknown })
}

impl Void {
    /// The rule that leaves rows out by it.
    pub(super) fn rule(&self) -> Option<String> {
        let header = serde_json::to_string(&self.header).ok()?;
        Some(format!("{{ column: {header}, matches: '{}' }}", self.pattern?))
    }

    /// Says that it may tell what does not count, and how to leave that out; `ruled` tells whether
    /// a rule does so for the values that are known.
    pub(super) fn told(&self, ruled: bool) -> Option<String> {
        let mut values: Vec<&String> = self.unknown.iter().collect();
        if ruled && self.pattern.is_some() {
            if values.is_empty() {
                return None;
            }
        } else if values.is_empty() && self.pattern.is_none() {
            return None;
        }
        let more = values.len() > SHOWN_VALUES;
        values.truncate(SHOWN_VALUES);
        let values: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        let values = match (values.join(", "), more) {
            (values, _) if values.is_empty() => String::new(),
            (values, true) => format!(" ({values} and others)"),
            (values, false) => format!(" ({values})"),
        };
        let header = serde_json::to_string(&self.header).unwrap_or_default();
        Some(format!(
            "column {header} may say which documents do not count{values}, and they are loaded: to \
             leave some out, write skip: [{{ column: {header}, like: \"…\" }}]"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn what_does_not_count_is_known_by_its_values_or_told() {
        for (header, values, void, unknown) in [
            ("Пометка удаления", ["Да", "Нет"], "Да", 0),
            ("Удалён", ["true", "false"], "true", 0),
            ("Проведен", ["Нет", "Да"], "Нет", 0),
            ("Статус", ["Отменён", "Оплачен"], "Отменён", 0),
            ("Status", ["VOIDED", "Paid"], "VOIDED", 0),
            ("Status", ["Draft", "On hold"], "Draft", 1),
        ] {
            let found = of(header, &values, false).unwrap();
            let pattern = regex::Regex::new(found.pattern.unwrap()).unwrap();
            assert!(pattern.is_match(void), "{header}");
            assert_eq!(values.iter().filter(|value| pattern.is_match(value)).count(), 1);
            assert_eq!((found.unknown.len(), found.told(true).is_some()), (unknown, unknown > 0));
            assert!(found.rule().is_some());
        }
        let found = of("Статус", &["В работе", "На складе"], false).unwrap();
        assert_eq!(found.rule(), None);
        assert_eq!(
            found.told(true).unwrap(),
            "column \"Статус\" may say which documents do not count (\"В работе\", \"На складе\"), and \
             they are loaded: to leave some out, write skip: [{ column: \"Статус\", like: \"…\" }]"
        );
        assert!(of("Проведен", &["Да"], true).unwrap().told(true).is_some());
        assert_eq!(of("Комментарий", &["Да"], false), None);
    }
}
