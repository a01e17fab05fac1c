//! Bank statements in 1C's exchange format (`1CClientBankExchange`) → a row for each document.
//!
//! Source: the format's description at <http://v8.1c.ru/edi/edi_stnd/100/101.htm>, and statements of banks.
//! Keeps true: the charset is the one in which the format's own words can be read, so that a wrong
//! one never gives a file without documents; a document has no sign, so its direction comes from
//! the company's own accounts, then from its dates; its currency comes from the digits of its own
//! account; what is wrong with one document stays with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use super::charset::Charset;
use super::client_bank_document::{
    AMOUNT, DATE, Document, NUMBER, PAYER, RECEIVED, RECEIVER, WRITTEN_OFF,
};
use super::lines::Lines;
use super::record::{columns, hundredths, money, shown};
use super::{BadBytes, Reader};
use crate::domain::currency;
use crate::pull::value::Rows;

/// What the first line must be.
const MARK: &[u8] = b"1CClientBankExchange";

/// Lines in which a word of the format must be found.
const MAX_HEADER_LINES: u64 = 100;

/// Accounts of the company that are told apart.
const MAX_ACCOUNTS: usize = 10_000;

/// The longest number of an account.
const MAX_ACCOUNT_BYTES: usize = 64;

/// Differences that are told one by one.
const MAX_NOTES: usize = 20;

/// Words of the header, one of which names the charset by being legible.
const WORDS: [&str; 5] = ["ВерсияФормата", "Кодировка", "Отправитель", "Получатель", "РасчСчет"];

/// The columns of each row; dates are `dd.mm.yyyy`, decimals have a point.
#[rustfmt::skip]
pub(super) const COLUMNS: [&str; 25] = [
    "record", "direction", "kind", "number", "date", "amount",
    "payer", "payer_inn", "payer_kpp", "payer_account",
    "receiver", "receiver_inn", "receiver_kpp", "receiver_account",
    "partner_key", "partner_name", "partner_inn", "partner_kpp", "partner_account",
    "own_account", "currency", "purpose", "id", "written_on", super::FAULT,
];

/// Reads documents.
pub(super) struct ClientBankExchange<R> {
    lines: Lines<R>,
    charset: Charset,
    columns: Vec<String>,
    rows: Rows,
    section: Section,
    document: Document,
    own: BTreeSet<String>,
    totals: BTreeMap<String, Totals>,
    /// Sums of the account section that is being read: received, written off.
    stated: [Option<i128>; 2],
    account: String,
    documents: u64,
    /// Documents whose own account tells no currency.
    without_currency: u64,
    declared: Option<String>,
    ended: bool,
    marked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Header,
    Account,
    Document,
}

/// Received and written off: as its sections state it, and as documents sum up.
#[derive(Debug, Default, Clone, Copy)]
struct Totals {
    stated: [Option<i128>; 2],
    summed: [i128; 2],
}

impl<R: Read> ClientBankExchange<R> {
    /// Reads the statement `bytes`.
    ///
    /// # Errors
    /// When it is no such file, or its words can be read in no charset of this format.
    pub(super) fn new(bytes: R) -> Result<Self, BadBytes> {
        let mut reader = Self {
            lines: Lines::new(bytes),
            charset: Charset::UTF_8,
            columns: columns(&COLUMNS),
            rows: Rows::default(),
            section: Section::Header,
            document: Document::default(),
            own: BTreeSet::new(),
            totals: BTreeMap::new(),
            stated: [None; 2],
            account: String::new(),
            documents: 0,
            without_currency: 0,
            declared: None,
            ended: false,
            marked: false,
        };
        let first = reader.lines.next()?.unwrap_or_default().trim_ascii();
        if first != MARK {
            return Err(BadBytes {
                row: Some(1),
                message: format!(
                    "the first line is {}: expected 1CClientBankExchange",
                    shown(first)
                ),
                hint: "ask the bank for an export to 1C (kl_to_1c.txt), or correct \"read\""
                    .to_owned(),
            });
        }
        reader.find_charset()?;
        Ok(reader)
    }

