//! Swedish bookkeeping in SIE format → a row for each transaction of a voucher.
//!
//! Source: the format's description by the SIE group, type 4. Keeps true: `#FORMAT PC8` is cp437,
//! and a line in UTF-8 or a Swedish letter of ISO-8859-1 among it is read as what it is; only
//! `#TRANS` counts, since `#RTRANS` and `#BTRANS` tell of corrections that it already holds; the
//! rows of a voucher that does not sum to nought say so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use chrono::NaiveDate;

use super::charset::Charset;
use super::lines::Lines;
use super::record::{columns, hundredths, money, shown};
use super::sie_tokens::{Token, tokens};
use super::{BadBytes, RawTable, Rows};

/// The page of `#FORMAT PC8`.
const PC8: Charset = Charset::Oem(437);

/// The lines of one voucher together.
const MAX_VOUCHER_BYTES: usize = 1 << 24;

/// Accounts and years that are remembered.
const MAX_ACCOUNTS: usize = 20_000;

/// The longest name of an account that is remembered.
const MAX_NAME_BYTES: usize = 1 << 10;

/// Letters of ISO-8859-1 that cp437 has as signs that no account's name holds: `Å Ä Ö å ä ö É é`.
const LATIN: [(u8, char); 8] = [
    (0xc5, 'Å'),
    (0xc4, 'Ä'),
    (0xd6, 'Ö'),
    (0xe5, 'å'),
    (0xe4, 'ä'),
    (0xf6, 'ö'),
    (0xc9, 'É'),
    (0xe9, 'é'),
];

/// The columns of each row; dates are ISO, decimals have a point, debit is positive.
#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 15] = [
    "record", "series", "voucher", "date", "voucher_text", "classes", "account",
    "account_name", "objects", "amount", "text", "invoice", "client", "company",
    super::FAULT,
];

/// Reads transactions.
pub(super) struct Sie<R> {
    lines: Lines<R>,
    columns: Vec<String>,
    rows: Rows,
    company: String,
    kind: String,
    accounts: BTreeMap<String, String>,
    years: BTreeSet<(NaiveDate, NaiveDate)>,
    voucher: Option<Voucher>,
    /// A voucher that is complete, and how many of its rows were given.
    ready: Option<(Voucher, usize)>,
    begun: bool,
    ended: bool,
    seen: Seen,
}

/// What the notes tell.
#[derive(Debug, Default)]
struct Seen {
    vouchers: u64,
    corrections: u64,
    outside_years: u64,
    latin: u64,
    utf_8: bool,
}

#[derive(Debug, Default)]
struct Voucher {
    line: u64,
    series: String,
    number: String,
    date: String,
    text: String,
    transactions: Vec<Transaction>,
    bytes: usize,
    fault: String,
}

#[derive(Debug, Default)]
struct Transaction {
    line: u64,
    account: String,
    objects: String,
    amount: String,
    text: String,
}

fn bad(row: u64, message: impl Into<String>) -> BadBytes {
    let hint = "ask for an SIE file of type 4 again, or correct \"read\"".to_owned();
    BadBytes { row: Some(row), message: message.into(), hint }
}

impl<R: Read> Sie<R> {
    /// Reads the file `bytes`.
    ///
    /// # Errors
    /// When its first line is no SIE label.
    pub(super) fn new(bytes: R) -> Result<Self, BadBytes> {
        let mut reader = Self {
            lines: Lines::new(bytes),
            columns: columns(&COLUMNS),
            rows: Rows::default(),
            company: String::new(),
            kind: String::new(),
            accounts: BTreeMap::new(),
            years: BTreeSet::new(),
            voucher: None,
            ready: None,
            begun: false,
            ended: false,
            seen: Seen::default(),
        };
        while !reader.begun && reader.step()? {}
        if !reader.begun {
            return Err(bad(1, "the file has no line: expected #FLAGGA"));
        }
        Ok(reader)
    }

