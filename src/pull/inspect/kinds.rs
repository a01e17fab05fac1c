//! What kind of document a value says, by how it begins.
//!
//! Keeps true: what is not known is not guessed; what is no business with clients is known to be none.

use std::fmt::Write;

/// Values that are written out one by one.
const WRITTEN: usize = 20;

/// What a kind of document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Is {
    /// One of the canonical kinds.
    Kind(&'static str),
    /// No business with clients: with suppliers, within the company.
    Other,
}

use Is::{Kind, Other};

/// How values begin, in lower case with `е` for `ё`: of two that fit, the first.
const BEGINNINGS: &[(&str, Is)] = &[
    ("возврат поставщик", Other),
    ("возврат товаров поставщик", Other),
    ("возврат от поставщик", Other),
    ("возврат", Kind("return")),
    ("реализация", Kind("shipment")),
    ("корректировка реализации", Kind("shipment")),
    ("отгрузка", Kind("shipment")),
    ("продажа", Kind("shipment")),
    ("расходная накладная", Kind("shipment")),
    ("товарная накладная", Kind("shipment")),
    ("упд", Kind("shipment")),
    ("акт об оказании", Kind("shipment")),
    ("акт выполненных работ", Kind("shipment")),
    ("оказание", Kind("shipment")),
    ("заказ-наряд", Kind("shipment")),
    ("отчет комиссионера", Kind("shipment")),
    ("отчет о розничных продажах", Kind("shipment")),
    ("заказ поставщик", Other),
    ("заказ", Kind("order")),
    ("счет-фактура полученн", Other),
    ("счет-фактура", Kind("invoice")),
    ("счет от поставщик", Other),
    ("счет поставщик", Other),
    ("счет на оплату", Kind("order")),
    ("счет", Kind("order")),
    ("коммерческое предложение", Kind("quote")),
    ("приходный кассовый ордер", Kind("payment")),
    ("поступление на ", Kind("payment")),
    ("поступление безналичных", Kind("payment")),
    ("поступление наличных", Kind("payment")),
    ("поступление дс", Kind("payment")),
    ("поступление денежных", Kind("payment")),
    ("поступление оплаты", Kind("payment")),
    ("поступление от клиент", Kind("payment")),
    ("поступление", Other),
    ("приобретение", Other),
    ("приходная накладная", Other),
    ("приходный ордер", Other),
    ("закупка", Other),
    ("оплата от", Kind("payment")),
    ("оплата покупател", Kind("payment")),
    ("оплата клиент", Kind("payment")),
    ("оплата$", Kind("payment")),
    ("расходный кассовый ордер", Other),
    ("списание", Other),
    ("платежное поручение исходящее", Other),
    ("перемещение", Other),
    ("инвентаризация", Other),
    ("оприходование", Other),
    ("авансовый отчет", Other),
    ("начисление", Other),
    ("supplier", Other),
    ("vendor", Other),
    ("purchase", Other),
    ("bill", Other),
    ("check", Other),
    ("cheque", Other),
    ("expense", Other),
    ("paycheck", Other),
    ("payroll", Other),
    ("transfer", Other),
    ("inventory", Other),
    ("journal", Other),
    ("general journal", Other),
    ("deposit", Other),
    ("credit card", Other),
    ("eingangsrechnung", Other),
    ("lieferantenrechnung", Other),
    ("bestellung", Other),
    ("sales credit", Kind("return")),
    ("sales return", Kind("return")),
    ("credit", Kind("return")),
    ("refund", Kind("return")),
    ("return", Kind("return")),
    ("gutschrift", Kind("return")),
    ("sales invoice", Kind("invoice")),
    ("invoice", Kind("invoice")),
    ("rechnung", Kind("invoice")),
    ("sales order", Kind("order")),
    ("order", Kind("order")),
    ("auftrag", Kind("order")),
    ("quot", Kind("quote")),
    ("estimate", Kind("quote")),
    ("proposal", Kind("quote")),
    ("angebot", Kind("quote")),
    ("customer payment", Kind("payment")),
    ("payment", Kind("payment")),
    ("receipt", Kind("payment")),
    ("zahlung", Kind("payment")),
    ("shipment", Kind("shipment")),
    ("delivery", Kind("shipment")),
    ("lieferschein", Kind("shipment")),
    ("sale", Kind("shipment")),
];

/// What makes another kind of what begins as a known one.
const DOUBTS: &[&str] =
    &["сторно", "storno", "korrektur", "cancel", "reversal", "void", "refund", "tax", "quote"];

/// What makes money of what begins as goods.
const OF_MONEY: &[&str] = &["payment", "оплат", "денег", "денежн"];

/// Whose business it is where it is not with clients.
const OF_OTHERS: &[&str] = &["поставщик", "supplier", "vendor", "lieferant"];

/// What `value` is, with the beginning by which it is known.
fn known(value: &str) -> Option<(&'static str, Is)> {
    let lower = value.to_lowercase().replace('ё', "е");
    let fits = |begin: &str| match begin.strip_suffix('$') {
        Some(whole) => lower == whole,
        None => lower.starts_with(begin),
    };
    let others = OF_OTHERS.iter().any(|word| lower.contains(word));
    let (begin, is) = *BEGINNINGS.iter().find(|(begin, _)| fits(begin))?;
    let rest = lower.get(begin.len()..).unwrap_or_default();
    match is {
        _ if others => Some((begin, Other)),
        Kind(_) if DOUBTS.iter().any(|word| rest.contains(word)) => None,
        Kind(kind) if kind != "payment" && OF_MONEY.iter().any(|word| rest.contains(word)) => None,
        is => Some((begin, is)),
    }
}

