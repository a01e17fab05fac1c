//! Swedish bookkeeping in SIE format → a row for each transaction of a voucher.
//!
//! Source: the format's description by the SIE group, type 4. Keeps true: `#FORMAT PC8` is cp437,
//! and a line in UTF-8 or a Swedish letter of ISO-8859-1 among it is read as what it is; only
//! `#TRANS` counts, since `#RTRANS` and `#BTRANS` tell of corrections that it already holds; the
//! rows of a voucher that does not sum to nought say so.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io::Read;
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::charset::Charset;
use super::lines::Lines;
use super::record::{columns, shown};
use super::sie_texts::{Named, named};
use super::sie_tokens::Tokens;
use super::sie_voucher::{RECEIVABLES, Voucher};
use super::{BadBytes, Reader};
use crate::pull::value::Rows;

/// The page of `#FORMAT PC8`.
const PC8: Charset = Charset::Oem(437);

/// Accounts and years that are remembered.
const MAX_ACCOUNTS: usize = 20_000;

/// The longest name of an account that is remembered.
const MAX_NAME_BYTES: usize = 1 << 10;

/// Letters of ISO-8859-1 that cp437 has as signs that no account's name holds.
const LATIN: &str = "ÅÄÖåäöÉé";

/// What bytes from 0x80 on stand for, and whether it is a letter of ISO-8859-1.
static LETTERS: LazyLock<[(char, bool); 128]> = LazyLock::new(|| {
    let mut byte = 0x7f_u8;
    [(); 128].map(|()| {
        byte = byte.wrapping_add(1);
        let latin = char::from(byte);
        let letter = PC8.decode(&[byte]).and_then(|text| text.chars().next());
        if LATIN.contains(latin) { (latin, true) } else { (letter.unwrap_or(latin), false) }
    })
});

/// The columns of each row; dates are ISO, decimals have a point, debit is positive. A sale's
/// `document_id` is its invoice, its `document_amount` what receivables are debited with; a payment
/// has its voucher's number in front, settles `related`, and its amount is what they are credited.
#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 18] = [
    "record", "series", "voucher", "date", "voucher_text", "movement", "account",
    "account_name", "objects", "amount", "text", "invoice", "client", "company",
    "document_id", "document_amount", "related", super::FAULT,
];