    /// Takes the next line; false at the end.
    fn step(&mut self) -> Result<bool, BadBytes> {
        let Some(line) = self.lines.next()? else { return Ok(false) };
        if line.trim_ascii().is_empty() {
            return Ok(true);
        }
        if !self.begun {
            let label = line.trim_ascii_start().strip_prefix(b"#");
            if !label.is_some_and(|label| label.first().is_some_and(u8::is_ascii_alphabetic)) {
                let found = shown(line.trim_ascii());
                return Err(bad(
                    self.lines.number(),
                    format!("begins with {found}: expected #FLAGGA"),
                ));
            }
            self.begun = true;
        }
        let text = decode(line, &mut self.seen).into_owned();
        self.take(text.trim())?;
        Ok(true)
    }

    fn take(&mut self, line: &str) -> Result<(), BadBytes> {
        let number = self.lines.number();
        if line == "{" {
            return Ok(());
        }
        if line == "}" {
            self.end_voucher("");
            return Ok(());
        }
        let tokens = tokens(line);
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
        let label = text(0).to_ascii_uppercase();
        match label.as_str() {
            "#FNAMN" => text(1).clone_into(&mut self.company),
            "#SIETYP" => text(1).clone_into(&mut self.kind),
            "#KONTO" if self.accounts.len() < MAX_ACCOUNTS && line.len() < MAX_NAME_BYTES => {
                self.accounts.insert(text(1).to_owned(), text(2).to_owned());
            }
            "#RAR" if self.years.len() < MAX_ACCOUNTS => {
                self.years.extend(day(text(2)).zip(day(text(3))));
            }
            "#VER" => {
                self.end_voucher(&format!("the voucher has no }}: line {number} begins another"));
                self.seen.vouchers += 1;
                self.voucher = Some(self.voucher(number, &text));
            }
            "#TRANS" => {
                let transaction = Transaction::new(number, &tokens);
                let Some(voucher) = &mut self.voucher else {
                    let fault = "the transaction is in no voucher".to_owned();
                    let transactions = vec![transaction];
                    self.ready = Some((Voucher { transactions, fault, ..Voucher::default() }, 0));
                    return Ok(());
                };
                voucher.bytes += line.len() + size_of::<Transaction>();
                if voucher.bytes > MAX_VOUCHER_BYTES {
                    let limit = format!("the voucher is longer than {MAX_VOUCHER_BYTES} bytes");
                    return Err(bad(voucher.line, limit));
                }
                voucher.transactions.push(transaction);
            }
            "#RTRANS" | "#BTRANS" => self.seen.corrections += 1,
            _ => {}
        }
        Ok(())
    }

    /// The voucher that a line begins.
    fn voucher<'t>(&mut self, line: u64, text: &impl Fn(usize) -> &'t str) -> Voucher {
        let mut voucher = Voucher {
            line,
            series: text(1).to_owned(),
            number: text(2).to_owned(),
            date: text(3).to_owned(),
            text: text(4).to_owned(),
            ..Voucher::default()
        };
        match day(text(3)) {
            Some(day) => {
                voucher.date = day.to_string();
                let inside = |(from, to): &(NaiveDate, NaiveDate)| *from <= day && day <= *to;
                let outside = !self.years.is_empty() && !self.years.iter().any(inside);
                self.seen.outside_years += u64::from(outside);
            }
            None => voucher.fault = format!("its date is \"{}\": expected YYYYMMDD", text(3)),
        }
        voucher
    }

    /// Makes the open voucher ready; `cut` says why it has no end of its own.
    fn end_voucher(&mut self, cut: &str) {
        let Some(mut voucher) = self.voucher.take() else { return };
        for fault in [cut, &voucher.unbalanced()] {
            if voucher.fault.is_empty() {
                fault.clone_into(&mut voucher.fault);
            }
        }
        if voucher.transactions.is_empty() && !voucher.fault.is_empty() {
            let line = voucher.line;
            voucher.transactions.push(Transaction { line, ..Transaction::default() });
        }
        self.ready = Some((voucher, 0));
    }

    /// Gives rows of the voucher that is ready.
    fn give(&mut self, voucher: Voucher, mut given: usize) {
        let classes = voucher.transactions.iter().filter_map(|one| one.account.chars().next());
        let classes: String = classes.collect::<BTreeSet<char>>().into_iter().collect();
        while let Some(one) = voucher.transactions.get(given) {
            if self.rows.is_full() {
                self.ready = Some((voucher, given));
                return;
            }
            given += 1;
            let told = if one.text.is_empty() { &voucher.text } else { &one.text };
            let name = self.accounts.get(&one.account).map_or("", String::as_str);
            let fields: [&str; COLUMNS.len()] = [
                "transaction",
                &voucher.series,
                &voucher.number,
                &voucher.date,
                &voucher.text,
                &classes,
                &one.account,
                name,
                &one.objects,
                &one.amount,
                &one.text,
                labelled(told, "Faktnr:"),
                labelled(told, "Namn:"),
                &self.company,
                &voucher.fault,
            ];
            self.rows.add_record(one.line, &fields);
        }
    }
}