    /// Reads lines until one of the format's own words is legible.
    fn find_charset(&mut self) -> Result<(), BadBytes> {
        let mut unread = String::from("nothing");
        while self.lines.number() < MAX_HEADER_LINES {
            let Some(line) = self.lines.next()? else { break };
            let legible = |charset: &Charset| {
                let text = charset.decode(line).unwrap_or_default();
                let key = text.split('=').next().unwrap_or_default().trim();
                WORDS.contains(&key) || key.starts_with("Секция") || key == "КонецФайла"
            };
            let charsets = [Charset::UTF_8, Charset::WINDOWS_1251, Charset::CP866];
            if let Some(charset) = charsets.into_iter().find(legible) {
                let text = charset.decode(line).unwrap_or_default().into_owned();
                self.charset = charset;
                self.take(&text);
                return Ok(());
            }
            if !line.is_ascii() {
                unread = shown(line);
            }
        }
        Err(BadBytes {
            row: Some(2),
            message: format!(
                "no word of the format can be read in UTF-8, windows-1251 or cp866: found {unread}"
            ),
            hint: "the file was saved again in another charset: ask the bank for it again"
                .to_owned(),
        })
    }

    /// Takes one line.
    fn take(&mut self, line: &str) {
        let number = self.lines.number();
        let line = line.trim();
        let (key, value) = match line.split_once('=') {
            Some((key, value)) => (key.trim_end(), Some(value.trim())),
            None => (line, None),
        };
        match (key, value) {
            ("", None) => {}
            ("СекцияДокумент", kind) => {
                self.cut_off(&format!("line {number} begins another document"));
                self.section = Section::Document;
                let kind = kind.unwrap_or_default();
                self.document = Document::new(number, kind);
            }
            ("СекцияРасчСчет", _) => {
                self.cut_off(&format!("line {number} begins an account"));
                self.section = Section::Account;
                self.stated = [None; 2];
                self.account.clear();
            }
            ("КонецДокумента", None) => self.end_document(),
            ("КонецРасчСчет", None) => self.end_account(),
            ("КонецФайла", None) => {
                self.cut_off(&format!("the file ends in line {number}"));
                self.marked = true;
            }
            ("РасчСчет", Some(account)) if self.section != Section::Document => {
                if (1..=MAX_ACCOUNT_BYTES).contains(&account.len()) && self.own.len() < MAX_ACCOUNTS
                {
                    self.own.insert(account.to_owned());
                }
                account.clone_into(&mut self.account);
            }
            ("ВсегоПоступило", Some(sum)) if self.section == Section::Account => {
                self.stated[0] = hundredths(&with_point(sum));
            }
            ("ВсегоСписано", Some(sum)) if self.section == Section::Account => {
                self.stated[1] = hundredths(&with_point(sum));
            }
            ("Кодировка", Some(name)) if self.section == Section::Header => {
                self.declared = Some(name.to_owned());
            }
            _ if self.section == Section::Document => self.document.take(number, key, value, line),
            _ => {}
        }
    }

    /// Ends an open document that has no end mark.
    fn cut_off(&mut self, why: &str) {
        if self.section == Section::Document {
            self.document.fault(&format!("has no КонецДокумента: {why}"));
            self.end_document();
        }
    }

    fn end_account(&mut self) {
        self.section = Section::Header;
        if self.totals.len() < MAX_ACCOUNTS && self.own.contains(&self.account) {
            let totals = self.totals.entry(self.account.clone()).or_default();
            for (total, stated) in totals.stated.iter_mut().zip(self.stated) {
                *total = stated.map(|stated| total.unwrap_or(0).saturating_add(stated)).or(*total);
            }
        }
    }