/// Reads transactions.
pub(super) struct Sie<R> {
    lines: Lines<R>,
    /// The line that is read.
    line: String,
    columns: Vec<String>,
    rows: Rows,
    company: String,
    kind: String,
    accounts: BTreeMap<String, String>,
    years: BTreeSet<(NaiveDate, NaiveDate)>,
    /// How texts of postings name an invoice and a client, where it is declared.
    texts: Option<Regex>,
    /// The voucher that is read, where one is.
    open: Voucher,
    is_open: bool,
    /// A voucher that is complete, and how many of its rows were given.
    ready: Voucher,
    given: Option<usize>,
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
    /// Postings to receivables that become no document.
    unmoved: u64,
    /// Those whose texts name no invoice, and one of these.
    unnamed: (u64, String),
    /// Those whose invoice is known by the shape of a text alone, and one of these.
    guessed: (u64, String),
    utf_8: bool,
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
    ///
    /// `texts`, where it is given, finds the groups `invoice` and `client` in texts of postings.
    pub(super) fn new(bytes: R, texts: Option<Regex>) -> Result<Self, BadBytes> {
        let mut reader = Self {
            texts,
            lines: Lines::new(bytes),
            line: String::new(),
            columns: columns(&COLUMNS),
            rows: Rows::default(),
            company: String::new(),
            kind: String::new(),
            accounts: BTreeMap::new(),
            years: BTreeSet::new(),
            open: Voucher::default(),
            is_open: false,
            ready: Voucher::default(),
            given: None,
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
        decode(line, &mut self.line, &mut self.seen);
        let line = std::mem::take(&mut self.line);
        let taken = self.take(line.trim());
        self.line = line;
        taken.map(|()| true)
    }

    fn take(&mut self, line: &str) -> Result<(), BadBytes> {
        let number = self.lines.number();
        match line {
            "{" => return Ok(()),
            "}" => {
                self.end_voucher("");
                return Ok(());
            }
            _ => {}
        }
        let mut tokens = Tokens::new(line);
        let label = tokens.text();
        let is = |known: &str| label.eq_ignore_ascii_case(known);
        if is("#TRANS") {
            return self.transaction(number, tokens);
        } else if is("#VER") {
            if self.is_open {
                let cut = format!("the voucher has no }}: line {number} begins another");
                self.end_voucher(&cut);
            }
            self.begin_voucher(number, tokens);
        } else if is("#RTRANS") || is("#BTRANS") {
            self.seen.corrections += 1;
        } else if is("#FNAMN") {
            self.company = tokens.text().into_owned();
        } else if is("#SIETYP") {
            self.kind = tokens.text().into_owned();
        } else if is("#KONTO") && self.accounts.len() < MAX_ACCOUNTS && line.len() < MAX_NAME_BYTES
        {
            self.accounts.insert(tokens.text().into_owned(), tokens.text().into_owned());
        } else if is("#RAR") && self.years.len() < MAX_ACCOUNTS {
            tokens.next();
            self.years.extend(day(&tokens.text()).zip(day(&tokens.text())));
        }
        Ok(())
    }

    /// `#TRANS account {objects} amount [date] [text] …`.
    fn transaction(&mut self, line: u64, mut tokens: Tokens<'_>) -> Result<(), BadBytes> {
        let account = tokens.text();
        let next = tokens.next().unwrap_or_default();
        let (objects, amount) =
            if next.braces { (next.text, tokens.text()) } else { ("".into(), next.text) };
        tokens.next();
        let text = tokens.text();
        let fields = [&*account, &*objects, &*amount, &*text];
        if self.is_open {
            let voucher = &mut self.open;
            return voucher.add(line, fields).map_err(|limit| bad(voucher.line, limit));
        }
        self.ready.begin(line);
        self.ready.fault("the transaction is in no voucher");
        self.given = Some(0);
        self.ready.add(line, fields).map_err(|limit| bad(line, limit))
    }

    /// `#VER series number date [text] …`.
    fn begin_voucher(&mut self, line: u64, mut tokens: Tokens<'_>) {
        self.seen.vouchers += 1;
        self.is_open = true;
        let voucher = &mut self.open;
        voucher.begin(line);
        voucher.series.push_str(&tokens.text());
        voucher.number.push_str(&tokens.text());
        let date = tokens.text();
        voucher.text.push_str(&tokens.text());
        let Some(day) = day(&date) else {
            voucher.date.push_str(&date);
            voucher.fault(&format!("its date is \"{date}\": expected YYYYMMDD"));
            return;
        };
        let _ = write!(voucher.date, "{day}");
        let inside = |(from, to): &(NaiveDate, NaiveDate)| *from <= day && day <= *to;
        let outside = !self.years.is_empty() && !self.years.iter().any(inside);
        self.seen.outside_years += u64::from(outside);
    }

    /// Makes the open voucher ready; `cut` says why it has no end of its own.
    fn end_voucher(&mut self, cut: &str) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        self.open.fault(cut);
        self.open.end();
        std::mem::swap(&mut self.open, &mut self.ready);
        self.given = Some(0);
    }