impl<R: Read> RawTable for Sie<R> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        while !self.rows.is_full() {
            if let Some((voucher, given)) = self.ready.take() {
                self.give(voucher, given);
            } else if self.ended {
                break;
            } else if !self.step()? {
                self.end_voucher("the voucher has no }: the file ends");
                self.ended = true;
            }
        }
        Ok((self.rows.complete > 0).then_some(&self.rows))
    }

    fn notes(&self) -> Vec<String> {
        let seen = &self.seen;
        let mut notes = vec![if seen.utf_8 {
            "read as UTF-8: its letters are valid UTF-8".to_owned()
        } else {
            format!("read as {}: the format's PC8", PC8.name())
        }];
        if seen.vouchers == 0 && matches!(self.kind.as_str(), "1" | "2" | "3") {
            notes.push(format!(
                "SIE type {} has balances and no vouchers: ask for type 4",
                self.kind
            ));
        } else if seen.vouchers == 0 {
            notes.push("the file has no voucher".to_owned());
        }
        let counts = [
            (seen.latin, "letters of ISO-8859-1 among cp437"),
            (seen.corrections, "#RTRANS and #BTRANS left out: #TRANS already holds them"),
            (seen.outside_years, "vouchers dated outside the years of #RAR"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        notes.extend(counts.map(|(count, what)| format!("{count} {what}")));
        notes
    }
}

impl Voucher {
    /// What keeps it from summing to nought; empty where nothing does.
    fn unbalanced(&self) -> String {
        let mut sum = 0_i128;
        for Transaction { line, amount, .. } in &self.transactions {
            match hundredths(amount).and_then(|amount| sum.checked_add(amount)) {
                Some(total) => sum = total,
                None => return format!("line {line} has the amount \"{amount}\": expected 0.00"),
            }
        }
        match sum {
            0 => String::new(),
            sum => format!("the voucher sums to {}: expected 0.00", money(sum)),
        }
    }
}

impl Transaction {
    /// `#TRANS account {objects} amount [date] [text] …`.
    fn new(line: u64, tokens: &[Token]) -> Self {
        let objects = tokens.get(2).filter(|token| token.braces);
        let amount = 2 + usize::from(objects.is_some());
        let text = |at: usize| tokens.get(at).map(|token| token.text.clone()).unwrap_or_default();
        Self {
            line,
            account: text(1),
            objects: objects.map(|token| token.text.clone()).unwrap_or_default(),
            amount: text(amount),
            text: text(amount + 2),
        }
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let whole = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
}

/// The line in UTF-8 where it is that, which no Swedish text in cp437 is by chance; else in cp437.
fn decode<'l>(line: &'l [u8], seen: &mut Seen) -> Cow<'l, str> {
    if let Ok(text) = std::str::from_utf8(line) {
        seen.utf_8 |= !line.is_ascii();
        return Cow::Borrowed(text);
    }
    let latin = |byte: u8| LATIN.iter().find(|(known, _)| *known == byte);
    let decoded = line.iter().map(|byte| match latin(*byte) {
        Some((_, letter)) => {
            seen.latin += 1;
            Cow::Owned(letter.to_string())
        }
        None => PC8.decode(std::slice::from_ref(byte)).unwrap_or_default(),
    });
    Cow::Owned(decoded.collect())
}

/// What stands behind `label` in texts such as `Faktnr: 891, Namn: Karl Svensson`; a name may hold
/// commas, a number does not.
fn labelled<'t>(text: &'t str, label: &str) -> &'t str {
    let Some((_, value)) = text.split_once(label) else { return "" };
    let end = if label == "Namn:" { ", Faktnr:" } else { "," };
    value.split(end).next().unwrap_or_default().trim()
}

#[cfg(test)]
#[path = "sie_tests.rs"]
mod tests;