    fn end_document(&mut self) {
        if self.section != Section::Document {
            return;
        }
        self.section = Section::Header;
        self.documents += 1;
        let document = std::mem::take(&mut self.document);
        let payer = document.party(PAYER, &self.own);
        let receiver = document.party(RECEIVER, &self.own);
        let (received, written_off) = (document.get(RECEIVED), document.get(WRITTEN_OFF));
        let direction = match (receiver.own, payer.own, received, written_off) {
            (true, true, ..) => "own",
            (true, false, ..) => "in",
            (false, true, ..) => "out",
            (false, false, received, "") if !received.is_empty() => "in",
            (false, false, "", written_off) if !written_off.is_empty() => "out",
            _ => "unknown",
        };
        let dates = match direction {
            "in" => [received, ""],
            "out" => [written_off, ""],
            _ => [written_off, received],
        };
        let written = document.get(DATE);
        let date = dates.into_iter().find(|date| !date.is_empty()).unwrap_or(written);
        let (own, partner) =
            if direction == "in" { (&receiver, &payer) } else { (&payer, &receiver) };
        // People without a tax id pay through one account of their bank: their names tell them apart.
        let known = [partner.inn, partner.name].into_iter().find(|text| !text.is_empty());
        let partner_key = known.unwrap_or(partner.account);
        let written_amount = with_point(document.get(AMOUNT));
        let sum = hundredths(&written_amount);
        let amount = sum.map_or_else(|| written_amount.to_string(), money);
        let accounts = [own.account, partner.account];
        let parts = accounts.into_iter().chain(known).chain([date, document.get(NUMBER), &amount]);
        let id = parts.collect::<Vec<_>>().join("/");
        for (side, party, counts) in
            [(0, &receiver, direction != "out"), (1, &payer, direction != "in")]
        {
            if counts && let Some(totals) = self.totals.get_mut(party.account) {
                totals.summed[side] = totals.summed[side].saturating_add(sum.unwrap_or(0));
            }
        }
        let (currency, mut fault) = match currency::of_account(own.account) {
            Some(Ok(code)) => (code, String::new()),
            Some(Err(number)) => {
                ("", format!("own account {}: {number} is no currency that is known", own.account))
            }
            None => ("", String::new()),
        };
        if direction == "unknown" {
            let known = match self.own.len() {
                0 => "which the file does not name".to_owned(),
                _ => format!("as {}", self.own.iter().next().map_or("", String::as_str)),
            };
            fault = format!(
                "direction unknown: neither payer's account \"{}\" nor receiver's \"{}\" is one of the \
                 company's own (РасчСчет), {known}, and ДатаСписано \"{written_off}\", ДатаПоступило \
                 \"{received}\" do not tell",
                payer.account, receiver.account
            );
        }
        let fault = if document.fault.is_empty() { &fault } else { &document.fault };
        self.without_currency += u64::from(currency.is_empty() && fault.is_empty());
        let fields: [&str; COLUMNS.len()] = [
            "document",
            direction,
            &document.kind,
            document.get(NUMBER),
            date,
            &written_amount,
            payer.name,
            payer.inn,
            payer.kpp,
            payer.account,
            receiver.name,
            receiver.inn,
            receiver.kpp,
            receiver.account,
            partner_key,
            partner.name,
            partner.inn,
            partner.kpp,
            partner.account,
            own.account,
            currency,
            &document.purpose(),
            &id,
            written,
            fault,
        ];
        self.rows.add_record(document.line, &fields);
    }
}

impl<R: Read + Send> Reader for ClientBankExchange<R> {
    fn columns(&self) -> Option<&[String]> {
        Some(&self.columns)
    }

    fn next_rows(&mut self) -> Result<Option<&Rows>, BadBytes> {
        self.rows.clear();
        while !self.ended && !self.rows.is_full() {
            let Some(line) = self.lines.next()? else {
                self.cut_off("the file ends");
                self.ended = true;
                break;
            };
            if let Some(text) = self.charset.decode(line) {
                let text = text.into_owned();
                self.take(&text);
            } else {
                let fault = format!("line {} is not {}", self.lines.number(), self.charset.name());
                self.document.fault(&fault);
            }
        }
        Ok((self.rows.complete > 0).then_some(&self.rows))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![format!("read as {}", self.charset.name())];
        let fits = match self.declared.as_deref() {
            Some("Windows") => self.charset != Charset::CP866,
            Some("DOS") => self.charset == Charset::CP866,
            _ => true,
        };
        if let Some(declared) = self.declared.as_deref().filter(|_| !fits) {
            notes.push(format!("the header says Кодировка={declared}, its letters say otherwise"));
        }
        if self.without_currency > 0 {
            notes.push(format!(
                "{} documents: the own account has no 20 digits that tell its currency",
                self.without_currency
            ));
        }
        if self.documents == 0 {
            notes.push("the statement has no document".to_owned());
        }
        if !self.marked {
            notes.push("there is no КонецФайла: the file may be cut off".to_owned());
        }
        let compared = self.totals.iter().flat_map(|(account, totals)| {
            let sides = ["received", "written off"].into_iter().zip(totals.stated);
            sides.zip(totals.summed).filter_map(move |((side, stated), summed)| {
                let stated = stated.filter(|stated| *stated != summed)?;
                Some(format!(
                    "account {account}: {side} {} by its documents, {} by its section",
                    money(summed),
                    money(stated)
                ))
            })
        });
        notes.extend(compared.take(MAX_NOTES));
        notes
    }
}

/// A sum with a comma, as some banks write it, with a point.
fn with_point(sum: &str) -> Cow<'_, str> {
    if sum.contains('.') { Cow::Borrowed(sum) } else { Cow::Owned(sum.replacen(',', ".", 1)) }
}

#[cfg(test)]
#[path = "client_bank_exchange_tests.rs"]
mod tests;