    /// Gives rows of the voucher that is ready, from its row `given` on.
    fn give(&mut self, mut given: usize) {
        let voucher = &self.ready;
        let (mut id, mut turned) = (String::new(), String::new());
        let paid = voucher.movement == "payment";
        while let Some(one) = voucher.get(given) {
            if self.rows.is_full() {
                self.given = Some(given);
                return;
            }
            given += 1;
            let told = if one.text.is_empty() { voucher.text.as_str() } else { one.text };
            let name = self.accounts.get(one.account).map_or("", String::as_str);
            let receivable = one.account.starts_with(RECEIVABLES);
            let Named { invoice, client, guessed } = named(told, self.texts.as_ref());
            let (mut document, mut amount, mut related) = ("", "", "");
            if receivable && voucher.fault.is_empty() {
                self.seen.unmoved += u64::from(voucher.movement == "other");
                let moved = voucher.movement != "other";
                if moved && invoice.is_empty() {
                    tell(&mut self.seen.unnamed, told);
                }
                if moved && guessed {
                    tell(&mut self.seen.guessed, told);
                }
                if moved && !invoice.is_empty() {
                    (document, amount) = (invoice, one.amount);
                }
            }
            if paid && !document.is_empty() {
                related = invoice;
                id.clear();
                let _ = write!(id, "{} {}/{invoice}", voucher.series, voucher.number);
                turned.clear();
                match amount.strip_prefix('-') {
                    Some(credited) => turned.push_str(credited),
                    None => turned.extend(["-", amount.trim_start_matches('+')]),
                }
                (document, amount) = (id.trim_start(), &turned);
            }
            let fields: [&str; COLUMNS.len()] = [
                "transaction",
                &voucher.series,
                &voucher.number,
                &voucher.date,
                &voucher.text,
                voucher.movement,
                one.account,
                name,
                one.objects,
                one.amount,
                one.text,
                invoice,
                client,
                &self.company,
                document,
                amount,
                related,
                &voucher.fault,
            ];
            self.rows.add_record(one.line, &fields);
        }
    }
}

impl<R: Read + Send> Reader for Sie<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        while !self.rows.is_full() {
            if let Some(given) = self.given.take() {
                self.give(given);
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
            (
                seen.unmoved,
                "postings to receivables without income from sales (30 to 36) or money (19) in \
                 their vouchers: of no document",
            ),
            (seen.latin, "letters of ISO-8859-1 among cp437"),
            (seen.corrections, "#RTRANS and #BTRANS left out: #TRANS already holds them"),
            (seen.outside_years, "vouchers dated outside the years of #RAR"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        notes.extend(counts.map(|(count, what)| format!("{count} {what}")));
        let pattern = "read: { sie: { texts: '(?<invoice>\\d+), (?<client>.+)' } }";
        if let (count @ 1.., text) = &seen.unnamed {
            notes.push(format!(
                "{count} postings to receivables whose texts name no invoice, as \"{text}\": of no \
                 document; a pattern to match their text may say how they do, as {pattern}"
            ));
        }
        if let (count @ 1.., text) = &seen.guessed {
            notes.push(format!(
                "{count} postings to receivables without labels: invoice and client are guessed by the \
                 shape of their texts, as \"{text}\"; to say it, write {pattern}"
            ));
        }
        notes
    }
}

/// Counts one more, the first by its text.
fn tell(told: &mut (u64, String), text: &str) {
    told.0 += 1;
    if told.1.is_empty() {
        text.clone_into(&mut told.1);
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let whole = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
}

/// Puts the line into `text`, in UTF-8 where it is that, which no Swedish text in cp437 is by
/// chance; else in cp437.
fn decode(line: &[u8], text: &mut String, seen: &mut Seen) {
    text.clear();
    if let Ok(line) = std::str::from_utf8(line) {
        seen.utf_8 |= !line.is_ascii();
        text.push_str(line);
        return;
    }
    text.extend(line.iter().map(|byte| match byte.checked_sub(0x80) {
        Some(high) => {
            let (letter, latin) = LETTERS[usize::from(high)];
            seen.latin += u64::from(latin);
            letter
        }
        None => char::from(*byte),
    }));
}

#[cfg(test)]
#[path = "sie_tests.rs"]
mod tests;
