//! A document of a bank statement in 1C's exchange format, as its lines give it.
//!
//! Keeps true: a key given twice, or a line that is none, is a fault of its document alone.

use std::collections::BTreeSet;

/// The longest value, its continuation lines included.
const MAX_VALUE_BYTES: usize = 1 << 16;

/// The keys of a document that are read.
#[rustfmt::skip]
const KEYS: [&str; 24] = [
    "Номер", "Дата", "Сумма", "ДатаСписано", "ДатаПоступило", "НазначениеПлатежа",
    "НазначениеПлатежа1", "НазначениеПлатежа2", "НазначениеПлатежа3", "НазначениеПлатежа4",
    "НазначениеПлатежа5", "НазначениеПлатежа6",
    "Плательщик", "Плательщик1", "ПлательщикИНН", "ПлательщикКПП", "ПлательщикСчет",
    "ПлательщикРасчСчет",
    "Получатель", "Получатель1", "ПолучательИНН", "ПолучательКПП", "ПолучательСчет",
    "ПолучательРасчСчет",
];
pub(super) const NUMBER: usize = 0;
pub(super) const DATE: usize = 1;
pub(super) const AMOUNT: usize = 2;
pub(super) const WRITTEN_OFF: usize = 3;
pub(super) const RECEIVED: usize = 4;
const PURPOSE: std::ops::Range<usize> = 5..12;
pub(super) const PAYER: usize = 12;
pub(super) const RECEIVER: usize = 18;

/// A document as its lines give it.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) line: u64,
    pub(super) kind: String,
    values: [Option<String>; KEYS.len()],
    /// The key that the last line gave, which a line without one continues.
    last: Option<usize>,
    pub(super) fault: String,
}

/// One side of a payment.
pub(super) struct Party<'a> {
    pub(super) name: &'a str,
    pub(super) inn: &'a str,
    pub(super) kpp: &'a str,
    pub(super) account: &'a str,
    pub(super) own: bool,
}

impl Document {
    /// A document of a kind, which begins in a line.
    pub(super) fn new(line: u64, kind: &str) -> Self {
        Self { line, kind: kind.to_owned(), ..Self::default() }
    }

    pub(super) fn get(&self, key: usize) -> &str {
        self.values[key].as_deref().unwrap_or_default()
    }

    /// Takes a line of it.
    pub(super) fn take(&mut self, number: u64, key: &str, value: Option<&str>, line: &str) {
        let at = value.and_then(|_| KEYS.iter().position(|known| *known == key));
        match (at, value) {
            (Some(at), Some(value)) => {
                let repeated = self.values[at].as_deref().is_some_and(|known| known != value);
                if repeated {
                    self.fault(&format!("line {number} gives a second {key}"));
                }
                self.values[at] = Some(value.to_owned());
                self.last = Some(at);
            }
            (None, Some(_)) => self.last = None,
            (_, None) => match self.last.filter(|at| PURPOSE.contains(at)) {
                Some(at) => self.lengthen(at, line),
                None => self.fault(&format!("line {number} is no key=value: {}", shown_text(line))),
            },
        }
    }

    /// Continues a purpose that was broken into lines.
    fn lengthen(&mut self, at: usize, line: &str) {
        let value = self.values[at].get_or_insert_default();
        if value.len() + line.len() < MAX_VALUE_BYTES {
            value.push(' ');
            value.push_str(line);
        }
    }

    /// Says what is wrong; the first fault counts.
    pub(super) fn fault(&mut self, fault: &str) {
        if self.fault.is_empty() {
            fault.clone_into(&mut self.fault);
        }
    }

    /// The side whose keys begin at `first`.
    pub(super) fn party(&self, first: usize, own: &BTreeSet<String>) -> Party<'_> {
        let [name, clean, inn, kpp, account, settlement] =
            std::array::from_fn(|at| self.get(first + at));
        let number = |text| if text == "0" { "" } else { text };
        Party {
            name: without_tax_ids(if clean.is_empty() { name } else { clean }),
            inn: number(inn),
            kpp: number(kpp),
            account: if account.is_empty() { settlement } else { account },
            own: own.contains(account) || own.contains(settlement),
        }
    }

    /// What it was paid for: the whole purpose, or its lines.
    pub(super) fn purpose(&self) -> String {
        let parts = PURPOSE.map(|at| self.get(at));
        let whole = self.get(PURPOSE.start);
        if !whole.is_empty() {
            return whole.to_owned();
        }
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// The beginning of a line for a message.
fn shown_text(line: &str) -> String {
    format!("\"{}\"", line.chars().take(40).collect::<String>())
}

/// A name without the tax numbers that banks put before it: `ИНН 7777777777 ООО "А"`,
/// `7777777777, ООО "А"`.
fn without_tax_ids(name: &str) -> &str {
    let mut rest = name.trim();
    loop {
        let word = rest.strip_prefix("ИНН").or_else(|| rest.strip_prefix("КПП")).unwrap_or(rest);
        let digits = word.trim_start_matches([' ', ':', '/', '\\']);
        let after = digits.trim_start_matches(|char: char| char.is_ascii_digit());
        let length = digits.len() - after.len();
        let ends = after.is_empty() || after.starts_with([' ', ',', '/', '\\']);
        if !(9..=13).contains(&length) || !ends {
            return rest;
        }
        rest = after.trim_start_matches([' ', ',', '/', '\\']);
        if rest.is_empty() {
            return name;
        }
    }
}