/// The kinds of a column's values, the canonical ones with how the values begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    /// How values begin, as they are written, and the canonical kind.
    known: Vec<(String, &'static str)>,
    /// Values that are no business with clients.
    others: Vec<String>,
    /// Values that are not known.
    unknown: Vec<String>,
}

impl Kinds {
    /// What `values` say, each once.
    pub(super) fn of(values: &[String]) -> Self {
        let mut kinds = Self::default();
        for value in values {
            match known(value) {
                Some((begin, Kind(kind))) => {
                    // Of many values only the beginnings are written; else another month's other kind
                    // would pass for one of these.
                    let begin: String = value.chars().take(begin.chars().count()).collect();
                    let entry =
                        if values.len() > WRITTEN { format!("{begin}*") } else { value.clone() };
                    if !kinds.known.iter().any(|(known, _)| *known == entry) {
                        kinds.known.push((entry, kind));
                    }
                }
                Some((_, Other)) => kinds.others.push(value.clone()),
                None => kinds.unknown.push(value.clone()),
            }
        }
        kinds
    }

    /// Whether one of them is known.
    pub(super) fn tell(&self) -> bool {
        !self.known.is_empty() || !self.others.is_empty()
    }

    /// Whether at least as many of them are known as are not.
    pub(super) fn are_mostly_known(&self) -> bool {
        let known = self.known.len() + self.others.len();
        known > 0 && known >= self.unknown.len()
    }

    /// Whether some are neither sales nor returns.
    pub(super) fn beyond_sales(&self) -> bool {
        self.known.iter().any(|(_, kind)| matches!(*kind, "order" | "quote" | "payment"))
            || !self.others.is_empty()
    }

    /// The mapping of the column under `header`.
    pub(super) fn mapping(&self, header: &str) -> String {
        let entries: Vec<String> = self
            .known
            .iter()
            .map(|(pattern, kind)| format!("{{ {}: {kind} }}", quoted(pattern)))
            .collect();
        format!("{{ from: {}, map: [{}] }}", quoted(header), entries.join(", "))
    }

    /// The rules that leave out what is no business with clients.
    pub(super) fn rules(&self, header: &str) -> Vec<String> {
        let rule =
            |value: &String| format!("{{ column: {}, like: {} }}", quoted(header), quoted(value));
        self.others.iter().map(rule).collect()
    }

    /// What to tell of the values under `header`.
    pub(super) fn notes(&self, header: &str) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.others.is_empty() {
            let others = named(&self.others);
            notes.push(format!("left out, as no business with clients: {others}"));
        }
        if let Some(first) = self.unknown.first() {
            let mut note =
                format!("not known as kinds, their rows are rejected: {}", named(&self.unknown));
            let _ = write!(
                note,
                "; add them to the map of kind, as {{ {first}: shipment }}, or leave them out with \
                 skip: [{{ column: {header}, like: {first} }}]",
                first = quoted(first),
                header = quoted(header)
            );
            notes.push(note);
        }
        notes
    }
}

fn named(values: &[String]) -> String {
    let shown: Vec<String> = values.iter().take(10).map(|value| quoted(value)).collect();
    let more = values.len().saturating_sub(shown.len());
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

/// A text as YAML has it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Kinds, Other, known};

    #[test]
    fn kinds_are_known_by_how_they_begin_and_others_are_told() {
        let values = [
            "Приходный кассовый ордер",
            "Поступление (акт, накладная, УПД)",
            "Поступление на расчетный счет",
            "Реализация (акт, накладная, УПД)",
            "Счёт на оплату покупателю",
            "Счет-фактура выданный",
            "Бартер",
        ];
        let kinds = Kinds::of(&values.map(str::to_owned));
        assert!(kinds.tell() && kinds.beyond_sales());
        assert_eq!(
            kinds.mapping("Вид"),
            "{ from: \"Вид\", map: [{ \"Приходный кассовый ордер\": payment }, \
             { \"Поступление на расчетный счет\": payment }, \
             { \"Реализация (акт, накладная, УПД)\": shipment }, \
             { \"Счёт на оплату покупателю\": order }, { \"Счет-фактура выданный\": invoice }] }"
        );
        assert_eq!(
            kinds.rules("Вид"),
            ["{ column: \"Вид\", like: \"Поступление (акт, накладная, УПД)\" }"]
        );
        assert_eq!(
            kinds.notes("Вид"),
            [
                "left out, as no business with clients: \"Поступление (акт, накладная, УПД)\"",
                "not known as kinds, their rows are rejected: \"Бартер\"; add them to the map of kind, \
                 as { \"Бартер\": shipment }, or leave them out with skip: [{ column: \"Вид\", like: \
                 \"Бартер\" }]",
            ]
        );
        assert!(!Kinds::of(&["B2B".to_owned()]).tell());
        for (value, is) in [
            ("Оплата", Some(Kind("payment"))),
            ("Оплата труда", None),
            ("Возвраты поставщикам", Some(Other)),
            ("Возврат оплаты клиенту", None),
            ("Реализация (сторно)", None),
            ("Rechnungskorrektur", None),
            ("Invoice Payment", None),
            ("Sales Tax Payment", None),
            ("Sales Quote", None),
            ("Credit Note", Some(Kind("return"))),
        ] {
            assert_eq!(known(value).map(|(_, is)| is), is, "{value}");
        }
    }
}
